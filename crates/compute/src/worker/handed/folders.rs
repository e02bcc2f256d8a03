//! Inputs that are folders, as programs find them: files that are files, and no links, as not every program follows those.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use super::{INPUTS, Placed, Taken, inputs, named_by};
use crate::worker::{failure_of, spec::Failure};
use domain::{hash::Sha256, result::ResultInput};

/// What stands for a folder in a result: the checksum is that of lines as `sha256sum` writes them, one for each file by its place
/// in the folder, in order.
pub(super) fn result(files: &[&Taken<'_>]) -> ResultInput {
    let mut listed: Vec<(&str, Sha256)> =
        files.iter().filter_map(|file| Some((file.within?, file.read.sha256))).collect();
    listed.sort_unstable();
    let lines: String = listed.iter().map(|(place, sha256)| format!("{sha256}  {place}\n")).collect();
    let bytes = files.iter().fold(0, |sum: u64, file| sum.saturating_add(file.read.bytes));
    let (name, path) = files.first().map_or_else(Default::default, |file| (file.input.to_owned(), folder_of(file)));
    ResultInput { name, path, bytes, sha256: Sha256::of(lines.as_bytes()) }
}

/// The folder as the person named it.
fn folder_of(file: &Taken<'_>) -> String {
    let within = file.within.unwrap_or_default();
    file.shown.strip_suffix(within).map_or(file.shown, |folder| folder.trim_end_matches('/')).to_owned()
}

impl Placed<'_> {
    /// The path of a folder with these files. Each is bound where programs find it, read-only; where that cannot be, or one of them
    /// has to be unpacked, all of them are written to scratch.
    pub(super) fn folder(&mut self, files: &[&Taken<'_>], bound: &mut [String]) -> Result<String, Failure> {
        let named = files.first().map(|file| folder_of(file)).unwrap_or_default();
        let root = self.own_name(inputs::plain(&named), files.first().map_or(0, |file| file.place));
        for (file, within) in files.iter().filter_map(|file| Some((file, file.within?))) {
            bound.iter_mut().skip(file.place).take(1).for_each(|slot| *slot = format!("{root}/{within}"));
        }
        if self.handed.binds() && !files.iter().any(|file| file.is_unpacked(&self.spec.task)) {
            return Ok(self.handed.lies(0, &root).display().to_string());
        }
        let top = self.folder.join(&root);
        let unwritten = |e: io::Error| failure_of(&e, "the files of a folder could not be written");
        for (file, within) in files.iter().filter_map(|file| Some((file, file.within?))) {
            let path = top.join(within);
            fs::create_dir_all(path.parent().unwrap_or(&top)).map_err(unwritten)?;
            if file.is_unpacked(&self.spec.task) {
                self.unpacked(file.place, &bare(&path))?;
                continue;
            }
            if file.read.bytes > self.room {
                return Err(Failure::TooMuchOutput { limit: self.spec.output_limit });
            }
            let mut from = inputs::open(file.place).map_err(unwritten)?;
            let written = io::copy(&mut from, &mut File::create_new(&path).map_err(unwritten)?).map_err(unwritten)?;
            self.room = self.room.saturating_sub(written);
        }
        Ok(format!("./{INPUTS}/{root}"))
    }
}

/// The name of a file that is no longer compressed, unless another file has it.
fn bare(path: &Path) -> std::path::PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let bare = path.with_file_name(named_by(&name, None));
    if bare.exists() { path.to_owned() } else { bare }
}
