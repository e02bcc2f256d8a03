//! Nodes that lie, lag, or talk nonsense: nothing they say makes a second payment or a panic.

use std::net::SocketAddr;

use agent::payment::payer::Settlement;
use axum::{Router, body::Bytes, routing::post};
use domain::{
    event::Silent,
    hash::TxHash,
    network::{Network, SANDBOX},
};
use neo::rpc::{Chain, ChainError, node::RpcError};

use super::*;

const NET: Network = Network(SANDBOX);

/// A node that gives the same answer to everything.
async fn stubborn(answer: String) -> Url {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let answer = Bytes::from(answer);
    let router = Router::new().route("/", post(move || async move { answer }));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

async fn chain_saying(answer: &str) -> Chain {
    Chain::new(vec![stubborn(answer.to_owned()).await], NET).unwrap()
}

#[tokio::test]
async fn nonsense_is_an_error_and_never_a_default() {
    let magic =
        r#"{"id":1,"jsonrpc":"2.0","result":{"protocol":{"msperblock":15000,"maxvaliduntilblockincrement":1}}}"#;
    for answer in ["", "null", "[]", "{}", "<html>", r#"{"id":1,"jsonrpc":"2.0"}"#, r#"{"id":1,"result":"7"}"#, magic] {
        let chain = chain_saying(answer).await;
        let error = chain.version().await.unwrap_err();
        assert!(matches!(&error, ChainError::Unanswered(errors) if matches!(errors[0], RpcError::Malformed { .. })));
        let error = chain_saying(answer).await.block_count().await.unwrap_err();
        assert!(matches!(error, ChainError::Unanswered(_)), "{error}");
    }
}

#[tokio::test]
async fn an_answer_to_another_question_is_no_answer() {
    let chain = chain_saying(r#"{"id":99,"jsonrpc":"2.0","result":7}"#).await;
    assert!(chain.block_count().await.is_err());
    let chain = chain_saying(r#"{"id":1,"jsonrpc":"2.0","result":7}"#).await;
    assert_eq!(chain.block_count().await.unwrap(), 7);
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let chain = chain_saying(&" ".repeat(5 * 1024 * 1024)).await;
    let error = chain.block_count().await.unwrap_err().to_string();
    assert!(error.contains("more than 4194304 bytes"), "{error}");
}

#[tokio::test]
async fn a_node_s_words_are_cleaned_and_its_address_is_kept_secret() {
    let words = r#"{"id":1,"jsonrpc":"2.0","error":{"code":-500,"message":"bad\u001b[31m\nthing"}}"#;
    let mut url = stubborn(words.to_owned()).await;
    url.set_path("/secret-access-key");
    let chain = Chain::new(vec![url.clone()], NET).unwrap();
    let shown = format!("{chain:?} {}", chain.version().await.unwrap_err());
    assert!(!shown.contains("secret"), "{shown}");
    let chain = Chain::new(vec![stubborn(words.to_owned()).await], NET).unwrap();
    let error = chain.block_count().await.unwrap_err().to_string();
    assert!(error.contains("bad [31m thing") && !error.contains('\u{1b}'), "{error}");
}

#[tokio::test]
async fn one_node_of_another_network_stops_everything() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    let right = serve(&one, NET, &[]).await;
    let wrong = serve(&other, Network(5), &[]).await;
    let chain = Chain::new(vec![right.url.clone(), wrong.url.clone()], NET).unwrap();
    assert!(matches!(chain.version().await, Err(ChainError::WrongNetwork { stated: Network(5), .. })));
}

#[tokio::test]
async fn heights_are_the_cautious_ones_and_absence_needs_every_node() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    let (ahead, behind) = (serve(&one, NET, &[]).await, serve(&other, NET, &[]).await);
    ahead.chain.skip_blocks(10).unwrap();
    let dead: Url = "http://127.0.0.1:9".parse().unwrap();
    let chain = Chain::new(vec![ahead.url.clone(), behind.url.clone()], NET).unwrap();
    let counts = chain.block_counts().await.unwrap();
    assert_eq!((counts.lowest, counts.highest, counts.complete), (1, 11, true));
    assert!(chain.application_log(&TxHash([1; 32])).await.unwrap().complete);
    let chain = Chain::new(vec![ahead.url.clone(), dead], NET).unwrap();
    assert!(!chain.block_counts().await.unwrap().complete);
    let sighting = chain.application_log(&TxHash([1; 32])).await.unwrap();
    assert!(sighting.found.is_none() && !sighting.complete);
}

/// Two nodes that do not know each other stand for two views of one chain.
struct TwoViews {
    _folder: tempfile::TempDir,
    books: Books,
    one: Served,
    other: Served,
}

async fn two_views() -> TwoViews {
    let folder = tempfile::tempdir().unwrap();
    let funding = [(wallet(USER).account(), gas("10"))];
    let one = serve(&folder.path().join("one"), NET, &funding).await;
    let other = serve(&folder.path().join("other"), NET, &funding).await;
    TwoViews { _folder: folder, books: Books::new(NET), one, other }
}

#[tokio::test]
async fn a_payment_that_one_node_has_not_seen_land_is_pending() {
    let TwoViews { books, one, other, _folder } = two_views().await;
    let payer = payer(&[&one.url, &other.url], &books);
    let job = books.job(gas("2")).id;
    books.pay(&payer, &job, &Silent).await.unwrap();
    one.chain.skip_blocks(1).unwrap();
    let settlement = settle(&payer, &books, &job, &Silent).await;
    assert!(matches!(settlement, Settlement::Pending { why: Some(_) }), "{settlement:?}");
    other.chain.skip_blocks(1).unwrap();
    assert!(matches!(settle(&payer, &books, &job, &Silent).await, Settlement::Paid { .. }));
}

#[tokio::test]
async fn an_attempt_expires_only_when_every_configured_node_says_so() {
    let TwoViews { books, one, other, _folder } = two_views().await;
    let payer = payer(&[&one.url, &other.url], &books);
    let job = books.job(gas("2")).id;
    let attempt = books.pay(&payer, &job, &Silent).await.unwrap();
    one.chain.forget_pool().unwrap();
    other.chain.forget_pool().unwrap();
    one.chain.skip_blocks(attempt.valid_until_block + 3).unwrap();
    let settlement = settle(&payer, &books, &job, &Silent).await;
    assert!(matches!(settlement, Settlement::Pending { .. }), "the other node's chain is not there yet");
    other.chain.forget_pool().unwrap();
    other.chain.skip_blocks(attempt.valid_until_block + 3).unwrap();
    other.chain.faults(); // still up
    let half = super::payer(&[&one.url, &"http://127.0.0.1:9".parse().unwrap()], &books);
    assert!(matches!(settle(&half, &books, &job, &Silent).await, Settlement::Pending { .. }), "a node is silent");
    assert_eq!(settle(&payer, &books, &job, &Silent).await, Settlement::Expired);
}

#[tokio::test]
async fn a_node_that_is_far_behind_stops_no_payment_while_the_others_agree() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two, behind] = views(folder.path()).await;
    for ahead in [&one, &two] {
        ahead.chain.skip_blocks(4000).unwrap();
    }
    let books = Books::new(NET);
    let payer = payer(&[&one.url, &two.url, &behind.url], &books);
    let job = books.job(gas("2")).id;
    let attempt = books.pay(&payer, &job, &Silent).await.unwrap();
    assert!(attempt.valid_until_block > 4000, "{}", attempt.valid_until_block);
    for ahead in [&one, &two] {
        ahead.chain.skip_blocks(1).unwrap();
    }
    assert!(matches!(settle(&payer, &books, &job, &Silent).await, Settlement::Paid { .. }));

    // That one never landed needs the word of every node, also of one that is behind: until it has caught up, or until the owner
    // names it no longer.
    let job = books.job(gas("2")).id;
    let attempt = books.pay(&payer, &job, &Silent).await.unwrap();
    for node in [&one, &two, &behind] {
        node.chain.forget_pool().unwrap();
    }
    for ahead in [&one, &two] {
        ahead.chain.skip_blocks(attempt.valid_until_block).unwrap();
    }
    assert!(matches!(settle(&payer, &books, &job, &Silent).await, Settlement::Pending { .. }));
    for node in [&one, &two] {
        node.chain.forget_pool().unwrap();
    }
    let without = super::payer(&[&one.url, &two.url], &books);
    assert_eq!(settle(&without, &books, &job, &Silent).await, Settlement::Expired);
}

/// A node that answers as a C# node does where it knows no transaction, and as neo-go in all else.
pub async fn like_a_c_sharp_node(upstream: &Url, code: i64, message: &'static str, data: Option<&'static str>) -> Url {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let (client, upstream) = (cassette::line::http_client().build().unwrap(), upstream.clone());
    let pass = move |body: Bytes| async move {
        let answer = client.post(upstream).body(body).header("content-type", "application/json").send().await.unwrap();
        let mut answer: serde_json::Value = answer.json().await.unwrap();
        if let Some(error) = answer.get_mut("error")
            && matches!(error["code"].as_i64(), Some(-103 | -105))
        {
            *error = serde_json::json!({"code": code, "message": message, "data": data});
        }
        answer.to_string()
    };
    let router = Router::new().route("/", post(pass));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

#[tokio::test]
async fn a_payment_that_never_landed_expires_at_every_kind_of_node() {
    for (code, message, data) in [
        (-32602, "Invalid params", Some("Unknown transaction/blockhash")),
        (-32602, "Invalid params - Unknown transaction", None),
        (-100, "Unknown transaction", None),
        (-100, "Unknown transaction/blockhash", None),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let node = serve(folder.path(), NET, &[(wallet(USER).account(), gas("10"))]).await;
        let url = like_a_c_sharp_node(&node.url, code, message, data).await;
        let books = Books::new(NET);
        let payer = payer(&[&url], &books);
        let job = books.job(gas("2")).id;
        let attempt = books.pay(&payer, &job, &Silent).await.unwrap();
        node.chain.forget_pool().unwrap();
        node.chain.skip_blocks(attempt.valid_until_block + 3).unwrap();
        assert_eq!(settle(&payer, &books, &job, &Silent).await, Settlement::Expired, "{code} {message}");
    }
}

#[tokio::test]
async fn a_node_that_redirects_is_told_with_its_address() {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let url: Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let moved = || async { axum::response::Redirect::permanent("https://node.example.org/") };
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(moved))).await.unwrap() });
    let error = Chain::new(vec![url], NET).unwrap().block_count().await.unwrap_err().to_string();
    assert!(error.contains("https://node.example.org/") && error.contains("NEO_RPC_URL"), "{error}");
}

#[tokio::test]
async fn nothing_is_paid_where_no_node_could_show_that_it_landed() {
    let folder = tempfile::tempdir().unwrap();
    let node = serve(folder.path(), NET, &[(wallet(USER).account(), gas("10"))]).await;
    let url = like_a_c_sharp_node(&node.url, -32601, "Method not found", None).await;
    let books = Books::new(NET);
    let payer = payer(&[&url], &books);
    let job = books.job(gas("2"));
    let refused = payer.fees(job.quote.as_ref().unwrap(), &[]).await;
    let why = refused.unwrap_err().to_string();
    assert!(why.contains("getapplicationlog") && why.contains("Method not found"), "{why}");
    assert!(books.states(&job.id).is_empty());
}

/// What is refused for another reason says nothing of whether a transaction landed.
#[tokio::test]
async fn a_refusal_for_another_reason_is_no_absence() {
    let folder = tempfile::tempdir().unwrap();
    let node = serve(folder.path(), NET, &[(wallet(USER).account(), gas("10"))]).await;
    for (code, message) in [(-32602, "Invalid params"), (-100, "Unknown block"), (-32601, "Method not found")] {
        let url = like_a_c_sharp_node(&node.url, code, message, None).await;
        let chain = Chain::new(vec![url], NET).unwrap();
        assert!(chain.application_log(&TxHash([1; 32])).await.is_err(), "{code} {message}");
    }
}

/// Nodes that do not know each other, as so many views of one chain.
async fn views<const N: usize>(folder: &Path) -> [Served; N] {
    let funding = [(wallet(USER).account(), gas("10"))];
    let mut all = Vec::new();
    for n in 0..N {
        all.push(serve(&folder.join(n.to_string()), NET, &funding).await);
    }
    all.try_into().unwrap_or_else(|_| unreachable!())
}

fn nobody() -> Url {
    "http://127.0.0.1:9".parse().unwrap()
}

#[tokio::test]
async fn what_is_sent_goes_to_every_node_and_more_than_half_of_them_say_paid() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two, three] = views(folder.path()).await;
    let books = Books::new(NET);
    let payer = payer(&[&one.url, &two.url, &three.url], &books);
    let job = books.job(gas("2")).id;
    books.pay(&payer, &job, &Silent).await.unwrap();
    one.chain.skip_blocks(1).unwrap();
    let settlement = settle(&payer, &books, &job, &Silent).await;
    assert!(matches!(settlement, Settlement::Pending { why: Some(_) }), "one of three: {settlement:?}");
    // The third lags for good, and is outvoted. That the second has it shows that it was sent there as well.
    two.chain.skip_blocks(1).unwrap();
    assert!(matches!(settle(&payer, &books, &job, &Silent).await, Settlement::Paid { .. }));
    three.chain.skip_blocks(1).unwrap();
    assert_eq!(three.chain.balance(RECIPIENT).unwrap(), gas("2"));
}

#[tokio::test]
async fn one_node_s_word_for_a_payment_is_not_enough_when_the_others_are_silent() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = views(folder.path()).await;
    let books = Books::new(NET);
    let whole = payer(&[&one.url, &two.url], &books);
    let job = books.job(gas("2")).id;
    books.pay(&whole, &job, &Silent).await.unwrap();
    one.chain.skip_blocks(1).unwrap();
    two.chain.skip_blocks(1).unwrap();
    for silent in [1, 2] {
        let urls: Vec<Url> = std::iter::once(one.url.clone()).chain((0..silent).map(|_| nobody())).collect();
        let half = payer(&urls.iter().collect::<Vec<_>>(), &books);
        let settlement = settle(&half, &books, &job, &Silent).await;
        let Settlement::Pending { why: Some(why) } = settlement else { panic!("{settlement:?}") };
        assert!(why.contains(&format!("1 of {} nodes answered", silent + 1)), "{why}");
    }
    assert!(matches!(settle(&whole, &books, &job, &Silent).await, Settlement::Paid { .. }));
}

#[tokio::test]
async fn without_a_quorum_nothing_is_signed() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = views(folder.path()).await;
    let books = Books::new(NET);
    let half = payer(&[&one.url, &nobody()], &books);
    let job = books.job(gas("2"));
    let refused = half.fees(job.quote.as_ref().unwrap(), &[]).await;
    assert!(matches!(refused, Err(PayError::Chain(ChainError::NoQuorum { quorum: 2, .. }))), "{refused:?}");
    // A node that falls silent between the question of fees and the payment stops it as well.
    let permit = books.permit(&payer(&[&one.url, &two.url], &books), &job.id).await.unwrap();
    let refused = half.pay(permit, &Silent).await;
    assert!(matches!(refused, Err(PayError::Chain(ChainError::NoQuorum { .. }))), "{refused:?}");
    assert!(books.states(&job.id).is_empty());
    // Two of three are enough.
    let most = payer(&[&one.url, &two.url, &nobody()], &books);
    books.pay(&most, &job.id, &Silent).await.unwrap();
}

#[tokio::test]
async fn a_node_of_another_network_stops_a_payment_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = views(&folder.path().join("right")).await;
    let wrong = serve(&folder.path().join("wrong"), Network(5), &[(wallet(USER).account(), gas("10"))]).await;
    let books = Books::new(NET);
    let job = books.job(gas("2")).id;
    let permit = books.permit(&payer(&[&one.url, &two.url], &books), &job).await.unwrap();
    let mixed = payer(&[&one.url, &two.url, &wrong.url], &books);
    let refused = mixed.pay(permit, &Silent).await;
    assert!(matches!(refused, Err(PayError::Chain(ChainError::WrongNetwork { .. }))), "{refused:?}");
    assert!(books.states(&job).is_empty());
}
