//! What people say that asks for no computing: questions about jobs, and small talk.

use super::words;

/// What is asked about jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// How they stand.
    Status,
    /// What they cost.
    Cost,
    /// What came out.
    Outcome,
    /// Where their files are.
    Folders,
    /// Why they run where they run.
    Place,
    /// By which transactions they were paid, and to whom.
    Payment,
    /// How they are given up.
    Cancel,
    /// What nobody has a word for here: all that is known of them.
    Anything,
}

/// What is said without asking for anything that a tool does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Talk {
    /// What there is to ask for, or who answers.
    Help,
    /// Which files there are.
    Files,
    /// Good day.
    Greeting,
    /// Thanks.
    Thanks,
}

const COST: [&str; 22] = [
    "did i pay",
    "did we pay",
    "did you pay",
    "have you paid",
    "is it paid",
    "was it paid",
    "i have to pay",
    "network fees",
    "the fees",
    "fees",
    "cost",
    "costs",
    "how much did",
    "spent",
    "spend",
    "price",
    "paid so far",
    "budget",
    "free",
    "free of charge",
    "for free",
    "expensive",
];
const IN_ALL: [&str; 8] = ["in total", "total", "so far", "altogether", "in all", "all jobs", "overall", "today"];
const PAYMENT: [&str; 18] = [
    "tx",
    "payment transaction",
    "the transaction",
    "prove that it was paid",
    "proof of payment",
    "verify the payment",
    "which address",
    "what address",
    "transaction hash",
    "tx hash",
    "the hash",
    "transaction id",
    "which transaction",
    "to whom",
    "who was paid",
    "who got",
    "whom did",
    "recipient",
];
const STATUS: [&str; 33] = [
    "what did you do",
    "what have you done",
    "what have we done",
    "what did we do",
    "job id",
    "what has been done",
    "what was done",
    "what happened",
    "what did i ask",
    "what jobs",
    "did it finish",
    "is it finished",
    "how far",
    "how is it going",
    "is it ready",
    "did it work",
    "status",
    "state of",
    "list my jobs",
    "list jobs",
    "list the jobs",
    "list all jobs",
    "show jobs",
    "show my jobs",
    "my jobs",
    "all jobs",
    "open jobs",
    "what is running",
    "what is open",
    "is it done",
    "are they done",
    "finished yet",
    "which jobs",
];
const LISTS: [&str; 9] = [
    "my jobs",
    "list jobs",
    "list the jobs",
    "all jobs",
    "show jobs",
    "open jobs",
    "what is running",
    "what is open",
    "which jobs",
];
const OUTCOME: [&str; 23] = [
    "lowest energy",
    "best energy",
    "minimum energy",
    "best fold",
    "best structure",
    "lowest energies",
    "of the folding",
    "of that folding",
    "of the fold",
    "what came out",
    "what was the result",
    "what were the results",
    "what is the result",
    "what are the results",
    "what s the result",
    "show me the result",
    "show the result",
    "show me the results",
    "what did you find",
    "what did it find",
    "what does it mean",
    "what does that mean",
    "explain the result",
];
const RESULTS: [&str; 5] = ["result", "results", "outcome", "output", "ergebnis"];
const FOLDERS: [&str; 15] = [
    "where did you save",
    "where did it save",
    "where have you put",
    "where are the files",
    "where is the file",
    "where are the results",
    "where is the result",
    "where are they",
    "where did you put",
    "which folder",
    "where can i find",
    "where do i find",
    "where is it saved",
    "where was it saved",
    "where are my",
];
const PLACE: [&str; 5] =
    ["why not here", "why not on this machine", "why not on my machine", "why offload", "why at the provider"];
const HELP: [&str; 9] = [
    "help",
    "what can you do",
    "who are you",
    "what are you",
    "what tasks",
    "which tasks",
    "how do i",
    "how does this work",
    "usage",
];
const FILES: [&str; 9] = [
    "what files",
    "which files",
    "list files",
    "list the files",
    "list my files",
    "show me the files",
    "show the files",
    "show my files",
    "what data do i have",
];
const GREETING: [&str; 8] =
    ["hi", "hello", "hey", "good morning", "good evening", "good afternoon", "good day", "moin"];
const THANKS: [&str; 7] = ["thanks", "thank you", "thx", "great", "that is all", "that s all", "that will be all"];

/// The question about jobs that a text asks. A file or a task in it is one of theirs only where the question is of what was.
pub fn question(text: &str, names_task: bool, names_file: bool, names_job: bool) -> Option<Question> {
    let plain = words::plain(text);
    let says = |phrases: &[&str]| words::says_any(&plain, phrases);
    if words::wants_cancel(text) {
        return Some(Question::Cancel);
    }
    let past = says(&["did", "was", "were", "spent", "paid"]) && !says(&["would", "will"]);
    let alone = !names_file && !names_task;
    if words::only_asks(text) && !(says(&COST) && (past || alone)) {
        return None;
    }
    let orders = words::orders(text);
    match () {
        () if says(&PAYMENT) && !orders => Some(Question::Payment),
        () if says(&OUTCOME) && !(orders && (names_task || names_file)) => Some(Question::Outcome),
        () if says(&FOLDERS) => Some(Question::Folders),
        () if says(&PLACE) || asks_place(&plain) => Some(Question::Place),
        () if says(&COST) && (past || names_job || (alone && !orders)) => Some(Question::Cost),
        () if says(&STATUS) && !names_file => Some(Question::Status),
        () if says(&["did you", "have you", "has it been"]) && names_task && !orders => Some(Question::Status),
        // What is not ordered, and is there already: "the results of folding a.fasta, please".
        () if says(&RESULTS) && !orders && (names_task || names_file || words::wants_shown(text)) => {
            Some(Question::Outcome)
        }
        () => None,
    }
}

/// "Why did the second one go to the provider?", "Why wasn't it run here?"
fn asks_place(plain: &str) -> bool {
    const WHY: [&str; 9] =
        ["why did", "why didn t", "why was", "why wasn t", "why were", "why is", "why isn t", "why has", "how come"];
    const RAN: [&str; 14] = [
        "run",
        "ran",
        "go",
        "gone",
        "went",
        "offload",
        "offloaded",
        "sent",
        "send",
        "computed",
        "folded",
        "provider",
        "remote",
        "remotely",
    ];
    words::says_any(plain, &WHY) && words::says_any(plain, &RAN)
}

/// Whether a question is about all jobs there are, and not about those that were talked about.
pub fn means_all(text: &str, question: Question) -> bool {
    let plain = words::plain(text);
    let lists = match question {
        Question::Status => words::says_any(&plain, &LISTS),
        Question::Cancel => words::says_any(&plain, &["all", "everything", "every job"]),
        _ => words::says(&plain, "all"),
    };
    lists || words::says_any(&plain, &IN_ALL)
}

/// Whether a text names what came out.
pub fn names_results(text: &str) -> bool {
    words::says_any(&words::plain(text), &RESULTS)
}

/// The small talk that a text without a task, a file or a job is.
pub fn small_talk(text: &str) -> Option<Talk> {
    let plain = words::plain(text);
    let says = |phrases: &[&str]| words::says_any(&plain, phrases);
    let short = plain.split_whitespace().count() <= 4;
    // "Great, go ahead" is more than thanks.
    let goes_on = says(&[
        "go ahead", "go on", "do it", "do that", "run it", "continue", "resume", "proceed", "yes", "again", "same",
    ]);
    match () {
        () if says(&HELP) => Some(Talk::Help),
        () if says(&FILES) => Some(Talk::Files),
        () if says(&GREETING) && short => Some(Talk::Greeting),
        () if says(&THANKS) && short && !goes_on => Some(Talk::Thanks),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_told_from_work() {
        for (text, task, file, expected) in [
            ("How much did that cost?", false, false, Some(Question::Cost)),
            ("what did the folding of a.fasta cost?", true, true, Some(Question::Cost)),
            ("How much will it cost to fold a.fasta?", true, true, None),
            ("did you pay?", false, false, Some(Question::Cost)),
            ("what came out for a.fasta?", false, true, Some(Question::Outcome)),
            ("where are the files?", false, false, Some(Question::Folders)),
            ("please cancel it", false, false, Some(Question::Cancel)),
            ("fold a.fasta, and cancel if it is dear", true, true, None),
            ("fold a.fasta", true, true, None),
            ("Fold a.fasta and show me the result", true, true, None),
            ("Give me the results of folding a.fasta", true, true, Some(Question::Outcome)),
            ("What is the lowest energy?", false, false, Some(Question::Outcome)),
            ("What's the price of folding a.fasta?", true, true, None),
            ("What was the price of folding a.fasta?", true, true, Some(Question::Cost)),
            ("Was that free?", false, false, Some(Question::Cost)),
            ("Fold a.fasta for free", true, true, None),
            ("how much would it cost?", false, false, Some(Question::Cost)),
            ("Did you fold a.fasta?", true, true, Some(Question::Status)),
            ("Who got the money?", false, false, Some(Question::Payment)),
            ("To whom did I pay?", false, false, Some(Question::Payment)),
            ("What did you do so far?", false, false, Some(Question::Status)),
            ("Why did it not run on my machine?", false, false, Some(Question::Place)),
            ("and the second file?", false, false, None),
        ] {
            assert_eq!(question(text, task, file, false), expected, "{text}");
        }
        assert_eq!(small_talk("Hi, who are you?"), Some(Talk::Help));
        assert_eq!(small_talk("hello there"), Some(Talk::Greeting));
        assert_eq!(small_talk("thanks a lot!"), Some(Talk::Thanks));
        assert_eq!(small_talk("What files do I have?"), Some(Talk::Files));
        assert_eq!(small_talk("Great, go ahead"), None);
        assert_eq!(small_talk("hello, I have a dataset that I want to look at"), None);
    }
}
