//! A line to a server on which everything is heard that is sent to it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};
use url::Url;

/// A tap; it ends when dropped.
pub struct Tap {
    pub url: Url,
    server: Arc<OnceLock<SocketAddr>>,
    heard: Arc<Mutex<Vec<u8>>>,
    task: AbortHandle,
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Tap {
    /// A tap on the line to the server at `url`, with the same path.
    pub async fn on(url: &Url) -> Tap {
        let tap = Tap::laid(url.path()).await;
        tap.lead_to(url);
        tap
    }

    /// A tap whose server is yet to come.
    pub async fn laid(path: &str) -> Tap {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}{path}", listener.local_addr().unwrap()).parse().unwrap();
        let server = Arc::new(OnceLock::new());
        let target = server.clone();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = heard.clone();
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let Ok(server) = TcpStream::connect(target.get().unwrap()).await else { continue };
                let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
                let ear = ear.clone();
                tokio::spawn(async move {
                    let mut part = [0; 8192];
                    while let Ok(n @ 1..) = from_client.read(&mut part).await {
                        ear.lock().unwrap().extend_from_slice(&part[..n]);
                        if to_server.write_all(&part[..n]).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Tap { url, server, heard, task: task.abort_handle() }
    }

    /// Names the server.
    pub fn lead_to(&self, url: &Url) {
        self.server.set(url.socket_addrs(|| None).unwrap()[0]).unwrap();
    }

    /// What was sent so far.
    pub fn heard(&self) -> Vec<u8> {
        self.heard.lock().unwrap().clone()
    }
}
