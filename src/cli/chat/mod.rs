//! `agent chat`: the conversation at a prompt.

mod editor;
mod slash;

use std::{io::IsTerminal as _, process::ExitCode};

use clap::Args;

use self::{
    editor::{Prompt, Read},
    slash::Slash,
};
use super::{
    CommandError, Context, Kind,
    bounds::BoundsArgs,
    config, doctor,
    interrupt::Terminated,
    jobs,
    record::{self, Record},
    runtime::block_on,
    tasks, tools,
    wiring::{
        Options,
        session::{Session, Which},
    },
};
use crate::face::look::Tone;
use domain::{
    event::Event,
    ids::SessionId,
    request::{Locality, Spend},
};

/// What stands before the line that is typed.
const PROMPT: &str = "you> ";

/// Talk: history, completion, streamed answers; Ctrl-C stops a turn, Ctrl-D leaves.
#[derive(Debug, Default, Args)]
pub struct Chat {
    #[command(flatten)]
    bounds: BoundsArgs,
    /// Let payments move real money: they are refused on mainnet without
    #[arg(long)]
    allow_mainnet: bool,
    /// Go on with an earlier session [default: the newest]
    #[arg(long, value_name = "ID", num_args = 0..=1)]
    resume: Option<Option<SessionId>>,
    #[command(flatten)]
    record: Record,
}

impl Chat {
    /// Talks until the person leaves.
    ///
    /// # Errors
    /// Settings that make no sense; standard input that is no terminal.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        if context.json() {
            return Err(CommandError::usage("a conversation is for people, and --json is for programs")
                .hint("programs ask one thing at a time: agent ask --json \"...\""));
        }
        if !std::io::stdin().is_terminal() {
            return Err(CommandError::usage("a conversation needs a terminal").hint("ask one thing: agent ask \"...\""));
        }
        let options = Options { bounds: self.bounds.bounds(), allow_mainnet: self.allow_mainnet, ..Options::default() };
        self.record.begin(context, "chat", &options)?;
        let done = block_on(self.talk(context, options));
        record::end(context, &done);
        done.map(ExitCode::from)
    }

    async fn talk(&self, context: &Context, options: Options) -> Result<u8, CommandError> {
        let mut session = Session::begin(context, options, self.resume.clone().map_or(Which::Fresh, Which::Resumed))?;
        greet(context, &session)?;
        let mut terminated = Terminated::heard();
        let prompt = Prompt::start(context.settings()?.home().history());
        loop {
            let read = tokio::select! {
                read = prompt.read(PROMPT, session.job_ids()) => read,
                () = terminated.next() => Read::End,
            };
            match read {
                Read::Line(line) if line.trim().is_empty() => {}
                Read::Line(line) => match Slash::parse(&line) {
                    Some(Ok(Slash::Quit)) => break,
                    Some(Ok(command)) => {
                        say_error(context, context.tape().aside(obey(command, context, &mut session)).await);
                    }
                    Some(Err(message)) => context.output.lines([message]),
                    // A turn that failed says so itself; the conversation goes on.
                    None => {
                        say_error(context, session.turn(&line).await.map(|_| ExitCode::SUCCESS));
                        if session.leaves {
                            break;
                        }
                    }
                },
                Read::Cleared => {}
                Read::End => break,
                Read::Failed(why) => {
                    return Err(CommandError::new(
                        Kind::Failed,
                        "terminal",
                        format!("the terminal cannot be read: {why}"),
                    ));
                }
            }
            if context.output.is_closed() {
                break;
            }
        }
        if session.turns() > 0 {
            let text = format!("To go on with this session: agent chat --resume {}", context.session());
            context.output.lines(context.look.paragraph(Tone::Dim, &text));
        }
        Ok(session.end(Ok(0)))
    }
}

fn greet(context: &Context, session: &Session<'_>) -> Result<(), CommandError> {
    let look = &context.look;
    if let Some(how) = context.settings()?.unused_key() {
        context.output.lines(look.paragraph(Tone::Dim, &how));
    }
    if session.turns() > 0 {
        let n = session.turns();
        let turns = if n == 1 { "one turn".to_owned() } else { format!("{n} turns") };
        let text = match session.last_prompt() {
            Some(last) => format!("{} goes on after {turns}; the last was: {last}", context.session()),
            None => format!("{} goes on after {turns}", context.session()),
        };
        context.output.lines(look.field("Session", Tone::Plain, &text));
    }
    let open = session.left_open();
    if !open.is_empty() {
        let ids = open.iter().map(|job| job.id.to_string()).collect::<Vec<_>>().join(", ");
        let text = format!("left open earlier: {ids}; `agent jobs resume` takes them to their end");
        context.output.lines(look.field("Jobs", Tone::Care, &text));
    }
    context
        .output
        .lines(look.paragraph(Tone::Dim, "Say what to compute on which file. /help shows more, Ctrl-D leaves."));
    Ok(())
}

fn say_error(context: &Context, done: Result<ExitCode, CommandError>) {
    if let Err(error) = done {
        context.sink().emit(Event::Error { kind: error.word.clone(), message: error.sentence(), hint: error.hint });
    }
}

/// Does what a slash command says, by the commands of the same names.
async fn obey(command: Slash, context: &Context, session: &mut Session<'_>) -> Result<ExitCode, CommandError> {
    match command {
        Slash::Help => {
            context.output.lines(slash::help(&context.look));
            Ok(ExitCode::SUCCESS)
        }
        Slash::Jobs => jobs::list::run(context),
        Slash::Show(job) => jobs::show::run(context, &jobs::Which { job }),
        Slash::Receipt(job) => jobs::receipt::print(context, &jobs::Which { job }),
        Slash::Cancel(job) => session.cancel(job).await,
        Slash::Limit(limit) => {
            let spend = limit.map(Spend::at_most);
            context.output.lines(session.bound(|bounds| bounds.spend = spend.unwrap_or(bounds.spend)));
            Ok(ExitCode::SUCCESS)
        }
        Slash::Here(here) => {
            let place = if here { Locality::Here } else { Locality::Anywhere };
            context.output.lines(session.bound(|bounds| bounds.place = place));
            Ok(ExitCode::SUCCESS)
        }
        Slash::Cost => {
            context.output.lines(session.cost()?);
            Ok(ExitCode::SUCCESS)
        }
        Slash::Tasks => tasks::Tasks::default().run(context),
        Slash::Tools => tools::Tools::default().run(context),
        Slash::Config => config::Config::default().run(context),
        Slash::Doctor => doctor::examine(context).await,
        Slash::Quit => Ok(ExitCode::SUCCESS),
    }
}
