//! The work that a person's words ask for: which tasks, on which files, with which choices, and what of it was said
//! before.

use super::{
    curious,
    named::{fits, is_of, named_otherwise, names_no_file, task_called},
    pairs,
    plain::{self, Level, Reading},
    refer::{self, Meant},
    thread::{Last, Thread},
    wish::{Wanted, Which, Wish},
};
use crate::{
    domain::{
        dataset::Format,
        task::{Parameters, TaskType},
    },
    model::{about::Question, context::Context, phrases, words},
};

/// Words that ask for what was done to be done once more.
const AGAIN: [&str; 8] = ["again", "same", "once more", "one more time", "repeat", "redo", "rerun", "re run"];
/// Words that take back what was said of a file: "sorry, I meant a.fasta".
const CORRECTS: [&str; 15] = [
    "oh",
    "oh sorry",
    "instead",
    "i meant",
    "i mean",
    "sorry i meant",
    "sorry i mean",
    "sorry",
    "oops",
    "actually",
    "rather",
    "i wanted",
    "no i meant",
    "no i mean",
    "make that",
];
/// "No" before another file than the one that was taken.
const NO: &str = "no";

/// Whether a text asks for something to be done once more.
pub(super) fn says_again(text: &str) -> bool {
    words::says_any(&words::plain(text), &AGAIN)
}

/// What a text is read with.
struct Reader<'a> {
    text: &'a str,
    thread: &'a Thread,
    context: &'a Context,
    tasks: &'a [TaskType],
    /// The files that the text names.
    files: Vec<String>,
    /// The text without their names, for looking up phrases.
    said: String,
    /// The files that it leaves out.
    left_out: &'a [String],
    again: bool,
}

/// Tasks and datasets, the missing half taken from what was said before.
pub(super) fn read(
    text: &str,
    thread: &Thread,
    context: &Context,
    tasks: &[TaskType],
    named: &[&TaskType],
    files: Vec<String>,
    left_out: &[String],
) -> Wish {
    let files = if files.is_empty() && !named.is_empty() { named_otherwise(text, tasks) } else { files };
    let said = words::without_files(text, &files);
    let again = says_again(&said);
    let reader = Reader { text, thread, context, tasks, files, said, left_out, again };
    let wish = match &thread.last {
        Some(last) if named.is_empty() => reader.follow(last),
        _ => reader.order(named),
    };
    reader.not_twice(wish)
}

impl Reader<'_> {
    /// A text that names its tasks, or none and nothing to stand on.
    fn order(&self, named: &[&TaskType]) -> Wish {
        if named.is_empty() {
            return self.no_task();
        }
        let mut reading = self.reading(named, false);
        let mut chosen: Vec<(&TaskType, Parameters)> = Vec::new();
        for task in named {
            let before = if self.again { self.thread.chosen(&task.name) } else { Parameters::new() };
            match self.choose(task, before, &reading) {
                Ok(parameters) => chosen.push((*task, parameters)),
                Err(wish) => return wish,
            }
        }
        // What leaves the file open, or wants the same as before, stands within the limits of what was said before.
        if let Some(last) = self.thread.last.as_ref().filter(|_| self.again || self.files.is_empty()) {
            reading = within(reading, &last.reading);
        }
        match self.on_files(&chosen, &reading) {
            Ok(files) => self.paired(&chosen, files, reading),
            Err(wish) => wish,
        }
    }

    /// A text without a task: it stands on the last work, if it has anything to do with it.
    fn follow(&self, last: &Last) -> Wish {
        let of = |name: &String| self.tasks.iter().find(|task| task.name == *name);
        let before: Vec<(&TaskType, Parameters)> =
            last.chosen.iter().filter_map(|(name, chosen)| Some((of(name)?, chosen.clone()))).collect();
        let working: Vec<&TaskType> = before.iter().map(|(task, _)| *task).collect();
        if working.is_empty() {
            return self.no_task();
        }
        let reading = self.followed(last, &working);
        let mut chosen: Vec<(&TaskType, Parameters)> = Vec::new();
        for (task, parameters) in before {
            match self.choose(task, parameters, &reading) {
                Ok(parameters) => chosen.push((task, parameters)),
                Err(wish) => return wish,
            }
        }
        let chooses =
            chosen.iter().zip(&last.chosen).any(|((_, now), (_, then))| now != then) || self.chooses(&working);
        let refers = refer::refers(&self.said);
        if self.files.is_empty() && !chooses && !self.again && !refers {
            return Wish::Unknown;
        }
        // "And the first sequence?" is asked of what came out.
        let now: Vec<Wanted> = last.work.iter().filter(|w| self.thread.begun.contains(w)).cloned().collect();
        if self.files.is_empty() && !now.is_empty() && curious::asks(&self.said) && self.counts(&working) {
            return Wish::About(Question::Outcome, Which::Last);
        }
        // "Both again" is each piece of the last work, and not each of its tasks on each of its files.
        let all = self.again
            && last.work.len() > 1
            && words::says_any(&words::plain(&self.said), &["both", "all", "all of them", "them"]);
        let repeats = self.files.is_empty() && !last.work.is_empty() && (!refers || all);
        match repeats {
            // Each piece of work with its own file, as it was.
            true => match self.once_more(last, &reading) {
                Ok(wanted) => Wish::Work(wanted, reading),
                Err(wish) => wish,
            },
            false => match self.on_files(&chosen, &reading) {
                Ok(files) => self.paired(&chosen, files, reading),
                Err(wish) => wish,
            },
        }
    }

    /// What was begun already is begun once more only where that is said; else it is asked for what came out.
    fn not_twice(&self, wish: Wish) -> Wish {
        let Wish::Work(wanted, reading) = wish else { return wish };
        let shows = words::wants_shown(&self.said) || curious::asks(&self.said);
        let repeats = self.again && (words::orders(&self.said) || !shows);
        let looks = matches!(reading.level, Level::Look(_)) && words::only_asks(&self.said);
        let not = matches!(reading.level, Level::Not(_));
        if repeats || looks || not || !self.thread.has_begun(&wanted, self.tasks) {
            return Wish::Work(wanted, reading);
        }
        let task = wanted.first().map(|first| first.task.clone());
        let task = task.filter(|task| wanted.iter().all(|w| w.task == *task));
        Wish::About(Question::Outcome, Which::Of(task, wanted.into_iter().map(|w| w.dataset).collect()))
    }

    fn once_more(&self, last: &Last, reading: &Reading) -> Result<Vec<Wanted>, Wish> {
        let mut out = Vec::new();
        for wanted in &last.work {
            let Some(task) = self.tasks.iter().find(|task| task.name == wanted.task) else { continue };
            let parameters = self.choose(task, wanted.parameters.clone(), reading)?;
            let claimed_bytes = words::claimed_bytes(self.text).or(wanted.claimed_bytes);
            out.push(Wanted { parameters, claimed_bytes, ..wanted.clone() });
        }
        Ok(out)
    }

    /// How plainly a follow-up is said, with what was said before it.
    fn followed(&self, last: &Last, working: &[&TaskType]) -> Reading {
        let mut now = within(self.reading(working, true), &last.reading);
        // A bare name, or thanks with one, after a request that had its file is no order yet.
        let bare = words::tokens(self.text, &self.files).iter().all(|t| t.kind == words::Kind::File);
        let says = |phrases: &[&str]| words::says_any(&words::plain(&self.said), phrases);
        let thanks = says(&["thanks", "thank you", "thx"]);
        let goes_on = self.again || says(&["and", "now", "also", "then", "please", "too", "next"]);
        if (bare || (thanks && !goes_on)) && !last.files.is_empty() && !last.failed {
            now.level = now.level.least(Level::Free);
        }
        now.level = match last.reading.level.clone() {
            level @ (Level::Plain | Level::Free) => now.level.least(level),
            // What was doubted once is not begun by half a sentence.
            _ => now.level.least(Level::Look(None)),
        };
        now
    }

    fn reading(&self, working: &[&TaskType], follows: bool) -> Reading {
        let mut more = refer::said(&self.said, &self.files);
        if follows {
            more.extend(CORRECTS.iter().map(|phrase| (*phrase).to_owned()));
            more.extend(self.corrected());
        }
        if self.thread.last.is_some() {
            more.extend(self.praised());
            more.push("instead".to_owned());
        }
        plain::read(self.text, &self.files, working, follows || self.again, &more)
    }

    /// "No" takes back what was done where another file is said with it.
    fn corrected(&self) -> Option<String> {
        let plain = words::plain(&self.said);
        let first = plain.split_whitespace().next() == Some(NO) && plain.matches(" no ").count() == 1;
        let other =
            words::says_any(&plain, &["other one", "other file", "i meant", "i mean", "the second", "the first"]);
        (first && other).then(|| NO.to_owned())
    }

    /// Praise of what came before, where a text begins with it.
    fn praised(&self) -> Option<String> {
        let first = words::tokens(self.text, &self.files).into_iter().next()?;
        ["great", "perfect", "good", "fine", "nice", "cool"].contains(&first.text.as_str()).then_some(first.text)
    }

    /// Whether all that a text chooses is how many.
    fn counts(&self, working: &[&TaskType]) -> bool {
        let tokens = words::tokens(self.text, &self.files);
        let mut chosen = working.iter().flat_map(|task| phrases::choices(&tokens, task)).peekable();
        let polite = words::says_any(&words::plain(&self.said), &["can you", "could you", "please"]);
        chosen.peek().is_some() && !polite && chosen.all(|choice| choice.name.starts_with("max_"))
    }

    fn chooses(&self, working: &[&TaskType]) -> bool {
        let tokens = words::tokens(self.text, &self.files);
        working.iter().any(|task| !phrases::choices(&tokens, task).is_empty())
    }

    /// What the text chooses for a task, beside what was chosen `before`; two values for one parameter are a question.
    fn choose(&self, task: &TaskType, before: Parameters, reading: &Reading) -> Result<Parameters, Wish> {
        let mut now = Parameters::new();
        for choice in phrases::choices(&words::tokens(self.text, &self.files), task) {
            if let Some(other) = now.get(&choice.name).filter(|other| **other != choice.value) {
                return Err(Wish::TwoValues {
                    values: vec![other.clone(), choice.value],
                    parameter: choice.name,
                    chosen: vec![(task.name.clone(), before)],
                    files: self.files.clone(),
                    reading: reading.clone(),
                });
            }
            now.insert(choice.name, choice.value);
        }
        let mut out = before;
        out.extend(now);
        Ok(out)
    }

    /// The files: those that are named, those that are referred to, those of before, or the only one that there is.
    fn on_files(&self, chosen: &[(&TaskType, Parameters)], reading: &Reading) -> Result<Vec<String>, Wish> {
        if !self.files.is_empty() {
            return Ok(self.files.clone());
        }
        let Some((first, _)) = chosen.first() else { return Err(Wish::Unknown) };
        let candidates = self.candidates(first);
        let before = self.thread.last.as_ref().map(|last| last.files.as_slice()).unwrap_or_default();
        let files = match refer::meant(&self.said, &candidates, before, &self.thread.used_by(&first.name)) {
            Some(Meant::These(files)) => files,
            Some(Meant::OneOf(candidates)) => return Err(which_file(chosen, candidates, reading.clone())),
            None => match (self.of_before(before), candidates.as_slice()) {
                (files, _) if !files.is_empty() => files,
                (_, [only]) => vec![only.clone()],
                _ => return Err(which_file(chosen, candidates, reading.clone())),
            },
        };
        // "The fastq file" is none of another kind.
        let fastq = words::says(&words::plain(&self.said), "fastq") && !files.iter().any(|f| is_of(Format::Fastq, f));
        if fastq || names_no_file(self.text) {
            return Err(which_file(chosen, candidates, reading.clone()));
        }
        Ok(files)
    }

    /// The files of before. One of which the person said that nothing is to be done with it is meant only by "it".
    fn of_before(&self, before: &[String]) -> Vec<String> {
        let points = words::says_any(&words::plain(&self.said), &["it", "that", "this", "them", "these"]);
        let left = before.iter().filter(|f| !self.left_out.contains(f));
        left.filter(|f| points || !self.thread.barred.contains(f)).cloned().collect()
    }

    /// The files of the folder that a task may work on.
    fn candidates(&self, task: &TaskType) -> Vec<String> {
        let known = self.context.files.iter().map(|f| f.path.clone());
        let barred = |file: &String| self.thread.barred.contains(file) || self.left_out.contains(file);
        known.filter(|file| fits(task, file) && !barred(file)).collect()
    }

    /// Each task on its files, unless the file is not the one that is spoken of.
    fn paired(&self, chosen: &[(&TaskType, Parameters)], files: Vec<String>, reading: Reading) -> Wish {
        let wanted = match pairs::pairs(self.text, chosen, files) {
            Ok(wanted) => wanted,
            Err(wish) => return wish,
        };
        if self.files.is_empty()
            && let [only] = wanted.as_slice()
            && let Some(claimed) = only.claimed_bytes
            && let Some(file) = self.context.files.iter().find(|f| f.path == only.dataset)
            && file.bytes < claimed / 10
        {
            return Wish::TooSmall { bytes: file.bytes, claimed, wanted, reading };
        }
        Wish::Work(wanted, reading)
    }

    /// A text that names no task.
    fn no_task(&self) -> Wish {
        let Some(dataset) = self.files.first().cloned() else { return Wish::Unknown };
        match task_called(self.text) {
            Some(task) => {
                let claimed_bytes = words::claimed_bytes(self.text);
                let wanted = Wanted { task, dataset, parameters: Parameters::new(), claimed_bytes };
                Wish::Work(vec![wanted], Reading { level: Level::Look(None), ..Reading::default() })
            }
            None => Wish::WhichTask { dataset },
        }
    }
}

/// A reading within the limits that stand already. A limit that is said now is the one that holds.
fn within(now: Reading, before: &Reading) -> Reading {
    Reading { limit: now.limit.or(before.limit), here: now.here.or(before.here), ..now }
}

fn which_file(chosen: &[(&TaskType, Parameters)], candidates: Vec<String>, reading: Reading) -> Wish {
    let chosen = chosen.iter().map(|(task, parameters)| (task.name.clone(), parameters.clone())).collect();
    Wish::WhichFile { chosen, candidates, reading }
}
