//! Models on tape: one that is recorded as it answers, and one that answers from a record.
//!
//! What is recorded is the request and the turn in this program's own form, whichever model and API is behind it, so that
//! a record is played without an endpoint, a key, a transcript or the planner.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ChatModel, ChatRequest, ChatTurn, Delta, Message, ModelError, Usage};
use cassette::{
    format::{Answered, Asked, Body, Broken, Part},
    play::Player,
    record::Recorder,
};

/// The method of a request to a model.
const TURN: &str = "TURN";

/// What came of a request: the pieces as they were streamed, then the turn or the error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct KeptTurn {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pieces: Vec<String>,
    /// What tries took that gave no turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lost: Vec<Usage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    turn: Option<ChatTurn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<ModelError>,
}

fn asked(model: String, request: &ChatRequest) -> Asked {
    // A request is plain data with text keys, which always serialises.
    let body = serde_json::to_value(request).map_or(Body::Empty, Body::Json);
    Asked { id: 0, part: Part::Model, method: TURN.to_owned(), target: model, headers: Default::default(), body }
}

/// A model whose turns are recorded.
pub struct Recorded {
    inner: Arc<dyn ChatModel>,
    recorder: Arc<Recorder>,
}

impl Recorded {
    /// `inner`, recorded.
    pub fn new(inner: Arc<dyn ChatModel>, recorder: Arc<Recorder>) -> Recorded {
        Recorded { inner, recorder }
    }

    /// The pieces as they are kept; one piece where a secret lies across two, which would be found in neither.
    fn kept(&self, pieces: Vec<String>) -> Vec<String> {
        let whole = pieces.concat();
        let each: String = pieces.iter().map(|piece| self.recorder.scrubbed(piece)).collect();
        if each == self.recorder.scrubbed(&whole) { pieces } else { vec![whole] }
    }
}

#[async_trait]
impl ChatModel for Recorded {
    fn name(&self) -> String {
        self.inner.name()
    }

    async fn turn(&self, request: &ChatRequest, sink: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError> {
        let id = self.recorder.asked(asked(self.name(), request));
        let (mut pieces, mut lost) = (Vec::new(), Vec::new());
        let came = self
            .inner
            .turn(request, &mut |delta| {
                match &delta {
                    Delta::Text(text) => pieces.push(text.clone()),
                    // Nobody needs them to play the run.
                    Delta::Thought(_) => {}
                    Delta::Lost(usage) => lost.push(*usage),
                }
                sink(delta);
            })
            .await;
        if let Some(id) = id {
            let pieces = self.kept(pieces);
            let (turn, error) = (came.as_ref().ok().cloned(), came.as_ref().err().cloned());
            let kept = KeptTurn { pieces, lost, turn, error };
            let body = serde_json::to_value(&kept).map_or(Body::Empty, Body::Json);
            self.recorder.answered(Answered { id, body, ..Answered::default() });
        }
        came
    }

    fn finish(&self) -> Result<(), ModelError> {
        self.inner.finish()
    }
}

/// A model that answers from a record.
pub struct Played {
    name: String,
    player: Arc<Player>,
}

impl Played {
    /// The pieces in this run's paths; one piece where a path lies across two.
    fn here(&self, pieces: Vec<String>) -> Vec<String> {
        let whole = self.player.here(&pieces.concat());
        let each: Vec<String> = pieces.iter().map(|piece| self.player.here(piece)).collect();
        if each.concat() == whole { each } else { vec![whole] }
    }

    /// The model that was called so when the run was recorded.
    pub fn new(name: String, player: Arc<Player>) -> Played {
        Played { name, player }
    }
}

#[async_trait]
impl ChatModel for Played {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn turn(&self, request: &ChatRequest, sink: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError> {
        let answered = self.player.turn(asked(self.name(), request), fits).await;
        let kept = match answered.body {
            Body::Json(kept) => serde_json::from_value::<KeptTurn>(kept).map_err(|e| e.to_string()),
            _ => Err(answered.broken.as_ref().map_or("it holds no turn".to_owned(), Broken::to_string)),
        };
        let KeptTurn { pieces, lost, turn, error } =
            kept.map_err(|why| ModelError::Garbage { what: format!("the record cannot be read: {why}") })?;
        lost.into_iter().for_each(|usage| sink(Delta::Lost(usage)));
        self.here(pieces).into_iter().for_each(|text| sink(Delta::Text(text)));
        match (turn, error) {
            (Some(mut turn), _) => {
                turn.text = self.player.here(&turn.text);
                turn.calls.iter_mut().for_each(|call| call.arguments = self.player.here(&call.arguments));
                Ok(turn)
            }
            (None, Some(error)) => Err(error),
            (None, None) => Err(ModelError::Garbage { what: "the record holds no turn".to_owned() }),
        }
    }
}

/// Whether a request is the recorded one in what decides: what the model has just been told, and what it may call.
/// Words may differ: those of a later version of this program do.
fn fits(now: &Value, then: &Value) -> Result<(), String> {
    let read = |value: &Value| serde_json::from_value::<ChatRequest>(value.clone()).map_err(|e| e.to_string());
    let (now, then) = (read(now)?, read(then)?);
    let (heard, recorded) = (last_told(&now), last_told(&then));
    if heard != recorded {
        return Err(format!("it was just told {}, and in the record {}", list(&heard), list(&recorded)));
    }
    let offered = |request: &ChatRequest| {
        let mut names: Vec<String> = request.tools.iter().map(|tool| tool.name.clone()).collect();
        names.sort();
        names
    };
    let (may, might) = (offered(&now), offered(&then));
    if may != might {
        return Err(format!("it may call {}, and in the record {}", list(&may), list(&might)));
    }
    Ok(())
}

/// What stands after the model's last words: results of tools, each with how it went, or a person's.
fn last_told(request: &ChatRequest) -> Vec<String> {
    let after = request.messages.iter().rposition(|m| matches!(m, Message::Assistant { .. })).map_or(0, |at| at + 1);
    let told = request.messages.iter().skip(after).map(|message| match message {
        Message::ToolResult { name, content, .. } => {
            let ok = serde_json::from_str::<Value>(content).ok().and_then(|v| v.get("ok").and_then(Value::as_bool));
            format!("{name} {}", if ok == Some(true) { "done" } else { "failed" })
        }
        Message::User { .. } | Message::Assistant { .. } => "words".to_owned(),
    });
    let mut told: Vec<String> = told.collect();
    told.dedup_by(|a, b| a == "words" && b == "words");
    told
}

fn list(items: &[String]) -> String {
    if items.is_empty() { "nothing".to_owned() } else { items.join(", ") }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::json;

    use super::*;
    use crate::{
        model::{Finish, ToolCall},
        tools::ToolSpec,
    };
    use cassette::{format::What, read::Cassette};

    /// What each try that fails took.
    const LOST: Usage = Usage {
        prompt_tokens: 9,
        completion_tokens: 1,
        cached_tokens: None,
        reasoning_tokens: None,
        cost: None,
        estimated: false,
    };

    /// Says what it is given to say.
    struct Says(Mutex<Vec<Result<ChatTurn, ModelError>>>);

    #[async_trait]
    impl ChatModel for Says {
        fn name(&self) -> String {
            "says".into()
        }
        async fn turn(&self, _: &ChatRequest, sink: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError> {
            let next = self.0.lock().unwrap().remove(0);
            if next.is_err() {
                sink(Delta::Lost(LOST));
            }
            if let Ok(turn) = &next {
                turn.text.split_inclusive(' ').for_each(|piece| sink(Delta::Text(piece.into())));
            }
            next
        }
    }

    fn request(system: &str, messages: Vec<Message>) -> ChatRequest {
        let tool = ToolSpec { name: "list_jobs".into(), description: "Lists.".into(), schema: json!({}) };
        ChatRequest { system: system.into(), messages, tools: vec![tool], ..ChatRequest::default() }
    }

    fn user(text: &str) -> Message {
        Message::User { text: text.into() }
    }

    fn called(ok: bool) -> Vec<Message> {
        let call = ToolCall { id: "c1".into(), name: "list_jobs".into(), arguments: "{}".into(), echo: None };
        let content = json!({"ok": ok, "next_step": "any words"}).to_string();
        vec![
            user("hi"),
            Message::called("", vec![call]),
            Message::ToolResult { call_id: "c1".into(), name: "list_jobs".into(), content },
        ]
    }

    #[tokio::test]
    async fn what_is_recorded_is_played_with_its_pieces_and_errors() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.cassette");
        let recorder = Arc::new(Recorder::create(&path).unwrap());
        let start = serde_json::json!({
            "cassette": 2, "bounds": {}, "program": "0.2.0", "command": "ask", "flags": [], "folder": "/work",
            "home": "/home/me", "settings": {}, "built": {}
        });
        let start = serde_json::from_value(start).unwrap();
        recorder.write(What::Start(Box::new(start)));
        let usage = Some(Usage { prompt_tokens: 7, completion_tokens: 2, ..Usage::default() });
        let turn =
            ChatTurn { text: "all is well".into(), calls: vec![], finish: Finish::Length, usage, reasoning: None };
        let error = ModelError::RateLimited { message: "slow".into(), retry_after: None };
        let model =
            Recorded::new(Arc::new(Says(Mutex::new(vec![Ok(turn.clone()), Err(error.clone())]))), recorder.clone());
        model.turn(&request("s", vec![user("hi")]), &mut |_| {}).await.unwrap();
        assert_eq!(model.turn(&request("s", called(true)), &mut |_| {}).await.unwrap_err(), error);

        let cassette = Cassette::read(&path).unwrap();
        let player = Arc::new(Player::new(&cassette, Vec::new()));
        let played = Played::new("says".into(), player.clone());
        let mut pieces = Vec::new();
        let mut lost = Vec::new();
        let sink = &mut |delta: Delta| match delta {
            Delta::Text(piece) => pieces.push(piece),
            Delta::Thought(thought) => panic!("{thought}"),
            Delta::Lost(usage) => lost.push(usage),
        };
        assert_eq!(played.turn(&request("other words", vec![user("hi")]), sink).await.unwrap(), turn);
        assert_eq!(player.reworded(), 1);
        assert_eq!(played.turn(&request("s", called(true)), sink).await.unwrap_err(), error);
        assert_eq!((pieces, lost), (["all ", "is ", "well"].map(str::to_owned).to_vec(), vec![LOST]));
        assert_eq!((player.left(), player.divergence()), (vec![], None));
    }

    #[tokio::test]
    async fn a_secret_that_lies_across_pieces_is_in_none_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.cassette");
        let recorder = Arc::new(Recorder::create(&path).unwrap());
        recorder.secret("IT", b"correct horse battery");
        let say = |text: &str| Ok(ChatTurn { text: text.into(), ..ChatTurn::default() });
        let turns = vec![say("it is correct horse battery, no?"), say("it is correct")];
        let model = Recorded::new(Arc::new(Says(Mutex::new(turns))), recorder);
        for _ in 0..2 {
            model.turn(&request("s", vec![user("hi")]), &mut |_| {}).await.unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(r#""pieces":["it is scrubbed-IT, no?"]"#), "{text}");
        assert!(text.contains(r#""pieces":["it ","is ","correct"]"#), "{text}");
        assert!(!text.contains("horse") && !text.contains("battery"), "{text}");
    }

    #[test]
    fn a_request_fits_by_what_decides_and_not_by_its_words() {
        let value = |request: &ChatRequest| serde_json::to_value(request).unwrap();
        let then = value(&request("s", called(true)));
        assert_eq!(fits(&value(&request("a longer prompt", called(true))), &then), Ok(()));
        let failed = fits(&value(&request("s", called(false))), &then).unwrap_err();
        assert_eq!(failed, "it was just told list_jobs failed, and in the record list_jobs done");
        let mut fewer = request("s", called(true));
        fewer.tools.clear();
        assert_eq!(fits(&value(&fewer), &then).unwrap_err(), "it may call nothing, and in the record list_jobs");
    }
}
