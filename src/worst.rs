//! The worst that models, people's words, files and folders may say, up to sixteen megabytes of it: every reader takes time in
//! proportion, or refuses at its bound. What servers of models say is in `model::openai`, beside its server.

use std::path::Path;

use crate::{
    agent::{ending, gate::Gate, named},
    face::{plan_file, sheet, text},
    model::{
        Finish,
        form::{self, Heard, Offered},
        grammar::{self, Scene},
        repair,
    },
    tools::Tool,
};
use domain::worst::{MUCH, is_linear};
use guard::{config, machine::catalogue::Catalogue};

/// Many of its readers read no more than this, bytes: there all of it is read.
const BOUND: usize = 256 << 10;

/// All of it with `AGENT_WORST` set (`make worst`), which takes minutes where nothing is optimised; else a part.
fn much() -> usize {
    if std::env::var_os("AGENT_WORST").is_some() { MUCH } else { MUCH / 32 }
}

#[test]
fn calls_in_a_text() {
    let known = Tool::names();
    for bytes in [BOUND, much()] {
        for finish in [Finish::Stop, Finish::Length] {
            is_linear("calls in a text", bytes, |text| drop(repair::read(text, &known, &finish)));
        }
        is_linear("calls between tags", bytes, |text| {
            drop(repair::read(&format!("<tool_call>{}", text.get(20..).unwrap_or_default()), &known, &Finish::Stop));
        });
        is_linear("calls in a fence", bytes, |text| {
            drop(repair::read(&format!("```{}", text.get(20..).unwrap_or_default()), &known, &Finish::Stop));
        });
        is_linear("arguments", bytes, |text| drop(repair::read_arguments(text, &Finish::Stop)));
        is_linear("arguments that begin well", bytes, |text| {
            drop(repair::read_arguments(&format!("{{\"a\": {text}"), &Finish::Stop));
        });
        is_linear("a name", bytes, |text| {
            let _ = repair::close_name(text, &known);
        });
    }
}

#[test]
fn calls_are_still_read_out_of_long_answers() {
    let known = Tool::names();
    let call = "<tool_call>{\"name\": \"list_jobs\", \"arguments\": {}}</tool_call>";
    let words = "Some words, and {braces} too.\n".repeat(8_000);
    let reading = repair::read(&format!("{words}{call}"), &known, &Finish::Stop);
    assert_eq!((reading.calls.len(), reading.text.as_str()), (1, words.trim()));
    let lines = "list_jobs()\n".repeat(20);
    assert_eq!(repair::read(&format!("```\n{lines}```"), &known, &Finish::Stop).calls.len(), 20);
}

#[test]
fn text_on_its_way_to_a_person() {
    let known = Tool::names();
    for size in [7, 1 << 20] {
        let bytes = if size == 7 { much() / 64 } else { much() };
        is_linear("the gate", bytes, |text| {
            let mut gate = Gate::new(&known, true);
            let mut rest = text;
            while !rest.is_empty() {
                let (piece, more) = rest.split_at(rest.ceil_char_boundary(size));
                gate.pass(piece);
                rest = more;
            }
        });
    }
    is_linear("text for a terminal", much(), |said| drop(text::plain_lines(said)));
}

#[test]
fn answers_that_are_judged() {
    for bytes in [BOUND, much()] {
        is_linear("words or noise", bytes, |text| {
            let _ = ending::is_nonsense(text);
        });
        is_linear("names in an answer", bytes, |text| {
            drop((named::jobs(text), named::hashes(text), named::addresses(text), named::paths(text)));
        });
    }
    let many: String = (0..20_000).map(|n| format!("/results/{n:x} word{n} ")).collect();
    let begun = domain::worst::worked();
    assert_eq!(named::paths(&many).len(), 20_000);
    assert!(!ending::is_nonsense(&many));
    domain::worst::in_time("names that all differ", begun);
}

#[test]
fn sentences_and_forms() {
    let catalogue = Catalogue::builtin().unwrap();
    let tasks: Vec<_> = catalogue.iter().cloned().collect();
    let files = ["data.fasta".to_owned()];
    for bytes in [4 << 10, much()] {
        is_linear("a sentence", bytes, |text| {
            drop(grammar::read(text, &Scene { tasks: &tasks, ..Scene::default() }));
        });
    }
    for bytes in [16 << 10, much() / 4] {
        let offered = Offered { tasks: &tasks, files: &files };
        is_linear("a form", bytes, |text| drop(form::read(text, &Heard::default(), &offered)));
        is_linear("what a form is held to", bytes, |text| {
            let answer =
                r#"{"asks_for": "work", "max_gas": 2, "work": [{"task": "sequence_stats", "files": ["data.fasta"]}]}"#;
            drop(form::read(answer, &Heard { said: text, ..Heard::default() }, &offered));
        });
    }
}

#[test]
fn files_of_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let owned = |name: &str, text: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(at(name), text).unwrap();
        std::fs::set_permissions(at(name), std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    for bytes in [1 << 20, much()] {
        is_linear(".env", bytes, |text| {
            owned(".env", text);
            drop(config::dotenv::read(folder.path()));
        });
        is_linear("policy.toml", bytes, |text| {
            owned("policy.toml", text);
            drop(config::policy_file::PolicyFile::read(&at("policy.toml")));
        });
    }
    is_linear("a plan file", usize::try_from(plan_file::MAX_BYTES).unwrap(), |text| {
        drop(plan_file::read(text, "plan.toml"))
    });
    let catalogue = Catalogue::builtin().unwrap();
    let (task, set) = (catalogue.get("sequence_stats").unwrap(), domain::task::Parameters::new());
    is_linear("a sample sheet", much(), |text| {
        let reading = sheet::Reading { name: "s.csv", folder: Path::new(""), task, set: &set, look: &|_| Ok(()) };
        drop(sheet::read(text.as_bytes(), &reading));
        drop(sheet::read(format!("sequences\n{text}").as_bytes(), &reading));
    });
    is_linear("a wallet", much(), |text| {
        owned("wallet.json", text);
        drop(neo::nep6::read(&at("wallet.json"), None));
    });
    is_linear("a transaction", much(), |text| drop(neo::transaction::Signed::decode(text.as_bytes())));
    let first = cassette::format::VERSION;
    is_linear("a cassette", much(), |text| {
        std::fs::write(at("run.cassette"), format!("{{\"cassette\":{first}}}\n{text}")).unwrap();
        drop(cassette::read::Cassette::read(&at("run.cassette")));
        std::fs::write(at("run.cassette"), text).unwrap();
        drop(cassette::read::Cassette::read(&at("run.cassette")));
    });
}

#[test]
fn datasets_are_measured_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let roots = [folder.path().to_owned()];
    for name in ["a.fasta", "a.fastq", "a.txt", "a.hmm"] {
        let path = folder.path().join(name);
        is_linear(name, much(), |text| {
            std::fs::write(&path, text).unwrap();
            let Ok(open) = guard::policy::data::open_dataset(&path, &roots, &[]) else { return };
            drop(guard::machine::profile_dataset(&open));
        });
    }
    let parameters = domain::task::Parameters::new();
    for task in [science::SEQUENCE_STATS, science::PROTEIN_FOLDING, science::TEXT_SUMMARY] {
        let path: &Path = &folder.path().join("b.txt");
        is_linear(task, much() / 4, |text| {
            std::fs::write(path, text).unwrap();
            let file = std::fs::File::open(path).unwrap();
            drop(science::read_through(task, &parameters, domain::dataset::Format::Text, file, &|_| {}));
        });
    }
}

#[cfg(feature = "trial")]
#[test]
fn cases_of_trials() {
    let catalogue = Catalogue::builtin().unwrap();
    for bytes in [BOUND, much()] {
        is_linear("a case", bytes, |text| drop(crate::trial::case::Case::parse("a.yaml", text, &catalogue)));
    }
}
