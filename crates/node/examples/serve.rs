//! Serves the catalogue's tasks on loopback, free of charge, until Ctrl-C. Tasks are taken and not run: a worker is the
//! program's, and this example is none.

use std::{error::Error, sync::Arc};

use domain::{
    hash::Hash160,
    money::Datoshi,
    network::{Network, SANDBOX},
};
use guard::machine::catalogue::Catalogue;
use neo::Chain;
use node::{NodeSettings, Prices};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("example-node-{}", std::process::id()));
    let network = Network(SANDBOX);
    // Nothing costs anything, so the chain is never asked.
    let chain = Chain::new(vec!["http://127.0.0.1:1".parse()?], network)?;
    let mut settings = NodeSettings::new(folder, network, Hash160([0; 20]), Arc::new(chain));
    settings.keys = vec!["example".to_owned().into()];
    settings.tasks = Catalogue::builtin()?.iter().cloned().collect();
    settings.prices = Prices { flat: Datoshi::ZERO, ..Prices::default() };

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/api/v1, x-api-key: example", listener.local_addr()?);
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    Ok(node::serve(listener, settings, stop).await?)
}
