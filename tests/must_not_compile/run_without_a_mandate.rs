//~ E0061
//! No permit without a mandate.
use domain::job::Job;
use guard::policy::Guard;

fn submit(guard: &Guard, job: &Job) {
    let _ = guard.permit_submit(job, "model");
}

fn main() {}
