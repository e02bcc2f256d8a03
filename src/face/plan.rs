//! A plan as people see it: the answer first, then what it costs, who is paid, and what leaves this machine. Pure.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `one` | a plan of one piece of work, in 4 to 8 lines |
//! | `many` | a plan of many: the headline, the table, what belongs to all of it |
//! | `rows` | the table's rows, at most about twenty |
//! | `columns` | which columns the width has room for |
//! | `money` | prices, added up and said |
//! | [`words`] | names, sizes, bounds in plain words |

pub(super) mod columns;
mod many;
mod money;
mod one;
mod rows;
pub mod words;

pub(super) use rows::MOST as MOST_ROWS;

use super::look::{Look, Tone};
use domain::{
    plan::{Plan, PlannedWork},
    request::Request,
    units::{about_seconds, clean, count},
    verdict::Place,
};

/// The whole plan.
pub fn plan(plan: &Plan, look: &Look) -> Vec<String> {
    let mut out = without_bounds(plan, look);
    out.extend(read_as(&plan.request, look));
    out.extend(words::bounds(plan.request.bounds).iter().flat_map(|text| look.field("Bounds", Tone::Plain, text)));
    out
}

/// So many notes on what was taken for what are shown before the rest is counted.
const MOST_NOTES: usize = 8;

/// What was taken for what when the request was read: a slip, a pattern with its count, what holds as before.
pub(super) fn read_as(request: &Request, look: &Look) -> Vec<String> {
    let (shown, others) = request.notes.split_at(request.notes.len().min(MOST_NOTES));
    let rest = (!others.is_empty()).then(|| format!("and {} more", count(others.len() as u64)));
    let notes: Vec<String> = shown.iter().map(|note| clean(note, 300)).chain(rest).collect();
    many::several("Read as", Tone::Plain, &notes, look)
}

/// The plan for where the request's bounds, and what was taken for what, are shown beside it.
pub(super) fn without_bounds(plan: &Plan, look: &Look) -> Vec<String> {
    let sent = words::sent_to(plan);
    match plan.work.as_slice() {
        [] => look.field("Plan", Tone::Care, "there is nothing to do"),
        [piece] => one::lines(piece, sent.as_deref(), look),
        pieces => many::lines(pieces, sent.as_deref(), look),
    }
}

/// The plan as a run shows it before it goes on: one line where it is one piece of work that runs here and costs nothing, and
/// the whole plan otherwise.
pub fn brief(plan: &Plan, look: &Look) -> Vec<String> {
    let Some(text) = short(plan) else { return self::plan(plan, look) };
    [look.paragraph(Tone::Dim, &text), read_as(&plan.request, look)].concat()
}

fn short(plan: &Plan) -> Option<String> {
    let [piece] = plan.work.as_slice() else { return None };
    let verdict = piece.verdict.as_ref().filter(|verdict| verdict.place == Place::Local)?;
    if piece.cannot.is_some()
        || piece.needs_consent()
        || piece.same_as_before
        || !piece.also.is_empty()
        || words::bounds(plan.request.bounds).is_some()
    {
        return None;
    }
    let time = about_seconds(verdict.estimate.seconds.likely);
    let beside: String = words::beside(piece).iter().map(|text| format!(" with {text}")).collect();
    Some(format!("{} ({}){beside} runs on this machine: free, {time}.", words::what(&piece.work), words::size(piece)))
}

/// What is to be known of some of the work together, without a table: for the notes in a plan file.
pub(super) fn notes(pieces: &[PlannedWork], look: &Look) -> Vec<String> {
    match pieces {
        [piece] => one::lines(piece, None, look),
        pieces => [many::headline(pieces, look), many::summary(pieces, None, look)].concat(),
    }
}

#[cfg(test)]
mod tests;
