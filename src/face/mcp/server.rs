//! The protocol's requests, answered: who we are, which tools there are, and calls of them.

use std::{
    borrow::Cow,
    convert::Infallible,
    future::pending,
    sync::{Arc, OnceLock},
};

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, CustomRequest, CustomResult, ErrorCode,
        Implementation, InitializeRequestParams, InitializeResult, ListToolsResult, PaginatedRequestParams,
        ProgressNotificationParam, ProtocolVersion, ServerCapabilities, ServerConfig, Tool as Listed,
    },
    service::RequestContext,
};
use serde_json::Value;
use tokio::sync::watch;

use super::{
    call::{Beat, Call as UnderWay, Meter},
    session::{Desk, Session},
    tools,
};
use crate::{
    agent::ending,
    job::Cancel,
    tools::{BadCall, Call, Failure, Tool, ToolResult, call},
};
use cassette::scrub::known::heard_value;
use domain::{event::Event, ids::JobId, job::Job, units::clean};

/// A client's ids and tool names are shown as far as this.
const MAX_NAME: usize = 64;
/// The versions of the protocol that are spoken, oldest first. 2025-03-26 is not among them: it alone has batches.
const SPOKEN: &[ProtocolVersion] = &[
    ProtocolVersion::V_2024_11_05,
    ProtocolVersion::V_2025_06_18,
    ProtocolVersion::V_2025_11_25,
    ProtocolVersion::V_2026_07_28,
];

/// The version in which a handshake is answered: the one that is asked for, where it is spoken, else the newest before it,
/// which a client of that time is likely to know. A client of a time before them all, or of none, is told the newest.
fn agreed(asked: &ProtocolVersion) -> ProtocolVersion {
    let shaken = || SPOKEN.iter().filter(|version| version.has_initialize());
    let known = shaken().rfind(|version| version.as_str() <= asked.as_str());
    known.cloned().unwrap_or(ProtocolVersion::LATEST_WITH_INITIALIZE)
}

/// One connection's server.
pub struct Server {
    desk: Arc<Desk>,
    /// Once the client has shaken hands; clients that do not are served in the desk's own session.
    session: OnceLock<Arc<Session>>,
}

impl Server {
    /// A server of this desk.
    pub fn new(desk: Arc<Desk>) -> Server {
        Server { desk, session: OnceLock::new() }
    }

    fn session(&self, context: &RequestContext<RoleServer>) -> Arc<Session> {
        match self.session.get() {
            Some(session) => Arc::clone(session),
            None => self.desk.unconnected(context.client_info().as_ref()),
        }
    }

    /// A call to its one result. The work on it ends in its own way, whatever the client does meanwhile: one that reads
    /// no progress holds nothing up, and one that gives the call up asks it to stop, as Ctrl-C does.
    async fn carry_out(
        &self,
        session: &Session,
        request: &CallToolRequestParams,
        arguments: &Value,
        context: &RequestContext<RoleServer>,
    ) -> Result<ToolResult, BadCall> {
        let call = match call::parse(&request.name, arguments) {
            Ok(call) => call,
            Err(bad @ BadCall::UnknownTool { .. }) => return Err(bad),
            Err(bad) => return Ok(ToolResult::bad(&bad)),
        };
        let _underway = self.desk.underway.begin();
        let work = session.toolbox.work.as_ref();
        let meant = session.toolbox.meant(&call);
        let job = |id: &JobId| work.job(id).ok().flatten();
        let ended: Vec<JobId> = meant.iter().filter(|id| job(id).is_some_and(|j| j.state.is_end())).cloned().collect();
        let (cancel, beat) = (Cancel::new(), watch::Sender::default());
        let heard = beat.subscribe();
        let under_way = UnderWay { sink: Arc::clone(&session.sink), beat, cancel: cancel.clone() };
        let in_turn = async {
            let _turns = tokio::select! {
                turns = self.desk.turns(&meant) => turns,
                // Given up while it waited; the workflow says so itself.
                () = cancel.cancelled() => Vec::new(),
            };
            if let Call::CheckLocalCapability(args) = &call {
                session.before_check(args);
            }
            session.toolbox.run(&call, &cancel).await
        };
        let result = tokio::select! {
            result = under_way.scope(in_turn) => result,
            never = tell_progress(context, heard) => match never {},
            never = hear_of_the_end(context, &cancel) => match never {},
        };
        for Failure { kind, message, hint, .. } in result.failures.iter().cloned() {
            // The calling model may keep it to itself; the owner reads it in the log.
            session.sink.emit(Event::Error { kind, message, hint });
        }
        let ended_now: Vec<Job> = result.jobs.iter().filter(|job| !ended.contains(&job.id)).cloned().collect();
        if !meant.is_empty()
            && let Err(error) = ending::receipts(work, &ended_now, session.sink.as_ref())
        {
            // Where the ledger cannot be read now, the receipts can be had later.
            tracing::warn!(%error, "no receipt could be read");
        }
        Ok(result)
    }
}

/// What is said of a `tools/call` whose parameters are no call at all.
fn misfit(params: &Value) -> ErrorData {
    let why = "tools/call expects params {\"name\": a tool, \"arguments\": an object}, each of them once";
    let tool = params.get("name").and_then(Value::as_str).and_then(Tool::from_name);
    let tool = tool.filter(|_| params.get("arguments").is_some_and(|arguments| !arguments.is_object()));
    let expected = tool.map_or_else(
        || serde_json::json!({"tools": Tool::names()}),
        |tool| BadCall::Arguments { tool, why: "`arguments` is no object".to_owned() }.to_value(),
    );
    ErrorData::invalid_params(why, Some(expected))
}

/// The same without the secrets of this process, which a server may have quoted.
fn without_secrets(value: Value) -> Value {
    heard_value(value)
}

/// Tells the client how far the call is, where it asked to be told.
async fn tell_progress(context: &RequestContext<RoleServer>, mut heard: watch::Receiver<Beat>) -> Infallible {
    let Some(token) = context.meta.get_progress_token() else { return pending().await };
    let mut meter = Meter::default();
    while heard.changed().await.is_ok() {
        let Beat { part, what } = heard.borrow_and_update().clone();
        let mut told = ProgressNotificationParam::new(token.clone(), meter.next(part));
        (told.total, told.message) = (Some(Meter::TOTAL), Some(what));
        if context.peer.notify_progress(told).await.is_err() {
            // The client is gone; the call hears of that on its own.
            break;
        }
    }
    pending().await
}

/// Hands the client's wish to stop on, and the connection's end.
async fn hear_of_the_end(context: &RequestContext<RoleServer>, cancel: &Cancel) -> Infallible {
    context.ct.cancelled().await;
    cancel.cancel();
    pending().await
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let me = Implementation::new("scientific-orchestrator", env!("CARGO_PKG_VERSION"))
            .with_title("Scientific Orchestrator");
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(me)
            .with_instructions(self.desk.instructions.clone())
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        let mut hello = self.get_info();
        hello.protocol_version = agreed(&request.protocol_version);
        self.session.get_or_init(|| self.desk.begin(Some(&request.client_info)));
        let mut client = request;
        client.protocol_version = hello.protocol_version.clone();
        context.peer.set_peer_info(client);
        Ok(hello)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(SPOKEN)
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::all()))
    }

    fn get_tool(&self, name: &str) -> Option<Listed> {
        tools::named(name)
    }

    /// The library takes a request of the protocol whose parameters do not fit for one of somebody's own.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let params = request.params.unwrap_or_default();
        Err(match request.method.as_str() {
            "tools/call" => misfit(&params),
            known @ ("initialize" | "ping" | "tools/list" | "server/discover") => {
                ErrorData::invalid_params(format!("the parameters of {known} are not those of the protocol"), None)
            }
            unknown => ErrorData::new(ErrorCode::METHOD_NOT_FOUND, clean(unknown, MAX_NAME), None),
        })
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let session = self.session(&context);
        let arguments = Value::Object(request.arguments.clone().unwrap_or_default());
        let (call_id, name) = (clean(&context.id.to_string(), MAX_NAME), clean(&request.name, MAX_NAME));
        session.sink.emit(Event::ToolRequested {
            call_id: call_id.clone(),
            name: name.clone(),
            arguments: arguments.clone(),
        });
        let done = self.carry_out(&session, &request, &arguments, &context).await;
        let (ok, value) = match &done {
            Ok(result) => (result.ok, without_secrets(result.value.clone())),
            Err(bad) => (false, bad.to_value()),
        };
        session.sink.emit(Event::ToolCompleted { call_id, name, ok, result: value.clone() });
        match done {
            Ok(_) if ok => Ok(CallToolResult::structured(value).into()),
            Ok(_) => Ok(CallToolResult::structured_error(value).into()),
            Err(bad) => Err(ErrorData::invalid_params(bad.to_string(), Some(value))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_is_answered_in_a_version_that_is_spoken() {
        for (asked, told) in [
            ("2025-11-25", "2025-11-25"),
            ("2025-06-18", "2025-06-18"),
            ("2024-11-05", "2024-11-05"),
            ("2025-03-26", "2024-11-05"),
            ("2026-07-28", "2025-11-25"),
            ("2099-01-01", "2025-11-25"),
            ("1999-01-01", "2025-11-25"),
            ("x", "2025-11-25"),
            ("", "2025-11-25"),
        ] {
            let asked: ProtocolVersion = serde_json::from_value(asked.into()).unwrap();
            assert_eq!(agreed(&asked).as_str(), told, "{asked}");
        }
    }
}
