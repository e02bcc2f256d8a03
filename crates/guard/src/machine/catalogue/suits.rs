//! Whether a dataset or a further file suits a task.

use std::path::PathBuf;

use domain::{
    dataset::{Alphabet, DatasetProfile, Doubt, Foreign, Format, FurtherFile, input_of},
    task::{CommandLine, ParameterKind, TaskType},
};

/// Why a dataset does not suit a task.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum Unsuitable {
    /// Of another format.
    #[error("{task} takes {takes}, and this dataset is {is}")]
    Format {
        /// The task.
        task: String,
        /// The formats it takes.
        takes: String,
        /// The dataset's format.
        is: String,
    },
    /// Of another alphabet.
    #[error("{task} takes {takes} sequences, and these are {is}")]
    Alphabet {
        /// The task.
        task: String,
        /// The alphabet it takes.
        takes: &'static str,
        /// The dataset's alphabet.
        is: &'static str,
    },
    /// Odd in a way that outside programs misread.
    #[error("{task} runs {executable}, which would misread the dataset: {meaning}")]
    Odd {
        /// The task.
        task: String,
        /// The program.
        executable: String,
        /// What is odd.
        meaning: &'static str,
        /// The command that mends it.
        mended_by: &'static str,
    },
}

/// Why a further file does not suit a task.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
#[error("`{file}` is to be {takes}, and {} is {why_not}", path.display())]
pub struct UnsuitableFile {
    /// The parameter that names it.
    pub file: String,
    /// The file.
    pub path: PathBuf,
    /// What it is to be.
    pub takes: String,
    /// What it is instead.
    pub why_not: WhyNot,
    /// What a person can do who has another kind of file.
    pub otherwise: Option<String>,
}

/// What a file is that does not suit.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum WhyNot {
    /// Of another format.
    #[error("{}", .1.map_or_else(|| format_name(*.0).to_owned(), |foreign| foreign.name()))]
    Format(Format, Option<Foreign>),
    /// Of another alphabet.
    #[error("of {} sequences", alphabet_name(*.0))]
    Alphabet(Alphabet),
    /// Odd in a way that outside programs misread.
    #[error("odd: {meaning}")]
    Odd {
        /// What is odd.
        meaning: &'static str,
        /// The command that mends it.
        mended_by: &'static str,
    },
}

/// Whether `task` can work on a dataset like this.
///
/// # Errors
/// The first reason why not.
pub fn check_dataset(task: &TaskType, dataset: &DatasetProfile) -> Result<(), Unsuitable> {
    let name = || task.name.clone();
    if !task.formats.contains(&dataset.format) {
        let takes = task.formats.iter().map(|&f| format_name(f)).collect::<Vec<_>>().join(" or ");
        let is = dataset.foreign.map_or_else(|| format_name(dataset.format).to_owned(), Foreign::name);
        return Err(Unsuitable::Format { task: name(), takes, is });
    }
    if let (Some(takes), Some(is)) = (task.alphabet, dataset.alphabet)
        && takes != is
    {
        return Err(Unsuitable::Alphabet { task: name(), takes: alphabet_name(takes), is: alphabet_name(is) });
    }
    let Some(CommandLine { executable, .. }) = task.command() else { return Ok(()) };
    match dataset.oddities.iter().find_map(|oddity| Some((oddity.meaning(), oddity.mended_by()?))) {
        Some((meaning, mended_by)) => {
            Err(Unsuitable::Odd { task: name(), executable: executable.clone(), meaning, mended_by })
        }
        None => Ok(()),
    }
}

/// Whether `task` can work with a further file like this.
///
/// # Errors
/// The first reason why not.
pub fn check_further(task: &TaskType, file: &FurtherFile) -> Result<(), UnsuitableFile> {
    let Some(ParameterKind::File { formats, alphabet, otherwise, .. }) =
        task.parameters.get(input_of(&file.name)).map(|spec| &spec.kind)
    else {
        return Ok(());
    };
    let names = formats.iter().map(|&f| format_name(f)).collect::<Vec<_>>().join(" or ");
    let takes = match alphabet {
        Some(alphabet) => format!("{names} of {} sequences", alphabet_name(*alphabet)),
        None => names,
    };
    let is = &file.profile;
    let by_command = task.command().is_some();
    let odd = || is.oddities.iter().find_map(|oddity| Some((oddity.meaning(), oddity.mended_by()?)));
    let why_not = match (*alphabet, is.alphabet) {
        _ if !formats.contains(&is.format) => WhyNot::Format(is.format, is.foreign),
        // Letters that both alphabets have prove nothing.
        (Some(wanted), Some(found)) if wanted != found && is.doubt != Some(Doubt::Unsure) => WhyNot::Alphabet(found),
        _ => match odd().filter(|_| by_command) {
            Some((meaning, mended_by)) => WhyNot::Odd { meaning, mended_by },
            None => return Ok(()),
        },
    };
    let (file, path) = (task.called(&file.name).to_owned(), is.path.clone());
    Err(UnsuitableFile { file, path, takes, why_not, otherwise: otherwise.clone() })
}

/// How files of a format are called at their end, in small letters: of what is empty, nothing else tells what it is.
pub fn endings(format: Format) -> &'static [&'static str] {
    match format {
        Format::Fasta => &["fasta", "fa", "fas", "fna", "ffn", "faa", "frn"],
        Format::Fastq => &["fastq", "fq"],
        Format::Hmm => &["hmm"],
        Format::Text => &["txt", "tsv", "csv"],
        Format::Binary => &[],
    }
}

/// The format in people's words.
pub fn format_name(format: Format) -> &'static str {
    match format {
        Format::Fasta => "FASTA",
        Format::Fastq => "FASTQ",
        Format::Hmm => "HMMER profiles",
        Format::Text => "plain text",
        Format::Binary => "a binary file",
    }
}

fn alphabet_name(alphabet: Alphabet) -> &'static str {
    match alphabet {
        Alphabet::Nucleotide => "nucleotide",
        Alphabet::Protein => "protein",
    }
}
