//! What is read from an answer.

use serde_json::json;

use super::*;
use domain::{
    money::Datoshi,
    request::{Locality, Origin, Spend, Until},
};

const FILES: [&str; 4] = ["data.fasta", "b.fasta", "samples/s1.fastq", "notes.txt"];

fn reads_after(last: Option<&Request>, said: &str, answer: &str) -> Result<Proposal, FormError> {
    let (tasks, files) = (tasks(), names(&FILES));
    read(answer, &Heard { said, last }, &Offered { tasks: &tasks, files: &files })
}

fn reads(said: &str, answer: &str) -> Result<Proposal, FormError> {
    reads_after(None, said, answer)
}

/// An answer that asks for work, with these pieces and this limit.
fn wants(work: &str, max_gas: &str) -> String {
    format!(r#"{{"asks_for": "work", "until": "done", "work": [{work}], "max_gas": {max_gas}, "here_only": false}}"#)
}

fn fold(file: &str, set: &str) -> String {
    format!(r#"{{"task": "protein_folding", "files": ["{file}"], "set": [{set}]}}"#)
}

fn works(proposal: &Proposal) -> Vec<(String, String, String)> {
    let one = |w: &Work| (w.task.clone(), w.dataset().display().to_string(), json!(w.parameters).to_string());
    proposal.work.iter().map(one).collect()
}

fn work(task: &str, file: &str, parameters: &str) -> (String, String, String) {
    (task.to_owned(), file.to_owned(), parameters.to_owned())
}

fn gas(text: &str) -> Spend {
    Spend::AtMost(text.parse::<Datoshi>().unwrap())
}

#[test]
fn what_was_said_is_proposed() {
    let set = r#"{"name": "dimension", "value": 3}, {"name": "seed", "value": 7}"#;
    let proposal =
        reads("fold data.fasta in 3D with seed 7, at most 1.50 GAS", &wants(&fold("data.fasta", set), "1.5")).unwrap();
    assert_eq!(works(&proposal), [work("protein_folding", "data.fasta", r#"{"dimension":3,"seed":7}"#)]);
    assert_eq!(proposal.bounds, Bounds { place: Locality::Anywhere, spend: gas("1.5"), until: Until::Done });
    assert_eq!((proposal.asks_for, proposal.dropped, proposal.without_file), (AsksFor::Work, vec![], vec![]));
}

#[test]
fn what_was_not_said_is_dropped() {
    let set =
        r#"{"name": "dimension", "value": 3}, {"name": "seed", "value": 42}, {"name": "effort", "value": "thorough"}"#;
    let proposal = reads("fold data.fasta", &wants(&fold("data.fasta", set), "2")).unwrap();
    assert_eq!(works(&proposal), [work("protein_folding", "data.fasta", "{}")]);
    assert_eq!(proposal.bounds.spend, Spend::OwnersCaps);
    let told: Vec<String> = proposal.dropped.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "dimension 3 for protein_folding, which was not said",
            "seed 42 for protein_folding, which was not said",
            "effort thorough for protein_folding, which was not said",
            "a limit of 2, which was not said in GAS",
        ]
    );
    // A number in a name, and one of bytes, is none that was said.
    let proposal =
        reads("fold seed42.fasta, it has 5 GB", &wants(&fold("not listed", &set.replace("3}", "5}")), "5")).unwrap();
    assert_eq!(
        (works(&proposal), proposal.bounds.spend),
        (vec![work("protein_folding", "seed42.fasta", "{}")], Spend::OwnersCaps)
    );
}

#[test]
fn choices_are_said_in_many_ways() {
    for (said, name, value, kept) in [
        ("fold data.fasta quickly", "effort", json!("quick"), true),
        ("fold data.fasta, THOROUGH please", "effort", json!("thorough"), true),
        ("fold data.fasta", "effort", json!("quick"), false),
        ("fold data.fasta in three dimensions", "dimension", json!(3), true),
        ("fold data.fasta, seed ７", "seed", json!("7"), true),
        ("fold data.fasta, seed 7", "seed", json!(7.0), true),
        ("fold data.fasta, seed 7", "seed", json!([7]), false),
        ("fold data.fasta, seed 7", "sentences", json!(7), false),
        ("fold data.fasta, seed 7", "seed", json!(null), false),
    ] {
        let answer = wants(&fold("data.fasta", &json!({"name": name, "value": value}).to_string()), "null");
        let proposal = reads(said, &answer).unwrap();
        assert_eq!(!proposal.work[0].parameters.is_empty(), kept, "{said}: {value}");
        assert_eq!(proposal.dropped.is_empty(), kept || value.is_null(), "{said}");
        if name == "seed" && kept {
            assert_eq!(proposal.work[0].parameters["seed"], 7);
        }
    }
    let search = r#"{"task": "blast_search", "files": ["data.fasta"], "database": "b.fasta", "set": [{"name": "evalue", "value": 0.00001}]}"#;
    let proposal = reads("blast data.fasta against b.fasta, E-value 1e-5", &wants(search, "null")).unwrap();
    assert_eq!(proposal.work[0].parameters["evalue"], 1e-5);
    let inputs: Vec<String> =
        proposal.work[0].inputs.iter().map(|i| format!("{} {}", i.name, i.named.display())).collect();
    assert_eq!(inputs, ["dataset data.fasta", "database b.fasta"]);
}

#[test]
fn limits_are_whole_datoshi_and_never_rounded() {
    for (said, written, spend) in [
        ("fold data.fasta, budget 1.5", "1.5", Ok(gas("1.5"))),
        ("fold data.fasta, budget 1.5", "1.50", Ok(gas("1.5"))),
        ("fold data.fasta, budget 1,5", "\"1.5\"", Ok(gas("1.5"))),
        ("fold data.fasta, budget 1.5", "\"1.5 GAS\"", Ok(gas("1.5"))),
        ("fold data.fasta for 0.12345678 GAS", "0.12345678", Ok(gas("0.12345678"))),
        ("fold data.fasta for 0.1 GAS", "1e-1", Ok(gas("0.1"))),
        ("fold data.fasta for at most one and a half GAS", "1.5", Ok(gas("1.5"))),
        ("fold data.fasta for 92233720368.54775807 GAS", "92233720368.54775807", Ok(Spend::AtMost(Datoshi::MAX))),
        ("fold data.fasta for at most 5 euros", "5", Ok(Spend::OwnersCaps)),
        ("fold data.fasta, it is a 5 GB file", "5", Ok(Spend::OwnersCaps)),
        ("fold data.fasta, 2 GAS at most", "2", Ok(gas("2"))),
        ("fold data.fasta, at most 2", "2", Ok(gas("2"))),
        ("fold data.fasta for free", "0", Ok(Spend::Nothing)),
        ("fold data.fasta", "0.0", Ok(Spend::Nothing)),
        ("fold data.fasta", "\"none\"", Ok(Spend::OwnersCaps)),
        ("fold data.fasta", "null", Ok(Spend::OwnersCaps)),
        ("fold data.fasta for 1.5", "15", Ok(Spend::OwnersCaps)),
        ("fold data.fasta", "-1", Ok(Spend::OwnersCaps)),
        ("fold data.fasta for 0.123456789 GAS", "0.123456789", Err("form_limit")),
        ("fold data.fasta for 99999999999999 GAS", "99999999999999", Err("form_limit")),
        ("fold data.fasta for little", "\"little\"", Err("form_field")),
        ("fold data.fasta", "[2]", Err("form_field")),
        ("fold data.fasta", "true", Err("form_field")),
    ] {
        let read = reads(said, &wants(&fold("data.fasta", ""), written));
        assert_eq!(read.map(|p| p.bounds.spend).map_err(|e| e.kind()), spend, "{said}: {written}");
    }
}

#[test]
fn an_object_is_found_in_what_stands_around_it() {
    let object = wants(&fold("data.fasta", ""), "null");
    for answer in [
        object.clone(),
        format!("```json\n{object}\n```"),
        format!("Sure! Here is the request for {{data.fasta}}:\n\n{object}\nShall I go on?"),
        format!("<think>maybe {{\"a\": 1}}</think>{object}"),
        format!("{object}\n{}", wants(&fold("b.fasta", ""), "null")),
        serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(&object).unwrap()).unwrap(),
    ] {
        let proposal = reads("fold data.fasta", &answer).unwrap();
        assert_eq!(works(&proposal), [work("protein_folding", "data.fasta", "{}")], "{answer}");
    }
    for answer in
        ["", "I fold it.", "{}", "[1]", "{\"task\": \"protein_folding\"}", &object[..object.len() - 1], "{{{{"]
    {
        assert_eq!(reads("fold data.fasta", answer).unwrap_err(), FormError::NoObject, "{answer}");
    }
}

#[test]
fn what_is_wrong_is_said_in_one_sentence() {
    for (answer, words) in [
        (
            r#"{"asks_for": "pay", "work": []}"#.to_owned(),
            "asks_for: unknown variant `pay`, expected one of `work`, `information`, `other`",
        ),
        (
            r#"{"asks_for": "work", "until": "now", "work": []}"#.to_owned(),
            "until: unknown variant `now`, expected one of `plan`, `quote`, `done`",
        ),
        (r#"{"asks_for": "work", "work": "fold"}"#.to_owned(), "work: invalid type"),
        (r#"{"asks_for": "work", "work": [], "pay_to": "N"}"#.to_owned(), "unknown field `pay_to`"),
        (r#"{"asks_for": "work", "max_gas": 1, "work": [], "max_gas": 100}"#.to_owned(), "duplicate field `max_gas`"),
        (
            wants(r#"{"task": "docking", "files": []}"#, "null"),
            "there is no task `docking`; the tasks are sequence_stats, protein_folding",
        ),
        (
            wants(&fold("data/data.fasta", ""), "null"),
            "no file `data/data.fasta` is listed, and nobody named it; is `data.fasta` meant?",
        ),
        (wants(&fold("genome.fa", ""), "null"), "no file `genome.fa` is listed, and nobody named it"),
    ] {
        let error = reads("fold it", &answer).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.hint().is_some() && !error.to_string().contains('\n'));
    }
    let many: Vec<String> = (0..1001).map(|n| format!("\"{n}.fa\"")).collect();
    let said = many.join(" ");
    let all = wants(&format!(r#"{{"task": "sequence_stats", "files": [{}]}}"#, many.join(", ")), "null");
    assert_eq!(reads(&said, &all).unwrap_err(), FormError::TooMuch);
}

#[test]
fn a_file_that_is_not_listed_is_never_another() {
    for (said, written, files) in [
        ("Run protein folding on dta.fasta", "not listed", &["dta.fasta"][..]),
        ("Run protein folding on dta.fasta", "data.fasta", &["dta.fasta"]),
        ("Run protein folding on missing.fasta.", "b.fasta", &["missing.fasta"]),
        ("fold DATA.fasta", "data.fasta", &["data.fasta"]),
        ("fold my data and write it to out.csv", "data.fasta", &["data.fasta"]),
        ("fold ~/other/x.fasta", "~/other/x.fasta", &["~/other/x.fasta"]),
        ("Run protein folding", "not listed", &[]),
        ("Run protein folding", "none", &[]),
        ("stats of s1.fastq", "samples/s1.fastq", &["samples/s1.fastq"]),
        ("fold what is in my samples", "samples/s1.fastq", &["samples/s1.fastq"]),
        ("fold a protein", "data.fasta", &[]),
        ("Run protein folding on this 5 GB FASTA", "b.fasta", &[]),
    ] {
        let proposal = reads(said, &wants(&fold(written, ""), "null")).unwrap();
        let found: Vec<String> = proposal.work.iter().map(|w| w.dataset().display().to_string()).collect();
        assert_eq!(found, files, "{said}: {written}");
        let unnamed: Vec<&str> = proposal.without_file.iter().map(|work| work.task.as_str()).collect();
        assert_eq!(unnamed, if files.is_empty() { vec!["protein_folding"] } else { vec![] }, "{said}");
    }
    let empty =
        reads("Run protein folding", &wants(r#"{"task": "protein_folding", "files": [], "set": []}"#, "null")).unwrap();
    assert_eq!((empty.work, empty.without_file.len()), (vec![], 1));
}

#[test]
fn the_one_file_that_there_is_may_answer_a_question_and_is_no_guess_of_work() {
    let (tasks, files) = (tasks(), names(&["data.fasta"]));
    let offered = Offered { tasks: &tasks, files: &files };
    let heard = Heard { said: "How many sequences are there?", last: None };
    for (asks, pieces) in [("information", 1), ("work", 0)] {
        let answer = format!(
            r#"{{"asks_for": "{asks}", "until": "done", "work": [{{"task": "sequence_stats", "files": ["data.fasta"]}}]}}"#
        );
        let proposal = read(&answer, &heard, &offered).unwrap();
        assert_eq!((proposal.work.len(), proposal.without_file.len()), (pieces, 1 - pieces), "{asks}");
    }
    let both = r#"{"asks_for": "work", "until": "done", "work": [{"task": "sequence_stats", "files": ["data.fasta", "b.fasta"]}]}"#;
    assert_eq!(works(&reads("stats of all of them", both).unwrap()).len(), 2, "several are no guess");
}

#[test]
fn work_without_a_file_waits_for_one_with_its_choices() {
    let said = "Fold it in 3D for at most 2 GAS";
    let set = r#"{"name": "dimension", "value": 3}, {"name": "max_sequences", "value": 2}"#;
    let proposal = reads(said, &wants(&fold("not listed", set), "2")).unwrap();
    assert_eq!(proposal.dropped.len(), 1, "the 2 is of GAS");
    assert_eq!((proposal.work.len(), proposal.without_file.len(), proposal.bounds.spend), (0, 1, gas("2")));
    let object = proposal.object(&tasks());
    assert!(object.contains(
        r#"{"task": "protein_folding", "files": ["not listed"], "set": [{"name": "dimension", "value": 3}]}"#
    ));
    let both = format!("{}, {}", fold("data.fasta", ""), fold("not listed", ""));
    let proposal = reads("fold data.fasta", &wants(&both, "null")).unwrap();
    assert_eq!((proposal.work.len(), proposal.without_file.len()), (1, 0), "an entry too many");
}

#[test]
fn several_files_are_several_pieces_and_none_twice() {
    let piece = r#"{"task": "sequence_stats", "files": ["data.fasta", "b.fasta", "data.fasta"]}"#;
    let proposal = reads("stats of data.fasta and b.fasta", &wants(&format!("{piece}, {piece}"), "null")).unwrap();
    assert_eq!(works(&proposal), [work("sequence_stats", "data.fasta", "{}"), work("sequence_stats", "b.fasta", "{}")]);
}

#[test]
fn other_ways_to_write_it_are_read_too() {
    for piece in [
        r#"{"task": "protein_folding", "files": "data.fasta", "set": {"seed": 7}}"#,
        r#"{"task": "protein_folding", "dataset": "data.fasta", "seed": 7}"#,
        r#"{"task": "protein_folding", "files": ["data.fasta"], "set": null, "seed": "7", "dimension": null}"#,
    ] {
        let proposal = reads("fold data.fasta with seed 7", &wants(piece, "null")).unwrap();
        assert_eq!(works(&proposal), [work("protein_folding", "data.fasta", r#"{"seed":7}"#)], "{piece}");
    }
}

#[test]
fn a_question_and_talk_go_no_further_than_the_plan() {
    let answer = |asks: &str| {
        format!(
            r#"{{"asks_for": "{asks}", "until": "done", "work": [{}], "max_gas": null, "here_only": false}}"#,
            fold("data.fasta", "")
        )
    };
    let question = reads("what would folding data.fasta cost?", &answer("information")).unwrap();
    assert_eq!((question.work.len(), question.bounds.until), (1, Until::Plan));
    let talk = reads("hi", &answer("other")).unwrap();
    assert_eq!((talk.work.len(), talk.bounds.until), (0, Until::Plan));
    let bare = reads("fold data.fasta", &format!(r#"{{"work": [{}]}}"#, fold("data.fasta", ""))).unwrap();
    assert_eq!(
        (bare.asks_for, bare.bounds.until),
        (AsksFor::Information, Until::Plan),
        "what is left out is the least"
    );
    let bare =
        reads("fold data.fasta", &format!(r#"{{"asks_for": "work", "work": [{}]}}"#, fold("data.fasta", ""))).unwrap();
    assert_eq!(bare.bounds.until, Until::Plan);
}

#[test]
fn a_follow_up_takes_up_what_was_asked_before() {
    let parameters = serde_json::from_str(r#"{"dimension": 3, "effort": "quick"}"#).unwrap();
    let bounds = Bounds { spend: gas("1.5"), ..Bounds::default() };
    let last =
        Request::new(Origin::Grammar, bounds, vec![Work::new("protein_folding", "far/away.fasta", parameters)], None);
    let set =
        r#"{"name": "dimension", "value": 3}, {"name": "effort", "value": "quick"}, {"name": "seed", "value": 8}"#;
    let again = reads_after(Some(&last), "again with seed 8", &wants(&fold("far/away.fasta", set), "1.5")).unwrap();
    assert_eq!(
        works(&again),
        [work("protein_folding", "far/away.fasta", r#"{"dimension":3,"effort":"quick","seed":8}"#)]
    );
    assert_eq!((again.bounds.spend, again.dropped.len()), (gas("1.5"), 0));
    let other =
        reads_after(Some(&last), "and b.fasta", &wants(&fold("b.fasta", &set.replace('3', "2")), "2.5")).unwrap();
    assert_eq!(works(&other), [work("protein_folding", "b.fasta", r#"{"effort":"quick"}"#)]);
    assert_eq!((other.bounds.spend, other.dropped.len()), (Spend::OwnersCaps, 3));
}
