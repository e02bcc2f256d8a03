use std::{convert::Infallible, net::SocketAddr};

use http_body_util::{BodyExt as _, Full};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::oneshot,
};

use super::*;

const SOON: Duration = Duration::from_millis(200);

fn limits() -> Limits {
    Limits { head: SOON, body: SOON, stall: SOON, ..Limits::default() }
}

/// Serves how long each body is; stops when the sender is dropped.
async fn lengths(limits: Limits) -> (SocketAddr, oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let service = hyper::service::service_fn(|request: Request<Deadline<Incoming>>| async {
        let said = match request.into_body().collect().await {
            Ok(body) => body.to_bytes().len().to_string(),
            Err(error) => error.to_string(),
        };
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(said))))
    });
    tokio::spawn(serve(listener, service, limits, async {
        let _ = stopped.await;
    }));
    (at, stop)
}

async fn ask(stream: &mut TcpStream) -> String {
    stream.write_all(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\nabc").await.unwrap();
    let mut buffer = [0; 1024];
    let read = stream.read(&mut buffer).await.unwrap();
    String::from_utf8_lossy(&buffer[..read]).into_owned()
}

/// Everything until the server closes.
async fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    tokio::time::timeout(SOON * 20, stream.read_to_string(&mut text)).await.expect("it is still open").unwrap();
    text
}

#[tokio::test]
async fn whoever_is_silent_is_let_go_and_keeps_nobody_out() {
    let (at, _stop) = lengths(Limits { connections: 4, ..limits() }).await;
    let mut silent = Vec::new();
    for _ in 0..4 {
        silent.push(TcpStream::connect(at).await.unwrap());
    }
    // There is no place left, until the silent ones are let go.
    let mut asking = TcpStream::connect(at).await.unwrap();
    assert!(ask(&mut asking).await.ends_with("\r\n\r\n3"));
    for stream in silent {
        rest(stream).await;
    }
    // The same between two requests.
    assert!(ask(&mut asking).await.ends_with("\r\n\r\n3"), "in time it is served again");
    rest(asking).await;
}

#[tokio::test]
async fn a_head_or_a_body_that_comes_a_byte_at_a_time_ends() {
    let (at, _stop) = lengths(limits()).await;
    let mut head = TcpStream::connect(at).await.unwrap();
    head.write_all(b"POST / HTTP/1.1\r\nho").await.unwrap();
    let said = rest(head).await;
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 408"), "{said}");
    let mut body = TcpStream::connect(at).await.unwrap();
    body.write_all(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\nconnection: close\r\n\r\na").await.unwrap();
    assert!(rest(body).await.ends_with("did not come in time"));
}

/// 64 MB, a megabyte at a time; whoever waits for `_gone` learns when its connection has ended.
struct Long {
    left: usize,
    _gone: Option<oneshot::Sender<()>>,
}

/// Bytes of a piece, and how many there are.
const PIECE: usize = 1 << 20;
const PIECES: usize = 64;

impl Body for Long {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        let next = self.left.checked_sub(1);
        self.left = next.unwrap_or_default();
        std::task::Poll::Ready(next.map(|_| Ok(http_body::Frame::data(Bytes::from(vec![0; PIECE])))))
    }
}

#[tokio::test]
async fn an_answer_that_nobody_takes_ends_and_a_slow_reader_has_all_of_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (gone, ended) = oneshot::channel();
    let gone = Arc::new(Mutex::new(Some(gone)));
    let service = hyper::service::service_fn(move |_: Request<Deadline<Incoming>>| {
        let gone = gone.lock().unwrap().take();
        async move { Ok::<_, Infallible>(Response::new(Long { left: PIECES, _gone: gone })) }
    });
    tokio::spawn(serve(listener, service, limits(), std::future::pending()));
    let asking = || async {
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await.unwrap();
        stream
    };
    let mut silent = asking().await;
    // It is let go: what the system holds for it comes, and then an end before the whole.
    assert!(tokio::time::timeout(SOON * 50, ended).await.expect("it is still served").is_err());
    let mut taken = Vec::new();
    let end = tokio::time::timeout(SOON * 50, silent.read_to_end(&mut taken)).await.expect("it is still open");
    assert!(taken.len() < PIECE * PIECES, "{end:?}");
    // One that takes three times as long as that in all, and never stands still for as long.
    let mut slow = asking().await;
    let (mut all, mut piece) = (0, vec![0; PIECE]);
    loop {
        let read = slow.read(&mut piece).await.unwrap();
        all += read;
        if read == 0 {
            break;
        }
        if all % (PIECE * PIECES / 16) < read {
            tokio::time::sleep(SOON / 5).await;
        }
    }
    assert!(all > PIECE * PIECES, "{all}");
}

#[tokio::test]
async fn one_address_does_not_take_all_places() {
    let (at, _stop) = lengths(Limits { per_address: 2, proxies: Vec::new(), ..limits() }).await;
    let mut taken = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(at).await.unwrap();
        assert!(ask(&mut stream).await.ends_with('3'));
        taken.push(stream);
    }
    assert_eq!(rest(TcpStream::connect(at).await.unwrap()).await, "", "closed at once");
    for stream in taken {
        rest(stream).await;
    }
    // Their places are free again.
    let mut stream = TcpStream::connect(at).await.unwrap();
    assert!(ask(&mut stream).await.ends_with('3'));
    // A proxy stands for many.
    let (at, _stop) = lengths(Limits { per_address: 1, ..limits() }).await;
    let (mut one, mut other) = (TcpStream::connect(at).await.unwrap(), TcpStream::connect(at).await.unwrap());
    assert!(ask(&mut one).await.ends_with('3') && ask(&mut other).await.ends_with('3'));
}

#[tokio::test]
async fn it_stops_when_it_is_told_to() {
    let (at, stop) = lengths(Limits { head: Duration::from_secs(600), ..limits() }).await;
    let mut idle = TcpStream::connect(at).await.unwrap();
    assert!(ask(&mut idle).await.ends_with('3'));
    drop(stop);
    assert_eq!(rest(idle).await, "");
    let refused = async { while TcpStream::connect(at).await.is_ok() {} };
    tokio::time::timeout(SOON * 20, refused).await.expect("it still listens");
}

#[test]
fn a_network_of_ipv6_is_one_subscriber() {
    let of = |text: &str| network(text.parse().unwrap());
    assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::9"));
    assert_ne!(of("2001:db8:1:2::9"), of("2001:db8:1:3::9"));
    assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    assert_eq!(of("::1"), "::1".parse::<IpAddr>().unwrap(), "a proxy of this machine");
}
