//! The atoms of a file put to the sequence.

use std::collections::BTreeMap;

use super::{
    LENGTHS,
    error::StructureError,
    pdb,
    residues::{self, HISTIDINE, Residue},
    space::Point,
};
use domain::units::clean;

/// One atom of the chain.
#[derive(Debug)]
pub(super) struct Atom {
    /// The index of its residue, from 0.
    pub residue: usize,
    /// Its name within it.
    pub name: &'static str,
    /// Where it is, in Å.
    pub at: Point,
}

impl Atom {
    /// The letter of its element.
    pub(super) fn element(&self) -> u8 {
        self.name.as_bytes().first().copied().unwrap_or_default()
    }

    /// As it is named to a person.
    pub(super) fn shown(&self) -> String {
        format!("{} of residue {}", self.name, self.residue + 1)
    }
}

/// A peptide whose atoms are all there, with its bonds.
#[derive(Debug)]
pub(super) struct Chain {
    /// Its residues.
    pub residues: Vec<&'static Residue>,
    /// Its atoms, by residue.
    pub atoms: Vec<Atom>,
    /// Indices of bonded atoms.
    pub bonds: Vec<(usize, usize)>,
    places: BTreeMap<(usize, &'static str), usize>,
}

impl Chain {
    /// Puts the atoms of a file to `sequence`.
    ///
    /// # Errors
    /// When the residues are others, or an atom is missing or too many.
    pub(super) fn new(sequence: &str, found: &[pdb::Atom]) -> Result<Chain, StructureError> {
        let residues: Option<Vec<_>> = sequence.bytes().map(residues::of_letter).collect();
        let residues = residues.filter(|r| LENGTHS.contains(&r.len())).ok_or(StructureError::Sequence)?;
        let mut given: Vec<BTreeMap<&str, Point>> = vec![BTreeMap::new(); residues.len()];
        let length = found.iter().map(|atom| atom.number).max().unwrap_or(0);
        if length != residues.len() {
            return Err(StructureError::Length { found: length, expected: residues.len() });
        }
        for atom in found {
            let place = atom.number.checked_sub(1).and_then(|i| Some((residues.get(i)?, given.get_mut(i)?)));
            let Some((residue, atoms)) = place else {
                return Err(StructureError::Length { found: atom.number, expected: residues.len() });
            };
            if atom.residue != residue.name {
                let found = clean(&atom.residue, 10);
                return Err(StructureError::Residue { residue: atom.number, found, expected: residue.name });
            }
            if atoms.insert(&atom.name, atom.at).is_some() {
                return Err(StructureError::Surplus { residue: atom.number, atom: clean(&atom.name, 10) });
            }
        }
        let mut chain = Chain { residues, atoms: Vec::new(), bonds: Vec::new(), places: BTreeMap::new() };
        for (residue, atoms) in given.iter_mut().enumerate() {
            chain.fill(residue, atoms)?;
        }
        Ok(chain)
    }

    /// Takes the atoms that one residue must have out of `given`, and leaves none.
    fn fill(&mut self, residue: usize, given: &mut BTreeMap<&str, Point>) -> Result<(), StructureError> {
        let Some(kind) = self.residues.get(residue).copied() else { return Ok(()) };
        let mut bonds: Vec<_> = kind.bonds().collect();
        if residue == 0 {
            bonds.extend([("N", "H2"), ("N", "H3")]);
        }
        if residue + 1 == self.residues.len() {
            bonds.push(("C", "OXT"));
        }
        if kind.name == "HIS" {
            let protons = HISTIDINE.into_iter().filter(|(_, proton)| given.contains_key(proton));
            let before = bonds.len();
            bonds.extend(protons);
            if bonds.len() == before {
                return Err(StructureError::Missing { residue: residue + 1, atom: "HD1 or HE2" });
            }
        }
        for name in bonds.iter().flat_map(|(a, b)| [*a, *b]) {
            if self.places.contains_key(&(residue, name)) {
                continue;
            }
            let at = given.remove(name).ok_or(StructureError::Missing { residue: residue + 1, atom: name })?;
            self.places.insert((residue, name), self.atoms.len());
            self.atoms.push(Atom { residue, name, at });
        }
        if let Some(name) = given.keys().next() {
            return Err(StructureError::Surplus { residue: residue + 1, atom: clean(name, 10) });
        }
        let before = residue.checked_sub(1).and_then(|i| self.place(i, "C")).zip(self.place(residue, "N"));
        let within = bonds.iter().filter_map(|(a, b)| self.place(residue, a).zip(self.place(residue, b)));
        let bonded: Vec<_> = before.into_iter().chain(within).collect();
        self.bonds.extend(bonded);
        Ok(())
    }

    fn place(&self, residue: usize, name: &str) -> Option<usize> {
        self.places.get(&(residue, name)).copied()
    }

    /// Where an atom is, when the residue has it.
    pub(super) fn at(&self, residue: usize, name: &str) -> Option<Point> {
        self.place(residue, name).and_then(|i| self.atoms.get(i)).map(|atom| atom.at)
    }
}
