//! `agent sandbox`: the sandbox held open, for people who try other programs on it.

use std::{path::Path, process::ExitCode};

use clap::Args;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{CommandError, Context, interrupt::until_told, runtime::block_on, wiring::PROGRAM};
use domain::network::SANDBOX;
use sandbox::{client, host::Addresses, keys::Keys};

/// The region that requests are signed for; the sandbox takes any.
const REGION: &str = "us-east-1";

/// Hold the sandbox open and print how to reach it, for trying other programs on it.
///
/// Storage, provider and chain on this machine, those of this home's own sandbox: any S3 program, any client of the AIOZ AI
/// API and any Neo N3 wallet can use them until Ctrl-C. The keys that are printed are good for nothing else, and the coins are
/// not money.
#[derive(Debug, Args)]
pub struct Sandbox {}

impl Sandbox {
    /// Holds it open until Ctrl-C or SIGTERM.
    ///
    /// # Errors
    /// A sandbox that does not come up, or keys that cannot be read.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let home = context.settings()?.home();
        home.ensure()?;
        let folder = home.sandbox();
        block_on(async {
            let failed = |e: client::ClientError| {
                let log = folder.join("host.log");
                CommandError::failed("sandbox", e).hint(format!(
                    "look at {}, or remove {} to begin anew",
                    log.display(),
                    folder.display()
                ))
            };
            let guest = client::visit(&folder, Path::new(PROGRAM)).await.map_err(failed)?;
            let keys = Keys::in_folder(&folder).map_err(|e| {
                let hint = e.hint();
                CommandError::failed("sandbox", e).hint(hint)
            })?;
            say(context, &guest.addresses, &keys);
            until_told().await;
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// How to reach it: lines that a shell takes as they are, or one line of JSON for a program.
fn say(context: &Context, at: &Addresses, keys: &Keys) {
    let payer = (keys.payer.account().address(), keys.payer.to_wif());
    if context.json() {
        context.output.json(&json!({
            "type": "sandbox.open",
            "storage": {
                "endpoint": at.storage, "region": REGION, "path_style": true,
                "access_key": keys.access_key, "secret_key": keys.secret_key.expose_secret(),
            },
            "provider": {"endpoint": at.provider, "api_key": keys.api_key.expose_secret()},
            "chain": {
                "rpc": at.chain, "network": SANDBOX, "provider": keys.provider.account().address(),
                "payer": payer.0, "payer_key": payer.1.expose_secret(),
            },
        }));
        return;
    }
    let lines = [
        "# The sandbox is open until Ctrl-C. Its keys are good for nothing else, and its coins are not money."
            .to_owned(),
        String::new(),
        "# Storage: S3, addressed by path".to_owned(),
        format!("export AWS_ENDPOINT_URL={}", text(&at.storage)),
        format!("export AWS_ACCESS_KEY_ID={}", keys.access_key),
        format!("export AWS_SECRET_ACCESS_KEY={}", keys.secret_key.expose_secret()),
        format!("export AWS_REGION={REGION} AWS_DEFAULT_REGION={REGION}"),
        String::new(),
        "# Provider: the AIOZ AI API, with the key as x-api-key".to_owned(),
        format!("export AIOZ_W3AI_ENDPOINT={}", text(&at.provider)),
        format!("export AIOZ_API_KEY={}", keys.api_key.expose_secret()),
        String::new(),
        format!("# Chain: Neo N3's JSON-RPC. {} pays, {} is paid.", payer.0, keys.provider.account().address()),
        format!("export NEO_RPC_URL={}", text(&at.chain)),
        format!("export NEO_NETWORK={SANDBOX}"),
        format!("export NEO_PRIVATE_KEY={}", payer.1.expose_secret()),
    ];
    context.output.lines(lines);
}

/// A URL without the slash that not every program takes at its end.
fn text(url: &url::Url) -> &str {
    url.as_str().trim_end_matches('/')
}
