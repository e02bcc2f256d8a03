//! The parts of a text that may hold calls, one after the other.

use super::{
    close_name,
    forms::Kind,
    loose::{self, Why},
    marks::{self, ACTION, Begins, TAGS, line_starts},
    xml,
};

/// More parts than any answer has; what lies beyond them is text.
const MOST: usize = 128;
/// So many lines that look like a call and are none are read, each perhaps to the end of the text; those beyond them are text.
const MOST_TRIES: usize = 64;

/// A part of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) start: usize,
    pub(super) end: usize,
    /// What is inside the tags or the fence.
    pub(super) body: &'a str,
    pub(super) kind: Kind,
    /// Whether something marks its end, so that it is not cut.
    pub(super) closed: bool,
}

/// A kind of block, found from a place in the text on.
type Finder = for<'a> fn(&'a str, usize, &[&str], &mut usize) -> Option<Block<'a>>;

const FINDERS: [Finder; 4] = [tagged, fenced, bare, action];

/// What a finder found last.
#[derive(Clone, Copy)]
enum Look<'a> {
    Not,
    None,
    At(Block<'a>),
}

/// The blocks of a text. Each kind is looked for again only behind where it was found last, so that a long text of many
/// blocks is not read over and over.
pub(super) struct Blocks<'a, 'k> {
    text: &'a str,
    known: &'k [&'k str],
    at: usize,
    found: [Look<'a>; FINDERS.len()],
    left: usize,
    tries: usize,
}

impl<'a, 'k> Blocks<'a, 'k> {
    pub(super) fn of(text: &'a str, known: &'k [&'k str]) -> Blocks<'a, 'k> {
        Blocks { text, known, at: 0, found: [Look::Not; FINDERS.len()], left: MOST, tries: MOST_TRIES }
    }

    /// Goes on behind the byte `at`.
    pub(super) fn seek(&mut self, at: usize) {
        self.at = at;
    }
}

impl<'a> Iterator for Blocks<'a, '_> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        self.left = self.left.checked_sub(1)?;
        for (look, finder) in self.found.iter_mut().zip(FINDERS) {
            let stale = match look {
                Look::Not => true,
                Look::None => false,
                Look::At(block) => block.start < self.at,
            };
            if stale {
                *look = finder(self.text, self.at, self.known, &mut self.tries).map_or(Look::None, Look::At);
            }
        }
        let blocks = self.found.iter().filter_map(|look| if let Look::At(block) = look { Some(*block) } else { None });
        let first = blocks.min_by_key(|b| b.start)?;
        self.at = first.end;
        Some(first)
    }
}

fn tagged<'a>(text: &'a str, from: usize, _: &[&str], _: &mut usize) -> Option<Block<'a>> {
    let rest = text.get(from..)?;
    let tags = TAGS.iter().filter_map(|(open, close)| Some((rest.find(open)?, *open, *close)));
    // These tags belong to the call itself.
    let calls = xml::OPENINGS.iter().filter_map(|(open, _)| Some((rest.find(open)?, "", [].as_slice())));
    let (at, open, close) = tags.chain(calls).min_by_key(|(at, open, _)| (*at, usize::MAX - open.len()))?;
    let inside = rest.get(at + open.len()..)?;
    let end = close.iter().filter_map(|c| Some((inside.find(c)?, c.len()))).min();
    // A model that stops after the call often leaves the closing tag out: the next one of its kind is none of it.
    let next = if open.is_empty() { None } else { inside.find(open) };
    let (length, mark, closed) = match (end, next) {
        (Some((end, mark)), next) if next.is_none_or(|next| end <= next) => (end, mark, true),
        (_, Some(next)) => (next, 0, true),
        _ => (inside.len(), 0, false),
    };
    let start = from + at;
    let body = inside.get(..length)?;
    Some(Block { start, end: start + open.len() + length + mark, body, kind: Kind::Tagged, closed })
}

fn fenced<'a>(text: &'a str, from: usize, _: &[&str], _: &mut usize) -> Option<Block<'a>> {
    let start = from + text.get(from..)?.find("```")?;
    let inside = text.get(start + 3..)?;
    // The word after the fence names a language, unless it is called.
    let word = inside.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).unwrap_or(inside.len());
    let skip = if inside.get(word..).is_some_and(|rest| rest.starts_with('(')) { 0 } else { word };
    let length = inside.find("```");
    let body = inside.get(skip..length.unwrap_or(inside.len()).max(skip))?;
    let end = start + 3 + skip + body.len() + length.map_or(0, |_| 3);
    Some(Block { start, end, body, kind: Kind::Fenced, closed: length.is_some() })
}

/// An object, a list, or a tool's name with its arguments, at the beginning of a line.
fn bare<'a>(text: &'a str, from: usize, known: &[&str], tries: &mut usize) -> Option<Block<'a>> {
    let block = |start: usize, length: usize| {
        let body = text.get(start..start + length)?;
        Some(Block { start, end: start + length, body, kind: Kind::Bare, closed: false })
    };
    for start in line_starts(text, from) {
        let rest = text.get(start..)?;
        let json =
            rest.starts_with('{') || rest.strip_prefix('[').is_some_and(|inside| inside.trim_start().starts_with('{'));
        let called = !json && marks::begins(rest, known) == Begins::Yes && !rest.starts_with(ACTION);
        if json || called {
            *tries = tries.checked_sub(1)?;
        }
        if json {
            match loose::prefix(rest, true) {
                Ok((_, length)) => {
                    let after = rest.get(length..).unwrap_or_default();
                    let marks = after.len() - after.trim_start_matches(['}', ']', ';', ',']).len();
                    *tries += 1;
                    return block(start, length + marks);
                }
                // Told, not passed over.
                Err(Why::Ambiguous(_) | Why::Cut) if known.iter().any(|name| rest.contains(name)) => {
                    return block(start, rest.len());
                }
                Err(_) => continue,
            }
        }
        if called {
            match super::forms::calls(rest, Kind::Bare, true, known) {
                // Nothing follows on the line: in the middle of a sentence it is spoken of, and not made.
                Ok((found, used)) if !found.is_empty() => {
                    let after = rest.get(used..).unwrap_or_default();
                    if after.lines().next().unwrap_or_default().trim().is_empty() {
                        *tries += 1;
                        return block(start, used);
                    }
                }
                Err(Why::Ambiguous(_) | Why::Cut) => return block(start, rest.len()),
                _ => {}
            }
        }
    }
    None
}

/// `Action: name` on a line, and `Action Input: {…}` below.
fn action<'a>(text: &'a str, from: usize, known: &[&str], _: &mut usize) -> Option<Block<'a>> {
    const INPUT: &str = "Action Input:";
    line_starts(text, from).find_map(|start| {
        let rest = text.get(start..)?.strip_prefix(ACTION)?;
        let name = rest.lines().next()?.trim();
        close_name(name, known)?;
        let line = rest.get(rest.find('\n')?..)?.trim_start();
        let input = line.strip_prefix(INPUT)?.trim_start();
        let input = input.strip_prefix("```json").or_else(|| input.strip_prefix("```")).unwrap_or(input).trim_start();
        let at = text.len() - input.len();
        let length = loose::prefix(input, true).map_or(input.len(), |(_, length)| length);
        // The body begins at the name; the words between are stepped over there.
        let body = text.get(start + ACTION.len()..at + length)?;
        Some(Block { start, end: at + length, body, kind: Kind::Fenced, closed: false })
    })
}
