//! Fetching results from servers that misbehave.

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use domain::{hash::Sha256, job::ResultFile};
use futures::StreamExt as _;
use storage::fetch::{self, FetchError, FetchPlan, fetch};
use tokio::{net::TcpListener, task::AbortHandle};
use url::Url;

use crate::services::desk::noise;

/// A server on loopback; stops when dropped.
struct Server {
    url: Url,
    task: AbortHandle,
}

impl Server {
    async fn start(app: Router) -> Server {
        crate::services::tls();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }).abort_handle();
        Server { url, task }
    }

    fn at(&self, path: &str) -> Url {
        self.url.join(path).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn plan(url: Url, to: &Path) -> FetchPlan {
    FetchPlan {
        allowed: vec![url.clone()],
        public: Vec::new(),
        url,
        headers: HeaderMap::new(),
        max_bytes: 10_000_000,
        time_limit: fetch::time_limit(10_000_000),
        expect_sha256: None,
        to: to.join("result.json"),
    }
}

async fn get_it(plan: FetchPlan) -> Result<ResultFile, FetchError> {
    fetch(plan, &|_, _| {}).await
}

fn files(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_file_that_is_packed_on_its_way_is_told_as_that() {
    let folder = tempfile::tempdir().unwrap();
    let asked = Arc::new(std::sync::Mutex::new(None));
    let seen = Arc::clone(&asked);
    let packed = move |headers: HeaderMap| async move {
        *seen.lock().unwrap() = headers.get(header::ACCEPT_ENCODING).cloned();
        ([(header::CONTENT_ENCODING, "gzip")], Bytes::from_static(&[0x1f, 0x8b, 8, 0]))
    };
    let server = Server::start(Router::new().route("/r", get(packed))).await;
    let error = get_it(plan(server.at("r"), folder.path())).await.unwrap_err();
    assert!(matches!(&error, FetchError::Packed { encoding, .. } if encoding == "gzip"), "{error}");
    assert_eq!(asked.lock().unwrap().as_ref().unwrap(), "identity");
    assert!(files(folder.path()).is_empty());
}

#[test]
fn what_a_killed_program_left_is_removed_once_it_is_old() {
    let folder = tempfile::tempdir().unwrap();
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
    for (name, is_old) in [(".fetch-killed", true), (".fetch-running", false), ("result.json", true)] {
        let file = std::fs::File::create(folder.path().join(name)).unwrap();
        if is_old {
            file.set_modified(old).unwrap();
        }
    }
    storage::fetch::remove_abandoned(folder.path());
    let mut left = files(folder.path());
    left.sort();
    assert_eq!(left, [".fetch-running", "result.json"]);
}

#[tokio::test]
async fn a_file_is_fetched_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let content = noise(100_000);
    let served = content.clone();
    let server = Server::start(Router::new().route("/r", get(|| async move { served }))).await;

    let wrong = FetchPlan { expect_sha256: Some(Sha256::of(b"other")), ..plan(server.at("r"), folder.path()) };
    let error = get_it(wrong).await.unwrap_err();
    assert!(matches!(error, FetchError::WrongContent { found, .. } if found == Sha256::of(&content)), "{error:?}");
    assert!(error.hint().is_some());
    assert_eq!(files(folder.path()), [""; 0]);

    let right = FetchPlan { expect_sha256: Some(Sha256::of(&content)), ..plan(server.at("r"), folder.path()) };
    let told = AtomicU64::new(0);
    let file = fetch(right, &|here, all| {
        assert_eq!(all, Some(100_000));
        told.fetch_max(here, Relaxed);
    })
    .await
    .unwrap();
    assert_eq!(file, ResultFile { name: "result.json".into(), bytes: 100_000, sha256: Sha256::of(&content) });
    assert_eq!(told.into_inner(), 100_000);
    assert_eq!(files(folder.path()), ["result.json"]);
    assert!(std::fs::read(folder.path().join("result.json")).unwrap() == content);

    // A file that is there stays as it is when the next fetch fails.
    let wrong = FetchPlan { expect_sha256: Some(Sha256::of(b"other")), ..plan(server.at("r"), folder.path()) };
    get_it(wrong).await.unwrap_err();
    assert!(std::fs::read(folder.path().join("result.json")).unwrap() == content);

    let nowhere = get_it(plan(server.at("r"), &folder.path().join("missing"))).await.unwrap_err();
    assert!(matches!(nowhere, FetchError::Write { .. }), "{nowhere:?}");
}

#[tokio::test]
async fn redirects_lead_to_allowed_servers_only() {
    let folder = tempfile::tempdir().unwrap();
    // The other server must not see the headers that were meant for the first.
    let echo = |headers: HeaderMap| async move {
        headers.get("x-api-key").map_or_else(|| "no key".to_owned(), |v| v.to_str().unwrap().to_owned())
    };
    let other = Server::start(Router::new().route("/r", get(echo))).await;
    let there = other.at("r?X-Amz-Signature=secret").to_string();
    let app = Router::new()
        .route("/away", get(|| async move { Redirect::temporary(&there) }))
        .route("/here", get(|| async { Redirect::permanent("r") }))
        .route("/circle", get(|| async { Redirect::to("circle") }))
        .route("/file", get(|| async { Redirect::to("file:///etc/passwd") }))
        .route("/empty", get(|| async { StatusCode::FOUND }))
        .route("/r", get(echo));
    let server = Server::start(app).await;
    let plan = |path: &str| {
        let mut plan = plan(server.at(path), folder.path());
        plan.headers.insert("x-api-key", "secret-key".parse().unwrap());
        plan
    };

    let error = get_it(plan("away")).await.unwrap_err();
    let foreign = other.url.origin().ascii_serialization();
    assert!(matches!(&error, FetchError::Foreign { server } if *server == foreign), "{error:?}");
    assert!(!format!("{error:?}{error}").contains("secret"));
    assert!(matches!(get_it(plan("file")).await.unwrap_err(), FetchError::Foreign { .. }));
    assert!(matches!(get_it(plan("circle")).await.unwrap_err(), FetchError::Circles { .. }));
    assert!(matches!(get_it(plan("empty")).await.unwrap_err(), FetchError::Refused { status: 302, .. }));
    let other_port = FetchPlan { allowed: vec![other.url.clone()], ..plan("r") };
    assert!(matches!(get_it(other_port).await.unwrap_err(), FetchError::Foreign { .. }));
    assert_eq!(files(folder.path()), [""; 0]);

    let read = || std::fs::read_to_string(folder.path().join("result.json")).unwrap();
    get_it(plan("here")).await.unwrap();
    assert_eq!(read(), "secret-key");
    let both = FetchPlan { allowed: vec![server.url.clone(), other.url.clone()], ..plan("away") };
    get_it(both).await.unwrap();
    assert_eq!(read(), "no key");
}

#[tokio::test]
async fn a_server_that_a_stranger_names_is_asked_at_public_addresses_alone() {
    let folder = tempfile::tempdir().unwrap();
    let asked = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&asked);
    let server =
        Server::start(Router::new().route("/r", get(|| async move { counted.fetch_add(1, Relaxed).to_string() })))
            .await;
    let mut by_name = server.at("r");
    by_name.set_host(Some("localhost")).unwrap();
    for url in [server.at("r"), by_name.clone()] {
        let named = FetchPlan { allowed: Vec::new(), public: vec![url.clone()], ..plan(url.clone(), folder.path()) };
        let error = get_it(named).await.unwrap_err();
        let at = url.origin().ascii_serialization();
        assert!(matches!(&error, FetchError::Private { server } if *server == at), "{error:?}");
        assert!(error.hint().unwrap().contains("AIOZ_RESULT_HOSTS"));
    }
    assert_eq!(asked.load(Relaxed), 0);
    // Whom the owner names may be anywhere, also where a stranger names it too.
    let both = FetchPlan { public: vec![by_name.clone()], ..plan(by_name, folder.path()) };
    get_it(both).await.unwrap();
    assert_eq!(asked.load(Relaxed), 1);
}

#[tokio::test]
async fn more_than_the_cap_is_refused_also_when_no_length_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let chunks = || async {
        Body::from_stream(futures::stream::repeat_with(|| Ok::<_, io::Error>(Bytes::from(vec![b'a'; 1000]))))
    };
    let app = Router::new().route("/long", get(|| async { vec![0_u8; 2001] })).route("/endless", get(chunks));
    let server = Server::start(app).await;
    for path in ["long", "endless"] {
        let plan = FetchPlan { max_bytes: 2000, ..plan(server.at(path), folder.path()) };
        let error = get_it(plan).await.unwrap_err();
        assert!(matches!(error, FetchError::TooLarge { max_bytes: 2000 }), "{error:?}");
    }
    let plan = FetchPlan { max_bytes: 2001, ..plan(server.at("long"), folder.path()) };
    assert_eq!(get_it(plan).await.unwrap().bytes, 2001);
    // A length that no disk has room for is refused before the first byte.
    let huge = || async {
        let body = Body::from_stream(futures::stream::pending::<io::Result<Bytes>>());
        Response::builder().header(header::CONTENT_LENGTH, u64::MAX / 4).body(body).unwrap()
    };
    let app = Router::new().route("/huge", get(huge));
    let server = Server::start(app).await;
    let plan = FetchPlan { max_bytes: u64::MAX, ..self::plan(server.at("huge"), folder.path()) };
    let error = get_it(plan).await.unwrap_err();
    assert!(matches!(error, FetchError::DiskFull { .. }), "{error:?}");
    assert_eq!(files(folder.path()), ["result.json"]);
}

/// Serves `content` and breaks off in the middle of every answer but the last; `ranges` says whether it goes on in the
/// middle when it is asked to.
fn breaking(content: Vec<u8>, answers: u32, ranges: bool, asked: Arc<AtomicU32>) -> Router {
    let handler = move |headers: HeaderMap| async move {
        let n = asked.fetch_add(1, Relaxed) + 1;
        let from = headers.get(header::RANGE).map_or(0, |range| {
            assert_eq!(headers.get(header::IF_RANGE).unwrap(), "\"v1\"");
            let range = range.to_str().unwrap();
            range.strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap().parse::<usize>().unwrap()
        });
        assert_eq!(from > 0, n > 1, "it asks to go on where it broke");
        let from = if ranges { from } else { 0 };
        let rest = content[from..].to_vec();
        let mut answer = Response::builder()
            .header(header::CONTENT_LENGTH, rest.len())
            .header(header::ETAG, "\"v1\"")
            .header(header::CONTENT_RANGE, format!("bytes {from}-{}/{}", content.len() - 1, content.len()));
        if from > 0 {
            answer = answer.status(StatusCode::PARTIAL_CONTENT);
        }
        if n >= answers {
            return answer.body(Body::from(rest)).unwrap();
        }
        let half = Bytes::copy_from_slice(&rest[..rest.len() / 2]);
        let broken = futures::stream::once(async {
            // Lets what came before go out.
            tokio::task::yield_now().await;
            Err(io::Error::from(io::ErrorKind::ConnectionReset))
        });
        answer.body(Body::from_stream(futures::stream::iter([Ok(half)]).chain(broken))).unwrap()
    };
    Router::new().route("/r", get(handler))
}

#[tokio::test]
async fn a_transfer_that_breaks_is_gone_on_with() {
    let content = noise(300_000);
    for ranges in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let asked = Arc::new(AtomicU32::new(0));
        let server = Server::start(breaking(content.clone(), 3, ranges, Arc::clone(&asked))).await;
        let plan = FetchPlan { expect_sha256: Some(Sha256::of(&content)), ..plan(server.at("r"), folder.path()) };
        assert_eq!(get_it(plan).await.unwrap().bytes, 300_000);
        assert_eq!(asked.load(Relaxed), 3);
        assert!(std::fs::read(folder.path().join("result.json")).unwrap() == content);
    }
}

#[tokio::test]
async fn a_server_that_always_breaks_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let asked = Arc::new(AtomicU32::new(0));
    let server = Server::start(breaking(noise(300_000), u32::MAX, true, Arc::clone(&asked))).await;
    let error = get_it(plan(server.at("r"), folder.path())).await.unwrap_err();
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error:?}");
    assert!((2..20).contains(&asked.load(Relaxed)));
    assert_eq!(files(folder.path()), [""; 0]);
}

#[tokio::test]
async fn refusals_are_final_and_trouble_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let asked = Arc::new(AtomicU32::new(0));
    let (gone, busy) = (Arc::clone(&asked), Arc::new(AtomicU32::new(0)));
    let app = Router::new()
        .route(
            "/gone",
            get(|| async move {
                gone.fetch_add(1, Relaxed);
                StatusCode::NOT_FOUND
            }),
        )
        .route(
            "/busy",
            get(|| async move {
                match busy.fetch_add(1, Relaxed) {
                    0 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
                    _ => "at last".into_response(),
                }
            }),
        );
    let server = Server::start(app).await;
    let error = get_it(plan(server.at("gone"), folder.path())).await.unwrap_err();
    assert!(matches!(error, FetchError::Refused { status: 404, .. }), "{error:?}");
    assert_eq!(asked.load(Relaxed), 1, "asked once");
    assert_eq!(get_it(plan(server.at("busy"), folder.path())).await.unwrap().bytes, 7);
}

#[tokio::test]
async fn a_server_that_sends_a_byte_now_and_then_is_left_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let trickle = || async {
        let bytes = futures::stream::unfold((), |()| async {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            Some((Ok::<_, io::Error>(Bytes::from_static(b"x")), ()))
        });
        Body::from_stream(bytes)
    };
    let server = Server::start(Router::new().route("/r", get(trickle)).route("/whole", get(|| async { "xx" }))).await;
    let limit = std::time::Duration::from_millis(400);
    let slow = FetchPlan { time_limit: limit, ..plan(server.at("r"), folder.path()) };
    let error = get_it(slow).await.unwrap_err();
    assert!(matches!(&error, FetchError::TooSlow { limit: told, .. } if *told == limit), "{error:?}");
    assert!(error.hint().is_some() && files(folder.path()).is_empty());
    let whole = FetchPlan { time_limit: std::time::Duration::from_secs(60), ..plan(server.at("whole"), folder.path()) };
    assert_eq!(get_it(whole).await.unwrap().bytes, 2);
}
