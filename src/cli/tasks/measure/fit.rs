//! Terms of a resource model, fitted to what runs took.
//!
//! Least squares of relative errors, none of the coefficients negative (Lawson and Hanson, Solving Least Squares Problems, chapter
//! 23); with at most three columns all subsets are looked at.

/// The most columns of one fit.
const COLUMNS: usize = 3;
/// The least spread that is written: a few runs on one machine say no more.
const LEAST_SPREAD: f64 = 2.0;

/// What one run was of, and what it took.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The value of each candidate term, in the order of their names.
    pub terms: Vec<f64>,
    /// Seconds, or bytes.
    pub took: f64,
}

/// A sum of terms, each by its place among the candidates, with its coefficient.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Places and coefficients, none negative.
    pub terms: Vec<(usize, f64)>,
    /// The standard deviation of the logarithms of measured over predicted.
    pub scatter: f64,
}

impl Fit {
    /// What is predicted for these values of the candidates.
    pub fn over(&self, terms: &[f64]) -> f64 {
        self.terms.iter().map(|(at, by)| by * terms.get(*at).copied().unwrap_or_default()).sum()
    }

    /// How far off the guess may be, as a factor: two deviations, and no less than what a few runs can tell.
    pub fn spread(&self) -> f64 {
        (2.0 * self.scatter).exp().max(LEAST_SPREAD)
    }
}

/// The best sum of at most three of the candidates, the first always among those that are tried. Fewer terms win where more
/// explain hardly anything. `None` without a run.
pub fn fit(observed: &[Observed]) -> Option<Fit> {
    let candidates = observed.first()?.terms.len();
    let mut best: Option<(f64, Fit)> = None;
    for subset in subsets(candidates) {
        // A term for each column needs a run for each.
        if subset.len() > observed.len() {
            continue;
        }
        let Some(coefficients) = solved(observed, &subset) else { continue };
        if coefficients.iter().any(|by| !by.is_finite() || *by < 0.0) || coefficients.iter().all(|by| *by == 0.0) {
            continue;
        }
        let terms: Vec<(usize, f64)> = subset.iter().copied().zip(coefficients).collect();
        let mut fit = Fit { terms, scatter: 0.0 };
        let logs: Option<Vec<f64>> = observed
            .iter()
            .map(|run| (run.took / fit.over(&run.terms)).ln())
            .map(|log| log.is_finite().then_some(log))
            .collect();
        let Some(logs) = logs else { continue };
        fit.scatter = (logs.iter().map(|log| log * log).sum::<f64>() / logs.len() as f64).sqrt();
        // Each further term has to earn its place.
        let cost = fit.scatter + 0.05 * subset.len() as f64;
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, fit));
        }
    }
    best.map(|(_, fit)| fit)
}

/// The subsets of the first so many numbers, of one to three each.
fn subsets(of: usize) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = Vec::new();
    for mask in 1_u32..(1 << of.min(10)) {
        if mask.count_ones() as usize <= COLUMNS {
            all.push((0..of).filter(|at| mask & (1 << at) != 0).collect());
        }
    }
    all
}

/// The coefficients of these columns by the normal equations, every run weighed by one over what it took.
fn solved(observed: &[Observed], columns: &[usize]) -> Option<Vec<f64>> {
    let size = columns.len();
    let mut matrix = vec![vec![0.0; size + 1]; size];
    for run in observed {
        let row: Vec<f64> =
            columns.iter().map(|at| run.terms.get(*at).copied().unwrap_or_default() / run.took).collect();
        for (i, line) in matrix.iter_mut().enumerate() {
            let own = row.get(i)?;
            for (cell, value) in line.iter_mut().zip(row.iter().chain([&1.0])) {
                *cell += own * value;
            }
        }
    }
    // Columns differ by many powers of ten: each is scaled to one.
    let scale: Vec<f64> =
        (0..size).map(|i| matrix.get(i).and_then(|line| line.get(i)).map(|d| d.sqrt())).collect::<Option<_>>()?;
    if scale.iter().any(|s| !s.is_finite() || *s == 0.0) {
        return None;
    }
    for (line, own) in matrix.iter_mut().zip(&scale) {
        for (cell, other) in line.iter_mut().zip(scale.iter().chain([&1.0])) {
            *cell /= own * other;
        }
    }
    let solution = eliminated(matrix)?;
    Some(solution.into_iter().zip(scale).map(|(x, s)| x / s).collect())
}

/// Gauss's elimination with the largest pivot.
fn eliminated(mut matrix: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let size = matrix.len();
    for column in 0..size {
        let pivot = (column..size).max_by(|a, b| {
            let at = |row: &usize| matrix.get(*row).and_then(|line| line.get(column)).map_or(0.0, |x: &f64| x.abs());
            at(a).total_cmp(&at(b))
        })?;
        matrix.swap(column, pivot);
        let line = matrix.get(column)?.clone();
        let lead = *line.get(column)?;
        if lead.abs() < 1e-9 {
            return None;
        }
        for (row, other) in matrix.iter_mut().enumerate() {
            let factor = other.get(column)? / lead;
            if row != column {
                other.iter_mut().zip(&line).for_each(|(cell, by)| *cell -= factor * by);
            }
        }
    }
    matrix.iter().enumerate().map(|(i, line)| Some(line.last()? / line.get(i)?)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn runs(sizes: &[f64], took: impl Fn(f64) -> f64) -> Vec<Observed> {
        sizes.iter().map(|&x| Observed { terms: vec![1.0, x, x * x], took: took(x) }).collect()
    }

    const SIZES: [f64; 6] = [1e3, 4e3, 1.6e4, 6.4e4, 2.56e5, 1e6];

    #[test]
    fn what_grows_with_the_size_is_told_from_what_grows_with_its_square() {
        let linear = fit(&runs(&SIZES, |x| 0.05 + 2e-6 * x)).unwrap();
        assert_eq!(linear.terms.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 1]);
        assert!((linear.terms[1].1 / 2e-6 - 1.0).abs() < 1e-6 && linear.spread() == 2.0);
        let quadratic = fit(&runs(&SIZES, |x| 0.3 + 1e-9 * x * x)).unwrap();
        assert_eq!(quadratic.terms.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 2]);
        let constant = fit(&runs(&SIZES, |_| 7.0)).unwrap();
        assert!(constant.terms.len() == 1 && (constant.terms[0].1 - 7.0).abs() < 1e-9);
        assert!(fit(&[]).is_none());
    }

    proptest! {
        #[test]
        fn nothing_is_predicted_to_need_less_as_it_grows(took in prop::collection::vec(0.001_f64..1e4, 2..7)) {
            let observed: Vec<Observed> = SIZES.iter().zip(&took).map(|(&x, &took)| Observed { terms: vec![1.0, x, x * x], took }).collect();
            let fit = fit(&observed).unwrap();
            prop_assert!(fit.terms.iter().all(|(_, by)| *by >= 0.0));
            prop_assert!(fit.spread() >= 2.0 && fit.over(&[1.0, 1e3, 1e6]) <= fit.over(&[1.0, 1e4, 1e8]));
        }
    }
}
