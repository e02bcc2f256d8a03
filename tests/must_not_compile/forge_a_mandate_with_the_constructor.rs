//~ E0624
//! Its constructor belongs to the guard's folder.
use guard::{ledger::Kept, policy::mandate::Mandate};

fn forge(kept: Kept) -> Mandate {
    Mandate::of(kept)
}

fn main() {}
