use serde_json::json;

use super::*;
use crate::tools::Tool;

fn reading(text: &str) -> Reading {
    read(text, &Tool::names())
}

fn one(text: &str) -> (String, Value) {
    let mut reading = reading(text);
    assert_eq!(reading.calls.len(), 1, "{text}: {reading:?}");
    let call = reading.calls.remove(0);
    (call.name, call.arguments)
}

#[test]
fn calls_in_the_forms_that_models_write() {
    let job = json!({"job": "job-7k3q9dm2"});
    for text in [
        "```json\n{\"name\": \"wait_for_job\", \"arguments\": {\"job\": \"job-7k3q9dm2\"}}\n```",
        "I will wait now.\n```\n{\"name\":\"wait_for_job\",\"parameters\":{\"job\":\"job-7k3q9dm2\"}}\n```\nDone.",
        "<tool_call>\n{\"name\": \"wait_for_job\", \"arguments\": {\"job\": \"job-7k3q9dm2\"}}\n</tool_call>",
        "<tool_call>{\"name\": \"wait_for_job\", \"arguments\": {\"job\": \"job-7k3q9dm2\"}}",
        "{\"name\": \"wait_for_job\", \"arguments\": {\"job\": \"job-7k3q9dm2\"}}",
        "Sure:\n{\"tool\": \"waitForJob\", \"args\": {\"job\": \"job-7k3q9dm2\"}}",
        "{\"type\":\"function\",\"function\":{\"name\":\"functions.wait_for_job\",\"arguments\":\"{\\\"job\\\":\\\"job-7k3q9dm2\\\"}\"}}",
        "[{\"name\": \"wait_for_job\"".replace("[{", "```json\n[{").as_str(),
    ] {
        if text.contains("[{") {
            assert!(reading(text).calls.is_empty(), "a cut call is no call");
            continue;
        }
        assert_eq!(one(text), ("wait_for_job".to_owned(), job.clone()), "{text}");
    }
    let two = reading(
        "<tool_call>{\"name\":\"list_jobs\"}</tool_call>\n<tool_call>{\"name\":\"list_jobs\",\"arguments\":{}}</tool_call>",
    );
    assert_eq!(two.calls.len(), 2);
    assert_eq!(one("```json\n[{\"name\":\"list_jobs\",\"arguments\":{}}]\n```").0, "list_jobs");
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
    assert!(read_arguments("{\"a\":1,\"a\":2}").unwrap_err().contains("comes twice"));
    assert!(read_arguments("[1]").unwrap_err().contains("an array"));
    assert_eq!(read_arguments("").unwrap(), json!({}));
    assert_eq!(read_arguments("\"{\\\"a\\\":1}\"").unwrap(), json!({"a": 1}));
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
