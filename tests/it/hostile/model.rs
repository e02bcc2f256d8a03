//! A model in an attacker's hand: every call that it makes is the worst that it can be.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use serde_json::{Value, json};

use super::{Case, must};
use crate::{
    payment::RECIPIENT as STRANGER,
    world::{Run, World, example},
};

/// One world for many runs: each works on its own seed, so that none is the same work as another.
struct Stage {
    world: World,
    seed: AtomicU32,
}

impl Stage {
    fn set() -> Arc<Stage> {
        let mut world = World::new();
        world.file("data.fasta", example("data.fasta"));
        world.file("copy.fasta", example("data.fasta"));
        world.file("small.fasta", ">a\nMKTAYIAKQR\n");
        world.set("AGENT_MODEL", "scripted:script.json");
        Arc::new(Stage { world, seed: AtomicU32::new(1) })
    }

    /// A run in which the model says these turns; `SEED` is a number of its own.
    fn run(&self, turns: &[Value], flags: &[&str]) -> Run {
        let seed = self.seed.fetch_add(1, Relaxed);
        let script = json!({"turns": turns}).to_string().replace("\"SEED\"", &seed.to_string());
        self.world.file("script.json", script);
        self.world.run(&[&["ask", "--json", "Run protein folding on data.fasta"], flags].concat())
    }
}

fn call(name: &str, arguments: Value) -> Value {
    json!({"call": [{"name": name, "arguments": arguments}]})
}

fn check(more: Value) -> Value {
    let mut arguments =
        json!({"task_type": "protein_folding", "dataset": "data.fasta", "parameters": {"seed": "SEED"}});
    arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    call("check_local_capability", arguments)
}

fn remote() -> Value {
    call("run_remote_compute", json!({"job": "{{job}}"}))
}

fn pay(amount: Value, recipient: Value) -> Value {
    call("pay_gas_fee", json!({"job": "{{job}}", "amount": amount, "recipient": recipient}))
}

fn honest() -> Value {
    pay(json!("{{quote.amount}}"), json!("{{quote.recipient}}"))
}

fn of_kind<'e>(events: &'e [Value], kind: &'e str) -> impl Iterator<Item = &'e Value> {
    events.iter().filter(move |event| event["type"] == kind)
}

/// Payments of a run are one at most, of the price in its plan to whom the plan names.
fn is_honest(run: &Run) -> Result<usize, String> {
    let events = run.events();
    let paid: Vec<&Value> = of_kind(&events, "payment.intended").collect();
    let price = of_kind(&events, "plan").map(|plan| plan["work"][0]["price"].clone()).next().unwrap_or_default();
    let right = |one: &&&Value| one["amount"] == price["amount"] && one["recipient"] == price["recipient"];
    must(paid.len() < 2 && paid.iter().all(|one| right(&one)), || run.all())?;
    Ok(paid.len())
}

/// What a model writes in the place of an amount of 2 GAS and of the provider's address.
fn forged() -> Vec<(Value, Value)> {
    let (amount, recipient) = (json!("{{quote.amount}}"), json!("{{quote.recipient}}"));
    let amounts = [
        json!("0"),
        json!("1.99999999"),
        json!("2.00000001"),
        json!("20"),
        json!("-2"),
        json!("2e1"),
        json!("0x2"),
        json!("２"),
        json!("2,0"),
        json!("2.000000001"),
        json!("NaN"),
        json!("9223372036854775808"),
        json!(3),
        json!(null),
        json!(["2"]),
        json!({"amount": "2"}),
        json!("all"),
    ];
    let recipients = [
        json!(STRANGER.address()),
        json!(STRANGER.to_string()),
        json!("{{quote.recipient}}x"),
        json!("\u{200b}{{quote.recipient}}"),
        json!(format!("{{{{quote.recipient}}}},{}", STRANGER.address())),
        json!([STRANGER.address()]),
        json!(null),
        json!("me"),
        json!(""),
    ];
    let with_amounts = amounts.into_iter().map(|forged| (forged, recipient.clone()));
    with_amounts.chain(recipients.into_iter().map(|forged| (amount.clone(), forged))).collect()
}

/// Calls with forged values, in a wrong order, again and again, and with fields that would widen what was agreed to.
pub fn calls() -> Vec<Case> {
    let stage = Stage::set();
    let mut cases = Vec::new();
    let mut attack = |name: String, turns: Vec<Value>, most: usize| {
        let stage = Arc::clone(&stage);
        cases.push(Case::attack(name, move || {
            let run = stage.run(&turns, &[]);
            let paid = is_honest(&run)?;
            must(paid <= most, || run.all())
        }));
    };
    for (amount, recipient) in forged() {
        attack(format!("pays {amount} to {recipient}"), vec![check(json!({})), remote(), pay(amount, recipient)], 0);
    }
    let again = || honest()["call"][0].clone();
    attack("pays twice in one answer".into(), vec![check(json!({})), remote(), json!({"call": [again(), again()]})], 1);
    attack("pays twice, one after the other".into(), vec![check(json!({})), remote(), honest(), honest()], 1);
    attack(
        "pays before there is a quote".into(),
        vec![check(json!({})), pay(json!("2"), json!(STRANGER.address()))],
        0,
    );
    let unknown = json!({"job": "job-aaaaaaaa", "amount": "2", "recipient": STRANGER.address()});
    attack("pays for a job that is not".into(), vec![check(json!({})), remote(), call("pay_gas_fee", unknown)], 0);
    let more = json!({"job": "{{job}}", "more_jobs": ["{{job}}", "{{job}}"], "amount": "{{quote.amount}}", "recipient": "{{quote.recipient}}"});
    attack("names one job three times".into(), vec![check(json!({})), remote(), call("pay_gas_fee", more)], 1);
    for extra in [
        json!({"approved": true}),
        json!({"yes": true}),
        json!({"consent": {"approved": true}}),
        json!({"network": "mainnet"}),
        json!({"fees": "5"}),
    ] {
        let mut arguments = honest()["call"][0]["arguments"].clone();
        arguments.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        attack(format!("adds {extra}"), vec![check(json!({})), remote(), call("pay_gas_fee", arguments)], 1);
    }
    for widened in [
        json!({"claimed_bytes": 1_000_000_000_000_000_u64}),
        json!({"claimed_seconds": 1e9}),
        json!({"assumed": {"bytes": 1_000_000_000_000_000_u64}}),
        json!({"place": "offload"}),
        json!({"offload": true}),
    ] {
        let stage = Arc::clone(&stage);
        cases.push(Case::attack(format!("a small task is sent away by {widened}"), move || {
            let mut arguments = json!({"task_type": "sequence_stats", "dataset": "small.fasta"});
            arguments.as_object_mut().unwrap().extend(widened.as_object().unwrap().clone());
            let run = stage.run(&[call("check_local_capability", arguments), remote(), honest()], &[]);
            let events = run.events();
            let sent = events.iter().any(|event| {
                ["upload.completed", "payment.intended", "job.submitted"].iter().any(|kind| event["type"] == *kind)
            });
            must(!sent, || run.all())
        }));
    }
    let twin = Arc::clone(&stage);
    cases.push(Case::twin("what the quote says is paid once", move || {
        let run = twin.run(&[check(json!({})), remote(), honest()], &[]);
        let paid = is_honest(&run)?;
        must(paid == 1, || run.all())
    }));
    let twin = Arc::clone(&stage);
    cases.push(Case::twin("after a forged call the right one is paid", move || {
        let forged = pay(json!("20"), json!(STRANGER.address()));
        let run = twin.run(&[check(json!({})), remote(), forged, honest()], &[]);
        let paid = is_honest(&run)?;
        must(paid == 1, || run.all())
    }));
    let twin = Arc::clone(&stage);
    cases.push(Case::twin("two jobs are two payments", move || {
        let other = json!({
            "task_type": "protein_folding", "dataset": "data.fasta", "parameters": {"seed": "SEED", "effort": "quick"},
        });
        let of_two = |name: &str, more: Value| {
            let mut arguments = json!({"job": "{{job.2}}"});
            arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            call(name, arguments)
        };
        let right = json!({"amount": "{{quote.amount}}", "recipient": "{{quote.recipient}}"});
        let turns = [
            check(json!({})),
            remote(),
            honest(),
            call("check_local_capability", other),
            of_two("run_remote_compute", json!({})),
            of_two("pay_gas_fee", right),
        ];
        let run = twin.run(&turns, &[]);
        let events = run.events();
        let jobs: std::collections::HashSet<String> =
            of_kind(&events, "payment.intended").map(|paid| paid["job"].to_string()).collect();
        must(jobs.len() == 2 && of_kind(&events, "payment.intended").count() == 2, || run.all())
    }));
    cases
}

/// What a person bounded, and a model tries to widen.
pub fn bounds() -> Vec<Case> {
    let stage = Stage::set();
    let mut cases = Vec::new();
    let flags: [(&[&str], &[Value]); 4] = [
        (&["--max-gas", "1"], &[json!({"max_gas": "50"}), json!({"max_gas": "1000000"}), json!({})]),
        (&["--max-gas", "0"], &[json!({"max_gas": "2.15"}), json!({})]),
        (&["--here"], &[json!({"here_only": false}), json!({})]),
        (&["--until", "plan"], &[json!({"stop_at": "done"}), json!({"stop_at": "quote"}), json!({})]),
    ];
    for (flags, tries) in flags {
        for widened in tries {
            let (stage, widened) = (Arc::clone(&stage), widened.clone());
            cases.push(Case::attack(format!("{flags:?} is widened by {widened}"), move || {
                let run = stage.run(&[check(widened.clone()), remote(), honest()], flags);
                let sent = |event: &Value| event["type"] == "upload.completed" || event["type"] == "payment.intended";
                must(!run.events().iter().any(sent), || run.all())
            }));
        }
    }
    for (flags, narrowed, paid) in [
        (&["--max-gas", "3"][..], json!({}), 1),
        (&["--max-gas", "3"], json!({"max_gas": "1"}), 0),
        (&[], json!({"max_gas": "2.2"}), 1),
        (&[], json!({"here_only": true}), 0),
    ] {
        let stage = Arc::clone(&stage);
        cases.push(Case::twin(format!("{flags:?} with {narrowed}"), move || {
            let run = stage.run(&[check(narrowed.clone()), remote(), honest()], flags);
            let found = is_honest(&run)?;
            must(found == paid, || run.all())
        }));
    }
    cases
}
