//! Requests, plans and consents as an attacker meets them: whoever calls, what was not agreed to does not happen.

use std::path::{Path, PathBuf};

use super::*;
use crate::{
    ledger::IntendError,
    policy::{consent::Consented, tripwire},
};
use domain::{
    cost::Charge,
    ids::JobId,
    plan::{Content, PlannedWork, Price, PriceSource, Unverified},
    request::{Locality, Spend, Until},
    verdict::{OffloadRule, Unmeasured, Verdict},
};

const GAS: fn(u32) -> Datoshi = Datoshi::from_gas;

fn plan_of(bounds: Bounds, said: Option<&str>, gas: u32, file: &str) -> Plan {
    let verdict = crate::policy::offload::tests::verdict(true, 10, 1.0, 1.0, 1_000_000_000, 8_000_000_000);
    let work = Work::new("t", file, Default::default());
    let piece = PlannedWork {
        work: work.clone(),
        task_version: None,
        job: Some(JobId::random()),
        verdict: Some(verdict),
        price: Some(Price {
            amount: GAS(gas),
            fees: Datoshi::new(15_000_000).unwrap(),
            recipient: PROVIDER.address(),
            network: Network(TESTNET),
            source: PriceSource::Listed,
            beside: None,
        }),
        content: vec![Content { path: PathBuf::from(file), bytes: 10, modified_ns: 0, sha256: None }],
        network: false,
        unmeasured: false,
        unverified: None,
        cannot: None,
        same_as_before: false,
        stands: None,
        also: Vec::new(),
        see_also: None,
    };
    Plan::new(Request::new(Origin::Model("m".into()), bounds, vec![work], said.map(str::to_owned)), vec![piece], "s3")
}

/// What the guard makes of a plan; `by`, or the rule that refuses.
async fn asked(fixture: &Fixture, plan: &Plan, approver: &dyn Approver) -> Result<ConsentBy, Rule> {
    match fixture.guard.consent(plan, None, approver, &Silent).await {
        Ok(Consented::Yes(consent)) => {
            assert_eq!(consent.digest, plan.digest, "a consent is bound to the plan that was shown");
            Ok(consent.by)
        }
        Ok(Consented::Edited(_)) => panic!("nobody edits here"),
        Err(refusal) => Err(refusal.rule),
    }
}

#[tokio::test]
async fn a_person_the_policy_or_the_sandbox_says_yes_and_nobody_else() {
    let plain = || plan_of(Bounds::default(), Some("fold data.fasta"), 2, "/data/d.fasta");
    let cautious = fixture(TESTNET, |_, _| {});
    assert_eq!(asked(&cautious, &plain(), &Nobody).await, Err(Rule::Approval));
    assert_eq!(asked(&cautious, &plain(), &SaidYes).await, Ok(ConsentBy::Yes));
    assert_eq!(asked(&fixture(SANDBOX, |_, _| {}), &plain(), &Nobody).await, Ok(ConsentBy::Sandbox));
    let generous = |limit: u32, folder: &'static str| {
        fixture(TESTNET, move |policy, _| {
            policy.auto_approve_up_to = GAS(limit);
            policy.data_may_leave = vec![PathBuf::from(folder)];
        })
    };
    assert_eq!(asked(&generous(3, "/data"), &plain(), &Nobody).await, Ok(ConsentBy::Policy));
    assert_eq!(asked(&generous(2, "/data"), &plain(), &Nobody).await, Err(Rule::Approval), "fees count");
    assert_eq!(asked(&generous(3, "/other"), &plain(), &Nobody).await, Err(Rule::Approval), "its data stays");
    let free_but_nowhere = fixture(TESTNET, |policy, _| policy.auto_approve_up_to = GAS(9));
    assert_eq!(asked(&free_but_nowhere, &plain(), &Nobody).await, Err(Rule::Approval), "no folder may leave");
}

/// Work here whose programs may use the network.
fn reaching_out(bounds: Bounds, file: &str) -> Plan {
    let Plan { request, mut work, .. } = plan_of(bounds, None, 2, file);
    for piece in &mut work {
        (piece.price, piece.network) = (None, true);
        piece.verdict = Some(crate::policy::offload::tests::verdict(false, 10, 1.0, 1.0, 1_000_000_000, 8_000_000_000));
    }
    Plan::new(request, work, "s3")
}

#[tokio::test]
async fn a_program_that_may_use_the_network_is_asked_for_though_it_runs_here() {
    let plan = reaching_out(Bounds::default(), "/data/d.fasta");
    assert!(plan.needs_consent() && plan.worst_case == Datoshi::ZERO);
    assert_eq!(
        plan.leaves.iter().map(|leaving| leaving.to.as_str()).collect::<Vec<_>>(),
        ["any server, as t may use the network"]
    );
    let sandbox = fixture(SANDBOX, |_, _| {});
    assert_eq!(asked(&sandbox, &plan, &Nobody).await, Err(Rule::Approval), "the sandbox keeps no data here");
    assert_eq!(asked(&sandbox, &plan, &SaidYes).await, Ok(ConsentBy::Yes));
    let may_leave = fixture(TESTNET, |policy, _| policy.data_may_leave = vec![PathBuf::from("/data")]);
    assert_eq!(asked(&may_leave, &plan, &Nobody).await, Ok(ConsentBy::Policy));
    assert_eq!(asked(&may_leave, &reaching_out(Bounds::default(), "/other"), &Nobody).await, Err(Rule::Approval));
    let here = Bounds { place: Locality::Here, ..Bounds::default() };
    assert_eq!(asked(&sandbox, &reaching_out(here, "/data/d.fasta"), &SaidYes).await, Err(Rule::Locality));
    // Work that does not is free, and nobody is asked.
    let Plan { request, mut work, .. } = plan;
    work.iter_mut().for_each(|piece| piece.network = false);
    assert!(!Plan::new(request, work, "s3").needs_consent());
}

/// Work here of a task without figures.
fn unmeasured(bounds: Bounds) -> Plan {
    let Plan { request, mut work, .. } = plan_of(bounds, None, 2, "/data/d.fasta");
    for piece in &mut work {
        let known = crate::policy::offload::tests::verdict(false, 10, 0.0, 0.0, 1_000_000_000, 8_000_000_000);
        piece.verdict = Some(Verdict { unmeasured: Some(Unmeasured::default()), ..known });
        (piece.price, piece.unmeasured) = (None, true);
    }
    Plan::new(request, work, "s3")
}

#[tokio::test]
async fn work_of_which_nothing_is_known_is_asked_for_and_nobody_but_a_person_says_yes() {
    let plan = unmeasured(Bounds::default());
    assert!(plan.needs_consent() && plan.worst_case == Datoshi::ZERO && plan.leaves.is_empty());
    let generous = fixture(TESTNET, |policy, _| {
        policy.auto_approve_up_to = GAS(9);
        policy.data_may_leave = vec![PathBuf::from("/data")];
    });
    for f in [&fixture(SANDBOX, |_, _| {}), &generous] {
        assert_eq!(asked(f, &plan, &Nobody).await, Err(Rule::Approval));
        assert_eq!(asked(f, &plan, &SaidYes).await, Ok(ConsentBy::Yes));
        let here = unmeasured(Bounds { place: Locality::Here, spend: Spend::Nothing, ..Bounds::default() });
        assert_eq!(asked(f, &here, &SaidYes).await, Ok(ConsentBy::Yes), "it costs nothing and stays here");
    }
    let granted = |plan: &Plan| Granted::of(&plan.work[0]).unwrap().unmeasured;
    assert!(granted(&plan) && !granted(&reaching_out(Bounds::default(), "/data/d.fasta")));
    // What is consented to is that it is not known, and after how long it is ended.
    let mut later = plan.clone();
    later.work[0].verdict.as_mut().unwrap().thresholds.max_local_seconds = 7_200.0;
    let mut known = plan.clone();
    known.work[0].unmeasured = false;
    for other in [later, known] {
        assert_ne!(Plan::new(other.request, other.work, "s3").digest, plan.digest);
    }
}

#[test]
fn a_job_of_which_nothing_is_known_runs_under_a_yes_to_that_alone() {
    let home = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(home.path()).unwrap();
    let guard = Guard::new(Policy::cautious(Network(SANDBOX), vec![]), ledger.clone());
    let mut job = sample_job(Place::Local);
    job.verdict.unmeasured = Some(Unmeasured::default());
    // A yes to the same work, which says nothing of what is not known.
    let job = mandated(&ledger, &job, Bounds::default(), Datoshi::ZERO, ConsentBy::Terminal);
    let allowed = || guard.mandate(&job).unwrap().allows_local(&job).map_err(|refusal| refusal.rule);
    assert_eq!((allowed(), Rule::Unmeasured.id()), (Err(Rule::Unmeasured), "Q-UNMEASURED"));
    let kept = ledger.request(job.request.as_ref().unwrap()).unwrap();
    let mut consent = kept.consents[0].clone();
    consent.granted[0].unmeasured = true;
    ledger.begin(&kept.request, "ses-1", Some(&consent), std::slice::from_ref(&job)).unwrap();
    assert_eq!(allowed(), Ok(()));
    let known = Job { verdict: Verdict { unmeasured: None, ..job.verdict.clone() }, ..job.clone() };
    assert_eq!(guard.mandate(&known).unwrap().allows_local(&known).map_err(|refusal| refusal.rule), Ok(()));
}

#[tokio::test]
async fn only_who_reads_the_plan_takes_a_result_that_nobody_can_verify() {
    let with = |unverified| {
        let plan = plan_of(Bounds::default(), None, 2, "/data/d.fasta");
        let pieces = plan.work.into_iter().map(|piece| PlannedWork { unverified: Some(unverified), ..piece });
        Plan::new(plan.request, pieces.collect(), "s3")
    };
    let f = fixture(TESTNET, |_, _| {});
    let generous = fixture(TESTNET, |policy, _| {
        policy.auto_approve_up_to = GAS(9);
        policy.data_may_leave = vec![PathBuf::from("/data")];
    });
    let person = Person { answer: Answer::Yes, shown: Arc::default() };
    assert_eq!(
        asked(&f, &with(Unverified::Asked), &SaidYes).await,
        Err(Rule::Unverified),
        "said before it could be read"
    );
    assert_eq!(asked(&generous, &with(Unverified::Asked), &Nobody).await, Err(Rule::Approval));
    assert_eq!(asked(&fixture(SANDBOX, |_, _| {}), &with(Unverified::Asked), &Nobody).await, Err(Rule::Approval));
    assert_eq!(asked(&f, &with(Unverified::Asked), &person).await, Ok(ConsentBy::Terminal));
    assert_eq!(asked(&f, &with(Unverified::Flag), &SaidYes).await, Ok(ConsentBy::Yes));
    assert_eq!(asked(&generous, &with(Unverified::Task), &Nobody).await, Ok(ConsentBy::Policy));
    assert_ne!(with(Unverified::Asked).digest, with(Unverified::Flag).digest);
}

#[tokio::test]
async fn a_cue_withholds_what_no_person_gave_and_nothing_else() {
    let cue = plan_of(Bounds::default(), Some("what would it take to fold data.fasta?"), 2, "/data/d.fasta");
    assert!(tripwire::withholds(&cue.request));
    let sandbox = fixture(SANDBOX, |_, _| {});
    assert_eq!(asked(&sandbox, &cue, &Nobody).await, Err(Rule::Approval));
    assert_eq!(asked(&sandbox, &cue, &SaidYes).await, Ok(ConsentBy::Yes));
    let bounded = Bounds { spend: Spend::AtMost(GAS(5)), ..Bounds::default() };
    let bounded = plan_of(bounded, Some("fold it for at most 5 GAS"), 2, "/data/d.fasta");
    assert_eq!(asked(&sandbox, &bounded, &Nobody).await, Ok(ConsentBy::Sandbox));
}

#[tokio::test]
async fn bounds_refuse_whoever_says_yes() {
    let f = fixture(SANDBOX, |_, _| {});
    let refused = async |bounds| asked(&f, &plan_of(bounds, None, 2, "/d.fasta"), &SaidYes).await;
    assert_eq!(refused(Bounds { until: Until::Plan, ..Bounds::default() }).await, Err(Rule::Until));
    assert_eq!(refused(Bounds { place: Locality::Here, ..Bounds::default() }).await, Err(Rule::Locality));
    assert_eq!(refused(Bounds { spend: Spend::Nothing, ..Bounds::default() }).await, Err(Rule::Spend));
    let two = Bounds { spend: Spend::AtMost(GAS(2)), ..Bounds::default() };
    assert_eq!(refused(two).await, Err(Rule::Spend), "a limit holds with fees");
    let three = Bounds { spend: Spend::AtMost(GAS(3)), ..Bounds::default() };
    assert_eq!(refused(three).await, Ok(ConsentBy::Sandbox));
    let capped = fixture(SANDBOX, |policy, _| policy.caps.per_payment = GAS(1));
    assert_eq!(asked(&capped, &plan_of(Bounds::default(), None, 2, "/d"), &SaidYes).await, Err(Rule::CapPayment));
}

#[tokio::test]
async fn permits_keep_to_the_mandate() {
    let f = fixture(TESTNET, |_, _| {});
    let under = |bounds| mandated(&f.ledger, &f.job, bounds, GAS(2), ConsentBy::Terminal);
    let pay_under = async |bounds: Bounds| {
        let job = under(bounds);
        let mandate = f.guard.mandate(&job).unwrap();
        let permit = f.guard.permit_payment(&mandate, &job, None, fees(), NO_SPENDING, &Nobody, &Silent).await;
        permit.map(|permit| permit.request() == &mandate.request().id).map_err(|refusal| refusal.rule)
    };
    assert_eq!(pay_under(Bounds::default()).await, Ok(true), "the consent covers it, so nobody is asked again");
    assert_eq!(pay_under(Bounds { until: Until::Quote, ..Bounds::default() }).await, Err(Rule::Until));
    assert_eq!(pay_under(Bounds { until: Until::Plan, ..Bounds::default() }).await, Err(Rule::Until));
    assert_eq!(pay_under(Bounds { place: Locality::Here, ..Bounds::default() }).await, Err(Rule::Locality));
    assert_eq!(pay_under(Bounds { spend: Spend::AtMost(GAS(2)), ..Bounds::default() }).await, Err(Rule::Spend));
}

#[tokio::test]
async fn work_that_was_not_planned_is_refused() {
    let f = fixture(SANDBOX, |_, _| {});
    let job = mandated(&f.ledger, &f.job, Bounds::default(), GAS(2), ConsentBy::Yes);
    let mandate = f.guard.mandate(&job).unwrap();
    let others = [
        Job { request: None, ..job.clone() },
        Job { task_type: "another".into(), ..job.clone() },
        Job { source: domain::dataset::DatasetSource::file("/other".into(), "/".into()), ..job.clone() },
        Job { parameters: [("seed".to_owned(), 1.into())].into_iter().collect(), ..job.clone() },
    ];
    for other in others {
        let permit = f.guard.permit_payment(&mandate, &other, None, fees(), NO_SPENDING, &SaidYes, &Silent).await;
        assert_eq!(permit.map(|_| ()).map_err(|refusal| refusal.rule), Err(Rule::Work), "{other:?}");
    }
    let none = Job { request: None, ..job };
    assert_eq!(f.guard.mandate(&none).map(|_| ()).map_err(|refusal| refusal.rule), Err(Rule::Approval));
}

#[tokio::test]
async fn nothing_leaves_without_a_consent_to_it() {
    let f = fixture(SANDBOX, |_, _| {});
    let job = mandated(&f.ledger, &f.job, Bounds::default(), GAS(2), ConsentBy::Yes);
    // A request that is in the ledger with its work, and without a yes.
    let kept = f.ledger.request(job.request.as_ref().unwrap()).unwrap();
    let silent = Request { id: domain::ids::RequestId::random(), ..kept.request };
    f.ledger.begin(&silent, "ses-1", None, std::slice::from_ref(&job)).unwrap();
    let job = f.ledger.job(&job.id).unwrap();
    let mandate = f.guard.mandate(&job).unwrap();
    let staged = Job { state: JobState::Staged, ..job.clone() };
    let catalogue = crate::machine::catalogue::Catalogue::builtin().unwrap();
    let task = catalogue.get("sequence_stats").unwrap();
    let remote = task.remote.as_ref().unwrap();
    assert_eq!(
        f.guard.permit_submit(&mandate, &staged, task, remote, None).map(|_| ()).map_err(|r| r.rule),
        Err(Rule::Approval)
    );
    let permit = f.guard.permit_payment(&mandate, &job, None, fees(), NO_SPENDING, &SaidYes, &Silent).await;
    assert_eq!(permit.map(|_| ()).map_err(|r| r.rule), Err(Rule::Approval));
}

#[tokio::test]
async fn a_quote_above_the_plan_asks_again_and_so_do_fees_and_another_recipient() {
    let covered = async |amount: u32, change: &dyn Fn(&mut Quote)| {
        // A ledger of its own each time: an approval that has not served yet counts.
        let f = fixture(TESTNET, |policy, _| policy.recipients.push(STRANGER));
        let mut job = mandated(&f.ledger, &f.job, Bounds::default(), GAS(amount), ConsentBy::Terminal);
        job.quote.as_mut().map(change);
        let mandate = f.guard.mandate(&job).unwrap();
        let permit = f.guard.permit_payment(&mandate, &job, None, fees(), NO_SPENDING, &Nobody, &Silent).await;
        permit.map(|_| ()).map_err(|refusal| refusal.rule)
    };
    assert_eq!(covered(2, &|_| {}).await, Ok(()));
    assert_eq!(covered(1, &|_| {}).await, Err(Rule::Approval), "2 GAS are quoted, and 1 was agreed to");
    assert_eq!(covered(2, &|quote| quote.amount = GAS(3)).await, Err(Rule::Approval));
    assert_eq!(covered(2, &|quote| quote.recipient = STRANGER).await, Err(Rule::Approval));
    // A quote of nothing with fees that nobody agreed to needs a yes like any other.
    assert_eq!(covered(0, &|quote| quote.amount = Datoshi::ZERO).await, Err(Rule::Approval));
}

#[test]
fn the_limit_of_a_request_is_kept_over_all_its_jobs() {
    let home = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(home.path()).unwrap();
    let (first, second) = (submitted(&ledger), submitted(&ledger));
    let bounds = Bounds { spend: Spend::AtMost(GAS(3)), ..Bounds::default() };
    let first = mandated(&ledger, &first, bounds, GAS(9), ConsentBy::Yes);
    let kept = ledger.request(first.request.as_ref().unwrap()).unwrap();
    ledger.begin(&kept.request, "ses-1", None, std::slice::from_ref(&second)).unwrap();
    let intend = |job: &JobId, gas| {
        let attempt = crate::ledger::tests::attempt(job, 1, gas);
        let caps = Caps { per_payment: Datoshi::MAX, per_day: Datoshi::MAX, lifetime: Datoshi::MAX };
        let digest = Sha256::of(attempt.tx_hash.to_string().as_bytes());
        ledger.record_approval(&digest, job, "test").unwrap();
        ledger.intend(&attempt, &caps, &digest, &crate::ledger::Reading::now())
    };
    assert!(intend(&first.id, 2).is_ok());
    let over = intend(&second.id, 2).unwrap_err();
    assert!(matches!(over, IntendError::Cap { which: crate::ledger::CapPassed::Request, .. }), "{over}");
    assert_eq!(ledger.job(&second.id).unwrap().state, JobState::Submitted, "nothing is half-written");
    assert!(intend(&second.id, 1).is_ok());
}

#[test]
fn a_digest_changes_with_everything_that_matters() {
    let base = plan_of(Bounds::default(), None, 2, "/d.fasta");
    let change = |change: &dyn Fn(&mut PlannedWork)| {
        let mut piece = base.work[0].clone();
        change(&mut piece);
        Plan::new(base.request.clone(), vec![piece], "s3").digest
    };
    let changed = [
        change(&|piece| piece.work.task = "u".into()),
        change(&|piece| piece.content[0].path = "/e.fasta".into()),
        change(&|piece| piece.content[0].bytes = 11),
        change(&|piece| piece.content[0].modified_ns = 1),
        change(&|piece| piece.work.assumed.bytes = Some(1)),
        change(&|piece| {
            piece.work.parameters.insert("seed".into(), 1.into());
        }),
        change(&|piece| piece.price.as_mut().unwrap().amount = GAS(3)),
        change(&|piece| piece.price.as_mut().unwrap().fees = GAS(1)),
        change(&|piece| piece.price.as_mut().unwrap().recipient = STRANGER.address()),
        change(&|piece| piece.price.as_mut().unwrap().network = Network(MAINNET)),
        change(&|piece| piece.verdict.as_mut().unwrap().place = Place::Local),
        Plan::new(base.request.clone(), base.work.clone(), "elsewhere").digest,
        plan_of(Bounds { spend: Spend::Nothing, ..Bounds::default() }, None, 2, "/d.fasta").digest,
        plan_of(Bounds { until: Until::Quote, ..Bounds::default() }, None, 2, "/d.fasta").digest,
    ];
    for (at, digest) in changed.iter().enumerate() {
        assert_ne!(*digest, base.digest, "{at}");
    }
    // What differs from one look to the next changes nothing.
    let busy = change(&|piece| piece.verdict.as_mut().unwrap().machine.available_ram = 1);
    let renamed = change(&|piece| piece.job = Some(JobId::random()));
    assert_eq!((busy, renamed), (base.digest, base.digest));
    assert_eq!(base.work[0].verdict.as_ref().unwrap().rules(), [OffloadRule::Model]);
    assert!(Path::new("/d.fasta").is_absolute());
}

#[test]
fn a_charge_is_what_was_agreed_to_or_is_asked_about_anew() {
    let charge = |text: &str| Charge::try_from(text.to_owned()).unwrap();
    let refused = |bounds: Bounds, agreed: Option<&str>, now: Option<&str>| {
        let f = fixture(TESTNET, |_, _| {});
        let job = with_consents(&f, bounds, &[&|granted: &mut Granted| granted.charge = agreed.map(charge)]);
        let mandate = f.guard.mandate(&job).unwrap();
        mandate.allows_charge(&job, now.map(charge).as_ref()).err().map(|refusal| (refusal.rule, refusal.why))
    };
    let free = Bounds::default();
    for (agreed, now) in [
        (Some("0.02 USD"), Some("0.02 USD")),
        (Some("0.02 USD"), Some("0.0199 USD")),
        (Some("0.02 USD"), None),
        (None, None),
        (None, Some("0 USD")),
    ] {
        assert_eq!(refused(free, agreed, now), None, "{agreed:?} {now:?}");
    }
    for (agreed, now, says) in [
        (Some("0.02 USD"), "0.020000001 USD", "0.02 USD was agreed to"),
        (Some("0.02 USD"), "0.02 EUR", "0.02 USD was agreed to"),
        (None, "0.02 USD", "nobody agreed to that"),
    ] {
        let (rule, why) = refused(free, agreed, Some(now)).unwrap();
        assert!(rule == Rule::Approval && why.contains(says), "{why}");
    }
    let quote = Bounds { until: Until::Quote, ..free };
    assert_eq!(refused(quote, Some("0.02 USD"), Some("0.02 USD")).map(|(rule, _)| rule), Some(Rule::Until));
    assert_eq!(refused(quote, Some("0 USD"), Some("0 USD")), None, "what takes nothing buys nothing");
}

#[test]
fn that_a_result_is_taken_unverified_is_not_taken_back_by_a_later_consent() {
    let f = fixture(TESTNET, |_, _| {});
    let job = with_consents(&f, Bounds::default(), &[&|granted| granted.unverified = true, &|_| {}]);
    assert!(f.guard.mandate(&job).unwrap().takes_unverified(&job));
    let other = Job { parameters: serde_json::from_str(r#"{"gap": 1}"#).unwrap(), ..job.clone() };
    assert!(!f.guard.mandate(&job).unwrap().takes_unverified(&other), "it was said of this very work");
    let g = fixture(TESTNET, |_, _| {});
    let job = with_consents(&g, Bounds::default(), &[&|_| {}, &|_| {}]);
    assert!(!g.guard.mandate(&job).unwrap().takes_unverified(&job));
}

/// The job under one request with several consents, oldest first, each changed by its function.
fn with_consents(f: &Fixture, bounds: Bounds, changes: &[&dyn Fn(&mut Granted)]) -> Job {
    let job = mandated(&f.ledger, &f.job, bounds, GAS(2), ConsentBy::Yes);
    let kept = f.ledger.request(job.request.as_ref().unwrap()).unwrap();
    for change in changes {
        let mut consent = kept.consents[0].clone();
        consent.granted.iter_mut().for_each(change);
        f.ledger.begin(&kept.request, "ses-1", Some(&consent), std::slice::from_ref(&job)).unwrap();
    }
    f.ledger.job(&job.id).unwrap()
}
