//! Plans and their pieces, for the snapshots.

use serde_json::json;

use super::{
    look::Look,
    sample::{self, RECIPIENT},
};
use domain::{
    job::JobState,
    money::Datoshi,
    network::{MAINNET, Network, SANDBOX},
    plan::{Cannot, Content, Plan, PlannedWork, Price, PriceSource},
    request::{Bounds, Origin, Request, Work},
    task::Parameters,
    verdict::{OffloadRule, Place, Reason},
};

pub const HOSTS: &str = "s3.example.com and api.example.com";

pub fn fold_parameters() -> Parameters {
    serde_json::from_value(json!({"dimension": 2, "seed": 7})).unwrap()
}

/// A piece of work that runs here.
pub fn local(task: &str, file: &str, bytes: u64) -> PlannedWork {
    let mut verdict = sample::planned().verdict;
    verdict.dataset.path = file.into();
    verdict.dataset.bytes = bytes;
    PlannedWork {
        work: Work::new(task, file, Parameters::new()),
        task_version: None,
        job: Some(sample::job()),
        verdict: Some(verdict),
        price: None,
        content: vec![Content { path: format!("/home/me/{file}").into(), bytes, modified_ns: 7, sha256: None }],
        network: false,
        unmeasured: false,
        unverified: None,
        cannot: None,
        same_as_before: false,
        stands: None,
        also: Vec::new(),
        see_also: None,
    }
}

/// One that is offloaded for 2 GAS.
pub fn offloaded(file: &str, network: Network, source: PriceSource) -> PlannedWork {
    let mut piece = local("protein_folding", file, 148);
    piece.work.parameters = fold_parameters();
    if let Some(verdict) = &mut piece.verdict {
        verdict.place = Place::Offload;
        let why = "the catalogue marks protein_folding as model-heavy".into();
        verdict.reasons = vec![Reason { rule: OffloadRule::Model, why }];
    }
    piece.price = Some(Price {
        amount: Datoshi::from_gas(2),
        fees: Datoshi::new(10_977_540).unwrap(),
        recipient: RECIPIENT.into(),
        network,
        source,
        beside: None,
    });
    piece
}

/// One that cannot be done.
pub fn impossible(file: &str, why: &str, hint: Option<&str>) -> PlannedWork {
    let mut piece = local("protein_folding", file, 3_000);
    piece.work.parameters = fold_parameters();
    piece.verdict = None;
    piece.cannot = Some(Cannot { rule: "D-TASK".into(), why: why.into(), hint: hint.map(Into::into), exit_code: 3 });
    piece
}

/// The plan of these pieces.
pub fn planned(pieces: Vec<PlannedWork>, bounds: Bounds, said: Option<&str>, to: &str) -> Plan {
    let work = pieces.iter().map(|piece| piece.work.clone()).collect();
    let origin = if said.is_some() { Origin::Model("gpt-4.1-mini".into()) } else { Origin::Flags };
    let mut plan = Plan::new(Request::new(origin, bounds, work, said.map(Into::into)), pieces, to);
    plan.request.id = "req-7k3q9dm2".parse().unwrap();
    plan
}

/// One free local piece of work.
pub fn one_local() -> Plan {
    planned(vec![local("sequence_stats", "examples/reads.fasta", 1_000_000)], Bounds::default(), None, HOSTS)
}

/// One that goes to the sandbox's provider.
pub fn one_in_the_sandbox() -> Plan {
    let piece = offloaded("examples/data.fasta", Network(SANDBOX), PriceSource::Quoted);
    planned(vec![piece], Bounds::default(), None, "127.0.0.1:40123")
}

/// One that costs real money, with a limit.
pub fn one_on_mainnet() -> Plan {
    let piece = offloaded("examples/data.fasta", Network(MAINNET), PriceSource::Listed);
    let bounds = Bounds { spend: domain::request::Spend::AtMost(Datoshi::from_gas(3)), ..Bounds::default() };
    planned(vec![piece], bounds, Some("Fold examples/data.fasta, and pay no more than 3 GAS"), HOSTS)
}

/// Four files of which each goes another way.
pub fn mixed() -> Plan {
    let mut before = offloaded("examples/a/old.fasta", Network(MAINNET), PriceSource::Listed);
    (before.same_as_before, before.stands, before.price) = (true, Some(JobState::Done), None);
    let why = "it is text and holds no sequences, and protein_folding takes FASTA";
    planned(
        vec![
            local("sequence_stats", "examples/a/reads_of_the_first_sample_lane_1_R1.fasta", 1_000_000),
            offloaded("examples/a/data.fasta", Network(MAINNET), PriceSource::Listed),
            before,
            impossible("examples/b/notes.txt", why, Some("agent tasks show protein_folding says what it takes")),
        ],
        Bounds::default(),
        None,
        HOSTS,
    )
}

/// A thousand files that are folded, some of which cannot be.
pub fn thousand() -> Plan {
    let piece = |n: usize| match n {
        17 | 400 | 401 => impossible(&format!("proteins/seq_{n:04}.fasta"), "no sequence in it can be folded", None),
        n => offloaded(&format!("proteins/seq_{n:04}.fasta"), Network(MAINNET), PriceSource::Quoted),
    };
    planned((1..=1000).map(piece).collect(), Bounds::default(), None, HOSTS)
}

/// Nothing of it can be done.
pub fn nothing_possible() -> Plan {
    let hint = Some("split it, or choose fewer records with records = 10");
    planned(
        vec![
            impossible("long.fasta", "S1-3 has 4,000 residues, and protein_folding folds at most 400", hint),
            impossible("notes.txt", "it is text and holds no sequences", None),
        ],
        Bounds::default(),
        None,
        HOSTS,
    )
}

/// What is shown at the three widths, one below the other.
pub fn at_widths(lines: impl Fn(&Look) -> Vec<String>) -> String {
    let at = |width: usize| format!("{:·^width$}\n{}", format!(" {width} "), lines(&Look::plain(width)).join("\n"));
    [60, 80, 120].map(at).join("\n\n")
}
