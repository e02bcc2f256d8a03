//! Playing a recorded run: the same conversation, guard, job machine and payer, in a home folder of its own that is gone
//! afterwards. No client is made that could reach anything, no key is read, and no setting of this machine counts.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use crate::{
    cli::{
        CommandError, Context, Kind, logging, record,
        runtime::block_on,
        wiring::{
            Options,
            session::{Session, Which},
        },
    },
    face::look::Tone,
};
use cassette::{
    format::{Measure, Start},
    play::{Divergence, Player},
    read::Cassette,
};
use compute::worker;
use domain::{event::Event, units};
use guard::config::{Key, Overrides, Settings};

/// What begins the name of a value that tells of a dataset.
const DATASET: &str = "dataset ";

/// Plays the run, and ends with its exit code; with 1 where it departs from its record.
///
/// # Errors
/// A dataset that is not as it was recorded; no temporary folder; a departure from the record.
pub fn run(context: &Context, cassette: &Cassette, data: Option<&Path>) -> Result<ExitCode, CommandError> {
    let start = &cassette.start;
    let failed = |e: std::io::Error| CommandError::failed("temporary_folder", e).hint("check TMPDIR");
    let home = tempfile::Builder::new().prefix("agent-replay-").tempdir().map_err(failed)?;
    let here = std::env::current_dir().map_err(failed)?;
    let player = Player::new(cassette, Vec::new());
    let folder = match data {
        Some(data) => with_datasets(&player, &[here.join(data)])?,
        None => with_datasets(&player, &[here, PathBuf::from(&start.folder)])?,
    };
    let player = Arc::new(Player::new(cassette, places(start, home.path(), &folder)));
    let overrides = Overrides {
        home: Some(home.path().to_owned()),
        profile: Some("sandbox".to_owned()),
        model: Some("planner".to_owned()),
        log: logging::filter_of(context.global.verbose),
    };
    let settings = Settings::of_flags(&overrides, home.path(), &folder);
    logging::start(settings.value(Key::AgentLog).map_or("off", |v| v.text()))?;
    let played = context.of_record(settings, Arc::clone(&player));
    let code = block_on(play(&played, cassette, &player))?;
    judge(&played, cassette, &player, code)
}

/// The run from its first words to its exit code, or to where it departs from the record.
async fn play(context: &Context, cassette: &Cassette, player: &Player) -> Result<u8, CommandError> {
    let given = |flag: &str| cassette.start.flags.iter().any(|f| f == flag);
    let options = Options {
        yes: given("--yes"),
        bounds: cassette.start.bounds,
        allow_mainnet: given("--allow-mainnet"),
        takes_unverified: given("--accept-unverified"),
        out_dir: None,
    };
    let work = async {
        let mut session = Session::begin(context, options, Which::Fresh)?;
        warn_of_changes(context, &cassette.start)?;
        let mut done = Ok(0);
        for words in cassette.inputs() {
            let turn = session.turn(words).await;
            match cassette.start.command.as_str() {
                // A conversation goes on after a turn that failed, and ends well.
                "chat" => say(context, turn.err()),
                _ => done = turn,
            }
        }
        Ok(session.end(done))
    };
    tokio::select! {
        biased;
        divergence = player.departed() => Err(departed(&divergence)),
        code = work => code,
    }
}

fn say(context: &Context, error: Option<CommandError>) {
    if let Some(error) = error {
        context.sink().emit(error.event());
    }
}

/// What is to be said once the run has come to its end: whether that is the recorded one.
fn judge(context: &Context, cassette: &Cassette, player: &Player, code: u8) -> Result<ExitCode, CommandError> {
    if let Some(divergence) = player.divergence() {
        return Err(departed(&divergence));
    }
    let left = player.left();
    if let Some(next) = left.first() {
        let did = format!("the run ended, with exit code {code}");
        let expected = format!("{next}, and {} more", left.len() - 1);
        return Err(departed(&Divergence { did, expected }));
    }
    match cassette.exit_code() {
        Some(recorded) if recorded != code => {
            let did = format!("the run ended with exit code {code}");
            return Err(departed(&Divergence { did, expected: format!("exit code {recorded}") }));
        }
        Some(_) => {}
        None => warn(context, "the record was cut off; the run was played to the end of what it holds".to_owned()),
    }
    let reworded = player.reworded();
    if reworded > 0 {
        let requests = units::counted(reworded as u64, "request", "requests");
        warn(context, format!("{requests} to the model in other words than the recorded"));
    }
    if !context.json() {
        let text = format!("as recorded by version {}: exit code {code}", cassette.start.program);
        context.output.lines(context.look.field("Replay", Tone::Good, &text));
    }
    Ok(ExitCode::from(code))
}

fn departed(divergence: &Divergence) -> CommandError {
    let message =
        format!("the run departs from its record: {}; the record has {}", divergence.did, divergence.expected);
    CommandError::new(Kind::Failed, "diverged", message)
        .hint("agent replay --show FILE shows the record step by step, with --step N one step whole")
}

fn warn(context: &Context, message: String) {
    context.sink().emit(Event::Warning { message });
}

/// Says what of the program is no longer what it was.
fn warn_of_changes(context: &Context, start: &Start) -> Result<(), CommandError> {
    let now = record::built()?;
    let changed: Vec<&str> =
        start.built.iter().filter(|(name, hash)| now.get(*name) != Some(hash)).map(|(name, _)| name.as_str()).collect();
    if !changed.is_empty() {
        let changed = changed.join(", ");
        warn(context, format!("recorded by version {} of the program; changed since: {changed}", start.program));
    }
    Ok(())
}

/// The paths of this run with what they were in the recorded one.
fn places(start: &Start, home: &Path, folder: &Path) -> Vec<(String, String)> {
    let text = |path: &Path| path.display().to_string();
    let mut places = Vec::new();
    if let Some(out) = &start.out {
        places.push((text(&home.join("results")), out.clone()));
    }
    places.push((text(home), start.home.clone()));
    if text(folder) != start.folder {
        places.push((text(folder), start.folder.clone()));
    }
    places
}

/// The first of these folders that has every dataset as it was recorded.
fn with_datasets(player: &Player, folders: &[PathBuf]) -> Result<PathBuf, CommandError> {
    let mut wanted: Vec<(String, Measure)> = player.all_values(DATASET);
    wanted.dedup();
    let mut first = None;
    for folder in folders {
        match wanted.iter().find_map(|(of, measure)| differs(folder, of.trim_start_matches(DATASET), measure)) {
            None => return Ok(folder.clone()),
            Some(why) => first = first.or(Some(why)),
        }
    }
    let message = first.unwrap_or_else(|| "there is no folder to work in".to_owned());
    Err(CommandError::new(Kind::Failed, "dataset", message)
        .hint("a record does not hold datasets: name their folder with --data DIR; agent replay --show needs none"))
}

fn differs(folder: &Path, name: &str, recorded: &Measure) -> Option<String> {
    let path = folder.join(name);
    let was = format!("{}, SHA-256 {}", units::bytes(recorded.bytes), recorded.sha256);
    let found = File::open(&path).and_then(|file| worker::hash(file, |_| {}));
    match found {
        Ok((bytes, sha256)) if (bytes, sha256) == (recorded.bytes, recorded.sha256) => None,
        Ok(_) => Some(format!("{} is not the file of the recorded run: that had {was}", path.display())),
        Err(error) => Some(format!("{} cannot be read: {error}; the recorded run worked on it: {was}", path.display())),
    }
}
