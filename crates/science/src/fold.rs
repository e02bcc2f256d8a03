//! `protein_folding`: folds of the first sequences of a FASTA file in the HP model.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{
    ScienceError,
    choices::FoldChoices,
    draw,
    hp::{self, Effort, Settings},
    input::Input,
    output::Output,
    select::{Candidate, LONGEST, Selection},
};
use domain::{
    dataset::{Alphabet, Doubt},
    job::ResultFile,
    result::Fold,
    units::count,
};

/// What is said beside every fold.
pub const CAVEAT: &str = "The HP lattice model is a model for study, not a prediction of structure: \
     its folds show which hydrophobic residues can be brought together, and nothing of a protein's real shape.";

/// The file with the drawings.
const DRAWINGS: &str = "folds.txt";

/// Columns of the drawings in the file.
const COLUMNS: usize = 110;

/// Selects the sequences and refuses what is no protein.
pub(crate) fn selected(input: &mut Input<'_>, choices: &FoldChoices) -> Result<Selection, ScienceError> {
    let mut selection = Selection::new(choices.max_sequences, choices.said);
    input.scan(&mut selection)?;
    foldable(&selection)?;
    Ok(selection)
}

/// Refuses what holds no protein that can be folded.
pub(crate) fn foldable(selection: &Selection) -> Result<(), ScienceError> {
    let composition = &selection.composition;
    if selection.said.or(composition.alphabet()) == Some(Alphabet::Nucleotide) {
        return Err(match composition.doubt() {
            Some(Doubt::Unsure) if selection.said.is_none() => ScienceError::MaybeNucleotides,
            _ => ScienceError::Nucleotides,
        });
    }
    if selection.candidates.is_empty() {
        return Err(ScienceError::NothingToFold { total: selection.total });
    }
    Ok(())
}

/// Folds every candidate; `progress` is told the part of the work that is done (0 to 1).
pub(crate) fn folds(
    candidates: &[Candidate],
    settings: &Settings,
    progress: &mut dyn FnMut(f64),
) -> Result<Vec<Fold>, ScienceError> {
    let work = |c: &Candidate| settings.effort.moves(c.residues.len()) as f64;
    let whole: f64 = candidates.iter().map(work).sum();
    let mut done = 0.0;
    let mut folds = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let hp = hp::to_hp(&candidate.residues);
        let share = work(candidate);
        let found = hp::search(&hp, settings, &mut |part| progress((done + share * part) / whole))?;
        done += share;
        folds.push(Fold {
            id: candidate.id.clone(),
            length: hp.len() as u64,
            dimension: settings.dimension,
            energy: found.energy,
            walk: found.walk,
            hp,
        });
    }
    Ok(folds)
}

/// The summary: every value follows from the folds, the dataset and the choices, so that it can be checked.
pub(crate) fn summary(folds: &[Fold], selection: &Selection, choices: &FoldChoices) -> Map<String, Value> {
    // The first of equals, as `min_by_key` returns it.
    let best = folds.iter().min_by_key(|f| f.energy);
    let mean = folds.iter().map(|f| f.energy as f64).sum::<f64>() / folds.len().max(1) as f64;
    let optimal = folds.iter().filter(|f| f.energy == hp::lowest_conceivable(&f.hp, f.dimension)).count();
    let hp_strings = selection.candidates.iter().filter(|c| hp::is_hp(&c.residues)).count();
    let Settings { dimension, seed, effort } = choices.settings;
    let summary = json!({
        "sequences": folds.len(),
        "total": selection.total,
        "skipped": selection.too_long + selection.empty + selection.nucleotides,
        "left_out": selection.left_out(),
        "best_energy": best.map(|f| f.energy),
        "best_id": best.map(|f| f.id.as_str()),
        "mean_energy": mean,
        "proven_optimal": optimal,
        "dimension": dimension,
        "seed": seed,
        "effort": effort,
        "taken_as_hp_strings": hp_strings,
        "notes": notes(selection, effort),
        "mapping": hp::MAPPING,
        "caveat": CAVEAT,
    });
    match summary {
        Value::Object(summary) => summary,
        _ => Map::new(),
    }
}

fn notes(selection: &Selection, effort: Effort) -> Vec<String> {
    let mut notes = Vec::new();
    if selection.left_out() > 0 {
        notes.push(format!(
            "only the first {} of {} sequences were folded; max_sequences sets how many",
            count(selection.candidates.len() as u64),
            count(selection.total)
        ));
    }
    if selection.too_long > 0 {
        notes.push(format!("{} longer than {} residues skipped", count(selection.too_long), count(LONGEST as u64)));
    }
    if selection.empty > 0 {
        notes.push(format!("{} without residues skipped", count(selection.empty)));
    }
    if let Some(first) = &selection.first_nucleotides {
        notes.push(format!(
            "{} that are nucleotides skipped, the first of them {first}; alphabet=protein folds them too",
            count(selection.nucleotides)
        ));
    }
    if selection.said.is_none() && selection.composition.doubt() == Some(Doubt::Unsure) {
        notes.push(Doubt::Unsure.meaning(Alphabet::Protein));
    }
    if effort == Effort::Quick {
        notes.push("a quick search: a longer one may find lower energies".to_owned());
    }
    notes
}

/// Writes the drawings of all folds.
pub(crate) fn write_drawings(folds: &[Fold], folder: &Path) -> Result<ResultFile, ScienceError> {
    let mut output = Output::create(folder, DRAWINGS)?;
    output.write(&format!(
        "Folds on the HP lattice. ● hydrophobic (H)  ○ polar (P)  ─ │ chain\n{}\n{CAVEAT}\n",
        hp::MAPPING
    ))?;
    for fold in folds {
        let Fold { id, length, dimension, energy, walk, hp } = fold;
        output.write(&format!("\n{id}: {length} residues, {dimension}D, energy {energy}\n{hp}\n{walk}\n"))?;
        match draw::draw(fold, COLUMNS) {
            Some(drawing) => output.write(&format!("\n{drawing}\n"))?,
            None => output.write(&format!("(wider than {COLUMNS} columns: not drawn)\n"))?,
        }
    }
    output.finish()
}
