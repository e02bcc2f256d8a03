//! The demo's two datasets: a small one, and a sparse one of 5 GB that takes next to no disk.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::Path,
};

/// The size of the large dataset, bytes.
pub const LARGE: u64 = 5_000_000_000;
/// How many proteins the large dataset begins with.
const HEAD: usize = 2_000;
/// The proteins, as they lie in the repository.
const PROTEINS: &str = include_str!("../../../examples/data.fasta");

/// Writes both into `folder`.
///
/// # Errors
/// When the disk says no.
pub fn write(folder: &Path) -> io::Result<()> {
    fs::write(folder.join("small.fasta"), PROTEINS)?;
    let mut large = BufWriter::new(File::create(folder.join("large.fasta"))?);
    let records: Vec<&str> = PROTEINS.split('>').filter(|record| !record.trim().is_empty()).collect();
    for (number, record) in records.iter().cycle().take(HEAD).enumerate() {
        writeln!(large, ">{number}_{}", record.trim_end())?;
    }
    let large = large.into_inner().map_err(io::IntoInnerError::into_error)?;
    // The rest is a hole: it has a size and takes no disk.
    large.set_len(LARGE)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn the_large_one_is_large_and_takes_no_room() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        let meta = fs::metadata(folder.path().join("large.fasta")).unwrap();
        assert_eq!(meta.len(), LARGE);
        assert!(meta.blocks() * 512 < 10_000_000, "{} blocks", meta.blocks());
    }
}
