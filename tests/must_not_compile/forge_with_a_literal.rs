//~ E0451
//! A permit's field is private.
use guard::policy::permit::{LocalRun, Permit};

fn forge(effect: LocalRun) -> Permit<LocalRun> {
    Permit { effect, request: domain::ids::RequestId::random() }
}

fn main() {}
