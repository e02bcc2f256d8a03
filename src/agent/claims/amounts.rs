//! Amounts of GAS that an answer names, in whatever language, and those that are known: of the ledger, of results of
//! tools, and those that the person typed.

use std::ops::Range;

use serde_json::Value;

use super::{
    Known,
    sentences::{Clause, clauses, is_question, sentences},
    words::{ASKING, CAPS, DAILY, LEFT, MONEY, MULTIPLES, SPENT, UNREAL, USUAL},
};
use crate::{
    domain::money::{DATOSHI_PER_GAS, Datoshi},
    model::words,
};

/// Decimals of GAS.
const DECIMALS: usize = 8;
/// So many words before an amount say what it is.
const BEFORE: usize = 5;
/// So many after it.
const AFTER: usize = 3;
/// So many before it say that it was spent.
const CLOSE: usize = 3;
/// What may follow the number of "GAS 7".
const FOLLOWS: [&str; 14] =
    ["for", "in", "to", "and", "per", "from", "was", "were", "is", "each", "fee", "fees", "total", "plus"];

/// What is known.
#[derive(Debug, Clone, Default)]
pub struct Amounts {
    /// Quotes, payments, fees and their sums.
    ledger: Vec<Datoshi>,
    /// What was quoted for one job.
    quotes: Vec<Datoshi>,
    /// What the person typed, and what stands in results of tools.
    heard: Vec<Datoshi>,
}

impl Amounts {
    /// Adds every amount that has to do with these jobs: quotes, payments, fees and their sums.
    pub fn of_jobs(&mut self, jobs: &[Known]) {
        let add = |a: Datoshi, b: Datoshi| a.checked_add(b).unwrap_or(Datoshi::MAX);
        let (mut quoted, mut paid, mut all_fees) = (Datoshi::ZERO, Datoshi::ZERO, Datoshi::ZERO);
        for known in jobs {
            if let Some(quote) = &known.job.quote {
                quoted = add(quoted, quote.amount);
                self.ledger.push(quote.amount);
                self.quotes.push(quote.amount);
            }
            for attempt in &known.attempts {
                let fees = add(attempt.system_fee, attempt.network_fee);
                let each = [attempt.amount, attempt.system_fee, attempt.network_fee, fees, add(attempt.amount, fees)];
                self.ledger.extend(each);
                if known.job.tx_hash == Some(attempt.tx_hash) {
                    (paid, all_fees) = (add(paid, attempt.amount), add(all_fees, fees));
                }
            }
        }
        self.ledger.extend([Datoshi::ZERO, quoted, paid, all_fees, add(paid, all_fees), add(quoted, all_fees)]);
    }

    /// Adds every number that a person typed in a sentence about money.
    pub fn typed(&mut self, text: &str) {
        let about_money = sentences(text).filter(|sentence| words::says_any(&words::plain(sentence), &MONEY));
        let numbers =
            about_money.flat_map(|sentence| sentence.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ','))));
        self.heard.extend(numbers.flat_map(readings).map(|reading| reading.value));
    }

    /// Adds the amounts that stand in a tool's result. What others wrote into it tells nothing of money.
    pub fn of_result(&mut self, content: &str) {
        self.walk(&serde_json::from_str(content).unwrap_or_default());
    }

    fn walk(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                self.heard.extend(text.parse::<Datoshi>());
                self.heard.extend(written(text).into_iter().flat_map(|w| w.readings).map(|reading| reading.value));
            }
            Value::Array(all) => all.iter().for_each(|value| self.walk(value)),
            Value::Object(fields) => {
                fields.iter().filter(|(name, _)| *name != "untrusted_data").for_each(|(_, value)| self.walk(value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Whether it is a quote taken several times.
    fn is_multiple(&self, amount: &Written) -> bool {
        let of = |value: u64, quote: u64| quote > 0 && value > 0 && value.is_multiple_of(quote);
        let quotes = || self.quotes.iter().map(|quote| quote.datoshi());
        amount.readings.iter().any(|reading| quotes().any(|quote| of(reading.value.datoshi(), quote)))
    }

    /// Whether an amount is one of these, rounded to the digits that are written. What is said to be spent is held to
    /// the ledger alone.
    fn know(&self, amount: &Written, spent: bool) -> bool {
        let heard: &[Datoshi] = if spent { &[] } else { &self.heard };
        let known = || self.ledger.iter().chain(heard);
        amount.readings.iter().any(|reading| known().any(|known| reading.is(*known)))
    }
}

/// The amounts in a sentence that are stated and not known, as they are written.
pub fn strange(sentence: &str, known: &Amounts) -> Vec<String> {
    let clauses = clauses(sentence);
    let first = clauses.first().map(|c| c.plain.clone()).unwrap_or_default();
    let asks = is_question(sentence);
    let asks_whole = asks && (sentence.starts_with('¿') || ASKING.iter().any(|w| first.starts_with(&words::plain(w))));
    let last = clauses.len().saturating_sub(1);
    let stated = |(i, clause): &(usize, &Clause<'_>)| !(clause.conditional || asks_whole || (asks && *i == last));
    let several = words::says_any(&words::plain(sentence), &MULTIPLES);
    clauses.iter().enumerate().filter(stated).flat_map(|(_, clause)| strange_in(clause, known, several)).collect()
}

/// Whether every amount that a text names is none at all.
pub fn are_zero(text: &str) -> bool {
    written(text).iter().all(|amount| amount.readings.iter().all(|reading| reading.value == Datoshi::ZERO))
}

/// Whether a text says that nothing was paid, as an amount: "it cost 0 GAS".
pub fn costs_nothing(text: &str) -> bool {
    let said = words::plain(text);
    names_any(text) && are_zero(text) && words::says_any(&said, &["cost", "costs", "paid"])
}

fn strange_in(clause: &Clause<'_>, known: &Amounts, several: bool) -> Vec<String> {
    let text = clause.text;
    let all = written(text);
    let mut out = Vec::new();
    let mut from = 0;
    for (i, amount) in all.iter().enumerate() {
        let to = all.get(i + 1).map_or(text.len(), |next| next.at.start);
        let before = words::plain(text.get(from..amount.at.start).unwrap_or_default());
        let after = words::plain(text.get(amount.at.end..to).unwrap_or_default());
        from = amount.at.end;
        let before: Vec<&str> = before.split_whitespace().rev().take(BEFORE).collect();
        let after: Vec<&str> = after.split_whitespace().take(AFTER).collect();
        let says = |words: &[&str], of: &[&str]| words.iter().any(|word| of.contains(word));
        let free = says(&before, &LEFT)
            || after.iter().any(|word| LEFT.contains(word) && *word != "balance")
            || says(&before, &UNREAL)
            || after.first().is_some_and(|word| UNREAL.contains(word))
            || says(&before, &USUAL)
            // Where nothing was quoted, what something costs is what it costs in general.
            || (known.quotes.is_empty() && before.contains(&"costs"));
        let tail = text.get(amount.at.end..to).unwrap_or_default();
        let capped =
            says(&before, &CAPS) || DAILY.iter().any(|said| words::plain(tail).starts_with(&words::plain(said)));
        // "1 GAS is 100,000,000 datoshi": the same amount twice, or what the unit is.
        let unit = amount.is(DATOSHI_PER_GAS) && words::says_any(&clause.plain, &["datoshi", "decimals"]);
        let converted =
            all.iter().enumerate().any(|(k, other)| k != i && other.unit != amount.unit && other.same(amount));
        // Natural gas is no money.
        let of_gas = tail.split_whitespace().next().is_some_and(|word| {
            tail.starts_with(' ') && word.chars().all(char::is_alphabetic) && !FOLLOWS.contains(&word)
        });
        let is_money = amount.capital || (words::says_any(&clause.plain, &SPENT) && !of_gas);
        let spent = before
            .iter()
            .take(CLOSE)
            .take_while(|w| !w.contains(|c: char| c.is_ascii_digit()))
            .any(|w| SPENT.contains(w));
        let idle = !spent && (capped || unit || converted || (several && known.is_multiple(amount)));
        if is_money && !free && !idle && !known.know(amount, spent) {
            out.push(amount.text.clone());
        }
    }
    out
}

/// An amount of GAS as it is written.
#[derive(Debug)]
struct Written {
    text: String,
    readings: Vec<Reading>,
    at: Range<usize>,
    unit: &'static str,
    capital: bool,
}

impl Written {
    /// Whether it is so many datoshi.
    fn is(&self, datoshi: u64) -> bool {
        self.readings.iter().any(|reading| reading.value.datoshi() == datoshi)
    }

    /// Whether both are the same amount.
    fn same(&self, other: &Written) -> bool {
        self.readings.iter().any(|reading| other.is(reading.value.datoshi()))
    }
}

/// What a number means.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Reading {
    value: Datoshi,
    /// Digits after the point.
    decimals: usize,
}

impl Reading {
    /// Whether it is this amount, rounded or cut to the digits that are written.
    fn is(self, known: Datoshi) -> bool {
        let digits = u32::try_from(DECIMALS.saturating_sub(self.decimals)).unwrap_or_default();
        let unit = 10u64.pow(digits);
        let (value, known) = (self.value.datoshi(), known.datoshi());
        let rounded = [known / unit * unit, (known + unit / 2) / unit * unit].contains(&value);
        // Less than one GAS is not rounded to whole ones.
        value == known || (rounded && value > 0 && (self.decimals > 0 || known >= DATOSHI_PER_GAS))
    }
}

/// Whether a text names amounts of GAS at all.
pub fn names_any(text: &str) -> bool {
    !written(text).is_empty()
}

/// Every "7 GAS", "7GAS", "0,5 GAS", "GAS 7" and "7 datoshi" of a text, in order.
fn written(text: &str) -> Vec<Written> {
    let lower = text.to_ascii_lowercase();
    let units = ["gas", "datoshi"].into_iter().flat_map(|unit| lower.match_indices(unit));
    let mut out: Vec<Written> = units.filter_map(|(at, unit)| written_at(text, at..at + unit.len())).collect();
    out.sort_by_key(|amount| amount.at.start);
    out
}

/// The amount whose unit stands there.
fn written_at(text: &str, unit: Range<usize>) -> Option<Written> {
    let (head, tail) = (text.get(..unit.start)?, text.get(unit.end..)?);
    let part = |c: char| c.is_ascii_alphabetic() || c == '_';
    if head.ends_with(part) || tail.starts_with(|c: char| part(c) || c.is_ascii_digit()) {
        return None;
    }
    let is_gas = unit.len() == "gas".len();
    let capital = text.get(unit.clone())?.starts_with('G');
    let found = number_before(head).map(|number| (number, true));
    let (number, before) = found.or_else(|| number_after(tail).filter(|_| capital).map(|number| (number, false)))?;
    let at = if before { number.start..unit.end } else { unit.start..unit.end + number.end };
    let digits = if before { head.get(number) } else { tail.get(number) }.unwrap_or_default();
    let (readings, unit) = if is_gas { (readings(digits), "GAS") } else { (in_datoshi(digits), "datoshi") };
    Some(Written { text: format!("{digits} {unit}"), readings, at, unit, capital: capital || !is_gas })
}

/// A whole number of datoshi, with or without marks between thousands.
fn in_datoshi(digits: &str) -> Vec<Reading> {
    let bare: String = digits.chars().filter(char::is_ascii_digit).collect();
    let value = bare.parse().ok().and_then(Datoshi::new);
    value.map(|value| Reading { value, decimals: DECIMALS }).into_iter().collect()
}

fn in_number(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | ',')
}

/// The number at the end of a text, behind marks that only set it off.
fn number_before(text: &str) -> Option<Range<usize>> {
    let set_off = |c: char| c.is_whitespace() || matches!(c, '*' | '`' | '"' | '$' | '(' | '[' | '个' | '枚');
    let text = text.trim_end_matches(set_off);
    let text = text.strip_suffix("Neo").or_else(|| text.strip_suffix("neo")).unwrap_or(text).trim_end_matches(set_off);
    let digits = text.trim_end_matches(in_number);
    let start = digits.len() + text.get(digits.len()..)?.find(|c: char| c.is_ascii_digit())?;
    let named = digits.ends_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '^'));
    (!named && text.ends_with(|c: char| c.is_ascii_digit())).then_some(start..text.len())
}

/// The number at the beginning of a text.
fn number_after(text: &str) -> Option<Range<usize>> {
    let set_off = |c: char| matches!(c, ' ' | '*' | '`' | '"' | ':' | '=' | '(' | ')' | '|' | '~' | '≈');
    let from = text.len() - text.trim_start_matches(set_off).len();
    let rest = text.get(from..)?;
    let digits = rest.get(..rest.find(|c| !in_number(c)).unwrap_or(rest.len()))?.trim_end_matches(['.', ',']);
    let after = rest.get(digits.len()..)?;
    let word = after.split_whitespace().next().unwrap_or_default().trim_end_matches(|c: char| !c.is_alphanumeric());
    let whole = !after.starts_with(|c: char| c.is_alphanumeric() || c == '%');
    let ends = word.is_empty() || !after.starts_with(' ') || FOLLOWS.contains(&word);
    (digits.starts_with(|c: char| c.is_ascii_digit()) && whole && ends).then(|| from..from + digits.len())
}

/// What digits with points and commas can mean: the last mark is a decimal one, or all of them divide thousands.
fn readings(text: &str) -> Vec<Reading> {
    let text = text.trim_matches(|c: char| !c.is_ascii_digit());
    let bare = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let mut out = Vec::new();
    let mut read = |whole: &str, part: &str| {
        let number = if part.is_empty() { bare(whole) } else { format!("{}.{part}", bare(whole)) };
        out.extend(number.parse().ok().map(|value| Reading { value, decimals: part.len().min(DECIMALS) }));
    };
    let thousands = text.split(['.', ',']).skip(1).all(|group| group.len() == 3);
    match text.rfind(['.', ',']) {
        _ if text.is_empty() => {}
        None => read(text, ""),
        Some(at) => {
            let (whole, part) = (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
            let mark = text.get(at..=at).unwrap_or_default();
            if !whole.contains(mark) {
                read(whole, part);
            }
            if thousands {
                read(text, "");
            }
        }
    }
    out
}
