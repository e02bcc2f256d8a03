//! Windows that are too small for what is to be said: the person's words stay whole, or the turn ends and says why.

use super::*;
use crate::model::{ChatRequest, ChatTurn, Delta, ModelError, ToolCall, Usage};
use domain::ids::JobId;

/// A server that counts so many bytes as a token, takes so many tokens, and calls `list_jobs` so often before it
/// answers.
struct Server {
    bytes: usize,
    window: u64,
    looks: usize,
    requests: Mutex<Vec<ChatRequest>>,
}

fn server(bytes: usize, window: u64, looks: usize) -> Arc<Server> {
    Arc::new(Server { bytes, window, looks, requests: Mutex::default() })
}

#[async_trait::async_trait]
impl ChatModel for Server {
    fn name(&self) -> String {
        "server".to_owned()
    }

    async fn turn(&self, request: &ChatRequest, _: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError> {
        request.check().map_err(|why| ModelError::Garbage { what: why })?;
        let prompt_tokens = (window::size(request) / self.bytes) as u64;
        if prompt_tokens > self.window {
            return Err(ModelError::TooLong { message: "maximum context length exceeded".to_owned() });
        }
        let mut requests = self.requests.lock().unwrap();
        requests.push(request.clone());
        let usage = Some(Usage { prompt_tokens, completion_tokens: 5, ..Usage::default() });
        let turn = ChatTurn { usage, ..ChatTurn::default() };
        if requests.len() > self.looks {
            return Ok(ChatTurn { text: "I see your words.".into(), ..turn });
        }
        let state = ["all", "open", "done"][requests.len() % 3];
        let arguments = serde_json::json!({"state": state}).to_string();
        let call = ToolCall { id: format!("c{}", requests.len()), name: "list_jobs".into(), arguments, echo: None };
        Ok(ChatTurn { calls: vec![call], ..turn })
    }
}

/// A conversation with so many open jobs and this window.
fn bench(model: &Arc<Server>, jobs: usize, window: u64) -> Bench {
    let mut bench = Bench::new(files(), model.clone());
    for _ in 0..jobs {
        bench.fake.begins("ses-1", "sequence_stats", "data.fasta");
    }
    bench.talk.limits.window = Some(window);
    bench
}

fn whole(request: &ChatRequest, words: &str) -> bool {
    request.messages.contains(&Message::User { text: words.to_owned() })
}

#[tokio::test]
async fn hundreds_of_open_jobs_leave_room_for_the_question() {
    let model = server(4, 8192, 0);
    let mut bench = bench(&model, 320, 8192);
    assert_eq!(bench.turn("How are my jobs?").await.exit_code, 0, "{}", bench.errors());
    let requests = model.requests.lock().unwrap();
    assert!(whole(&requests[0], "How are my jobs?"), "{:?}", requests[0].messages);
    let newest: JobId = bench.fake.jobs().unwrap().pop().unwrap().id;
    assert!(requests[0].system.contains("- 304 older ones: list_jobs has them"), "{}", requests[0].system);
    assert!(requests[0].system.contains(newest.as_str()));
    let ids = requests[0].tools.iter().map(|tool| tool.schema.to_string()).collect::<String>();
    assert!(!ids.contains(newest.as_str()), "no list of hundreds: {ids}");
}

#[tokio::test]
async fn results_are_shortened_before_they_are_dropped_and_the_words_stay() {
    let words = format!("How are my jobs? {}Do not pay.", "Please. ".repeat(40));
    let model = server(3, 6000, 5);
    let mut bench = bench(&model, 9, 4600);
    assert_eq!(bench.turn(&words).await.exit_code, 0, "{}", bench.errors());
    let requests = model.requests.lock().unwrap();
    for request in requests.iter() {
        assert!(whole(request, &words), "{:?}", request.messages);
    }
    let last = requests.last().unwrap();
    let results = last.messages.iter().filter(|m| matches!(m, Message::ToolResult { .. })).count();
    assert!(results > 0, "{:?}", last.messages);
}

#[tokio::test]
async fn words_that_do_not_fit_end_the_turn() {
    let long = format!("fold data.fasta. {} Do not pay. {}", "a ".repeat(8000), "b ".repeat(8000));
    // The window is known, or the server says so first.
    for (model, window) in [(server(3, 100_000, 0), 8192), (server(3, 8192, 0), 64_000)] {
        let mut bench = bench(&model, 0, window);
        let outcome = bench.turn(&long).await;
        assert_eq!((outcome.exit_code, outcome.answer.as_str()), (1, ""));
        let errors = bench.errors();
        assert!(errors.starts_with("model_too_long: ") && errors.contains("AGENT_CONTEXT"), "{errors}");
        assert_eq!(model.requests.lock().unwrap().len(), 0, "nothing was answered that was not read");
    }
    // A server that counts far more tokens than was thought, from the second step on.
    let model = server(1, 100_000, 3);
    let mut bench = bench(&model, 0, 4096);
    assert_eq!(bench.turn("How are my jobs?").await.exit_code, 1);
    assert!(bench.errors().starts_with("model_too_long: "), "{}", bench.errors());
    assert!(model.requests.lock().unwrap().iter().all(|request| whole(request, "How are my jobs?")));
}
