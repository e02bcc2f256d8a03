//! Thoughts are told from the answer, in whichever way a server gives them.

use super::*;

/// The answer, what was shown of it, and the thoughts.
async fn hears(model: &OpenAi) -> (String, String, String) {
    let (mut shown, mut thought) = (String::new(), String::new());
    let mut sink = |delta| match delta {
        Delta::Text(text) => shown.push_str(&text),
        Delta::Thought(text) => thought.push_str(&text),
        Delta::Lost(_) => {}
    };
    let turn = model.turn(&request(), &mut sink).await.unwrap();
    (turn.text, shown, thought)
}

fn pieces(texts: &[&str]) -> Answer {
    Answer::Events(texts.iter().map(|text| delta(json!({"content": text}))).chain([end("stop")]).collect())
}

#[tokio::test]
async fn no_thought_is_shown_as_the_answer() {
    let cases: Vec<Answer> = vec![
        pieces(&["<thi", "nking>hm", "</thinking>\n\nHel", "lo"]),
        pieces(&["<thought>hm</tho", "ught>Hello"]),
        pieces(&["[THI", "NK]hm[/THINK]Hello"]),
        pieces(&["<think>h</think>", "<think>m</think>Hello"]),
        pieces(&["<think>h</think>Hel", "<think>m</think>lo"]),
        pieces(&[
            "<|channel|>analysis<|message|>hm<|end|><|start|>assis",
            "tant<|channel|>final<|message|>Hello<|return|>",
        ]),
        Answer::Events(vec![
            delta(json!({"reasoning_content": "hm"})),
            delta(json!({"content": "Hello"})),
            end("stop"),
        ]),
        Answer::Events(vec![
            delta(json!({"reasoning": "hm", "reasoning_content": "hm"})),
            delta(json!({"content": "Hello"})),
            end("stop"),
        ]),
        // Mistral: parts of the content.
        Answer::Events(vec![
            delta(json!({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]})),
            delta(json!({"content": [{"type": "text", "text": "Hello"}]})),
            end("stop"),
        ]),
    ];
    for (n, answer) in cases.into_iter().enumerate() {
        let (_, settings) = serve(vec![answer]).await;
        let heard = hears(&OpenAi::new(settings).unwrap()).await;
        assert_eq!(heard, ("Hello".to_owned(), "Hello".to_owned(), "hm".to_owned()), "{n}");
    }
}

/// The model's template begins the thought within the prompt, so that only its end is seen.
#[tokio::test]
async fn a_lone_end_of_a_thought_ends_one_and_is_known_the_next_time() {
    let answer = || pieces(&["Let me see.\n", "</think>\n\nHello"]);
    let (_, settings) = serve(vec![answer(), answer(), pieces(&["No thought ", "at all"])]).await;
    let model = OpenAi::new(settings).unwrap();
    let (text, shown, _) = hears(&model).await;
    assert_eq!((text.as_str(), shown.as_str()), ("Hello", "Let me see.\nHello"), "what was shown cannot be taken back");
    let heard = hears(&model).await;
    assert_eq!(heard, ("Hello".to_owned(), "Hello".to_owned(), "Let me see.\n".to_owned()));
    assert_eq!(hears(&model).await.0, "No thought at all");
}
