//! Asking a person for their consent to a plan, on the terminal they sit at.
//!
//! What was understood stands beside what was said, with the bounds that hold and those that were not set: a limit that a
//! model did not hear is to be noticed here, before anything is sent or paid.

use std::io;

use super::{
    approve::said_yes,
    edit::{Draft, Edited},
    look::{Look, Tone},
    plan::{self, words},
    tty::Tty,
};
use domain::{
    money::Datoshi,
    plan::Plan,
    request::{Locality, Origin, Request, Spend, Until},
    units::clean,
};

/// Times an unclear answer is asked for again.
const MAX_QUESTIONS: usize = 3;
/// What was said is shown up to so many characters.
const SAID: usize = 300;
/// The question.
const QUESTION: &str = "Go ahead? [y]es / [N]o / [e]dit";
/// The question while what was edited is no plan yet: the one that was shown is not what the person wants.
const MENDING: &str = "Mend it? [e]dit / [N]o";
/// The answer to a yes to that.
const NOT_YET: &str = "Your changes are not in the plan that was shown, so it does not go on without them: e opens them \
                       again (undo them to have that plan back), n stops.";

/// What a person said to a plan.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// Go ahead.
    Yes,
    /// Do not: said, or Enter, Ctrl-C, Ctrl-D.
    No,
    /// There is no terminal, so nobody was asked.
    Nobody,
    /// Something else: what they made of the plan in their editor. It is to be planned and asked for again.
    Edited(Box<Request>),
}

/// Everything a person needs to decide, and the question.
///
/// `said` are their words, where there are any. `spending` is what was spent or reserved in the last 24 hours, and the cap.
pub fn consent(plan: &Plan, said: Option<&str>, spending: Option<(Datoshi, Datoshi)>, look: &Look) -> Vec<String> {
    let mut out = Vec::new();
    match said {
        Some(said) => {
            out.extend(look.field("You said", Tone::Dim, &clean(said, SAID)));
            out.extend(look.field("Understood", Tone::Plain, &understood(&plan.request)));
            out.extend(plan::read_as(&plan.request, look));
            out.push(String::new());
            out.extend(plan::without_bounds(plan, look));
        }
        None => out.extend(plan::plan(plan, look)),
    }
    out.extend(budget(plan, spending).iter().flat_map(|text| look.field("Budget", Tone::Plain, text)));
    out.push(String::new());
    out.push(look.tone(Tone::Strong, QUESTION));
    out
}

/// The work and all bounds, those that are not set too, and who understood it so.
fn understood(request: &Request) -> String {
    let what = match request.work.as_slice() {
        [work] => words::what(work),
        works => {
            let task = works.first().filter(|first| works.iter().all(|work| work.task == first.task));
            let count = words::count_of(works.iter());
            task.map_or_else(|| count.clone(), |first| format!("{} on {count}", words::task(first)))
        }
    };
    let spend = match request.bounds.spend {
        Spend::Nothing => "nothing may be paid".to_owned(),
        Spend::AtMost(most) => format!("at most {most} in all, with fees"),
        Spend::OwnersCaps => "no spending limit but your own caps".to_owned(),
    };
    let place = match request.bounds.place {
        Locality::Anywhere => "here or at the provider",
        Locality::Here => "on this machine only",
    };
    let until = match request.bounds.until {
        Until::Plan => "only the plan",
        Until::Quote => "up to the provider's quote, nothing is paid",
        Until::Done => "up to the result",
    };
    let by = match &request.origin {
        Origin::Flags | Origin::File => String::new(),
        Origin::Grammar => " (as the offline planner reads it)".to_owned(),
        Origin::Model(name) | Origin::Mcp(name) => format!(" (as {} reads it)", clean(name, 60)),
    };
    format!("{what}; {spend}; {place}; {until}{by}")
}

/// What is left of the cap, where anything is to be paid.
fn budget(plan: &Plan, spending: Option<(Datoshi, Datoshi)>) -> Option<String> {
    let (spent, cap) = spending.filter(|_| plan.worst_case > Datoshi::ZERO)?;
    let left = cap.saturating_sub(spent);
    let after = left.saturating_sub(plan.worst_case);
    Some(format!("{left} left of {cap} in 24 hours; {after} after this, in the worst case"))
}

/// Asks at the controlling terminal, whatever standard input and output are: a piped request still has a person.
///
/// `e` opens the plan in the person's editor. What does not parse is told, and can be edited further; nothing of it is lost. A
/// yes is only taken while nothing was changed: it is a yes to the plan that was shown.
///
/// # Errors
/// When the terminal goes away in the middle of it. A terminal that there never was is [`Said::Nobody`].
pub async fn ask_consent(
    plan: &Plan,
    said: Option<&str>,
    spending: Option<(Datoshi, Datoshi)>,
    look: &Look,
) -> io::Result<Said> {
    let Ok(mut terminal) = Tty::open() else { return Ok(Said::Nobody) };
    let lines = consent(plan, said, spending, look);
    terminal.say(&format!("\n{} ", lines.join("\n")))?;
    let (mut draft, mut unclear) = (None, 0);
    loop {
        let Some(line) = terminal.line().await? else { return Ok(Said::No) };
        let changed = draft.as_ref().is_some_and(Draft::is_changed);
        let told = match (is_edit(&line), said_yes(&line)) {
            (false, Some(true)) if !changed => return Ok(Said::Yes),
            (false, Some(false)) => return Ok(Said::No),
            (false, yes) => {
                unclear += 1;
                if unclear == MAX_QUESTIONS {
                    terminal.say("That is taken as a no.\n")?;
                    return Ok(Said::No);
                }
                match (changed, yes) {
                    (true, Some(_)) => look.paragraph(Tone::Care, NOT_YET),
                    (true, None) => vec!["Please answer e or n.".to_owned()],
                    (false, _) => vec!["Please answer y, n or e.".to_owned()],
                }
            }
            (true, _) => {
                // The editor reads the same keys.
                drop(terminal);
                let edited = edit(&mut draft, plan).await;
                terminal = Tty::open()?;
                match edited {
                    Ok(Edited::Changed(request)) => return Ok(Said::Edited(request)),
                    Ok(Edited::Unchanged) => look.paragraph(Tone::Plain, "The plan is as it was."),
                    Err(why) => look.paragraph(Tone::Bad, &why),
                }
            }
        };
        let question = if draft.as_ref().is_some_and(Draft::is_changed) { MENDING } else { QUESTION };
        terminal.say(&format!("{}\n{question} ", told.join("\n")))?;
    }
}

fn is_edit(line: &str) -> bool {
    matches!(line.trim().to_ascii_lowercase().as_str(), "e" | "edit")
}

/// Opens the draft, which is written at the first time and kept from then on.
async fn edit(draft: &mut Option<Draft>, plan: &Plan) -> Result<Edited, String> {
    let draft = match draft {
        Some(draft) => draft,
        None => draft.insert(Draft::new(plan).map_err(|error| error.to_string())?),
    };
    draft.edit().await.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
