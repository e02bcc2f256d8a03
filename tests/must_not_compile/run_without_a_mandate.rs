//~ E0061
//! No permit without a mandate.
use domain::{job::Job, task::{TaskType, remote::RemoteModel}};
use guard::policy::Guard;

fn submit(guard: &Guard, job: &Job, task: &TaskType, remote: &RemoteModel) {
    let _ = guard.permit_submit(job, task, remote);
}

fn main() {}
