//! For tests: the worst that others may say, and the time that reading it may take.

use std::{hint::black_box, time::Duration};

use rustix::time::{ClockId, clock_gettime};

/// So much is said at once, bytes.
pub const MUCH: usize = 16 << 20;

/// What is said over and over: beginnings without an end, ends without a beginning, what looks like one thing and is another.
pub const PIECES: [&str; 96] = [
    "Action: list_jobs {\n",
    "Action: list_jobs\nAction Input: {\n",
    "Action: x\n\n",
    "Action:\n",
    "{\"a\":",
    "{\"a\":[",
    "[",
    "{",
    "}",
    "]",
    "[{",
    "\n{",
    "\n[{",
    "\n{\"a\":",
    "\n{'",
    "\n{\"",
    "\n{/*",
    "{\"\":0},",
    "{},",
    "{}",
    "[],",
    "\"",
    "\"\"",
    "'",
    "`",
    "```",
    "```\n{",
    "```json\n{\"name\":",
    "<",
    ">",
    "</",
    "<tool_call>",
    "</tool_call>",
    "<tool_call>{",
    "<tool_call>\n</tool_call>\n",
    "<think>",
    "\n<think>",
    "</think>",
    "<|end|>",
    "<|channel|>analysis<|message|>",
    "[THINK]",
    "<function=list_jobs>",
    "<function=a></function>",
    "<function=list_jobs><parameter=a>",
    "<parameter=a>1</parameter>",
    "<invoke name=\"list_jobs\">",
    "<arg_key>a</arg_key><arg_value>1</arg_value>",
    "<｜DSML｜invoke name=\"",
    "< | DSML ",
    "|",
    "list_jobs(",
    "list_jobs()\n",
    "[list_jobs(),",
    "list_jobs{",
    "print(",
    "\nprint(list_jobs(",
    "a=1, ",
    "\\",
    "\\\"",
    "\\u",
    "\\ud83d",
    "\\ud83d\\ude00",
    "//",
    "/*",
    "*/",
    "# c\n",
    " ",
    "\n",
    "\r",
    "\t \n",
    "a",
    "a b ",
    "ab\n",
    "1",
    "1,",
    "1.5 GAS, ",
    "-",
    "--a=",
    "=",
    "a=1\n",
    "a.",
    "[a]\n",
    "[[a]]\n",
    "\"\"\"",
    "'''",
    "$",
    "${A}",
    "\u{e9}",
    "\u{1f600}",
    "\u{202e}",
    "\0",
    ">a\nACGT\n",
    "@a\nACGT\n+\nIIII\n",
    "job-7k3q9dm2 ",
    "/a/b.c ",
    "results/a ",
];

/// So many bytes of a piece, over and over.
pub fn said(piece: &str, bytes: usize) -> String {
    let mut all = piece.repeat(bytes / piece.len() + 1);
    all.truncate(all.floor_char_boundary(bytes));
    all
}

/// The processor time of this thread so far: how busy the machine is does not matter.
pub fn worked() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or_default(), time.tv_nsec.try_into().unwrap_or_default())
}

/// A plain look at every character of [`MUCH`], on this machine.
fn plain_pass() -> Duration {
    let text = "a \u{e9}{".repeat(MUCH / 5);
    let begun = worked();
    black_box(black_box(&text).chars().filter(|c| c.is_alphanumeric()).count());
    worked() - begun
}

/// So many of the pieces that are worst for a reader are said at full length.
const WORST: usize = 2;

/// Has `read` read a little of every piece, and `bytes` bytes of those that took it longest, and holds that none takes longer than
/// some hundred plain looks at [`MUCH`]. What goes through its text again for each part of it takes thousands.
///
/// # Panics
/// When one takes longer.
pub fn is_linear(what: &str, bytes: usize, mut read: impl FnMut(&str)) {
    let mut took = |piece: &'static str, bytes: usize| {
        let text = said(piece, bytes);
        let begun = worked();
        read(&text);
        in_time(&format!("{what}: {bytes} bytes of {piece:?}"), begun);
        worked() - begun
    };
    let mut all: Vec<(Duration, &str)> = PIECES.iter().map(|piece| (took(piece, bytes / 256), *piece)).collect();
    all.sort_by_key(|(took, _)| std::cmp::Reverse(*took));
    for (_, piece) in all.into_iter().take(WORST) {
        // What would take hours of all of it takes too long of a part.
        let part = took(piece, bytes / 4);
        let whole = took(piece, bytes);
        // Four times as much takes four times as long; what goes through its text again for each part of it, sixteen times.
        assert!(
            whole < 10 * part + SHORT,
            "{what}: {bytes} bytes of {piece:?} took {whole:?}, a quarter of it {part:?}"
        );
    }
}

/// What takes less is no matter, however slow the machine is.
const SHORT: Duration = Duration::from_millis(500);

/// Holds that what this thread began then, by [`worked`], took no longer than that.
///
/// # Panics
/// When it took longer.
pub fn in_time(what: &str, begun: Duration) {
    let took = worked() - begun;
    if took < SHORT {
        return;
    }
    let most = plain_pass() * 200;
    assert!(took <= most, "{what} took {took:?}, and {most:?} are the most");
}
