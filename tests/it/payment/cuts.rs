//! The line is cut at every request in turn: before the node has it, or after, with the reply lost. And after each cut
//! the program may have died, so that what follows knows only the ledger. Each job is paid, once.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use agent::payment::payer::{PayError, Settlement};
use axum::{
    Router,
    body::Bytes,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::post,
};
use domain::{
    attempt::AttemptState::Confirmed,
    event::Silent,
    network::{Network, SANDBOX},
};

use super::*;

const NET: Network = Network(SANDBOX);

/// Where the line is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Before,
    After,
}

/// A line to a node that is cut once, at a request of one's choice.
struct Line {
    url: Url,
    left: Arc<AtomicI64>,
    server: JoinHandle<()>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn line(node: &Url, cut: Cut) -> Line {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let left = Arc::new(AtomicI64::new(i64::MAX));
    let (counter, node) = (left.clone(), node.clone());
    let client = cassette::line::http_client().no_proxy().build().unwrap();
    let router = Router::new().route(
        "/",
        post(move |body: Bytes| {
            let (counter, node, client) = (counter.clone(), node.clone(), client.clone());
            async move {
                let struck = counter.fetch_sub(1, Ordering::SeqCst) == 0;
                if struck && cut == Cut::Before {
                    return StatusCode::BAD_GATEWAY.into_response();
                }
                let answer = client.post(node).body(body).send().await.unwrap().bytes().await.unwrap();
                if struck { StatusCode::BAD_GATEWAY.into_response() } else { Response::new(answer.into()) }
            }
        }),
    );
    let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    Line { url, left, server }
}

/// What a program does that starts anew on this ledger: pay what has no live payment, settle what has.
async fn resume(books: &Books, payer: &Payer, job: &JobId) -> Result<Settlement, PayError> {
    match books.ledger.attempts(job)?.pop() {
        None => {
            books.pay(payer, job, &Silent).await?;
            Ok(Settlement::Pending { why: None })
        }
        Some(attempt) => payer.settle(&attempt, &Silent).await,
    }
}

#[tokio::test]
async fn a_line_that_is_cut_anywhere_neither_loses_nor_doubles_a_payment() {
    let mut cuts = 0;
    for cut in [Cut::Before, Cut::After] {
        for at in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let served = serve(folder.path(), NET, &[(wallet(USER).account(), gas("10"))]).await;
            let line = line(&served.url, cut).await;
            let books = Books::new(NET);
            let job = books.job(gas("2")).id;
            line.left.store(at, Ordering::SeqCst);
            let mut steps = 0;
            while !matches!(resume(&books, &payer(&[&line.url], &books), &job).await, Ok(Settlement::Paid { .. })) {
                served.chain.skip_blocks(1).unwrap();
                steps += 1;
                assert!(steps < 10, "{cut:?} at request {at}: no end in sight");
            }
            assert_eq!(books.states(&job), [Confirmed], "{cut:?} at request {at}");
            assert_eq!(served.chain.balance(RECIPIENT).unwrap(), gas("2"), "{cut:?} at request {at}");
            if line.left.load(Ordering::SeqCst) >= 0 {
                break; // All requests of an undisturbed payment have had their turn.
            }
            cuts += 1;
        }
    }
    assert!(cuts > 20, "only {cuts} requests were cut");
}
