//! What kind of file it is, by its path.

use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt as _, path::Path};

use rustix::fs::OFlags;

use domain::dataset::Format;
use science::{InputError, input::Content};

/// The format of what is in the file at `path`, as far as its first bytes tell.
///
/// # Errors
/// When it cannot be read.
pub(super) fn file(path: &Path) -> Result<Format, InputError> {
    // What is a pipe by now is not waited for.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(InputError::Read)?;
    Ok(Content::new(file)?.format())
}
