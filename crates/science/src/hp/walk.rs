//! Walks as text, and their energy: the linear check of a fold.

use std::collections::HashMap;

/// Why a walk is no fold of its sequence. Positions count from 1.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum WalkError {
    /// Neither square nor cubic.
    #[error("a lattice has 2 or 3 dimensions, not {0}")]
    Dimension(u8),
    /// The sequence is not in the HP alphabet.
    #[error("residue {at} of the HP sequence is neither H nor P")]
    Residue {
        /// Which residue.
        at: usize,
    },
    /// Nothing to fold.
    #[error("the HP sequence is empty")]
    Empty,
    /// Not one step less than residues.
    #[error("a walk over {residues} residues has {} steps, this one has {steps}", residues.saturating_sub(1))]
    Steps {
        /// Residues of the sequence.
        residues: usize,
        /// Letters of the walk.
        steps: usize,
    },
    /// A letter that is no step of this lattice.
    #[error("step {at} of the walk is no step of a lattice of {dimension} dimensions")]
    Step {
        /// Which step.
        at: usize,
        /// Of the lattice.
        dimension: u8,
    },
    /// Two residues in one place.
    #[error("the walk crosses itself: residues {first} and {second} are in one place")]
    Crosses {
        /// The earlier residue.
        first: usize,
        /// The later residue.
        second: usize,
    },
}

/// A place on the lattice.
pub(crate) type Place = [i64; 3];

/// The step a letter means: R and L along x, U and D along y, F and B along z (only in 3D).
fn step(letter: u8, dimension: u8) -> Option<Place> {
    match (letter, dimension) {
        (b'R', _) => Some([1, 0, 0]),
        (b'L', _) => Some([-1, 0, 0]),
        (b'U', _) => Some([0, 1, 0]),
        (b'D', _) => Some([0, -1, 0]),
        (b'F', 3) => Some([0, 0, 1]),
        (b'B', 3) => Some([0, 0, -1]),
        _ => None,
    }
}

/// The places of the residues, the first at the origin.
///
/// # Errors
/// A dimension other than 2 or 3, or a letter that is no step.
pub(crate) fn places(walk: &str, dimension: u8) -> Result<Vec<Place>, WalkError> {
    if !matches!(dimension, 2 | 3) {
        return Err(WalkError::Dimension(dimension));
    }
    let mut here = [0; 3];
    let mut places = Vec::with_capacity(walk.len() + 1);
    places.push(here);
    for (i, letter) in walk.bytes().enumerate() {
        let [dx, dy, dz] = step(letter, dimension).ok_or(WalkError::Step { at: i + 1, dimension })?;
        let [x, y, z] = here;
        here = [x + dx, y + dy, z + dz];
        places.push(here);
    }
    Ok(places)
}

/// The energy of `walk` for the sequence `hp`: minus the number of H-H contacts off the chain. Linear in its length.
///
/// # Errors
/// When the walk is not a self-avoiding walk of this lattice with one step less than `hp` has residues.
pub fn energy_of(hp: &str, walk: &str, dimension: u8) -> Result<i64, WalkError> {
    if hp.is_empty() {
        return Err(WalkError::Empty);
    }
    if let Some(at) = hp.bytes().position(|b| !matches!(b, b'H' | b'P')) {
        return Err(WalkError::Residue { at: at + 1 });
    }
    if walk.len() + 1 != hp.len() {
        return Err(WalkError::Steps { residues: hp.len(), steps: walk.len() });
    }
    let places = places(walk, dimension)?;
    let mut taken = HashMap::with_capacity(places.len());
    let mut contacts = 0;
    for (i, (&place, residue)) in places.iter().zip(hp.bytes()).enumerate() {
        if let Some((first, _)) = taken.insert(place, (i, residue)) {
            return Err(WalkError::Crosses { first: first + 1, second: i + 1 });
        }
        if residue != b'H' {
            continue;
        }
        // Only earlier residues are in the map, so each pair counts once; the one just before is its chain neighbour.
        let [x, y, z] = place;
        for near in [[x + 1, y, z], [x - 1, y, z], [x, y + 1, z], [x, y - 1, z], [x, y, z + 1], [x, y, z - 1]] {
            if let Some(&(j, b'H')) = taken.get(&near)
                && j + 1 != i
            {
                contacts += 1;
            }
        }
    }
    Ok(-contacts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S1_1: &str = "HPHPPHHPHPPHPHHPPHPH";
    const S1_4: &str = "PPPHHPPHHPPPPPHHHHHHHPPHHPPPPHHPPHPP";

    #[test]
    fn published_folds_have_their_published_energies() {
        assert_eq!(energy_of(S1_1, "DLLURULUURDRDRURDDL", 2), Ok(-9));
        assert_eq!(energy_of(S1_4, "URRULURUUURRDDLDRDLDDRURDRUULURULUR", 2), Ok(-14));
        assert_eq!(energy_of(S1_1, "DRDBULBRRULLFRRFLFL", 3), Ok(-11));
        assert_eq!(energy_of("H", "", 2), Ok(0));
        assert_eq!(energy_of("HHHH", "RUL", 2), Ok(-1));
        assert_eq!(energy_of("HHHH", "RUL", 3), Ok(-1));
    }

    #[test]
    fn what_is_no_fold_is_told_exactly() {
        assert_eq!(energy_of("HHHHH", "RULD", 2), Err(WalkError::Crosses { first: 1, second: 5 }));
        assert_eq!(energy_of("HHH", "RL", 2), Err(WalkError::Crosses { first: 1, second: 3 }));
        assert_eq!(energy_of("HHH", "RF", 2), Err(WalkError::Step { at: 2, dimension: 2 }));
        assert_eq!(energy_of("HHH", "Rx", 3), Err(WalkError::Step { at: 2, dimension: 3 }));
        assert_eq!(energy_of("HHH", "R", 2), Err(WalkError::Steps { residues: 3, steps: 1 }));
        assert_eq!(energy_of("HXH", "RR", 2), Err(WalkError::Residue { at: 2 }));
        assert_eq!(energy_of("HHH", "RR", 4), Err(WalkError::Dimension(4)));
        assert_eq!(energy_of("", "", 2), Err(WalkError::Empty));
    }
}
