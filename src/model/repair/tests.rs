use serde_json::json;

use super::*;
use crate::tools::Tool;

fn reading(text: &str) -> Reading {
    read(text, &Tool::names(), &Finish::Stop)
}

fn one(text: &str) -> (String, Value) {
    let mut reading = reading(text);
    assert_eq!(reading.calls.len(), 1, "{text}: {reading:?}");
    let call = reading.calls.remove(0);
    (call.name, call.arguments)
}

const JOB: &str = "job-7k3q9dm2";

#[test]
fn calls_in_the_forms_that_models_write() {
    let job = json!({"job": JOB});
    let plain = r#"{"name": "wait_for_job", "arguments": {"job": "job-7k3q9dm2"}}"#;
    for text in [
        // JSON: fenced, bare, under other keys, as OpenAI's own messages hold it, within a text.
        format!("```json\n{plain}\n```"),
        format!("```json {plain}```"),
        format!("~\n{plain}").replace('~', "Sure:"),
        plain.to_owned(),
        format!("[{plain}]"),
        "I will wait now.\n```\n{\"name\":\"wait_for_job\",\"parameters\":{\"job\":\"job-7k3q9dm2\"}}\n```\nDone.".into(),
        "Sure:\n{\"tool\": \"waitForJob\", \"args\": {\"job\": \"job-7k3q9dm2\"}}".into(),
        "```json\n[{\"tool_name\": \"wait_for_job\", \"parameters\": {\"job\": \"job-7k3q9dm2\"}}]\n```".into(),
        r#"{"type":"function","function":{"name":"functions.wait_for_job","arguments":"{\"job\":\"job-7k3q9dm2\"}"}}"#.into(),
        r#"{"tool_calls":[{"id":"pending","type":"function","function":{"name":"wait_for_job"},"parameters":{"job":"job-7k3q9dm2"}}]}"#.into(),
        r#"{"function_call": {"name": "wait_for_job", "arguments": {"job": "job-7k3q9dm2"}}}"#.into(),
        r#"{"wait_for_job": {"job": "job-7k3q9dm2"}}"#.into(),
        r#"{"name": "wait_for_job", "job": "job-7k3q9dm2"}"#.into(),
        // Tags, closed and not, and what stands in them.
        format!("<tool_call>\n{plain}\n</tool_call>"),
        format!("<tool_call>{plain}"),
        format!("<tool_call>```json\n{plain}\n```</tool_call>"),
        format!("```xml\n<tool_call>{plain}</tool_call>\n```"),
        format!("<tool_call>[{plain}]</tool_call>"),
        format!("<function_call>{plain}</function_call>"),
        format!("<tools>\n{plain}\n</tools>"),
        format!("<tool-use>{{\"tool_calls\": [{plain}]}}</tool-use>"),
        format!("<|tool_call|>[{plain}]<|/tool_call|>"),
        format!("<|python_tag|>{plain}<|eom_id|>"),
        format!("[TOOL_CALLS][{plain}]"),
        format!("[TOOL_CALLS] [{plain}]</s>"),
        format!("<|action_start|><|plugin|>{plain}<|action_end|>"),
        // A name, then the arguments.
        r#"[TOOL_CALLS]wait_for_job[ARGS]{"job": "job-7k3q9dm2"}"#.into(),
        r#"[TOOL_CALLS]wait_for_job[CALL_ID]a1B2c3D4e[ARGS]{"job": "job-7k3q9dm2"}"#.into(),
        r#"<function=wait_for_job>{"job": "job-7k3q9dm2"}</function>"#.into(),
        r#"<function=wait_for_job{"job": "job-7k3q9dm2"}</function>"#.into(),
        r#"wait_for_job{"job": "job-7k3q9dm2"}</function>"#.into(),
        r#"<|tool_calls_section_begin|><|tool_call_begin|>functions.wait_for_job:0<|tool_call_argument_begin|>{"job": "job-7k3q9dm2"}<|tool_call_end|><|tool_calls_section_end|>"#.into(),
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>wait_for_job\n```json\n{\"job\": \"job-7k3q9dm2\"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>".into(),
        "<｜tool▁call▁begin｜>wait_for_job<｜tool▁sep｜>{\"job\": \"job-7k3q9dm2\"}<｜tool▁call▁end｜>".into(),
        // DeepSeek's DSML: opensquilla#985, command-code#909, GenericAgent#804, aiope#119.
        "<｜DSML｜tool_calls>\n<｜DSML｜invoke name=\"wait_for_job\">\n<｜DSML｜parameter name=\"job\" string=\"true\">job-7k3q9dm2</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜tool_calls>".into(),
        "<｜｜DSML｜｜ calls>\n<｜｜DSML｜｜ invoke name=\"wait_for_job\">\n<｜｜DSML｜｜ parameter name=\"job\" string=\"true\">job-7k3q9dm2</｜｜DSML｜｜ parameter>\n</｜｜DSML｜｜ invoke>\n</｜｜DSML｜｜ calls>".into(),
        "I wait.\n<‖DSML‖tool_calls><‖DSML‖invoke name=\"wait_for_job\"><‖DSML‖parameter name=\"job\" string=\"true\">job-7k3q9dm2</‖DSML‖parameter></‖DSML‖invoke></‖DSML‖tool_calls>".into(),
        "<|DSML|function_calls><|DSML|invoke name=\"wait_for_job\"><|DSML|parameter name=\"job\" string=\"true\">job-7k3q9dm2</|DSML|parameter></|DSML|invoke></|DSML|function_calls>".into(),
        "< | DSML | tool_use>\n< | DSML | invoke name=\"wait_for_job\">< | DSML | parameter name=\"job\" string=\"true\">job-7k3q9dm2</ | DSML | parameter></ | DSML | invoke></ | DSML | tool_use>".into(),
        "<｜DSML｜invoke name=\"wait_for_job\"><｜DSML｜parameter name=\"job\" string=\"true\">job-7k3q9dm2</｜DSML｜parameter></｜DSML｜invoke>".into(),
        r#"<|channel|>commentary to=functions.wait_for_job <|constrain|>json<|message|>{"job": "job-7k3q9dm2"}<|call|>"#.into(),
        "Thought: it is paid.\nAction: wait_for_job\nAction Input: {\"job\": \"job-7k3q9dm2\"}".into(),
        // XML.
        "<tool_call>\n<function=wait_for_job>\n<parameter=job>\njob-7k3q9dm2\n</parameter>\n</function>\n</tool_call>".into(),
        "<function=wait_for_job>\n<parameter=job>\njob-7k3q9dm2\n</parameter>\n</function>\n</tool_call>".into(),
        "<function=wait_for_job><parameter=job>job-7k3q9dm2</function>".into(),
        "<function_calls><invoke name=\"wait_for_job\"><parameter name=\"job\">job-7k3q9dm2</parameter></invoke></function_calls>".into(),
        "<tool_call>wait_for_job\n<arg_key>job</arg_key>\n<arg_value>job-7k3q9dm2</arg_value>\n</tool_call>".into(),
        // Python.
        "wait_for_job(job=\"job-7k3q9dm2\")".into(),
        "I wait:\n  wait_for_job(job='job-7k3q9dm2',)\n".into(),
        "[wait_for_job(job=\"job-7k3q9dm2\")]".into(),
        "<|python_tag|>wait_for_job.call(job=\"job-7k3q9dm2\")".into(),
        "<|tool_call_start|>[wait_for_job(job=\"job-7k3q9dm2\")]<|tool_call_end|>".into(),
        "```tool_code\nprint(default_api.wait_for_job(job=\"job-7k3q9dm2\"))\n```".into(),
        "```wait_for_job(job=\"job-7k3q9dm2\")```".into(),
        "```js\nwait_for_job({job: \"job-7k3q9dm2\"})\n```".into(),
        // JSON that is nearly JSON.
        "{'name': 'wait_for_job', 'arguments': {'job': 'job-7k3q9dm2'}}".into(),
        "{name: \"wait_for_job\", arguments: {job: \"job-7k3q9dm2\",},}".into(),
        "```json\n{\"name\": \"wait_for_job\", // now\n\"arguments\": {\"job\": \"job-7k3q9dm2\"}\n```".into(),
        "<tool_call>{\"name\": \"wait_for_job\", \"arguments\": {\"job\": \"job-7k3q9dm2\"</tool_call>".into(),
        "{\"name\": \"wait_for_job\", \"arguments\": {\"job\": \"job-7k3q9dm2\"}".into(),
        "{\"name\": \"wait_for_job\", \"arguments\": {\"job\": \"job-7k3q9dm2\"}}}".into(),
        "[{\"name\": \"wait_for_job\", \"arguments\": {\"job\": \"job-7k3q9dm2\"}]".into(),
    ] {
        assert_eq!(one(&text), ("wait_for_job".to_owned(), job.clone()), "{text}");
        let words = reading(&text).text;
        assert!(!words.contains(['{', '<', '|', '(']) && !words.contains("job-"), "{text} leaves {words}");
    }
}

#[test]
fn several_calls_in_one_answer() {
    let call = |state: &str| Found { name: "list_jobs".into(), arguments: json!({ "state": state }) };
    let both = vec![call("open"), call("done")];
    let (open, done) = (
        r#"{"name":"list_jobs","arguments":{"state":"open"}}"#,
        r#"{"name":"list_jobs","arguments":{"state":"done"}}"#,
    );
    for text in [
        format!("<tool_call>{open}</tool_call>\n<tool_call>{done}</tool_call>"),
        format!("<tool_call>{open}\n<tool_call>{done}"),
        format!("<tool_call>{open}\n{done}</tool_call>"),
        format!("<|python_tag|>{open};{done}"),
        format!("{open}\n{done}"),
        format!("[{open}, {done}]"),
        format!("```json\n{open}\n```\nand\n```json\n{done}\n```"),
        format!("```json\n[{open},{done}]\n```"),
        "[TOOL_CALLS]list_jobs[ARGS]{\"state\":\"open\"}[TOOL_CALLS]list_jobs[ARGS]{\"state\":\"done\"}".into(),
        "[list_jobs(state='open'), list_jobs(state='done')]".into(),
        "list_jobs(state='open')\nlist_jobs(state='done')".into(),
        "```python\nlist_jobs(state='open')\nlist_jobs(state='done')\n```".into(),
        "<tool_call><function=list_jobs><parameter=state>open</parameter></function></tool_call>\n<tool_call><function=list_jobs><parameter=state>done</parameter></function></tool_call>".into(),
    ] {
        assert_eq!(reading(&text).calls, both, "{text}");
    }
}

#[test]
fn the_schema_tells_texts_from_other_values_between_tags() {
    let text = "<function=check_local_capability>\n<parameter=task_type>\n12\n</parameter>\n<parameter=dataset>\n a b.fasta\n</parameter>\n\
                <parameter=here_only>\ntrue\n</parameter>\n<parameter=parameters>\n{\"dimension\": 3}\n</parameter>\n</function>";
    let wanted = json!({"task_type": "12", "dataset": " a b.fasta", "here_only": true, "parameters": {"dimension": 3}});
    assert_eq!(one(text).1, wanted);
}

#[test]
fn a_call_between_tags_that_names_no_tool_is_none() {
    for begin in ["<function=", "<function= ", "<function=>", "<invoke name=\"\">", "<tool name=\" \">"] {
        let text = format!("{begin}<parameter=amount>2</parameter></function>");
        assert!(reading(&text).calls.is_empty(), "{text}");
        assert!(reading(&format!("<tool_call>{text}</tool_call>")).broken.is_some(), "{text}");
    }
}

#[test]
fn what_is_cut_is_told_and_not_completed() {
    let cut = |text: &str, finish: &Finish| {
        let reading = read(text, &Tool::names(), finish);
        assert!(reading.calls.is_empty(), "{text}: {reading:?}");
        reading.broken.unwrap_or_default()
    };
    let call = r#"<tool_call>{"name": "pay_gas_fee", "arguments": {"job": "job-7k3q9dm2", "amount": "2"#;
    assert_eq!(
        cut(call, &Finish::Stop),
        "a call in the text cannot be read: it is cut off, and what is missing is not guessed"
    );
    for text in [
        format!("{call}</tool_call>"),
        call.replace("<tool_call>", ""),
        call.replace("\"2", "2"),
        call.replace("\"2", ""),
        call.replace(", \"amount\": \"2", ","),
        call.replace("\"2", "tru"),
        "pay_gas_fee(job=\"job-7k3q9dm2\", amount=\"2".into(),
        "pay_gas_fee(job=\"job-7k3q9dm2\", amount=2".into(),
        "pay_gas_fee(job=\"job-7k3q9dm2\", amount".into(),
        "<function=pay_gas_fee><parameter=job>job-7k3q".into(),
    ] {
        assert!(cut(&text, &Finish::Stop).contains("cut off"), "{text}");
        assert!(cut(&text, &Finish::Length).contains("cut off"), "{text}");
    }
    // Only brackets are missing: whether anything else is, an answer that was cut does not tell.
    let text = format!("{call}\"");
    assert!(cut(&text, &Finish::Length).contains("cut off"));
    assert_eq!(one(&text).1, json!({"job": JOB, "amount": "2"}));
    for (raw, finish, reads) in [
        ("{\"a\": \"b\"", Finish::Stop, true),
        ("{\"a\": \"b\"", Finish::Length, false),
        ("{\"a\": \"b\"", Finish::ContentFilter, false),
        ("{\"a\": \"b\"}", Finish::Length, true),
        ("{\"a\": \"b\",", Finish::Stop, false),
        ("{\"a\": 12", Finish::Stop, false),
    ] {
        assert_eq!(read_arguments(raw, &finish).is_ok(), reads, "{raw} {finish:?}");
    }
}

#[test]
fn nothing_that_was_said_is_left_out() {
    let broken = |text: &str| {
        let reading = reading(text);
        assert!(reading.calls.is_empty(), "{text}: {reading:?}");
        reading.broken.unwrap()
    };
    let stray = r#"{"name":"pay_gas_fee","arguments":{"job":"job-7k3q9dm2"},"amount":"2"}"#;
    assert!(broken(stray).contains("`amount` stands outside `arguments`"));
    let two = r#"<tool_call>{"name":"list_jobs","arguments":{},"parameters":{"state":"open"}}</tool_call>"#;
    assert!(broken(two).contains("`parameters` stands outside `arguments`"));
    let other = r#"<tool_call>{"name":"list_jobs","tool":"pay_gas_fee","arguments":{}}</tool_call>"#;
    assert!(broken(other).contains("`tool` stands outside"));
    let scalar = r#"<tool_call>{"name":"list_jobs","arguments":"all of them"}</tool_call>"#;
    assert!(broken(scalar).contains("no JSON object"));
    let number = "<tool_call>{'name':'list_jobs','arguments':{'n':123456789012345678901}}</tool_call>";
    assert!(broken(number).contains("cannot be kept exactly"));
    assert!(broken("<tool_call>{\"x\": 1}</tool_call>").contains("names no tool"));
    assert!(broken("```python\nwait_for_job(job='a', job='b')\n```").contains("`job` comes twice"));
}

#[test]
fn the_rest_of_the_text_is_kept() {
    let text = "First I look.\n```json\n{\"name\":\"list_jobs\",\"arguments\":{}}\n```\nThen I answer.";
    assert_eq!(reading(text).text, "First I look.\n\nThen I answer.");
}

#[test]
fn what_is_no_call_is_left_alone() {
    for text in [
        "The result is {\"name\": \"x\"} as you see.",
        "```json\n{\"energy\": -9, \"walk\": \"RUL\"}\n```",
        "```python\nprint('hi')\n```",
        "{\"name\": \"Ada\", \"arguments\": {\"x\": 1}}",
        "To wait, write wait_for_job(job=\"job-7k3q9dm2\") and press enter.",
        "wait_for_job(job) is what I would call next.",
        "wait_for_job(job=\"job-7k3q9dm2\") waits for it.",
        "The tag <tool_call> begins a call, and `<tools>` lists them.",
        "Action: fold the protein\nAction Input: none",
        "```python\nquote = run_remote_compute(job)\nprint(quote)\n```",
        "[1] Wait for the job\n[2] {done}",
        "f(x) = 2\n(see above)",
        "call wait_for_job with job-7k3q9dm2",
        "{ not json",
        "``` unclosed",
        "```",
    ] {
        let reading = reading(text);
        assert!(reading.calls.is_empty(), "{text}: {reading:?}");
        assert_eq!(reading.text, text.trim());
    }
}

#[test]
fn two_values_for_one_key_are_told_and_not_chosen_from() {
    let text = "{\"name\":\"pay_gas_fee\",\"arguments\":{\"amount\":\"2\",\"amount\":\"9\"}}";
    for text in [text.to_owned(), format!("```json\n{text}\n```"), format!("<tool_call>{text}</tool_call>")] {
        let reading = reading(&text);
        assert!(reading.calls.is_empty() && reading.broken.unwrap().contains("`amount` comes twice"), "{text}");
    }
    assert!(read_arguments("{\"a\":1,\"a\":2}", &Finish::Stop).unwrap_err().contains("comes twice"));
    assert!(read_arguments("[1]", &Finish::Stop).unwrap_err().contains("an array"));
    assert_eq!(read_arguments("", &Finish::Stop).unwrap(), json!({}));
    assert_eq!(read_arguments("\"{\\\"a\\\":1}\"", &Finish::Stop).unwrap(), json!({"a": 1}));
}

#[test]
fn names_are_repaired_only_when_one_can_be_meant() {
    let known = Tool::names();
    for (wrong, right) in [
        ("Pay_Gas_Fee", Some("pay_gas_fee")),
        ("pay-gas-fee", Some("pay_gas_fee")),
        ("functions.pay_gas_fee", Some("pay_gas_fee")),
        ("pay_gas_fees", Some("pay_gas_fee")),
        ("wait_for_jobs", Some("wait_for_job")),
        ("functions.pay_gas_fee:2", Some("pay_gas_fee")),
        ("pay_gas", Some("pay_gas_fee")),
        ("list_all_jobs", Some("list_jobs")),
        ("wait_for_job_done", Some("wait_for_job")),
        ("waitJob", Some("wait_for_job")),
        ("check_capability", Some("check_local_capability")),
        ("run_remote", Some("run_remote_compute")),
        ("list_jobs_and_wait_for_job", None),
        ("run_compute_task", None),
        ("run_task", None),
        ("run", None),
        ("transfer", None),
        ("", None),
    ] {
        assert_eq!(close_name(wrong, &known), right, "{wrong}");
    }
    assert_eq!(close_name("listjob", &["list_jobs", "list_job"]), Some("list_job"));
    assert_eq!(close_name("list_jobx", &["list_jobs", "list_joby"]), None);
}

#[test]
fn a_key_may_come_once_and_brackets_are_not_endless() {
    for twice in [r#"{"amount":"2","amount":"9"}"#, r#"{"x":[{"a":1,"a":1}]}"#, r#"{"a":1,"\u0061":2}"#, "{'a':1,a:1}"]
    {
        assert!(read_arguments(twice, &Finish::Stop).unwrap_err().contains("comes twice"), "{twice}");
    }
    for bad in [
        "[[",
        "{} {}",
        "{\"a\": 01}",
        "{\"a\": .5}",
        "{\"a\": 1e999}",
        "{\"a\": \"\\d\"}",
        "{\"a\": \"\\ud800\"}",
        "{'it's': 1}",
    ] {
        assert!(read_arguments(bad, &Finish::Stop).is_err(), "{bad}");
    }
    assert!(read_arguments(&"[".repeat(100_000), &Finish::Stop).is_err(), "depth is bounded");
    let text = r#"{"a": {"b": [1, -2, 2.5, "x", null, true]}, "c": 18446744073709551615, "d": "\ud83e\uddec\/"}"#;
    assert_eq!(read_arguments(text, &Finish::Stop).unwrap(), serde_json::from_str::<Value>(text).unwrap());
}
