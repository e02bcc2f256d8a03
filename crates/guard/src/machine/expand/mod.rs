//! What a person named, expanded into files: plain paths, `~`, patterns such as `samples/*.fastq`, and folders.
//!
//! Expanding only lists. Whether a file may be opened is for the data rules to say, for each file and when it is opened;
//! patterns never go through a folder that is a link, and say how many they passed by.

mod error;
mod folder;
mod near;
mod order;
mod pair;
mod pattern;

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

pub use error::ExpandError;
pub use order::natural;
pub use pair::{NoPairs, Together, pairs};

use domain::{
    request::MOST_WORK,
    task::TaskType,
    units::{clean, count},
};

/// No more files are counted than this: a pattern over a whole disk is told to be too wide and is not walked to its end.
const MOST_COUNTED: usize = 100_000;

/// Characters of a name that are shown.
const SHOWN: usize = 120;

/// Where names are taken from, and what for.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Relative paths are taken from here: the working directory.
    pub folder: &'a Path,
    /// What `~` stands for.
    pub home: Option<&'a Path>,
    /// The task that the files are for, where that is known: a folder then means those that it takes.
    pub task: Option<&'a TaskType>,
}

/// One file of an expansion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// As the person would name it: what they typed, with names in the place of patterns.
    pub named: PathBuf,
    /// The whole path, without `.`; a `..` is left for the data rules to judge.
    pub path: PathBuf,
}

/// What a name turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// One path.
    Plain,
    /// A pattern.
    Pattern,
    /// A folder.
    Folder,
}

/// Files of a folder that are not taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Others {
    /// How many.
    pub count: usize,
    /// The first few of their names, safe to show; none of what only secrets are called like.
    pub names: Vec<String>,
}

impl Others {
    /// `notes.md, plot.png and 3 more`, or how many they are.
    fn said(&self) -> String {
        let rest = self.count.saturating_sub(self.names.len());
        match (self.names.is_empty(), rest) {
            (true, rest) => count(rest as u64),
            (false, 0) => self.names.join(", "),
            (false, rest) => format!("{} and {} more", self.names.join(", "), count(rest as u64)),
        }
    }
}

/// One name with the files that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expanded {
    /// As it was typed.
    pub named: PathBuf,
    /// What it is.
    pub kind: NameKind,
    /// Its files in natural order, without those that an earlier name stands for already.
    pub files: Vec<NamedFile>,
    /// Files of a folder that are something else than what the task takes.
    pub others: Others,
    /// Links to folders that a pattern did not go through.
    pub links: usize,
}

impl Expanded {
    /// In words: `4 files of samples/*.fastq`, or the path alone.
    pub fn said(&self) -> String {
        let named = shown(&self.named);
        if self.kind == NameKind::Plain {
            return named;
        }
        let plural =
            |n: usize, one: &str, many: &str| format!("{} {}", count(n as u64), if n == 1 { one } else { many });
        let mut said = format!("{} of {named}", plural(self.files.len(), "file", "files"));
        let mut beside = Vec::new();
        if self.others.count > 0 {
            beside.push(format!("left out as something else: {}", self.others.said()));
        }
        if self.links > 0 {
            beside.push(plural(self.links, "link to a folder was not followed", "links to folders were not followed"));
        }
        if !beside.is_empty() {
            said += &format!(" ({})", beside.join("; "));
        }
        said
    }
}

/// The files that `names` stand for, name by name as they were given; a name whose files all came before is left out.
///
/// A path that exists is taken as it is, whatever is in its name. Else a name with `*`, `?` or `[...]` is a pattern, in
/// which `**` stands for folders at any depth. Hidden files are matched only by patterns that name the dot. A folder
/// stands for its data files: no hidden ones, no sub-folders, and only what the task takes where one is given, by content.
///
/// # Errors
/// A name that nothing matches, more files than a request holds, or a folder that cannot be read.
pub fn expand<N: AsRef<Path>>(names: &[N], at: Surroundings<'_>) -> Result<Vec<Expanded>, ExpandError> {
    let mut seen = HashSet::new();
    let mut all = Vec::new();
    let mut total = 0;
    let most = most_files(at.task);
    for name in names {
        let mut expanded = one(name.as_ref(), at)?;
        expanded.files.retain(|file| seen.insert(identity(&file.path)));
        total += expanded.files.len();
        if total > most {
            let counted_all = expanded.files.len() < MOST_COUNTED;
            return Err(ExpandError::TooMany { named: expanded.named, found: total, counted_all, most });
        }
        if !expanded.files.is_empty() {
            all.push(expanded);
        }
    }
    Ok(all)
}

/// So many files are within a request: more than pieces of work where several may be one piece.
pub fn most_files(task: Option<&TaskType>) -> usize {
    if task.is_some_and(|task| task.mate().is_some() || task.rest().is_some()) { 2 * MOST_WORK } else { MOST_WORK }
}

fn one(named: &Path, at: Surroundings<'_>) -> Result<Expanded, ExpandError> {
    let (base, rest) = match (named.strip_prefix("~"), at.home) {
        (Err(_), _) => (at.folder, named),
        (Ok(rest), Some(home)) => (home, rest),
        (Ok(_), None) => return Err(ExpandError::NoHome { named: named.to_owned() }),
    };
    let path = absolute(&base.join(rest));
    let expanded = |kind, files| Expanded { named: named.to_owned(), kind, files, others: Others::default(), links: 0 };
    let there = !named.as_os_str().is_empty() && fs::symlink_metadata(&path).is_ok();
    // Where a folder is what the task works on, it is opened, or refused, by the rules.
    let as_it_is = at.task.is_some_and(TaskType::works_on_a_folder);
    if there && path.is_dir() && !as_it_is {
        let folder::Found { files, others } = folder::data_files(&path, at.task)?;
        if files.is_empty() {
            let folder = named.to_owned();
            return Err(ExpandError::EmptyFolder { folder, takes: takes(at.task), others });
        }
        let file = |name| NamedFile { named: named.join(&name), path: path.join(&name) };
        let files = files.into_iter().map(file).collect();
        return Ok(Expanded { others, ..expanded(NameKind::Folder, files) });
    }
    if there {
        return Ok(expanded(NameKind::Plain, vec![NamedFile { named: named.to_owned(), path }]));
    }
    let Some(parts) = pattern::parts(rest) else { return Err(near::no_such(named, &path)) };
    let pattern::Found { files, folders, links } = pattern::matches(base, &parts);
    if files.is_empty() {
        return Err(near::no_match(named, &path, folders, links));
    }
    // Beneath the home folder files keep the `~` that was typed.
    let before = if rest == named { Path::new("") } else { Path::new("~") };
    let file = |matched: PathBuf| NamedFile { named: before.join(&matched), path: absolute(&base.join(matched)) };
    let mut files: Vec<NamedFile> = files.into_iter().map(file).collect();
    files.sort_by(|a, b| natural(&a.named, &b.named));
    Ok(Expanded { links, ..expanded(NameKind::Pattern, files) })
}

/// Without `.` and doubled slashes; `..` stays, as what it means depends on links.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// By what two names are the same file: links to files are files of their own, folders are taken by where they are.
pub fn identity(path: &Path) -> PathBuf {
    let real = path.parent().and_then(|folder| folder.canonicalize().ok());
    match (real, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// What a task takes, in words.
fn takes(task: Option<&TaskType>) -> Option<String> {
    let names = |task: &TaskType| task.formats.iter().map(|&f| super::catalogue::format_name(f)).collect::<Vec<_>>();
    task.map(|task| format!("{} takes ({})", task.name, names(task).join(" or ")))
}

/// A path safe to show.
fn shown(path: &Path) -> String {
    clean(&path.to_string_lossy(), SHOWN)
}

#[cfg(test)]
mod tests;
