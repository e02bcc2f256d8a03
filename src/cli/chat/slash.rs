//! Slash commands: what can be asked of the program itself, without a model.

use textwrap::core::display_width;

use crate::face::look::{Look, Tone};
use domain::{ids::JobId, money::Datoshi};

/// Their names, for completion and for "did you mean".
pub const NAMES: [&str; 13] = [
    "/help", "/jobs", "/show", "/receipt", "/cancel", "/limit", "/here", "/cost", "/tasks", "/tools", "/config",
    "/doctor", "/quit",
];

/// What `/help` prints, as `look` has room for it: what stands beside a command is wrapped as such.
pub fn help(look: &Look) -> Vec<String> {
    let beside = Look { width: look.width.saturating_sub(2), ..*look };
    let line = |line: &str| match line.trim_end().split_once("  ") {
        _ if display_width(line) <= look.width => vec![line.to_owned()],
        Some((command, what)) if command.starts_with('/') => {
            let mut lines = vec![command.to_owned()];
            lines.extend(beside.paragraph(Tone::Plain, what.trim()).into_iter().map(|line| format!("  {line}")));
            lines
        }
        _ => look.paragraph(Tone::Plain, line),
    };
    HELP.lines().flat_map(line).collect()
}

/// What can be typed.
const HELP: &str = "\
Say in plain words what is to be computed on which file, for example:
  Run protein folding on examples/data.fasta

/jobs             all jobs
/show [JOB]       one job: verdict, timeline, payments, result
/receipt [JOB]    what the ledger knows of a finished job
/cancel [JOB]     give a job up, before any money is under way
/limit [GAS]      spend at most so much a request, fees included; without an amount: what holds
/here [on|off]    run everything on this machine
/cost             what this session took: model calls, payments
/tasks            what can be computed
/tools            what a model may call
/config           every setting with where it came from
/doctor           check the outside parts
/quit             leave (Ctrl-D too)

Tab completes commands, jobs and paths. Ctrl-C stops a turn, and never a job that is paid for.";

/// A slash command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slash {
    /// The list of these.
    Help,
    /// All jobs.
    Jobs,
    /// One job; the newest when none is named.
    Show(Option<JobId>),
    /// One job's receipt; the newest when none is named.
    Receipt(Option<JobId>),
    /// A job is given up; the only open one of the session when none is named.
    Cancel(Option<JobId>),
    /// The most that a request may cost from now on; without an amount, what holds.
    Limit(Option<Datoshi>),
    /// Whether all work stays on this machine from now on.
    Here(bool),
    /// What the session took.
    Cost,
    /// The catalogue.
    Tasks,
    /// The tools' schemas.
    Tools,
    /// The settings.
    Config,
    /// The checks.
    Doctor,
    /// Leave.
    Quit,
}

impl Slash {
    /// The command in a line that begins with a slash; `None` for any other line, a path for one.
    ///
    /// # Errors
    /// A sentence about what is wrong.
    pub fn parse(line: &str) -> Option<Result<Slash, String>> {
        let mut words = line.split_whitespace();
        let name = words.next().filter(|w| w.starts_with('/') && !w.get(1..).is_some_and(|rest| rest.contains('/')))?;
        let argument = words.next();
        let job = || argument.map(str::parse::<JobId>).transpose().map_err(|e| e.to_string());
        let parsed = match name.to_ascii_lowercase().as_str() {
            "/help" | "/?" => Ok(Slash::Help),
            "/jobs" => Ok(Slash::Jobs),
            "/show" | "/job" => job().map(Slash::Show),
            "/receipt" => job().map(Slash::Receipt),
            "/cancel" => job().map(Slash::Cancel),
            "/limit" => argument.map(str::parse::<Datoshi>).transpose().map_err(|e| e.to_string()).map(Slash::Limit),
            "/here" => match argument {
                None | Some("on") => Ok(Slash::Here(true)),
                Some("off") => Ok(Slash::Here(false)),
                Some(_) => Err("/here takes on or off".to_owned()),
            },
            "/cost" => Ok(Slash::Cost),
            "/tasks" => Ok(Slash::Tasks),
            "/tools" => Ok(Slash::Tools),
            "/config" => Ok(Slash::Config),
            "/doctor" => Ok(Slash::Doctor),
            "/quit" | "/exit" | "/q" => Ok(Slash::Quit),
            _ => Err(unknown(name)),
        };
        let takes_more = matches!(
            parsed,
            Ok(Slash::Show(_) | Slash::Receipt(_) | Slash::Cancel(_) | Slash::Limit(_) | Slash::Here(_))
        );
        Some(match (parsed, argument) {
            (Ok(_), Some(extra)) if !takes_more => Err(format!("{name} takes nothing more, and `{extra}` follows it")),
            (parsed, _) => parsed,
        })
    }
}

fn unknown(name: &str) -> String {
    let near = NAMES.iter().map(|n| (strsim::osa_distance(n, name), *n)).min().filter(|(distance, _)| *distance <= 2);
    match near {
        Some((_, meant)) => format!("there is no {name}; did you mean {meant}?"),
        None => format!("there is no {name}; /help shows what there is"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_slips() {
        assert_eq!(Slash::parse("/jobs"), Some(Ok(Slash::Jobs)));
        assert_eq!(Slash::parse("  /QUIT "), Some(Ok(Slash::Quit)));
        let job = "job-7k3q9dm2".parse().unwrap();
        assert_eq!(Slash::parse("/show job-7k3q9dm2"), Some(Ok(Slash::Show(Some(job)))));
        assert_eq!(Slash::parse("/show"), Some(Ok(Slash::Show(None))));
        assert!(Slash::parse("/show nonsense").unwrap().unwrap_err().contains("not a job id"));
        assert!(Slash::parse("/jbos").unwrap().unwrap_err().contains("did you mean /jobs"));
        assert_eq!(Slash::parse("/cancel"), Some(Ok(Slash::Cancel(None))));
        assert!(Slash::parse("/cancel it").unwrap().unwrap_err().contains("not a job id"));
        assert!(Slash::parse("/jobs all").unwrap().is_err());
    }

    #[test]
    fn the_help_breaks_no_word_on_a_narrow_terminal() {
        assert_eq!(help(&Look::plain(100)).join("\n"), HELP);
        let narrow = help(&Look::plain(42));
        assert!(narrow.iter().all(|line| line.chars().count() <= 42), "{narrow:#?}");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&narrow.join("\n")), words(HELP));
    }

    #[test]
    fn what_is_no_command_is_for_the_model() {
        for line in ["/home/me/data.fasta is my file", "fold data.fasta", "", "/tmp/x"] {
            assert_eq!(Slash::parse(line), None, "{line}");
        }
    }

    #[test]
    fn each_name_is_a_command_and_in_the_help() {
        for name in NAMES {
            assert!(matches!(Slash::parse(name), Some(Ok(_))), "{name}");
            assert!(name == "/help" || HELP.contains(name), "{name}");
        }
    }
}
