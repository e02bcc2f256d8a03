//! The files of a piece of work: inputs of one file, of several, and folders, opened under the rules for who named them.

use std::path::{Path, PathBuf};

use super::{
    JobError, Workflow,
    measure::note_dataset,
    pairs::{Expanded, shared},
};
use domain::{
    dataset::{DatasetSource, input_of, name_of},
    job::Job,
    request::{DATASET, Input, Work},
    task::{Parameters, Several, TaskType},
    units::{count, counted},
};
use guard::{
    config::at_home,
    policy::data::{FolderError, NamedBy, OpenDataset, OpenFurther},
};

/// Why the files of an input are not what the task takes.
#[derive(Debug, thiserror::Error)]
pub enum InputsError {
    /// A folder that is none, or may not be one.
    #[error("`{input}`: {source}")]
    Folder {
        /// The input.
        input: String,
        /// Why.
        source: FolderError,
    },
    /// Several folders in the place of one.
    #[error("`{input}` is one folder, and {} are named", count(*.given as u64))]
    OneFolder {
        /// The input.
        input: String,
        /// So many.
        given: usize,
    },
    /// Fewer or more files than the task takes.
    #[error("`{input}` takes {}, and there {}", takes(*.several), are(*.given))]
    Number {
        /// The input.
        input: String,
        /// What it takes.
        several: Several,
        /// So many are there.
        given: usize,
    },
}

impl InputsError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            InputsError::Folder { source, .. } => source.hint(),
            InputsError::OneFolder { input, .. } => Some(format!("name one folder for `{input}`")),
            InputsError::Number { several: Several { folder: true, .. }, .. } => {
                Some("put the files that are meant into a folder of their own".to_owned())
            }
            InputsError::Number { .. } => {
                Some("name them together: all files of one piece of work stand in one command".to_owned())
            }
        }
    }
}

fn takes(several: Several) -> String {
    let Several { min, max, .. } = several;
    match (min, max) {
        (min, max) if min == max => counted(min as u64, "file", "files"),
        (1, max) => format!("at most {}", counted(max as u64, "file", "files")),
        (min, max) => format!("{} to {} files", count(min as u64), count(max as u64)),
    }
}

fn are(given: usize) -> String {
    if given == 1 { "is 1".to_owned() } else { format!("are {}", count(given as u64)) }
}

/// All files of a piece of work, open.
pub(super) struct Opened {
    /// As they are named and as they resolve, those of the dataset first.
    pub inputs: Vec<Input>,
    /// The dataset, or the first of its files.
    pub dataset: OpenDataset,
    /// The others.
    pub further: Vec<OpenFurther>,
}

/// A file as it was named and as it is open.
struct File {
    input: Input,
    open: OpenDataset,
}

impl Workflow {
    /// Opens the files of a piece of work. Those that are parameters are named by their whole paths from here on.
    ///
    /// # Errors
    /// D-PATH, D-SECRET, R-PROBE; fewer or more files than the task takes; a folder that is none.
    pub(super) fn open_files(
        &self,
        task: &TaskType,
        work: &Work,
        parameters: &mut Parameters,
        named_by: NamedBy,
    ) -> Result<Opened, JobError> {
        let rest = task.rest();
        let whole = rest.map(|(_, several)| Several { min: several.min + 1, max: several.max + 1, ..several });
        let mut files = match (whole, work.inputs.first()) {
            (Some(whole @ Several { folder: true, .. }), Some(input)) => {
                let files = self.of_folder(&task.input, input, whole.max, named_by)?;
                check_number(&task.input, whole, files.len())?;
                files
            }
            _ => {
                let named = dataset_files(work, rest.and_then(|(rest, _)| parameters.get(rest)));
                // Before any of them is opened.
                whole.map_or(Ok(()), |whole| check_number(&task.input, whole, named.len()))?;
                named.into_iter().map(|input| self.one(input, named_by)).collect::<Result<_, JobError>>()?
            }
        };
        if let Some((rest, _)) = rest {
            set(parameters, rest, files.get(1..).unwrap_or_default());
        }
        let first = files.drain(..1).next().ok_or_else(|| JobError::WrongDataset("no dataset is named".to_owned()))?;
        let mut opened = Opened { inputs: vec![first.input], dataset: first.open, further: Vec::new() };
        let name = rest.map(|(rest, _)| rest).unwrap_or_default();
        opened.take(name, files);
        for (name, _) in task.files().filter(|(name, _)| rest.is_none_or(|(rest, _)| rest != name.as_str())) {
            let Some(value) = parameters.get(name) else { continue };
            match task.several(name) {
                None => {
                    let Some(path) = value.as_str().map(PathBuf::from) else { continue };
                    let file = self.one(Input::named(name.clone(), path), named_by)?;
                    parameters.insert(name.clone(), whole_path(&file).into());
                    opened.take(name, vec![file]);
                }
                Some(several) => {
                    let files = self.of_parameter(work, name, several, paths(value), named_by)?;
                    set(parameters, name, &files);
                    opened.take(name, files);
                }
            }
        }
        // The dataset itself is noted where it is measured.
        opened.further.iter().try_for_each(|further| note_dataset(self.tape(), &further.file))?;
        Ok(opened)
    }

    /// The files of a further input that takes several.
    fn of_parameter(
        &self,
        work: &Work,
        name: &str,
        several: Several,
        named: Vec<PathBuf>,
        named_by: NamedBy,
    ) -> Result<Vec<File>, JobError> {
        if !several.folder {
            check_number(name, several, named.len())?;
            return named.into_iter().map(|path| self.one(Input::named(name, path), named_by)).collect();
        }
        let before = work.inputs.iter().find(|input| input.name == name && input.folder.is_some());
        let files = match (before, named.as_slice()) {
            (Some(input), _) => self.of_folder(name, input, several.max, named_by)?,
            (None, [folder]) => self.of_folder(name, &Input::named(name, folder), several.max, named_by)?,
            (None, all) => return Err(InputsError::OneFolder { input: name.to_owned(), given: all.len() }.into()),
        };
        check_number(name, several, files.len())?;
        Ok(files)
    }

    /// The files of a folder, as it is now; `input` is the folder, or one of its files from when it was looked into before.
    fn of_folder(&self, called: &str, input: &Input, most: usize, named_by: NamedBy) -> Result<Vec<File>, JobError> {
        let (path, named_by) = match (&input.path, place_of(input)) {
            // It was opened before under the rules for who named it, wherever it is taken up now.
            (Some(path), Some(place)) => (above(path, place), NamedBy::Person),
            _ => (self.whole_of(input.said()), named_by),
        };
        let places = self.parts.guard.list_folder(&path, named_by, most);
        let places = places.map_err(|source| match source {
            FolderError::Refused(refusal) => JobError::Refused(refusal),
            source => InputsError::Folder { input: called.to_owned(), source }.into(),
        })?;
        let one = |place: PathBuf| {
            let named = input.said().join(&place);
            let open = self.parts.guard.open_dataset(&path.join(&place), named_by)?;
            let source = DatasetSource { folder: Some(above(&open.source.path, &place)), ..open.source };
            let open = OpenDataset { path: named.clone(), source, ..open };
            let folder = Some(input.said().to_owned());
            let input =
                Input { path: Some(open.source.path.clone()), folder, ..Input::named(input.name.as_str(), named) };
            Ok(File { input, open })
        };
        places.into_iter().map(one).collect()
    }

    /// One file.
    fn one(&self, input: Input, named_by: NamedBy) -> Result<File, JobError> {
        // What has a whole path was opened before under the rules for who named it, wherever it is taken up now.
        let (path, named_by) = match &input.path {
            Some(whole) => (whole.clone(), NamedBy::Person),
            None => (self.whole_of(&input.named), named_by),
        };
        let open = self.parts.guard.open_dataset(&path, named_by)?;
        let open = OpenDataset { path: input.named.clone(), ..open };
        let input = Input { path: Some(open.source.path.clone()), ..input };
        Ok(File { input, open })
    }

    /// A path from the home folder, where it begins with `~/`: no shell has seen what stands in a parameter, a plan file or a
    /// sentence. The rules for who may name it are those of any other path.
    fn whole_of(&self, path: &Path) -> PathBuf {
        at_home(path, std::env::home_dir().as_deref())
    }
}

impl Opened {
    /// Takes in the files of an input beyond the first one of the dataset, each under a name of its own.
    fn take(&mut self, name: &str, files: Vec<File>) {
        for (index, File { input, open }) in files.into_iter().enumerate() {
            self.inputs.push(input);
            self.further.push(OpenFurther { name: name_of(name, index, open.source.place()), file: open });
        }
    }
}

/// The dataset of a task that works on one file, or on several: those of the command, and those of the parameter.
fn dataset_files(work: &Work, more: Option<&serde_json::Value>) -> Vec<Input> {
    let mut named: Vec<Input> = work.dataset_files().cloned().collect();
    // What has whole paths was resolved before, and the parameter with it.
    let resolved = named.first().is_some_and(|input| input.path.is_some());
    let more = more.filter(|_| !resolved).map(paths).unwrap_or_default();
    named.extend(more.into_iter().map(|path| Input::named(DATASET, path)));
    named
}

/// The files of a job as a piece of work names them.
pub(super) fn inputs_of(task: &TaskType, job: &Job) -> Vec<Input> {
    let input = |name: &str, source: &DatasetSource, named: &Path| {
        let folder = source.place().map(|place| above(named, place));
        Input { path: Some(source.path.clone()), folder, ..Input::named(name, named) }
    };
    let dataset = input(DATASET, &job.source, &job.verdict.dataset.path);
    let further = job.verdict.further.iter().map(|file| {
        let name = if task.called(&file.name) == task.input { DATASET } else { input_of(&file.name) };
        input(name, &file.source, &file.profile.path)
    });
    std::iter::once(dataset).chain(further).collect()
}

/// The place of a file in the folder that was named.
pub(super) fn place_of(input: &Input) -> Option<&Path> {
    input.named.strip_prefix(input.folder.as_ref()?).ok()
}

/// The folder above a file that lies at `place` in it.
fn above(path: &Path, place: &Path) -> PathBuf {
    path.ancestors().nth(place.components().count()).unwrap_or(path).to_owned()
}

fn check_number(input: &str, several: Several, given: usize) -> Result<(), InputsError> {
    match (several.min..=several.max).contains(&given) {
        true => Ok(()),
        false => Err(InputsError::Number { input: input.to_owned(), several, given }),
    }
}

/// Paths that a parameter names.
fn paths(value: &serde_json::Value) -> Vec<PathBuf> {
    let all = value.as_array().into_iter().flatten().chain(value.is_string().then_some(value));
    all.filter_map(|path| path.as_str()).map(PathBuf::from).collect()
}

fn whole_path(file: &File) -> String {
    file.open.source.path.to_string_lossy().into_owned()
}

/// Names the files of a parameter by their whole paths.
fn set(parameters: &mut Parameters, name: &str, files: &[File]) {
    match files {
        [] => drop(parameters.remove(name)),
        files => drop(parameters.insert(name.to_owned(), files.iter().map(whole_path).collect::<Vec<_>>().into())),
    }
}

/// The same work with the files of each task that takes several in one piece, in the order in which they were named, and a note
/// where there are any. Work that stands by itself, or says by itself what its files are, is left as it is.
pub fn joined<'t>(
    all: Vec<Expanded>,
    task_of: impl Fn(&str) -> Option<&'t TaskType>,
) -> (Vec<Expanded>, Option<String>) {
    let takes_several = |work: &Work| {
        let several = task_of(&work.task).and_then(|task| task.rest()).is_some_and(|(_, several)| !several.folder);
        let resolved = work.inputs.first().is_some_and(|input| input.path.is_some());
        several && !work.single && !resolved && work.dataset_files().count() == 1
    };
    let mut joined: Vec<Expanded> = Vec::with_capacity(all.len());
    let mut groups: Vec<(String, usize)> = Vec::new();
    for one in all {
        if !takes_several(&one.work) {
            joined.push(one);
            continue;
        }
        let alike = shared(&one.work);
        let first = groups.iter().find(|(known, _)| *known == alike).map(|(_, at)| *at);
        match first.and_then(|at| joined.get_mut(at)) {
            Some(first) => {
                let at = first.work.dataset_files().count();
                let mut inputs = one.work.inputs;
                inputs.truncate(1);
                first.work.inputs.splice(at..at, inputs);
                // One that stands for no file leaves nothing that could be done without it.
                first.nowhere = first.nowhere.take().or(one.nowhere);
            }
            None => {
                groups.push((alike, joined.len()));
                joined.push(one);
            }
        }
    }
    let most = groups.iter().filter_map(|(_, at)| joined.get(*at)).map(|one| one.work.dataset_files().count()).max();
    let note = most.filter(|files| *files > 1).map(|files| {
        let pieces = groups.len() as u64;
        match pieces {
            1 => format!("{} in one piece of work, as the task takes several", counted(files as u64, "file", "files")),
            _ => format!(
                "up to {} in one piece of work, as the task takes several",
                counted(files as u64, "file", "files")
            ),
        }
    });
    (joined, note)
}
