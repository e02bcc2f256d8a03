//! The schemas that are shown and the parser that takes calls agree: 4,000 calls, most of them damaged, are judged by both,
//! the schemas by a JSON Schema validator that others wrote.

use std::cell::Cell;

use jsonschema::{Draft, Validator};
use proptest::{
    prelude::*,
    sample::{Index, select},
    test_runner::{Config, TestRunner},
};
use serde_json::{Map, Value, json};

use crate::tools::{BadCall, Tool, call, schema};
use domain::hash::Hash160;

const CALLS: u32 = 4_000;
const ADDRESS: &str = "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv";

/// A sound call of each tool with all its arguments.
fn sound(tool: Tool) -> Value {
    let step = json!({"job": "job-7k3q9dm2", "more_jobs": ["job-aaaaaaa1", "all"]});
    match tool {
        Tool::CheckLocalCapability => json!({
            "task_type": "protein_folding", "dataset": "a.fasta", "more_datasets": ["b.fasta"],
            "parameters": {"dimension": 3}, "max_gas": "1.5", "here_only": true, "stop_at": "plan", "anew": false,
        }),
        Tool::RunLocalTask | Tool::RunRemoteCompute | Tool::WaitForJob => step,
        Tool::PayGasFee => json!({
            "job": "job-7k3q9dm2", "amount": "0.5", "recipient": ADDRESS, "more_jobs": ["job-aaaaaaa1"],
        }),
        Tool::ListJobs => json!({"state": "open"}),
    }
}

/// Values of every kind, near to what the tools take and far from it.
fn value() -> impl Strategy<Value = Value> {
    const TEXTS: &[&str] = &[
        "",
        "2",
        "02",
        "2.",
        ".5",
        "2.0",
        "0.12345678",
        "0.123456789",
        "-1",
        "+1",
        "1e3",
        "1,5",
        " 2",
        "2 ",
        "2\n",
        "2 GAS",
        "2GAS",
        "2 gas",
        "2  GAS",
        "2 Gas",
        "GAS",
        "9999999999",
        "99999999999",
        "٢",
        "job-7k3q9dm2",
        "job-7k3q9dm",
        "job-7k3q9dm22",
        "job-7k3q9dmi",
        "JOB-7k3q9dm2",
        "job-7K3Q9DM2",
        " job-7k3q9dm2",
        "job-7k3q9dm2\n",
        "all",
        "All",
        "open",
        "done",
        "plan",
        "quote",
        "Plan",
        ADDRESS,
        "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAw",
        "AK2nJJpJr6o664CWJKi1QRXjqeic2zRp8y",
        "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv ",
        "0xd2a4cff31913016155e38e474a2c06d08be276cf",
        "0xD2A4CFF31913016155E38E474A2C06D08BE276CF",
        "d2a4cff31913016155e38e474a2c06d08be276cf",
        "0xd2a4cff31913016155e38e474a2c06d08be276c",
    ];
    let text = select(TEXTS).prop_map(Value::from);
    let plain = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        select(vec![json!(-1), json!(0), json!(1), json!(1.0), json!(2.5), json!(1e300), json!(u64::MAX)]),
        text.clone(),
        text.clone(),
        any::<String>().prop_map(Value::from),
    ];
    prop_oneof![
        4 => plain.clone(),
        1 => prop::collection::vec(plain.clone(), 0..3).prop_map(Value::from),
        1 => (select(vec!["plan", "open", "a"]), plain)
            .prop_map(|(name, inner)| Value::Object(Map::from_iter([(name.to_owned(), inner)]))),
    ]
}

/// What is done to a call.
#[derive(Debug, Clone)]
enum Damage {
    Leave,
    Remove(Index),
    Add(String, Value),
    Set(Index, Value),
    /// A character of a text is replaced, doubled or left out; in a list, of its first text.
    Slip(Index, Index, Option<char>, bool),
    Whole(Value),
    AsList,
}

fn damage() -> impl Strategy<Value = Damage> {
    let character = prop_oneof![
        select(vec!['0', '9', 'a', 'l', 'o', 'N', '.', ' ', '\n', 'x', '-', '１']).prop_map(Some),
        any::<char>().prop_map(Some),
        Just(None),
    ];
    prop_oneof![
        2 => Just(Damage::Leave),
        3 => any::<Index>().prop_map(Damage::Remove),
        1 => (select(vec!["tool", "Job", "state ", "claimed_seconds"]), value())
            .prop_map(|(name, value)| Damage::Add(name.to_owned(), value)),
        6 => (any::<Index>(), value()).prop_map(|(at, value)| Damage::Set(at, value)),
        6 => (any::<Index>(), any::<Index>(), character, any::<bool>())
            .prop_map(|(at, place, with, instead)| Damage::Slip(at, place, with, instead)),
        1 => value().prop_map(Damage::Whole),
        1 => Just(Damage::AsList),
    ]
}

fn slip(text: &str, place: Index, with: Option<char>, instead: bool) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = place.index(chars.len() + 1);
    let end = if instead || with.is_none() { (at + 1).min(chars.len()) } else { at };
    chars.splice(at..end, with);
    chars.into_iter().collect()
}

fn damaged(mut call: Value, what: Damage) -> Value {
    let name = |call: &Value, at: Index| {
        let fields = call.as_object().filter(|fields| !fields.is_empty())?;
        fields.keys().nth(at.index(fields.len())).cloned()
    };
    match what {
        Damage::Leave => {}
        Damage::Remove(at) => {
            if let Some(name) = name(&call, at) {
                call.as_object_mut().unwrap().shift_remove(&name);
            }
        }
        Damage::Add(name, value) => {
            if let Some(fields) = call.as_object_mut() {
                fields.insert(name, value);
            }
        }
        Damage::Set(at, value) => {
            if let Some(name) = name(&call, at) {
                call[&name] = value;
            }
        }
        Damage::Slip(at, place, with, instead) => {
            if let Some(name) = name(&call, at) {
                let part = match &call[&name] {
                    Value::Array(items) if !items.is_empty() => &mut call[&name][0],
                    _ => &mut call[&name],
                };
                if let Value::String(text) = part {
                    *text = slip(text, place, with, instead);
                }
            }
        }
        Damage::Whole(value) => call = value,
        Damage::AsList => {
            if let Value::Object(fields) = call {
                call = fields.into_iter().map(|(_, value)| value).collect();
            }
        }
    }
    call
}

fn validator(tool: Tool) -> Validator {
    jsonschema::options().with_draft(Draft::Draft7).build(&schema::of(tool)).unwrap()
}

#[test]
fn the_schemas_and_the_parser_agree_on_4000_calls() {
    let validators: Vec<(Tool, Validator)> = Tool::ALL.into_iter().map(|tool| (tool, validator(tool))).collect();
    let calls = (select(&Tool::ALL[..]), prop::collection::vec(damage(), 1..4)).prop_map(|(tool, damages)| {
        let call = damages.into_iter().fold(sound(tool), damaged);
        (tool, call)
    });
    let (taken, refused, checksums) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let count = |counter: &Cell<u32>| counter.set(counter.get() + 1);
    let mut runner = TestRunner::new(Config { cases: CALLS, failure_persistence: None, ..Config::default() });
    let run = runner.run(&calls, |(tool, arguments)| {
        let (_, validator) = validators.iter().find(|(of, _)| *of == tool).unwrap();
        match (validator.is_valid(&arguments), call::parse(tool.name(), &arguments)) {
            (true, Ok(_)) => count(&taken),
            (false, Err(_)) => count(&refused),
            // A pattern knows the letters of an address, and not its checksum.
            (true, Err(BadCall::Arguments { why, .. })) if why.starts_with("`recipient`: ") => {
                let recipient = arguments["recipient"].as_str().unwrap();
                prop_assert!(Hash160::from_address(recipient).is_err(), "{why}");
                count(&checksums);
            }
            (schema, parsed) => prop_assert!(false, "{tool}: the schema says {schema}, the parser {parsed:?}"),
        }
        Ok(())
    });
    run.unwrap();
    let seen = (taken.get(), refused.get(), checksums.get());
    assert!(seen.0 > CALLS / 10 && seen.1 > CALLS / 3 && seen.2 < CALLS / 20, "{seen:?} show little");
}

#[test]
fn a_job_an_amount_and_an_address_have_a_pattern_in_their_schema() {
    for (tool, part) in [
        (Tool::PayGasFee, "/properties/job/pattern"),
        (Tool::PayGasFee, "/properties/amount/pattern"),
        (Tool::PayGasFee, "/properties/recipient/pattern"),
        (Tool::WaitForJob, "/properties/more_jobs/items/pattern"),
        (Tool::CheckLocalCapability, "/properties/max_gas/pattern"),
    ] {
        let schema = schema::of(tool);
        assert!(schema.pointer(part).is_some_and(Value::is_string), "{tool} {part}: {schema}");
        assert!(validator(tool).is_valid(&sound(tool)) && call::parse(tool.name(), &sound(tool)).is_ok());
    }
}
