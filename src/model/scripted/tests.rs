use serde_json::json;

use super::*;
use crate::tools::ToolSpec;

fn request(results: &[serde_json::Value]) -> ChatRequest {
    let mut messages = vec![Message::User { text: "fold data.fasta".into() }];
    for (i, result) in results.iter().enumerate() {
        let id = format!("c{i}");
        let call = ToolCall { id: id.clone(), name: "list_jobs".into(), arguments: "{}".into(), echo: None };
        messages.push(Message::called("", vec![call]));
        messages.push(Message::ToolResult { call_id: id, name: "list_jobs".into(), content: result.to_string() });
    }
    let tools = vec![ToolSpec { name: "list_jobs".into(), description: String::new(), schema: json!({}) }];
    ChatRequest { system: "You are".into(), messages, tools, ..ChatRequest::default() }
}

async fn play(model: &Scripted, request: &ChatRequest) -> Result<ChatTurn, ModelError> {
    model.turn(request, &mut |_| {}).await
}

const PAY: &str = r#"
case: {prompts: [fold data.fasta], anything: [1, 2]}
turns:
  - expect: {offered: [list_jobs], not_offered: [pay_gas_fee], choice: auto}
    call: {name: check_local_capability, arguments: {task_type: protein_folding, dataset: data.fasta}}
  - expect: {last_result: [job-7k3q9dm2, quote]}
    call:
      - {name: pay_gas_fee, arguments: {job: "{{job}}", amount: "{{quote.amount}}", recipient: "{{quote.recipient}}"}}
  - say: "Paid {{quote.amount}} GAS for {{job.1}}. {{ nothing here"
"#;

#[tokio::test]
async fn plays_its_turns_with_values_from_results() {
    let model = Scripted::parse("pay.yaml", PAY).unwrap();
    let first = play(&model, &request(&[])).await.unwrap();
    assert_eq!(first.calls[0].name, "check_local_capability");
    let quoted = json!({"ok": true, "job": "job-7k3q9dm2", "quote": {"amount": "2", "recipient": "NTY"}});
    let second = play(&model, &request(std::slice::from_ref(&quoted))).await.unwrap();
    assert_eq!(second.calls[0].arguments, r#"{"job":"job-7k3q9dm2","amount":"2","recipient":"NTY"}"#);
    assert_ne!(first.calls[0].id, second.calls[0].id);
    assert!(model.finish().unwrap_err().to_string().contains("1 scripted turns were not played"));
    let later = json!({"ok": true, "job": "job-aaaaaaaa", "quote": null});
    let third = play(&model, &request(&[quoted, later])).await.unwrap();
    assert_eq!(third.text, "Paid 2 GAS for job-7k3q9dm2. {{ nothing here");
    model.finish().unwrap();
    assert!(play(&model, &request(&[])).await.unwrap_err().to_string().contains("once more"));
}

#[tokio::test]
async fn fails_when_the_conversation_is_not_as_scripted() {
    let expects = |what: &str| Scripted::parse("x", &format!("turns: [{{expect: {what}, say: hi}}]")).unwrap();
    for (expect, why) in [
        ("{offered: [pay_gas_fee]}", "pay_gas_fee is not offered"),
        ("{not_offered: [list_jobs]}", "list_jobs is offered"),
        ("{only_offered: []}", "offered: [\"list_jobs\"]"),
        ("{choice: required}", "the tool choice is Auto"),
        ("{last_result: R-SIZE}", "lacks `R-SIZE`"),
        ("{user: unfold}", "lacks `unfold`"),
        ("{system: pirate}", "lacks `pirate`"),
    ] {
        let error = play(&expects(expect), &request(&[json!({"ok": true})])).await.unwrap_err();
        assert!(error.to_string().contains(why), "{expect}: {error}");
    }
    let mut broken = request(&[json!({"ok": true})]);
    broken.messages.pop();
    let error = play(&expects("{}"), &broken).await.unwrap_err().to_string();
    assert!(error.contains("breaks a rule") && error.contains("has no result"), "{error}");
    let unfilled = Scripted::parse("x", "turns: [{say: \"{{tx_hash}}\"}]").unwrap();
    assert!(play(&unfilled, &request(&[])).await.unwrap_err().to_string().contains("{{tx_hash}}"));
}

#[tokio::test]
async fn repeats_and_fails_as_told() {
    let model = Scripted::parse("x", "turns: [{call: {name: list_jobs}, repeat: 30}, {fail: stalled, optional: true}]")
        .unwrap();
    for _ in 0..5 {
        play(&model, &request(&[])).await.unwrap();
    }
    model.finish().unwrap();
    for _ in 0..25 {
        play(&model, &request(&[])).await.unwrap();
    }
    assert!(matches!(play(&model, &request(&[])).await, Err(ModelError::Stalled { .. })));
}

#[test]
fn says_what_is_wrong_with_a_transcript() {
    for (text, why) in [
        ("turns: [{sing: la}]", "sing"),
        ("turnes: []", "turnes"),
        ("turns: [{say: a, text: b}]", "one of say, text and fail"),
        ("turns: [{say: a, fail: key}]", "one of say, text and fail"),
        ("turns: {", ""),
    ] {
        let error = Scripted::parse("x.yaml", text).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains("x.yaml") && error.contains(why), "{text}: {error}");
    }
    let json = r#"{"turns": [{"say": "hi"}]}"#;
    assert!(Scripted::parse("x.json", json).is_ok());
}
