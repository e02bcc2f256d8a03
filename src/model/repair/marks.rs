//! What may begin a call in a text. The reader finds calls by it, and the streaming gate holds text back by it.

use super::{close_name, dsml, xml};

/// Tags around calls: what opens one, and what may close it. The names of the models that write them are where they are
/// not plain from the tag.
pub(super) const TAGS: [(&str, &[&str]); 15] = [
    // Hermes, Qwen.
    ("<tool_call>", &["</tool_call>"]),
    ("<tool_calls>", &["</tool_calls>"]),
    ("<function_call>", &["</function_call>"]),
    ("<function_calls>", &["</function_calls>"]),
    // Qwen2.5-Coder, which was shown its tools between these.
    ("<tools>", &["</tools>"]),
    ("<tool-use>", &["</tool-use>"]),
    ("<tool_use>", &["</tool_use>"]),
    // Granite, Phi-4-mini.
    ("<|tool_call|>", &["<|/tool_call|>", "</|tool_call|>"]),
    // LFM2.
    ("<|tool_call_start|>", &["<|tool_call_end|>"]),
    // Kimi K2.
    ("<|tool_call_begin|>", &["<|tool_call_end|>"]),
    // DeepSeek.
    ("<｜tool▁call▁begin｜>", &["<｜tool▁call▁end｜>"]),
    // Llama 3.
    ("<|python_tag|>", &["<|eom_id|>", "<|eot_id|>"]),
    // Mistral.
    ("[TOOL_CALLS]", &["[/TOOL_CALLS]", "</s>"]),
    // InternLM.
    ("<|action_start|>", &["<|action_end|>"]),
    // gpt-oss.
    ("<|channel|>commentary to=", &["<|call|>"]),
];
/// What stands around several tagged calls, or after one, and means nothing by itself.
pub(super) const AROUND: [&str; 11] = [
    "<|tool_calls_section_begin|>",
    "<|tool_calls_section_end|>",
    "<｜tool▁calls▁begin｜>",
    "<｜tool▁calls▁end｜>",
    "<minimax:tool_call>",
    "</minimax:tool_call>",
    "<|plugin|>",
    "<|start|>assistant",
    "<|eom_id|>",
    "<|eot_id|>",
    "</tool_call>",
];
/// The line before the arguments, of models that reason and act in turns.
pub(super) const ACTION: &str = "Action:";
const FENCE: &str = "```";
/// No name is longer, bytes.
const LONGEST_NAME: usize = 64;

/// The opening tag that `text` begins with.
pub(super) fn tag_at(text: &str) -> Option<&'static str> {
    let tags = TAGS.iter().map(|(open, _)| *open).chain(AROUND);
    tags.filter(|tag| text.starts_with(tag)).max_by_key(|tag| tag.len())
}

fn marks() -> impl Iterator<Item = &'static str> {
    TAGS.iter()
        .map(|(open, _)| *open)
        .chain(AROUND)
        .chain(xml::OPENINGS.map(|(open, _)| open))
        .chain(dsml::BEGINS)
        .chain([FENCE])
}

/// Where in `text`, from the byte `from` on, something begins that may be a call: a tag, a fence, or what looks like one
/// at the beginning of a line.
pub fn begin_of_call(text: &str, from: usize, known: &[&str]) -> Option<usize> {
    let rest = text.get(from..)?;
    let mark = marks().filter_map(|mark| rest.find(mark)).min().map(|at| from + at);
    let line = line_starts(text, from).find(|&at| begins(text.get(at..).unwrap_or_default(), known) == Begins::Yes);
    mark.into_iter().chain(line).min()
}

/// How many bytes at the end of `text`, from the byte `from` on, may yet become the beginning of a call.
pub fn could_begin(text: &str, from: usize, known: &[&str]) -> usize {
    let longest = |mark: &str| {
        (1..mark.len()).rev().find(|&n| mark.get(..n).is_some_and(|head| text.ends_with(head))).unwrap_or(0)
    };
    let mark = marks().map(longest).max().unwrap_or(0);
    let open = line_starts(text, from).find(|&at| begins(text.get(at..).unwrap_or_default(), known) == Begins::Perhaps);
    mark.max(open.map_or(0, |at| text.len() - at))
}

/// Where lines begin at or after the byte `from`, white space at their beginnings left out.
pub(super) fn line_starts(text: &str, from: usize) -> impl Iterator<Item = usize> + '_ {
    let first = text.get(..from).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let newlines = text.get(first..).unwrap_or_default().match_indices('\n').map(move |(at, _)| first + at + 1);
    std::iter::once(first).chain(newlines).filter_map(move |start| {
        let line = text.get(start..)?;
        let at = start + (line.len() - line.trim_start_matches([' ', '\t', '\r']).len());
        (at >= from).then_some(at)
    })
}

/// Whether a line is the beginning of a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Begins {
    Yes,
    /// As far as it goes.
    Perhaps,
    No,
}

/// Whether a line that begins so may be a call: an object, a list of objects or of calls, a tool's name with its
/// arguments, or an action.
pub(super) fn begins(line: &str, known: &[&str]) -> Begins {
    if line.starts_with('{') || line.starts_with(ACTION) {
        return Begins::Yes;
    }
    if line.is_empty() || ACTION.starts_with(line) {
        return Begins::Perhaps;
    }
    let inside = line.strip_prefix('[').map(str::trim_start);
    match inside {
        Some("") => return Begins::Perhaps,
        Some(inside) if inside.starts_with('{') => return Begins::Yes,
        _ => {}
    }
    let word = inside.unwrap_or(line);
    let end = word.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(word.len());
    let (name, after) = word.split_at(end);
    if name.is_empty() || name.len() > LONGEST_NAME {
        return Begins::No;
    }
    let is_tool = || close_name(name.trim_end_matches(".call"), known).is_some();
    match after.chars().next() {
        None => Begins::Perhaps,
        Some('(') if name == "print" || is_tool() => Begins::Yes,
        Some('{') if is_tool() => Begins::Yes,
        Some(_) => Begins::No,
    }
}
