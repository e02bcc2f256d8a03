//! Sixteen megabytes of the worst, from a server: each way in takes time in proportion, and hears a wish to stop meanwhile.

use super::*;
use crate::agent::gate::Gate;
use domain::worst::{self, MUCH, PIECES};

async fn takes(what: &str, body: Vec<String>, form: bool) {
    let (_, settings) = serve(vec![Answer::Raw(body, After::End)]).await;
    let model = OpenAi::new(OpenAiSettings { retries: 0, ..settings }).unwrap();
    let form = form.then(|| crate::model::Form { name: "form".into(), schema: json!({"type": "object"}) });
    let request = ChatRequest { form, choice: ToolChoice::Auto, ..request() };
    let known = ["list_jobs"];
    let mut gate = Gate::new(&known, true);
    let mut sink = |delta| {
        if let Delta::Text(text) = delta {
            gate.pass(&text);
        }
    };
    let begun = worst::worked();
    let _ = model.turn(&request, &mut sink).await;
    worst::in_time(what, begun);
}

fn content(text: &str) -> String {
    format!("data: {}\n\n", delta(json!({"content": text})))
}

/// A piece of a call, with an id of its own each time.
fn arguments(n: usize, text: &str) -> String {
    let call = json!([{"id": format!("id-{n}"), "function": {"name": "list_jobs", "arguments": text}}]);
    format!("data: {}\n\n", delta(json!({"tool_calls": call})))
}

#[tokio::test]
async fn one_event_of_much_takes_time_in_proportion() {
    for piece in PIECES {
        takes(&format!("{piece:?} said at once"), vec![content(&worst::said(piece, MUCH / 32))], false).await;
    }
    for values in ["{\"\":0},", "[],", "0,"] {
        let list = format!("[{}0]", values.repeat(MUCH / 2 / values.len()));
        takes(
            "a list for a text",
            vec![format!("data: {{\"choices\":[{{\"delta\":{{\"content\":{list}}}}}]}}\n\n")],
            false,
        )
        .await;
        takes("a list for an answer", vec![list], false).await;
    }
}

#[tokio::test]
async fn a_body_of_much_that_is_no_answer_takes_time_in_proportion() {
    for piece in ["\n", "data: {}\n\n", "a", "\u{feff}", " "] {
        let body = worst::said(piece, 1 << 16);
        let pieces = vec![body; MUCH / (1 << 16)];
        takes(&format!("{piece:?} as a body"), pieces, false).await;
    }
}

#[tokio::test]
async fn an_answer_in_many_pieces_takes_time_in_proportion() {
    const EVENTS: usize = 60_000;
    for (piece, form) in [("a", true), ("<think>", false), ("\n{", false)] {
        let body: String = (0..EVENTS).map(|n| content(&format!("{piece}{}", n % 7))).collect();
        takes(&format!("{piece:?} in pieces, {form}"), vec![body], form).await;
    }
    for (first, piece) in [("{}", " "), ("{\"a\":\"", "a")] {
        let body = std::iter::once(arguments(0, first)).chain((1..EVENTS).map(|n| arguments(n, piece)));
        takes(&format!("{piece:?} as arguments"), vec![body.collect::<String>()], false).await;
    }
}

#[tokio::test]
async fn a_wish_to_stop_is_heard_while_much_is_read() {
    let pieces = vec![worst::said(":\n", 1 << 20); MUCH / (1 << 20)];
    let (_, settings) = serve(vec![Answer::Raw(pieces, After::Silence)]).await;
    let model = OpenAi::new(settings).unwrap();
    let mut looks = 0;
    let request = request();
    let mut sink = |_| {};
    // Both in one task, as a turn and the ear for Ctrl-C are.
    tokio::select! {
        biased;
        _ = async {
            while looks < 100 {
                tokio::task::yield_now().await;
                looks += 1;
            }
        } => {}
        turn = model.turn(&request, &mut sink) => panic!("{turn:?}"),
    }
    assert_eq!(looks, 100);
}
