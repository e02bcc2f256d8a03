//! Values of parameters: one argument each, whatever is in them, and never an option.

use domain::task::{ParameterKind, Parameters, TaskOrigin};
use guard::machine::catalogue::{Catalogue, ParameterError, check_parameters, read_task};
use serde_json::{Value, json};

use super::{order::Order, sequences::named_like};

/// A task that writes each of its arguments with a sign behind it.
const TELLS: &str = r#"
name = "tells"
title = "Tells"
description = "Writes its arguments."
[inputs.note]
formats = ["text"]
[parameters.value]
description = "Anything."
type = "text"
pattern = "(?s).+"
default = "x"
[program]
kind = "command"
executable = "printf"
arguments = ["%s|", "{value}", "--value={value}", "{note}"]
stdout = "{out:told.txt}"
package = "coreutils"
[resources]
ram = { bytes = 1.0 }
seconds = { bytes = 1e-6 }
spread = 1.0
source = "a test"
"#;

#[tokio::test]
async fn a_value_is_one_argument_whatever_is_in_it() {
    let task = read_task("tells.toml", TELLS, TaskOrigin::Owner).unwrap();
    for value in [
        "two words",
        "it's \"quoted\"",
        "a; touch made",
        "$(touch made) `touch made` && touch made > made",
        "first\nsecond",
        "* ? [a-z] ~ {value} {out:x.txt}",
        "%s \\n",
        " -v",
    ] {
        let order = Order::of_task(task.clone(), "note.txt", "a note\n").choosing(json!({"value": value}));
        let made = order.run().await;
        let told = made.text("told.txt");
        assert!(told.starts_with(&format!("{value}|--value={value}|")), "{value:?}: {told:?}");
        assert!(told.ends_with("note.txt|") && told.matches('|').count() == 3, "{value:?}: {told:?}");
        assert_eq!(made.names(), ["told.txt"], "{value:?}");
    }
}

/// What SeqKit would read as several patterns, or as something else than a pattern.
#[test]
fn a_pattern_holds_nothing_that_means_more_than_a_pattern() {
    for value in ["-v", "--help", "", "a\"b", "it's", "a;b", "a\nb", "a,b", "`a`", "a\\b", "{sequences}", "a\0b"] {
        let error = named_like(value).parameters().unwrap_err();
        assert!(matches!(&error, ParameterError::Value { name, .. } if name == "pattern"), "{value:?}: {error}");
        assert!(error.to_string().contains("does not begin with `-`"), "{error}");
    }
    assert_eq!(named_like("two words").parameters().unwrap()["pattern"], "two words");
}

#[test]
fn no_value_of_any_task_is_an_option() {
    for task in Catalogue::builtin().unwrap().iter() {
        let files = task.files().map(|(name, _)| (name.clone(), Value::from("a.txt")));
        let all: Parameters = files.collect();
        check_parameters(task, &all).unwrap();
        for (name, spec) in &task.parameters {
            for value in ["-v", "--help"] {
                let mut given = all.clone();
                given.insert(name.clone(), value.into());
                let error = check_parameters(task, &given).unwrap_err();
                assert!(matches!(error, ParameterError::Value { .. }), "{} {name}: {error}", task.name);
            }
            if matches!(spec.kind, ParameterKind::Integer { .. } | ParameterKind::Number { .. }) {
                let mut given = all.clone();
                given.insert(name.clone(), "1".into());
                assert!(check_parameters(task, &given).is_err(), "{} {name}: text is no number", task.name);
            }
        }
    }
}
