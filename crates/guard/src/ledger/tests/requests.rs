//! Requests as several processes carry them out, and what was spent under each.

use std::thread;

use jiff::Timestamp;

use super::{attempt, caps, intend, open, sample_job, submitted};
use crate::ledger::Ledger;
use domain::{
    consent::{Consent, ConsentBy, Granted},
    hash::Sha256,
    job::{Job, JobState},
    money::Datoshi,
    request::{Bounds, Origin, Request},
    verdict::Place,
};

fn request() -> Request {
    Request::new(Origin::Flags, Bounds::default(), Vec::new(), None)
}

/// A job that is planned for the file of this name, whatever process plans it.
fn planned(file: &str) -> Job {
    let mut job = sample_job(Place::Offload);
    job.source.path = file.into();
    job
}

fn consent(jobs: &[Job]) -> Consent {
    let granted = jobs.iter().map(|job| Granted {
        job: job.id.clone(),
        task: job.task_type.clone(),
        dataset: job.source.path.clone(),
        parameters: job.parameters.clone(),
        may_leave: true,
        unmeasured: false,
        unverified: false,
        amount: Datoshi::ZERO,
        fees: Datoshi::ZERO,
        charge: None,
        recipient: None,
    });
    Consent { digest: Sha256([0; 32]), by: ConsentBy::Yes, at: Timestamp::now(), granted: granted.collect() }
}

#[test]
fn eight_processes_that_begin_a_request_make_one_job_of_each_piece() {
    let (home, ledger) = open();
    let request = request();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (home, request) = (home.path().to_owned(), request.clone());
            thread::spawn(move || {
                let ledger = Ledger::open(&home).unwrap();
                let jobs = ["/a.fasta", "/b.fasta"].map(planned);
                let instead = ledger.begin_once(&request, "ses-1", Some(&consent(&jobs)), &jobs).unwrap();
                jobs.len() - instead.len()
            })
        })
        .collect();
    let begun: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    let jobs = ledger.jobs().unwrap();
    assert_eq!((begun, jobs.len()), (2, 2));
    let kept = ledger.request(&request.id).unwrap();
    assert_eq!(kept.consents.len(), 8);
    for granted in kept.consents.iter().flat_map(|consent| &consent.granted) {
        assert!(jobs.iter().any(|job| granted.is(job)), "a consent is to a job that there is");
    }
    // A file that changed, and work that ended badly, are begun again.
    let mut changed = planned("/a.fasta");
    changed.verdict.dataset.modified_ns += 1;
    assert_eq!(ledger.begin_once(&request, "ses-1", None, &[changed]).unwrap().len(), 0);
    ledger.advance(&jobs[1].id, JobState::Canceled, |_| {}).unwrap();
    let again = Job { source: jobs[1].source.clone(), ..planned("") };
    assert_eq!(ledger.begin_once(&request, "ses-1", None, &[again]).unwrap().len(), 0);
}

#[test]
fn what_was_spent_counts_for_the_request_under_which_it_was() {
    let (_home, ledger) = open();
    let (job, first, second) = (submitted(&ledger), request(), request());
    ledger.begin(&first, "ses-1", None, std::slice::from_ref(&job)).unwrap();
    intend(&ledger, &attempt(&job.id, 1, 2), &caps(9, 9, 9)).unwrap();
    ledger.begin(&second, "ses-1", None, std::slice::from_ref(&job)).unwrap();
    assert_eq!(ledger.job(&job.id).unwrap().request, Some(second.id.clone()));
    let spent = [&first.id, &second.id].map(|id| ledger.spent_under(id).unwrap());
    assert_eq!(spent, [Datoshi::from_gas(2), Datoshi::ZERO]);
}
