//~ E0382
//! Spending takes the permit.
use agent::policy::permit::{Payment, Permit};

fn twice(permit: Permit<Payment>) -> (Payment, Payment) {
    (permit.spend(), permit.spend())
}

fn main() {}
