//! Calls out of their pieces. Neither the place nor the id of a piece is to be trusted alone: some servers number every call
//! with zero (Gemini, Ollama: hermes-agent#62937), some change the id from one piece of a call to the next (Poolside: pool#9;
//! LM Studio gives each piece an id of its own), some say neither, and some say the whole arguments again at the end
//! (opencodex#361). What decides is what a call is: one name, and one object.

use std::cell::Cell;

use serde::de::IgnoredAny;
use serde_json::{Value, value::RawValue};

use super::{assemble::MAX_TEXT, chunk::CallPiece, surrogates::Halves};
use crate::model::ToolCall;

/// The most calls in one answer.
const MOST: usize = 32;
/// The most ids that the pieces of one call are known by.
const MOST_IDS: usize = 256;
/// How much is read in all to tell whether arguments are whole, bytes; a piece after that goes on with what was begun.
const MOST_READ: usize = 64 << 20;

/// The calls of an answer in the making.
#[derive(Default)]
pub(super) struct Calls {
    slots: Vec<Slot>,
    /// The names that are offered: one of them is no piece of a longer name.
    offered: Vec<String>,
    /// What was read to tell whether arguments are whole, bytes.
    read: Cell<usize>,
}

#[derive(Default)]
struct Slot {
    choice: u32,
    index: Option<u32>,
    /// Every id that its pieces came with; the last is the one that its server knows it by.
    ids: Vec<String>,
    name: String,
    arguments: String,
    halves: Halves,
    echo: Option<Value>,
}

impl Slot {
    /// Takes more of its arguments: no more than an answer may have.
    fn push(&mut self, arguments: String) {
        let mut more = self.halves.pass(arguments);
        let room = (MAX_TEXT + 1).saturating_sub(self.arguments.len());
        more.truncate(more.floor_char_boundary(room));
        self.arguments.push_str(&more);
    }

    /// Takes an id that it is known by; the last is kept in any case.
    fn name_by(&mut self, id: String) {
        if id.is_empty() || self.ids.contains(&id) {
            return;
        }
        self.ids.truncate(MOST_IDS - 1);
        self.ids.push(id);
    }
}

impl Calls {
    /// The calls of an answer to a request that offers these.
    pub(super) fn of(offered: Vec<String>) -> Calls {
        Calls { slots: Vec::new(), offered, read: Cell::new(0) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(super) fn are_too_many(&self) -> bool {
        self.slots.len() > MOST
    }

    /// Takes a piece, the one at `position` of so many that came together; gives how many bytes of arguments it holds.
    pub(super) fn take(&mut self, choice: u32, mut piece: CallPiece, position: usize, together: usize) -> usize {
        let at = self.place(choice, &piece, position, together).unwrap_or_else(|| {
            self.slots.push(Slot { choice, index: piece.index, ..Slot::default() });
            self.slots.len() - 1
        });
        let Some(slot) = self.slots.get_mut(at) else { return 0 };
        match piece.name() {
            "" => {}
            name if name == slot.name => {}
            // Some servers send the name as far as it goes with every piece.
            name if name.starts_with(&slot.name) => name.clone_into(&mut slot.name),
            name if !self.offered.contains(&slot.name) => slot.name.push_str(name),
            _ => {}
        }
        let arguments = piece.arguments();
        piece.id.into_iter().for_each(|id| slot.name_by(id));
        slot.echo = piece.extra_content.filter(|extra| !extra.is_null()).or(slot.echo.take());
        let bytes = arguments.len();
        slot.push(arguments);
        bytes
    }

    /// The call that a piece goes on with; none where it begins one.
    fn place(&self, choice: u32, piece: &CallPiece, position: usize, together: usize) -> Option<usize> {
        let id = piece.id.as_deref().unwrap_or_default();
        let last = |is: &dyn Fn(&Slot) -> bool| self.slots.iter().rposition(is);
        let by_id = last(&|slot| !id.is_empty() && slot.ids.iter().any(|known| known == id));
        let nameless = id.is_empty() && piece.name().is_empty();
        let found = by_id.or_else(|| match piece.index {
            Some(index) => last(&|slot| slot.choice == choice && slot.index == Some(index))
                // A piece that names nothing goes on with what was begun, by whatever place (agno#8879).
                .or_else(|| self.slots.len().checked_sub(1).filter(|_| nameless)),
            // Several that come together go on with those that came together before.
            None if together > 1 => self.slots.len().checked_sub(together).map(|first| first + position),
            None => self.slots.len().checked_sub(1),
        })?;
        let slot = self.slots.get(found)?;
        let other_id = by_id.is_none() && !id.is_empty() && !slot.ids.is_empty();
        let name = piece.name();
        let begins = match (name, slot.name.as_str()) {
            // The name may be yet to come.
            ("", _) => other_id && piece.index.is_none() && self.is_whole(slot) && piece.has_arguments(),
            (_, "") => false,
            // What is said again of one call is told apart from a second one at the end.
            (name, known) if name == known => other_id && self.is_whole(slot),
            (name, known) if name.starts_with(known) && !self.is_offered(known) => false,
            (name, known) => {
                !slot.arguments.is_empty() || other_id || (self.is_offered(name) && self.is_offered(known))
            }
        };
        (!begins).then_some(found)
    }

    /// Whether the arguments of a call are whole.
    fn is_whole(&self, slot: &Slot) -> bool {
        let read = self.read.get().saturating_add(slot.arguments.len());
        self.read.set(read);
        read <= MOST_READ && serde_json::from_str::<IgnoredAny>(&slot.arguments).is_ok()
    }

    fn is_offered(&self, name: &str) -> bool {
        self.offered.iter().any(|known| known == name)
    }

    /// Takes calls that a message holds as far as it goes, with all that came before; gives how many bytes are new.
    pub(super) fn take_whole(&mut self, choice: u32, calls: Vec<CallPiece>) -> usize {
        let together = calls.len();
        let mut bytes = 0;
        for (position, mut call) in calls.into_iter().enumerate() {
            let id = call.id.as_deref().unwrap_or_default();
            let by_id = self.slots.iter().position(|slot| slot.ids.iter().any(|known| known == id));
            let known = by_id.or_else(|| (position < self.slots.len()).then_some(position));
            match known.and_then(|at| self.slots.get_mut(at)) {
                None => bytes += self.take(choice, call, position, together),
                Some(slot) => {
                    if slot.name.is_empty() {
                        call.name().clone_into(&mut slot.name);
                    }
                    let arguments = call.arguments();
                    if arguments.len() > slot.arguments.len() && arguments.starts_with(&slot.arguments) {
                        bytes += arguments.len() - slot.arguments.len();
                        slot.arguments.clear();
                        slot.push(arguments);
                    }
                }
            }
        }
        bytes
    }

    /// The calls as they are at the end of an answer.
    pub(super) fn finish(&mut self) -> Vec<ToolCall> {
        let calls = std::mem::take(&mut self.slots).into_iter().flat_map(|slot| {
            let Slot { mut ids, name, arguments, mut echo, .. } = slot;
            let mut id = ids.pop().unwrap_or_default();
            each(arguments).into_iter().map(move |arguments| ToolCall {
                id: std::mem::take(&mut id),
                name: name.clone(),
                arguments,
                echo: echo.take(),
            })
        });
        calls.take(MOST).collect()
    }
}

/// The arguments of each call in what came as those of one. Where whole objects stand one after the other, an empty one before
/// others was a beginning, the same again was said again, and each other one is a call of its own.
fn each(arguments: String) -> Vec<String> {
    let values: Option<Vec<(&RawValue, Value)>> = serde_json::Deserializer::from_str(&arguments)
        .into_iter::<&RawValue>()
        .map(|value| {
            let raw = value.ok()?;
            Some((raw, serde_json::from_str(raw.get()).ok().filter(Value::is_object)?))
        })
        .collect();
    let Some(values) = values.filter(|values| values.len() > 1) else { return vec![arguments] };
    let is_empty = |value: &Value| value.as_object().is_some_and(serde_json::Map::is_empty);
    let anything = values.iter().any(|(_, value)| !is_empty(value));
    let mut seen: Vec<(&RawValue, Value)> = Vec::new();
    for (raw, value) in values {
        let is_beginning = anything && is_empty(&value);
        let is_again = seen.iter().any(|(_, known)| *known == value);
        if !is_beginning && !is_again {
            seen.push((raw, value));
        }
        if seen.len() == MOST {
            break;
        }
    }
    seen.into_iter().map(|(raw, _)| raw.get().to_owned()).collect()
}
