//~ E0451
//! A mandate's field is private.
use guard::{ledger::Kept, policy::mandate::Mandate};

fn forge(kept: Kept) -> Mandate {
    Mandate { kept }
}

fn main() {}
