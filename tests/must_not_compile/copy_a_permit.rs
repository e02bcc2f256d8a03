//~ E0308
//! A permit is not Clone.
use guard::policy::permit::{Payment, Permit};

fn twice(permit: &Permit<Payment>) -> Permit<Payment> {
    permit.clone()
}

fn main() {}
