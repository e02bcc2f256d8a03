//! The guard as an attacker meets it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

mod mandates;

use super::{
    Guard, Policy, Rule,
    approval::{Answer, ApprovalRequest, Approver, Nobody, PlanAnswer, PlanSpending, SaidYes},
    payment::{Claim, FeeQuote},
};
use crate::ledger::{
    Ledger, Spending,
    tests::{sample_job, submitted},
};
use domain::{
    budget::{Caps, USUAL_MOST_NETWORK_FEE, USUAL_MOST_SYSTEM_FEE},
    consent::{Consent, ConsentBy, Granted},
    event::Silent,
    hash::{Hash160, Sha256},
    job::{Job, JobState},
    money::Datoshi,
    network::{MAINNET, Network, SANDBOX, TESTNET},
    plan::Plan,
    quote::{Quote, QuoteSource},
    request::{Bounds, DATASET, Input, Origin, Request, Work},
    verdict::Place,
};

const PROVIDER: Hash160 = Hash160([7; 20]);
const STRANGER: Hash160 = Hash160([8; 20]);
const NO_SPENDING: Spending = Spending { day: Datoshi::ZERO, lifetime: Datoshi::ZERO };

fn quote(network: u32) -> Quote {
    Quote {
        amount: Datoshi::from_gas(2),
        recipient: PROVIDER,
        network: Network(network),
        reference: "ref".into(),
        expires_at: Timestamp::now().checked_add(SignedDuration::from_hours(1)).unwrap(),
        source: QuoteSource::Provider,
    }
}

fn fees() -> FeeQuote {
    FeeQuote { system: Datoshi::new(10_000_000).unwrap(), network: Datoshi::new(1_000_000).unwrap() }
}

struct Fixture {
    _home: tempfile::TempDir,
    guard: Guard,
    ledger: Ledger,
    job: Job,
}

fn fixture(network: u32, change: impl FnOnce(&mut Policy, &mut Quote)) -> Fixture {
    let home = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(home.path()).unwrap();
    let mut policy = Policy { recipients: vec![PROVIDER], ..Policy::cautious(Network(network), vec![]) };
    let mut quote = quote(network);
    change(&mut policy, &mut quote);
    let id = submitted(&ledger).id;
    let job = ledger.learn(&id, |job| job.quote = Some(quote)).unwrap();
    // The plan said nothing of a price: what is quoted is above it, and asks again.
    let job = mandated(&ledger, &job, Bounds::default(), Datoshi::ZERO, ConsentBy::Yes);
    Fixture { _home: home, guard: Guard::new(policy, ledger.clone()), ledger, job }
}

/// The job as work of a request, with a consent to pay at most `amount` for it and the same again as fees.
pub(super) fn mandated(ledger: &Ledger, job: &Job, bounds: Bounds, amount: Datoshi, by: ConsentBy) -> Job {
    let input = Input { path: Some(job.source.path.clone()), ..Input::named(DATASET, job.source.path.clone()) };
    let work = Work { inputs: vec![input], ..Work::new(&job.task_type, "", job.parameters.clone()) };
    let request = Request::new(Origin::Flags, bounds, vec![work], None);
    let granted = Granted {
        job: job.id.clone(),
        task: job.task_type.clone(),
        dataset: job.source.path.clone(),
        parameters: job.parameters.clone(),
        may_leave: true,
        unmeasured: false,
        unverified: false,
        amount,
        fees: amount,
        charge: None,
        recipient: Some(PROVIDER.address()),
    };
    let consent = Consent { digest: Sha256::of(b"plan"), by, at: Timestamp::now(), granted: vec![granted] };
    ledger.begin(&request, "ses-1", Some(&consent), std::slice::from_ref(job)).unwrap();
    Job { state: job.state, ..ledger.job(&job.id).unwrap() }
}

async fn pay(fixture: &Fixture, claim: Option<Claim>, approver: &dyn Approver) -> Result<Datoshi, Rule> {
    let mandate = fixture.guard.mandate(&fixture.job).map_err(|refusal| refusal.rule)?;
    let permit = fixture
        .guard
        .permit_payment(&mandate, &fixture.job, claim.as_ref(), fees(), NO_SPENDING, approver, &Silent)
        .await;
    permit.map(|p| p.effect().amount).map_err(|refusal| refusal.rule)
}

#[tokio::test]
async fn the_quote_is_paid_when_a_person_said_yes() {
    let testnet = fixture(TESTNET, |_, _| {});
    assert_eq!(pay(&testnet, None, &SaidYes).await, Ok(Datoshi::from_gas(2)));
    assert_eq!(pay(&fixture(TESTNET, |_, _| {}), None, &Nobody).await, Err(Rule::Approval));
    assert_eq!(pay(&fixture(SANDBOX, |_, _| {}), None, &Nobody).await, Ok(Datoshi::from_gas(2)));
}

#[tokio::test]
async fn a_claim_that_differs_is_refused() {
    let f = fixture(SANDBOX, |_, _| {});
    let claim = |gas, recipient| Some(Claim { amount: Datoshi::from_gas(gas), recipient });
    assert_eq!(pay(&f, claim(3, PROVIDER), &SaidYes).await, Err(Rule::Amount));
    assert_eq!(pay(&f, claim(1, PROVIDER), &SaidYes).await, Err(Rule::Amount));
    assert_eq!(pay(&f, claim(2, STRANGER), &SaidYes).await, Err(Rule::Recipient));
    assert_eq!(pay(&f, claim(2, PROVIDER), &SaidYes).await, Ok(Datoshi::from_gas(2)));
}

#[tokio::test]
async fn each_money_rule_refuses_by_its_name() {
    let refused = async |network, change: fn(&mut Policy, &mut Quote)| {
        pay(&fixture(network, change), None, &SaidYes).await.expect_err("a refusal")
    };
    assert_eq!(refused(TESTNET, |_, q| q.recipient = STRANGER).await, Rule::Recipient);
    assert_eq!(refused(TESTNET, |p, _| p.recipients.clear()).await, Rule::Recipient);
    assert_eq!(refused(TESTNET, |_, q| q.network = Network(MAINNET)).await, Rule::Network);
    assert_eq!(refused(MAINNET, |_, _| {}).await, Rule::Mainnet);
    assert_eq!(refused(TESTNET, |_, q| q.expires_at = Timestamp::now()).await, Rule::QuoteExpired);
    // Fees count: the quote alone is within it.
    assert_eq!(refused(TESTNET, |p, _| p.caps.per_payment = Datoshi::from_gas(2)).await, Rule::CapPayment);
    assert_eq!(refused(TESTNET, |p, _| p.caps.per_day = Datoshi::from_gas(2)).await, Rule::CapDay);
    assert_eq!(refused(TESTNET, |p, _| p.caps.lifetime = Datoshi::from_gas(2)).await, Rule::CapLifetime);
    assert_eq!(refused(TESTNET, |p, _| p.max_system_fee = Datoshi::ZERO).await, Rule::CapFees);
    assert_eq!(refused(TESTNET, |p, _| p.max_network_fee = Datoshi::ZERO).await, Rule::CapFees);
    let with = async |fees| {
        let fixture = fixture(TESTNET, |_, q| q.amount = Datoshi::ZERO);
        let mandate = fixture.guard.mandate(&fixture.job).unwrap();
        let permit = fixture.guard.permit_payment(&mandate, &fixture.job, None, fees, NO_SPENDING, &SaidYes, &Silent);
        permit.await.map(|_| ()).map_err(|refusal| refusal.rule)
    };
    let usual = FeeQuote { system: USUAL_MOST_SYSTEM_FEE, network: USUAL_MOST_NETWORK_FEE };
    let more = Datoshi::new(1).unwrap();
    assert_eq!(with(FeeQuote { system: usual.system.checked_add(more).unwrap(), ..usual }).await, Err(Rule::CapFees));
    assert_eq!(with(FeeQuote { network: usual.network.checked_add(more).unwrap(), ..usual }).await, Err(Rule::CapFees));
    assert_eq!(with(usual).await, Ok(()), "a chain that is a little dearer is paid on");
    let allowed = fixture(MAINNET, |p, _| p.allow_mainnet = true);
    assert_eq!(pay(&allowed, None, &SaidYes).await, Ok(Datoshi::from_gas(2)));
}

#[tokio::test]
async fn nothing_is_paid_for_a_local_job_or_at_another_step() {
    let mut f = fixture(SANDBOX, |_, _| {});
    for state in JobState::ALL {
        f.job.state = state;
        let awaits = matches!(
            state,
            JobState::Submitted | JobState::PaymentIntended | JobState::PaymentSent | JobState::PaymentUnknown
        );
        assert_eq!(pay(&f, None, &SaidYes).await.is_ok(), awaits, "{state}");
    }
    let local = Job { quote: f.job.quote.clone(), ..sample_job(Place::Local) };
    f.ledger.insert_job(&local).unwrap();
    f.job = mandated(&f.ledger, &local, Bounds::default(), Datoshi::ZERO, ConsentBy::Yes);
    assert_eq!(pay(&f, None, &SaidYes).await, Err(Rule::FitsHere));
}

/// A person who is asked, and remembers what they were shown.
struct Person {
    answer: Answer,
    shown: Arc<Mutex<Vec<ApprovalRequest>>>,
}

#[async_trait]
impl Approver for Person {
    async fn ask(&self, request: &ApprovalRequest) -> Answer {
        self.shown.lock().unwrap().push(request.clone());
        self.answer
    }

    async fn consent(&self, _plan: &Plan, _spending: Option<PlanSpending>) -> PlanAnswer {
        PlanAnswer::Said(self.answer)
    }

    fn reads_plans(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn a_person_sees_what_is_paid_and_is_asked_once() {
    let f = fixture(TESTNET, |_, _| {});
    let shown = Arc::new(Mutex::new(Vec::new()));
    let no = Person { answer: Answer::No, shown: shown.clone() };
    assert_eq!(pay(&f, None, &no).await, Err(Rule::Declined));
    let yes = Person { answer: Answer::Yes, shown: shown.clone() };
    assert!(pay(&f, None, &yes).await.is_ok());
    // The approval was given and has not served yet: the program may have died before the intent was written.
    assert!(pay(&f, None, &no).await.is_ok());
    let shown = shown.lock().unwrap();
    assert_eq!(shown.len(), 2);
    assert_eq!((shown[0].amount, shown[0].recipient), (Datoshi::from_gas(2), PROVIDER));
    assert_eq!(shown[0].fees().datoshi(), 11_000_000);
}

#[test]
fn a_digest_is_bound_to_every_part() {
    let base = ApprovalRequest {
        job: "job-00000000".parse().unwrap(),
        task_type: "t".into(),
        dataset: "d".into(),
        amount: Datoshi::from_gas(2),
        recipient: PROVIDER,
        system_fee: Datoshi::from_gas(1),
        network_fee: Datoshi::from_gas(1),
        network: Network(TESTNET),
        expires_at: Timestamp::UNIX_EPOCH,
        spent_today: Datoshi::ZERO,
        cap_today: Datoshi::ZERO,
    };
    let others = [
        ApprovalRequest { job: "job-00000001".parse().unwrap(), ..base.clone() },
        ApprovalRequest { amount: Datoshi::from_gas(3), ..base.clone() },
        ApprovalRequest { recipient: STRANGER, ..base.clone() },
        ApprovalRequest { system_fee: Datoshi::ZERO, ..base.clone() },
        ApprovalRequest { network_fee: Datoshi::ZERO, ..base.clone() },
        ApprovalRequest { network: Network(MAINNET), ..base.clone() },
        ApprovalRequest { expires_at: Timestamp::now(), ..base.clone() },
    ];
    assert!(others.iter().all(|other| other.digest() != base.digest()));
    assert_eq!(ApprovalRequest { spent_today: Datoshi::from_gas(9), ..base.clone() }.digest(), base.digest());
}

/// Mostly small amounts, and some as large as they can be.
fn money() -> impl Strategy<Value = Datoshi> {
    prop_oneof![3 => 0u64..20_0000_0000, 1 => 0..=i64::MAX as u64].prop_map(|n| Datoshi::new(n).unwrap())
}

/// A limit: often one that holds everything.
fn limit() -> impl Strategy<Value = Datoshi> {
    prop_oneof![2 => Just(Datoshi::MAX), 1 => money()]
}

proptest! {
    // Each case opens a ledger of its own.
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Whatever is quoted, burnt, spent and capped: a permit is within every cap, and for exactly what was quoted.
    #[test]
    fn no_permit_above_a_cap(
        amount in money(), system in money(), network in money(), spent in (money(), money()),
        caps in (limit(), limit(), limit()), limits in (limit(), limit()),
    ) {
        let f = fixture(SANDBOX, |policy, quote| {
            quote.amount = amount;
            policy.caps = Caps { per_payment: caps.0, per_day: caps.1, lifetime: caps.2 };
            (policy.max_system_fee, policy.max_network_fee) = limits;
        });
        let spending = Spending { day: spent.0, lifetime: spent.1 };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let fees = FeeQuote { system, network };
        let mandate = f.guard.mandate(&f.job).unwrap();
        let permit =
            runtime.block_on(f.guard.permit_payment(&mandate, &f.job, None, fees, spending, &SaidYes, &Silent));
        let sum = |spent: Datoshi| [amount, system, network, spent].iter().map(|d| u128::from(d.datoshi())).sum::<u128>();
        let within = sum(Datoshi::ZERO) <= u128::from(caps.0.datoshi())
            && system <= limits.0
            && network <= limits.1
            && sum(spent.0) <= u128::from(caps.1.datoshi())
            && sum(spent.1) <= u128::from(caps.2.datoshi());
        prop_assert_eq!(permit.is_ok(), within);
        if let Ok(permit) = permit {
            let payment = permit.effect();
            let granted = (payment.amount, payment.max_system_fee, payment.max_network_fee);
            prop_assert_eq!(granted, (amount, system, network));
        }
    }
}
