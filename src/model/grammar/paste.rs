//! Sequences that stand in the words themselves: FASTA, FASTQ, or one bare sequence.

use super::Scene;

/// A bare sequence has at least so many letters, all of them capitals.
const BARE: usize = 15;

/// What was pasted, and the words around it.
#[derive(Debug, PartialEq)]
pub(super) struct Pasted {
    /// The words, without the sequences and with the file's name instead.
    pub said: String,
    /// The content of the file.
    pub text: String,
    /// A name that no file here has.
    pub name: String,
}

/// Finds pasted sequences.
pub(super) fn find(said: &str, scene: &Scene) -> Option<Pasted> {
    let lines: Vec<&str> = said.lines().map(str::trim_end).collect();
    let fasta = lines
        .iter()
        .enumerate()
        .any(|(at, line)| line.starts_with('>') && lines.get(at + 1).is_some_and(|l| is_sequence(l)));
    let fastq = lines
        .iter()
        .enumerate()
        .any(|(at, line)| line.starts_with('@') && lines.get(at + 2).is_some_and(|l| l.starts_with('+')));
    let (mut words, mut text, mut ending) = (Vec::new(), String::new(), "fasta");
    if fastq {
        ending = "fastq";
        let mut rest = lines.as_slice();
        while let Some((line, after)) = rest.split_first() {
            let record = rest.get(..4).filter(|r| {
                r.first().is_some_and(|l| l.starts_with('@')) && r.get(2).is_some_and(|l| l.starts_with('+'))
            });
            rest = record.and_then(|_| rest.get(4..)).unwrap_or(after);
            match record {
                Some(record) => text.extend(record.iter().flat_map(|line| [*line, "\n"])),
                None => words.push(*line),
            }
        }
    } else if fasta {
        let mut within = false;
        for line in &lines {
            within = line.starts_with('>') || (within && is_sequence(line));
            if within { text.extend([*line, "\n"]) } else { words.push(*line) }
        }
    } else {
        let capitals = |word: &&str| word.chars().all(|c| c.is_ascii_uppercase());
        let bare = said.split_whitespace().find(|word| word.len() >= BARE && capitals(word))?;
        let before = said.split(bare).next().unwrap_or_default();
        let after = said.get(before.len() + bare.len()..).unwrap_or_default();
        words.extend([before, after]);
        text = format!(">pasted\n{bare}\n");
    }
    let taken = |name: &String| scene.files.iter().any(|file| file.path == *name);
    let names = std::iter::once(format!("pasted.{ending}")).chain((2..).map(|n| format!("pasted-{n}.{ending}")));
    let name = names.into_iter().find(|name| !taken(name))?;
    Some(Pasted { said: format!("{} {name}", words.join("\n")), text, name })
}

/// Residues, with gaps and stops: capitals, or the small letters of nucleotides, so that "thanks" is no peptide.
fn is_sequence(line: &str) -> bool {
    let written = |letter: fn(char) -> bool| line.chars().all(|c| letter(c) || matches!(c, '-' | '*' | '.'));
    !line.is_empty() && (written(|c| c.is_ascii_uppercase()) || written(|c| "acgtun".contains(c)))
}
