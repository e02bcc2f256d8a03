//! Paths in what is written down and told: as text, whatever their bytes are.
//!
//! Linux allows names that are no text. No dataset of such a name is worked on (`policy::data`), and a plan that says so has
//! to name it: what is no text in it is shown as `U+FFFD`, and writing it down never fails.

use std::path::{Path, PathBuf};

use serde::{Serialize as _, Serializer};

/// What stands for bytes that are no text.
const REPLACED: char = char::REPLACEMENT_CHARACTER;

/// Writes a path: for `#[serde(serialize_with)]` on every path that is serialised.
///
/// # Errors
/// Those of what is written to.
pub fn serialize<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    path.to_string_lossy().serialize(to)
}

/// The same, for a path that may be missing.
///
/// # Errors
/// Those of what is written to.
pub fn serialize_some<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
    path.as_ref().map(|path| path.to_string_lossy()).serialize(to)
}

/// The same, for several.
///
/// # Errors
/// Those of what is written to.
pub fn serialize_all<S: Serializer>(paths: &[PathBuf], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(paths.iter().map(|path| path.to_string_lossy()))
}

/// Whether a path can be written down and read back.
pub fn is_text(path: &Path) -> bool {
    path.to_str().is_some()
}

/// Whether a path that is not there may be one of those that were written down as well as they could be.
pub fn was_no_text(path: &Path) -> bool {
    path.to_string_lossy().contains(REPLACED)
}

/// A path as a shell reads it back, for a command that is shown to be typed.
pub fn for_shell(path: &Path) -> String {
    let text = path.to_string_lossy();
    // Only a NUL cannot be quoted, and no path has one.
    shlex::try_quote(&text).map(Into::into).unwrap_or_else(|_| text.clone().into_owned())
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt as _};

    use super::*;
    use crate::{
        dataset::DatasetSource,
        plan::{Content, Leaving},
        request::{Input, Work},
    };

    #[test]
    fn every_path_is_written_down_whatever_its_bytes_are() {
        let odd = PathBuf::from(OsString::from_vec(b"d/\xff\xfe.fasta".to_vec()));
        let said = "d/\u{fffd}\u{fffd}.fasta";
        let content = Content { path: odd.clone(), bytes: 1, modified_ns: 1, sha256: None };
        let source = DatasetSource::file(odd.clone(), odd.clone());
        let leaving = Leaving { file: odd.clone(), bytes: 1, to: String::new() };
        let input = Input { path: Some(odd.clone()), ..Input::named("dataset", odd.clone()) };
        let value = |of: Result<serde_json::Value, serde_json::Error>| of.unwrap();
        assert_eq!(value(serde_json::to_value(content))["path"], said);
        assert_eq!(value(serde_json::to_value(source))["root"], said);
        assert_eq!(value(serde_json::to_value(leaving))["file"], said);
        assert_eq!(value(serde_json::to_value(input))["path"], said);
        assert_eq!(value(serde_json::to_value(Work::new("t", &odd, Default::default())))["inputs"][0]["named"], said);
        assert!(!is_text(&odd) && is_text(Path::new("a b.fasta")) && was_no_text(Path::new(said)));
    }

    #[test]
    fn a_shell_reads_back_what_is_shown() {
        for path in ["plan.toml", "my plan's.toml", "a$b `c` \"d\".toml", "-x", "\u{e9}.toml"] {
            assert_eq!(shlex::split(&for_shell(Path::new(path))).unwrap(), [path]);
        }
        assert_eq!(for_shell(Path::new("/a/plan.toml")), "/a/plan.toml");
    }

    /// Each serialised type with a path says how the path is written.
    #[test]
    fn no_path_is_left_to_fail() {
        let all = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let sources = ["src", "crates"].into_iter().flat_map(|folder| walkdir(&all.join(folder)));
        let mut plain = Vec::new();
        for file in sources {
            let text = std::fs::read_to_string(&file).unwrap();
            let (mut written, mut how) = (false, false);
            for line in text.lines().map(str::trim) {
                match line {
                    _ if line.starts_with("#[derive(") => written = line.contains("Serialize"),
                    "}" => written = false,
                    _ if line.starts_with("#[serde(") => how = line.contains("path_text::"),
                    _ if line.starts_with("pub") && line.contains("PathBuf") && written && !how => {
                        plain.push(format!("{}: {line}", file.display()));
                    }
                    _ if line.starts_with("//") => {}
                    _ => how = false,
                }
            }
        }
        assert!(plain.is_empty(), "{plain:#?}");
    }

    fn walkdir(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let all = entries.flat_map(|path| if path.is_dir() { walkdir(&path) } else { vec![path] });
        all.filter(|path| path.extension().is_some_and(|ending| ending == "rs")).collect()
    }
}
