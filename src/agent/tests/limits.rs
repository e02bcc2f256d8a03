//! Ceilings, windows, sessions that go on, and answers that are not so.

use super::*;
use crate::{
    agent::{
        session_file::{Past, SessionFile},
        spending::Ceilings,
    },
    model::{ChatRequest, ChatTurn, Delta, ModelError, ToolCall, Usage},
};
use domain::ids::SessionId;

/// A model behind a server that counts as servers do, or does not count at all, and refuses what is too long for it.
struct Counting {
    /// Tokens.
    window: u64,
    /// Whether it says what a call took.
    counts: bool,
    requests: Mutex<Vec<ChatRequest>>,
}

#[async_trait::async_trait]
impl ChatModel for Counting {
    fn name(&self) -> String {
        "counting".to_owned()
    }

    async fn turn(&self, request: &ChatRequest, _: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError> {
        request.check().map_err(|why| ModelError::Garbage { what: why })?;
        let prompt_tokens = (window::size(request) / 3) as u64;
        if prompt_tokens > self.window {
            return Err(ModelError::TooLong { message: "too long".to_owned() });
        }
        self.requests.lock().unwrap().push(request.clone());
        let usage = Usage { prompt_tokens, completion_tokens: 5, cost: "0.01".parse().ok(), ..Usage::default() };
        // Two looks at the jobs, then words.
        let looks = request.messages.iter().rev().take_while(|m| !history::is_prompt(m)).count() / 2;
        let call = ToolCall {
            id: format!("c{}-{looks}", request.messages.len()),
            name: "list_jobs".into(),
            arguments: r#"{"state":"all"}"#.into(),
            echo: None,
        };
        let turn = ChatTurn { usage: self.counts.then_some(usage), ..ChatTurn::default() };
        Ok(match looks {
            0 | 1 if request.offers("list_jobs") => ChatTurn { calls: vec![call], ..turn },
            _ => ChatTurn { text: "There you are.".into(), ..turn },
        })
    }
}

fn counting(window: u64) -> Arc<Counting> {
    Arc::new(Counting { window, counts: true, requests: Mutex::default() })
}

/// A conversation about twenty jobs, with these limits.
fn long_talk(model: Arc<Counting>, limits: Limits) -> Bench {
    let fake = files();
    let mut bench = Bench::new(fake, model.clone());
    for _ in 0..9 {
        bench.fake.begins("ses-1", "sequence_stats", "data.fasta");
    }
    bench.talk.limits = limits;
    bench
}

#[tokio::test]
async fn a_long_conversation_fits_the_window_and_keeps_what_is_open() {
    let model = counting(20_000);
    let mut bench = long_talk(model.clone(), Limits { window: Some(20_000), ..Limits::default() });
    for i in 0..25 {
        let outcome = bench.turn(&format!("How are my jobs, for the {i}th time? {}", "Please. ".repeat(40))).await;
        assert_eq!(outcome.exit_code, 0, "{}", bench.errors());
    }
    let requests = model.requests.lock().unwrap();
    let last = requests.last().unwrap();
    assert!(
        last.system.contains("job-aaaaaaa9: sequence_stats of data.fasta, planned"),
        "open jobs come from the ledger"
    );
    let Some(Message::User { text }) = last.messages.first() else { panic!() };
    assert!(text.contains("shortened") && text.contains("How are my jobs, for the"), "{text}");
    assert!(last.messages.iter().any(|m| matches!(m, Message::User { text } if text.contains("the 24th time"))));
    let beginnings: Vec<_> = requests.iter().map(|r| r.messages.first().cloned()).collect();
    let moves = beginnings.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(moves * 5 < requests.len(), "the beginning moved {moves} times in {} requests", requests.len());
}

#[tokio::test]
async fn a_window_that_is_smaller_than_was_thought_is_found_out() {
    let model = counting(8000);
    let mut bench = long_talk(model.clone(), Limits { window: Some(64_000), ..Limits::default() });
    for i in 0..12 {
        let outcome = bench.turn(&format!("How are my jobs? ({i}) {}", "Please. ".repeat(90))).await;
        assert_eq!(outcome.exit_code, 0, "{}", bench.errors());
    }
}

#[tokio::test]
async fn a_ceiling_ends_the_turn_with_its_own_code() {
    for (ceilings, words) in [
        (Ceilings { tokens: Some(9000), cost: None }, "ceiling of 9,000 tokens"),
        (Ceilings { tokens: None, cost: "0.03".parse().ok() }, "ceiling of 0.03 USD"),
        (Ceilings { tokens: Some(10), cost: None }, "0 are used"),
    ] {
        let model = counting(100_000);
        let mut bench = long_talk(model.clone(), Limits { ceilings, ..Limits::default() });
        let mut codes = Vec::new();
        for _ in 0..3 {
            codes.push(bench.turn("How are my jobs?").await.exit_code);
        }
        assert_eq!(codes.last(), Some(&5), "{}", bench.errors());
        assert!(bench.errors().contains(words) && bench.errors().contains("AGENT_MAX"), "{}", bench.errors());
        let spent = bench.talk.spent();
        assert!(ceilings.tokens.is_none_or(|most| spent.tokens() <= most), "{spent:?}");
        assert_eq!(spent.priced, model.requests.lock().unwrap().len() as u64);
    }
}

/// The ceilings hold by an estimate, which is called one; what the provider said is not mixed with it.
#[tokio::test]
async fn a_ceiling_holds_where_the_provider_counts_nothing() {
    let model = Arc::new(Counting { window: 100_000, counts: false, requests: Mutex::default() });
    let ceilings = Ceilings { tokens: Some(30_000), cost: "0.01".parse().ok() };
    let mut bench = long_talk(model.clone(), Limits { ceilings, metered: true, ..Limits::default() });
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(bench.turn("How are my jobs?").await.exit_code);
    }
    assert_eq!((codes.first(), codes.last()), (Some(&0), Some(&5)), "{}", bench.errors());
    assert!(
        bench.errors().contains("ceiling of 30,000 tokens") && bench.errors().contains("about"),
        "{}",
        bench.errors()
    );
    let (spent, asked) = (bench.talk.spent(), model.requests.lock().unwrap().clone());
    assert_eq!((spent.calls, spent.estimated, spent.priced), (asked.len() as u64, asked.len() as u64, 0));
    let bytes: usize = asked.iter().map(window::size).sum();
    let plausible = (bytes / 8) as u64..=bytes as u64;
    assert!(spent.tokens() <= 30_000 && plausible.contains(&spent.tokens()), "{spent:?} of {bytes} bytes");
    assert!(spent.to_text().starts_with("about ") && spent.to_text().contains("estimated"), "{}", spent.to_text());
    assert_eq!(bench.warnings().matches("AGENT_MAX_COST cannot be kept").count(), 1, "{}", bench.warnings());
    let told = bench.texts(|e| if let Event::Usage { .. } = e { Some(String::new()) } else { None });
    assert!(told.is_empty(), "an estimate is no count of the provider's");
}

/// Who asks once is told too.
#[tokio::test]
async fn a_money_ceiling_that_cannot_be_kept_is_told_after_the_first_call() {
    let mut bench = Bench::scripted(files(), "- {say: 'Hello.'}\n");
    bench.talk.limits.ceilings.cost = "1".parse().ok();
    assert_eq!(bench.plays("hello").await.exit_code, 0);
    assert!(bench.warnings().contains("AGENT_MAX_COST cannot be kept"), "{}", bench.warnings());
}

#[tokio::test]
async fn a_try_that_broke_off_is_counted_with_the_rest() {
    struct Breaks;
    #[async_trait::async_trait]
    impl ChatModel for Breaks {
        fn name(&self) -> String {
            "breaks".to_owned()
        }
        async fn turn(&self, _: &ChatRequest, sink: &mut (dyn FnMut(Delta) + Send)) -> Result<ChatTurn, ModelError> {
            let cost = "0.02".parse().ok();
            sink(Delta::Lost(Usage { prompt_tokens: 70, completion_tokens: 8, cost, ..Usage::default() }));
            Err(ModelError::Cut { why: "gone".to_owned() })
        }
    }
    let mut bench = Bench::new(files(), Arc::new(Breaks));
    bench.talk.limits.ceilings.cost = "0.02".parse().ok();
    assert_eq!(bench.turn("hello").await.exit_code, 1);
    assert_eq!(bench.talk.spent().to_text(), "70 tokens in, 8 out, 0.02 USD");
    assert_eq!(bench.turn("hello").await.exit_code, 5, "{}", bench.errors());
}

#[tokio::test]
async fn a_provider_that_does_not_price_is_told_of_once() {
    let turns = "- {say: 'Hello.'}\n- {say: 'Hello again.'}\n- {say: 'And again.'}\n";
    let mut bench = Bench::scripted(files(), turns);
    bench.talk.limits.ceilings.cost = "1".parse().ok();
    for _ in 0..3 {
        assert_eq!(bench.turn("hello").await.exit_code, 0);
    }
    assert_eq!(bench.warnings().matches("AGENT_MAX_COST cannot be kept").count(), 1, "{}", bench.warnings());
}

#[tokio::test]
async fn a_session_goes_on_another_day_with_its_jobs_and_its_sums() {
    let dir = tempfile::tempdir().unwrap();
    let id = SessionId::random();
    let first = format!("{CHECK}{REMOTE}- {{say: 'I stop here.'}}\n- {{say: 'Really.'}}\n");
    let mut bench = Bench::scripted(files(), &first);
    bench.talk = bench.talk.kept_in(SessionFile::fresh(dir.path(), id.clone()), Past::default());
    assert_eq!(bench.plays("fold data.fasta").await.exit_code, 1);
    let (spent, before) = (bench.talk.spent(), bench.talk.history().to_vec());
    let fake = bench.fake.clone();
    drop(bench);
    let second = format!(
        "{}{}{WAIT}- {{say: 'Done for {{{{amount}}}} GAS.'}}\n",
        CHECK.replace("- {", "- {expect: {not_offered: [pay_gas_fee], user: go on}, "),
        PAY.replace("- {", "- {expect: {only_offered: [pay_gas_fee], last_result: begun before}, "),
    );
    let (file, past) = SessionFile::resume(dir.path(), id.clone()).unwrap();
    assert_eq!(past.messages, before);
    let model = Arc::new(Scripted::parse("second", &format!("turns:\n{second}")).unwrap());
    let mut bench = Bench::about(fake.clone(), model, Helps::default(), Path::new("/nonexistent"));
    bench.talk = bench.talk.kept_in(file, past);
    assert_eq!(bench.plays("go on with it, please").await.exit_code, 0);
    assert_eq!(fake.effects(), ["upload", "pay", "fetch"]);
    assert!(bench.talk.spent().tokens() > spent.tokens());
    drop(bench);
    let (_file, past) = SessionFile::resume(dir.path(), id).unwrap();
    assert_eq!(past.turns, 2);
}

#[tokio::test]
async fn files_and_hashes_that_nobody_knows_are_marked() {
    let done = format!("{CHECK}{REMOTE}{PAY}{WAIT}");
    let sha = "ab".repeat(32);
    let turns = format!(
        "{done}- {{say: 'The result is saved in {{{{result.folder}}}}/result.json and in /tmp/summary.csv, with sha256 {sha}.'}}\n"
    );
    let mut bench = Bench::scripted(files(), &turns);
    assert_eq!(bench.plays("fold data.fasta").await.exit_code, 0);
    let warnings = bench.warnings();
    assert_eq!(warnings.lines().count(), 2, "{warnings}");
    assert!(
        warnings.contains("the file /tmp/summary.csv") && warnings.contains(&format!("the hash {sha}")),
        "{warnings}"
    );
}

#[tokio::test]
async fn endings_of_every_kind() {
    for (turns, code, words) in [
        ("- {text: '', finish: length}\n- {expect: {user: cut at its length limit}, say: 'Short.'}\n", 0, ""),
        ("- {say: 'There are no', finish: length}\n", 0, "cut at its length limit"),
        ("- {text: '', finish: content_filter}\n", 1, "withheld the whole answer"),
        ("- {say: 'I can say this.', finish: content_filter}\n", 0, "withheld a part"),
        ("- {say: 'Fine.', finish: {other: pondering}}\n", 0, "a reason of its own: pondering"),
        ("- {call: {name: list_jobs}, finish: stop}\n- {say: 'There are no jobs.'}\n", 0, ""),
        (
            "- {call: {name: list_jobs, raw: '{\"state\": \"al'}, finish: length}\n- {expect: {last_result: bad_arguments}, say: 'There are no jobs.'}\n",
            1,
            "",
        ),
    ] {
        let mut bench = Bench::scripted(files(), turns);
        let outcome = bench.plays("which jobs are there?").await;
        let said = format!("{}\n{}", bench.warnings(), bench.errors());
        assert_eq!(outcome.exit_code, code, "{turns}: {said}");
        assert!(said.contains(words), "{turns}: {said}");
    }
}

/// Left at the second Ctrl-C, in the middle of a call: the next turn builds on it all the same.
#[tokio::test]
async fn a_turn_that_is_dropped_in_the_middle_is_closed_by_the_next() {
    let turns = format!("{CHECK}{REMOTE}{PAY}{WAIT}- {{expect: {{user: and now}}, say: 'It is still running.'}}\n");
    let mut bench = Bench::scripted(files().with(|f| f.never_ready = true), &turns);
    let heard = bench.heard.clone();
    let begun = async move {
        let waits = |e: &Event| matches!(e, Event::ToolRequested { name, .. } if name == "wait_for_job");
        while !heard.0.lock().unwrap().iter().any(waits) {
            tokio::task::yield_now().await;
        }
    };
    let cancel = Cancel::new();
    tokio::select! {
        _ = bench.talk.turn("fold data.fasta", &cancel) => panic!("it never ends"),
        () = begun => {}
    }
    let outcome = bench.talk.turn("and now?", &Cancel::new()).await.unwrap();
    bench.talk.finish().unwrap();
    assert_eq!(outcome.exit_code, 0);
    let request = ChatRequest { system: "s".into(), messages: bench.talk.history().to_vec(), ..ChatRequest::default() };
    assert_eq!(request.check().unwrap_err(), "the last message is the model's own", "each call has its result");
}
