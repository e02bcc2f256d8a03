//! Replica-exchange Monte Carlo with pull moves (Thachuk, Shmygelska and Hoos, BMC Bioinformatics 8:342, 2007).
//!
//! Several chains walk at neighbouring temperatures and now and then trade them: the cold ones refine, the warm ones
//! get out of traps. The random stream is ChaCha8 seeded by the seed and the sequence, so a sequence folds the same
//! way on every machine and wherever it stands in a file.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use serde::{Deserialize, Serialize};

use super::{
    chain::Chain,
    energy_of, lowest_conceivable,
    metropolis::{Acceptance, happens},
    start,
};
use domain::hash::Sha256;

/// How long a search goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// A first look.
    Quick,
    /// Best known energies on the usual benchmarks up to 50 residues.
    Normal,
    /// Ten times as long.
    Thorough,
}

impl Effort {
    /// Proposed moves for a chain of `residues`: a multiple of its length, within a bound for long ones.
    pub(crate) fn moves(self, residues: usize) -> u64 {
        let (a_residue, most) = match self {
            Effort::Quick => (10_000, 2_000_000),
            Effort::Normal => (100_000, 20_000_000),
            Effort::Thorough => (1_000_000, 200_000_000),
        };
        (residues as u64).saturating_mul(a_residue).min(most)
    }
}

/// What a search is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// 2 for the square lattice, 3 for the cubic one.
    pub dimension: u8,
    /// The same seed finds the same fold.
    pub seed: u64,
    /// How long to search.
    pub effort: Effort,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Minus the number of H-H contacts.
    pub energy: i64,
    /// One letter a step.
    pub walk: String,
    /// Moves proposed until the search ended.
    pub moves: u64,
    /// Whether the energy reaches the bound that no fold can pass.
    pub optimal: bool,
}

/// Why nothing was searched.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum SearchError {
    /// The sequence or the dimension is no subject of the HP model.
    #[error(transparent)]
    Walk(#[from] super::WalkError),
}

/// Draws of one search.
pub(super) struct Draws(ChaCha8Rng);

impl Draws {
    /// The stream of `seed` and `hp`.
    pub(super) fn new(seed: u64, hp: &str) -> Draws {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let [a, b, c, d, e, f, g, h, ..] = Sha256::of(hp.as_bytes()).0;
        rng.set_stream(u64::from_le_bytes([a, b, c, d, e, f, g, h]));
        Draws(rng)
    }

    /// 32 random bits.
    pub(super) fn bits(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// A number below `end`: the draw times `end`, shifted, so that it depends on no library's way of rejecting.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        ((u64::from(self.bits()) * u64::from(end)) >> 32) as u32
    }
}

/// Temperatures (kT in contacts) of the published settings: 160 to 220 K, with k in kcal/mol/K.
const BOLTZMANN: f64 = 0.001_987_2;
const COLDEST: f64 = 160.0 * BOLTZMANN;
const WARMEST: f64 = 220.0 * BOLTZMANN;

/// Moves of one replica between two trades.
const ROUND: u64 = 500;

/// Searches a fold of low energy for `hp`, telling `progress` how much of the effort is spent (0 to 1).
///
/// The search ends when the effort is spent, when half of it went by without a better fold, or when the energy cannot
/// be lower.
///
/// # Errors
/// When `hp` is not an HP sequence or the dimension is neither 2 nor 3.
pub fn search(hp: &str, settings: &Settings, progress: &mut dyn FnMut(f64)) -> Result<Found, SearchError> {
    let dimension = settings.dimension;
    let line = "R".repeat(hp.len().saturating_sub(1));
    let mut best = Found { energy: energy_of(hp, &line, dimension)?, walk: line, moves: 0, optimal: false };
    let floor = lowest_conceivable(hp, dimension);
    let replicas = if dimension == 3 { 2 } else { 5 };
    let mut draws = Draws::new(settings.seed, hp);
    let ladder: Vec<Acceptance> = (0..replicas)
        .map(|i| Acceptance::at(COLDEST + (WARMEST - COLDEST) * i as f64 / (replicas - 1) as f64))
        .collect();
    let mut chains: Vec<Chain> = Vec::with_capacity(replicas);
    for (walk, energy) in start::walks(hp, dimension, replicas) {
        let chain = Chain::new(hp, &walk, dimension, energy);
        improve(&mut best, &chain, hp, dimension);
        chains.push(chain);
    }
    let effort = settings.effort.moves(hp.len());
    let mut improved_at = 0;
    let mut parity = 0;
    while best.moves < effort && best.moves - improved_at < effort / 2 && best.energy > floor {
        for (chain, acceptance) in chains.iter_mut().zip(&ladder) {
            for _ in 0..ROUND {
                if !chain.propose(&mut draws) {
                    continue;
                }
                let change = chain.make();
                if acceptance.accepts(change, draws.bits()) {
                    chain.keep(change);
                    if chain.energy() < best.energy && improve(&mut best, chain, hp, dimension) {
                        improved_at = best.moves;
                    }
                } else {
                    chain.undo();
                }
            }
            best.moves += ROUND;
        }
        trade(&mut chains, &ladder, parity, &mut draws);
        parity = 1 - parity;
        progress((best.moves as f64 / effort as f64).min(1.0));
    }
    best.optimal = best.energy <= floor;
    progress(1.0);
    Ok(best)
}

/// Takes `chain` as the best fold if it is; true when it was.
fn improve(best: &mut Found, chain: &Chain, hp: &str, dimension: u8) -> bool {
    let walk = chain.walk();
    let energy = if chain.is_exact() { Ok(chain.energy()) } else { energy_of(hp, &walk, dimension) };
    match energy {
        Ok(energy) if energy < best.energy => {
            best.energy = energy;
            best.walk = walk;
            true
        }
        _ => false,
    }
}

/// Lets neighbours on the ladder trade their chains by the exchange rule; even and odd pairs take turns.
fn trade(chains: &mut [Chain], ladder: &[Acceptance], parity: usize, draws: &mut Draws) {
    for cold in (parity..chains.len().saturating_sub(1)).step_by(2) {
        let (Some(a), Some(b)) = (chains.get(cold), chains.get(cold + 1)) else { continue };
        let (Some(at_a), Some(at_b)) = (ladder.get(cold), ladder.get(cold + 1)) else { continue };
        let cost = (at_a.inverse - at_b.inverse) * (b.energy() - a.energy()) as f64;
        if happens(cost, draws.bits()) {
            chains.swap(cold, cold + 1);
        }
    }
}
