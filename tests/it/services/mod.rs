//! Real services that the tests start, and what they have in common.

pub mod consented;
pub mod desk;
pub mod meddler;
pub mod model;
pub mod proxy;
pub mod s3;
pub mod seaweed;

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Child,
    time::{Duration, Instant},
};

/// A program that `tests/setup.sh` installs.
pub fn tool(name: &str) -> PathBuf {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = std::env::var_os("AGENT_TEST_TOOLS").map_or_else(|| PathBuf::from("target/test-tools"), PathBuf::from);
    let path = home.join(tools).join(name);
    assert!(path.exists(), "{} is missing: install what the tests need with `make tools`", path.display());
    path
}

/// Names the TLS provider, as `main` does.
pub fn tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Ports of loopback that are free now, all different.
pub fn free_ports<const N: usize>() -> [u16; N] {
    let held: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}

/// A process that ends with its test, however that ends.
pub struct Running(pub Child);

impl Running {
    /// Asks `ready` again and again until it says yes.
    pub async fn ready(&mut self, what: &str, log: &Path, ready: impl AsyncFn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(120);
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        while !ready().await {
            let ended = self.0.try_wait().unwrap();
            let late = Instant::now() > deadline;
            if ended.is_some() || late {
                let log = std::fs::read_to_string(log).unwrap_or_default();
                panic!("{what} did not start (ended: {ended:?}); its log:\n{log}");
            }
            tick.tick().await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
