//! Names of a request's files made into files: patterns and folders become one piece of work a file, in natural order. What
//! an earlier name of the same task and parameters stands for already is no further piece of work.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
};

use super::{JobError, Workflow};
use domain::request::{Input, MOST_WORK, Request, Work};
use guard::machine::expand::{ExpandError, NameKind, Surroundings, expand, identity};

/// Why pieces of work, by their place in the request, stand for no file.
pub(super) type Nowhere = HashMap<usize, ExpandError>;

/// What was named so far: what is to be done, and the file.
type Named = HashSet<(String, PathBuf)>;

impl Workflow {
    /// The request with a piece of work for each file, and a note for each pattern or folder; beside it the pieces whose pattern
    /// or folder stands for no file.
    ///
    /// # Errors
    /// More pieces of work than a request holds.
    pub(super) fn expanded(&self, mut request: Request) -> Result<(Request, Nowhere), JobError> {
        let (mut all, mut nowhere) = (Vec::with_capacity(request.work.len()), Nowhere::new());
        let mut named = Named::new();
        let mut found = 0;
        for work in std::mem::take(&mut request.work) {
            match self.files_of(&work, request.origin.is_person(), &mut named) {
                Ok((works, note)) => {
                    found += works.len();
                    // Beyond the most they are only counted.
                    all.extend(works.into_iter().take((MOST_WORK + 1).saturating_sub(all.len())));
                    request.notes.extend(note);
                }
                Err(error @ ExpandError::TooMany { .. }) => return Err(JobError::Files(error)),
                Err(error) => {
                    found += 1;
                    // What the rules that open files say of a plain path they say better.
                    if !matches!(error, ExpandError::NoSuch { .. } | ExpandError::NoHome { .. }) {
                        nowhere.insert(all.len(), error);
                    }
                    all.push(work);
                }
            }
        }
        if found > MOST_WORK {
            return Err(JobError::TooMuchWork(found));
        }
        request.work = all;
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
        let resolved = work.inputs.first().is_some_and(|input| input.path.is_some());
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
        let what = format!(
            "{:?}",
            (&work.task, &work.parameters, work.inputs.get(1..), work.assumed.bytes, work.assumed.seconds, work.anew)
        );
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
