//! A job with a request of its own, and a person's consent to whatever it costs.

use domain::{
    consent::{Consent, ConsentBy, Granted},
    hash::Sha256,
    ids::RequestId,
    job::{Job, JobState},
    money::Datoshi,
    request::{Bounds, Input, Origin, Request, Work},
};
use guard::ledger::Ledger;
use jiff::Timestamp;

/// Puts the job into the ledger as work of a request within these bounds that was consented to, at any price.
pub fn consented(ledger: &Ledger, job: &Job, bounds: Bounds) -> Job {
    let input = Input { path: Some(job.source.path.clone()), ..Input::named("dataset", job.source.path.clone()) };
    let work = Work { inputs: vec![input], ..Work::new(&job.task_type, "", job.parameters.clone()) };
    let request = Request {
        id: RequestId::random(),
        work: vec![work],
        bounds,
        origin: Origin::Flags,
        said: None,
        notes: vec![],
        seen: vec![],
        begun: Vec::new(),
        undone: Vec::new(),
        out_dir: None,
    };
    let granted = Granted {
        job: job.id.clone(),
        task: job.task_type.clone(),
        dataset: job.source.path.clone(),
        parameters: job.parameters.clone(),
        may_leave: true,
        unmeasured: false,
        unverified: false,
        amount: Datoshi::MAX,
        fees: Datoshi::MAX,
        charge: None,
        recipient: job.quote.as_ref().map(|quote| quote.recipient.address()),
    };
    let consent =
        Consent { digest: Sha256::of(b"a plan"), by: ConsentBy::Yes, at: Timestamp::now(), granted: vec![granted] };
    if ledger.job(&job.id).is_err() {
        let job = Job { request: None, ..job.clone() };
        ledger.insert_job(&job).unwrap();
    }
    let job = Job { request: Some(request.id.clone()), ..job.clone() };
    assert!(job.state != JobState::Done);
    ledger.begin(&request, "ses-test", Some(&consent), std::slice::from_ref(&job)).unwrap();
    ledger.job(&job.id).unwrap()
}
