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

/// The checksums of the dataset and of the further files, as they are on disk.
pub(super) fn hashed(spec: &Spec) -> Result<(Sha256, Vec<ResultInput>), Failure> {
    let hashed = |place| inputs::open(place).and_then(|file| write::hash(file, |_| {}));
    let (_, dataset) = hashed(0).map_err(|e| failure_of(&e, "the dataset could not be read"))?;
    let further = (1..).zip(&spec.further).map(|(place, file)| {
        let (bytes, sha256) =
            hashed(place).map_err(|e| failure_of(&e, &format!("`{}` could not be read", file.name)))?;
        Ok(ResultInput { name: file.name.clone(), path: file.path.clone(), bytes, sha256 })
    });
    Ok((dataset, further.collect::<Result<_, _>>()?))
}

/// The folder of inputs in the scratch folder: nothing that a program is told to write lies there.
pub(super) const INPUTS: &str = "in";

/// Each input with the name that the program reads it by, in `scratch`; those that are passed on as they are lie where
/// `handed` says.
pub(super) fn named(spec: &Spec, handed: &Handed, scratch: &Path) -> Result<Vec<(String, String)>, Failure> {
    let dataset = (spec.task.input.as_str(), &spec.dataset_name);
    let all = std::iter::once(dataset).chain(spec.further.iter().map(|file| (file.name.as_str(), &file.path)));
    let (mut taken, mut names, mut records) = (BTreeSet::new(), Vec::new(), None);
    let mut room = spec.output_limit;
    let folder = scratch.join(INPUTS);
    std::fs::create_dir(&folder).map_err(|e| failure_of(&e, "the inputs could not be named"))?;
    for (place, (input, shown)) in all.enumerate() {
        let mut content = open(place)?;
        if matches!(content.format(), Format::Fasta | Format::Fastq) {
            let counted = whole(place, input)?;
            if place == 0 {
                records = Some(counted);
            } else if spec.task.mate() == Some(input) && records != Some(counted) {
                let first = records.unwrap_or_default();
                return Err(Failure::Task(format!(
                    "`{input}` holds {} and the first file {}: they are no pair",
                    units::counted(counted, "record", "records"),
                    units::count(first)
                )));
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
        names.push((input.to_owned(), format!("./{INPUTS}/{name}")));
        taken.insert(name);
    }
    Ok(names)
}

fn open(place: usize) -> Result<Content<File>, Failure> {
    let file = inputs::open(place).map_err(|e| failure_of(&e, "an input could not be opened"))?;
    Content::new(file).map_err(|e| unreadable(&e))
}

/// Reads sequences to their end; how many there are. Programs stop at what is damaged, and some say that all is well.
fn whole(place: usize, input: &str) -> Result<u64, Failure> {
    let file = inputs::open(place).map_err(|e| failure_of(&e, "an input could not be opened"))?;
    match science::sequences_in(file) {
        Ok(read) => Ok(read.map_or(0, |(_, records)| records)),
        Err(InputError::Read(e)) => Err(failure_of(&e, "an input could not be read")),
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
