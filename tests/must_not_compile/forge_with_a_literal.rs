//~ E0451
//! A permit's field is private.
use agent::policy::permit::{LocalRun, Permit};

fn forge(effect: LocalRun) -> Permit<LocalRun> {
    Permit { effect, request: agent::domain::ids::RequestId::random() }
}

fn main() {}
