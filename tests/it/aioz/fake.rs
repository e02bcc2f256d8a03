//! A fake of AIOZ: the API, its storage, and a server of results, which answer with `tests/data/aioz`.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::AbortHandle};

/// The key that it knows.
pub const KEY: &str = "key-of-the-lab";

/// One answer in the place of the usual one.
pub struct Instead {
    /// How often yet.
    pub times: usize,
    pub status: u16,
    pub body: Value,
    /// Whether what was asked is done all the same.
    pub done: bool,
}

/// A task that was submitted.
#[derive(Clone)]
pub struct Task {
    pub id: String,
    pub input: Value,
    pub created_at: Timestamp,
}

/// What it does and what it saw.
#[derive(Default)]
pub struct Book {
    /// Answers of one endpoint, `GET versioning`, changed.
    pub changed: HashMap<&'static str, Value>,
    /// Answers of one endpoint, for a while.
    pub instead: HashMap<&'static str, Instead>,
    /// `result.result` of every task.
    pub result: Value,
    /// The statuses of every task, one a look; the last stays.
    pub statuses: Vec<&'static str>,
    pub looks: usize,
    pub tasks: Vec<Task>,
    /// How often it was asked where a file may be sent; each time it is another place.
    pub places: usize,
    /// What was uploaded: method, path, content type, body.
    pub uploads: Vec<(Method, String, String, Bytes)>,
    pub deleted: Vec<String>,
    /// Files that are served: path and content; of a status where it is no 200.
    pub files: HashMap<String, (u16, Vec<u8>, Option<String>)>,
    pub fetched: Vec<String>,
}

#[derive(Clone)]
struct Desk {
    book: Arc<Mutex<Book>>,
    origin: String,
}

/// A running fake; stops when dropped.
pub struct Fake {
    pub origin: String,
    book: Arc<Mutex<Book>>,
    task: AbortHandle,
}

impl Fake {
    pub async fn start() -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let mut book = Book { statuses: vec!["in_queue", "computing", "success"], ..Book::default() };
        for name in ["out.png", "a.png", "b.png", "mask.png"] {
            book.files.insert(format!("/files/{name}"), (200, format!("content of {name}").into_bytes(), None));
        }
        book.result = shape(&origin, "object");
        let book = Arc::new(Mutex::new(book));
        let desk = Desk { book: Arc::clone(&book), origin: origin.clone() };
        let app = Router::new().fallback(answer).with_state(desk);
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }).abort_handle();
        Fake { origin, book, task }
    }

    pub fn endpoint(&self) -> String {
        format!("{}/api/v1", self.origin)
    }

    pub fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    /// What every task gives: a shape of `results.json`.
    pub fn gives(&self, name: &str) {
        self.book().result = shape(&self.origin, name);
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A file of the data, with places filled in.
pub fn data(name: &str, fill: &[(&str, &str)]) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/aioz").join(name);
    let mut text = std::fs::read_to_string(path).unwrap();
    for (place, value) in fill {
        text = text.replace(&format!("{{{place}}}"), value);
    }
    serde_json::from_str(&text).unwrap()
}

fn shape(origin: &str, name: &str) -> Value {
    data("results.json", &[("origin", origin)])[name].clone()
}

async fn answer(State(desk): State<Desk>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 200 << 20).await.unwrap();
    let path = head.uri.path().to_owned();
    match path.strip_prefix("/api/v1/api-key/") {
        Some(path) => api(&desk, &head.method, path, &head.headers, &body),
        None => other(&desk, head.method, head.uri.to_string(), &path, &head.headers, body),
    }
}

/// The storage, and the server of results.
fn other(desk: &Desk, method: Method, uri: String, path: &str, headers: &HeaderMap, body: Bytes) -> Response {
    let mut book = desk.book.lock().unwrap();
    assert!(!headers.contains_key("x-api-key"), "the key goes to the API alone");
    if path.starts_with("/bucket") && method != Method::GET {
        let kind = headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
        assert!(headers.contains_key(header::CONTENT_LENGTH), "S3 takes no chunked body");
        book.uploads.push((method, uri, kind, body));
        return StatusCode::NO_CONTENT.into_response();
    }
    book.fetched.push(uri);
    match book.files.get(path).cloned() {
        None => StatusCode::NOT_FOUND.into_response(),
        Some((_, _, Some(to))) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Some((status, content, None)) => (StatusCode::from_u16(status).unwrap(), content).into_response(),
    }
}

fn api(desk: &Desk, method: &Method, path: &str, headers: &HeaderMap, body: &[u8]) -> Response {
    if headers.get("x-api-key").is_none_or(|key| key != KEY) {
        return told(401, json!({"status": "fail", "message": "unauthorized"}));
    }
    let parts: Vec<&str> = path.split('/').collect();
    let name = match (method.as_str(), parts.as_slice()) {
        ("GET", ["balance"]) => "balance",
        ("GET", ["model", "665f1c0a9b1e"] | ["model", "lab", "up-scale"]) => "model",
        ("GET", ["model", "665f1c0a9b1e", what @ ("info" | "versioning" | "serving")]) => match *what {
            "info" => "info",
            "versioning" => "versioning",
            _ => "serving",
        },
        ("GET", ["model", "665f1c0a9b1e", "task", "cost"]) => "cost",
        ("POST", ["model", "665f1c0a9b1e", "task"]) => "submit",
        ("GET", ["task", "histories"]) => "histories",
        ("GET", ["task", _, "detail"]) => "detail",
        ("DELETE", ["task", _, "cancel"]) => "cancel",
        ("POST", ["storage", "upload", "create-presigned-url"]) => "presigned",
        ("DELETE", ["storage", "w3s", "url"]) => "delete",
        _ => return told(400, json!({"status": "fail", "message": "model not found"})),
    };
    let mut book = desk.book.lock().unwrap();
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut instead = None;
    if let Some(scripted) = book.instead.get_mut(name).filter(|scripted| scripted.times > 0) {
        scripted.times -= 1;
        instead = Some((scripted.status, scripted.body.clone(), scripted.done));
    }
    if let Some((status, body, false)) = &instead {
        return told(*status, body.clone());
    }
    let usual = match name {
        "submit" => {
            let id = format!("task-{}", book.tasks.len() + 1);
            book.tasks.push(Task { id: id.clone(), input: asked, created_at: Timestamp::now() });
            data("submit.json", &[("id", &id)])
        }
        "detail" => {
            let known = book.tasks.iter().find(|task| Some(&task.id.as_str()) == parts.get(1)).cloned();
            let Some(task) = known else { return told(400, json!({"status": "fail", "message": "task not found"})) };
            let status = book.statuses[book.looks.min(book.statuses.len() - 1)];
            book.looks += 1;
            detail(&task, status, &book.result)
        }
        "histories" => {
            let records: Vec<Value> =
                book.tasks.iter().rev().map(|task| detail(task, "in_queue", &Value::Null)["data"].clone()).collect();
            json!({"status": "success", "data": {"total": records.len(), "records": records}})
        }
        "presigned" => {
            let name = asked["name"].as_str().unwrap();
            let size = asked["size"].as_u64().unwrap();
            assert!(["samples", "documents"].contains(&asked["folder"].as_str().unwrap()) && size <= 100 << 20);
            book.places += 1;
            let name = format!("{}-{name}", book.places);
            let file = if size <= 5 << 20 { "presigned_form.json" } else { "presigned_put.json" };
            data(file, &[("origin", &desk.origin), ("name", &name)])
        }
        "delete" => {
            book.deleted.push(asked["url"].as_str().unwrap().to_owned());
            json!({"status": "success"})
        }
        "cancel" => json!({"status": "success"}),
        file => book.changed.get(file).cloned().unwrap_or_else(|| data(&format!("{file}.json"), &[])),
    };
    match instead {
        Some((status, body, true)) => told(status, body),
        _ => told(200, usual),
    }
}

fn detail(task: &Task, status: &str, result: &Value) -> Value {
    let mut detail = data("detail.json", &[("id", &task.id)]);
    detail["data"]["status"] = status.into();
    detail["data"]["input_data"] = task.input.clone();
    detail["data"]["created_at"] = task.created_at.to_string().into();
    if status == "success" {
        detail["data"]["result"]["result"] = result.clone();
    }
    detail
}

fn told(status: u16, body: Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (StatusCode::from_u16(status).unwrap(), kind, body.to_string()).into_response()
}
