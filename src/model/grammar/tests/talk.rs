//! A conversation for tests: a folder, and what came of what was said, as the runtime keeps it.

use jiff::Timestamp;
use serde_json::json;

use super::super::*;
use domain::{
    dataset::{DatasetProfile, DatasetSource, Format},
    estimate::{Estimate, Range},
    job::{JobResult, JobState, PlannedJob},
    money::Datoshi,
    request::{DATASET, Locality, Origin, Spend, Until},
    verdict::{MachineProfile, Place, Thresholds, Verdict},
};
use guard::machine::catalogue::Catalogue;

/// A conversation in a folder.
pub(super) struct Talk {
    pub tasks: Vec<TaskType>,
    pub files: Vec<FileSeen>,
    pub folders: Vec<String>,
    pub jobs: Vec<Job>,
    pub last: Option<Request>,
    pub asked: Option<String>,
    pub offered: bool,
    /// What flags say: it narrows whatever is said.
    pub flags: Bounds,
}

impl Talk {
    /// In a folder with these files, each of 148 bytes unless its size is said behind a colon.
    pub fn new(files: &[&str]) -> Talk {
        let file = |named: &&str| {
            let (path, bytes) = named.split_once(':').unwrap_or((named, "148"));
            FileSeen { path: path.to_owned(), bytes: bytes.parse().unwrap() }
        };
        let files: Vec<FileSeen> = files.iter().map(file).collect();
        let mut folders: Vec<String> =
            files.iter().filter_map(|file| Some(file.path.rsplit_once('/')?.0.to_owned())).collect();
        folders.dedup();
        let tasks = Catalogue::builtin().unwrap().iter().cloned().collect();
        Talk {
            tasks,
            files,
            folders,
            jobs: Vec::new(),
            last: None,
            asked: None,
            offered: false,
            flags: Bounds::default(),
        }
    }

    /// What a sentence comes to now.
    pub fn read(&self, said: &str) -> Reading {
        let scene = Scene {
            tasks: &self.tasks,
            files: &self.files,
            folders: &self.folders,
            jobs: &self.jobs,
            last: self.last.as_ref(),
            asked: self.asked.as_deref(),
            offered: self.offered,
        };
        read(said, &scene)
    }

    /// What a sentence comes to, in a few words; the conversation goes on from there.
    pub fn says(&mut self, said: &str) -> String {
        let reading = self.read(said);
        self.asked = None;
        match &reading {
            Reading::Work(proposal) => self.begin(proposal),
            Reading::Save { name, text, then } => {
                let path = name.display().to_string();
                self.files.push(FileSeen { path, bytes: text.len() as u64 });
                self.begin(then);
            }
            Reading::Ask(ask) => self.asked = Some(ask.remember.clone()),
            Reading::Yes if self.offered => {
                if let Some(last) = self.last.as_mut() {
                    last.bounds.until = Until::Done;
                }
                self.carry_out();
            }
            Reading::No => self.offered = false,
            _ => {}
        }
        brief(&reading)
    }

    fn begin(&mut self, proposal: &Proposal) {
        let bounds = proposal.bounds.narrowed(self.flags);
        self.last = Some(Request::new(Origin::Grammar, bounds, proposal.work.clone(), None));
        self.offered = bounds.until == Until::Plan;
        if !self.offered {
            self.carry_out();
        }
    }

    /// Does the last request as far as its limits allow: a job that is offloaded costs 2 GAS and fees.
    fn carry_out(&mut self) {
        self.offered = false;
        let Some(last) = &self.last else { return };
        for work in &last.work {
            let heavy = self.tasks.iter().any(|task| task.name == work.task && task.model_heavy);
            let refused = last.bounds.place == Locality::Here
                || last.bounds.spend.limit().is_some_and(|limit| limit <= Datoshi::from_gas(2));
            if !(heavy && refused) {
                self.jobs.push(job(work, heavy));
            }
        }
    }
}

/// A job that is done.
pub(super) fn job(work: &Work, heavy: bool) -> Job {
    let path = work.dataset().to_owned();
    let dataset = DatasetProfile {
        records: 3,
        residues: 90,
        longest: 30,
        ..domain::strategies::dataset(path.clone(), 148, Format::Fasta)
    };
    let machine = MachineProfile { cores: 4, total_ram: 8, available_ram: 8, limited_by_cgroup: false, free_disk: 1 };
    let range = Range { low: 1.0, likely: 1.0, high: 1.0 };
    let verdict = Verdict {
        place: if heavy { Place::Offload } else { Place::Local },
        reasons: Vec::new(),
        dataset,
        further: Vec::new(),
        part: None,
        machine,
        estimate: Estimate { ram: range, seconds: range, learnt_from: 0 },
        unmeasured: None,
        unpacked: None,
        thresholds: Thresholds::default(),
    };
    let planned = PlannedJob {
        id: JobId::random(),
        session: "s".to_owned(),
        task_type: work.task.clone(),
        parameters: work.parameters.clone(),
        verdict,
        profile: "sandbox".to_owned(),
        source: DatasetSource::file(path.clone(), "/".into()),
        idempotency_key: String::new(),
        at: Timestamp::UNIX_EPOCH,
    };
    let result = JobResult {
        folder: "/results/one".into(),
        files: Vec::new(),
        summary: json!({"sequences": 3, "gc": 0.5}),
        unchecked: None,
        warnings: Vec::new(),
    };
    Job { state: JobState::Done, result: Some(result), ..Job::planned(planned) }
}

/// A reading in one line: `protein_folding a.fasta dimension=3 -> done, at most 1 GAS, here (notes)`.
pub(super) fn brief(reading: &Reading) -> String {
    match reading {
        Reading::Work(proposal) => shown(proposal),
        Reading::Yes => "yes".to_owned(),
        Reading::No => "no".to_owned(),
        Reading::Cancel(jobs) => format!("cancel {}", jobs.len()),
        Reading::Resume(jobs) => format!("resume {}", jobs.len()),
        Reading::Fact(fact) => {
            let task = fact.task.as_deref().map(|task| format!(" {task}")).unwrap_or_default();
            format!("fact {}{task}", fact.name())
        }
        Reading::NotInCatalogue(wish) => format!("not there: {}", wish.name.split(" (").next().unwrap()),
        Reading::Save { name, text, then } => {
            format!("save {} ({} lines), {}", name.display(), text.lines().count(), shown(then))
        }
        Reading::Ask(ask) => format!("ask: {}", ask.question),
        Reading::Leave => "leave".to_owned(),
        Reading::Unknown => "unknown".to_owned(),
    }
}

fn shown(proposal: &Proposal) -> String {
    let one = |work: &Work| {
        let mut out = format!("{} {}", work.task, work.dataset().display());
        for input in work.inputs.iter().filter(|input| input.name != DATASET) {
            out.push_str(&format!(" {}={}", input.name, input.named.display()));
        }
        for (name, value) in &work.parameters {
            out.push_str(&format!(" {name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
        }
        out + if work.anew { " anew" } else { "" }
    };
    let mut out = proposal.work.iter().map(one).collect::<Vec<_>>().join("; ");
    out.push_str(&format!(" -> {}", proposal.bounds.until.as_str()));
    match proposal.bounds.spend {
        Spend::Nothing => out.push_str(", free"),
        Spend::AtMost(most) => out.push_str(&format!(", at most {most}")),
        Spend::OwnersCaps => {}
    }
    if proposal.bounds.place == Locality::Here {
        out.push_str(", here");
    }
    if !proposal.figures.is_empty() {
        out.push_str(&format!(", only {}", proposal.figures.join(" and ")));
    }
    let stops = proposal.bounds.until == Until::Plan && !proposal.unread.is_empty();
    let unread = stops.then(|| format!("not understood: {}", proposal.unread.join(", ")));
    let told: Vec<String> = proposal.understood.iter().cloned().chain(unread).collect();
    if !told.is_empty() {
        out.push_str(&format!(" ({})", told.join("; ")));
    }
    out
}
