//! Sequences that stand in the words themselves: FASTA, FASTQ, or bare sequences.

use super::Scene;

/// A bare sequence has at least so many letters, all of them capitals.
const BARE: usize = 15;

/// What was pasted, and the words around it.
#[derive(Debug, PartialEq)]
pub(super) struct Pasted {
    /// The words, with the file's name in place of the sequences.
    pub said: String,
    /// The content of the file.
    pub text: String,
    /// A name that no file here has.
    pub name: String,
}

/// Finds pasted sequences.
pub(super) fn find(said: &str, scene: &Scene) -> Option<Pasted> {
    let (mut words, mut text, mut ending) = (String::new(), String::new(), "fasta");
    let mut rest: Vec<&str> = said.lines().rev().map(str::trim_end).collect();
    // Right behind a header small letters are residues too; later they may be words again.
    let first = |line: &str| is_sequence(line) || (!line.is_empty() && line.chars().all(|c| c.is_ascii_lowercase()));
    let (mut within, mut header) = (false, false);
    while let Some(line) = rest.pop() {
        // The lines that come next stand at the end.
        let next = |n: usize| rest.len().checked_sub(n).and_then(|at| rest.get(at)).copied().unwrap_or_default();
        if line.starts_with('@') && next(2).starts_with('+') {
            ending = "fastq";
            text.extend([line, "\n", next(1), "\n", next(2), "\n", next(3), "\n"]);
            rest.truncate(rest.len().saturating_sub(3));
            continue;
        }
        within = (line.starts_with('>') && first(next(1))) || (within && (is_sequence(line) || header));
        header = line.starts_with('>');
        let place = if within { &mut text } else { &mut words };
        place.extend([line, "\n"]);
    }
    if text.is_empty() {
        let is_bare = |word: &str| word.len() >= BARE && word.chars().all(|c| c.is_ascii_uppercase());
        let (bare, others): (Vec<&str>, Vec<&str>) = said.split(' ').partition(|word| is_bare(word.trim()));
        words = others.join(" ");
        text = (1..).zip(bare).map(|(n, sequence)| format!(">pasted_{n}\n{}\n", sequence.trim())).collect();
    }
    let taken = |name: &String| scene.files.iter().any(|file| file.path == *name);
    let names = (1..).map(|n| if n == 1 { format!("pasted.{ending}") } else { format!("pasted-{n}.{ending}") });
    let name = names.into_iter().find(|name| !taken(name)).filter(|_| !text.is_empty())?;
    Some(Pasted { said: format!("{} {name}", words.trim_end()), text, name })
}

/// Residues, with gaps and stops: capitals, or small letters that are no word, so that "thanks" is no peptide.
fn is_sequence(line: &str) -> bool {
    let written = |letter: fn(char) -> bool| line.chars().all(|c| letter(c) || matches!(c, '-' | '*' | '.'));
    let small = line.len() >= BARE && written(|c| c.is_ascii_lowercase());
    !line.is_empty() && (small || written(|c| c.is_ascii_uppercase()) || written(|c| "acgtun".contains(c)))
}
