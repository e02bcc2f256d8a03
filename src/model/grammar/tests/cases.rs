//! Every turn of the trials, and what the first-hour cases expect of their requests.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use serde::Deserialize;

use super::{super::Reading, talk::Talk};
use domain::{
    money::Datoshi,
    request::{Bounds, Locality, Request, Spend, Until},
};

#[derive(Deserialize)]
struct Case {
    id: String,
    #[serde(default)]
    files: Vec<File>,
    #[serde(default)]
    flags: Flags,
    turns: Vec<String>,
    expect: Expect,
}

#[derive(Deserialize)]
struct File {
    path: String,
    sparse: Option<u64>,
}

#[derive(Deserialize, Default)]
struct Flags {
    max_gas: Option<String>,
    #[serde(default)]
    here: bool,
    until: Option<Until>,
}

#[derive(Deserialize)]
struct Expect {
    requests: Option<Vec<Wanted>>,
    jobs: Option<Vec<Job>>,
}

#[derive(Deserialize)]
struct Wanted {
    task: String,
    dataset: String,
    until: Option<Until>,
    max_gas: Option<String>,
    here: Option<bool>,
}

#[derive(Deserialize)]
struct Job {
    task: Option<String>,
    dataset: Option<String>,
}

fn cases(folder: &str) -> BTreeMap<String, Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let cases = files.filter(|path| path.extension().is_some_and(|end| end == "yaml"));
    let read = |path| serde_saphyr::from_str::<Case>(&fs::read_to_string(path).unwrap()).unwrap();
    cases.map(read).map(|case: Case| (case.id.clone(), case)).collect()
}

/// The conversation of a case in its folder: each turn, and its reading. What was proposed, flags included, beside it.
fn played(case: &Case) -> (String, Vec<Request>) {
    let named = |file: &File| file.sparse.map_or(file.path.clone(), |bytes| format!("{}:{bytes}", file.path));
    let mut files: Vec<String> = case.files.iter().map(named).collect();
    files.sort();
    let mut talk = Talk::new(&files.iter().map(String::as_str).collect::<Vec<_>>());
    let spend = case.flags.max_gas.as_ref().map_or(Spend::OwnersCaps, |gas| Spend::at_most(gas.parse().unwrap()));
    let place = if case.flags.here { Locality::Here } else { Locality::Anywhere };
    talk.flags = Bounds { place, spend, until: case.flags.until.unwrap_or_default() };
    let (mut text, mut requests) = (case.id.clone(), Vec::new());
    for turn in &case.turns {
        let reading = talk.read(turn);
        write!(text, "\n  {turn:?}\n    {}", talk.says(turn)).unwrap();
        if matches!(reading, Reading::Work(_) | Reading::Save { .. }) {
            requests.push(talk.last.clone().unwrap());
        }
    }
    (text, requests)
}

fn all(folder: &str) -> String {
    cases(folder).values().map(|case| played(case).0).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_turn_of_the_trials() {
    insta::assert_snapshot!("trials", all("trials"));
}

#[test]
fn every_turn_of_the_first_hour() {
    assert!(cases("trials/first-hour").len() >= 60);
    insta::assert_snapshot!("first_hour", all("trials/first-hour"));
}

/// What a case expects to be understood is understood, and no job is expected that nobody asked for.
#[test]
fn the_first_hour_is_understood_as_its_cases_expect() {
    for (id, case) in cases("trials/first-hour") {
        let (_, requests) = played(&case);
        let work: Vec<_> = requests.iter().flat_map(|r| r.work.iter().map(move |work| (work, r.bounds))).collect();
        let wanted = case.expect.requests.iter().flatten().collect::<Vec<_>>();
        if case.expect.requests.is_some() {
            assert_eq!(work.len(), wanted.len(), "{id}");
        }
        for (wanted, (work, bounds)) in wanted.iter().zip(&work) {
            assert_eq!((&wanted.task, Path::new(&wanted.dataset)), (&work.task, work.dataset()), "{id}");
            assert!(wanted.until.is_none_or(|until| until == bounds.until), "{id}: {bounds:?}");
            assert!(wanted.here.is_none_or(|here| here == (bounds.place == Locality::Here)), "{id}: {bounds:?}");
            let limit = wanted.max_gas.as_ref().map(|gas| gas.parse::<Datoshi>().unwrap());
            assert!(limit.is_none_or(|limit| bounds.spend.limit() == Some(limit)), "{id}: {bounds:?}");
        }
        let asked_for = |job: &Job| {
            let named = |work: &domain::request::Work| {
                let path = work.dataset().to_str().unwrap();
                let (from, to) = path.split_once('*').unwrap_or((path, ""));
                let is = |dataset: &String| dataset.starts_with(from) && dataset.ends_with(to);
                job.task.as_ref().is_none_or(|task| *task == work.task) && job.dataset.as_ref().is_none_or(is)
            };
            work.iter().any(|(work, _)| named(work))
        };
        assert!(case.expect.jobs.iter().flatten().all(asked_for), "{id}");
        assert!(case.expect.jobs.as_ref().is_none_or(|jobs| !jobs.is_empty() || work.is_empty()), "{id}");
    }
}
