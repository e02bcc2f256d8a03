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
#[test]
fn chains_longer_than_the_lattice_are_folded_with_bounded_effort() {
    let hp: String = (0..2_000).map(|i: usize| if (i * 7919 + i / 3) % 5 < 2 { 'H' } else { 'P' }).collect();
    for (dimension, at_least) in [(2, -590), (3, -1_000)] {
        let settings = Settings { dimension, seed: 1, effort: Effort::Quick };
        let mut told = Vec::new();
        let found = search(&hp, &settings, &mut |part| told.push(part)).unwrap();
        assert_eq!(energy_of(&hp, &found.walk, dimension), Ok(found.energy));
        assert!(found.energy <= at_least && found.moves <= 2_000_000, "{} {}", found.energy, found.moves);
        assert!(told.is_sorted() && told.last() == Some(&1.0));
    }
}

#[test]
fn the_shortest_chains_and_what_is_none() {
    let of = |hp: &str| search(hp, &Settings { dimension: 2, seed: 1, effort: Effort::Quick }, &mut |_| {});
    assert_eq!(of("H").unwrap(), Found { energy: 0, walk: String::new(), moves: 0, optimal: true });
    assert_eq!(of("HH").unwrap().walk, "R");
    assert!(of("HPPH").unwrap().energy == -1);
    assert!(of("").is_err() && of("HXH").is_err());
    assert!(search("HPPH", &Settings { dimension: 4, seed: 1, effort: Effort::Quick }, &mut |_| {}).is_err());
}

#[test]
fn one_seed_finds_one_fold_on_every_machine() {
    let settings = Settings { dimension: 3, seed: 42, effort: Effort::Quick };
    let found = search(SQUARE[4].1, &settings, &mut |_| {}).unwrap();
    insta::assert_snapshot!(format!("{} {} {}", found.energy, found.moves, found.walk), @"-31 351000 DFDLUFDLUULFDBBRUURRDLFFDFDDRUBUURULLFLBUBDRRDD");
}
