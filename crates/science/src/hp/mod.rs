//! The HP model of protein folding: hydrophobic (H) and polar (P) residues on a square or cubic lattice.
//!
//! A fold is a self-avoiding walk; its energy is minus the number of H-H pairs that are neighbours on the lattice and
//! not along the chain (Dill 1985; Lau and Dill, Macromolecules 22:3986, 1989). Finding the best fold is NP-hard;
//! checking one is linear. It is a model for study and not a structure prediction.

#[cfg(test)]
mod benchmarks;
mod bound;
mod chain;
mod metropolis;
mod search;
mod start;
mod walk;

pub use bound::lowest_conceivable;
pub use search::{Effort, Found, SearchError, Settings, search};
pub(crate) use walk::{Place, places};
pub use walk::{WalkError, energy_of};

/// The mapping of residues, in the words that every result carries.
pub const MAPPING: &str = "H: A C F G I J L M U V W Y; P: every other letter; \
     a sequence of only the letters H and P is taken as an HP string itself";

/// Hydrophobic by the usual reduction. J is "I or L"; U is selenocysteine and goes with cysteine.
const HYDROPHOBIC: &[u8] = b"ACFGIJLMUVWY";

/// Whether `residues` is an HP string itself: at least two letters, all of them H or P, in either case.
///
/// In the amino-acid alphabet H is histidine and P proline, so a real sequence of nothing but these two would be
/// misread; none longer than an affinity tag is known.
pub fn is_hp(residues: &str) -> bool {
    residues.len() >= 2 && residues.bytes().all(|b| matches!(b.to_ascii_uppercase(), b'H' | b'P'))
}

/// The sequence in the HP alphabet, by [`MAPPING`]; whatever is no letter (gaps, stops, spaces) is left out.
pub fn to_hp(residues: &str) -> String {
    let letters: String = residues.chars().filter(char::is_ascii_alphabetic).collect();
    if is_hp(&letters) {
        return letters.to_ascii_uppercase();
    }
    letters.bytes().map(|b| if HYDROPHOBIC.contains(&b.to_ascii_uppercase()) { 'H' } else { 'P' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn residues_are_mapped_and_hp_strings_are_kept() {
        assert_eq!(to_hp("GIVEQCCTSICSLYQLENYCN"), "HHHPPHHPPHHPHHPHPPHHP");
        assert_eq!(to_hp("giv-e*"), "HHHP");
        assert_eq!(to_hp("HPHPPH"), "HPHPPH");
        assert_eq!(to_hp("hpp"), "HPP");
        assert_eq!(to_hp("H"), "P", "one letter is a histidine");
        assert_eq!(to_hp("HPK"), "PPP", "a lysine makes it a protein: histidine and proline are polar here");
        assert_eq!(to_hp("BZXUOJ"), "PPPHPH");
    }
}
