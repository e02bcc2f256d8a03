//! What a task will need on this machine: the catalogue's model, corrected by what earlier runs here really took.
//!
//! Runs are compared as ratios, measured over modelled. The correction is the geometric mean of the ratios, drawn towards
//! 1 as if [`PRIOR_RUNS`] runs had met the model exactly; the range narrows from the catalogue's spread to what the runs
//! showed, by the same weights.

use crate::domain::{
    dataset::DatasetProfile,
    estimate::{Estimate, Measured, Range},
    task::TaskType,
};

/// How many runs the catalogue's own figures weigh.
const PRIOR_RUNS: f64 = 2.0;
/// A single run never counts for more than this factor: a machine that swapped once is no law.
const LARGEST_RATIO: f64 = 1000.0;
/// However well the runs agree, the range never gets narrower than this factor.
const NARROWEST: f64 = 1.2;

/// RAM in bytes and time in seconds of one run of `task` over `dataset` on this machine.
pub fn estimate(task: &TaskType, dataset: &DatasetProfile, history: &[Measured]) -> Estimate {
    let model = &task.resources;
    let seconds = history.iter().map(|m| (m.model_seconds, m.seconds));
    let ram = history.iter().map(|m| (m.model_ram, m.ram));
    Estimate {
        ram: corrected(model.ram.over(dataset), model.spread, ram),
        seconds: corrected(model.seconds.over(dataset), model.spread, seconds),
        learnt_from: u32::try_from(history.len()).unwrap_or(u32::MAX),
    }
}

/// The modelled value times the learnt correction, with its range.
fn corrected(model: f64, spread: f64, runs: impl Iterator<Item = (f64, f64)>) -> Range {
    let usable = |(modelled, measured): (f64, f64)| {
        let ratio = measured / modelled;
        (ratio.is_finite() && ratio > 0.0).then(|| ratio.clamp(1.0 / LARGEST_RATIO, LARGEST_RATIO).ln())
    };
    let logs: Vec<f64> = runs.filter_map(usable).collect();
    let n = logs.len() as f64;
    let weight = n + PRIOR_RUNS;
    let centre = logs.iter().sum::<f64>() / weight;
    let prior = spread.max(NARROWEST).ln();
    let seen = logs.iter().map(|l| (l - centre).powi(2)).sum::<f64>();
    // Two standard deviations of the runs, the prior's spread counting as theirs.
    let width = ((seen * 4.0 + prior * prior * PRIOR_RUNS) / weight).sqrt().max(NARROWEST.ln());
    let likely = model.max(0.0) * centre.exp();
    Range { low: likely / width.exp(), likely, high: likely * width.exp() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn runs_draw_the_estimate_to_what_they_took() {
        let far = corrected(10.0, 3.0, std::iter::empty());
        assert!((far.likely - 10.0).abs() < 1e-9 && (far.high - 30.0).abs() < 1e-6);
        let runs = vec![(10.0, 40.0); 20];
        let near = corrected(10.0, 3.0, runs.into_iter());
        assert!(near.likely > 34.0 && near.likely < 40.0, "{near:?}");
        assert!(near.high / near.low < far.high / far.low);
    }

    #[test]
    fn a_run_that_makes_no_sense_counts_nothing() {
        let odd = vec![(0.0, 1.0), (1.0, 0.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)];
        assert_eq!(corrected(10.0, 2.0, odd.into_iter()).likely, 10.0);
    }

    proptest! {
        #[test]
        fn ranges_are_in_order_and_never_nan(model in 0.0..1e15, spread in 0.1..50.0,
                runs in proptest::collection::vec((1e-6..1e9, 1e-6..1e9), 0..40)) {
            let range = corrected(model, spread, runs.into_iter());
            prop_assert!(range.low >= 0.0 && range.low <= range.likely && range.likely <= range.high);
            prop_assert!(range.high.is_finite());
        }

        #[test]
        fn more_work_is_never_less(model in 0.0..1e12, more in 0.0..1e12,
                runs in proptest::collection::vec((1e-3..1e6, 1e-3..1e6), 0..20)) {
            let (small, large) = (corrected(model, 2.0, runs.clone().into_iter()), corrected(model + more, 2.0, runs.into_iter()));
            prop_assert!(small.likely <= large.likely && small.high <= large.high);
        }
    }
}
