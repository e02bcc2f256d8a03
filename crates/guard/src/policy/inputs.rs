//! The files of a piece of work, opened by the guard: when it is planned, and again when it is done.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{
    Guard, Refusal, Rule,
    data::{self, FolderError, NamedBy, OpenDataset, OpenFurther},
    guard::{unchanged, waits},
};
use domain::{
    dataset::{DatasetSource, FurtherFile},
    job::Job,
    task::MOST_FILES,
};

impl Guard {
    /// Opens a dataset: beneath the allowed roots, or wherever a person names it.
    ///
    /// # Errors
    /// D-PATH, D-SECRET, R-PROBE.
    pub fn open_dataset(&self, path: &Path, named_by: NamedBy) -> Result<OpenDataset, Refusal> {
        data::open_dataset_named(path, &self.policy.roots, &self.policy.private, named_by)
    }

    /// Opens the dataset of a job that was planned, wherever this process stands.
    ///
    /// # Errors
    /// D-PATH, D-SECRET, R-PROBE; D-CHANGED when it is not as it was measured.
    pub fn reopen_dataset(&self, job: &Job) -> Result<OpenDataset, Refusal> {
        let open = self.open_source(job)?;
        unchanged(job, &open)?;
        Ok(open)
    }

    /// The same file whether it is as it was measured or not: for those who compare content.
    ///
    /// # Errors
    /// D-PATH, D-SECRET, R-PROBE.
    pub fn open_source(&self, job: &Job) -> Result<OpenDataset, Refusal> {
        let open = data::open_dataset(&job.source.path, std::slice::from_ref(&job.source.root), &self.policy.private)?;
        Ok(OpenDataset { path: job.verdict.dataset.path.clone(), source: job.source.clone(), ..open })
    }

    /// Opens the further files of a job that was planned.
    ///
    /// # Errors
    /// D-PATH, D-SECRET, R-PROBE; D-CHANGED when one is not as it was measured, or a folder has other files.
    pub fn reopen_further(&self, job: &Job) -> Result<Vec<OpenFurther>, Refusal> {
        let reopen = |file: &FurtherFile| {
            let FurtherFile { name, profile, source } = file;
            let open = data::open_dataset(&source.path, std::slice::from_ref(&source.root), &self.policy.private)?;
            let open = OpenDataset { path: profile.path.clone(), ..open };
            open.unchanged_since(profile.bytes, profile.modified_ns).map_err(|refusal| waits(job, refusal))?;
            let open = OpenDataset { source: source.clone(), ..open };
            Ok(OpenFurther { name: name.clone(), file: open })
        };
        self.same_folders(job)?;
        job.verdict.further.iter().map(reopen).collect()
    }

    /// The places of the files of a folder that is an input as a whole.
    ///
    /// # Errors
    /// D-PATH, R-PROBE; a folder that is none, is empty, or holds links or more than `most` files.
    pub fn list_folder(&self, path: &Path, named_by: NamedBy, most: usize) -> Result<Vec<PathBuf>, FolderError> {
        data::list_folder(path, &self.policy.roots, named_by, most)
    }

    /// Refuses where a folder of a job has other files than when it was measured.
    fn same_folders(&self, job: &Job) -> Result<(), Refusal> {
        let mut folders: BTreeMap<&Path, (&DatasetSource, BTreeSet<&Path>)> = BTreeMap::new();
        let further = job.verdict.further.iter().map(|file| &file.source);
        for source in std::iter::once(&job.source).chain(further) {
            if let (Some(folder), Some(place)) = (&source.folder, source.place()) {
                folders.entry(folder).or_insert_with(|| (source, BTreeSet::new())).1.insert(place);
            }
        }
        for (folder, (source, places)) in folders {
            let changed = |why: String| {
                Refusal::new(Rule::DataChanged, why)
                    .hint("ask again, so that the job is planned on the folder as it is now")
            };
            // Who named it was looked at when it was planned.
            let now = data::list_folder(folder, std::slice::from_ref(&source.root), NamedBy::Person, MOST_FILES);
            let now =
                now.map_err(|error| changed(format!("{} changed after it was measured: {error}", folder.display())))?;
            if !now.iter().map(PathBuf::as_path).eq(places) {
                return Err(changed(format!("{} holds other files than when it was measured", folder.display())));
            }
        }
        Ok(())
    }
}
