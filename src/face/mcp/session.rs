//! A connection is a session: it has an id, its jobs carry it, and its events are told under it.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use rmcp::model::Implementation;
use tokio::sync::OwnedMutexGuard;

use super::call::Underway;
use crate::{
    agent::prompt,
    tools::{Opening, Steps, Toolbox, check_local_capability::Args},
};
use domain::{
    event::{Event, Sink},
    ids::{JobId, SessionId},
    network::Network,
    request::{Bounds, Origin},
    units::clean,
};

/// What a calling model is told at its start.
const INSTRUCTIONS: &str = include_str!("../../../prompts/mcp.md");
/// How much of a client's name is shown.
const MAX_NAME: usize = 60;

/// Gives the place where a session's events go.
pub type Events = Box<dyn Fn(&SessionId) -> Arc<dyn Sink> + Send + Sync>;

/// What the owner of a server says for all clients.
#[derive(Debug, Clone)]
pub struct Owners {
    /// Where, for how much, how far: for all that a connection asks for together. No client can widen it.
    pub bounds: Bounds,
    /// Names of files are taken from here.
    pub folder: PathBuf,
    /// Jobs at the provider at once, a call.
    pub at_once: usize,
}

/// Where clients are served: what all connections share.
pub struct Desk {
    work: Arc<dyn Steps>,
    owner: Owners,
    network: Network,
    profile: String,
    events: Events,
    /// What a calling model is told at its start.
    pub instructions: String,
    /// The calls under way.
    pub underway: Arc<Underway>,
    /// Calls for one job come one after the other: a wait that is taken up again finds the one that was cut at its end,
    /// and two clients may wait for the same job.
    turns: Mutex<HashMap<JobId, Arc<tokio::sync::Mutex<()>>>>,
    /// Under which the owner is told what belongs to no session.
    own: SessionId,
    /// The session of requests that belong to no connection: from 2026-07-28 on, HTTP has none.
    unconnected: OnceLock<Arc<Session>>,
}

impl Desk {
    /// A desk for `work`, whose money moves on `network`.
    pub fn new(work: Arc<dyn Steps>, owner: Owners, network: Network, profile: &str, events: Events) -> Desk {
        let instructions = format!("{}\n\n{}", INSTRUCTIONS.trim_end(), prompt::tasks(&work.tasks()).trim_end());
        Desk {
            work,
            owner,
            network,
            profile: profile.to_owned(),
            events,
            instructions,
            underway: Arc::default(),
            turns: Mutex::default(),
            own: SessionId::random(),
            unconnected: OnceLock::new(),
        }
    }

    /// Begins a session of a client.
    pub fn begin(&self, client: Option<&Implementation>) -> Arc<Session> {
        let id = SessionId::random();
        let sink = (self.events)(&id);
        let client =
            client.map_or_else(|| "a client".to_owned(), |c| clean(&format!("{} {}", c.name, c.version), MAX_NAME));
        sink.emit(Event::SessionStarted {
            model: format!("{client}, over MCP"),
            network: self.network,
            profile: self.profile.clone(),
        });
        let toolbox = Toolbox {
            work: Arc::clone(&self.work),
            session: id.0,
            folder: self.owner.folder.clone(),
            at_once: self.owner.at_once,
        };
        let opening = Opening { bounds: self.owner.bounds, origin: Origin::Mcp(client), said: None };
        toolbox.work.open(&toolbox.session, opening.clone());
        Arc::new(Session { toolbox, sink, opening, said: Mutex::default() })
    }

    /// Tells the owner of something that belongs to no session.
    pub fn warn(&self, message: String) {
        (self.events)(&self.own).emit(Event::Warning { message });
    }

    /// A call's turn at its jobs. All calls take them in one order, so that none waits for another that waits for it.
    pub async fn turns(&self, jobs: &[JobId]) -> Vec<OwnedMutexGuard<()>> {
        let mut jobs = jobs.to_vec();
        jobs.sort();
        let mut turns = Vec::with_capacity(jobs.len());
        for job in &jobs {
            turns.push(self.turn(job).await);
        }
        turns
    }

    async fn turn(&self, job: &JobId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            // Those that nobody holds or waits for.
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(job.clone()).or_default())
        };
        turn.lock_owned().await
    }

    /// The session of requests that belong to no connection.
    pub fn unconnected(&self, client: Option<&Implementation>) -> Arc<Session> {
        Arc::clone(self.unconnected.get_or_init(|| self.begin(client)))
    }
}

/// A client's session. It ends when the connection and the last of its calls have ended.
pub struct Session {
    /// The tools, with the session that new jobs belong to.
    pub toolbox: Toolbox,
    /// Where its events go.
    pub sink: Arc<dyn Sink>,
    /// How its requests begin.
    opening: Opening,
    /// The bounds that the last check named.
    said: Mutex<Option<Bounds>>,
}

impl Session {
    /// Begins a request before a check, where the one that is open is over: all of it was agreed to, or the client names other
    /// bounds now. A connection has no turns by which requests could be told apart, and bounds of one are not those of the next.
    /// Where the owner set a limit, all of a connection is one request, so that the limit holds for all of it.
    pub fn before_check(&self, args: &Args) {
        let bounds = args.bounds();
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let other = said.replace(bounds).is_some_and(|before| before != bounds);
        let (work, session) = (&self.toolbox.work, &self.toolbox.session);
        let over = || work.pending(session).is_ok_and(|plan| plan.is_none());
        if self.opening.bounds.spend.limit().is_none() && (other || over()) {
            work.open(session, self.opening.clone());
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.sink.emit(Event::SessionEnded { exit_code: 0 });
    }
}
