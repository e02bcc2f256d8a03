//! An S3 server under test: how to reach it, and clients of it.

use std::{path::Path, sync::atomic::AtomicU32, sync::atomic::Ordering::Relaxed};

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_smithy_http_client::Builder;
use storage::{S3Settings, Storage};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use url::Url;

/// Where a server is and whom it knows.
#[derive(Debug, Clone)]
pub struct Server {
    pub endpoint: Url,
    pub access_key: String,
    pub secret_key: String,
}

impl Server {
    pub fn new(port: u16, access_key: &str, secret_key: &str) -> Server {
        let endpoint = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
        Server { endpoint, access_key: access_key.to_owned(), secret_key: secret_key.to_owned() }
    }

    /// The same keys at another address.
    pub fn by_way_of(&self, endpoint: Url) -> Server {
        Server { endpoint, ..self.clone() }
    }

    pub fn settings(&self, bucket: &str) -> S3Settings {
        S3Settings {
            endpoint: self.endpoint.clone(),
            region: "us-east-1".to_owned(),
            bucket: bucket.to_owned(),
            access_key: self.access_key.clone().into(),
            secret_key: self.secret_key.clone().into(),
        }
    }

    pub fn storage(&self, bucket: &str) -> Storage {
        Storage::new(&self.settings(bucket)).unwrap()
    }

    /// A fresh bucket and its storage.
    pub async fn bucket(&self) -> (String, Storage) {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("bucket-{}", NEXT.fetch_add(1, Relaxed));
        let storage = self.storage(&name);
        storage.ensure_bucket().await.unwrap();
        (name, storage)
    }

    /// Amazon's own client, as it comes, but without retries and without TLS.
    pub fn amazons(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .endpoint_url(self.endpoint.as_str())
            .force_path_style(true)
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new(&self.access_key, &self.secret_key, None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .http_client(Builder::new().build_http())
            .build();
        aws_sdk_s3::Client::from_conf(config)
    }
}

/// The sandbox's own server over a folder.
pub struct Sandbox {
    pub server: Server,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Sandbox {
    pub async fn start(root: &Path) -> Sandbox {
        Sandbox::start_for(root, "AKSANDBOX", "SKSANDBOXSECRET").await
    }

    /// One that knows these keys.
    pub async fn start_for(root: &Path, access_key: &str, secret_key: &str) -> Sandbox {
        super::tls();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server::new(listener.local_addr().unwrap().port(), access_key, secret_key);
        let (stop, stopped) = oneshot::channel();
        let (access_key, secret_key) = (server.access_key.clone(), server.secret_key.clone().into());
        let shutdown = async {
            let _ = stopped.await;
        };
        let task = tokio::spawn(sandbox::s3::serve(listener, root.to_owned(), access_key, secret_key, shutdown));
        Sandbox { server, stop, task }
    }

    /// Stops it as its owner would.
    pub async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }
}
