//! What a job that came to no result left: the messages of its program.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _},
    path::Path,
    process::ExitCode,
};

use serde_json::{Value, json};

use super::{
    super::{CommandError, Context, Kind},
    check::{Failed, Look},
    may_be_shown,
};
use crate::face::{look::Tone, status::state_words};
use domain::{
    job::Job,
    result::{STDERR_FILE, STDOUT_FILE},
    units,
};
use guard::config::plain_file;

/// Lists what is left, with why there is no result; or prints one file of it.
///
/// # Errors
/// That there is no result; no such file.
pub(super) fn run(context: &Context, job: &Job, folder: &Path, cat: Option<&str>) -> Result<ExitCode, CommandError> {
    let left = if job.state.is_end() { left_in(folder) } else { Vec::new() };
    let why = job.failure.as_ref().map(|why| format!(": {}", units::clean(why, 400))).unwrap_or_default();
    let message = format!("{} has no result: {}{why}", job.id, state_words(job.state));
    let error = |hint: String| CommandError::new(Kind::Failed, "no_result", message.clone()).hint(hint);
    let Some((first, _, _)) = left.first() else { return Err(error(format!("agent jobs show {}", job.id))) };
    let how = format!("`agent results {} --cat {first}` prints its messages", job.id);
    if let Some(name) = cat {
        let found = left.iter().find(|(known, _, _)| *known == name);
        return found.map_or_else(|| Err(error(how)), |(name, bytes, file)| print(name, *bytes, file));
    }
    if context.json() {
        let files: Vec<Value> = left.iter().map(|(name, bytes, _)| json!({"name": name, "bytes": bytes})).collect();
        context.output.json(&json!({
            "job": job.id, "state": job.state, "failure": job.failure, "folder": folder, "files": files,
        }));
    } else {
        let title = format!("{} of {} has no result, and left in {}", job.id, job.task_type, folder.display());
        context.output.lines(context.look.paragraph(Tone::Plain, &title));
        let rows = left.iter().map(|(name, bytes, _)| vec![(*name).to_owned(), units::bytes(*bytes)]).collect();
        context.output.lines(context.look.table(&["file", "size"], rows, &[1], 0));
    }
    Err(error(how))
}

/// The outputs of programs that lie in a folder and are not empty, opened.
fn left_in(folder: &Path) -> Vec<(&'static str, u64, File)> {
    let open = |name: &'static str| {
        let file = plain_file::open_itself(&folder.join(name)).ok()?;
        let bytes = file.metadata().ok()?.len();
        (bytes > 0).then_some((name, bytes, file))
    };
    [STDERR_FILE, STDOUT_FILE].into_iter().filter_map(open).collect()
}

fn print(name: &str, bytes: u64, mut file: &File) -> Result<ExitCode, CommandError> {
    let failed = |error: io::Error| Failed::Io(error).of(name);
    let mut look = Look::default();
    io::copy(&mut file.take(bytes), &mut look).map_err(failed)?;
    may_be_shown(&look, name)?;
    file.rewind().map_err(failed)?;
    match io::copy(&mut file.take(bytes), &mut io::stdout().lock()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(failed(error)),
        _ => Ok(ExitCode::SUCCESS),
    }
}
