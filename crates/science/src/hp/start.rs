//! Where a search starts: a straight line for short chains, ribbons folded to and fro for long ones.

use super::energy_of;

/// Chains up to this length start as a line; longer ones would spend most of their moves on collapsing it.
const LINE: usize = 100;

/// `count` walks over `hp`, the best first.
pub(super) fn walks(hp: &str, dimension: u8, count: usize) -> Vec<(String, i64)> {
    let line = ("R".repeat(hp.len().saturating_sub(1)), 0);
    if hp.len() <= LINE {
        return vec![line; count];
    }
    // Sides up to one and a half times those of a square or cube: elongated ribbons have more surface.
    let root = if dimension == 3 { (hp.len() as f64).cbrt() } else { (hp.len() as f64).sqrt() };
    let largest = (root * 1.5).ceil() as usize;
    let heights = if dimension == 3 { 2..=largest } else { hp.len()..=hp.len() };
    let mut found: Vec<(String, i64)> = heights
        .flat_map(|height| (2..=largest).map(move |width| ribbon(hp.len(), width, height)))
        .filter_map(|walk| energy_of(hp, &walk, dimension).ok().map(|energy| (walk, energy)))
        .collect();
    found.sort_by_key(|&(_, energy)| energy);
    found.truncate(count);
    while found.len() < count {
        found.push(found.first().cloned().unwrap_or_else(|| line.clone()));
    }
    found
}

/// Rows of `width` residues to and fro, `height` rows a layer, layer upon layer.
fn ribbon(residues: usize, width: usize, height: usize) -> String {
    let layer = width.saturating_mul(height);
    (1..residues)
        .map(|at| match at {
            _ if at % layer == 0 => 'F',
            _ if at % width == 0 => ['U', 'D'][at / layer % 2],
            _ => ['R', 'L'][at / width % 2],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ribbons_are_folds() {
        assert_eq!(ribbon(9, 3, 9), "RRULLURR");
        assert_eq!(ribbon(9, 2, 2), "RULFRDLF");
        for (dimension, length) in [(2, 10), (2, 101), (3, 101), (2, 1500), (3, 1500)] {
            let hp: String = (0..length).map(|i| if i % 5 < 2 { 'H' } else { 'P' }).collect();
            let walks = walks(&hp, dimension, 5);
            assert_eq!(walks.len(), 5);
            for (walk, energy) in &walks {
                assert_eq!(energy_of(&hp, walk, dimension), Ok(*energy));
            }
            assert!(walks.is_sorted_by_key(|w| w.1));
        }
    }
}
