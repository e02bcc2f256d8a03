//! Calls in every dialect, whole and mangled, read back to exactly what was meant; arbitrary text makes nothing up.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;

use super::*;
use crate::tools::Tool;

/// How a value is written.
#[derive(Debug, Clone, Copy)]
struct Style {
    quote: char,
    python: bool,
    bare_keys: bool,
    comma_at_end: bool,
    spaces: &'static str,
}

fn style() -> impl Strategy<Value = Style> {
    (select(vec!['"', '\'']), any::<bool>(), any::<bool>(), any::<bool>(), select(vec!["", " ", "\n  "])).prop_map(
        |(quote, python, bare_keys, comma_at_end, spaces)| Style { quote, python, bare_keys, comma_at_end, spaces },
    )
}

fn quoted(text: &str, quote: char) -> String {
    let mut out = quote.to_string();
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c == quote => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

fn written(value: &Value, style: Style) -> String {
    let list = |items: Vec<String>| {
        let end = if style.comma_at_end && !items.is_empty() { "," } else { "" };
        format!("{}{end}{}", items.join(&format!(",{}", style.spaces)), style.spaces)
    };
    match value {
        Value::Null if style.python => "None".to_owned(),
        Value::Bool(true) if style.python => "True".to_owned(),
        Value::Bool(false) if style.python => "False".to_owned(),
        Value::String(text) => quoted(text, style.quote),
        Value::Array(items) => format!("[{}]", list(items.iter().map(|i| written(i, style)).collect())),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| {
                let key = if style.bare_keys { key.clone() } else { quoted(key, style.quote) };
                format!("{key}:{}{}", style.spaces, written(value, style))
            });
            format!("{{{}}}", list(fields.collect()))
        }
        other => other.to_string(),
    }
}

/// Texts that hold everything but what ends a fence or a tag.
fn text() -> impl Strategy<Value = String> {
    "[^<`\\pC]{0,12}|[a-z\\\\\"'{}\\[\\](),: \n#é能]{0,12}"
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => text().prop_map(Value::String),
        1 => any::<i64>().prop_map(|n| json!(n)),
        1 => any::<u64>().prop_map(|n| json!(n)),
        1 => (-1.0e9..1.0e9f64).prop_map(|n| json!(n)),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => Just(Value::Null),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::Array),
            vec(("[a-z]{1,6}", inner), 0..3).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn fields(of: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    vec(("[a-z_]{1,8}", of), 0..4).prop_map(|fields| fields.into_iter().collect())
}

/// The dialects that write arguments as one JSON object.
const DIALECTS: [&str; 22] = [
    "<tool_call>\n{\"name\": \"NAME\", \"arguments\": ARGS}\n</tool_call>",
    "<tool_call>{\"name\": \"NAME\", \"arguments\": ARGS}",
    "<function_call>{\"name\": \"NAME\", \"arguments\": ARGS}</function_call>",
    "<tools>{\"name\": \"NAME\", \"arguments\": ARGS}</tools>",
    "<|tool_call|>[{\"name\": \"NAME\", \"parameters\": ARGS}]",
    "<|python_tag|>{\"name\": \"NAME\", \"parameters\": ARGS}",
    "[TOOL_CALLS][{\"name\": \"NAME\", \"arguments\": ARGS}]",
    "[TOOL_CALLS]NAME[ARGS]ARGS",
    "<function=NAME>ARGS</function>",
    "<tool_call>\n<function=NAME>\nARGS\n</function>\n</tool_call>",
    "<｜tool▁call▁begin｜>NAME<｜tool▁sep｜>ARGS<｜tool▁call▁end｜>",
    "<|tool_call_begin|>functions.NAME:3<|tool_call_argument_begin|>ARGS<|tool_call_end|>",
    "<|channel|>commentary to=functions.NAME <|constrain|>json<|message|>ARGS<|call|>",
    "```json\n{\"name\": \"NAME\", \"arguments\": ARGS}\n```",
    "```\n[{\"tool\": \"NAME\", \"args\": ARGS}]\n```",
    "```tool_code\nNAME(ARGS)\n```",
    "{\"function\": \"NAME\", \"input\": ARGS}",
    "{\"type\": \"function\", \"function\": {\"name\": \"NAME\", \"arguments\": ARGS}}",
    "[{\"tool_name\": \"NAME\", \"parameters\": ARGS}]",
    "{\"NAME\": ARGS}",
    "NAME(ARGS)",
    "Action: NAME\nAction Input: ARGS",
];

fn call(dialect: &str, name: &str, arguments: &str) -> String {
    dialect.replacen("[ARGS]", "\u{1}", 1).replace("ARGS", arguments).replace('\u{1}', "[ARGS]").replace("NAME", name)
}

fn names() -> Vec<&'static str> {
    Tool::names()
}

fn before() -> impl Strategy<Value = &'static str> {
    select(vec!["", "I look.\n", "Well then:\n\n", "1. one\n2. two\n"])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_call_reads_back_in_each_dialect(
        dialect in select(DIALECTS.to_vec()), name in select(names()), fields in fields(value()), style in style(), before in before(),
    ) {
        let arguments = Value::Object(fields);
        let text = format!("{before}{}", call(dialect, name, &written(&arguments, style)));
        let read = read(&text, &names(), &Finish::Stop);
        prop_assert_eq!(&read.calls, &[Found { name: name.to_owned(), arguments }], "{}\n{:?}", text, read.broken);
        prop_assert_eq!(read.text, before.trim());
    }

    #[test]
    fn json_proper_reads_as_the_library_reads_it(value in value()) {
        // But for floats, of which it takes the nearest but one at times.
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            prop_assert_eq!(loose::all(&text, false).unwrap(), value.clone());
        }
    }

    #[test]
    fn keywords_read_back(name in select(names()), fields in fields(value()), style in style(), list in any::<bool>()) {
        let given: Vec<String> = fields.iter().map(|(key, value)| format!("{key}={}", written(value, style))).collect();
        let call = format!("{name}({})", given.join(", "));
        let text = if list { format!("[{call}]") } else { call };
        let read = read(&text, &names(), &Finish::Stop);
        prop_assert_eq!(read.calls, &[Found { name: name.to_owned(), arguments: Value::Object(fields) }], "{}", text);
    }

    #[test]
    fn texts_between_tags_read_back(amount in "[^<\\pC]{0,12}", recipient in "[^<\\pC]{1,12}", breaks in any::<bool>()) {
        let line = if breaks { "\n" } else { "" };
        let text = format!(
            "<function=pay_gas_fee>\n<parameter=amount>{line}{amount}{line}</parameter>\n<parameter=recipient>{line}{recipient}{line}</parameter>\n</function>"
        );
        let read = read(&text, &names(), &Finish::Stop);
        prop_assert_eq!(&read.calls[0].arguments, &json!({"amount": amount, "recipient": recipient}));
    }

    #[test]
    fn arguments_read_back_however_they_are_quoted(fields in fields(value()), style in style(), quotings in 0..3usize) {
        let arguments = Value::Object(fields);
        let mut text = written(&arguments, style);
        for _ in 0..quotings {
            text = Value::String(text).to_string();
        }
        prop_assert_eq!(read_arguments(&text, &Finish::Length).unwrap(), arguments);
    }

    #[test]
    fn closing_brackets_left_out_change_no_value(fields in fields(text().prop_map(Value::String)), style in style(), closed in 0..2usize) {
        prop_assume!(!fields.is_empty());
        let arguments = Value::Object(fields);
        let text = written(&arguments, Style { comma_at_end: false, ..style });
        let text = text.trim_end_matches('}').trim_end();
        let whole = format!("{{\"name\":\"list_jobs\",\"arguments\":{text}{}", "}".repeat(closed));
        let read = read(&whole, &names(), &Finish::Stop);
        prop_assert_eq!(&read.calls[0].arguments, &arguments, "{}", whole);
        prop_assert_eq!(read_arguments(text, &Finish::Stop).unwrap(), arguments);
        prop_assert!(read_arguments(text, &Finish::Length).is_err());
    }

    #[test]
    fn what_is_cut_has_no_other_values(
        dialect in select(DIALECTS.to_vec()), name in select(names()), fields in fields(scalar()), style in style(), at in 0.0..1.0f64, ended in any::<bool>(),
    ) {
        let text = call(dialect, name, &written(&Value::Object(fields.clone()), style));
        let cut: String = text.chars().take((text.chars().count() as f64 * at) as usize).collect();
        let finish = if ended { Finish::Stop } else { Finish::Length };
        for found in read(&cut, &names(), &finish).calls {
            let read = found.arguments.as_object().unwrap();
            prop_assert!(found.name == name || !names().contains(&found.name.as_str()), "{} for {}", found.name, name);
            for (key, value) in read {
                prop_assert_eq!(Some(value), fields.get(key), "{}", cut);
            }
            if !ended {
                prop_assert_eq!(read, &fields, "{}", cut);
            }
        }
    }

    #[test]
    fn arbitrary_text_calls_nothing_that_it_does_not_name(
        pieces in vec(
            prop_oneof![
                select(vec![
                    "<tool_call>", "</tool_call>", "<function=", "<parameter=job>", "</parameter>", "</function>", "<|python_tag|>", "[TOOL_CALLS]",
                    "[ARGS]", "```json\n", "```", "\n", "{", "}", "[", "]", "(", ")", "\"", "'", ":", ",", "=", "\\", "name", "\"name\"", "arguments",
                    "\"arguments\"", "job", "job-7k3q9dm2", "Action:", "Action Input:", "<arg_key>", "</arg_key>", "<arg_value>", "true", "None", "12", "é",
                ]).prop_map(str::to_owned),
                select(vec!["list_jobs", "pay_gas_fee", "run", "waitForJob", "launch"]).prop_map(str::to_owned),
                "\\PC{0,6}",
            ],
            0..24,
        )
    ) {
        let text = pieces.concat();
        let known = names();
        for call in read(&text, &known, &Finish::Stop).calls {
            prop_assert!(call.arguments.is_object());
            let word = |c: char| !(c.is_alphanumeric() || c == '_' || c == '.' || c == '-');
            let named = text.contains(&call.name) || text.split(word).any(|w| close_name(w, &known) == Some(call.name.as_str()));
            prop_assert!(named, "{} in {}", call.name, text);
        }
        let _ = read_arguments(&text, &Finish::Stop);
        let _ = close_name(&text, &known);
    }
}
