//! The usual benchmark sequences with their best known energies, as tests of the search.

use std::time::Instant;

use super::{Effort, Found, Settings, energy_of, lowest_conceivable, search};

/// Name, sequence, best known energy on the square lattice.
const SQUARE: [(&str, &str, i64); 12] = [
    ("S1-1", "HPHPPHHPHPPHPHHPPHPH", -9),
    ("S1-2", "HHPPHPPHPPHPPHPPHPPHPPHH", -9),
    ("S1-3", "PPHPPHHPPPPHHPPPPHHPPPPHH", -8),
    ("S1-4", "PPPHHPPHHPPPPPHHHHHHHPPHHPPPPHHPPHPP", -14),
    ("S1-5", "PPHPPHHPPHHPPPPPHHHHHHHHHHPPPPPPHHPPHHPPHPPHHHHH", -23),
    ("S1-6", "HHPHPHPHPHHHHPHPPPHPPPHPPPPHPPPHPPPHPHHHHPHPHPHPHH", -21),
    ("S1-7", "PPHHHPHHHHHHHHPPPHHHHHHHHHHPHPPPHHHHHHHHHHHHPPPPHHHHHHPHHPHP", -36),
    ("S1-8", "HHHHHHHHHHHHPHPHPPHHPPHHPPHPPHHPPHHPPHPPHHPPHHPPHPHPHHHHHHHHHHHH", -42),
    ("18a", "HHPPPPPHHPPPHPPPHP", -4),
    ("18b", "HPHPHHHPPPHHHHPPHH", -8),
    ("18c", "PHPPHPHHHPHHPHHHHH", -9),
    ("20b", "HHHPPHPHPHPPHPHPHPPH", -10),
];

fn fold(name: &str, hp: &str, dimension: u8, seed: u64) -> Found {
    let began = Instant::now();
    let settings = Settings { dimension, seed, effort: Effort::Normal };
    let found = search(hp, &settings, &mut |_| {}).unwrap();
    eprintln!("{name} {dimension}D seed {seed}: {} in {} moves, {:?}", found.energy, found.moves, began.elapsed());
    assert_eq!(energy_of(hp, &found.walk, dimension), Ok(found.energy));
    assert!(found.energy >= lowest_conceivable(hp, dimension));
    found
}

#[test]
fn best_known_energies_are_reached_to_50_residues_and_nearly_beyond() {
    for (name, hp, best) in SQUARE {
        let found = fold(name, hp, 2, 1);
        let slack = if hp.len() > 50 { 2 } else { 0 };
        assert!((best..=best + slack).contains(&found.energy), "{name}: {} instead of {best}", found.energy);
    }
}

#[test]
fn the_first_benchmark_reaches_its_energy_on_the_cubic_lattice() {
    assert_eq!(fold("S1-1", SQUARE[0].1, 3, 1).energy, -11);
}
