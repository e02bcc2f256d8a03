//! `.env` in the working directory, as one layer. It never sets the process's environment.

use std::{
    fs::Metadata,
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use super::{
    MAX_BYTES,
    error::ConfigError,
    key::Key,
    layer::{Layer, Value},
    plain_file,
    source::Source,
    trust::FolderWord,
};
use domain::path_text::for_shell;

/// What `.env` holds, and what is doubtful about it.
#[derive(Debug, Default)]
pub struct DotEnv {
    /// The values.
    pub layer: Layer,
    /// Sentences for the person.
    pub warnings: Vec<String>,
    /// The file, and all that is in it; `None` where there is none.
    pub file: Option<(PathBuf, String)>,
}

/// Reads `.env` in `folder`; a folder without one gives an empty layer.
///
/// # Errors
/// When it cannot be read, belongs to another user, or holds a line that is no setting.
pub fn read(folder: &Path) -> Result<DotEnv, ConfigError> {
    let path = folder.join(".env");
    let failed = |source| ConfigError::Read { path: path.clone(), source };
    let file = match plain_file::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(DotEnv::default()),
        Err(error) => return Err(failed(error)),
    };
    let meta = file.metadata().map_err(failed)?;
    // In a shared folder such as /tmp another user's .env would otherwise choose who is paid.
    plain_file::is_kept(&path, &meta)?;
    let text = plain_file::text_of(file, MAX_BYTES).map_err(failed)?;
    let mut found = parse(&path, &text)?;
    found.warnings.extend(exposed(&path, &meta, &found.layer));
    found.file = Some((path, text));
    Ok(found)
}

/// A warning when a file with secrets is open to others.
pub(super) fn exposed(path: &Path, meta: &Metadata, layer: &Layer) -> Option<String> {
    let secrets = layer.keys().filter(|k| k.spec().secret).map(|k| k.name()).collect::<Vec<_>>();
    let open = meta.mode() & 0o077;
    (open != 0 && !secrets.is_empty()).then(|| {
        let (shown, typed) = (path.display(), for_shell(path));
        format!("{shown} holds {} and other users may read it; close it: chmod 600 {typed}", secrets.join(", "))
    })
}

/// The settings in the text of a `.env`.
fn parse(path: &Path, text: &str) -> Result<DotEnv, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut found = DotEnv::default();
    for item in dotenvy::from_read_iter(text.as_bytes()) {
        let (name, value) = item.map_err(|error| match error {
            dotenvy::Error::LineParse(line, _) => {
                ConfigError::DotEnv { path: path.to_owned(), line: line_number(text, &line) }
            }
            other => ConfigError::Read { path: path.to_owned(), source: io::Error::other(other.to_string()) },
        })?;
        match Key::from_name(&name) {
            Some(key) if key.folder_word() == FolderWord::Never && !value.trim().is_empty() => {
                return Err(ConfigError::OfFolder { key, path: path.to_owned() });
            }
            Some(key) if !value.trim().is_empty() => {
                let source = Source::DotEnv(path.to_owned());
                found.layer.insert(key, Value::new(value.trim(), source));
            }
            Some(_) => {}
            // Other programs' settings live in the same file; only what looks like one of ours is worth a word.
            None if ["AIOZ_", "NEO_", "GAS_", "AGENT_"].iter().any(|p| name.starts_with(p)) => {
                let meant = Key::nearest(&name).map(|k| format!("; did you mean {}?", k.name())).unwrap_or_default();
                found.warnings.push(format!("{}: {name} is not a setting{meant}", path.display()));
            }
            None => {}
        }
    }
    Ok(found)
}

/// The number of the line that the parser gave up on; a value in open quotes spans several, and the first is named.
fn line_number(text: &str, wrong: &str) -> usize {
    let first = wrong.lines().next().unwrap_or_default().trim_end();
    text.lines().position(|line| line.trim_end() == first).map_or(1, |i| i + 1)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn of(text: &str) -> DotEnv {
        parse(Path::new(".env"), text).unwrap()
    }

    #[test]
    fn quotes_comments_and_export_are_understood() {
        let found = of("\u{feff}# mine\nexport AIOZ_BUCKET='a b'\nNEO_NETWORK=testnet # t5\nAIOZ_ACCESS_KEY=\nFOO=1\n");
        assert_eq!(found.layer[&Key::Bucket].text(), "a b");
        assert_eq!(found.layer[&Key::NeoNetwork].text(), "testnet");
        assert_eq!(found.layer.len(), 2);
        assert!(found.warnings.is_empty());
    }

    #[test]
    fn a_slip_is_a_warning_and_a_broken_line_is_named_without_its_text() {
        assert_eq!(of("AIOZ_BUKET=x").warnings, [".env: AIOZ_BUKET is not a setting; did you mean AIOZ_BUCKET?"]);
        let error = parse(Path::new(".env"), "A=1\n\nNEO_PRIVATE_KEY KxSecret\n").unwrap_err();
        assert_eq!(error.to_string(), ".env line 3 is not a setting");
        let open = parse(Path::new(".env"), "A=1\nB='open\nC=2\n").unwrap_err();
        assert_eq!(open.to_string(), ".env line 2 is not a setting");
    }

    #[test]
    fn secrets_open_to_others_are_a_warning() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".env");
        std::fs::write(&path, "AIOZ_SECRET_KEY=abc\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let warnings = read(dir.path()).unwrap().warnings;
        assert!(warnings[0].contains("AIOZ_SECRET_KEY") && warnings[0].contains("chmod 600"), "{warnings:?}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(read(dir.path()).unwrap().warnings.is_empty());
        assert!(read(&dir.path().join("none")).unwrap().layer.is_empty());
    }
}
