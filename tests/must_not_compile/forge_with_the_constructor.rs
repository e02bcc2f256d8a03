//~ E0624
//! The constructor belongs to the guard's folder.
use agent::policy::permit::{Payment, Permit};

fn forge(effect: Payment) -> Permit<Payment> {
    Permit::grant(effect)
}

fn main() {}
