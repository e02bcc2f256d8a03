//! The tables of a task file as they fill up.

use toml_edit::{Array, Item, Table, value};

use super::slot::{Slot, SlotKind};

/// Any text that is not empty.
const ANY_TEXT: &str = "(?s).+";

/// The tables of a task file as they fill up.
#[derive(Default)]
pub(super) struct Tables {
    pub inputs: Table,
    pub parameters: Table,
    pub keys: Table,
    pub sent: Table,
    pub outputs: Table,
}

impl Tables {
    fn key(&mut self, slot: &Slot) {
        if slot.name != slot.key {
            self.keys[&slot.name] = value(slot.key);
        }
    }

    /// An input; the first is always needed.
    pub fn input(&mut self, slot: &Slot, is_first: bool) {
        self.inputs.set_implicit(true);
        self.key(slot);
        let mut table = Table::new();
        table["description"] = value(&slot.about);
        let formats: &[&str] = match &slot.kind {
            SlotKind::File { mime } => {
                if !mime.is_empty() {
                    table["mime"] = value(mime.iter().map(String::as_str).collect::<Array>());
                }
                let media = |text: &String| ["image/", "audio/", "video/"].iter().any(|kind| text.starts_with(kind));
                if mime.is_empty() || !mime.iter().all(media) {
                    &["fasta", "fastq", "hmm", "text", "binary"]
                } else {
                    &["binary"]
                }
            }
            _ => {
                self.sent[&slot.name] = value("text");
                &["text", "fasta", "fastq", "hmm"]
            }
        };
        table["formats"] = value(formats.iter().copied().collect::<Array>());
        if !is_first && !slot.needed {
            table["optional"] = value(true);
        }
        self.inputs[&slot.name] = Item::Table(table);
    }

    /// A parameter.
    pub fn parameter(&mut self, slot: &Slot) {
        self.parameters.set_implicit(true);
        self.key(slot);
        let mut table = Table::new();
        table["description"] = value(&slot.about);
        let mut has_default = false;
        let mut default = |table: &mut Table, of: Option<toml_edit::Value>| {
            if let Some(of) = of {
                table["default"] = value(of);
                has_default = true;
            }
        };
        match &slot.kind {
            SlotKind::File { .. } => {}
            SlotKind::Flag => table["type"] = value("flag"),
            SlotKind::Text { default: text } => {
                table["type"] = value("text");
                table["pattern"] = value(ANY_TEXT);
                default(&mut table, text.as_deref().map(Into::into));
            }
            SlotKind::Integer { min, max, default: number } => {
                table["type"] = value("integer");
                table["min"] = value(*min);
                table["max"] = value(*max);
                default(&mut table, number.map(Into::into));
            }
            SlotKind::Number { min, max, default: number } => {
                table["type"] = value("number");
                table["min"] = value(*min);
                table["max"] = value(*max);
                default(&mut table, number.map(Into::into));
            }
            SlotKind::Choice { words, json, default: word } => {
                table["type"] = value("choice");
                table["values"] = value(words.iter().map(String::as_str).collect::<Array>());
                default(&mut table, word.as_deref().map(Into::into));
                if *json {
                    self.sent[&slot.name] = value("json");
                }
            }
        }
        if slot.needed && !has_default && !matches!(slot.kind, SlotKind::Flag) {
            table["needed"] = value(true);
        }
        self.parameters[&slot.name] = Item::Table(table);
    }
}
