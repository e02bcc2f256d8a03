//! Right structures come of a real run of twenty residues, one of each kind: `tests/best.pdb`, `tests/last.pdb` and their
//! summary. Wrong ones are made of them.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{chain::Chain, geometry, pdb, residues, space::Point, *};

const SEQUENCE: &str = "ACDEFGHIKLMNPQRSTVWY";
const BEST: &str = include_str!("tests/best.pdb");
const LAST: &str = include_str!("tests/last.pdb");
const SUMMARY: &str = include_str!("tests/summary.json");

fn verdict(summary: &str, best: &str, last: &str) -> Result<(), String> {
    verify(SEQUENCE, summary.as_bytes(), best.as_bytes(), last.as_bytes()).map_err(|e| e.to_string())
}

/// What is said of a changed best.pdb.
fn refused(best: &str) -> String {
    verdict(SUMMARY, best, LAST).unwrap_err()
}

/// The summary with one entry changed.
fn summary_with(path: &str, value: Value) -> String {
    let mut summary: Value = serde_json::from_str(SUMMARY).unwrap();
    *summary.pointer_mut(path).unwrap() = value;
    summary.to_string()
}

/// The file's atoms, each moved by `change`.
fn atoms(file: &str, change: impl Fn(usize, Point) -> Point) -> Vec<pdb::Atom> {
    let mut atoms = pdb::read(file.as_bytes()).unwrap();
    for (i, atom) in atoms.iter_mut().enumerate() {
        atom.at = change(i, atom.at);
    }
    atoms
}

fn geometry_of(atoms: &[pdb::Atom], bounds: &Bounds) -> Result<f64, StructureError> {
    let chain = Chain::new(SEQUENCE, atoms)?;
    geometry::check(&chain, bounds)?;
    Ok(geometry::gyration_nm(&chain))
}

/// The line of an atom, and the file with another in its place.
fn with_line(file: &str, atom: &str, residue: usize, change: impl Fn(&str) -> String) -> String {
    let of = |line: &str| {
        line.starts_with("ATOM") && line[12..16].trim() == atom && line[22..26].trim() == residue.to_string()
    };
    let lines: Vec<String> = file.lines().map(|line| if of(line) { change(line) } else { line.to_owned() }).collect();
    lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// A direction of length one.
fn direction() -> impl Strategy<Value = Point> {
    (-1.0..1.0_f64, 0.0..std::f64::consts::TAU).prop_map(|(z, turn)| {
        let flat = (1.0 - z * z).sqrt();
        Point::new(flat * turn.cos(), flat * turn.sin(), z)
    })
}

/// `point` turned about an axis (Rodrigues' formula).
fn turned(point: Point, axis: Point, angle: f64) -> Point {
    let (sin, cos) = angle.sin_cos();
    let along = axis.times(axis.dot(point) * (1.0 - cos));
    point.times(cos).plus(axis.cross(point).times(sin)).plus(along)
}

#[test]
fn a_real_run_of_all_twenty_residues_is_right() {
    assert_eq!(verdict(SUMMARY, BEST, LAST), Ok(()));
}

#[test]
fn a_frame_that_moves_is_no_minimum() {
    let minimum = geometry_of(&atoms(LAST, |_, at| at), &geometry::MINIMISED);
    assert!(minimum.is_err());
}

#[test]
fn every_bond_of_a_residue_is_of_atoms_that_it_has_and_holds_them_together() {
    for residue in SEQUENCE.bytes().map(|letter| residues::of_letter(letter).unwrap()) {
        let bonds: Vec<_> = residue.bonds().collect();
        let mut reached = vec!["N"];
        while let Some((_, b)) =
            bonds.iter().flat_map(|&(a, b)| [(a, b), (b, a)]).find(|(a, b)| reached.contains(a) && !reached.contains(b))
        {
            reached.push(b);
        }
        assert!(bonds.iter().all(|(a, b)| reached.contains(a) && reached.contains(b)), "{residue:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn turning_and_moving_a_right_structure_keeps_it_right(
        axis in direction(), angle in 0.0..std::f64::consts::TAU, to in direction(), far in 0.0..500.0_f64,
    ) {
        for (file, bounds) in [(BEST, geometry::MINIMISED), (LAST, geometry::MOVING)] {
            let before = geometry_of(&atoms(file, |_, at| at), &bounds).unwrap();
            let after = geometry_of(&atoms(file, |_, at| turned(at, axis, angle).plus(to.times(far))), &bounds).unwrap();
            prop_assert!((before - after).abs() < 1e-9);
        }
    }

    #[test]
    fn moving_one_atom_by_an_angstrom_breaks_it(which in any::<prop::sample::Index>(), to in direction()) {
        let stated: Summary = serde_json::from_str(SUMMARY).unwrap();
        for (file, bounds, rg) in [(BEST, geometry::MINIMISED, stated.best.rg_nm), (LAST, geometry::MOVING, stated.last.rg_nm)] {
            let whole = atoms(file, |_, at| at);
            let moved = which.index(whole.len());
            let broken = atoms(file, |i, at| if i == moved { at.plus(to) } else { at });
            let found = geometry_of(&broken, &bounds);
            prop_assert!(!found.as_ref().is_ok_and(|found| is_stated(*found, rg)), "{:?}", whole[moved]);
            // Without the radius as well where an atom has four neighbours: others turn about a bond, and what is at an end bends.
            prop_assert!(whole[moved].name != "CA" || found.is_err(), "{:?}", whole[moved]);
        }
    }

    #[test]
    fn a_mirror_image_has_the_wrong_hand(normal in direction()) {
        let mirrored = |_, at: Point| at.minus(normal.times(2.0 * normal.dot(at)));
        let found = geometry_of(&atoms(BEST, mirrored), &geometry::MINIMISED);
        prop_assert!(matches!(&found, Err(StructureError::Hand { atom }) if atom == "CA of residue 1"), "{found:?}");
    }

    #[test]
    fn whatever_a_file_holds_nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..400), at in any::<prop::sample::Index>()) {
        let at = at.index(BEST.len());
        let file = [&BEST.as_bytes()[..at], &bytes, &BEST.as_bytes()[at..]].concat();
        prop_assert!(verify(SEQUENCE, SUMMARY.as_bytes(), file.as_slice(), LAST.as_bytes()).is_err() || bytes.is_empty() || bytes.iter().all(u8::is_ascii_whitespace));
        prop_assert!(verify(SEQUENCE, bytes.as_slice(), BEST.as_bytes(), LAST.as_bytes()).is_err());
    }
}

#[test]
fn a_mirrored_side_chain_is_found_where_all_lengths_are_right() {
    // Mirrored in the plane of N, CA and CB, the rest of a side chain keeps its lengths and angles.
    for (number, which) in [(8, "ILE"), (17, "THR")] {
        let whole = pdb::read(BEST.as_bytes()).unwrap();
        let place = |name: &str| whole.iter().find(|a| a.name == name && a.number == number).unwrap().at;
        let (origin, one, other) = (place("CB"), place("CA"), place("N"));
        let normal = one.minus(origin).cross(other.minus(origin));
        let normal = normal.times(1.0 / normal.length());
        let backbone = ["N", "H", "CA", "HA", "C", "O", "CB"];
        let mut mirrored = whole.clone();
        for atom in mirrored.iter_mut().filter(|a| a.number == number && !backbone.contains(&a.name.as_str())) {
            atom.at = atom.at.minus(normal.times(2.0 * normal.dot(atom.at.minus(origin))));
        }
        let chain = Chain::new(SEQUENCE, &mirrored).unwrap();
        let found = geometry::check(&chain, &geometry::MOVING).unwrap_err();
        assert_eq!(
            found.to_string(),
            format!(
                "CB of residue {number} has the wrong hand: it is the mirror image of what an L-amino acid has, or flat"
            ),
            "{which}"
        );
    }
}

#[test]
fn the_sequence_must_be_the_files() {
    let other = verify("ACDEFGHIKLMNPQRSTVWF", SUMMARY.as_bytes(), BEST.as_bytes(), LAST.as_bytes()).unwrap_err();
    assert_eq!(other.to_string(), "the summary's sequence is ACDEFGHIKLMNPQRSTVWY, and should be ACDEFGHIKLMNPQRSTVWF");
    assert_eq!(refused(&BEST.replace(" GLU ", " GLN ")), "best.pdb: residue 4 is GLN, and by the sequence it is GLU");
    let shorter: String = BEST.lines().filter(|l| !l.contains(" TYR ")).collect::<Vec<_>>().join("\n");
    assert_eq!(refused(&shorter), "best.pdb: it has 19 residues, and the sequence has 20");
}

#[test]
fn every_atom_is_there_once() {
    assert_eq!(refused(&with_line(BEST, "CB", 2, |_| String::new())), "best.pdb: residue 2 lacks its atom CB");
    assert_eq!(refused(&with_line(BEST, "HG", 2, |_| String::new())), "best.pdb: residue 2 lacks its atom HG");
    assert_eq!(refused(&with_line(BEST, "OXT", 20, |_| String::new())), "best.pdb: residue 20 lacks its atom OXT");
    let no_proton = with_line(&with_line(BEST, "HD1", 7, |_| String::new()), "HE2", 7, |_| String::new());
    assert_eq!(refused(&no_proton), "best.pdb: residue 7 lacks its atom HD1 or HE2");
    let twice = with_line(BEST, "CA", 5, |line| format!("{line}\n{line}"));
    assert_eq!(refused(&twice), "best.pdb: residue 5 has an atom CA too many");
    let more = with_line(BEST, "CA", 6, |line| format!("{line}\n{}", line.replace(" CA ", " CB ")));
    assert_eq!(refused(&more), "best.pdb: residue 6 has an atom CB too many");
}

#[test]
fn coordinates_are_plain_numbers_in_their_columns() {
    for (written, why) in [
        ("     nan", "a coordinate is no number"),
        ("     inf", "a coordinate is no number"),
        ("   1.0e3", "a coordinate is no number"),
        ("        ", "a coordinate is no number"),
    ] {
        let odd = with_line(BEST, "CA", 1, |line| format!("{}{written}{}", &line[..30], &line[38..]));
        let line = odd.lines().position(|line| line.contains(written) && line.contains(" CA  ALA")).unwrap() + 1;
        assert_eq!(refused(&odd), format!("best.pdb: line {line} is not as in a PDB file of one peptide: {why}"));
    }
}

#[test]
fn a_file_holds_one_peptide_and_nothing_else() {
    let first = |line: &str| refused(&format!("{line}\n{BEST}"));
    let of = "best.pdb: line 1 is not as in a PDB file of one peptide: ";
    assert_eq!(first("HETATM    1  O   HOH A 101"), format!("{of}it is none of ATOM, TER and END"));
    assert_eq!(first("MODEL        1"), format!("{of}it is none of ATOM, TER and END"));
    assert_eq!(first("ATOM      1  N"), format!("{of}it is too short for an atom"));
    let chains = with_line(BEST, "CA", 3, |line| line.replace(" A ", " B "));
    assert!(refused(&chains).ends_with("a second chain begins"), "{}", refused(&chains));
    let after = format!("{BEST}\nATOM");
    assert!(refused(&after).ends_with("it comes after END"), "{}", refused(&after));
    let endless = BEST.repeat(40);
    assert_eq!(
        refused(&endless.replace("END\n", "")),
        "best.pdb: it is larger than 262144 bytes, and no peptide of this task is"
    );
    let not_text = verify(SEQUENCE, SUMMARY.as_bytes(), &[0xff_u8, 0xfe][..], LAST.as_bytes()).unwrap_err();
    assert_eq!(not_text.to_string(), "best.pdb: it is not text");
}

#[test]
fn two_parts_of_a_chain_cannot_be_in_one_place() {
    // The second half turned about the axis of a bond until it meets the first; bonds and angles stay as they are.
    let whole = pdb::read(BEST.as_bytes()).unwrap();
    let place = |name: &str, number| whole.iter().find(|a| a.name == name && a.number == number).unwrap().at;
    let met = (0..360).find_map(|degrees| {
        [(10, 11), (11, 12), (9, 10), (12, 14)].iter().find_map(|&(one, other)| {
            let (from, to) = (place("CA", one), place("C", one));
            let axis = to.minus(from).times(1.0 / to.minus(from).length());
            let mut moved = whole.clone();
            for atom in
                moved.iter_mut().filter(|a| a.number >= other || (a.number == one && ["O"].contains(&a.name.as_str())))
            {
                atom.at = turned(atom.at.minus(from), axis, f64::from(degrees).to_radians()).plus(from);
            }
            match geometry_of(&moved, &geometry::MOVING) {
                Err(StructureError::Clash { .. }) => Some(()),
                _ => None,
            }
        })
    });
    assert_eq!(met, Some(()));
}

#[test]
fn a_twisted_peptide_bond_is_found() {
    let whole = pdb::read(BEST.as_bytes()).unwrap();
    let place = |name: &str, number| whole.iter().find(|a| a.name == name && a.number == number).unwrap().at;
    let (from, to) = (place("C", 4), place("N", 5));
    let axis = to.minus(from).times(1.0 / to.minus(from).length());
    let mut moved = whole.clone();
    for atom in moved.iter_mut().filter(|a| a.number >= 5) {
        atom.at = turned(atom.at.minus(from), axis, 180_f64.to_radians()).plus(from);
    }
    let found = geometry_of(&moved, &geometry::MOVING).unwrap_err();
    assert!(matches!(found, StructureError::Peptide { residue: 4, .. }), "{found}");
}

#[test]
fn the_summary_must_be_of_these_structures() {
    let changed = |path, value| verdict(&summary_with(path, value), BEST, LAST).unwrap_err();
    assert_eq!(
        changed("/best/rg_nm", json!(1.739104)),
        "best.pdb: its radius of gyration is stated as 1.739104 nm, and its coordinates give 1.739114 nm"
    );
    assert_eq!(
        changed("/atoms", json!(7)),
        format!("the summary's atoms is 7, and should be {}", pdb::read(BEST.as_bytes()).unwrap().len())
    );
    assert_eq!(changed("/residues", json!(21)), "the summary's residues is 21, and should be 20");
    assert_eq!(changed("/best/dssp", json!("HH")), "the summary's length of dssp is 2, and should be 20");
    assert!(changed("/best/energy_kj_mol", json!("low")).starts_with("the summary is not as this task writes it: "));
    assert!(verdict(&"[".repeat(70_000), BEST, LAST).unwrap_err().starts_with("a file of the result cannot be read: "));
}
