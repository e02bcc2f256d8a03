//! The line to a node, with one fault at a time: what the program is told is not always what the chain knows.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Body, body::Bytes, response::Response, routing::post};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use neo::transaction::Signed;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::AbortHandle,
};
use url::Url;

/// What goes wrong on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Nothing.
    None,
    /// Nobody listens for a while: connections are refused.
    Refused,
    /// The connection breaks before the node hears anything.
    Cut,
    /// The node heard it, and its answer is lost.
    LostAnswer,
    /// The node takes a transaction, and never answers: the request's own time runs out.
    Hangs,
    /// The first transactions are said to be taken, and never are, however often they are sent.
    Dropped,
    /// A transaction is said to be taken, and reaches the chain some requests later.
    LateRelay,
    /// The node is behind: fewer blocks, no logs yet.
    Lagging,
    /// The node says that far more blocks have passed, and knows no log, while the transaction lands.
    FalseExpiry,
    /// An answer that is no JSON.
    Garbage,
    /// Answers of other types than the protocol says.
    WrongTypes,
    /// Answers with fields left out.
    MissingFields,
    /// An error code where none belongs; the node heard the request, or did not.
    WrongCode,
}

impl Fault {
    /// Those that take no longer than the program's own pauses.
    pub const QUICK: [Fault; 12] = [
        Fault::None,
        Fault::Refused,
        Fault::Cut,
        Fault::LostAnswer,
        Fault::Dropped,
        Fault::LateRelay,
        Fault::Lagging,
        Fault::FalseExpiry,
        Fault::Garbage,
        Fault::WrongTypes,
        Fault::MissingFields,
        Fault::WrongCode,
    ];
}

/// Codes that Neo nodes use, for places where they do not belong.
const CODES: [i64; 13] = [-100, -103, -105, -500, -501, -502, -503, -504, -507, -508, -510, -511, -32602];

/// When the line goes wrong, counted in requests of the kind that the fault is of.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub fault: Fault,
    /// So many go well first.
    pub after: u32,
    /// So many go wrong.
    pub times: u32,
    /// Chooses among codes.
    pub seed: u32,
}

impl Plan {
    pub const QUIET: Plan = Plan { fault: Fault::None, after: 0, times: 0, seed: 0 };
}

/// How long nobody listens: longer than the program's first pause, so that it meets the refusal.
const CLOSED: Duration = Duration::from_millis(300);

struct State {
    plan: Plan,
    seen: u32,
    /// Requests that went wrong.
    struck: u32,
    sent_once: bool,
    /// Transactions that are lost for good.
    lost: Vec<String>,
    /// Transactions on their way, with the requests left until they arrive.
    late: VecDeque<(u32, Bytes)>,
}

struct Way {
    node: Url,
    client: reqwest::Client,
    state: Mutex<State>,
    closing: Notify,
}

/// A line to a node; it ends when dropped.
pub struct Line {
    pub url: Url,
    way: Arc<Way>,
    server: AbortHandle,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Line {
    pub async fn to(node: Url) -> Line {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let state = Mutex::new(State::of(Plan::QUIET));
        let client = cassette::line::http_client().no_proxy().build().unwrap();
        let way = Arc::new(Way { node, client, state, closing: Notify::new() });
        let shared = Arc::clone(&way);
        let handler = move |body: Bytes| {
            let way = Arc::clone(&shared);
            async move { way.pass(body).await }
        };
        let app = Router::new().route("/", post(handler));
        let server = tokio::spawn(serve(listener, app, Arc::clone(&way))).abort_handle();
        Line { url, way, server }
    }

    /// From here the line goes wrong as planned. What is still on its way is lost.
    pub fn plan(&self, plan: Plan) {
        *self.way.state.lock().unwrap() = State::of(plan);
    }

    /// How many requests went wrong since it was planned.
    pub fn struck(&self) -> u32 {
        self.way.state.lock().unwrap().struck
    }

    /// From here the line is as it should be; what is still on its way arrives.
    pub async fn mend(&self) {
        let late = {
            let mut state = self.way.state.lock().unwrap();
            state.plan = Plan::QUIET;
            std::mem::take(&mut state.late)
        };
        for (_, body) in late {
            let _ = self.way.ask(body).await;
        }
        let address = self.url.socket_addrs(|| None).unwrap()[0];
        while TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(CLOSED / 10).await;
        }
    }
}

impl State {
    fn of(plan: Plan) -> State {
        State { plan, seen: 0, struck: 0, sent_once: false, lost: Vec::new(), late: VecDeque::new() }
    }
}

/// Answers, but for the times when nobody listens.
async fn serve(listener: TcpListener, app: Router, way: Arc<Way>) {
    let address = listener.local_addr().unwrap();
    let mut listener = Some(listener);
    loop {
        let open = match listener.take() {
            Some(listener) => listener,
            None => TcpListener::bind(address).await.unwrap(),
        };
        tokio::select! {
            served = axum::serve(open, app.clone()) => served.unwrap(),
            () = way.closing.notified() => tokio::time::sleep(CLOSED).await,
        }
    }
}

impl Way {
    async fn ask(&self, body: Bytes) -> Result<Bytes, reqwest::Error> {
        self.client.post(self.node.clone()).body(body).send().await?.bytes().await
    }

    /// Whether this request goes wrong, and what arrives with it.
    fn judge(&self, method: &str, request: &Value) -> (Plan, bool, Vec<Bytes>) {
        let mut state = self.state.lock().unwrap();
        for waiting in &mut state.late {
            waiting.0 = waiting.0.saturating_sub(1);
        }
        let mut due = Vec::new();
        while state.late.front().is_some_and(|(left, _)| *left == 0) {
            due.extend(state.late.pop_front().map(|(_, body)| body));
        }
        let concerned = match state.plan.fault {
            Fault::None => false,
            Fault::Dropped | Fault::LateRelay | Fault::Hangs => method == "sendrawtransaction",
            Fault::Lagging => matches!(method, "getblockcount" | "getapplicationlog"),
            // Before anything is sent there is nothing to be expired.
            Fault::FalseExpiry => state.sent_once && matches!(method, "getblockcount" | "getapplicationlog"),
            _ => true,
        };
        state.sent_once |= method == "sendrawtransaction";
        if !concerned {
            return (state.plan, false, due);
        }
        if state.plan.fault == Fault::Dropped {
            let hash = hash_of(request);
            if state.lost.len() < state.plan.times as usize && !state.lost.contains(&hash) {
                state.lost.push(hash.clone());
            }
            let struck = state.lost.contains(&hash);
            state.struck += u32::from(struck);
            return (state.plan, struck, due);
        }
        let at = state.seen;
        state.seen += 1;
        let struck = at >= state.plan.after && at - state.plan.after < state.plan.times;
        state.struck += u32::from(struck);
        (state.plan, struck, due)
    }

    async fn pass(&self, body: Bytes) -> Response {
        let request: Value = serde_json::from_slice(&body).unwrap();
        let method = request["method"].as_str().unwrap().to_owned();
        let (plan, struck, due) = self.judge(&method, &request);
        for late in due {
            let _ = self.ask(late).await;
        }
        if !struck {
            return self.answered(body).await;
        }
        let id = request["id"].clone();
        match plan.fault {
            Fault::None => self.answered(body).await,
            Fault::Refused => {
                self.closing.notify_one();
                broken()
            }
            Fault::Cut => broken(),
            Fault::LostAnswer => {
                let _ = self.ask(body).await;
                broken()
            }
            Fault::Hangs => {
                let _ = self.ask(body).await;
                std::future::pending().await
            }
            Fault::Dropped => json_answer(&taken(&request)),
            Fault::LateRelay => {
                let answer = taken(&request);
                self.state.lock().unwrap().late.push_back((4 + plan.seed % 8, body));
                json_answer(&answer)
            }
            Fault::Lagging | Fault::FalseExpiry if method == "getapplicationlog" => {
                json_answer(&refusal(&id, -105, "Unknown script container"))
            }
            Fault::Lagging => self.changed(body, |result| shifted(result, -10)).await,
            Fault::FalseExpiry => self.changed(body, |result| shifted(result, 1_000_000)).await,
            Fault::Garbage => {
                let _ = self.ask(body).await;
                Response::new(Body::from("<html><h1>It works!</h1>"))
            }
            Fault::WrongTypes => self.changed(body, wrong_type).await,
            Fault::MissingFields => self.changed(body, halved).await,
            Fault::WrongCode => {
                if plan.seed % 2 == 0 {
                    let _ = self.ask(body).await;
                }
                let code = CODES[plan.seed as usize % CODES.len()];
                json_answer(&refusal(&id, code, "by the test"))
            }
        }
    }

    async fn answered(&self, body: Bytes) -> Response {
        match self.ask(body).await {
            Ok(answer) => Response::new(answer.into()),
            Err(_) => broken(),
        }
    }

    async fn changed(&self, body: Bytes, change: impl FnOnce(Value) -> Value) -> Response {
        let Ok(answer) = self.ask(body).await else { return broken() };
        let mut answer: Value = serde_json::from_slice(&answer).unwrap();
        if let Some(result) = answer.get_mut("result") {
            *result = change(result.take());
        }
        json_answer(&answer)
    }
}

fn shifted(result: Value, by: i64) -> Value {
    result.as_i64().map_or(Value::Null, |count| (count + by).max(1).into())
}

fn wrong_type(result: Value) -> Value {
    match result {
        Value::Number(number) => number.to_string().into(),
        Value::String(_) => 7.into(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, wrong_type(value))).collect(),
        Value::Array(items) => json!({"items": items}),
        _ => json!([]),
    }
}

fn halved(result: Value) -> Value {
    match result {
        Value::Object(fields) => {
            let half = fields.len() / 2;
            fields.into_iter().skip(half).map(|(name, value)| (name, halved(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(halved).collect(),
        other => other,
    }
}

fn refusal(id: &Value, code: i64, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
}

/// The transaction that a request sends.
fn hash_of(request: &Value) -> String {
    let bytes = STANDARD.decode(request["params"][0].as_str().unwrap()).unwrap();
    Signed::decode(&bytes).unwrap().transaction.hash().to_string()
}

/// What a node says that takes a transaction.
fn taken(request: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": request["id"], "result": {"hash": hash_of(request)}})
}

fn json_answer(answer: &Value) -> Response {
    Response::new(Body::from(answer.to_string()))
}

/// The connection breaks.
fn broken() -> Response {
    let cut = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::new()), Err(std::io::Error::other("cut"))]);
    Response::new(Body::from_stream(cut))
}
