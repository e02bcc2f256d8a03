//! Which atoms each residue has, and which of them are bonded.
//!
//! Names and bonds are those of the wwPDB's Chemical Component Dictionary, for the protonation at pH 7: charged ends, ASP and
//! GLU without and LYS and ARG with their proton, HIS with one or two.

/// One kind of residue.
#[derive(Debug, PartialEq)]
pub(super) struct Residue {
    /// Its letter in a sequence.
    pub letter: u8,
    /// Its name in a PDB file.
    pub name: &'static str,
    /// Bonds beyond N-CA, CA-C and C-O, as `A-B`.
    bonds: &'static str,
}

impl Residue {
    /// Pairs of bonded atoms, without what the ends of a chain and a histidine's protons add.
    pub(super) fn bonds(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        ["N-CA", "CA-C", "C-O"].into_iter().chain(self.bonds.split_ascii_whitespace()).filter_map(|b| b.split_once('-'))
    }
}

/// The residue of a letter, of the twenty.
pub(super) fn of_letter(letter: u8) -> Option<&'static Residue> {
    RESIDUES.iter().find(|residue| residue.letter == letter)
}

/// The protons of which a histidine has one or both.
pub(super) const HISTIDINE: [(&str, &str); 2] = [("ND1", "HD1"), ("NE2", "HE2")];

macro_rules! residues {
    ($($letter:literal $name:literal $bonds:literal)*) => {
        &[$(Residue { letter: $letter, name: $name, bonds: $bonds }),*]
    };
}

const RESIDUES: &[Residue] = residues! {
    b'A' "ALA" "N-H CA-HA CA-CB CB-HB1 CB-HB2 CB-HB3"
    b'C' "CYS" "N-H CA-HA CA-CB CB-HB2 CB-HB3 CB-SG SG-HG"
    b'D' "ASP" "N-H CA-HA CA-CB CB-HB2 CB-HB3 CB-CG CG-OD1 CG-OD2"
    b'E' "GLU" "N-H CA-HA CA-CB CB-HB2 CB-HB3 CB-CG CG-HG2 CG-HG3 CG-CD CD-OE1 CD-OE2"
    b'F' "PHE" "N-H CA-HA CA-CB CB-HB2 CB-HB3 CB-CG CG-CD1 CG-CD2 CD1-HD1 CD2-HD2 CD1-CE1 CD2-CE2 CE1-HE1 CE2-HE2 CE1-CZ CE2-CZ CZ-HZ"
    b'G' "GLY" "N-H CA-HA2 CA-HA3"
    b'H' "HIS" "N-H CA-HA CA-CB CB-HB2 CB-HB3 CB-CG CG-ND1 CG-CD2 CD2-HD2 ND1-CE1 CD2-NE2 CE1-HE1 CE1-NE2"
    b'I' "ILE" "N-H CA-HA CA-CB CB-HB CB-CG1 CB-CG2 CG1-HG12 CG1-HG13 CG2-HG21 CG2-HG22 CG2-HG23 CG1-CD1 CD1-HD11 CD1-HD12 CD1-HD13"
    b'K' "LYS" "N-H CA-HA CA-CB CB-HB2 CB-HB3 CB-CG CG-HG2 CG-HG3 CG-CD CD-HD2 CD-HD3 CD-CE CE-HE2 CE-HE3 CE-NZ NZ-HZ1 NZ-HZ2 NZ-HZ3"
    b'L' "LEU" "N-H CA-HA CA-CB CB-HB2 CB-HB3 CB-CG CG-HG CG-CD1 CG-CD2 CD1-HD11 CD1-HD12 CD1-HD13 CD2-HD21 CD2-HD22 CD2-HD23"
    b'M' "MET" "N-H CA-HA CA-CB CB-HB2 CB-HB3 CB-CG CG-HG2 CG-HG3 CG-SD SD-CE CE-HE1 CE-HE2 CE-HE3"
    b'N' "ASN" "N-H CA-HA CA-CB CB-HB2 CB-HB3 CB-CG CG-OD1 CG-ND2 ND2-HD21 ND2-HD22"
    b'P' "PRO" "N-CD CA-HA CA-CB CB-HB2 CB-HB3 CB-CG CG-HG2 CG-HG3 CG-CD CD-HD2 CD-HD3"
    b'Q' "GLN" "N-H CA-HA CA-CB CB-HB2 CB-HB3 CB-CG CG-HG2 CG-HG3 CG-CD CD-OE1 CD-NE2 NE2-HE21 NE2-HE22"
    b'R' "ARG" "N-H CA-HA CA-CB CB-HB2 CB-HB3 CB-CG CG-HG2 CG-HG3 CG-CD CD-HD2 CD-HD3 CD-NE NE-HE NE-CZ CZ-NH1 CZ-NH2 NH1-HH11 NH1-HH12 NH2-HH21 NH2-HH22"
    b'S' "SER" "N-H CA-HA CA-CB CB-HB2 CB-HB3 CB-OG OG-HG"
    b'T' "THR" "N-H CA-HA CA-CB CB-HB CB-OG1 OG1-HG1 CB-CG2 CG2-HG21 CG2-HG22 CG2-HG23"
    b'V' "VAL" "N-H CA-HA CA-CB CB-HB CB-CG1 CB-CG2 CG1-HG11 CG1-HG12 CG1-HG13 CG2-HG21 CG2-HG22 CG2-HG23"
    b'W' "TRP" "N-H CA-HA CA-CB CB-HB2 CB-HB3 CB-CG CG-CD1 CG-CD2 CD1-HD1 CD1-NE1 NE1-HE1 NE1-CE2 CD2-CE2 CD2-CE3 CE3-HE3 CE3-CZ3 CZ3-HZ3 CE2-CZ2 CZ2-HZ2 CZ2-CH2 CZ3-CH2 CH2-HH2"
    b'Y' "TYR" "N-H CA-HA CA-CB CB-HB2 CB-HB3 CB-CG CG-CD1 CG-CD2 CD1-HD1 CD2-HD2 CD1-CE1 CD2-CE2 CE1-HE1 CE2-HE2 CE1-CZ CE2-CZ CZ-OH OH-HH"
};
