//! The files that a sentence names: as they are called, by a slip, by their kind, by their place, or as all there are.

use std::path::Path;

use super::{
    Scene,
    cues::{Cue::*, Mark},
    sentence::Sentence,
    tokens::Kind,
};
use domain::{dataset::Format, task::TaskType};

/// How names end, by what such files hold.
const ENDINGS: &[(Format, &str, &[&str])] = &[
    (Format::Fasta, "fasta", &["fasta", "fa", "fna", "faa", "ffn", "frn", "fas", "mfa"]),
    (Format::Fastq, "fastq", &["fastq", "fq"]),
    (Format::Hmm, "profile", &["hmm"]),
    (Format::Text, "text", &["txt", "md", "rst", "text", "log", "csv", "tsv"]),
];
/// Slips are looked for in so many names, from the first on.
const SLIPS: usize = 32;

/// A file, and the piece of the sentence that names it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct File {
    pub at: usize,
    pub path: String,
    /// What was taken for what, where it was not named to the letter.
    pub guess: Option<String>,
}

/// What a file holds, by its name; nothing where the name does not tell.
pub fn kind(path: &str) -> Option<Format> {
    let lower = path.to_lowercase();
    let plain = ["gz", "zst", "bz2", "xz"].iter().find_map(|end| lower.strip_suffix(end)?.strip_suffix('.'));
    let (_, ending) = plain.unwrap_or(&lower).rsplit_once('.')?;
    ENDINGS.iter().find(|(.., all)| all.contains(&ending)).map(|(format, ..)| *format)
}

/// Whether a task may take a file, as far as its name tells.
pub(super) fn fits(task: &TaskType, path: &str) -> bool {
    kind(path).is_none_or(|kind| task.formats.contains(&kind))
}

/// Every file that is named, in order. A folder stands for what is seen in it, of the kind that is spoken of.
pub(super) fn named(s: &Sentence, scene: &Scene) -> Vec<File> {
    let mut out: Vec<File> = Vec::new();
    let mut slips = SLIPS;
    for (at, token) in s.tokens.iter().enumerate() {
        let path = token.text.trim_start_matches("./");
        let folder = path.trim_end_matches('/');
        let known = scene.files.iter().any(|file| file.path == path);
        let exact = File { at, path: token.text.clone(), guess: None };
        match token.kind {
            Kind::Name | Kind::Word if scene.folders.iter().any(|seen| seen == folder) && !is_spoken(s, at) => {
                out.extend(inside(s, scene, at, folder));
            }
            Kind::Word if known && !is_spoken(s, at) => out.push(exact),
            // A file that is not there yet, and that something is to be saved in, is no dataset.
            Kind::Name if !known && s.all(Save).any(|save| save.at < at) => {}
            Kind::Name if !known && !path.contains('*') && slips > 0 => {
                slips -= 1;
                let taken = |near: String| File { at, guess: Some(format!("took {near} for {path}")), path: near };
                out.push(near(path, scene).map_or(exact, taken));
            }
            Kind::Name => out.push(exact),
            _ => {}
        }
    }
    if out.is_empty() { by_stem(s, scene) } else { out }
}

/// Whether a word has a meaning of its own.
fn is_spoken(s: &Sentence, at: usize) -> bool {
    let in_mention = s.mentions.iter().any(|mention| mention.words.contains(&at));
    *s.kind(at) == Kind::Word && (in_mention || s.covering(at).any(|mark| !matches!(mark.cue, Means | Order)))
}

/// The kind of files that a sentence speaks of.
fn spoken_kind(s: &Sentence) -> Option<Format> {
    let said = s.all(Of).next()?;
    ENDINGS.iter().find(|(_, name, _)| *name == said.value).map(|(format, ..)| *format)
}

/// What is seen in a folder; the folder itself where nothing is.
fn inside(s: &Sentence, scene: &Scene, at: usize, folder: &str) -> Vec<File> {
    let suits = |path: &str| match spoken_kind(s) {
        Some(format) => kind(path) == Some(format),
        None => s.mentions.iter().all(|mention| fits(mention.task, path)),
    };
    let beneath = |path: &&str| Path::new(path).parent() == Some(Path::new(folder)) && suits(path);
    let found = scene.files.iter().map(|file| file.path.as_str()).filter(beneath);
    let found: Vec<File> = found.map(|path| File { at, path: path.to_owned(), guess: None }).collect();
    if found.is_empty() { vec![File { at, path: format!("{folder}/"), guess: None }] } else { found }
}

fn base(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_lowercase()
}

fn stem(path: &str) -> String {
    base(path).split('.').next().unwrap_or_default().to_owned()
}

/// The only file that a name which is none may mean: in another folder, in capitals, with another ending of the same kind,
/// or with a slip in one of its parts. Numbers and short parts tell files apart, and are no slips.
fn near(said: &str, scene: &Scene) -> Option<String> {
    let same = |path: &str| base(path) == base(said);
    let ending = |path: &str| stem(path) == stem(said) && kind(path).is_some() && kind(path) == kind(said);
    let slip = |path: &str| {
        let parts = |path: &str| base(path).split(['.', '_', '-', ' ']).map(str::to_owned).collect::<Vec<_>>();
        let (one, two) = (parts(path), parts(said));
        let other: Vec<_> = one.iter().zip(&two).filter(|(a, b)| a != b).collect();
        one.len() == two.len() && matches!(other.as_slice(), [(a, b)] if is_slip(a, b))
    };
    let beside = |path: &str| !said.contains('/') || Path::new(path).parent() == Path::new(said).parent();
    let tests: [&dyn Fn(&str) -> bool; 3] = [&same, &ending, &slip];
    tests.iter().find_map(|test| {
        let mut found = scene.files.iter().filter(|file| beside(&file.path) && test(&file.path));
        found.next().filter(|_| found.next().is_none()).map(|file| file.path.clone())
    })
}

fn is_slip(one: &str, two: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let short = one.chars().count().min(two.chars().count());
    let most = if short >= 8 { 2 } else { 1 };
    (4..60).contains(&short) && digits(one) == digits(two) && strsim::osa_distance(one, two) <= most
}

/// A file that is called by its name without the ending: "fold query".
fn by_stem(s: &Sentence, scene: &Scene) -> Vec<File> {
    let only = |(at, word): (usize, &str)| {
        let mut found = scene.files.iter().filter(|file| stem(&file.path) == word);
        let file = found.next().filter(|_| found.next().is_none())?;
        Some(File { at, path: file.path.clone(), guess: Some(format!("took {} for {word}", file.path)) })
    };
    let strange = |(at, _): &(usize, &str)| *s.kind(*at) == Kind::Word && !is_spoken(s, *at) && !s.is(*at, Means);
    let words = s.tokens.iter().enumerate().map(|(at, token)| (at, token.text.as_str())).filter(strange);
    words.take(SLIPS).filter_map(only).collect()
}

/// The files that are left out of "all but b.fasta"; "all but fold b.fasta" leaves out something else.
pub(super) fn excluded(s: &Sentence) -> Vec<String> {
    let is_file = |at: usize| s.files.iter().any(|file| file.at == at);
    let next_to = |mark: &Mark| is_file(mark.end);
    let before = |mark: &Mark| (mark.end..s.tokens.len()).find(|at| s.is_named(*at)).is_some_and(is_file);
    let but = s.all(Except).filter(before).chain(s.all(But).filter(next_to)).map(|mark| mark.at).min();
    let but = but.filter(|_| s.has_any(&[All, Rest, Both])).unwrap_or(usize::MAX);
    s.files.iter().filter(|file| but < file.at).map(|file| file.path.clone()).collect()
}

/// The files that "all", "both", "the rest" or "the second one" mean, of those that fit; nothing where no such word stands.
/// `done` are those that were spoken of before.
pub(super) fn group(s: &Sentence, scene: &Scene, fit: &dyn Fn(&str) -> bool, done: &[String]) -> Option<Vec<String>> {
    let fitting =
        candidates(scene, &|path| fit(path) && spoken_kind(s).is_none_or(|format| kind(path) == Some(format)));
    let place = s.all(Nth).next().and_then(|mark| mark.value.parse::<usize>().ok());
    match place {
        Some(0) => Some(fitting.into_iter().last().into_iter().collect()),
        Some(place) => Some(fitting.into_iter().skip(place - 1).take(1).collect()),
        None if s.has(Rest) => Some(fitting.into_iter().filter(|path| !done.contains(path)).collect()),
        None if s.has(Both) && done.len() == 2 => Some(done.to_vec()),
        None if s.has(Both) => Some(if fitting.len() == 2 { fitting } else { Vec::new() }),
        None => s.has(All).then_some(fitting),
    }
}

/// The files in the working folder that fit; those one folder below only where there are none.
pub(super) fn candidates(scene: &Scene, fit: &dyn Fn(&str) -> bool) -> Vec<String> {
    let all = scene.files.iter().map(|file| &file.path).filter(|path| kind(path).is_some() && fit(path));
    let (here, below): (Vec<String>, Vec<String>) = all.cloned().partition(|path| !path.contains('/'));
    if here.is_empty() { below } else { here }
}
