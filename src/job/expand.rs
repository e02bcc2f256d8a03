//! Names of a request's files made into files: patterns and folders become one piece of work a file, or a pair of files, in natural
//! order. What
//! an earlier name of the same task and parameters stands for already is no further piece of work.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
};

use super::{
    JobError, Workflow,
    pairs::{Expanded, paired, shared},
    several::joined,
};
use domain::request::{Input, MOST_WORK, Request, Work};
use guard::machine::expand::{ExpandError, NameKind, Surroundings, expand, identity};

/// Why pieces of work, by their place in the request, stand for no file.
pub(super) type Nowhere = HashMap<usize, ExpandError>;

/// What was named so far: what is to be done, and the file.
type Named = HashSet<(String, PathBuf)>;

impl Workflow {
    /// The request with a piece of work for each file or pair of files, and a note for each pattern or folder; beside it the pieces
    /// whose pattern or folder stands for no file.
    ///
    /// # Errors
    /// More pieces of work than a request holds; files that may be pairs or not.
    pub(super) fn expanded(&self, mut request: Request) -> Result<(Request, Nowhere), JobError> {
        let mut all = Vec::with_capacity(request.work.len());
        let mut named = Named::new();
        let mut found = 0;
        for work in std::mem::take(&mut request.work) {
            match self.files_of(&work, request.origin.is_person(), &mut named) {
                Ok((works, note)) => {
                    found += works.len();
                    // Beyond the most they are only counted.
                    let room = (2 * MOST_WORK + 1).saturating_sub(all.len());
                    all.extend(works.into_iter().take(room).map(|work| Expanded { work, nowhere: None }));
                    request.notes.extend(note);
                }
                Err(error @ ExpandError::TooMany { .. }) => return Err(JobError::Files(error)),
                Err(error) => {
                    found += 1;
                    // What the rules that open files say of a plain path they say better.
                    let told = !matches!(error, ExpandError::NoSuch { .. } | ExpandError::NoHome { .. });
                    all.push(Expanded { work, nowhere: told.then_some(error) });
                }
            }
        }
        let uncounted = found - all.len();
        let (together, note) = paired(all, |task| self.parts.catalogue.get(task), self.folder())?;
        request.notes.extend(note);
        let (together, note) = joined(together, |task| self.parts.catalogue.get(task));
        request.notes.extend(note);
        if together.len() + uncounted > MOST_WORK {
            return Err(JobError::TooMuchWork(together.len() + uncounted));
        }
        let mut nowhere = Nowhere::new();
        for (place, Expanded { work, nowhere: error }) in together.into_iter().enumerate() {
            nowhere.extend(error.map(|error| (place, error)));
            request.work.push(work);
        }
        Ok((request, nowhere))
    }

    /// A piece of work for each file that its dataset's name stands for, and how many those are where it is no plain name.
    /// Files of a pattern or a folder that were named before are left out; another plain name of one is told in the plan.
    ///
    /// # Errors
    /// A name that nothing matches, too many files, or a folder that cannot be read.
    fn files_of(
        &self,
        work: &Work,
        person: bool,
        named: &mut Named,
    ) -> Result<(Vec<Work>, Option<String>), ExpandError> {
        let as_it_is = || Ok((vec![work.clone()], None));
        // What has a whole path was expanded before: the name alone may stand for another file where this process runs.
        // A line of a sample sheet names a file.
        let several = work.dataset_files().count() > 1;
        let resolved =
            several || work.sample.is_some() || work.inputs.first().is_some_and(|input| input.path.is_some());
        let Some(folder) = self.parts.guard.policy().roots.first().filter(|_| !resolved) else { return as_it_is() };
        // Nobody else looks into folders that the owner did not allow: a plain path is opened, or refused, by the rules.
        if !person
            && (work.dataset().is_absolute() || work.dataset().starts_with("~") || work.dataset().starts_with(".."))
        {
            return as_it_is();
        }
        let home = std::env::home_dir();
        let at = Surroundings { folder, home: home.as_deref(), task: self.parts.catalogue.get(&work.task) };
        let expanded = expand(&[work.dataset()], at)?;
        let what = shared(work);
        let mut works = Vec::new();
        let mut note = None;
        for mut name in expanded {
            let plain = name.kind == NameKind::Plain;
            name.files.retain(|file| named.insert((what.clone(), identity(&file.path))) || plain);
            if !plain && !name.files.is_empty() {
                note = Some(name.said());
            }
            for file in name.files {
                let mut inputs = work.inputs.clone();
                if let Some(dataset) = inputs.first_mut() {
                    *dataset = Input { named: file.named, ..dataset.clone() };
                }
                works.push(Work { inputs, ..work.clone() });
            }
        }
        Ok((works, note))
    }
}
