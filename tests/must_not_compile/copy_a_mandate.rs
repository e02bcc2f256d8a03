//~ E0308
//! A mandate is not Clone.
use guard::policy::mandate::Mandate;

fn twice(mandate: &Mandate) -> Mandate {
    mandate.clone()
}

fn main() {}
