//! A plan as a text.

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Key, Table, Value, value};

use super::super::{
    look::{Look, Tone},
    plan::{self, words},
};
use domain::{
    plan::{Plan, PlannedWork},
    request::{Input, Locality, Spend, Work},
    text::is_hidden,
    units::clean,
};

/// Notes are wrapped at this width.
const WIDTH: usize = 100;
/// What was said is kept up to so many characters.
const SAID: usize = 600;

const HEAD: &str = "\
# What is wanted, and what it comes to. Run it with: agent run --plan FILE
# What stands here is what is done: change what you like. Lines that begin with # are notes.
# Files are named from the folder in which it is run.
";
const DIGEST: &str = "\
# The plan as it was when this was written. When anything that matters has changed since, the run says so.
";
const PLACE: &str = "
# Where it may run: \"anywhere\", or \"here\", so that nothing leaves this machine.
";
const MAX_GAS: &str = "\
# The most that it may cost in all, fees included, in GAS, such as \"1.5\"; \"0\": nothing may be paid.
";
const NO_MAX_GAS: &str = "# Without it your own caps hold.\n";
const UNTIL: &str = "\
# How far it goes: \"plan\"; \"quote\", so that files are sent and nothing is paid; or \"done\".
";

/// The file of `plan`: its request in fields, what it comes to in notes. The same plan gives the same text.
pub fn write(plan: &Plan) -> String {
    let bounds = plan.request.bounds;
    let mut file = DocumentMut::new();
    let place = if bounds.place == Locality::Here { "here" } else { "anywhere" };
    field(&mut file, &format!("{HEAD}#\n{}#\n{DIGEST}", commented(&about(plan))), "digest", plan.digest.to_string());
    field(&mut file, PLACE, "place", place);
    match bounds.spend {
        Spend::OwnersCaps => {
            // A limit that is there to be taken has its note, and no value.
            let limit = format!("# max_gas = \"{}\"\n", plan.worst_case.gas_string());
            field(&mut file, &format!("{MAX_GAS}{NO_MAX_GAS}{limit}{UNTIL}"), "until", bounds.until.as_str());
        }
        Spend::Nothing | Spend::AtMost(_) => {
            let most = bounds.spend.limit().unwrap_or_default().gas_string();
            field(&mut file, MAX_GAS, "max_gas", most);
            field(&mut file, UNTIL, "until", bounds.until.as_str());
        }
    }
    let mut tables = ArrayOfTables::new();
    let mut planned = plan.work.as_slice();
    for group in plan.request.work.chunk_by(alike) {
        let (these, rest) = planned.split_at_checked(group.len()).unwrap_or((planned, &[]));
        planned = rest;
        tables.extend(table(group, these));
    }
    file.insert("work", Item::ArrayOfTables(tables));
    visible(&file.to_string())
}

/// The same in which characters that nobody sees are written as TOML's escapes: a person reads it before they say yes. They
/// stand in names of files alone, which are written in double quotes.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_hidden(c) {
            out.push_str(&format!("\\U{:08x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

fn field(file: &mut DocumentMut, notes: &str, name: &str, text: impl Into<String>) {
    file.insert(name, value(text.into()));
    if let Some(mut key) = file.key_mut(name) {
        key.leaf_decor_mut().set_prefix(notes);
    }
}

/// What was said, and what all of it comes to.
fn about(plan: &Plan) -> Vec<String> {
    let look = Look::plain(WIDTH);
    let mut out = Vec::new();
    out.extend(plan.request.said.iter().flat_map(|said| look.field("Said", Tone::Plain, &clean(said, SAID))));
    out.extend(look.field("Total", Tone::Plain, &format!("{}, without fees", plan.total)));
    out.extend(look.field("Worst case", Tone::Plain, &format!("{}, with fees", plan.worst_case)));
    out.extend(words::sent_to(plan).iter().flat_map(|text| look.field("Sent to", Tone::Plain, text)));
    out
}

fn commented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("# {line}\n")).collect()
}

/// Whether both are the same but for their files, so that they stand in one table.
fn alike(one: &Work, two: &Work) -> bool {
    let names = |work: &Work| beside(work).into_iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
    (&one.task, &one.parameters, one.assumed) == (&two.task, &two.parameters, two.assumed)
        && (one.anew, one.skip_done, one.single, one.unverified)
            == (two.anew, two.skip_done, two.single, two.unverified)
        && names(one) == names(two)
}

/// The files beside a dataset: each input with its file, its files, or its folder.
fn beside(work: &Work) -> Vec<(&str, Value)> {
    let mut told: Vec<(&str, Vec<&Input>)> = Vec::new();
    for input in work.beside() {
        match told.iter_mut().find(|(name, _)| *name == input.name) {
            Some((_, files)) => files.push(input),
            None => told.push((&input.name, vec![input])),
        }
    }
    told.into_iter().map(|(name, files)| (name, several(&files))).collect()
}

/// The files of one input: its path where it is one, and the folder where they are files of one.
fn several(files: &[&Input]) -> Value {
    match files {
        [first, ..] if first.folder.is_some() || files.len() == 1 => text(&first.said().to_string_lossy()),
        files => Value::Array(files.iter().map(|input| text(&input.named.to_string_lossy())).collect()),
    }
}

/// Whether all of a group has the same files beside its datasets.
fn is_shared(group: &[Work]) -> bool {
    let told =
        |work: &Work| beside(work).into_iter().map(|(name, of)| (name.to_owned(), of.to_string())).collect::<Vec<_>>();
    group.first().is_none_or(|first| group.iter().all(|work| told(work) == told(first)))
}

/// As a table.
fn named(files: Vec<(&str, Value)>) -> impl Iterator<Item = (Key, Value)> {
    files.into_iter().map(|(name, of)| (key(name), of))
}

/// Works that are the same but for their files.
fn table(group: &[Work], planned: &[PlannedWork]) -> Option<Table> {
    let work = group.first()?;
    let mut table = Table::new();
    let notes = if planned.is_empty() { Vec::new() } else { plan::notes(planned, &Look::plain(WIDTH)) };
    table.decor_mut().set_prefix(format!("\n{}", commented(&notes)));
    table.insert("task", value(text(&work.task)));
    table.insert("files", value(files(group)));
    if let Some(bytes) = work.assumed.bytes {
        // TOML's own numbers end before ours do.
        let number = i64::try_from(bytes).map_or_else(|_| value(bytes.to_string()), value);
        table.insert("assume_bytes", number);
    }
    if let Some(seconds) = work.assumed.seconds {
        table.insert("assume_seconds", value(seconds));
    }
    let set = [
        ("anew", work.anew),
        ("skip_done", work.skip_done),
        ("single", work.single),
        ("accept_unverified", work.unverified),
    ];
    for (name, set) in set {
        if set {
            table.insert(name, value(true));
        }
    }
    let shared = if is_shared(group) { beside(work) } else { Vec::new() };
    let inputs: Table = named(shared).map(|(name, of)| (name, Item::Value(of))).collect();
    // Several files are named among the files, once they are resolved.
    let resolved = work.inputs.first().is_some_and(|input| input.path.is_some());
    let parameters = work.parameters.iter().filter(|(_, of)| !(resolved && of.is_array()));
    let parameters: Table = parameters.filter_map(|(name, of)| Some((key(name), Item::Value(plain(of)?)))).collect();
    for (name, part) in [("inputs", inputs), ("parameters", parameters)] {
        if !part.is_empty() {
            table.insert(name, Item::Table(part));
        }
    }
    Some(table)
}

/// The datasets as they were named, each in a table where it has a sample's name or files of its own: one on a line, where they are
/// several.
fn files(group: &[Work]) -> Array {
    let shared = is_shared(group);
    let one = |work: &Work| {
        let file = several(&work.dataset_files().collect::<Vec<_>>());
        let own = if shared { Vec::new() } else { beside(work) };
        if own.is_empty() && work.sample.is_none() && !file.is_array() {
            return file;
        }
        let mut table = InlineTable::new();
        table.insert("file", file);
        if !own.is_empty() {
            table.insert("inputs", Value::InlineTable(named(own).collect::<InlineTable>()));
        }
        if let Some(sample) = &work.sample {
            table.insert("sample", text(sample));
        }
        Value::InlineTable(table)
    };
    let mut files: Array = group.iter().map(one).collect();
    if files.len() > 1 {
        files.iter_mut().for_each(|file| file.decor_mut().set_prefix("\n    "));
        files.set_trailing_comma(true);
        files.set_trailing("\n");
    }
    files
}

/// A text. One with characters that nobody sees stands in double quotes, whatever else is in it: only there can they be written
/// as escapes.
fn text(text: &str) -> Value {
    escaped(text).and_then(|quoted| quoted.parse().ok()).unwrap_or_else(|| text.into())
}

/// The same for a key.
fn key(name: &str) -> Key {
    escaped(name).and_then(|quoted| quoted.parse().ok()).unwrap_or_else(|| Key::new(name))
}

/// A text in double quotes, where it has characters that nobody sees.
fn escaped(text: &str) -> Option<String> {
    text.chars().any(is_hidden).then_some(())?;
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if is_hidden(c) || c.is_control() => format!("\\U{:08x}", u32::from(c)),
        c => c.to_string(),
    });
    Some(format!("\"{}\"", escaped.collect::<String>()))
}

/// A parameter's value; `null` is as good as none.
fn plain(of: &serde_json::Value) -> Option<Value> {
    Some(match of {
        serde_json::Value::Null => return None,
        serde_json::Value::Bool(yes) => (*yes).into(),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64()?.into(),
        },
        serde_json::Value::String(said) => text(said),
        serde_json::Value::Array(items) => Value::Array(items.iter().filter_map(plain).collect()),
        serde_json::Value::Object(fields) => {
            let fields = fields.iter().filter_map(|(name, of)| Some((key(name), plain(of)?)));
            Value::InlineTable(fields.collect::<InlineTable>())
        }
    })
}
