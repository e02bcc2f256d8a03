//! The words that may stand in a request. They are few and closed.

/// Words that may stand in a request and change nothing.
pub(super) const SMALL: &str = "a an the this that these those my our its it them s on of in for with from over using against through \
    by and then also now again too but afterwards so please kindly thanks hi hello hey ok okay yes sure me \
    us file files dataset datasets data sequence sequences protein proteins record records read reads fasta \
    fastq text task job analysis lattice model hp result results content contents set large big huge small \
    same next try run do perform compute calculate start make give show get tell execute launch begin submit want need \
    search find repeat redo rerun use bitte die der das den dem und von mit datei auf aus jetzt dann \
    proteine sequenzen im hits domains family table asap some basic short simulation report called we help \
    process apply offload generate compare predict";
/// What may be said of a file that is named beside it, and means another one where none is.
pub(super) const OF_FILES: &str = "proteome genome";
/// What may be said where a task takes such a file.
pub(super) const SECOND_FILES: &str = "database profile";
/// Of these at least one stands in a wish.
pub(super) const VERBS: &str = "run do perform compute calculate start make give get execute launch begin submit want need \
    repeat redo rerun try please bitte kindly fold blast blastp align summarise summarize count sum predict \
    hmmsearch falte falten like use let again go process apply offload generate compare help kick needs";
/// Words of a question for what a task finds.
pub(super) const ASKING: &str = "what which how many long is are does there have has contain contains look check about much was like more \
     longer shorter larger smaller";
/// Groups of words that belong together.
pub(super) const TOGETHER: &[&[&str]] = &[
    &["i", "want", "you", "to"],
    &["i", "want", "to"],
    &["i", "want"],
    &["i", "need", "you", "to"],
    &["i", "need", "to"],
    &["i", "need"],
    &["i", "d", "like", "you", "to"],
    &["i", "d", "like", "to"],
    &["i", "d", "like"],
    &["i", "would", "like", "you", "to"],
    &["i", "would", "like", "to"],
    &["i", "would", "like"],
    &["let", "s"],
    &["let", "us"],
    &["go", "ahead", "and"],
    &["thank", "you"],
    &["as", "well"],
    &["after", "that"],
    &["thanks", "a", "lot"],
    &["thank", "you", "very", "much"],
    &["many", "thanks"],
    &["thanks", "in", "advance"],
    &["in", "this", "folder"],
    &["in", "the", "folder"],
    &["in", "my", "folder"],
    &["once", "more"],
    &["one", "more", "time"],
    &["re", "run"],
    &["what", "about"],
    &["how", "about"],
    &["carry", "out"],
    &["work", "on"],
    &["right", "now"],
    &["kick", "off"],
    &["good", "morning"],
    &["good", "afternoon"],
    &["good", "evening"],
    &["i", "have"],
    &["i", "m", "a"],
    &["i", "m", "an"],
    &["i", "want", "to", "know"],
    &["i", "d", "like", "to", "know"],
    &["i", "would", "like", "to", "know"],
    &["i", "would", "like", "to", "have"],
    &["i", "d", "like", "to", "have"],
    &["needs", "to", "be"],
    &["need", "to", "be"],
    &["should", "be", "run"],
    &["tell", "me", "what", "it", "cost"],
    &["tell", "me", "what", "it", "costs"],
    &["let", "me", "know"],
    &["the", "best", "energy"],
    &["the", "lowest", "energy"],
    &["pay", "whatever", "is", "needed"],
    &["pay", "what", "is", "needed"],
    &["use", "gas", "to", "pay", "for", "it"],
    &["pay", "for", "it"],
    &["quick", "stats", "check"],
    &["in", "total"],
    &["total", "number", "of"],
    &["the", "length", "of"],
];
/// Words that want the price before it is paid.
pub(super) const QUOTE_FIRST: &[&[&str]] = &[
    &["tell", "me", "the", "price", "first"],
    &["tell", "me", "the", "cost", "first"],
    &["tell", "me", "what", "it", "costs", "first"],
    &["show", "me", "the", "price", "first"],
    &["show", "me", "the", "quote", "first"],
    &["tell", "me", "the", "price", "before", "you", "pay"],
    &["ask", "me", "before", "you", "pay", "anything"],
    &["ask", "me", "before", "you", "pay"],
    &["ask", "me", "before", "paying"],
    &["ask", "before", "you", "pay"],
    &["ask", "before", "paying"],
    &["ask", "me", "first"],
];
/// A wish in the form of a question.
pub(super) const POLITE: &[&[&str]] = &[
    &["can", "you"],
    &["could", "you"],
    &["can", "i", "get"],
    &["could", "i", "get"],
    &["will", "you"],
    &["would", "you", "please"],
    &["would", "you", "mind"],
];
/// Words for this machine.
pub(super) const HERE: &[&[&str]] = &[
    &["on", "this", "machine"],
    &["on", "my", "machine"],
    &["on", "the", "machine"],
    &["on", "this", "computer"],
    &["on", "my", "computer"],
    &["on", "this", "laptop"],
    &["on", "my", "laptop"],
    &["on", "this", "pc"],
    &["on", "my", "pc"],
    &["on", "my", "own", "machine"],
    &["on", "my", "own", "computer"],
    &["on", "this", "system"],
    &["on", "this", "host"],
    &["on", "localhost"],
    &["right", "here"],
    &["locally"],
    &["local"],
    &["here"],
    &["hier"],
];
/// Words for the other one.
pub(super) const THERE: &[&[&str]] = &[
    &["at", "the", "provider"],
    &["at", "a", "provider"],
    &["in", "the", "cloud"],
    &["remotely"],
    &["on", "aioz"],
    &["to", "aioz"],
    &["the", "cloud"],
    &["to", "the", "cloud"],
];
/// How a question goes on that was asked before.
pub(super) const FOLLOWS: [&str; 5] = ["and", "now", "also", "then", "same"];
/// Words before a claim of size: "it has only 2 KB".
pub(super) const CLAIMS: [&str; 14] =
    ["it", "is", "has", "s", "a", "an", "about", "only", "just", "roughly", "around", "the", "this", "of"];
