//! What is known of a dataset.

mod kind;

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use kind::{Compression, Foreign, Oddity};

use super::{
    path_text,
    units::{count, counted},
};

/// What kind of file a dataset is, from its bytes and never from its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Sequences under `>` headers.
    Fasta,
    /// Reads with qualities, four lines each.
    Fastq,
    /// Profiles of HMMER 3: a record is a profile, its residues are the profile's states.
    Hmm,
    /// UTF-8 text that is none of these.
    Text,
    /// Anything else.
    Binary,
}

/// Which letters the sequences are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alphabet {
    /// A C G T (or U) and ambiguity codes.
    Nucleotide,
    /// Amino acids.
    Protein,
}

impl Alphabet {
    /// As people say it, and as parameters do.
    pub fn as_str(self) -> &'static str {
        match self {
            Alphabet::Nucleotide => "nucleotide",
            Alphabet::Protein => "protein",
        }
    }
}

/// What letters leave open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// Both alphabets have such letters, or there are too few of them.
    Unsure,
    /// Records of both alphabets.
    Mixed {
        /// Records that are surely nucleotides.
        nucleotide: u64,
        /// Records that are surely protein.
        protein: u64,
        /// Which record is the first of nucleotides, from 1.
        first: u64,
    },
}

impl Doubt {
    /// In a sentence, of what was taken as `alphabet`.
    pub fn meaning(self, alphabet: Alphabet) -> String {
        match (self, alphabet) {
            (Doubt::Unsure, Alphabet::Nucleotide) => {
                "by its letters it is taken as nucleotides, and it could be protein".to_owned()
            }
            (Doubt::Unsure, Alphabet::Protein) => {
                "by its letters it is taken as protein, and could be nucleotides: alphabet=nucleotide says so"
                    .to_owned()
            }
            (Doubt::Mixed { nucleotide, protein, first }, _) => format!(
                "it holds both nucleotides ({}, the first of them record {}) and protein ({})",
                counted(nucleotide, "record", "records"),
                count(first),
                counted(protein, "record", "records")
            ),
        }
    }
}

/// A dataset as the runtime's own probe found it. Sizes in bytes, lengths in residues.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetProfile {
    /// The path as the person named it, beneath an allowed root.
    #[serde(serialize_with = "path_text::serialize")]
    pub path: PathBuf,
    /// Size on disk, bytes.
    pub bytes: u64,
    /// What it is.
    pub format: Format,
    /// How it is compressed, where it is; the counts below are of what is inside.
    #[serde(default, alias = "gzip", deserialize_with = "compression")]
    pub compression: Option<Compression>,
    /// What it is beyond its format, where nothing here reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<Foreign>,
    /// What is odd about it and read all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub oddities: Vec<Oddity>,
    /// Records: sequences, reads, or lines of text.
    pub records: u64,
    /// Residues over all records, or characters of text.
    pub residues: u64,
    /// The longest record seen, residues.
    pub longest: u64,
    /// What the sequences are made of; `None` for text.
    pub alphabet: Option<Alphabet>,
    /// What is in doubt about the alphabet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
    /// Whether the counts are extrapolated from a sample; `bytes` is always exact.
    pub sampled: bool,
    /// How far off the extrapolated counts may be; none where they are exact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margins: Option<Margins>,
    /// Whether zeros stand within it, written or as holes. The counts pass over them; no task reads beyond them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub zeros: bool,
    /// Modification time in nanoseconds since 1970, to notice a file that changed under us.
    pub modified_ns: i64,
}

/// From what to what a count may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Margin {
    /// At least.
    pub low: u64,
    /// At most.
    pub high: u64,
}

impl Margin {
    /// Whether a count lies within.
    pub fn holds(self, count: u64) -> bool {
        (self.low..=self.high).contains(&count)
    }
}

/// How far off extrapolated counts may be: meant to hold the truth in 95 of 100 files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Margins {
    /// Of the records.
    pub records: Margin,
    /// Of the residues over all records.
    pub residues: Margin,
    /// Of the longest record.
    pub longest: Margin,
}

/// Where a dataset was when its job was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetSource {
    /// The whole path.
    #[serde(serialize_with = "path_text::serialize")]
    pub path: PathBuf,
    /// The allowed root that it lies beneath.
    #[serde(serialize_with = "path_text::serialize")]
    pub root: PathBuf,
    /// The folder that was named, where it is a file of one.
    #[serde(default, serialize_with = "path_text::serialize_some", skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
}

impl DatasetSource {
    /// A file that was named by itself.
    pub fn file(path: PathBuf, root: PathBuf) -> DatasetSource {
        DatasetSource { path, root, folder: None }
    }

    /// Its place beneath the folder that was named, where it is a file of one.
    pub fn place(&self) -> Option<&Path> {
        self.path.strip_prefix(self.folder.as_ref()?).ok()
    }
}

/// A file that a task works with beside its dataset, such as the database of a search: measured as the dataset is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FurtherFile {
    /// The parameter that names it; of several files of one input, a name of its own ([`name_of`]).
    pub name: String,
    /// As the runtime's own probe found it.
    pub profile: DatasetProfile,
    /// Where it is.
    pub source: DatasetSource,
}

/// What a job has a file of an input under, which is one of several: `reads`, `reads:2`, `reads:3`; of a folder, with its place
/// there: `genomes/sub/a.fasta`. No two files of a job have the same.
pub fn name_of(input: &str, index: usize, place: Option<&Path>) -> String {
    match (place, index) {
        (Some(place), _) => format!("{input}/{}", place.display()),
        (None, 0) => input.to_owned(),
        (None, index) => format!("{input}:{}", index + 1),
    }
}

/// The input of a file that a job has under this name. No name of an input has a colon or a slash.
pub fn input_of(name: &str) -> &str {
    name.split([':', '/']).next().unwrap_or(name)
}

impl DatasetProfile {
    /// As it is if it is as small as it may be.
    pub fn at_least(&self) -> DatasetProfile {
        self.with(|margin, likely| margin.low.min(likely))
    }

    /// As it is if it is as large as it may be.
    pub fn at_most(&self) -> DatasetProfile {
        self.with(|margin, likely| margin.high.max(likely))
    }

    fn with(&self, count: fn(Margin, u64) -> u64) -> DatasetProfile {
        match self.margins {
            None => self.clone(),
            Some(Margins { records, residues, longest }) => DatasetProfile {
                records: count(records, self.records),
                residues: count(residues, self.residues),
                longest: count(longest, self.longest),
                ..self.clone()
            },
        }
    }

    /// What is to be said of how it was read: what is odd about it, and what is in doubt.
    pub fn notes(&self) -> Vec<String> {
        let odd = self.oddities.iter().map(|oddity| oddity.meaning().to_owned());
        let doubt = self.doubt.zip(self.alphabet).map(|(doubt, alphabet)| doubt.meaning(alphabet));
        odd.chain(doubt).collect()
    }

    /// Of the alphabet that somebody says it is of, whatever its letters let think.
    #[must_use]
    pub fn said_to_be(self, said: Option<Alphabet>) -> DatasetProfile {
        match (said, self.alphabet) {
            (Some(_), Some(_)) => DatasetProfile { alphabet: said, doubt: None, ..self },
            _ => self,
        }
    }

    /// What it means that there are [`zeros`](DatasetProfile::zeros) in it, for the middle of a sentence.
    pub fn zeros_mean(&self) -> &'static str {
        "there are zeros within it (holes that were never written, or a broken download), and no task reads beyond them"
    }
}

/// A compression; `true` and `false` are from when gzip was the only one.
fn compression<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Compression>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Gzip(bool),
        Named(Option<Compression>),
    }
    Ok(match Written::deserialize(from)? {
        Written::Gzip(gzip) => gzip.then_some(Compression::Gzip),
        Written::Named(named) => named,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_of_before_are_read() {
        let old = r#"{"path":"a.fasta","bytes":5,"format":"fasta","gzip":true,"records":1,"residues":2,"longest":2,
            "alphabet":"protein","sampled":false,"modified_ns":0}"#;
        let read = |text: &str| serde_json::from_str::<DatasetProfile>(text).unwrap();
        let profile = read(old);
        assert_eq!(profile.compression, Some(Compression::Gzip));
        assert_eq!(read(&old.replace("true", "false")).compression, None);
        for compression in Compression::ALL.map(Some).into_iter().chain([None]) {
            let profile = DatasetProfile { compression, ..profile.clone() };
            assert_eq!(read(&serde_json::to_string(&profile).unwrap()), profile);
        }
    }
}
