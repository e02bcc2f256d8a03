//~ E0308
//! A permit is not Clone.
use agent::policy::permit::{Payment, Permit};

fn twice(permit: &Permit<Payment>) -> Permit<Payment> {
    permit.clone()
}

fn main() {}
