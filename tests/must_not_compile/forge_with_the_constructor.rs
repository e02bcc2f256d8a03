//~ E0624
//! The constructor belongs to the guard's folder.
use agent::policy::permit::{Payment, Permit};

fn forge(mandate: &agent::policy::mandate::Mandate, effect: Payment) -> Permit<Payment> {
    Permit::grant(mandate, effect)
}

fn main() {}
