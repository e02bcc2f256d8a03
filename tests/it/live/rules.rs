//! The guard's money rules as a person meets them: mainnet's own switch, and recipients that only look right.

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    response::Response,
};
use domain::{
    hash::Hash160,
    money::Datoshi,
    network::{MAINNET, Network},
};
use neo::Wallet;
use tokio::net::TcpListener;
use url::Url;

use super::own_chain::OwnChain;
use crate::{
    neo_go::NET,
    payment::{RECIPIENT, gas},
    world::Run,
};

const ASK: [&str; 4] = ["ask", "--json", "--yes", "Give me sequence statistics of data.fasta"];

/// Refused by this rule, with nothing signed.
fn assert_refused(stage: &OwnChain, run: &Run, code: i32, says: &str) {
    assert_eq!(run.code, code, "{}", run.all());
    assert!(run.all().contains(says), "{says}: {}", run.all());
    assert!(!run.types().iter().any(|t| t.starts_with("payment.") || t.starts_with("approval.")), "{}", run.all());
    assert_eq!(stage.spent(), Datoshi::ZERO);
}

#[tokio::test(flavor = "multi_thread")]
async fn mainnet_needs_its_own_switch() {
    let stage = OwnChain::of(Network(MAINNET)).await;
    stage.rules("");
    assert_refused(&stage, &stage.world.run(&ASK), 3, "P-MAINNET");
    assert_refused(&stage, &stage.world.run(&ASK), 3, "--allow-mainnet");
    let allowed = stage.world.run(&[&ASK[..3], &["--allow-mainnet", ASK[3]]].concat());
    assert_eq!(allowed.code, 0, "{}", allowed.all());
    assert_eq!(stage.received(), gas("2"));
    let receipt = allowed.event("receipt");
    let (hash, link) = (receipt["payment"]["tx_hash"].as_str().unwrap(), receipt["payment"]["explorer_url"].as_str());
    assert_eq!(link.unwrap(), format!("https://dora.coz.io/transaction/neo3/mainnet/{hash}"));
    // The switch was for that once; the owner's file allows it for good.
    assert_eq!(stage.world.run(&ASK).code, 3);
    stage.rules("allow_mainnet = true");
    let paid = stage.world.run(&ASK);
    assert_eq!(paid.code, 0, "{}", paid.all());
    assert_eq!(stage.received(), gas("4"));
}

/// An address with a right checksum that differs from the provider's in few characters, as somebody makes who tries
/// many keys.
fn near_miss() -> Hash160 {
    let real = RECIPIENT.address();
    let alike = |wallet: &Wallet| wallet.account().address()[..2] == real[..2];
    std::iter::repeat_with(Wallet::generate).find(alike).unwrap().account()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_that_only_looks_right_reaches_no_signature() {
    let mut stage = OwnChain::of(NET).await;
    stage.rules("");
    let real = RECIPIENT.address();
    let last = real.chars().last().unwrap();
    let hostile = [
        real.replacen('N', "\u{39d}", 1),
        format!("{}{}", &real[..33], if last == 'x' { 'y' } else { 'x' }),
        real.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect(),
        format!("{}\u{200b}{}", &real[..5], &real[5..]),
        real.to_lowercase(),
    ];
    // In the settings and in the owner's file: an error before anything happens.
    for text in &hostile {
        stage.world.set("GAS_RECIPIENT", text.as_str());
        let run = stage.world.run(&ASK);
        assert_refused(&stage, &run, 2, "is not a Neo N3 address");
        stage.world.set("GAS_RECIPIENT", real.as_str());
        stage.rules(&format!("recipients = [\"{text}\"]"));
        let run = stage.world.run(&ASK);
        assert_refused(&stage, &run, 3, "is not a Neo N3 address");
        stage.rules("");
    }
    assert!(stage.world.job_log().is_empty(), "nothing was even planned");
    // The owner's list names a near miss by a slip: the provider's true account is not on it.
    stage.world.set("GAS_RECIPIENT", near_miss().address());
    assert_refused(&stage, &stage.world.run(&ASK), 3, "P-RECIPIENT");
    stage.world.set("GAS_RECIPIENT", real.as_str());

    // In the provider's terms, changed on the way.
    let origin = stage.provider.endpoint.trim_end_matches("/api/v1").to_owned();
    stage.world.set("AIOZ_RESULT_HOSTS", origin);
    for text in hostile {
        let forger = forger(&stage.provider.endpoint, &text).await;
        stage.world.set("AIOZ_W3AI_ENDPOINT", forger);
        let run = stage.world.run(&ASK);
        assert_refused(&stage, &run, 1, "unreadable recipient");
    }
    let forger = forger(&stage.provider.endpoint, &near_miss().address()).await;
    stage.world.set("AIOZ_W3AI_ENDPOINT", forger);
    assert_refused(&stage, &stage.world.run(&ASK), 3, "P-RECIPIENT");
    assert_eq!(stage.received(), Datoshi::ZERO);
}

/// The provider, with another recipient in all that it says.
async fn forger(provider: &str, recipient: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (base, recipient) = (Url::parse(provider).unwrap(), recipient.to_owned());
    let client = cassette::line::http_client().no_proxy().build().unwrap();
    let pass = move |request: Request| async move {
        let (head, body) = request.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let target = base.join(&head.uri.to_string()).unwrap();
        let answer = client.request(head.method, target).headers(head.headers).body(body).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        let forged = text.replace(&RECIPIENT.address(), &recipient);
        Response::builder().status(status).header("content-type", "application/json").body(Body::from(forged)).unwrap()
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(pass)).await.unwrap() });
    format!("http://{address}/api/v1")
}
