//! What a text names beside the catalogue and the folder: files by any name, tasks that nobody has; and what of it is
//! only courtesy.

use crate::{
    domain::{dataset::Format, task::TaskType},
    model::words,
};

/// A letter without its salutation and its close, which ask for nothing: "Dear assistant", "Best wishes, Ada".
pub(super) fn body(text: &str) -> &str {
    const OPENS: [&str; 4] = ["dear", "hi", "hello", "hey"];
    const CLOSES: [&str; 8] =
        ["best", "best wishes", "best regards", "kind regards", "regards", "cheers", "yours", "sincerely"];
    let few = |part: &str| part.split_whitespace().count() <= 4;
    let plain = |line: &str| words::plain(line).trim().to_owned();
    let mut body = text.trim();
    if let Some((first, rest)) = body.split_once('\n')
        && OPENS.contains(&plain(first).split(' ').next().unwrap_or_default())
        && few(first)
    {
        body = rest.trim();
    }
    let close = body.match_indices('\n').find(|(at, _)| {
        let rest = body.get(*at..).unwrap_or_default().trim();
        CLOSES.contains(&plain(rest.lines().next().unwrap_or_default()).as_str()) && few(rest)
    });
    close.and_then(|(at, _)| body.get(..at)).unwrap_or(body).trim()
}

/// What is named like a file where no dataset is: `secret.env`. The guard says what of it may be read.
pub(super) fn named_otherwise(text: &str, tasks: &[TaskType]) -> Vec<String> {
    let ours = |word: &String| {
        tasks.iter().any(|task| {
            task.name == *word || task.asked_as.contains(word) || task.parameters.keys().any(|name| name == word)
        })
    };
    words::path_like(text).into_iter().filter(|word| !ours(word)).collect()
}

/// Whether a place is named that is no file: `..`.
pub(super) fn names_no_file(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        matches!(word.trim_matches(['"', '\'', '`', '?', '!']), ".." | "." | "/" | "~" | "*" | "./" | "../")
    })
}

/// Whether a file's name fits what a task works on.
pub(super) fn fits(task: &TaskType, file: &str) -> bool {
    task.formats.iter().any(|format| is_of(*format, file))
}

/// Whether a file's name says that it is of a format.
pub(super) fn is_of(format: Format, file: &str) -> bool {
    const FASTA: [&str; 7] = ["fasta", "fa", "fna", "faa", "ffn", "frn", "fas"];
    let lower = file.to_ascii_lowercase();
    let name = lower.strip_suffix(".gz").unwrap_or(&lower);
    let end = name.rsplit('.').next().unwrap_or_default();
    match format {
        Format::Fasta => FASTA.contains(&end),
        Format::Fastq => ["fastq", "fq"].contains(&end),
        Format::Text => ["txt", "text", "md", "rst", "log"].contains(&end),
        Format::Binary => false,
    }
}

/// What a person calls a task that the catalogue does not have: `run molecular docking on x.fasta`.
pub(super) fn task_called(text: &str) -> Option<String> {
    const VERBS: [&str; 7] = ["run", "do", "perform", "compute", "calculate", "start", "make"];
    let plain = words::plain(text);
    let words: Vec<&str> = plain.split_whitespace().collect();
    let verb = words.iter().position(|w| VERBS.contains(w))?;
    let end = words.iter().skip(verb).position(|w| ["on", "of", "for", "with", "over"].contains(w))? + verb;
    let name: Vec<&str> = words
        .get(verb + 1..end)?
        .iter()
        .filter(|w| !["a", "an", "the", "some", "me", "please", "it", "that", "same"].contains(w))
        .copied()
        .collect();
    (!name.is_empty() && name.len() <= 4).then(|| name.join("_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn courtesy_is_taken_off_and_nothing_else() {
        for (text, expected) in [
            ("Dear assistant,\n\nplease fold a.fa.\n\nBest wishes,\nAda", "please fold a.fa."),
            ("Dear assistant, fold a.fa", "Dear assistant, fold a.fa"),
            ("Hi,\nfold a.fa\nBest, but do not pay", "fold a.fa\nBest, but do not pay"),
            ("fold a.fa\nRegards\nAda\nPS: do not pay for it", "fold a.fa\nRegards\nAda\nPS: do not pay for it"),
            ("fold a.fa", "fold a.fa"),
        ] {
            assert_eq!(body(text), expected, "{text}");
        }
    }
}
