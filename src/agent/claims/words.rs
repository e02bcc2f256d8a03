//! The words that claims are made of, in plain form as [`words::plain`](crate::model::words::plain) gives it.

/// What stands with one of these, or after it in a sentence, states nothing that is so now.
pub const HEDGES: [&str; 40] = [
    "not", "isn t", "hasn t", "wasn t", "weren t", "haven t", "didn t", "doesn t", "don t", "won t", "can t", "cannot",
    "no", "never", "nothing", "nobody", "once", "when", "after", "if", "until", "unless", "will", "ll", "would",
    "before", "yet", "to be", "should", "could", "can", "may", "might", "must", "needs", "need", "wait", "going to",
    "ready to", "please",
];
/// What says that work is done.
pub const DONE: [&str; 11] = [
    "is done",
    "are done",
    "all done",
    "is complete",
    "are complete",
    "is completed",
    "has completed",
    "is finished",
    "has finished",
    "finished successfully",
    "completed successfully",
];
/// Steps on the way that end before the job does.
pub const STEPS: [&str; 14] = [
    "upload",
    "uploaded",
    "uploading",
    "submission",
    "submitted",
    "check",
    "checked",
    "quote",
    "payment",
    "paid",
    "staged",
    "staging",
    "transaction",
    "transfer",
];
/// What says that money went.
pub const PAID: [&str; 9] = [
    "paid",
    "payment was",
    "payment has been",
    "payment is complete",
    "payment is confirmed",
    "payment confirmed",
    "payment sent",
    "payment went",
    "transferred",
];
/// What an amount of GAS is said with when it is said to be spent.
pub const SPENT: [&str; 9] = ["paid", "pay", "cost", "costs", "spent", "charged", "transferred", "sent", "deducted"];
/// What makes the whole of a sentence conditional, also from behind when it begins the last part of it.
pub const CONDITIONS: [&str; 12] =
    ["if", "once", "unless", "until", "whether", "whenever", "as soon as", "wenn", "falls", "sobald", "si", "cuando"];
/// What an amount is not yet, or not at all, when it is said right before or after it.
pub const UNREAL: [&str; 25] = [
    "would",
    "will",
    "ll",
    "could",
    "may",
    "might",
    "should",
    "shall",
    "need",
    "needs",
    "needed",
    "require",
    "requires",
    "not",
    "t",
    "no",
    "never",
    "nor",
    "without",
    "most",
    "würde",
    "wird",
    "nicht",
    "costaría",
    "coûterait",
];
/// What an amount is said with that is left: of a balance nothing is known here.
pub const LEFT: [&str; 19] = [
    "leaving",
    "leaves",
    "leave",
    "left",
    "remaining",
    "remain",
    "remains",
    "balance",
    "available",
    "holds",
    "übrig",
    "guthaben",
    "verbleiben",
    "saldo",
    "quedan",
    "queda",
    "restan",
    "reste",
    "solde",
];
/// What a sentence begins with that asks as a whole.
pub const ASKING: [&str; 24] = [
    "is", "are", "was", "were", "do", "does", "did", "has", "have", "can", "could", "shall", "should", "will", "would",
    "may", "might", "what", "which", "how", "why", "soll", "kann", "darf",
];
/// Questions that ask nothing of what was wished for: they end an answer, as people do.
pub const CIVIL: [&str; 15] = [
    "anything else",
    "something else",
    "what else",
    "any other",
    "any questions",
    "further questions",
    "more details",
    "know more",
    "learn more",
    "other files",
    "another file",
    "can you believe",
    "isn t it",
    "ok",
    "okay",
];
/// What promises something.
pub const PROMISES: [&str; 10] = [
    "i will",
    "i ll",
    "i am going to",
    "i m going to",
    "let me",
    "i shall",
    "we will",
    "we ll",
    "i am now",
    "proceeding to",
];
/// What is promised when it is a step of the work.
pub const ACTS: [&str; 32] = [
    "run",
    "start",
    "begin",
    "check",
    "fold",
    "compute",
    "calculate",
    "analyze",
    "analyse",
    "submit",
    "upload",
    "pay",
    "process",
    "proceed",
    "perform",
    "measure",
    "do",
    "execute",
    "make",
    "plan",
    "summarize",
    "summarise",
    "align",
    "search",
    "blast",
    "count",
    "look",
    "find",
    "get",
    "examine",
    "determine",
    "continue",
];
/// With one of these it is an offer and no promise.
pub const OFFERS: [&str; 7] = ["if", "once", "when", "after", "unless", "until", "know"];
/// What says that two jobs are meant.
pub const BOTH: [&str; 2] = ["both", "beide"];
/// With one of these a person speaks of money.
pub const MONEY: [&str; 12] =
    ["gas", "pay", "paid", "cost", "costs", "price", "budget", "limit", "cap", "spend", "at most", "cheaper"];
