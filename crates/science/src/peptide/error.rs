//! Why a folded peptide is refused, in one sentence each.

use std::io;

/// Why a structure is not one of the peptide that it claims to be. Residues count from 1.
#[derive(Debug, thiserror::Error)]
pub enum StructureError {
    /// The file could not be read.
    #[error("it cannot be read: {0}")]
    Read(#[source] io::Error),
    /// Bytes that are no text.
    #[error("it is not text")]
    NotText,
    /// More than a peptide can fill.
    #[error("it is larger than {most} bytes, and no peptide of this task is")]
    TooLarge {
        /// The bound, in bytes.
        most: u64,
    },
    /// A line that the file of one peptide does not have.
    #[error("line {line} is not as in a PDB file of one peptide: {why}")]
    Line {
        /// Which one, from 1.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A sequence that this task does not fold.
    #[error("the sequence has a letter that is none of the 20 standard amino acids, or not from 5 to 40 of them")]
    Sequence,
    /// Too few or too many residues.
    #[error("it has {found} residues, and the sequence has {expected}")]
    Length {
        /// In the file.
        found: usize,
        /// By the sequence.
        expected: usize,
    },
    /// Another residue than the sequence has there.
    #[error("residue {residue} is {found}, and by the sequence it is {expected}")]
    Residue {
        /// Which one.
        residue: usize,
        /// In the file, shortened.
        found: String,
        /// By the sequence.
        expected: &'static str,
    },
    /// An atom of a residue is missing.
    #[error("residue {residue} lacks its atom {atom}")]
    Missing {
        /// Which one.
        residue: usize,
        /// The atom.
        atom: &'static str,
    },
    /// An atom that the residue does not have, or has once.
    #[error("residue {residue} has an atom {atom} too many")]
    Surplus {
        /// Which one.
        residue: usize,
        /// The atom, shortened.
        atom: String,
    },
    /// A bond that is too short or too long.
    #[error("the bond from {from} to {to} has {found:.3} Å, and should have {least:.2} to {most:.2} Å")]
    Bond {
        /// One atom, as `CA of residue 3`.
        from: String,
        /// The other.
        to: String,
        /// Its length.
        found: f64,
        /// The shortest that is right.
        least: f64,
        /// The longest that is right.
        most: f64,
    },
    /// An angle between two bonds that is too narrow or too wide.
    #[error("the angle at {at}, between {from} and {to}, has {found:.1}°, and should have {least:.0}° to {most:.0}°")]
    Angle {
        /// The middle atom.
        at: String,
        /// One neighbour.
        from: String,
        /// The other.
        to: String,
        /// The angle.
        found: f64,
        /// The narrowest that is right.
        least: f64,
        /// The widest that is right.
        most: f64,
    },
    /// A bond that leaves the plane of two others.
    #[error(
        "at {at}, the bond to {of} is {found:.1}° out of the plane of the others, and should be within {within:.0}°"
    )]
    Plane {
        /// The atom with three neighbours.
        at: String,
        /// The one that is out of the plane.
        of: String,
        /// By how much.
        found: f64,
        /// How much is right.
        within: f64,
    },
    /// A peptide bond that is twisted, or cis before another residue than proline.
    #[error(
        "the peptide bond from residue {residue} to the next is turned by {found:.1}°, and should be within {within:.0}° of 180°, or of 0° before proline"
    )]
    Peptide {
        /// The residue before it.
        residue: usize,
        /// Its dihedral angle, ω.
        found: f64,
        /// How far it may be off.
        within: f64,
    },
    /// The mirror image of what an L-amino acid has.
    #[error("{atom} has the wrong hand: it is the mirror image of what an L-amino acid has, or flat")]
    Hand {
        /// The atom, as `CA of residue 3`.
        atom: String,
    },
    /// Two atoms in one another's place.
    #[error("{from} and {to} are {found:.2} Å apart, and no bond nor angle holds them nearer than {least:.2} Å")]
    Clash {
        /// One atom.
        from: String,
        /// The other.
        to: String,
        /// Their distance.
        found: f64,
        /// The least that is right.
        least: f64,
    },
    /// A radius of gyration that the coordinates contradict.
    #[error("its radius of gyration is stated as {stated} nm, and its coordinates give {found:.6} nm")]
    Gyration {
        /// In the summary.
        stated: f64,
        /// By the coordinates.
        found: f64,
    },
}

/// Why the result of `peptide_folding` is not what it claims to be.
#[derive(Debug, thiserror::Error)]
pub enum PeptideError {
    /// A file that every result has.
    #[error("it has no {file}")]
    Missing {
        /// Which file.
        file: &'static str,
    },
    /// The summary could not be read, or is larger than one is.
    #[error("a file of the result cannot be read: {0}")]
    Read(#[source] io::Error),
    /// The summary is no JSON, or lacks what it should have.
    #[error("the summary is not as this task writes it: {0}")]
    Summary(#[source] serde_json::Error),
    /// An entry of the summary that the sequence or the structures contradict.
    #[error("the summary's {field} is {found}, and should be {expected}")]
    Field {
        /// Which entry.
        field: &'static str,
        /// In the summary, shortened.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// One of the structures is wrong.
    #[error("{file}: {why}")]
    Structure {
        /// Which file.
        file: &'static str,
        /// What is wrong with it.
        #[source]
        why: StructureError,
    },
}
