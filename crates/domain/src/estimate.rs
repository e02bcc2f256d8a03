//! Estimates of memory and time: a resource model, evaluated over a task's files.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{
    dataset::{DatasetProfile, FurtherFile, input_of},
    task::Parameters,
};

/// A quantity that is not known exactly: low <= likely <= high.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// Optimistic.
    pub low: f64,
    /// Best guess.
    pub likely: f64,
    /// Pessimistic.
    pub high: f64,
}

impl Range {
    /// Every bound times `factor`.
    pub fn scaled(self, factor: f64) -> Range {
        Range { low: self.low * factor, likely: self.likely * factor, high: self.high * factor }
    }

    /// At least `floor` everywhere: how a claim may raise an estimate and never lower it.
    pub fn raised_to(self, floor: f64) -> Range {
        Range { low: self.low.max(floor), likely: self.likely.max(floor), high: self.high.max(floor) }
    }
}

/// What a task works on, as far as its cost depends on it.
#[derive(Debug, Clone, Copy)]
pub struct WorkedOn<'a> {
    /// The dataset, or the part of it that is worked on.
    pub dataset: &'a DatasetProfile,
    /// The files beside it.
    pub further: &'a [FurtherFile],
    /// What was chosen, with defaults filled in.
    pub parameters: &'a Parameters,
}

impl WorkedOn<'_> {
    /// Which files these are, as far as they were measured: size and time of change of each. It names a run's files in the
    /// history of runs.
    pub fn files(&self) -> String {
        let all = std::iter::once(self.dataset).chain(self.further.iter().map(|file| &file.profile));
        all.map(|file| format!("{}@{}", file.bytes, file.modified_ns)).collect::<Vec<_>>().join(",")
    }
}

/// A measured quantity of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Its size on disk, bytes.
    Bytes,
    /// Its records.
    Records,
    /// Residues over all records; of HMMER profiles, states.
    Residues,
    /// Residues of the longest record.
    Longest,
}

impl Quantity {
    const NAMES: [(&str, Quantity); 4] = [
        ("bytes", Quantity::Bytes),
        ("records", Quantity::Records),
        ("residues", Quantity::Residues),
        ("longest", Quantity::Longest),
    ];

    fn named(name: &str) -> Option<Quantity> {
        Quantity::NAMES.iter().find(|(known, _)| *known == name).map(|(_, quantity)| *quantity)
    }

    fn of(self, profile: &DatasetProfile) -> u64 {
        match self {
            Quantity::Bytes => profile.bytes,
            Quantity::Records => profile.records,
            Quantity::Residues => profile.residues,
            Quantity::Longest => profile.longest,
        }
    }
}

/// One factor of a term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Factor {
    /// Of the dataset: `residues`.
    Dataset(Quantity),
    /// Of a further input: `database.residues`, of all its files together. Zero where none is given.
    Further(String, Quantity),
    /// The value of a whole-number parameter: `refinement`; or up to so much of it: `min(refinement, 5)`.
    Parameter(String, Option<u32>),
}

impl Factor {
    fn over(&self, on: WorkedOn<'_>) -> f64 {
        match self {
            Factor::Dataset(quantity) => quantity.of(on.dataset) as f64,
            Factor::Further(name, quantity) => {
                let files = on.further.iter().filter(|file| input_of(&file.name) == name);
                let each = files.map(|file| quantity.of(&file.profile));
                match quantity {
                    Quantity::Longest => each.max().unwrap_or_default() as f64,
                    _ => each.fold(0, u64::saturating_add) as f64,
                }
            }
            Factor::Parameter(name, most) => {
                let value = on.parameters.get(name).and_then(|value| value.as_f64()).unwrap_or(0.0);
                most.map_or(value, |most| value.min(f64::from(most)))
            }
        }
    }
}

/// A product of factors; the empty product is 1. Written as in the catalogue: `constant`, `residues`,
/// `residues * database.residues`, `longest * longest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// As it is written.
    text: String,
    /// What is multiplied.
    pub factors: Vec<Factor>,
}

/// Not a term of a resource model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no term: it is `constant`, or a product such as `residues * database.residues` of bytes, records, residues, longest and whole-number parameters"
)]
pub struct NoTerm(String);

impl FromStr for Term {
    type Err = NoTerm;

    fn from_str(text: &str) -> Result<Term, NoTerm> {
        if text == "constant" {
            return Ok(Term { text: text.to_owned(), factors: Vec::new() });
        }
        let is_name = super::task::template::is_name;
        let limited = |word: &str| -> Option<Factor> {
            let (name, most) = word.strip_prefix("min(")?.strip_suffix(')')?.split_once(',')?;
            let most = most.trim().parse().ok()?;
            is_name(name).then(|| Factor::Parameter(name.to_owned(), Some(most)))
        };
        let factor = |word: &str| match word.split_once('.') {
            _ if word.starts_with("min(") => limited(word),
            Some((file, quantity)) if is_name(file) => {
                Some(Factor::Further(file.to_owned(), Quantity::named(quantity)?))
            }
            None if is_name(word) => {
                Some(Quantity::named(word).map_or_else(|| Factor::Parameter(word.to_owned(), None), Factor::Dataset))
            }
            _ => None,
        };
        let factors = text.split('*').map(|word| factor(word.trim())).collect::<Option<Vec<_>>>();
        factors.map(|factors| Term { text: text.to_owned(), factors }).ok_or_else(|| NoTerm(text.to_owned()))
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A polynomial of what drives a task's cost: the sum of coefficients times products of measured quantities.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, f64>", into = "BTreeMap<String, f64>")]
pub struct Terms(Vec<(Term, f64)>);

impl TryFrom<BTreeMap<String, f64>> for Terms {
    type Error = NoTerm;

    fn try_from(written: BTreeMap<String, f64>) -> Result<Terms, NoTerm> {
        written
            .into_iter()
            .map(|(text, coefficient)| Ok((text.parse()?, coefficient)))
            .collect::<Result<_, _>>()
            .map(Terms)
    }
}

impl From<Terms> for BTreeMap<String, f64> {
    fn from(terms: Terms) -> BTreeMap<String, f64> {
        terms.0.into_iter().map(|(term, coefficient)| (term.text, coefficient)).collect()
    }
}

impl Terms {
    /// The terms with their coefficients.
    pub fn iter(&self) -> impl Iterator<Item = (&Term, f64)> {
        self.0.iter().map(|(term, coefficient)| (term, *coefficient))
    }

    /// The polynomial's value.
    pub fn over(&self, on: WorkedOn<'_>) -> f64 {
        self.iter().map(|(term, by)| by * term.factors.iter().map(|factor| factor.over(on)).product::<f64>()).sum()
    }
}

/// What a task needs, as its catalogue entry states it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceModel {
    /// Bytes of RAM.
    pub ram: Terms,
    /// Seconds on one core of an ordinary machine.
    pub seconds: Terms,
    /// How far off the guess may be: low = likely / spread, high = likely * spread.
    pub spread: f64,
    /// Where the figures come from.
    pub source: String,
}

/// What a run of a task on its files will need on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// RAM, bytes.
    pub ram: Range,
    /// Run time, seconds.
    pub seconds: Range,
    /// How many earlier runs on this machine corrected it.
    pub learnt_from: u32,
}

/// What one run on this machine was thought to need, and what it took. A measurement of zero is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The catalogue's own likely time before any correction, seconds.
    pub model_seconds: f64,
    /// What it took, seconds.
    pub seconds: f64,
    /// The catalogue's own likely memory before any correction, bytes.
    pub model_ram: f64,
    /// The child's largest resident set, bytes.
    pub ram: f64,
    /// Of a run that was ended at a limit, which files it was about ([`WorkedOn::files`]): what it took is then the least that
    /// the same files need, and says nothing of others.
    pub ended_on: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_read_back_as_they_were_written() {
        for text in
            ["constant", "residues", "residues * database.residues", "longest*longest", "min(cycles, 5) * bytes"]
        {
            let term: Term = text.parse().unwrap();
            assert_eq!(term.to_string(), text);
        }
        let term: Term = "residues * database.longest * min(cycles, 5)".parse().unwrap();
        let expected = [
            Factor::Dataset(Quantity::Residues),
            Factor::Further("database".into(), Quantity::Longest),
            Factor::Parameter("cycles".into(), Some(5)),
        ];
        assert_eq!(term.factors, expected);
        for bad in [
            "",
            "*",
            "residues *",
            "database.",
            "database.size",
            ".bytes",
            "2 * residues",
            "Residues",
            "min(cycles)",
            "min(cycles, -1)",
            "a.b.bytes",
        ] {
            assert!(bad.parse::<Term>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_model_has_a_term_for_each_file() {
        let text =
            r#"{"constant": 1.0, "residues * database.residues": 2.0, "refinement": 0.5, "min(refinement, 3)": 10.0}"#;
        let terms: Terms = serde_json::from_str(text).unwrap();
        let profile = |residues| DatasetProfile {
            records: 1,
            residues,
            longest: residues,
            ..crate::strategies::dataset("x", 1, crate::dataset::Format::Fasta)
        };
        let source = crate::dataset::DatasetSource::file("/x".into(), "/".into());
        let database = FurtherFile { name: "database".into(), profile: profile(7), source };
        let parameters: Parameters = serde_json::from_str(r#"{"refinement": 4}"#).unwrap();
        let dataset = profile(3);
        let over =
            |further: &[FurtherFile]| terms.over(WorkedOn { dataset: &dataset, further, parameters: &parameters });
        assert_eq!(over(&[database]), 1.0 + 2.0 * 3.0 * 7.0 + 0.5 * 4.0 + 10.0 * 3.0);
        assert_eq!(over(&[]), 33.0, "what is not given costs nothing");
        assert_eq!(serde_json::from_str::<Terms>(&serde_json::to_string(&terms).unwrap()).unwrap(), terms);
    }
}
