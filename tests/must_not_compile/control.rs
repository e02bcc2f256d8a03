//~ none
//! What is allowed: a permit that was given may be looked at and spent.
use guard::policy::permit::{Payment, Permit};

fn spend(permit: Permit<Payment>) -> Payment {
    let _ = permit.effect().amount;
    permit.spend()
}

fn main() {}
