//! A provider that lies in every way it can, and what the client makes of it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use compute::aioz::{Aioz, ComputeError, Handover, Patience, TaskStatus};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use super::guarded::{Guarded, handed_as_dataset};

/// One scripted answer.
#[derive(Clone, Debug)]
enum Says {
    Json(u16, Value),
    Text(u16, &'static str),
    Wait(u16, &'static str),
    Redirect(String),
    Endless,
    /// Takes the request, and closes the connection without a word.
    HangUp,
    /// Takes the request, and never answers.
    Silence,
}

#[derive(Clone, Debug, PartialEq)]
struct Asked {
    method: Method,
    path: String,
    key: Option<String>,
    idempotency_key: Option<String>,
    body: Value,
}

/// Answers what it is told, in order, and remembers what it was asked.
struct Liar {
    base: Url,
    script: Arc<Mutex<(VecDeque<Says>, Vec<Asked>)>>,
}

type Shared = State<Arc<Mutex<(VecDeque<Says>, Vec<Asked>)>>>;

async fn answer(State(script): Shared, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let text = |name: &str| parts.headers.get(name).map(|v| v.to_str().unwrap().to_owned());
    let asked = Asked {
        method: parts.method.clone(),
        path: parts.uri.to_string(),
        key: text("x-api-key"),
        idempotency_key: text("idempotency-key"),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let says = {
        let mut script = script.lock().unwrap();
        script.1.push(asked.clone());
        script.0.pop_front().unwrap_or_else(|| panic!("nothing is scripted for {asked:?}"))
    };
    let status = |code| StatusCode::from_u16(code).unwrap();
    match says {
        Says::Json(code, value) => (status(code), axum::Json(value)).into_response(),
        Says::Text(code, text) => (status(code), text).into_response(),
        Says::Wait(code, seconds) => (status(code), [(header::RETRY_AFTER, seconds)], "{}").into_response(),
        Says::Redirect(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Says::Endless => {
            let zeros = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b'0'; 65536])));
            axum::body::Body::from_stream(zeros).into_response()
        }
        Says::HangUp => {
            // A body that fails before its first byte ends the connection.
            let broken = futures::stream::iter([Err::<Bytes, _>(std::io::Error::other("gone"))]);
            axum::body::Body::from_stream(broken).into_response()
        }
        Says::Silence => std::future::pending().await,
    }
}

impl Liar {
    async fn who(says: impl IntoIterator<Item = Says>) -> Liar {
        let script = Arc::new(Mutex::new((says.into_iter().collect(), Vec::new())));
        let app = Router::new().fallback(answer).with_state(Arc::clone(&script));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/api/v1", listener.local_addr().unwrap()).parse().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Liar { base, script }
    }

    fn client(&self) -> Aioz {
        let patience = Patience {
            connect: Duration::from_secs(5),
            request: Duration::from_millis(500),
            retries: 2,
            first_wait: Duration::from_millis(1),
            longest_wait: Duration::from_secs(2),
            asked_in_all: Duration::from_secs(4),
        };
        Aioz::with_patience(self.base.clone(), "the key".into(), patience).unwrap()
    }

    /// What it was asked, once all that was scripted has been said.
    fn asked(&self) -> Vec<Asked> {
        let script = self.script.lock().unwrap();
        assert!(script.0.is_empty(), "never asked for: {:?}", script.0);
        script.1.clone()
    }
}

fn good(data: Value) -> Says {
    Says::Json(200, json!({"status": "success", "data": data}))
}

fn empty_history() -> Says {
    good(json!({"records": [], "total": 0}))
}

fn handed() -> Handover {
    handed_as_dataset(dataset())
}

fn dataset() -> Url {
    "https://s3.example/b/datasets/job-1?X-Amz-Signature=first".parse().unwrap()
}

fn paths(asked: &[Asked]) -> Vec<String> {
    asked.iter().map(|a| format!("{} {}", a.method, a.path.trim_start_matches("/api/v1/api-key/"))).collect()
}

const HISTORY: &str = "GET task/histories?limit=100&offset=0";

#[tokio::test]
async fn reads_are_tried_again_and_only_where_that_helps() {
    let fine = || good(json!({"status": "computing", "progress": 0.5}));
    for (says, expected) in [
        (vec![Says::Text(503, "<html>"), Says::Text(500, ""), fine()], Ok(())),
        (vec![Says::Wait(429, "0"), fine()], Ok(())),
        (vec![Says::HangUp, fine()], Ok(())),
        (vec![Says::Silence, fine()], Ok(())),
        (
            vec![Says::Wait(429, "3600")],
            Err(ComputeError::RateLimited { retry_after: Some(Duration::from_secs(3600)) }),
        ),
        (vec![Says::Json(401, json!({"message": "who?"}))], Err(ComputeError::Key)),
        (vec![Says::Text(403, "no")], Err(ComputeError::Key)),
        (vec![Says::Json(404, json!({}))], Err(ComputeError::NoTask("t".into()))),
        (
            vec![Says::Json(400, json!({"status": "fail", "message": "Task not found"}))],
            Err(ComputeError::NoTask("t".into())),
        ),
        (
            vec![Says::Json(400, json!({"status": "fail", "message": "bad\u{1b}[2J input"}))],
            Err(ComputeError::Refused { status: 400, message: "bad[2J input".into() }),
        ),
        (
            vec![Says::Json(200, json!({"status": "fail", "message": "not today"}))],
            Err(ComputeError::Refused { status: 200, message: "not today".into() }),
        ),
        // What the envelope calls an error, and what says that it is busy, is asked again.
        (vec![Says::Json(200, json!({"status": "error", "message": "oops"})), fine()], Ok(())),
        (vec![Says::Json(200, json!({"status": "fail", "message": "Server busy"})), fine()], Ok(())),
        (vec![Says::Json(400, json!({"status": "fail", "message": "please try again later"})), fine()], Ok(())),
        (
            vec![Says::Json(200, json!({"status": "fail", "message": "busy"})); 3],
            Err(ComputeError::Busy("busy".into())),
        ),
        (
            vec![Says::Text(502, ""), Says::Text(502, ""), Says::Text(502, "")],
            Err(ComputeError::Broken { status: 502, message: "bad gateway".into() }),
        ),
    ] {
        let liar = Liar::who(says.clone()).await;
        let answer = liar.client().detail("t").await;
        assert_eq!(
            answer.map(|t| assert_eq!((t.status, t.progress), (TaskStatus::Computing, Some(0.5)))),
            expected,
            "{says:?}"
        );
        assert!(liar.asked().iter().all(|a| a.key.as_deref() == Some("the key")));
    }
}

#[tokio::test]
async fn answers_that_are_none_are_garbage() {
    for says in [
        Says::Text(200, "<html>login</html>"),
        Says::Text(200, ""),
        Says::Json(200, json!([])),
        Says::Json(200, json!({"data": {"status": 7.5e9, "x": {}}, "status": "success"})),
        Says::Json(200, json!({"data": "text"})),
        Says::Json(200, json!({})),
        Says::Endless,
    ] {
        let liar = Liar::who([says.clone()]).await;
        let answer = liar.client().detail("t").await;
        match answer {
            Err(ComputeError::Garbage(_)) => {}
            // A status that is no word is one this program does not know, and no end.
            Ok(task) => assert!(matches!(task.status, TaskStatus::Other(_)), "{says:?}: {task:?}"),
            Err(error) => panic!("{says:?}: {error}"),
        }
    }
}

#[tokio::test]
async fn the_key_goes_nowhere_else() {
    let other = Liar::who([]).await;
    let liar = Liar::who([Says::Redirect(other.base.to_string())]).await;
    let error = liar.client().balance().await.unwrap_err();
    assert!(matches!(error, ComputeError::Refused { status: 302, .. }), "{error}");
    assert!(error.hint().contains("redirects are not followed"), "{}", error.hint());
    assert_eq!(other.asked(), []);
    let nobody = Aioz::new("http://127.0.0.1:1/api/v1".parse().unwrap(), "the key".into()).unwrap();
    let error = nobody.reach().await.unwrap_err();
    assert!(matches!(&error, ComputeError::Unreachable { host, .. } if host == "127.0.0.1:1"), "{error}");
}

#[tokio::test]
async fn a_submit_takes_either_shape_of_answer() {
    for data in [json!("task-1"), json!({"data": "task-1"})] {
        let guarded = Guarded::new(b"x");
        let liar = Liar::who([empty_history(), good(data)]).await;
        assert_eq!(liar.client().submit(guarded.submit("model-id"), handed()).await.unwrap(), "task-1");
        let asked = liar.asked();
        assert_eq!(paths(&asked), [HISTORY, "POST model/model-id/task"]);
        assert_eq!(asked[1].body, json!({"input": dataset(), "parameters": "{}"}));
        assert_eq!(asked[1].idempotency_key.as_deref(), Some("key-of-the-job"));
    }
    let guarded = Guarded::new(b"x");
    let liar = Liar::who([empty_history(), good(json!("task-1"))]).await;
    let called_back = liar.client().with_callback("https://me.example/hook".parse().unwrap());
    called_back.submit(guarded.submit("model-id"), handed()).await.unwrap();
    assert_eq!(liar.asked()[1].body["callback_url"], "https://me.example/hook");
}

#[tokio::test]
async fn a_provider_that_refuses_webhooks_gets_the_submit_without_them() {
    let refused = Says::Json(400, json!({"status": "fail", "message": "unknown key: callback_url"}));
    let hook = || "https://me.example/hook".parse().unwrap();
    let guarded = Guarded::new(b"x");
    let liar = Liar::who([empty_history(), refused.clone(), good(json!("task-1"))]).await;
    let task = liar.client().with_callback(hook()).submit(guarded.submit("model-id"), handed()).await.unwrap();
    assert_eq!(task, "task-1");
    let asked = liar.asked();
    assert_eq!(paths(&asked), [HISTORY, "POST model/model-id/task", "POST model/model-id/task"]);
    assert_eq!(asked[2].body, json!({"input": dataset(), "parameters": "{}"}));
    // What it refuses all the same is refused, after one more.
    let guarded = Guarded::new(b"x");
    let liar = Liar::who([empty_history(), refused.clone(), refused]).await;
    let error = liar.client().with_callback(hook()).submit(guarded.submit("model-id"), handed()).await.unwrap_err();
    assert!(matches!(error, ComputeError::Refused { status: 400, .. }), "{error}");
    assert_eq!(liar.asked().len(), 3);
}

#[tokio::test]
async fn a_model_is_named_by_maker_and_name() {
    let guarded = Guarded::new(b"x");
    let liar = Liar::who([empty_history(), good(json!({"id": "m-7"})), good(json!("task-1"))]).await;
    assert_eq!(liar.client().submit(guarded.submit("maker/name"), handed()).await.unwrap(), "task-1");
    assert_eq!(paths(&liar.asked()), [HISTORY, "GET model/maker/name", "POST model/m-7/task"]);
    let liar = Liar::who([empty_history(), Says::Json(400, json!({"message": "model not found"}))]).await;
    let error = liar.client().submit(guarded.submit("maker/name"), handed()).await.unwrap_err();
    assert_eq!(error, ComputeError::NoModel("maker/name".into()));
    liar.asked();
}

#[tokio::test]
async fn a_submit_whose_answer_is_lost_is_looked_for_before_it_goes_out_again() {
    let found = |key: Option<&str>, url: &str| {
        good(json!({"total": 1, "records": [{"id": "h", "task_id": "task-9", "status": "in_queue",
            "idempotency_key": key, "input_data": {"input": url}}]}))
    };
    let again = "https://s3.example/b/datasets/job-1?X-Amz-Signature=second";
    for lost in [Says::HangUp, Says::Silence, Says::Text(502, ""), Says::Text(200, "<html>"), good(json!({}))] {
        let guarded = Guarded::new(b"x");
        // Taken after all: by our key at a node, by the dataset's URL at AIOZ.
        for record in [found(Some("key-of-the-job"), "https://s3/else"), found(None, again)] {
            let liar = Liar::who([empty_history(), lost.clone(), empty_history(), record]).await;
            assert_eq!(liar.client().submit(guarded.submit("m"), handed()).await.unwrap(), "task-9", "{lost:?}");
            assert_eq!(paths(&liar.asked()), [HISTORY, "POST model/m/task", HISTORY, HISTORY]);
        }
        // Not taken: once more, under the same key and with the same body.
        let nothing = || [empty_history(), empty_history(), found(Some("another"), again)];
        let script = [empty_history(), lost.clone()].into_iter().chain(nothing()).chain([good(json!("task-2"))]);
        let liar = Liar::who(script).await;
        assert_eq!(liar.client().submit(guarded.submit("m"), handed()).await.unwrap(), "task-2", "{lost:?}");
        let posts: Vec<_> = liar.asked().into_iter().filter(|a| a.method == Method::POST).collect();
        assert_eq!((posts.len(), &posts[0]), (2, &posts[1]));
        // Lost twice: nobody knows, and that is what is said.
        let script =
            [empty_history(), lost.clone()].into_iter().chain(nothing()).chain([lost.clone()]).chain(nothing());
        let liar = Liar::who(script).await;
        let error = liar.client().submit(guarded.submit("m"), handed()).await.unwrap_err();
        assert!(matches!(error, ComputeError::Doubtful { .. }), "{lost:?}: {error}");
        assert!(error.hint().contains("agent jobs resume"));
        liar.asked();
    }
}

/// A provider that keeps no keys, and whose history comes late: a second submit would make a second task.
#[tokio::test]
async fn a_submit_in_doubt_is_not_repeated_where_no_keys_are_kept() {
    let late = good(
        json!({"total": 1, "records": [{"task_id": "task-9", "status": "in_queue", "input_data": {"input": dataset()}}]}),
    );
    let guarded = Guarded::new(b"x");
    let script = [empty_history(), Says::Text(504, "")].into_iter().chain(vec![empty_history(); 7]).chain([late]);
    let liar = Liar::who(script).await;
    assert_eq!(liar.client().submit(guarded.submit("m"), handed()).await.unwrap(), "task-9");
    assert_eq!(liar.asked().iter().filter(|a| a.method == Method::POST).count(), 1);

    let script = [empty_history(), Says::Text(504, "")].into_iter().chain(vec![empty_history(); 10]);
    let liar = Liar::who(script).await;
    let error = liar.client().submit(guarded.submit("m"), handed()).await.unwrap_err();
    assert!(matches!(error, ComputeError::Doubtful { .. }), "{error}");
    assert_eq!(liar.asked().iter().filter(|a| a.method == Method::POST).count(), 1, "a person decides");
}

#[tokio::test]
async fn a_submit_that_was_made_before_is_found_and_one_that_was_refused_is_not_repeated() {
    let guarded = Guarded::new(b"x");
    let record = json!({"task_id": "task-3", "status": "computing", "idempotency_key": "key-of-the-job"});
    let liar = Liar::who([good(json!({"records": [{"no": "sense"}, record], "total": 2}))]).await;
    assert_eq!(liar.client().submit(guarded.submit("m"), handed()).await.unwrap(), "task-3");
    assert_eq!(paths(&liar.asked()), [HISTORY]);
    for (says, expected) in [
        // More than anybody waits for.
        (Says::Wait(429, "86400"), ComputeError::RateLimited { retry_after: Some(Duration::from_secs(86_400)) }),
        (
            Says::Json(409, json!({"message": "other body"})),
            ComputeError::Refused { status: 409, message: "other body".into() },
        ),
        (
            Says::Json(400, json!({"message": "bad keys"})),
            ComputeError::Refused { status: 400, message: "bad keys".into() },
        ),
        (Says::Json(401, json!({})), ComputeError::Key),
    ] {
        let liar = Liar::who([empty_history(), says]).await;
        assert_eq!(liar.client().submit(guarded.submit("m"), handed()).await.unwrap_err(), expected);
        liar.asked();
    }
}

#[tokio::test]
async fn a_submit_that_came_too_fast_goes_out_again() {
    let guarded = Guarded::new(b"x");
    let liar = Liar::who([empty_history(), Says::Wait(429, "0"), good(json!({"data": "task-4"}))]).await;
    assert_eq!(liar.client().submit(guarded.submit("m"), handed()).await.unwrap(), "task-4");
    assert_eq!(liar.asked().len(), 3);
}
