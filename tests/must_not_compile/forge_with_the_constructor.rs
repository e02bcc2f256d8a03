//~ E0624
//! The constructor belongs to the guard's folder.
use guard::policy::permit::{Payment, Permit};

fn forge(mandate: &guard::policy::mandate::Mandate, effect: Payment) -> Permit<Payment> {
    Permit::grant(mandate, effect)
}

fn main() {}
