//! The sandbox's chain itself: its clock, its memory, and sharing it.

use std::time::Duration;

use ::sandbox::chain::{Chain, ChainSettings, OpenError};
use agent::payment::payer::Settlement;
use domain::{
    event::Silent,
    network::{Network, SANDBOX},
};

use super::*;

const NET: Network = Network(SANDBOX);

fn still() -> ChainSettings {
    ChainSettings { ticking: false, funding: vec![(wallet(USER).account(), gas("10"))], ..ChainSettings::default() }
}

#[tokio::test]
async fn the_chain_remembers_what_it_was_told() {
    let folder = tempfile::tempdir().unwrap();
    let books = Books::new(NET);
    let job = books.job(gas("2")).id;
    let before = {
        let served = serve_with(folder.path(), still()).await;
        let payer = payer(&[&served.url], &books);
        books.pay(&payer, &job, &Silent).await.unwrap();
        served.chain.skip_blocks(5).unwrap()
    };
    let served = serve_with(folder.path(), still()).await;
    assert_eq!(served.chain.height().unwrap(), before);
    let payer = payer(&[&served.url], &books);
    assert_eq!(settle(&payer, &books, &job, &Silent).await, Settlement::Paid { block: 1 });
    assert_eq!(served.chain.balance(RECIPIENT).unwrap(), gas("2"));
    assert!(served.chain.balance(payer.account()).unwrap() < gas("8"), "accounts are funded once");
}

#[tokio::test]
async fn two_programs_share_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (serve_with(folder.path(), still()).await, serve_with(folder.path(), still()).await);
    let books = Books::new(NET);
    let job = books.job(gas("2")).id;
    books.pay(&payer(&[&one.url], &books), &job, &Silent).await.unwrap();
    other.chain.skip_blocks(1).unwrap();
    let both = payer(&[&one.url, &other.url], &books);
    assert!(matches!(settle(&both, &books, &job, &Silent).await, Settlement::Paid { .. }));
    assert_eq!(one.chain.balance(RECIPIENT).unwrap(), gas("2"));
}

#[test]
fn time_makes_blocks_and_never_takes_one_back() {
    let folder = tempfile::tempdir().unwrap();
    let ticking = |ms| ChainSettings { block_time: Duration::from_millis(ms), ..ChainSettings::default() };
    let chain = Chain::open(folder.path(), ticking(1)).unwrap();
    let start = chain.height().unwrap();
    while chain.height().unwrap() < start + 5 {
        std::thread::yield_now();
    }
    chain.skip_blocks(1000).unwrap();
    let reached = chain.height().unwrap();
    assert!(reached >= 1005);
    // A slower clock goes on from there.
    let slower = Chain::open(folder.path(), ticking(3_600_000)).unwrap();
    let after = slower.height().unwrap();
    assert!(after >= reached);
    assert_eq!(slower.height().unwrap(), after);
}

#[test]
fn a_folder_is_of_one_network() {
    let folder = tempfile::tempdir().unwrap();
    Chain::open(folder.path(), still()).unwrap();
    let other = Chain::open(folder.path(), ChainSettings { network: Network(5), ..still() });
    assert!(matches!(other, Err(OpenError::Network { found: NET, wanted: Network(5), .. })));
    std::fs::write(folder.path().join("chain.db"), "not a database").unwrap();
    assert!(matches!(Chain::open(folder.path(), still()), Err(OpenError::State { .. })));
}
