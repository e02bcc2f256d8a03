//! The files of a case: random proteins or a text, padded to a size where the case asks for one.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Component, Path, PathBuf},
};

use rand::{SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

use super::{case::Flaw, yaml::given};

/// Padding up to this size is written as blank lines, bytes. They are no part of any record, so that the file stays what
/// it is and a task can read it to its end. Zeros, which a hole reads as, would make it a damaged file: the probe passes
/// over them in large files, the tasks do not.
const WRITTEN_OUT: u64 = 6_000_000_000;
/// A file is not padded beyond this, bytes.
const MAX_SIZE: u64 = 1 << 40;
/// A path within the working folder is no longer than this, and no name in it longer than file systems take, bytes.
const MAX_PATH: usize = 1_000;
const MAX_NAME: usize = 255;
/// Residues of one file.
const MAX_RESIDUES: u64 = 1_000_000_000;
/// Records of one file.
const MAX_RECORDS: u64 = 1_000_000;

/// A file that a case begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMade {
    /// Where, from the working folder.
    pub path: PathBuf,
    /// What it begins with.
    pub content: Content,
    /// The size it is padded to, bytes.
    pub size: Option<u64>,
}

/// What a file begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// This, to the letter.
    Text(String),
    /// Random proteins, the same for the same numbers.
    Fasta(Fasta),
}

/// Random proteins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fasta {
    /// How many.
    pub records: u64,
    /// Residues of each.
    pub length: u64,
    /// Of the generator.
    #[serde(default)]
    pub seed: u64,
}

/// A file as it is written in a case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    path: String,
    #[serde(default, deserialize_with = "given")]
    fasta: Option<Fasta>,
    #[serde(default, deserialize_with = "given")]
    text: Option<String>,
    #[serde(default, deserialize_with = "given")]
    sparse: Option<u64>,
}

/// The files of a case, when each makes sense.
pub(super) fn checked(written: Vec<Written>) -> Result<Vec<FileMade>, Flaw> {
    let mut files: Vec<FileMade> = Vec::with_capacity(written.len());
    for (at, file) in written.into_iter().enumerate() {
        let made = one(file).map_err(|(field, problem)| (format!("files[{at}]{field}"), problem))?;
        let of = |problem: String| Err((format!("files[{at}].path"), problem));
        if files.iter().any(|f| f.path == made.path) {
            return of(format!("{} is there already", made.path.display()));
        }
        if let Some(other) = files.iter().find(|f| f.path.starts_with(&made.path) || made.path.starts_with(&f.path)) {
            let (one, other) = (made.path.display(), other.path.display());
            return of(format!("{one} and {other} cannot both be there: one of them would be a file and a folder"));
        }
        files.push(made);
    }
    Ok(files)
}

fn one(file: Written) -> Result<FileMade, Flaw> {
    let flaw = |field: &str, problem: String| Err((field.to_owned(), problem));
    let path = PathBuf::from(&file.path);
    let plain = path.components().all(|c| matches!(c, Component::Normal(_))) && path.components().next().is_some();
    if !plain || file.path.chars().any(char::is_control) || file.path.ends_with('/') {
        return flaw(".path", format!("a path within the working folder is expected, and `{}` is none", file.path));
    }
    if file.path.len() > MAX_PATH || path.components().any(|c| c.as_os_str().len() > MAX_NAME) {
        let problem = format!("a path of at most {MAX_PATH} bytes is expected, each name in it at most {MAX_NAME}");
        return flaw(".path", problem);
    }
    let content = match (file.text, file.fasta) {
        (Some(text), None) => Content::Text(text),
        (None, Some(fasta)) => Content::Fasta(fasta),
        (Some(_), Some(_)) => return flaw("", "one of fasta and text is expected, and not both".to_owned()),
        (None, None) => return flaw("", "one of fasta and text is expected".to_owned()),
    };
    if let Content::Fasta(Fasta { records, length, .. }) = &content {
        if !(1..=MAX_RECORDS).contains(records) {
            return flaw(".fasta.records", format!("1 to {MAX_RECORDS} records are expected"));
        }
        if *length == 0 || records.saturating_mul(*length) > MAX_RESIDUES {
            return flaw(".fasta.length", format!("1 residue to {MAX_RESIDUES} in all records are expected"));
        }
    }
    let own = content.bytes();
    match file.sparse {
        Some(size) if size < own => {
            flaw(".sparse", format!("a size of at least the file's own {own} bytes is expected, and {size} is less"))
        }
        Some(size) if size > MAX_SIZE => flaw(".sparse", format!("a size of at most {MAX_SIZE} bytes is expected")),
        size => Ok(FileMade { path, content, size }),
    }
}

impl Content {
    fn bytes(&self) -> u64 {
        match self {
            Content::Text(text) => text.len() as u64,
            Content::Fasta(fasta) => {
                let digits = |i: u64| u64::from(i.ilog10()) + 1;
                // `>p`, a number, and two ends of lines.
                (1..=fasta.records).map(|i| 4 + digits(i) + fasta.length).sum()
            }
        }
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Content::Text(text) => out.write_all(text.as_bytes()),
            Content::Fasta(fasta) => fasta.write(out),
        }
    }
}

impl Fasta {
    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        const RESIDUES: &[u8; 20] = b"ACDEFGHIKLMNPQRSTVWY";
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        for i in 1..=self.records {
            writeln!(out, ">p{i}")?;
            for _ in 0..self.length {
                out.write_all(RESIDUES.choose(&mut rng).map(std::slice::from_ref).unwrap_or_default())?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

impl FileMade {
    /// Makes the file beneath `folder`.
    ///
    /// # Errors
    /// The system's own.
    pub fn make(&self, folder: &Path) -> io::Result<()> {
        let path = folder.join(&self.path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let mut out = BufWriter::new(File::create_new(path)?);
        self.content.write(&mut out)?;
        let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        match self.size {
            Some(size) if size <= WRITTEN_OUT => {
                let missing = size.saturating_sub(self.content.bytes());
                io::copy(&mut io::Read::take(io::repeat(b'\n'), missing), &mut file)?;
            }
            Some(size) => file.set_len(size)?,
            None => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(content: Content, size: Option<u64>) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let file = FileMade { path: "a/b.fasta".into(), content, size };
        file.make(folder.path()).unwrap();
        std::fs::read(folder.path().join("a/b.fasta")).unwrap()
    }

    fn fasta(records: u64, length: u64, seed: u64) -> Content {
        Content::Fasta(Fasta { records, length, seed })
    }

    #[test]
    fn proteins_are_the_same_for_the_same_seed() {
        let bytes = made(fasta(12, 30, 1), None);
        assert_eq!(bytes.len() as u64, fasta(12, 30, 1).bytes());
        assert_eq!(bytes, made(fasta(12, 30, 1), None));
        assert_ne!(bytes, made(fasta(12, 30, 2), None));
        assert_eq!(bytes.split(|&b| b == b'>').count(), 13);
    }

    #[test]
    fn padding_is_blank_lines_and_the_size_is_exact() {
        let bytes = made(fasta(2, 10, 1), Some(3_000_000));
        assert_eq!(bytes.len(), 3_000_000);
        let (head, tail) = bytes.split_at(usize::try_from(fasta(2, 10, 1).bytes()).unwrap());
        assert_eq!(head, made(fasta(2, 10, 1), None));
        assert!(tail.iter().all(|&b| b == b'\n'));
    }

    #[test]
    fn what_is_larger_is_a_hole() {
        use std::os::unix::fs::MetadataExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = FileMade { path: "big.fasta".into(), content: fasta(1, 60, 0), size: Some(WRITTEN_OUT + 1) };
        file.make(folder.path()).unwrap();
        let made = std::fs::metadata(folder.path().join("big.fasta")).unwrap();
        assert_eq!(made.len(), WRITTEN_OUT + 1);
        assert!(made.blocks() * 512 < 100_000_000, "{}", made.blocks());
    }
}
