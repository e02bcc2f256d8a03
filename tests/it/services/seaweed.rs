//! SeaweedFS: a real S3 server.

use std::{
    fs::File,
    path::PathBuf,
    process::Command,
    sync::{Arc, Weak},
};

use tokio::sync::Mutex;

use super::{Running, free_ports, s3::Server, tool};

/// A server in a folder of its own; gone when dropped.
pub struct Seaweed {
    // In this order: the process first, then its folder.
    _process: Running,
    _folder: tempfile::TempDir,
    /// Sockets that it puts elsewhere and a kill leaves there.
    sockets: Vec<PathBuf>,
    /// How to reach it.
    pub server: Server,
}

impl Seaweed {
    /// The server that other tests are using, or a new one. Take a fresh bucket.
    pub async fn shared() -> Arc<Seaweed> {
        static RUNNING: Mutex<Weak<Seaweed>> = Mutex::const_new(Weak::new());
        let mut running = RUNNING.lock().await;
        if let Some(there) = running.upgrade() {
            return there;
        }
        let fresh = Arc::new(Seaweed::start().await);
        *running = Arc::downgrade(&fresh);
        fresh
    }

    async fn start() -> Seaweed {
        super::tls();
        let weed = tool("weed");
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["data", "config", "log"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        let (access_key, secret_key) = ("AKTEST", "SKTESTSECRET");
        let identities = serde_json::json!({"identities": [{
            "name": "test",
            "credentials": [{"accessKey": access_key, "secretKey": secret_key}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }]});
        std::fs::write(at("s3.json"), identities.to_string()).unwrap();
        let [master, master_grpc, volume, volume_grpc, filer, filer_grpc, s3, s3_grpc] = free_ports();
        let log = at("weed.log");
        let out = File::create(&log).unwrap();
        let process = Command::new(weed)
            .args(["-alsologtostderr=false", &format!("-logdir={}", at("log").display())])
            .arg(format!("-config_dir={}", at("config").display()))
            .args(["server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", &format!("-dir={}", at("data").display())])
            .args([format!("-master.port={master}"), format!("-master.port.grpc={master_grpc}")])
            .args(["-master.telemetry=false", "-master.volumePreallocate=false", "-master.volumeSizeLimitMB=128"])
            .args([format!("-volume.port={volume}"), format!("-volume.port.grpc={volume_grpc}")])
            .args(["-volume.max=0", "-volume.preStopSeconds=1", "-filer"])
            .arg(format!("-filer.localSocket={}", at("filer.sock").display()))
            .arg(format!("-s3.localSocket={}", at("s3.sock").display()))
            .args([format!("-filer.port={filer}"), format!("-filer.port.grpc={filer_grpc}")])
            .args(["-s3", "-s3.port.iceberg=0", "-s3.port.lance=0", &format!("-s3.config={}", at("s3.json").display())])
            .args([format!("-s3.port={s3}"), format!("-s3.port.grpc={s3_grpc}")])
            .current_dir(folder.path())
            .stdin(std::process::Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap();
        let mut process = Running(process);
        let server = Server::new(s3, access_key, secret_key);
        let health = server.endpoint.join("healthz").unwrap();
        process
            .ready("SeaweedFS", &log, async || reqwest::get(health.clone()).await.is_ok_and(|a| a.status() == 200))
            .await;
        let sockets = [("master", master_grpc), ("volume", volume_grpc), ("filer", filer_grpc), ("s3", s3_grpc)];
        let sockets = sockets.map(|(name, port)| PathBuf::from(format!("/tmp/seaweedfs-{name}-grpc-{port}.sock")));
        Seaweed { _process: process, _folder: folder, sockets: sockets.into(), server }
    }
}

impl Drop for Seaweed {
    fn drop(&mut self) {
        for socket in &self.sockets {
            let _ = std::fs::remove_file(socket);
        }
    }
}
