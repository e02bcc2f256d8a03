use std::{io::Write as _, net::TcpListener, time::Duration};

use reqwest::{Method, header::HeaderValue};
use serde_json::json;

use super::*;
use crate::{format::What, read::Cassette};

/// A server that gives these bytes to one connection each, and then closes it.
fn server(answers: Vec<&'static [u8]>) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            // The request is read before the answer goes out; its end is of no interest.
            let mut head = [0; 4096];
            let _ = std::io::Read::read(&mut stream, &mut head);
            stream.write_all(answer).unwrap();
        }
    });
    url
}

struct Recording {
    _folder: tempfile::TempDir,
    recorder: Arc<Recorder>,
}

impl Recording {
    fn new() -> Recording {
        let folder = tempfile::tempdir().unwrap();
        let recorder = Recorder::create(&folder.path().join("a.cassette")).unwrap();
        let start = serde_json::from_str(crate::read::START_FOR_TESTS).unwrap();
        recorder.write(What::Start(Box::new(start)));
        Recording { _folder: folder, recorder: Arc::new(recorder) }
    }

    fn line(&self) -> Line {
        let mut key = HeaderValue::from_static("the-key-in-the-header");
        key.set_sensitive(true);
        let headers = HeaderMap::from_iter([(reqwest::header::HeaderName::from_static("x-api-key"), key)]);
        let client = || {
            let builder = http_client().no_proxy().default_headers(headers);
            builder.timeout(Duration::from_millis(400)).build()
        };
        Line::on(&Tape::Recording(self.recorder.clone()), Part::Provider, client).unwrap()
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.recorder.path()).unwrap()
    }

    /// A line that answers from what was recorded, and would make a client of nothing.
    fn played(&self) -> (Line, Arc<Player>) {
        let player = Arc::new(Player::new(&Cassette::read(self.recorder.path()).unwrap(), Vec::new()));
        let none = || panic!("a run that is played makes no client");
        (Line::on(&Tape::Playing(player.clone()), Part::Provider, none).unwrap(), player)
    }
}

/// Everything a client sees of an answer.
async fn seen(line: &Line, url: &Url) -> Result<(u16, Option<u64>, String, Result<Vec<u8>, Broken>), Broken> {
    let mut request = Request::new(Method::POST, url.clone());
    set_json(&mut request, &json!({"a": [1, "ä"]}));
    let mut response = line.send(request).await?;
    assert_eq!(response.url(), url);
    let (status, length) = (response.status().as_u16(), response.content_length());
    let kind = response.headers().get("content-type").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(bytes)) => body.extend_from_slice(&bytes),
            Ok(None) => return Ok((status, length, kind, Ok(body))),
            Err(error) => return Ok((status, length, kind, Err(error.into()))),
        }
    }
}

/// What decides how a client goes on after a failure; the words around the cause are the library's.
fn decides(broken: &Broken) -> (bool, bool) {
    (broken.unsent, broken.late)
}

#[tokio::test]
async fn an_answer_is_played_as_it_came() {
    let url = server(vec![
        b"HTTP/1.1 200 OK\r\ncontent-type: text/x\r\ncontent-length: 5\r\nset-cookie: c=1\r\n\r\nhello",
        b"HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n3\r\n\xff\xfe\x00\r\n0\r\n\r\n",
        b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nretry-after: 7\r\n\r\n",
    ]);
    let recording = Recording::new();
    let line = recording.line();
    let mut live = Vec::new();
    for _ in 0..3 {
        live.push(seen(&line, &url).await.unwrap());
    }
    assert_eq!(live[0], (200, Some(5), "text/x".into(), Ok(b"hello".to_vec())));
    assert_eq!(live[1], (404, None, String::new(), Ok(b"\xff\xfe\0".to_vec())));
    let (line, player) = recording.played();
    for then in live {
        assert_eq!(seen(&line, &url).await.unwrap(), then);
    }
    assert_eq!(player.left(), Vec::<String>::new());
    let text = recording.text();
    assert!(text.contains("\"retry-after\":\"7\"") && !text.contains("cookie") && !text.contains("the-key"), "{text}");
}

#[tokio::test]
async fn what_failed_fails_alike() {
    let closed: Url = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap()
    };
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_url: Url = format!("http://{}/", silent.local_addr().unwrap()).parse().unwrap();
    let short = server(vec![b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"]);
    let recording = Recording::new();
    let line = recording.line();
    let refused = seen(&line, &closed).await.unwrap_err();
    let late = seen(&line, &silent_url).await.unwrap_err();
    let cut = seen(&line, &short).await.unwrap();
    assert_eq!((decides(&refused), decides(&late)), ((true, false), (false, true)));
    let (played, _) = recording.played();
    assert_eq!(seen(&played, &closed).await.unwrap_err(), refused);
    assert_eq!(seen(&played, &silent_url).await.unwrap_err(), late);
    let again = seen(&played, &short).await.unwrap();
    assert_eq!((again.0, again.1), (cut.0, cut.1));
    assert_eq!(decides(&again.3.unwrap_err()), decides(&cut.3.unwrap_err()));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_told_by_length_and_hash_and_ends_a_replay_there() {
    let mut heard = Heard::new(Answered { id: 1, status: Some(200), ..Answered::default() }, Recording::new().recorder);
    let block = vec![b'a'; MAX_KEPT / 2];
    for _ in 0..3 {
        heard.hear(&block);
    }
    let recording = Recording::new();
    let url: Url = "http://host/large".parse().unwrap();
    let request = Request::new(Method::GET, url.clone());
    let id = recording.recorder.asked(asked(Part::Results, &request)).unwrap();
    heard.recorder = recording.recorder.clone();
    heard.answered.as_mut().unwrap().id = id;
    drop(heard);
    assert!(recording.text().len() < 2000, "its content is not in the record");
    let (line, player) = recording.played();
    let line = Line { part: Part::Results, ..line };
    let departed = tokio::select! {
        biased;
        divergence = player.departed() => divergence,
        _ = line.send(request) => panic!("nothing can be answered"),
    };
    assert!(departed.did.contains("too large to be kept: 12.6 MB, not kept; SHA-256 "), "{departed:?}");
}

#[test]
fn an_address_is_shown_without_what_may_be_a_key() {
    let url: Url = "https://me:pw@rpc.example.org:10332/v3/0123456789abcdef?key=k#f".parse().unwrap();
    assert_eq!(target(Part::Chain, &url), "https://rpc.example.org:10332/");
    assert_eq!(target(Part::Storage, &url), "https://rpc.example.org:10332/v3/0123456789abcdef?key=k");
}
