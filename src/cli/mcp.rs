//! `agent mcp`: the guarded tools for other agents.

use std::{
    fs::OpenOptions,
    future::Future,
    io::{self, IsTerminal as _},
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Args;

use super::{
    CommandError, Context,
    bounds::BoundsArgs,
    interrupt::until_told,
    runtime::block_on,
    wiring::{Options, Wired},
};
use crate::{
    face::{
        jsonl::JsonLines,
        look::{Look, Tone},
        mcp::{CallSink, Desk, Owner, Owners, http, session::Events, stdio, token},
        output::Output,
        terminal::Terminal,
    },
    job::carry::AT_ONCE,
};
use domain::{
    event::{Event, Sink},
    ids::SessionId,
    request::Bounds,
};

/// What a person reads who starts it by hand: it would be silent, and wait for a protocol.
fn to_a_person(context: &Context) -> Result<Vec<String>, CommandError> {
    let folder = context.settings()?.cwd().display().to_string();
    let arguments = serde_json::json!({"command": "agent", "args": ["mcp", "--folder", folder]});
    let look = &context.errors_look;
    let mut lines = look.paragraph(
        Tone::Plain,
        "`agent mcp` speaks the Model Context Protocol on standard input and output: an MCP client starts it, and nothing is to \
         be typed here. In the client's settings, among its servers:",
    );
    lines.push(format!("  \"agent\": {arguments}"));
    lines.extend(look.paragraph(
        Tone::Dim,
        "`agent mcp --http` serves clients that connect instead; docs/mcp.md has more. Ctrl-C or Ctrl-D ends it.",
    ));
    Ok(lines)
}

/// Settings of the folder that a command is given in.
const DOTENV: &str = ".env";

/// Offer the guarded tools to other agents, over MCP.
///
/// Without --http it speaks on standard input and output, as desktop clients and editors start it; what happens is told on
/// standard error. Payments are approved by the owner's policy, by the sandbox, or by a person at this process's terminal,
/// never by the calling model; where nobody can be asked they wait for `agent jobs resume`.
#[derive(Debug, Args)]
pub struct Mcp {
    /// Serve streamable HTTP at this address instead [default: 127.0.0.1:8403]
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:8403")]
    http: Option<SocketAddr>,
    /// Also answer to this name, such as node.example.org; it is needed to listen beyond loopback
    #[arg(long = "allow-host", value_name = "NAME", requires = "http")]
    hosts: Vec<String>,
    /// Folder that datasets are taken from [default: the working directory]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Read .env in that folder: whoever may write there then decides who is paid
    #[arg(long)]
    dotenv: bool,
    /// Append what happens to this file, as JSON Lines
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    #[command(flatten)]
    bounds: BoundsArgs,
}

impl Mcp {
    /// Serves until the client leaves, Ctrl-C or SIGTERM.
    ///
    /// # Errors
    /// Settings that make no sense; a folder, file or address that cannot be used.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        if context.json() && self.http.is_none() {
            return Err(CommandError::usage("standard output carries the protocol, so it cannot carry events")
                .hint("--events FILE appends them to a file"));
        }
        self.check_address()?;
        // The file of events is named from where the command was given.
        let events = self.events(context)?;
        self.enter_folder(context)?;
        self.check_dotenv()?;
        let beside = events(context.session());
        let wired = Wired::with(
            context,
            Options { bounds: self.bounds.bounds(), ..Options::default() },
            Arc::new(CallSink::new(Arc::clone(&beside))),
            Arc::new(Owner::new(context.errors_look)),
        )?;
        if self.http.is_none() && io::stdin().is_terminal() {
            context.errors.lines(to_a_person(context)?);
        }
        for message in context.settings()?.warnings.clone() {
            beside.emit(Event::Warning { message });
        }
        let folder = context.settings()?.cwd().to_owned();
        let owner = Owners { bounds: Bounds::default(), folder, at_once: AT_ONCE };
        let desk = Arc::new(Desk::new(wired.workflow.clone(), owner, wired.network, &wired.profile, events));
        block_on(async {
            match self.http {
                None => stdio::serve(desk, until_told()).await.map_err(|e| {
                    CommandError::failed("mcp", e)
                        .hint("MCP clients start this command themselves; docs/mcp.md shows how to tell them")
                })?,
                Some(address) => self.serve_http(context, address, desk, until_told()).await?,
            }
            Ok(ExitCode::SUCCESS)
        })
    }

    /// Only loopback is reached by this machine alone.
    fn check_address(&self) -> Result<(), CommandError> {
        match self.http {
            Some(address) if !address.ip().is_loopback() && self.hosts.is_empty() => Err(CommandError::usage(format!(
                "others on the network could reach {address}, and that was not asked for"
            ))
            .hint("name an address of loopback, or say with --allow-host NAME by which name others may reach it")),
            _ => Ok(()),
        }
    }

    /// Goes to the folder of the datasets. Clients start servers anywhere, also where every file of the user would be a
    /// dataset; there the owner has to say so.
    fn enter_folder(&self, context: &Context) -> Result<(), CommandError> {
        let wrong = |path: &Path, error| {
            CommandError::failed("folder", error).hint(format!("check that {} is a folder of yours", path.display()))
        };
        if let Some(folder) = &self.folder {
            return std::env::set_current_dir(folder).map_err(|e| wrong(folder, e));
        }
        let here = std::env::current_dir().map_err(|e| wrong(Path::new("."), e))?;
        let too_wide = here.parent().is_none() || context.env.get("HOME").is_some_and(|home| Path::new(home) == here);
        if too_wide {
            let message = format!("every file beneath {} would be a dataset that clients may name", here.display());
            return Err(CommandError::usage(message).hint("name the folder of your datasets: agent mcp --folder DIR"));
        }
        Ok(())
    }

    /// The folder is often one that the calling agent may write to, and settings name the recipients and the policy.
    fn check_dotenv(&self) -> Result<(), CommandError> {
        if self.dotenv || !Path::new(DOTENV).exists() {
            return Ok(());
        }
        Err(CommandError::usage(
            "the folder has a .env, and a calling agent that may write there could set who is paid",
        )
        .hint("put the settings into config.toml in AGENT_HOME or into the environment, or say --dotenv to read it"))
    }

    /// Where events go: to the file, to standard output for programs, or to people, wherever the protocol is not.
    fn events(&self, context: &Context) -> Result<Events, CommandError> {
        let lines = match &self.events {
            Some(path) => {
                let opened = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
                let file = opened.map_err(|e| {
                    CommandError::failed("events", e).hint(format!("check that {} can be written", path.display()))
                })?;
                Some(Output::new(file))
            }
            None => context.json().then(|| context.output.clone()),
        };
        if let Some(output) = lines {
            let tape = context.tape().clone();
            return Ok(Box::new(move |session: &SessionId| {
                Arc::new(JsonLines::new(session.clone(), output.clone(), tape.clone()))
            }));
        }
        let (output, look) = match self.http {
            Some(_) => (&context.output, context.look),
            None => (&context.errors, context.errors_look),
        };
        let face: Arc<dyn Sink> =
            Arc::new(Terminal::new(look, output.clone(), context.errors.clone(), false, science::draw));
        Ok(Box::new(move |_: &SessionId| Arc::clone(&face)))
    }

    async fn serve_http(
        &self,
        context: &Context,
        address: SocketAddr,
        desk: Arc<Desk>,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), CommandError> {
        let home = context.settings()?.home();
        home.ensure()?;
        let token = token::in_home(home.path()).map_err(|e| {
            let file = home.path().join(token::FILE);
            CommandError::failed("token", e).hint(format!("remove {}; the next start makes a new one", file.display()))
        })?;
        let failed = |e| CommandError::failed("listen", e).hint("name a free address: --http 127.0.0.1:PORT");
        let listener = tokio::net::TcpListener::bind(address).await.map_err(failed)?;
        say(context, listener.local_addr().unwrap_or(address), &home.path().join(token::FILE));
        let door = http::Door { token, hosts: self.hosts.clone() };
        http::serve(listener, desk, door, shutdown).await.map_err(failed)
    }
}

/// Where it serves and how clients come in, for the owner; for a program one line of JSON. The token is never shown.
fn say(context: &Context, address: SocketAddr, token: &Path) {
    let url = format!("http://{address}{}", http::PATH);
    if context.json() {
        context.output.json(&serde_json::json!({"type": "mcp.listening", "url": url, "token_file": token}));
        return;
    }
    let look: &Look = &context.look;
    let mut lines = look.field("MCP", Tone::Good, &url);
    lines.extend(look.field("Header", Tone::Plain, &format!("Authorization: Bearer $(cat {})", token.display())));
    if !address.ip().is_loopback() {
        lines.extend(look.field(
            "Care",
            Tone::Care,
            "this is plain HTTP: beyond loopback, put it behind a proxy that speaks TLS",
        ));
    }
    lines.extend(look.field("Stop", Tone::Dim, "Ctrl-C; paid jobs are left as they stand"));
    context.output.lines(lines);
}
