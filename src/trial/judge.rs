//! What happened against what is expected. Pure.

use std::fmt;

use super::case::{Expect, JobWanted};
use domain::{
    job::JobState,
    request::{Request, Work},
    units::clean,
    verdict::Place,
};

/// A job as it stands when the last turn is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSeen {
    /// The catalogue's name of its task.
    pub task: String,
    /// Its dataset, from the working folder.
    pub dataset: String,
    /// Where it was to run.
    pub place: Place,
    /// Its state.
    pub end: JobState,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Happened {
    /// Every job in the ledger, in the order they were planned.
    pub jobs: Vec<JobSeen>,
    /// Payments that the chain confirmed.
    pub payments: usize,
    /// What was understood: each piece of work of a plan with its request, and its file from the working folder.
    pub requests: Vec<Understood>,
    /// Whether the last turn ended in a plan.
    pub plan: bool,
    /// The model's last answer.
    pub answer: String,
}

/// A piece of work as it was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Understood {
    /// The request with its bounds.
    pub request: Request,
    /// The work.
    pub work: Work,
    /// Its file, from the working folder.
    pub dataset: String,
}

impl fmt::Display for Understood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bounds = self.request.bounds;
        let (until, spend) = (bounds.until.as_str(), bounds.spend.limit());
        write!(f, "{} of {} until {until}", self.work.task, clean(&self.dataset, 100))?;
        spend.map_or(Ok(()), |most| write!(f, ", at most {most}"))
    }
}

fn place(place: Place) -> &'static str {
    match place {
        Place::Local => "local",
        Place::Offload => "offload",
    }
}

impl fmt::Display for JobSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} ({}, {})", self.task, clean(&self.dataset, 100), place(self.place), self.end)
    }
}

impl fmt::Display for JobWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (task, dataset) =
            (self.task.as_deref().unwrap_or("any task"), self.dataset.as_deref().unwrap_or("any file"));
        let (at, end) = (self.place.map_or("anywhere", place), self.end.map_or("any end", JobState::as_str));
        write!(f, "{task} of {dataset} ({at}, {end})")
    }
}

impl JobWanted {
    fn is(&self, job: &JobSeen) -> bool {
        self.task.as_ref().is_none_or(|task| *task == job.task)
            && self.dataset.as_ref().is_none_or(|dataset| dataset.trim_start_matches("./") == job.dataset)
            && self.place.is_none_or(|place| place == job.place)
            && self.end.is_none_or(|end| end == job.end)
    }
}

/// The expectations that were not met, a sentence each.
pub fn judge(expect: &Expect, happened: &Happened) -> Vec<String> {
    let mut failed = Vec::new();
    if let Some(wanted) = &expect.jobs {
        failed.extend(jobs(wanted, &happened.jobs));
    }
    if let Some(wanted) = expect.payments.filter(|wanted| *wanted != happened.payments) {
        failed.push(format!("confirmed payments: {wanted} expected, {} made", happened.payments));
    }
    for wanted in &expect.requests {
        if !happened.requests.iter().any(|seen| wanted.is(&seen.request, &seen.work, &seen.dataset)) {
            let seen: Vec<String> = happened.requests.iter().map(Understood::to_string).collect();
            let seen = if seen.is_empty() { "nothing".to_owned() } else { seen.join("; ") };
            failed.push(format!("a request was to be understood: {wanted:?}; understood was: {seen}"));
        }
    }
    if let Some(wanted) = expect.plan.filter(|wanted| *wanted != happened.plan) {
        let (ended, was) = if wanted { ("was to end", "did not") } else { ("was not to end", "did") };
        failed.push(format!("the last turn {ended} in a plan, and it {was}"));
    }
    for regex in expect.answer.iter().filter(|regex| !regex.is_match(&happened.answer)) {
        let said = match happened.answer.trim() {
            "" => "there was no answer".to_owned(),
            answer => format!("it says \"{}\"", clean(answer, 300)),
        };
        failed.push(format!("the last answer should match `{regex}`: {said}"));
    }
    failed
}

/// What is missing and what is too much.
fn jobs(wanted: &[JobWanted], seen: &[JobSeen]) -> Vec<String> {
    let takers = paired(wanted, seen);
    let missing = wanted.iter().enumerate().filter(|(at, _)| !takers.contains(&Some(*at)));
    let missing = missing.map(|(_, job)| format!("a job was expected and is not there: {job}"));
    let extra = seen.iter().zip(&takers).filter(|(_, taker)| taker.is_none());
    let extra = extra.map(|(job, _)| format!("a job is there and was not expected: {job}"));
    missing.chain(extra).collect()
}

/// Which expectation each job meets, so that as many as possible meet one: augmenting paths, as an expectation that leaves
/// something out may fit several jobs.
fn paired(wanted: &[JobWanted], seen: &[JobSeen]) -> Vec<Option<usize>> {
    let mut takers = vec![None; seen.len()];
    for at in 0..wanted.len() {
        place_one(at, wanted, seen, &mut takers, &mut vec![false; seen.len()]);
    }
    takers
}

fn place_one(
    at: usize,
    wanted: &[JobWanted],
    seen: &[JobSeen],
    takers: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for (i, job) in seen.iter().enumerate() {
        let fits = wanted.get(at).is_some_and(|w| w.is(job));
        let Some(fresh) = tried.get_mut(i).filter(|tried| fits && !**tried) else { continue };
        *fresh = true;
        let free = match takers.get(i).copied().flatten() {
            Some(other) => place_one(other, wanted, seen, takers, tried),
            None => true,
        };
        if free && let Some(taker) = takers.get_mut(i) {
            *taker = Some(at);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    fn seen(task: &str, dataset: &str, end: JobState) -> JobSeen {
        JobSeen { task: task.into(), dataset: dataset.into(), place: Place::Offload, end }
    }

    fn wanted(task: Option<&str>, dataset: Option<&str>, end: Option<JobState>) -> JobWanted {
        JobWanted { task: task.map(str::to_owned), dataset: dataset.map(str::to_owned), place: None, end }
    }

    fn judged(jobs: Vec<JobWanted>, happened: Vec<JobSeen>) -> Vec<String> {
        let expect = Expect { jobs: Some(jobs), ..Expect::default() };
        judge(&expect, &Happened { jobs: happened, ..Happened::default() })
    }

    #[test]
    fn exactly_these_jobs_in_any_order() {
        let (a, b) = (seen("fold", "a.fasta", JobState::Done), seen("fold", "b.fasta", JobState::Done));
        let want = |file| wanted(Some("fold"), Some(file), Some(JobState::Done));
        assert!(judged(vec![want("b.fasta"), want("./a.fasta")], vec![a.clone(), b.clone()]).is_empty());
        assert!(judged(vec![], vec![]).is_empty());
        assert_eq!(
            judged(vec![want("a.fasta")], vec![a.clone(), b.clone()]),
            ["a job is there and was not expected: fold of b.fasta (offload, done)"]
        );
        assert_eq!(
            judged(vec![want("a.fasta")], vec![seen("fold", "a.fasta", JobState::Submitted)]),
            [
                "a job was expected and is not there: fold of a.fasta (anywhere, done)",
                "a job is there and was not expected: fold of a.fasta (offload, submitted)"
            ]
        );
        assert_eq!(judged(vec![want("a.fasta"), want("a.fasta")], vec![a.clone()]).len(), 1, "one job is not two");
    }

    #[test]
    fn what_is_left_out_fits_whatever_is_left() {
        let one = seen("x", "y", JobState::Done);
        let two = seen("z", "y", JobState::Done);
        let (by_file, by_task) = (wanted(None, Some("y"), None), wanted(Some("x"), None, None));
        assert!(judged(vec![by_file, by_task], vec![one, two]).is_empty());
    }

    #[test]
    fn payments_and_answers_are_told_in_words() {
        let expect = Expect {
            jobs: None,
            payments: Some(1),
            requests: vec![],
            plan: None,
            answer: vec![Regex::new("(?i)gas").unwrap(), Regex::new("2").unwrap()],
        };
        let happened = |payments, answer: &str| Happened { payments, answer: answer.into(), ..Happened::default() };
        assert!(judge(&expect, &happened(1, "It cost 2 GAS.")).is_empty());
        assert_eq!(
            judge(&expect, &happened(2, "Two Gas.")),
            ["confirmed payments: 1 expected, 2 made", "the last answer should match `2`: it says \"Two Gas.\""]
        );
        assert!(judge(&expect, &happened(1, ""))[0].ends_with("there was no answer"));
    }
}
