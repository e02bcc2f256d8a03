//! The files that were handed over, as programs read them: by names of their own, unpacked where the program does not unpack.

mod folders;

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
    dataset::{Compression, Format, input_of},
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
    /// The files beside it, for the result, and the folders.
    pub further: Vec<ResultInput>,
    /// Each input's name, and the path that the program reads it by; several files of one input have the same name, and a folder is
    /// there once.
    pub named: Vec<(String, String)>,
    /// By what names the files are bound, in the order of their descriptors.
    pub bound: Vec<String>,
}

/// The folder of inputs in the scratch folder: nothing that a program is told to write lies there.
pub(super) const INPUTS: &str = "in";

/// A file that was handed over, and what reading it gave.
struct Taken<'a> {
    /// Its descriptor's place.
    place: usize,
    /// What the task calls its input.
    input: &'a str,
    /// What the job has it under.
    name: &'a str,
    /// As the person named it.
    shown: &'a str,
    /// Its place in the folder that was named, where it is a file of one.
    within: Option<&'a str>,
    read: Whole,
    packed: Option<Compression>,
}

impl Taken<'_> {
    /// Whether it has to be unpacked for the program.
    fn is_unpacked(&self, task: &TaskType) -> bool {
        self.packed.is_some_and(|packed| !reads(task, self.name).contains(&packed))
    }
}

/// Reads each input to its end, once, and gives it the name that the program reads it by, in `scratch`; those that are passed on
/// as they are lie where `handed` says.
///
/// # Errors
/// A damaged input, two files that are no pair, too little room to unpack.
pub(super) fn take_in(spec: &Spec, handed: &Handed, scratch: &Path) -> Result<TakenIn, Failure> {
    let folder = scratch.join(INPUTS);
    std::fs::create_dir(&folder).map_err(|e| failure_of(&e, "the inputs could not be named"))?;
    let all = read_all(spec)?;
    let mut placed = Placed { spec, handed, folder: &folder, room: spec.output_limit, taken: BTreeSet::new() };
    let (mut named, mut bound) = (Vec::new(), vec![String::new(); all.len()]);
    let mut further: Vec<ResultInput> = all.iter().skip(1).map(Taken::result).collect();
    for file in &all {
        if file.within.is_none() {
            let name = placed.file(file)?;
            named.push((file.input.to_owned(), format!("./{INPUTS}/{name}")));
            bound.iter_mut().skip(file.place).take(1).for_each(|slot| slot.clone_from(&name));
        } else if !named.iter().any(|(input, _)| input == file.input) {
            let files: Vec<&Taken<'_>> = all.iter().filter(|other| other.input == file.input).collect();
            let path = placed.folder(&files, &mut bound)?;
            named.push((file.input.to_owned(), path));
            further.push(folders::result(&files));
        }
    }
    let dataset = all.first().ok_or_else(|| Failure::Task("no dataset was handed over".into()))?.read.sha256;
    Ok(TakenIn { dataset, further, named, bound })
}

/// Reads all files to their ends.
fn read_all(spec: &Spec) -> Result<Vec<Taken<'_>>, Failure> {
    let task = &spec.task;
    let dataset = (task.input.as_str(), spec.dataset_name.as_str(), spec.dataset_place.as_deref());
    let further = spec.further.iter().map(|file| (file.name.as_str(), file.path.as_str(), file.place.as_deref()));
    let mut all: Vec<Taken<'_>> = Vec::with_capacity(1 + spec.further.len());
    for (place, (name, shown, within)) in std::iter::once(dataset).chain(further).enumerate() {
        let content = open(place)?;
        let input = task.called(name);
        let told = if spec.several(input) { shown } else { input };
        let read = whole(place, told, content.format())?;
        if let Some(first) =
            all.first().filter(|first| task.mate() == Some(input) && read.records != first.read.records)
        {
            return Err(Failure::Task(format!(
                "`{input}` holds {} and the first file {}: they are no pair",
                units::counted(read.records, "record", "records"),
                units::count(first.read.records)
            )));
        }
        all.push(Taken { place, input, name, shown, within, read, packed: content.compression() });
    }
    Ok(all)
}

impl Spec {
    /// Whether an input has more than one file.
    fn several(&self, input: &str) -> bool {
        let further = self.further.iter().map(|file| self.task.called(&file.name));
        std::iter::once(self.task.input.as_str()).chain(further).filter(|other| *other == input).count() > 1
    }
}

/// Where inputs are placed, one after the other.
struct Placed<'a> {
    spec: &'a Spec,
    handed: &'a Handed,
    /// The folder of inputs.
    folder: &'a Path,
    /// Bytes that may still be written.
    room: u64,
    /// Names that are taken.
    taken: BTreeSet<String>,
}

impl Placed<'_> {
    /// A name of its own in the folder of inputs.
    fn own_name(&mut self, mut name: String, place: usize) -> String {
        while self.taken.contains(&name) {
            name = format!("{place}-{name}");
        }
        self.taken.insert(name.clone());
        name
    }

    /// Gives one file its name.
    fn file(&mut self, file: &Taken<'_>) -> Result<String, Failure> {
        let unpacked = file.is_unpacked(&self.spec.task);
        let name = named_by(&inputs::plain(file.shown), file.packed.filter(|_| !unpacked));
        let name = self.own_name(name, file.place);
        let path = self.folder.join(&name);
        if unpacked {
            self.unpacked(file.place, &path)?;
        } else {
            symlink(self.handed.lies(file.place, &name), &path)
                .map_err(|e| failure_of(&e, "the inputs could not be named"))?;
        }
        Ok(name)
    }

    /// Writes the content of a file, unpacked.
    fn unpacked(&mut self, place: usize, path: &Path) -> Result<(), Failure> {
        let written = unpack(&mut open(place)?, path, self.room, self.spec.output_limit)?;
        self.room = self.room.saturating_sub(written);
        Ok(())
    }
}

impl Taken<'_> {
    fn result(&self) -> ResultInput {
        let Whole { sha256, bytes, .. } = self.read;
        ResultInput { name: self.name.to_owned(), path: self.shown.to_owned(), bytes, sha256 }
    }
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
    match task.parameters.get(input_of(input)).map(|spec| &spec.kind) {
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
