//! Facts: each is found by its words, each answer is whole, and the tables are what the program takes them for.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    super::{cues, facts::FACTS, *},
    talk::{Talk, job},
};
use domain::{
    attempt::{Attempt, AttemptState},
    budget::Caps,
    hash::{Hash160, TxHash},
    money::Datoshi,
    network::Network,
    task::Parameters,
};

/// A day after the epoch, in the sandbox; one job of yesterday was paid, one of today ran here.
fn state() -> State {
    let mut paid = job(&Work::new("protein_folding", "a.fasta", Parameters::new()), true);
    let mut local = job(&Work::new("sequence_stats", "b.fasta", Parameters::new()), false);
    (paid.id, local.id) = ("job-aaaaaaaa".parse().unwrap(), "job-bbbbbbbb".parse().unwrap());
    let now = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(30);
    local.created_at = now;
    let attempt = Attempt {
        job: paid.id.clone(),
        number: 1,
        tx_hash: TxHash([7; 32]),
        unsigned: Vec::new(),
        valid_until_block: 1,
        sender: Hash160([1; 20]),
        recipient: Hash160([2; 20]),
        amount: Datoshi::from_gas(2),
        system_fee: Datoshi::new(10_000_000).unwrap(),
        network_fee: Datoshi::new(1_000_000).unwrap(),
        reference: String::new(),
        network: Network(7),
        state: AttemptState::Confirmed,
        block: Some(1),
        created_at: now,
    };
    State {
        jobs: vec![JobSeen { job: paid, attempts: vec![attempt] }, JobSeen { job: local, attempts: Vec::new() }],
        files: vec!["a.fasta".into(), "b.fasta".into()],
        tasks: Talk::new(&[]).tasks,
        now,
        zone: TimeZone::UTC,
        balance: Some(Datoshi::from_gas(100)),
        caps: Caps {
            per_payment: Datoshi::from_gas(10),
            per_day: Datoshi::from_gas(25),
            lifetime: Datoshi::from_gas(250),
        },
        spent_today: Datoshi::from_gas(2),
        spent: Datoshi::from_gas(4),
        price: Some(Datoshi::from_gas(2)),
        recipients: vec!["NbQK1r9S5vRKW48qYXPydKQMbKwX8G8845".into()],
        profile: "live".into(),
        network: "testnet".parse().unwrap(),
        storage: "s3.example".into(),
        bucket: "datasets".into(),
        provider: "api.example".into(),
        model: None,
        home: "/home/ada/agent".into(),
    }
}

fn said(state: &State) -> String {
    let all = FACTS.fact.iter().map(|known| {
        let fact = facts::named(&known.name).unwrap();
        let jobs = state.jobs.iter().map(|seen| seen.job.id.clone()).collect();
        let fact = Fact { jobs, task: Some("protein_folding".into()), ..fact };
        format!("{}: {}", fact.name(), answer(&fact, state))
    });
    all.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn every_fact_is_answered_from_state() {
    insta::assert_snapshot!("facts_live", said(&state()));
    let sandbox = State { profile: "sandbox".into(), ..state() };
    let changed: Vec<String> =
        said(&sandbox).split("\n\n").filter(|one| !said(&state()).contains(one)).map(str::to_owned).collect();
    insta::assert_snapshot!("facts_sandbox", changed.join("\n\n"));
    insta::assert_snapshot!("unknown", unknown(&state().tasks));
}

/// Nothing has happened, and little is known: every answer is a sentence all the same, and none holds a brace or an empty place.
#[test]
fn an_empty_state_is_answered_too() {
    let empty = State {
        jobs: Vec::new(),
        files: Vec::new(),
        recipients: Vec::new(),
        balance: None,
        price: None,
        model: Some("m".into()),
        ..state()
    };
    let answers: Vec<String> =
        FACTS.fact.iter().map(|known| answer(&facts::named(&known.name).unwrap(), &empty)).collect();
    for (known, answer) in FACTS.fact.iter().zip(&answers).filter(|(known, _)| known.name != "task") {
        assert!(!answer.is_empty() && !answer.contains(['{', '}']), "{}: {answer}", known.name);
    }
    let of = |name: &str| answer(&facts::named(name).unwrap(), &empty);
    assert_eq!(of("cost"), "Nothing was paid: what ran on this machine is free.");
    assert_eq!(of("yesterday"), "Nothing yesterday: there are no jobs of that day.");
    assert_eq!(of("outcome"), "There is no result yet.");
}

/// Every name in braces is one that is filled in, and every fact and wish can be asked for.
#[test]
fn the_tables_are_whole() {
    assert!(FACTS.fact.len() > 30);
    let state = state();
    for known in &FACTS.fact {
        for text in [Some(&known.answer), known.sandbox.as_ref()].into_iter().flatten() {
            for name in text.split('{').skip(1).map(|piece| piece.split('}').next().unwrap()) {
                let fact = Fact { task: Some("protein_folding".into()), ..facts::named(&known.name).unwrap() };
                let filled = super::super::answer::value(name, &fact, &state);
                assert!(!filled.is_empty(), "{}: {{{name}}}", known.name);
            }
        }
    }
    for line in cues::LEXICON.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, phrases) = line.split_once(" = ").unwrap();
        assert!(cues::Cue::named(name.split(' ').next().unwrap()).is_some(), "{line}");
        assert!(phrases.split('|').all(|phrase| (1..=6).contains(&phrase.split(' ').count())), "{line}");
        assert_eq!(phrases, phrases.to_lowercase(), "{line}");
    }
    let tasks = Talk::new(&[]).tasks;
    let more = super::super::tasks::MORE.lines().filter_map(|line| line.split_once(" = "));
    for (name, _) in more {
        assert!(tasks.iter().any(|task| task.name == name.trim_end_matches('?')), "{name}");
    }
}

/// Each wish is told by the first of its own words, in one sentence that names what it is; a catalogue that has it keeps it.
#[test]
fn wishes_are_told_until_the_catalogue_has_them() {
    let mut talk = Talk::new(&["a.fasta"]);
    for said in [
        "run alphafold on a.fasta",
        "use salmon",
        "call variants",
        "run bwa",
        "use iq-tree",
        "assemble my reads",
        "run trimmomatic",
        "dock the ligand",
        "run gromacs",
        "single cell clustering",
        "annotate the genome",
        "use kraken2",
        "use cd-hit",
        "run tblastn",
        "call peaks",
        "design a binder",
        "run maxquant",
        "train a classifier",
    ] {
        let Reading::NotInCatalogue(wish) = talk.read(said) else { panic!("{said}") };
        let answer = wish.answer();
        assert!(
            answer.starts_with(&wish.name) && answer.contains("not in the catalogue, and nothing was run"),
            "{answer}"
        );
    }
    let mut own = talk.tasks[0].clone();
    (own.name, own.asked_as) = ("bisulfite".into(), vec!["bismark".into(), "methylation".into()]);
    talk.tasks.push(own);
    talk.files.push(FileSeen { path: "reads.fastq".into(), bytes: 9 });
    assert_eq!(talk.says("run bismark on reads.fastq"), "bisulfite reads.fastq -> done");
}

#[test]
fn a_question_is_about_the_jobs_that_it_names() {
    let mut talk = Talk::new(&["a.fasta", "b.fasta", "c.fasta"]);
    talk.says("stats of a.fasta and b.fasta");
    talk.says("fold c.fasta");
    let ids: Vec<JobId> = talk.jobs.iter().map(|job| job.id.clone()).collect();
    let [a, b, c] = ids.as_slice() else { panic!("{ids:?}") };
    for (said, expected) in [
        ("what did it cost?", vec![c]),
        ("what did the first one cost?", vec![a]),
        ("what did the last job cost?", vec![c]),
        ("what did everything cost?", vec![a, b, c]),
        ("what have I paid in total?", vec![a, b, c]),
        ("what was paid?", vec![a, b, c]),
        ("how much did we spend?", vec![a, b, c]),
        ("who was paid?", vec![a, b, c]),
        ("what was paid for it?", vec![c]),
        ("what was the result of b.fasta?", vec![b]),
        ("what came out of the statistics?", vec![a, b]),
        ("show me the picture", vec![c]),
    ] {
        let Reading::Fact(fact) = talk.read(said) else { panic!("{said}: {:?}", talk.read(said)) };
        assert_eq!(fact.jobs.iter().collect::<Vec<_>>(), expected, "{said}");
    }
    let id = format!("status of {b}");
    assert!(matches!(talk.read(&id), Reading::Fact(fact) if fact.jobs == [b.clone()]));
}
