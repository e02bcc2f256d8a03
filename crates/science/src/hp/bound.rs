//! A bound on the energy from parity: when a search reaches it, the fold is proven optimal.

/// No fold of `hp` has an energy below this.
///
/// On a square or cubic lattice only residues an odd number of steps apart can touch, so each contact joins an H at an
/// even place of the chain to one at an odd place. An inner residue has 2d - 2 free neighbours, an end one more.
pub fn lowest_conceivable(hp: &str, dimension: u8) -> i64 {
    let inner = 2 * (i64::from(dimension) - 1);
    let last = hp.len().saturating_sub(1);
    let mut free = [0_i64; 2];
    for (i, _) in hp.bytes().enumerate().filter(|&(_, b)| b == b'H') {
        let ends = i64::from(i == 0) + i64::from(i == last);
        let [even, odd] = &mut free;
        *(if i % 2 == 0 { even } else { odd }) += inner + ends;
    }
    let [even, odd] = free;
    -even.min(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_lies_at_or_below_known_optima() {
        assert!(lowest_conceivable("HPHPPHHPHPPHPHHPPHPH", 2) <= -9);
        assert!(lowest_conceivable("HPHPPHHPHPPHPHHPPHPH", 3) <= -11);
        assert_eq!(lowest_conceivable("HPHPHPH", 2), 0, "all H at even places: no contact is possible");
        assert_eq!(lowest_conceivable("HPPH", 2), -3);
        assert_eq!(lowest_conceivable("PPPP", 3), 0);
    }
}
