//! Folds a sequence on the square lattice, and has the verifier say what the walk is worth.

use std::error::Error;

use science::hp::{Effort, Settings, energy_of, search, to_hp};

fn main() -> Result<(), Box<dyn Error>> {
    let sequence = std::env::args().nth(1).unwrap_or_else(|| "HPHPPHHPHPPHPHHPPHPH".to_owned());
    let hp = to_hp(&sequence);
    let found = search(&hp, &Settings { dimension: 2, seed: 1, effort: Effort::Quick }, &mut |_| {})?;
    println!("{hp}\n{}", found.walk);
    println!("energy {}, {} moves, the verifier says {}", found.energy, found.moves, energy_of(&hp, &found.walk, 2)?);
    Ok(())
}
