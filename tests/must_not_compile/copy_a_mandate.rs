//~ E0308
//! A mandate is not Clone.
use agent::policy::mandate::Mandate;

fn twice(mandate: &Mandate) -> Mandate {
    mandate.clone()
}

fn main() {}
