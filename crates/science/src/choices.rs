//! The parameters of the built-in tasks, read from what a person chose. Names and limits are those of `tasks/*.toml`.

use serde_json::Value;

use super::{
    ScienceError,
    hp::{Effort, Settings},
};
use domain::{dataset::Alphabet, task::Parameters};

/// The largest seed: whole numbers up to here survive every reader of JSON.
pub const LARGEST_SEED: i64 = 9_007_199_254_740_991;

/// The parameters of `protein_folding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FoldChoices {
    /// Dimension, seed and effort.
    pub(crate) settings: Settings,
    /// At most so many sequences are folded.
    pub(crate) max_sequences: usize,
    /// What a person says the sequences are.
    pub(crate) said: Option<Alphabet>,
}

impl FoldChoices {
    /// What is not given has the catalogue's default.
    pub(crate) fn of(parameters: &Parameters) -> Result<FoldChoices, ScienceError> {
        let effort = match parameters.get("effort") {
            None => Effort::Normal,
            Some(given) => serde_json::from_value(given.clone()).map_err(|_| ScienceError::Parameter {
                name: "effort",
                wanted: "quick, normal or thorough".to_owned(),
            })?,
        };
        Ok(FoldChoices {
            settings: Settings {
                dimension: whole(parameters, "dimension", 2, 3, 2)?,
                seed: whole(parameters, "seed", 0, LARGEST_SEED, 1)?,
                effort,
            },
            max_sequences: whole(parameters, "max_sequences", 1, 10_000, 100)?,
            said: alphabet(parameters)?,
        })
    }
}

/// What a person says that the sequences are, where they do.
///
/// # Errors
/// What is neither.
pub fn alphabet(parameters: &Parameters) -> Result<Option<Alphabet>, ScienceError> {
    match parameters.get("alphabet") {
        None => Ok(None),
        Some(given) => serde_json::from_value(given.clone())
            .map(Some)
            .map_err(|_| ScienceError::Parameter { name: "alphabet", wanted: "protein or nucleotide".to_owned() }),
    }
}

/// The number of sentences that `text_summary` picks.
pub(crate) fn sentences(parameters: &Parameters) -> Result<usize, ScienceError> {
    whole(parameters, "sentences", 1, 50, 5)
}

/// A whole number between `min` and `max`, which must lie within `T`.
fn whole<T: TryFrom<i64>>(
    parameters: &Parameters,
    name: &'static str,
    min: i64,
    max: i64,
    default: i64,
) -> Result<T, ScienceError> {
    let given = parameters.get(name).map_or(Some(default), Value::as_i64);
    given
        .filter(|n| (min..=max).contains(n))
        .and_then(|n| T::try_from(n).ok())
        .ok_or_else(|| ScienceError::Parameter { name, wanted: format!("a whole number from {min} to {max}") })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(value: Value) -> Result<FoldChoices, String> {
        FoldChoices::of(value.as_object().unwrap()).map_err(|e| e.to_string())
    }

    #[test]
    fn defaults_and_limits() {
        let settings = Settings { dimension: 2, seed: 1, effort: Effort::Normal };
        assert_eq!(of(json!({})), Ok(FoldChoices { settings, max_sequences: 100, said: None }));
        let settings = Settings { dimension: 3, seed: 7, effort: Effort::Quick };
        let given = json!({"dimension": 3, "seed": 7, "effort": "quick", "max_sequences": 2, "alphabet": "protein"});
        assert_eq!(of(given), Ok(FoldChoices { settings, max_sequences: 2, said: Some(Alphabet::Protein) }));
        assert!(of(json!({"alphabet": "greek"})).is_err());
        for bad in [json!({"dimension": 4}), json!({"dimension": "2"}), json!({"dimension": 2.5})] {
            assert_eq!(of(bad), Err("the parameter `dimension` must be a whole number from 2 to 3".to_owned()));
        }
        assert!(of(json!({"seed": -1})).is_err());
        assert!(of(json!({"effort": "endless"})).is_err());
    }
}
