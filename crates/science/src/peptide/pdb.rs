//! The atoms of a PDB file that one peptide fills, read strictly.
//!
//! A reader of our own: what is accepted is the ATOM records of one chain and nothing else, so thirty lines say more exactly
//! what a result may be than a general parser (pdbtbx brings eight crates and forgives much).
//! Columns: wwPDB, Atomic Coordinate Entry Format, version 3.3.

use std::io::Read;

use super::{error::StructureError, space::Point};

/// Far more than forty residues fill.
const MOST_BYTES: u64 = 256 * 1024;

/// One atom.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Atom {
    /// Its name within the residue.
    pub name: String,
    /// The residue's name.
    pub residue: String,
    /// The residue's number, from 1.
    pub number: usize,
    /// Where it is, in Å.
    pub at: Point,
}

/// The atoms of `file`, in its order.
pub(super) fn read(file: impl Read) -> Result<Vec<Atom>, StructureError> {
    let mut text = String::new();
    let read = file.take(MOST_BYTES + 1).read_to_string(&mut text);
    read.map_err(|source| match source.kind() {
        std::io::ErrorKind::InvalidData => StructureError::NotText,
        _ => StructureError::Read(source),
    })?;
    if text.len() as u64 > MOST_BYTES {
        return Err(StructureError::TooLarge { most: MOST_BYTES });
    }
    let mut atoms = Vec::new();
    let mut chain = None;
    let mut lines = text.lines().enumerate();
    for (i, line) in lines.by_ref() {
        let wrong = |why| StructureError::Line { line: i + 1, why };
        match line.get(..6).unwrap_or(line).trim_end() {
            "ATOM" => {
                let (atom, letter) = atom(line).map_err(wrong)?;
                if *chain.get_or_insert(letter) != letter {
                    return Err(wrong("a second chain begins"));
                }
                atoms.push(atom);
            }
            "TER" => {}
            "END" => break,
            _ => return Err(wrong("it is none of ATOM, TER and END")),
        }
    }
    match lines.find(|(_, line)| !line.trim().is_empty()) {
        Some((i, _)) => Err(StructureError::Line { line: i + 1, why: "it comes after END" }),
        None => Ok(atoms),
    }
}

/// An atom and the letter of its chain.
fn atom(line: &str) -> Result<(Atom, u8), &'static str> {
    if !line.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return Err("it is not plain ASCII");
    }
    let column = |from: usize, to: usize| line.get(from - 1..to).map(str::trim).ok_or("it is too short for an atom");
    let number = |text: &str| -> Result<usize, &'static str> {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|_| digits).ok_or("the residue's number is no whole number")
    };
    let coordinate = |text: &str| -> Result<f64, &'static str> {
        // `nan`, `inf` and exponents are numbers to Rust, and never coordinates.
        let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
        text.parse().ok().filter(|n: &f64| plain && n.is_finite()).ok_or("a coordinate is no number")
    };
    if !column(17, 17)?.is_empty() || !column(27, 27)?.is_empty() {
        return Err("it has an alternate location or an insertion code");
    }
    let name = column(13, 16)?.to_owned();
    if column(77, 78)? != name.get(..1).unwrap_or_default() {
        return Err("its element is not that of its name");
    }
    let at = Point::new(coordinate(column(31, 38)?)?, coordinate(column(39, 46)?)?, coordinate(column(47, 54)?)?);
    let chain = line.as_bytes().get(21).copied().unwrap_or_default();
    Ok((Atom { name, residue: column(18, 20)?.to_owned(), number: number(column(23, 26)?)?, at }, chain))
}
