//! Names of a request's files made into files: patterns and folders become one piece of work a file, in natural order.

use std::collections::HashMap;

use super::{JobError, Workflow};
use crate::{
    domain::request::{Input, MOST_WORK, Request, Work},
    machine::expand::{ExpandError, NameKind, Surroundings, expand},
};

/// Why pieces of work, by their place in the request, stand for no file.
pub(super) type Nowhere = HashMap<usize, ExpandError>;

impl Workflow {
    /// The request with a piece of work for each file, and a note for each pattern or folder; beside it the pieces whose pattern
    /// or folder stands for no file.
    ///
    /// # Errors
    /// More pieces of work than a request holds.
    pub(super) fn expanded(&self, mut request: Request) -> Result<(Request, Nowhere), JobError> {
        let (mut all, mut nowhere) = (Vec::with_capacity(request.work.len()), Nowhere::new());
        let mut found = 0;
        for work in std::mem::take(&mut request.work) {
            match self.files_of(&work, request.origin.is_person()) {
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
    ///
    /// # Errors
    /// A name that nothing matches, too many files, or a folder that cannot be read.
    pub(super) fn files_of(&self, work: &Work, person: bool) -> Result<(Vec<Work>, Option<String>), ExpandError> {
        let as_it_is = || Ok((vec![work.clone()], None));
        let Some(folder) = self.parts.guard.policy().roots.first() else { return as_it_is() };
        // Nobody else looks into folders that the owner did not allow: a plain path is opened, or refused, by the rules.
        if !person
            && (work.dataset().is_absolute() || work.dataset().starts_with("~") || work.dataset().starts_with(".."))
        {
            return as_it_is();
        }
        let home = std::env::home_dir();
        let at = Surroundings { folder, home: home.as_deref(), task: self.parts.catalogue.get(&work.task) };
        let expanded = expand(&[work.dataset()], at)?;
        let mut works = Vec::new();
        let mut note = None;
        for name in expanded {
            if name.kind != NameKind::Plain {
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
