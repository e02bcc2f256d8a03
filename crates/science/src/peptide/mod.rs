//! The check of a folded peptide, which needs no force field: what any structure of the sequence must be.
//!
//! | file | holds |
//! | --- | --- |
//! | `pdb` | the atoms of a PDB file, read strictly |
//! | `residues` | which atoms a residue has, and their bonds |
//! | `chain` | the atoms of a file put to the sequence: nothing missing, nothing more |
//! | `geometry` | bonds, angles, peptide bonds, hand, clashes, with the bounds and their sources |
//!
//! What is not checked is that the energy is what is stated, which takes the force field, and that the structure is the
//! peptide's fold, which nobody can tell from the sequence alone.

mod chain;
mod error;
mod geometry;
mod pdb;
mod residues;
mod space;

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use serde::Deserialize;

pub use error::{PeptideError, StructureError};

use crate::{InputError, first::First, input::Input};
use chain::Chain;
use domain::units::clean;
use geometry::Bounds;

/// The shortest and the longest peptide that the task folds, in residues.
pub const LENGTHS: std::ops::RangeInclusive<usize> = 5..=40;

/// More than a summary is, in bytes.
const LARGEST_SUMMARY: u64 = 64 * 1024;

/// The summary of the task, as far as it is checked.
#[derive(Deserialize)]
struct Summary {
    sequence: String,
    residues: usize,
    atoms: usize,
    best: Figures,
    last: Figures,
}

/// What it says of one structure.
#[derive(Deserialize)]
struct Figures {
    energy_kj_mol: f64,
    rg_nm: f64,
    dssp: String,
}

/// Checks a result of `peptide_folding` for `sequence`: `summary.json`, `best.pdb` (minimised) and `last.pdb` (as it moves).
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(sequence: &str, summary: impl Read, best: impl Read, last: impl Read) -> Result<(), PeptideError> {
    let summary = read_summary(summary)?;
    same("sequence", &summary.sequence.as_str(), &sequence)?;
    same("residues", &summary.residues, &sequence.len())?;
    let structure = |file, pdb: &mut dyn Read, figures: &Figures, bounds: &Bounds| {
        let atoms = verify_structure(sequence, pdb, figures.rg_nm, bounds)
            .map_err(|why| PeptideError::Structure { file, why })?;
        same("atoms", &summary.atoms, &atoms)?;
        same("length of dssp", &figures.dssp.len(), &sequence.len())?;
        if figures.energy_kj_mol.is_finite() {
            return Ok(());
        }
        same("energy_kj_mol", &figures.energy_kj_mol.to_string().as_str(), &"a number")
    };
    structure("best.pdb", &mut { best }, &summary.best, &geometry::MINIMISED)?;
    structure("last.pdb", &mut { last }, &summary.last, &geometry::MOVING)
}

/// The same of the files in `folder`.
///
/// # Errors
/// The first thing that is wrong; a file that cannot be read.
pub fn verify_files(sequence: &str, folder: &Path) -> Result<(), PeptideError> {
    let open = |file: &'static str| match File::open(folder.join(file)) {
        Ok(open) => Ok(BufReader::new(open)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Err(PeptideError::Missing { file }),
        Err(e) => Err(PeptideError::Read(e)),
    };
    verify(sequence, open("summary.json")?, open("best.pdb")?, open("last.pdb")?)
}

/// The sequence that the task folds: the first of `dataset`, in capitals.
///
/// # Errors
/// A dataset that cannot be read.
pub fn sequence_of(dataset: File) -> Result<String, InputError> {
    let mut told = |_| {};
    first_of(&mut Input::new(dataset, &mut told)?)
}

pub(crate) fn first_of(input: &mut Input<'_>) -> Result<String, InputError> {
    let mut first = First::up_to(*LENGTHS.end());
    input.scan(&mut first)?;
    Ok(String::from_utf8_lossy(&first.record.letters).to_ascii_uppercase())
}

fn read_summary(file: impl Read) -> Result<Summary, PeptideError> {
    let mut bytes = Vec::new();
    file.take(LARGEST_SUMMARY + 1).read_to_end(&mut bytes).map_err(PeptideError::Read)?;
    if bytes.len() as u64 > LARGEST_SUMMARY {
        return Err(PeptideError::Read(io::ErrorKind::FileTooLarge.into()));
    }
    serde_json::from_slice(&bytes).map_err(PeptideError::Summary)
}

/// Checks one structure; how many atoms it has.
fn verify_structure(sequence: &str, pdb: impl Read, rg_nm: f64, bounds: &Bounds) -> Result<usize, StructureError> {
    let chain = Chain::new(sequence, &pdb::read(pdb)?)?;
    geometry::check(&chain, bounds)?;
    let found = geometry::gyration_nm(&chain);
    if is_stated(found, rg_nm) { Ok(chain.atoms.len()) } else { Err(StructureError::Gyration { stated: rg_nm, found }) }
}

/// Whether a radius is the one that is stated, in nm with six digits: what is left over is the last digit's rounding.
fn is_stated(found: f64, stated: f64) -> bool {
    (found - stated).abs() <= 0.6e-6
}

fn same<T: PartialEq + std::fmt::Display>(field: &'static str, found: &T, expected: &T) -> Result<(), PeptideError> {
    if found == expected {
        return Ok(());
    }
    let shown = |value: &T| clean(&value.to_string(), 60);
    Err(PeptideError::Field { field, found: shown(found), expected: shown(expected) })
}

#[cfg(test)]
mod tests;
