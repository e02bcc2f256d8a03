//! The same work several times in one request: the same task with the same parameters on the same content is planned once,
//! whatever the files are called.

use std::path::{Path, PathBuf};

use super::{Workflow, before::same_chosen, plan::Draft, several::place_of};
use domain::{
    hash::Sha256,
    plan::{Content, Plan, PlannedWork},
};
use guard::{machine, policy::data::NamedBy};

impl Workflow {
    /// Which of these pieces is the same work, if one is: on files, the dataset and those beside it, of the same content. They are
    /// read only where their sizes are the same; what was read is noted in the pieces.
    pub(super) async fn twin_of(&self, piece: &mut PlannedWork, pieces: &mut [&mut PlannedWork]) -> Option<usize> {
        let task = self.parts.catalogue.get(&piece.work.task)?;
        for (index, other) in pieces.iter_mut().enumerate() {
            let sizes = |piece: &PlannedWork| piece.content.iter().map(|file| file.bytes).collect::<Vec<_>>();
            let alike = other.work.task == piece.work.task
                && !piece.content.is_empty()
                && sizes(other) == sizes(piece)
                && same_chosen(task, &other.work.parameters, &piece.work.parameters)
                && files_of(other).eq(files_of(piece));
            if alike && self.same_files(&mut piece.content, &mut other.content).await {
                return Some(index);
            }
        }
        None
    }

    /// Whether files, one by one, hold the same.
    async fn same_files(&self, ones: &mut [Content], others: &mut [Content]) -> bool {
        for (one, two) in ones.iter_mut().zip(others) {
            let same_file = one.path == two.path && one.modified_ns == two.modified_ns;
            if !same_file {
                let (one, two) = (self.hashed(one).await, self.hashed(two).await);
                if one.is_none() || one != two {
                    return false;
                }
            }
        }
        true
    }

    /// The files of a plan that hold something else than when they were `seen`, as they are named in the plan. Another time of
    /// change alone says nothing where the content is known.
    pub async fn changed_since(&self, seen: &[Content], plan: &Plan) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        for piece in &plan.work {
            for (now, input) in piece.content.iter().zip(&piece.work.inputs) {
                let Some(was) = seen.iter().rev().find(|was| was.path == now.path) else {
                    // A file that came into a folder since.
                    changed.extend(input.folder.as_ref().filter(|_| !seen.is_empty()).map(|_| input.named.clone()));
                    continue;
                };
                let untouched = (was.bytes, was.modified_ns) == (now.bytes, now.modified_ns);
                let same = untouched
                    || was.bytes == now.bytes && was.sha256.is_some() && {
                        self.hashed(&mut now.clone()).await == was.sha256
                    };
                if !same {
                    changed.push(input.named.clone());
                }
            }
        }
        changed
    }

    /// The hash of a file that was measured, read where it is not known; nothing where it is no longer as it was measured: what
    /// works on it says so.
    async fn hashed(&self, content: &mut Content) -> Option<Sha256> {
        if content.sha256.is_none() {
            // It was opened by this very path under the rules for who named it.
            let open = self.parts.guard.open_dataset(&content.path, NamedBy::Person).ok()?;
            open.unchanged_since(content.bytes, content.modified_ns).ok()?;
            let read = tokio::task::spawn_blocking(move || machine::sha256_of(&open).ok()).await;
            content.sha256 = read.ok().flatten();
        }
        content.sha256
    }
}

/// The names of the inputs of a piece, in the order of its content, with the places of files in a folder.
fn files_of(piece: &PlannedWork) -> impl Iterator<Item = (&str, Option<&Path>)> {
    piece.work.inputs.iter().map(|input| (input.name.as_str(), place_of(input)))
}

/// Whether a draft is the one to keep beside an earlier one of the same work: it alone is to be done anew.
pub(super) fn replaces(draft: &Draft, first: &Draft) -> bool {
    draft.piece.work.anew && !first.piece.work.anew
}

/// Two drafts of the same work as one: the first, or the one that is to be done anew, with the other's names beside it.
pub(super) fn merged(first: Draft, second: Draft) -> Draft {
    let (mut kept, other) = if replaces(&second, &first) { (second, first) } else { (first, second) };
    let named = other.piece.work.name().to_owned();
    for name in std::iter::once(named).chain(other.piece.also) {
        if kept.piece.work.name() != name && !kept.piece.also.contains(&name) {
            kept.piece.also.push(name);
        }
    }
    kept
}
