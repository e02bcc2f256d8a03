//! Acceptance by the Metropolis rule, the same to the last bit on every machine.

/// 2^32: what a draw of 32 bits is compared with.
const WHOLE: f64 = 4_294_967_296.0;

/// e^-x for x >= 0, by additions, multiplications and divisions alone.
///
/// IEEE 754 fixes those to the last bit; `f64::exp` is the platform's own and may differ in it, and one acceptance that
/// differs leads a seeded search elsewhere.
fn decay(x: f64) -> f64 {
    if x > 40.0 {
        return 0.0;
    }
    // e^-x = (e^-(x/64))^64, with x/64 below 0.63: 18 terms of the series leave an error below 1e-16 there.
    let small = x / 64.0;
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..=18 {
        term *= -small / f64::from(k);
        sum += term;
    }
    for _ in 0..6 {
        sum *= sum;
    }
    sum
}

/// Whether something of log-probability `-x` happens, given a draw of 32 bits.
pub(super) fn happens(x: f64, draw: u32) -> bool {
    x <= 0.0 || f64::from(draw) < decay(x) * WHOLE
}

/// Acceptance of energy changes at one temperature.
#[derive(Debug, Clone)]
pub(super) struct Acceptance {
    /// 1 / kT, per contact.
    pub(super) inverse: f64,
    /// Draws below this accept a loss of 1, 2, ... contacts.
    below: Vec<u64>,
}

impl Acceptance {
    /// At `kt` in units of one contact's energy.
    pub(super) fn at(kt: f64) -> Acceptance {
        let inverse = 1.0 / kt;
        let below = (1..=32).map(|loss| (decay(f64::from(loss) * inverse) * WHOLE) as u64).collect();
        Acceptance { inverse, below }
    }

    /// Whether a change of energy is accepted, given a draw of 32 bits.
    pub(super) fn accepts(&self, change: i64, draw: u32) -> bool {
        let Ok(loss @ 1..) = usize::try_from(change) else { return true };
        self.below.get(loss - 1).is_some_and(|&limit| u64::from(draw) < limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_is_the_exponential() {
        for i in 0..4000 {
            let x = f64::from(i) / 100.0;
            let (ours, theirs) = (decay(x), (-x).exp());
            assert!((ours - theirs).abs() <= 1e-13 * theirs, "{x}: {ours} {theirs}");
        }
        assert_eq!(decay(1e9), 0.0);
    }

    #[test]
    fn gains_are_taken_and_losses_by_their_probability() {
        let warm = Acceptance::at(0.4);
        assert!(warm.accepts(-3, u32::MAX) && warm.accepts(0, u32::MAX));
        assert!(!warm.accepts(33, 0));
        let taken = (0..1000_u32).filter(|i| warm.accepts(1, i * 4_294_967)).count();
        assert_eq!(taken, 83, "e^-2.5 = 0.082");
        assert!(happens(-1.0, u32::MAX) && !happens(1e300, 0));
    }
}
