//! JSON as models write it: single quotes, `True` and `None`, bare keys, commas at the end, comments, closing brackets
//! left out. Form is repaired and nothing else: a value that is cut, that comes twice, or that a number type cannot hold
//! exactly is an error. (`serde_json` refuses the first, keeps the last of two, and rounds.)

use serde_json::{Map, Number, Value};

use domain::units::clean;

/// Nothing that a tool takes is nested deeper.
const DEEPEST: usize = 32;
const WORDS: [&str; 6] = ["true", "false", "null", "True", "False", "None"];

/// Why a text is no value. Each is said to the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// It is not JSON, nor nearly.
    #[error("it is not valid JSON near `{0}`")]
    Form(String),
    /// It could mean two things, such as a key that comes twice: nobody here chooses.
    #[error("{0}")]
    Ambiguous(String),
    /// It ends within a value, or where another should come.
    #[error("it is cut off, and what is missing is not guessed")]
    Cut,
}

/// Reads the value at the start of `text`; gives it with how many bytes it took. `whole`: the text is known to have come to its end, so that closing brackets may be
/// added; a text that was cut may lack more than those.
///
/// # Errors
/// As [`Why`] says.
pub(super) fn prefix(text: &str, whole: bool) -> Result<(Value, usize), Why> {
    let mut reader = Reader::new(text, whole);
    let value = reader.value(0)?;
    Ok((value, reader.at))
}

/// Reads `text` as one value with nothing after it but brackets that close nothing.
///
/// # Errors
/// As [`prefix`], and when something follows.
pub(super) fn all(text: &str, whole: bool) -> Result<Value, Why> {
    let (value, length) = prefix(text, whole)?;
    match text.get(length..).unwrap_or_default().trim_start_matches(|c: char| c.is_whitespace() || "}];,".contains(c)) {
        "" => Ok(value),
        rest => Err(Why::Form(start_of(rest))),
    }
}

fn start_of(text: &str) -> String {
    clean(&text.chars().take(20).collect::<String>(), 20)
}

/// A place in a text.
pub(super) struct Reader<'a> {
    text: &'a str,
    pub(super) at: usize,
    whole: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, whole: bool) -> Reader<'a> {
        Reader { text, at: 0, whole }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Steps over `token`, where it comes next.
    pub(super) fn take(&mut self, token: &str) -> bool {
        let is = self.rest().starts_with(token);
        if is {
            self.at += token.len();
        }
        is
    }

    /// Why it cannot go on here.
    pub(super) fn wrong(&self) -> Why {
        match self.rest() {
            "" => Why::Cut,
            rest => Why::Form(start_of(rest)),
        }
    }

    /// Steps over white space and comments.
    pub(super) fn space(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let comment = if trimmed.starts_with("//") {
                Some(trimmed.find('\n').unwrap_or(trimmed.len()))
            } else if trimmed.starts_with("/*") {
                trimmed.find("*/").map(|end| end + 2)
            } else {
                None
            };
            match comment {
                Some(length) => self.at += length,
                None => return,
            }
        }
    }

    /// The longest run of characters that pass.
    pub(super) fn run(&mut self, pass: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !pass(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// Whether a list whose last item is complete may end here although nothing closes it.
    pub(super) fn may_close(&self) -> bool {
        self.whole && self.rest().is_empty()
    }

    pub(super) fn value(&mut self, depth: usize) -> Result<Value, Why> {
        if depth > DEEPEST {
            return Err(Why::Form("too many brackets".to_owned()));
        }
        self.space();
        match self.peek() {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some(quote @ ('"' | '\'')) => self.string(quote).map(Value::String),
            Some(c) if c == '-' || c.is_ascii_digit() => self.number(depth),
            Some(c) if c.is_ascii_alphabetic() => self.word(),
            _ => Err(self.wrong()),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Why> {
        self.take("{");
        let mut fields = Map::new();
        loop {
            self.space();
            // After the first field, only behind a comma.
            if self.take("}") {
                break;
            }
            let key = match self.peek() {
                Some(quote @ ('"' | '\'')) => self.string(quote)?,
                Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                    self.run(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-').to_owned()
                }
                _ => return Err(self.wrong()),
            };
            self.space();
            if !self.take(":") {
                return Err(self.wrong());
            }
            let value = self.value(depth + 1)?;
            if fields.contains_key(&key) {
                return Err(Why::Ambiguous(format!("the key `{}` comes twice", clean(&key, 40))));
            }
            fields.insert(key, value);
            if self.after_item("}", "]", depth)? {
                break;
            }
        }
        Ok(Value::Object(fields))
    }

    fn array(&mut self, depth: usize) -> Result<Value, Why> {
        self.take("[");
        let mut items = Vec::new();
        loop {
            self.space();
            if self.take("]") {
                break;
            }
            items.push(self.value(depth + 1)?);
            if self.after_item("]", "}", depth)? {
                break;
            }
        }
        Ok(Value::Array(items))
    }

    /// What follows an item: a comma (`false`), the end (`true`), or the end of the bracket around, when this one's was
    /// left out.
    fn after_item(&mut self, close: &str, around: &str, depth: usize) -> Result<bool, Why> {
        self.space();
        if self.take(",") {
            return Ok(false);
        }
        let left_out = depth > 0 && self.whole && self.rest().starts_with(around);
        if self.take(close) || left_out || self.may_close() { Ok(true) } else { Err(self.wrong()) }
    }

    /// A text in either kind of quotes. Line breaks within it are its own.
    fn string(&mut self, quote: char) -> Result<String, Why> {
        let start = self.at;
        self.at += quote.len_utf8();
        let mut out = String::new();
        loop {
            out.push_str(self.run(|c| c != quote && c != '\\'));
            match self.peek() {
                None => return Err(Why::Cut),
                Some(c) if c == quote => {
                    self.at += c.len_utf8();
                    return Ok(out);
                }
                Some(_) => out.push(self.escape(start)?),
            }
        }
    }

    fn escape(&mut self, start: usize) -> Result<char, Why> {
        let from = self.at;
        self.at += 1;
        let Some(kind) = self.peek() else { return Err(Why::Cut) };
        self.at += kind.len_utf8();
        // Any other letter behind a backslash could be meant in two ways.
        let wrong = || Why::Form(clean(self.text.get(from.max(start)..).unwrap_or_default(), 20));
        Ok(match kind {
            '"' | '\'' | '\\' | '/' => kind,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = self.hex4()?;
                let code = match first {
                    0xd800..=0xdbff => {
                        if !self.take("\\u") {
                            return Err(wrong());
                        }
                        let second = self.hex4()?;
                        if !(0xdc00..=0xdfff).contains(&second) {
                            return Err(Why::Form("\\u".to_owned()));
                        }
                        0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                    }
                    code => code,
                };
                char::from_u32(code).ok_or_else(|| Why::Form("\\u".to_owned()))?
            }
            _ => return Err(wrong()),
        })
    }

    fn hex4(&mut self) -> Result<u32, Why> {
        let digits = match self.rest().get(..4) {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_hexdigit()) => digits,
            _ => return Err(self.wrong()),
        };
        self.at += 4;
        u32::from_str_radix(digits, 16).map_err(|_| Why::Form("\\u".to_owned()))
    }

    fn number(&mut self, depth: usize) -> Result<Value, Why> {
        let text = self.run(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_'));
        if depth > 0 && self.rest().is_empty() {
            // Its next digit may be what is missing.
            return Err(Why::Cut);
        }
        number(text).map(Value::Number)
    }

    fn word(&mut self) -> Result<Value, Why> {
        let from = self.at;
        let word = self.run(|c| c.is_ascii_alphanumeric() || c == '_');
        match word {
            "true" | "True" => Ok(Value::Bool(true)),
            "false" | "False" => Ok(Value::Bool(false)),
            "null" | "None" => Ok(Value::Null),
            _ if self.rest().is_empty() && WORDS.iter().any(|w| w.starts_with(word)) => Err(Why::Cut),
            _ => {
                self.at = from;
                Err(self.wrong())
            }
        }
    }
}

/// A number as JSON writes them, when it stays the same one. (`serde_json` takes the nearest float but one at times.)
fn number(text: &str) -> Result<Number, Why> {
    let wrong = || Why::Form(clean(text, 20));
    let read: Number = serde_json::from_str(text).map_err(|_| wrong())?;
    if !read.is_f64() {
        return Ok(read);
    }
    let read = text.parse().ok().and_then(Number::from_f64).ok_or_else(wrong)?;
    if decimal(text) == decimal(&read.to_string()) {
        Ok(read)
    } else {
        Err(Why::Ambiguous(format!("the number {} cannot be kept exactly", clean(text, 40))))
    }
}

/// The digits of a number without zeros at either end, and where its point stands.
fn decimal(text: &str) -> (bool, String, i64) {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [whole.trim_start_matches('-'), fraction].concat();
    let short = digits.trim_end_matches('0');
    let zeros = (digits.len() - short.len()) as i64;
    let exponent = exponent.parse::<i64>().unwrap_or(i64::MAX).saturating_sub(fraction.len() as i64);
    match short.trim_start_matches('0') {
        "" => (false, String::new(), 0),
        digits => (text.starts_with('-'), digits.to_owned(), exponent.saturating_add(zeros)),
    }
}
