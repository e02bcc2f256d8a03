//! A dataset on a desk, and the guard's leave to upload it.

use std::path::{Path, PathBuf};

use crate::services::consented::consented;
use domain::{
    dataset::{Alphabet, DatasetProfile, DatasetSource, Format},
    estimate::{Estimate, Range},
    event::Silent,
    ids::{JobId, opaque},
    job::{Job, PlannedJob},
    network::{Network, SANDBOX},
    request::Bounds,
    verdict::{MachineProfile, OffloadRule, Place, Reason, Thresholds, Verdict},
};
use guard::{
    ledger::Ledger,
    policy::{
        data::NamedBy,
        guard::Guard,
        limits::Policy,
        permit::{Permit, Upload},
    },
};
use jiff::Timestamp;
use tempfile::TempDir;

/// Bytes that look random and are the same each time.
pub fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.flatten().take(bytes).collect()
}

/// A folder with one dataset, and a guard that lets it be uploaded.
pub struct Desk {
    folder: TempDir,
    home: TempDir,
}

impl Desk {
    pub fn new(content: &[u8]) -> Desk {
        let desk = Desk { folder: tempfile::tempdir().unwrap(), home: tempfile::tempdir().unwrap() };
        std::fs::write(desk.file(), content).unwrap();
        desk
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("data.fasta")
    }

    /// A permit for the file as it is now, from the real guard.
    pub fn permit(&self, key: &str) -> Permit<Upload> {
        let policy = Policy::cautious(Network(SANDBOX), vec![self.folder.path().to_owned()]);
        let ledger = Ledger::open(self.home.path()).unwrap();
        let guard = Guard::new(policy, ledger.clone());
        let dataset = guard.open_dataset(Path::new("data.fasta"), NamedBy::Other).unwrap();
        let job = offloaded(self.folder.path(), dataset.bytes, dataset.modified_ns);
        let job = consented(&ledger, &job, Bounds::default());
        guard.permit_upload(&guard.mandate(&job).unwrap(), &job, dataset, key.to_owned(), &Silent).unwrap()
    }
}

/// A planned job on the folder's dataset of that size and time.
fn offloaded(folder: &Path, bytes: u64, modified_ns: i64) -> Job {
    let nothing = Range { low: 0.0, likely: 0.0, high: 0.0 };
    let dataset = DatasetProfile {
        records: 1,
        residues: bytes,
        longest: bytes,
        alphabet: Some(Alphabet::Protein),
        modified_ns,
        ..domain::strategies::dataset("data.fasta", bytes, Format::Fasta)
    };
    Job::planned(PlannedJob {
        id: JobId::random(),
        session: "ses-test".to_owned(),
        task_type: "protein_folding".to_owned(),
        parameters: Default::default(),
        verdict: Verdict {
            place: Place::Offload,
            reasons: vec![Reason { rule: OffloadRule::Size, why: "it is large".to_owned() }],
            dataset,
            further: Vec::new(),
            part: None,
            machine: MachineProfile {
                cores: 2,
                total_ram: 1,
                available_ram: 1,
                limited_by_cgroup: false,
                free_disk: 1,
            },
            estimate: Estimate { ram: nothing, seconds: nothing, learnt_from: 0 },
            unmeasured: None,
            unpacked: None,
            thresholds: Thresholds::default(),
        },
        profile: "sandbox".to_owned(),
        idempotency_key: opaque(16),
        source: DatasetSource::file(folder.join("data.fasta"), folder.to_owned()),
        at: Timestamp::now(),
    })
}
