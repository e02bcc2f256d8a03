//! A connection is a session: it has an id, its jobs carry it, and its events are told under it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use rmcp::model::Implementation;
use tokio::sync::OwnedMutexGuard;

use super::call::Underway;
use crate::{
    agent::prompt,
    domain::{
        event::{Event, Sink},
        ids::{JobId, SessionId},
        network::Network,
        units::clean,
    },
    tools::{Steps, Toolbox},
};

/// What a calling model is told at its start.
const INSTRUCTIONS: &str = include_str!("../../../prompts/mcp.md");
/// How much of a client's name is shown.
const MAX_NAME: usize = 60;

/// Gives the place where a session's events go.
pub type Events = Box<dyn Fn(&SessionId) -> Arc<dyn Sink> + Send + Sync>;

/// Where clients are served: what all connections share.
pub struct Desk {
    work: Arc<dyn Steps>,
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
    pub fn new(work: Arc<dyn Steps>, network: Network, profile: &str, events: Events) -> Desk {
        let instructions = format!("{}\n\n{}", INSTRUCTIONS.trim_end(), prompt::tasks(&work.tasks()).trim_end());
        Desk {
            work,
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
        Arc::new(Session { toolbox: Toolbox { work: Arc::clone(&self.work), session: id.0 }, sink })
    }

    /// Tells the owner of something that belongs to no session.
    pub fn warn(&self, message: String) {
        (self.events)(&self.own).emit(Event::Warning { message });
    }

    /// A call's turn at a job.
    pub async fn turn(&self, job: &JobId) -> OwnedMutexGuard<()> {
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
}

impl Drop for Session {
    fn drop(&mut self) {
        self.sink.emit(Event::SessionEnded { exit_code: 0 });
    }
}
