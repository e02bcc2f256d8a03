//! A chain on the lattice and its pull moves (Lesh, Mitzenmacher and Whitesides, RECOMB 2003).
//!
//! The moves reach every fold from every other. They do not sample folds by their probability (a pull may stop early on
//! its way back; Gyorffy, Zavodszky and Szilagyi, BMC Bioinformatics 13:150, 2012), which a search needs not.
//!
//! The lattice is a torus in one flat array: a place is an index, a step is an addition under a mask. With a side of at
//! least two more than the chain is long no two residues can meet around the torus, so nothing but the array is needed:
//! no coordinates, no hashing. For chains longer than the largest side the energy kept here could count contacts around
//! the torus; `search` takes the energy of such a fold from its walk instead.

use super::search::Draws;

/// What a cell of the lattice holds.
const EMPTY: u8 = 0;
const POLAR: u8 = 1;
const HYDROPHOBIC: u8 = 2;

/// Largest sides of the torus: 1 MiB of cells in 2D, 2 MiB in 3D.
const LARGEST_SIDE: [u32; 2] = [1024, 128];

/// A self-avoiding chain of H and P residues.
///
/// Indexing: `places` and `kinds` have one entry a residue and every residue number here comes from their length;
/// every cell index is masked to the array's length, which is a power of two.
#[derive(Clone)]
pub(super) struct Chain {
    kinds: Vec<u8>,
    places: Vec<u32>,
    cells: Vec<u8>,
    mask: u32,
    steps: Vec<u32>,
    energy: i64,
    exact: bool,
    moved: Vec<(u32, u32)>,
}

impl Chain {
    /// The chain `hp` laid out along `walk`, which must be a self-avoiding walk of this dimension and of extent below
    /// the torus's side.
    pub(super) fn new(hp: &str, walk: &str, dimension: u8, energy: i64) -> Chain {
        let longest = if dimension == 3 { LARGEST_SIDE[1] } else { LARGEST_SIDE[0] };
        let wanted = u32::try_from(hp.len() + 2).unwrap_or(u32::MAX / 2).next_power_of_two();
        let side = wanted.clamp(4, longest);
        let size = side.pow(u32::from(dimension));
        let mask = size - 1;
        let back = |step: u32| step.wrapping_neg() & mask;
        let mut steps = vec![1, back(1), side, back(side)];
        if dimension == 3 {
            steps.extend([side * side, back(side * side)]);
        }
        let kinds: Vec<u8> = hp.bytes().map(|b| if b == b'H' { HYDROPHOBIC } else { POLAR }).collect();
        let mut here = 0;
        let mut places = vec![here];
        for letter in walk.bytes() {
            here = (here + steps[LETTERS.iter().position(|&l| l == letter).unwrap_or(0)]) & mask;
            places.push(here);
        }
        let mut cells = vec![EMPTY; size as usize];
        for (&place, &kind) in places.iter().zip(&kinds) {
            cells[place as usize] = kind;
        }
        Chain { kinds, places, cells, mask, steps, energy, exact: wanted <= longest, moved: Vec::new() }
    }

    /// Minus the number of H-H contacts; see the module's note on very long chains.
    pub(super) fn energy(&self) -> i64 {
        self.energy
    }

    /// Whether [`Chain::energy`] is exact, whatever the fold's shape.
    pub(super) fn is_exact(&self) -> bool {
        self.exact
    }

    /// The walk, one letter a step.
    pub(super) fn walk(&self) -> String {
        self.places
            .windows(2)
            .map(|pair| {
                let step = pair[1].wrapping_sub(pair[0]) & self.mask;
                let which = self.steps.iter().position(|&s| s == step).unwrap_or(0);
                char::from(LETTERS[which])
            })
            .collect()
    }

    fn cell(&self, place: u32) -> u8 {
        self.cells[(place & self.mask) as usize]
    }

    fn touch(&self, a: u32, b: u32) -> bool {
        self.steps.contains(&(a.wrapping_sub(b) & self.mask))
    }

    /// Draws one pull move and notes in `moved` who would go where; false when the drawn move is not possible.
    ///
    /// Residue `i` goes to a free place beside its neighbour on one side, diagonal to where it was; the residues on the
    /// other side follow along the old chain, each to the place two ahead, until the chain is connected again. An end
    /// may also run two places ahead and pull the whole chain.
    pub(super) fn propose(&mut self, draws: &mut Draws) -> bool {
        let count = self.places.len() as u32;
        self.moved.clear();
        if count < 2 {
            return false;
        }
        // The side that is pulled lies behind: towards 0 when `ahead` is +1, towards the far end otherwise.
        let ahead: i32 = if draws.below(2) == 0 { 1 } else { -1 };
        let i = draws.below(count);
        let here = self.places[i as usize];
        match self.neighbour(i, ahead) {
            Some(next) => {
                let anchor = self.places[next as usize];
                let bond = here.wrapping_sub(anchor) & self.mask;
                let axis = self.steps.iter().position(|&s| s == bond).unwrap_or(0) / 2;
                let across = draws.below(self.steps.len() as u32 - 2) as usize;
                let aside = self.steps[if across < axis * 2 { across } else { across + 2 }];
                let (target, corner) = ((anchor + aside) & self.mask, (here + aside) & self.mask);
                if self.cell(target) != EMPTY {
                    return false;
                }
                self.moved.push((i, target));
                let Some(behind) = self.neighbour(i, -ahead) else { return true };
                if self.places[behind as usize] == corner {
                    return true;
                }
                if self.cell(corner) != EMPTY {
                    return false;
                }
                self.moved.push((behind, corner));
                self.follow(behind, corner, ahead);
            }
            None => {
                let sides = self.steps.len() as u32;
                let first = (here + self.steps[draws.below(sides) as usize]) & self.mask;
                let second = (first + self.steps[draws.below(sides) as usize]) & self.mask;
                // A step forth and back ends on the end itself, which is not empty.
                if self.cell(first) != EMPTY || self.cell(second) != EMPTY {
                    return false;
                }
                self.moved.push((i, second));
                let Some(behind) = self.neighbour(i, -ahead) else { return true };
                self.moved.push((behind, first));
                self.follow(behind, first, ahead);
            }
        }
        true
    }

    /// Lets the residues behind `last`, which goes to `place`, follow until the chain is connected.
    fn follow(&mut self, last: u32, place: u32, ahead: i32) {
        let (mut last, mut place) = (last, place);
        while let Some(j) = self.neighbour(last, -ahead) {
            if self.touch(self.places[j as usize], place) {
                break;
            }
            // `j` is at least two behind the residue that began the move, so two ahead of it is a residue.
            place = self.places[j.wrapping_add_signed(2 * ahead) as usize];
            self.moved.push((j, place));
            last = j;
        }
    }

    fn neighbour(&self, i: u32, ahead: i32) -> Option<u32> {
        i.checked_add_signed(ahead).filter(|&j| (j as usize) < self.places.len())
    }

    /// H neighbours of `place`. Chain neighbours count too: every fold has the same number of those.
    fn contacts(&self, place: u32) -> i64 {
        self.steps.iter().map(|&s| i64::from(self.cell(place.wrapping_add(s)) >> 1)).sum()
    }

    /// Makes the proposed move and returns the change of energy; [`Chain::keep`] or [`Chain::undo`] must follow.
    pub(super) fn make(&mut self) -> i64 {
        let (mut before, mut after) = (0, 0);
        for k in 0..self.moved.len() {
            let j = self.moved[k].0 as usize;
            let old = self.places[j];
            if self.kinds[j] == HYDROPHOBIC {
                before += self.contacts(old);
            }
            // Emptied at once, so a pair of moved residues is counted once; the same below.
            self.cells[old as usize] = EMPTY;
        }
        for k in 0..self.moved.len() {
            let (j, new) = self.moved[k];
            let kind = self.kinds[j as usize];
            if kind == HYDROPHOBIC {
                after += self.contacts(new);
            }
            self.cells[new as usize] = kind;
        }
        before - after
    }

    /// Keeps the move that was made, which changed the energy by `change`.
    pub(super) fn keep(&mut self, change: i64) {
        for &(j, new) in &self.moved {
            self.places[j as usize] = new;
        }
        self.energy += change;
    }

    /// Takes the move that was made back.
    pub(super) fn undo(&mut self) {
        for &(_, new) in &self.moved {
            self.cells[new as usize] = EMPTY;
        }
        for &(j, _) in &self.moved {
            self.cells[self.places[j as usize] as usize] = self.kinds[j as usize];
        }
    }
}

/// The letters of the steps, in the order of `Chain::steps`.
const LETTERS: [u8; 6] = [b'R', b'L', b'U', b'D', b'F', b'B'];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hp::energy_of;

    fn line(hp: &str, dimension: u8) -> Chain {
        Chain::new(hp, &"R".repeat(hp.len() - 1), dimension, 0)
    }

    proptest! {
        /// After every move the chain is a connected self-avoiding walk, its energy is the one that the walk has, and
        /// the cells are those of the chain; a move taken back leaves no trace.
        #[test]
        fn pull_moves_keep_a_fold_a_fold(hp in "[HP]{2,40}", dimension in 2_u8..=3, seed in any::<u64>()) {
            let mut chain = line(&hp, dimension);
            let mut draws = Draws::new(seed, &hp);
            for turn in 0..400 {
                if !chain.propose(&mut draws) {
                    continue;
                }
                let earlier = chain.places.clone();
                let change = chain.make();
                if turn % 3 == 0 {
                    chain.undo();
                    prop_assert_eq!(&chain.places, &earlier);
                } else {
                    chain.keep(change);
                }
                prop_assert_eq!(energy_of(&hp, &chain.walk(), dimension), Ok(chain.energy()));
                let taken = chain.cells.iter().filter(|&&c| c != EMPTY).count();
                prop_assert_eq!(taken, hp.len());
                for (&place, &kind) in chain.places.iter().zip(&chain.kinds) {
                    prop_assert_eq!(chain.cells[place as usize], kind);
                }
            }
        }
    }

    #[test]
    fn all_folds_of_short_chains_are_reached() {
        // 2D self-avoiding walks of 5 steps: 284 (OEIS A001411); 3D of 4 steps: 726 (A001412).
        for (length, dimension, walks) in [(6, 2, 284), (5, 3, 726)] {
            let hp = "P".repeat(length);
            let mut chain = line(&hp, dimension);
            let mut draws = Draws::new(1, &hp);
            let mut seen = std::collections::HashSet::new();
            for _ in 0..400_000 {
                if chain.propose(&mut draws) {
                    let change = chain.make();
                    chain.keep(change);
                    seen.insert(chain.walk());
                }
            }
            assert_eq!(seen.len(), walks);
        }
    }
}
