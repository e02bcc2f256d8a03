//! The files that were handed over, as programs read them: by names of their own, unpacked where the program does not unpack.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Write as _},
    os::unix::fs::symlink,
    path::Path,
};

use super::{
    failure_of, inputs,
    isolation::Handed,
    spec::{Failure, Spec},
    write,
};
use domain::{
    dataset::{Compression, Format},
    hash::Sha256,
    result::ResultInput,
    task::{ParameterKind, TaskType},
    units,
};
use science::input::{Content, InputError};

/// The inputs of a run, each read to its end.
pub(super) struct TakenIn {
    /// Of the dataset, as it is on disk.
    pub dataset: Sha256,
    /// The files beside it, for the result.
    pub further: Vec<ResultInput>,
    /// Each input's name, and the path that the program reads it by.
    pub named: Vec<(String, String)>,
}

/// The folder of inputs in the scratch folder: nothing that a program is told to write lies there.
pub(super) const INPUTS: &str = "in";

/// Reads each input to its end, once, and gives it the name that the program reads it by, in `scratch`; those that are passed on
/// as they are lie where `handed` says.
///
/// # Errors
/// A damaged input, two files that are no pair, too little room to unpack.
pub(super) fn take_in(spec: &Spec, handed: &Handed, scratch: &Path) -> Result<TakenIn, Failure> {
    let dataset = (spec.task.input.as_str(), &spec.dataset_name);
    let all = std::iter::once(dataset).chain(spec.further.iter().map(|file| (file.name.as_str(), &file.path)));
    let (mut taken, mut named, mut first, mut further) = (BTreeSet::new(), Vec::new(), None, Vec::new());
    let mut room = spec.output_limit;
    let folder = scratch.join(INPUTS);
    std::fs::create_dir(&folder).map_err(|e| failure_of(&e, "the inputs could not be named"))?;
    for (place, (input, shown)) in all.enumerate() {
        let mut content = open(place)?;
        let read = whole(place, input, content.format())?;
        match first {
            None => first = Some(read),
            Some(first) => {
                if spec.task.mate() == Some(input) && read.records != first.records {
                    return Err(Failure::Task(format!(
                        "`{input}` holds {} and the first file {}: they are no pair",
                        units::counted(read.records, "record", "records"),
                        units::count(first.records)
                    )));
                }
                let (name, path) = (input.to_owned(), shown.clone());
                further.push(ResultInput { name, path, bytes: read.bytes, sha256: read.sha256 });
            }
        }
        let packed = content.compression();
        let passed_on = packed.is_none_or(|packed| reads(&spec.task, input).contains(&packed));
        let own = inputs::plain(shown);
        let mut name = named_by(&own, packed.filter(|_| passed_on));
        while taken.contains(&name) {
            name = format!("{place}-{name}");
        }
        let path = folder.join(&name);
        if passed_on {
            symlink(handed.lies(place, &name), &path).map_err(|e| failure_of(&e, "the inputs could not be named"))?;
        } else {
            room = room.saturating_sub(unpack(&mut content, &path, room, spec.output_limit)?);
        }
        named.push((input.to_owned(), format!("./{INPUTS}/{name}")));
        taken.insert(name);
    }
    let first = first.ok_or_else(|| Failure::Task("no dataset was handed over".into()))?;
    Ok(TakenIn { dataset: first.sha256, further, named })
}

fn open(place: usize) -> Result<Content<File>, Failure> {
    let file = inputs::open(place).map_err(|e| failure_of(&e, "an input could not be opened"))?;
    Content::new(file).map_err(|e| unreadable(&e))
}

/// What was read of an input.
#[derive(Clone, Copy)]
struct Whole {
    sha256: Sha256,
    bytes: u64,
    /// Of sequences; 0 of other files.
    records: u64,
}

/// Reads an input to its end. Programs stop at sequences that are damaged, and some say that all is well.
fn whole(place: usize, input: &str, format: Format) -> Result<Whole, Failure> {
    let unread = |e: io::Error| failure_of(&e, &format!("`{input}` could not be read"));
    let file = inputs::open(place).map_err(unread)?;
    if !matches!(format, Format::Fasta | Format::Fastq) {
        let (bytes, sha256) = write::hash(file, |_| {}).map_err(unread)?;
        return Ok(Whole { sha256, bytes, records: 0 });
    }
    match science::counted(file) {
        Ok((sha256, bytes, records)) => Ok(Whole { sha256, bytes, records }),
        Err(InputError::Read(e)) => Err(unread(e)),
        Err(error) => Err(Failure::Task(format!("`{input}` is damaged: {}", units::clean(&error.to_string(), 300)))),
    }
}

fn unreadable(error: &InputError) -> Failure {
    Failure::Task(format!("an input could not be read: {}", units::clean(&error.to_string(), 300)))
}

/// What the program unpacks itself of that input.
fn reads<'a>(task: &'a TaskType, input: &str) -> &'a [Compression] {
    match task.parameters.get(input).map(|spec| &spec.kind) {
        Some(ParameterKind::File { compressed, .. }) => compressed,
        _ => &task.compressed,
    }
}

/// The endings of compressed files, by which programs decide how to read them.
fn endings(compression: Compression) -> &'static [&'static str] {
    match compression {
        Compression::Gzip => &[".gz", ".bgz", ".bgzf"],
        Compression::Bzip2 => &[".bz2"],
        Compression::Xz => &[".xz"],
        Compression::Zstd => &[".zst", ".zstd"],
    }
}

/// A name that says how the content is compressed, as far as it is.
fn named_by(own: &str, packed: Option<Compression>) -> String {
    let ending = |name: &str, of: Compression| endings(of).iter().find(|ending| name.ends_with(**ending)).copied();
    if packed.is_some_and(|packed| ending(own, packed).is_some()) {
        return own.to_owned();
    }
    let said = Compression::ALL.iter().find_map(|&of| ending(own, of));
    let bare = said.and_then(|ending| own.strip_suffix(ending)).filter(|bare| !bare.is_empty()).unwrap_or(own);
    let needed = packed.and_then(|packed| endings(packed).first().copied()).unwrap_or_default();
    format!("{bare}{needed}")
}

/// Writes the content of a file, unpacked; how many bytes it is.
fn unpack(content: &mut Content<File>, path: &Path, room: u64, limit: u64) -> Result<u64, Failure> {
    let unwritten = |e: io::Error| failure_of(&e, "an input could not be unpacked");
    let mut out = File::create_new(path).map_err(unwritten)?;
    let mut bytes = 0_u64;
    loop {
        let piece = content.next_piece().map_err(|e| unreadable(&e))?;
        if piece.is_empty() {
            return Ok(bytes);
        }
        bytes += piece.len() as u64;
        if bytes > room {
            return Err(Failure::TooMuchOutput { limit });
        }
        out.write_all(piece).map_err(unwritten)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_how_files_are_compressed() {
        let gzip = Some(Compression::Gzip);
        assert_eq!(named_by("a.fastq.gz", gzip), "a.fastq.gz");
        assert_eq!(named_by("a.fastq", gzip), "a.fastq.gz");
        assert_eq!(named_by("a.fastq.gz", None), "a.fastq");
        assert_eq!(named_by("a.fastq.bz2", gzip), "a.fastq.gz");
        assert_eq!(named_by(".gz", None), ".gz");
    }
}
