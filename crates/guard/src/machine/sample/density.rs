//! From what stands in the looks to what stands in the whole.

use super::{Seen, whole};
use domain::dataset::Margin;

/// Half of a margin in standard deviations: 98.8 of 100 where errors are normal, as neighbours tell only roughly how much
/// they scatter.
const DEVIATIONS: f64 = 2.5;

/// Something that was counted in looks.
pub(super) struct Density {
    /// How much of it there is in the whole.
    pub(super) likely: f64,
    /// How far off that may be, to either side.
    pub(super) off: f64,
}

impl Density {
    /// Of what `counted` says of each look, of which the whole has `content` bytes; so many of it come `together`.
    ///
    /// The trapezoid rule over the looks in order. Neighbours that differ tell how much the places between them scatter:
    /// the variance of a mean over ordered strata by successive differences (Wolter, Introduction to Variance Estimation,
    /// section 8.2), which also covers one step between two looks. Where next to nothing was counted the limits are those
    /// of a count of rare events: none seen means less than 3.7 expected in as much (Garwood 1936).
    pub(super) fn of(content: u64, seen: &[Seen], together: f64, counted: impl Fn(&Seen) -> u64) -> Density {
        let point = |look: &Seen| {
            let length = look.length.max(1) as f64;
            (look.at as f64 + length / 2.0, counted(look) as f64 / length)
        };
        let (mut likely, mut squares) = (0.0_f64, 0.0_f64);
        let mut before: Option<(f64, f64)> = None;
        for (at, density) in seen.iter().map(point) {
            match before {
                None => likely += at * density,
                Some((from, other)) => {
                    let gap = at - from;
                    likely += gap * (density + other) / 2.0;
                    squares += (gap * (density - other)).powi(2) / 2.0;
                }
            }
            before = Some((at, density));
        }
        if let Some((at, density)) = before {
            likely += (content as f64 - at) * density;
        }
        let covered: u64 = seen.iter().map(|look| look.length).sum();
        let events: u64 = seen.iter().map(counted).sum();
        let events = events as f64 / together;
        let rare = content as f64 / covered.max(1) as f64 * together * (3.0 * (events + 1.0).sqrt() + 0.7);
        Density { likely, off: (DEVIATIONS * squares.sqrt()).max(rare) }
    }

    /// The margin, of which at least `seen` is known.
    pub(super) fn margin(&self, seen: u64) -> Margin {
        let low = whole(self.likely - self.off).max(seen);
        Margin { low, high: whole(self.likely + self.off).max(low) }
    }
}

/// Between which look and its next one more look tells most; `None` where there is no room, or where no difference is more
/// than chance makes. (To look where chance made a difference would hide how much there is of it.)
pub(super) fn widest(seen: &[Seen], length: u64) -> Option<usize> {
    let weight = |pair: &[Seen]| match pair {
        [a, b] => {
            let gap = b.at.saturating_sub(a.at + a.length);
            let density = |look: &Seen| look.units as f64 / look.length.max(1) as f64;
            let differ = (density(a) - density(b)).abs();
            let by_chance = 4.0 * ((a.units + b.units + 1) as f64).sqrt();
            let chance = (a.units.abs_diff(b.units) as f64) <= by_chance;
            if chance || gap < 2 * length { 0.0 } else { gap as f64 * differ }
        }
        _ => 0.0,
    };
    let weights = seen.windows(2).map(weight).enumerate();
    weights.filter(|(_, weight)| *weight > 0.0).max_by(|a, b| a.1.total_cmp(&b.1)).map(|(index, _)| index)
}
