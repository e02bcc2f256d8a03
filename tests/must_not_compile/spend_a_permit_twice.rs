//~ E0382
//! Spending takes the permit.
use guard::policy::permit::{Payment, Permit};

fn twice(permit: Permit<Payment>) -> (Payment, Payment) {
    (permit.spend(), permit.spend())
}

fn main() {}
