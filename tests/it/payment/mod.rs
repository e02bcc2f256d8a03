//! Payments: what the tests of the payer share, and the tests that need no outside program.

mod chain;
mod cuts;
mod hostile;
pub mod nodes;
mod payer;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use crate::services::consented::consented;
use ::sandbox::chain::{self as sandbox, ChainSettings};
use agent::payment::payer::{PayError, Payer, Settlement};
use domain::{
    attempt::{Attempt, AttemptState},
    dataset::{DatasetProfile, Format},
    estimate::{Estimate, Range},
    event::{Event, Sink},
    hash::Hash160,
    ids::JobId,
    job::{Job, JobState},
    money::Datoshi,
    network::Network,
    quote::{Quote, QuoteSource},
    request::Bounds,
    task::Parameters,
    verdict::{MachineProfile, OffloadRule, Place, Reason, Thresholds, Verdict},
};
use guard::{
    ledger::{Ledger, Reading},
    policy::{
        Guard, Policy,
        approval::SaidYes,
        permit::{Payment, Permit},
    },
};
use jiff::{SignedDuration, Timestamp};
use neo::{Chain, Wallet};
use secrecy::SecretString;
use tokio::{net::TcpListener, task::JoinHandle};
use url::Url;

/// A key made of a fixed string: worthless, and on the test networks only.
pub const USER: &str = "L1MJs5pcXtCQ7b1EaYFZqwRggG3cz9iJpTwVGqyQw9kHoQyQVveV";
/// Where the tests' payments go.
pub const RECIPIENT: Hash160 = Hash160([0xfe; 20]);

pub fn wallet(wif: &str) -> Wallet {
    Wallet::from_key_text(&SecretString::from(wif)).unwrap()
}

pub fn gas(text: &str) -> Datoshi {
    text.parse().unwrap()
}

/// Events, kept.
#[derive(Default)]
pub struct Kept(Mutex<Vec<Event>>);

impl Sink for Kept {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}

impl Kept {
    /// The names of the payment's events so far.
    pub fn payment_events(&self) -> Vec<&'static str> {
        let events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = |event: &Event| match event {
            Event::PaymentIntended(_) => Some("intended"),
            Event::PaymentSent(_) => Some("sent"),
            Event::PaymentConfirmed { .. } => Some("confirmed"),
            Event::PaymentFailed(_) => Some("failed"),
            Event::PaymentUnknown(_) => Some("unknown"),
            _ => None,
        };
        events.iter().filter_map(name).collect()
    }
}

/// A ledger with a guard over it, in a folder of its own.
pub struct Books {
    pub home: tempfile::TempDir,
    pub ledger: Ledger,
    pub guard: Guard,
    pub network: Network,
}

impl Books {
    pub fn new(network: Network) -> Books {
        let home = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(home.path()).unwrap();
        let mut policy = Policy::cautious(network, vec![PathBuf::from("/")]);
        policy.recipients = vec![RECIPIENT];
        policy.caps.per_payment = Datoshi::from_gas(2000);
        policy.caps.per_day = Datoshi::from_gas(5000);
        policy.caps.lifetime = Datoshi::from_gas(5000);
        let guard = Guard::new(policy, ledger.clone());
        Books { home, ledger, guard, network }
    }

    /// A job that awaits the payment of `amount`.
    pub fn job(&self, amount: Datoshi) -> Job {
        let job = awaiting(quote(self.network, amount));
        consented(&self.ledger, &job, Bounds::default())
    }

    /// Leave to pay for the job at what the payer says it burns now.
    pub async fn permit(&self, payer: &Payer, job: &JobId) -> Result<Permit<Payment>, PayError> {
        let job = self.ledger.job(job).unwrap();
        let quote = job.quote.as_ref().unwrap();
        let fees = payer.fees(quote, &payer.replaces(&job.id)?).await?;
        let spending = self.ledger.spending(&payer.account(), self.network, &Reading::now()).unwrap();
        let permit = self
            .guard
            .permit_payment(&self.guard.mandate(&job).unwrap(), &job, None, fees, spending, &SaidYes, &Kept::default())
            .await;
        Ok(permit.unwrap())
    }

    pub async fn pay(&self, payer: &Payer, job: &JobId, sink: &dyn Sink) -> Result<Attempt, PayError> {
        payer.pay(self.permit(payer, job).await?, sink).await
    }

    /// The job's newest attempt, as the ledger has it.
    pub fn attempt(&self, job: &JobId) -> Attempt {
        self.ledger.attempts(job).unwrap().pop().unwrap()
    }

    /// What a workflow does when an attempt is over without having paid.
    pub fn make_room(&self, job: &JobId) {
        if self.ledger.job(job).unwrap().state == JobState::PaymentSent {
            self.ledger.advance(job, JobState::PaymentUnknown, |_| ()).unwrap();
        }
    }

    pub fn states(&self, job: &JobId) -> Vec<AttemptState> {
        self.ledger.attempts(job).unwrap().iter().map(|attempt| attempt.state).collect()
    }
}

pub fn quote(network: Network, amount: Datoshi) -> Quote {
    Quote {
        amount,
        recipient: RECIPIENT,
        network,
        reference: domain::ids::opaque(26),
        expires_at: Timestamp::now() + SignedDuration::from_hours(1),
        source: QuoteSource::Provider,
    }
}

fn awaiting(quote: Quote) -> Job {
    let range = Range { low: 1.0, likely: 2.0, high: 3.0 };
    let dataset = DatasetProfile {
        records: 1000,
        residues: 4_900_000_000,
        longest: 5_000_000,
        sampled: true,
        ..domain::strategies::dataset(PathBuf::from("data.fasta"), 5_000_000_000, Format::Fasta)
    };
    let machine =
        MachineProfile { cores: 2, total_ram: 8 << 30, available_ram: 6 << 30, limited_by_cgroup: false, free_disk: 0 };
    let verdict = Verdict {
        place: Place::Offload,
        reasons: vec![Reason { rule: OffloadRule::Size, why: "the dataset is large".to_owned() }],
        dataset,
        further: Vec::new(),
        part: None,
        machine,
        estimate: Estimate { ram: range, seconds: range, learnt_from: 0 },
        unmeasured: None,
        unpacked: None,
        thresholds: Thresholds::default(),
    };
    let now = Timestamp::now();
    Job {
        id: JobId::random(),
        session: "ses-test".to_owned(),
        request: None,
        state: JobState::Submitted,
        task_type: "protein_folding".to_owned(),
        own_task: None,
        task_version: None,
        parameters: Parameters::new(),
        verdict,
        profile: "live".to_owned(),
        source: domain::dataset::DatasetSource::file("/data.fasta".into(), "/".into()),
        content: None,
        further_content: Default::default(),
        out_dir: None,
        idempotency_key: domain::ids::opaque(20),
        staged: None,
        further_staged: Default::default(),
        begun_uploads: Vec::new(),
        charged: None,
        provider_job: Some("task-1".to_owned()),
        quote: Some(quote),
        tx_hash: None,
        result: None,
        cleared: false,
        failure: None,
        created_at: now,
        updated_at: now,
    }
}

/// A sandbox chain that is served; the server ends with it.
pub struct Served {
    pub chain: sandbox::Chain,
    pub url: Url,
    server: JoinHandle<()>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Serves a chain whose clock stands still: blocks pass when the test says so.
pub async fn serve(folder: &Path, network: Network, funding: &[(Hash160, Datoshi)]) -> Served {
    let settings = ChainSettings { network, ticking: false, funding: funding.to_vec(), ..ChainSettings::default() };
    serve_with(folder, settings).await
}

pub async fn serve_with(folder: &Path, settings: ChainSettings) -> Served {
    let chain = sandbox::Chain::open(folder, settings).unwrap();
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let serving = chain.clone();
    let server = tokio::spawn(async move { sandbox::serve(listener, serving, std::future::pending()).await.unwrap() });
    Served { chain, url, server }
}

/// A payer of the user's wallet at these nodes.
pub fn payer(urls: &[&Url], books: &Books) -> Payer {
    let urls = urls.iter().map(|url| (*url).clone()).collect();
    Payer::new(Chain::new(urls, books.network).unwrap(), wallet(USER), books.ledger.clone())
}

/// A settlement that has to be final, with the job's own bookkeeping checked.
pub async fn settle(payer: &Payer, books: &Books, job: &JobId, sink: &dyn Sink) -> Settlement {
    payer.settle(&books.attempt(job), sink).await.unwrap()
}
