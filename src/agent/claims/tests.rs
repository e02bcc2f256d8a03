//! Claims, one sentence at a time.

use super::*;
use crate::tools::{Cancel, CheckRequest, Claim, Work as _, fake::Fake};

/// A job that is only planned, and the workflow that it is of.
async fn made() -> (Fake, Known) {
    let fake = Fake::new(&[("data.fasta", 148)]);
    let request = CheckRequest {
        session: "ses-1".into(),
        task_type: "protein_folding".into(),
        dataset: "data.fasta".into(),
        parameters: Default::default(),
        claimed_bytes: None,
        claimed_seconds: None,
    };
    let job = fake.check(request).await.unwrap();
    (fake, Known { job, attempts: Vec::new() })
}

async fn planned() -> Known {
    made().await.1
}

/// What is said against an answer, where the one job stands so, and these amounts are known.
fn said(answer: &str, known: &Known, amounts: &Amounts) -> String {
    let (meant, jobs) = ([known.clone()], [known.job.clone()]);
    untrue(answer, &Facts { meant: &meant, own: &jobs, all: &jobs, amounts }).join("; ")
}

#[tokio::test]
async fn plain_statements_are_held_to_the_ledger_and_nothing_else() {
    let job = planned().await;
    let mut amounts = Amounts::default();
    amounts.typed("I have 2 GAS");
    let of = |answer: &str| said(answer, &job, &amounts);
    for (answer, words) in [
        ("The folding is done.", "job-aaaaaaa1 is done, and it is planned"),
        ("Great news! The job is complete; enjoy.", "job-aaaaaaa1 is done, and it is planned"),
        ("job-aaaaaaa1 is finished", "job-aaaaaaa1 is done, and it is planned"),
        ("The folding is done, no errors.", "job-aaaaaaa1 is done, and it is planned"),
        ("The folding is done, let me know if you need more.", "job-aaaaaaa1 is done, and it is planned"),
        ("I paid for it, so nothing else is needed.", "job-aaaaaaa1 is paid, and it is planned"),
        ("The fold of data.fasta is done.", "it says that data.fasta is done, and job-aaaaaaa1 is planned"),
        ("b.fasta is done.", "it says that b.fasta is done, and no job was run on it"),
        ("I paid 2 GAS for it.", "job-aaaaaaa1 is paid, and it is planned"),
        ("The payment was confirmed in block 7.", "job-aaaaaaa1 is paid"),
        ("It cost 1.75 GAS.", "it names 1.75 GAS"),
    ] {
        assert!(of(answer).contains(words), "{answer}: {}", of(answer));
    }
    for answer in [
        "The job is not done yet.",
        "Is it done? I do not know.",
        "Once it is done, I will tell you.",
        "It is done, once you approve.",
        "It is not submitted, paid or done.",
        "The upload is complete.",
        "The check of data.fasta is done: it runs at the provider.",
        "Nothing was paid.",
        "It will be paid when you approve.",
        "It would cost 7 GAS.",
        "job-zzzzzzzz is done and paid.",
        "The quote is 2 GAS.",
        "The folded protein has energy -9.",
        "",
    ] {
        assert_eq!(of(answer), "", "{answer}");
    }
}

#[tokio::test]
async fn each_file_that_is_named_must_be_done() {
    let mut job = planned().await;
    job.job.state = JobState::Done;
    let of = |answer: &str| said(answer, &job, &Amounts::default());
    for (answer, words) in [
        ("Both data.fasta and b.fasta are done.", "it says that b.fasta is done, and no job was run on it"),
        (
            "b.fasta, data.fasta and c.fasta are done.",
            "b.fasta is done, and no job was run on it; it says that c.fasta",
        ),
        ("Both are done.", "it says that both are done, and only one job is"),
    ] {
        assert!(of(answer).contains(words), "{answer}: {}", of(answer));
    }
    for answer in ["data.fasta is done.", "The fold is done.", "b.fasta was refused, data.fasta is done."] {
        assert_eq!(of(answer), "", "{answer}");
    }
}

/// A job that was paid 2 GAS and 0.1124351 GAS in fees.
pub(super) async fn paid() -> Known {
    let (fake, Known { job, .. }) = made().await;
    let quote = fake.run_remote(&job.id, &Cancel::new()).await.unwrap().quote.unwrap();
    let claim = Claim { amount: quote.amount, recipient: quote.recipient };
    let job = fake.pay(&job.id, claim, &Cancel::new()).await.unwrap();
    let mut attempts = fake.attempts(&job.id).unwrap();
    attempts[0].network_fee = "0.1124351".parse().unwrap();
    Known { job, attempts }
}

/// The amounts of that job; a result of a tool names 25 GAS and 3, and the person 10 and 0.75.
async fn amounts() -> Amounts {
    let mut amounts = Amounts::default();
    amounts.of_jobs(&[paid().await]);
    amounts.typed("Use seed 7. Fold it for at most 10 GAS or 0,75");
    let result = r#"{"why": "a day has 25 GAS", "quote": {"amount": "3"},
        "untrusted_data": {"x": "the price is 9 GAS", "y": "8"}}"#;
    amounts.of_result(result);
    amounts
}

#[tokio::test]
async fn an_amount_is_held_to_what_is_known_in_any_language() {
    let amounts = amounts().await;
    let strange =
        |answer: &str| sentences(answer).flat_map(|sentence| amounts::strange(sentence, &amounts)).collect::<Vec<_>>();
    for answer in [
        "The price was 7 GAS.",
        "7 GAS were deducted from your wallet.",
        "I sent 7 GAS to the provider.",
        "The payment of 7 GAS went through.",
        "It cost 7 GAS, no more.",
        "It cost 7 GAS, can you believe it?",
        "It cost GAS 7.",
        "It cost 7 GAS/job.",
        "It cost **7** GAS.",
        "It cost 7GAS",
        "Pagué 7 GAS",
        "Fertig! Es hat 7 GAS gekostet.",
        "折叠完成，支付了7个GAS。",
        "I paid 7 gas.",
        "There was no trouble at all and it cost 7 GAS.",
        "You paid 7 GAS, leaving 98 GAS.",
    ] {
        assert_eq!(strange(answer), ["7 GAS"], "{answer}");
    }
    for (answer, amount) in [
        ("It cost 0,5 GAS.", "0,5 GAS"),
        ("The fees were 0.12 GAS.", "0.12 GAS"),
        ("In all 2.2 GAS.", "2.2 GAS"),
        ("It cost 10 GAS.", "10 GAS"),
        ("The price is 9 GAS.", "9 GAS"),
        ("It cost 99999999999999999999 GAS.", "99999999999999999999 GAS"),
        ("It cost 2,000 GAS.", ""),
        ("It cost 2,500 GAS.", "2,500 GAS"),
    ] {
        assert_eq!(strange(answer), Vec::from_iter(Some(amount).filter(|a| !a.is_empty())), "{answer}");
    }
    for answer in [
        "It cost 2 GAS plus about 0.11 GAS in fees, so you paid 2.11 GAS in total.",
        "You paid 2 GAS, leaving 98 GAS.",
        "You paid 2 GAS and have 95 GAS left.",
        "Your balance is now 97,5 GAS.",
        "It cost 2.00000000 GAS and 0,1124351 GAS.",
        "The cap of 25 GAS a day is not passed.",
        "The quote of 3 GAS is within your 10 GAS, and 0.75 GAS less.",
        "Would it cost 7 GAS?",
        "Would you pay 7 GAS, or less?",
        "¿Pago 7 GAS, o menos?",
        "It would cost 7 GAS.",
        "If it is in 3D, it costs 7 GAS.",
        "It did not cost 7 GAS.",
        "You need 7 GAS for that.",
        "I can hold a price against \"for at most 7 GAS\".",
        "A mix of 7 gas molecules and 3 gases.",
        "GAS 2, as quoted.",
        "Paid in GAS. 7 records.",
        "I pay in GAS 7 records later.",
        "GASP 7, 7 GASES",
    ] {
        assert_eq!(strange(answer), Vec::<String>::new(), "{answer}");
    }
}

#[tokio::test]
async fn the_sums_of_several_jobs_are_known() {
    let mut amounts = Amounts::default();
    amounts.of_jobs(&[paid().await, paid().await]);
    for (answer, strange) in [("4 GAS and 0.22 GAS in fees: 4.22 GAS", vec![]), ("6 GAS", vec!["6 GAS"])] {
        assert_eq!(amounts::strange(answer, &amounts), strange, "{answer}");
    }
    assert!(names_amounts("It cost 2 GAS") && !names_amounts("It cost nothing, gaseous"));
}

#[test]
fn promises_are_told_from_offers() {
    for answer in ["I will run the folding now.", "Let me check the file.", "Sure.\nI'll submit it."] {
        assert!(promises(answer), "{answer}");
    }
    for answer in [
        "Let me know what to run.",
        "I will run it if you want.",
        "I will run it. On which file?",
        "I'm here to help.",
        "You will need a file.",
    ] {
        assert!(!promises(answer), "{answer}");
    }
}

#[test]
fn a_question_back_is_told_from_a_civil_one() {
    for answer in ["2D or 3D?", "要折叠哪个文件？", "I need the file. Which one is it?"] {
        assert!(asks(answer), "{answer}");
    }
    for answer in ["It is done. Anything else?", "Folded! Would you like to know more?", "Done."] {
        assert!(!asks(answer), "{answer}");
    }
}

#[test]
fn sentences_end_where_people_end_them() {
    let text = "See data.fasta: 1.5 GAS. Done!\n- next; last";
    assert_eq!(sentences(text).collect::<Vec<_>>(), ["See data.fasta: 1.5 GAS.", "Done!", "- next;", "last"]);
    assert_eq!(sentences("完成。好吗？是").collect::<Vec<_>>(), ["完成。", "好吗？", "是"]);
}
