//! What the geometry of a peptide must be.
//!
//! Bond lengths and angles of the backbone are held against the target values of Engh and Huber (2001), International Tables
//! for Crystallography F, 18.3; chirality as there, by the volume about the atom; clashes as in MolProbity (Williams et al.
//! 2018, Protein Sci. 27, 293): overlaps of van der Waals radii of 0.4 Å or more, of atoms four bonds apart or farther.
//! How far a value may be off is ours: a structure that is minimised strains little, one that moves at 300 to 400 K spreads by
//! the force field's own constants (0.03 Å for a bond of the backbone, 4° for an angle, as sqrt(kT/2K)), of which five to six
//! standard deviations are let pass. docs/peptide-folding.md has what was measured.

use std::collections::BTreeSet;

use super::{
    chain::Chain,
    error::StructureError,
    space::{Point, angle, chiral_volume, dihedral, out_of_plane},
};

/// How far values may be off.
pub(super) struct Bounds {
    /// A bond of the backbone, in Å.
    backbone: f64,
    /// Another bond between heavy atoms, beyond the range of its elements, in Å.
    side: f64,
    /// An angle of the backbone, in degrees.
    angle: f64,
    /// Any other angle, in degrees.
    any_angle: (f64, f64),
    /// A bond out of the plane of the two others, where an atom has three, in degrees.
    plane: f64,
    /// The peptide bond's turn, in degrees.
    peptide: f64,
    /// The overlap of two atoms, in Å.
    overlap: f64,
}

/// Of a structure at a minimum of its energy.
pub(super) const MINIMISED: Bounds = Bounds {
    backbone: 0.08,
    side: 0.05,
    angle: 15.0,
    any_angle: (85.0, 150.0),
    plane: 25.0,
    peptide: 35.0,
    overlap: 0.4,
};
/// Of a frame as it moves at up to 400 K.
pub(super) const MOVING: Bounds = Bounds {
    backbone: 0.2,
    side: 0.2,
    angle: 25.0,
    any_angle: (75.0, 160.0),
    plane: 45.0,
    peptide: 50.0,
    overlap: 0.6,
};

/// Bonds to hydrogen have the force field's length and are held to it.
const TO_HYDROGEN: f64 = 0.05;
/// The least volume about a chiral atom, in Å³; the target is 2.5, and 0 is flat.
const LEAST_VOLUME: f64 = 1.0;

/// Checks everything but the radius of gyration.
///
/// # Errors
/// The first thing that is wrong.
pub(super) fn check(chain: &Chain, bounds: &Bounds) -> Result<(), StructureError> {
    bonds(chain, bounds)?;
    angles(chain, bounds)?;
    planes(chain, bounds)?;
    peptide_bonds(chain, bounds)?;
    hands(chain)?;
    clashes(chain, bounds)
}

/// The bond's target and how far off it may be.
fn target(chain: &Chain, a: usize, b: usize, bounds: &Bounds) -> (f64, f64) {
    let (Some(a), Some(b)) = (chain.atoms.get(a), chain.atoms.get(b)) else { return (0.0, 0.0) };
    let residue = |i: usize| chain.residues.get(i).map(|r| r.name).unwrap_or_default();
    let mean = match (a.name, b.name, residue(a.residue), residue(b.residue)) {
        ("N", "CA", "GLY", _) => 1.456,
        ("N", "CA", "PRO", _) => 1.468,
        ("N", "CA", ..) => 1.459,
        ("CA", "C", "GLY", _) => 1.514,
        ("CA", "C", "PRO", _) => 1.524,
        ("CA", "C", ..) => 1.525,
        ("C", "N", _, "PRO") => 1.338,
        ("C", "N", "GLY", _) => 1.326,
        ("C", "N", ..) => 1.336,
        // The chain's own oxygens at its charged end are a carboxylate's.
        ("C", "O", ..) if a.residue + 1 == chain.residues.len() => 1.249,
        ("C", "OXT", ..) => 1.249,
        ("C", "O", ..) => 1.229,
        _ => return by_elements(a.element(), b.element(), bounds),
    };
    (mean, bounds.backbone)
}

/// The range that bonds of two elements have in side chains, of the same tables, as its middle and half its width.
fn by_elements(a: u8, b: u8, bounds: &Bounds) -> (f64, f64) {
    let (least, most) = match (a.min(b), a.max(b)) {
        (b'C', b'H') => return (1.085, TO_HYDROGEN),
        (b'H', b'N') => return (1.010, TO_HYDROGEN),
        (b'H', b'O') => return (0.960, TO_HYDROGEN),
        (b'H', b'S') => return (1.336, TO_HYDROGEN),
        (b'C', b'C') => (1.33, 1.56),
        (b'C', b'N') => (1.30, 1.50),
        (b'C', b'O') => (1.21, 1.44),
        (b'C', b'S') => (1.75, 1.84),
        _ => (0.0, 0.0),
    };
    ((least + most) / 2.0, (most - least) / 2.0 + bounds.side)
}

fn bonds(chain: &Chain, bounds: &Bounds) -> Result<(), StructureError> {
    for &(i, j) in &chain.bonds {
        let (Some(a), Some(b)) = (chain.atoms.get(i), chain.atoms.get(j)) else { continue };
        let found = a.at.minus(b.at).length();
        let (mean, within) = target(chain, i, j, bounds);
        let (least, most) = (mean - within, mean + within);
        if !(least..=most).contains(&found) {
            return Err(StructureError::Bond { from: a.shown(), to: b.shown(), found, least, most });
        }
    }
    Ok(())
}

/// The neighbours of each atom, in the order of the bonds.
fn neighbours(chain: &Chain) -> Vec<Vec<usize>> {
    let mut of = vec![Vec::new(); chain.atoms.len()];
    for &(i, j) in &chain.bonds {
        for (from, to) in [(i, j), (j, i)] {
            if let Some(list) = of.get_mut(from) {
                list.push(to);
            }
        }
    }
    of
}

fn angles(chain: &Chain, bounds: &Bounds) -> Result<(), StructureError> {
    for (middle, around) in neighbours(chain).iter().enumerate() {
        for (n, &first) in around.iter().enumerate() {
            for &second in around.iter().skip(n + 1) {
                let three = [first, middle, second].map(|i| chain.atoms.get(i));
                let [Some(a), Some(m), Some(b)] = three else { continue };
                // In the order of the names, so that each angle of the backbone is met once.
                let (a, b) = if (a.residue, a.name) <= (b.residue, b.name) { (a, b) } else { (b, a) };
                let mean = match (a.name, m.name, b.name) {
                    ("C", "CA", "N") if a.residue == b.residue => Some(111.0),
                    ("CA", "C", "N") => Some(117.2),
                    ("C", "N", "CA") => Some(121.7),
                    ("CA", "C", "O") => Some(120.1),
                    ("O", "C", "N") => Some(122.7),
                    _ => None,
                };
                let (least, most) =
                    mean.map_or(bounds.any_angle, |mean: f64| (mean - bounds.angle, mean + bounds.angle));
                let found = angle(a.at, m.at, b.at);
                if !(least..=most).contains(&found) {
                    let (at, from, to) = (m.shown(), a.shown(), b.shown());
                    return Err(StructureError::Angle { at, from, to, found, least, most });
                }
            }
        }
    }
    Ok(())
}

/// An atom of a peptide that has three neighbours is flat: all others have one, two or four.
fn planes(chain: &Chain, bounds: &Bounds) -> Result<(), StructureError> {
    for (middle, around) in neighbours(chain).iter().enumerate() {
        let [a, b, c] = around.as_slice() else { continue };
        let Some(m) = chain.atoms.get(middle) else { continue };
        for three in [[a, b, c], [b, c, a], [c, a, b]] {
            let [Some(a), Some(b), Some(c)] = three.map(|&i| chain.atoms.get(i)) else { continue };
            let found = out_of_plane(m.at, a.at, b.at, c.at);
            if !(..=bounds.plane).contains(&found) {
                return Err(StructureError::Plane { at: m.shown(), of: a.shown(), found, within: bounds.plane });
            }
        }
    }
    Ok(())
}

fn peptide_bonds(chain: &Chain, bounds: &Bounds) -> Result<(), StructureError> {
    for (i, next) in chain.residues.iter().skip(1).enumerate() {
        let four = (chain.at(i, "CA"), chain.at(i, "C"), chain.at(i + 1, "N"), chain.at(i + 1, "CA"));
        let (Some(a), Some(b), Some(c), Some(d)) = four else { continue };
        let found = dihedral(a, b, c, d);
        let off = if next.name == "PRO" { found.abs().min(180.0 - found.abs()) } else { 180.0 - found.abs() };
        if !(..=bounds.peptide).contains(&off) {
            return Err(StructureError::Peptide { residue: i + 1, found, within: bounds.peptide });
        }
    }
    Ok(())
}

fn hands(chain: &Chain) -> Result<(), StructureError> {
    for (i, residue) in chain.residues.iter().enumerate() {
        let side = match residue.name {
            "ILE" => Some(["CA", "CG1", "CG2"]),
            "THR" => Some(["CA", "OG1", "CG2"]),
            _ => None,
        };
        let centres = [("CA", Some(["N", "C", "CB"])), ("CB", side)];
        for (centre, around) in centres.into_iter().filter_map(|(centre, around)| Some((centre, around?))) {
            let [Some(a), Some(b), Some(c)] = around.map(|name| chain.at(i, name)) else { continue };
            let Some(at) = chain.at(i, centre) else { continue };
            if !(LEAST_VOLUME..).contains(&chiral_volume(at, a, b, c)) {
                return Err(StructureError::Hand { atom: format!("{centre} of residue {}", i + 1) });
            }
        }
    }
    Ok(())
}

/// Van der Waals radius of a heavy atom, in Å (Word et al. 1999, J. Mol. Biol. 285, 1711).
fn radius(element: u8) -> Option<f64> {
    match element {
        b'C' => Some(1.70),
        b'N' => Some(1.55),
        b'O' => Some(1.40),
        b'S' => Some(1.80),
        _ => None,
    }
}

fn clashes(chain: &Chain, bounds: &Bounds) -> Result<(), StructureError> {
    let neighbours = neighbours(chain);
    let around = |of: &BTreeSet<usize>| of.iter().filter_map(|&i| neighbours.get(i)).flatten().copied().collect();
    for (i, a) in chain.atoms.iter().enumerate() {
        let Some(radius_a) = radius(a.element()) else { continue };
        let mut near = BTreeSet::from([i]);
        for _ in 0..3 {
            let more: BTreeSet<usize> = around(&near);
            near.extend(more);
        }
        for (j, b) in chain.atoms.iter().enumerate().skip(i + 1) {
            let Some(radius_b) = radius(b.element()) else { continue };
            let least = radius_a + radius_b - bounds.overlap;
            let found = a.at.minus(b.at).length();
            if !near.contains(&j) && !(least..).contains(&found) {
                return Err(StructureError::Clash { from: a.shown(), to: b.shown(), found, least });
            }
        }
    }
    Ok(())
}

/// The radius of gyration, weighted by mass (IUPAC's abridged atomic weights), in nm.
pub(super) fn gyration_nm(chain: &Chain) -> f64 {
    let weigh = |element| match element {
        b'H' => 1.008,
        b'C' => 12.011,
        b'N' => 14.007,
        b'O' => 15.999,
        b'S' => 32.06,
        _ => 0.0,
    };
    let weighed = || chain.atoms.iter().map(|atom| (weigh(atom.element()), atom.at));
    let total: f64 = weighed().map(|(mass, _)| mass).sum();
    let sum = weighed().fold(Point::new(0.0, 0.0, 0.0), |sum, (mass, at)| sum.plus(at.times(mass)));
    let centre = sum.times(1.0 / total);
    let squares: f64 = weighed().map(|(mass, at)| mass * at.minus(centre).dot(at.minus(centre))).sum();
    (squares / total).sqrt() / 10.0
}
