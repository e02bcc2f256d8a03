//! The pieces of a sentence: words, names of files, numbers with their units, settings, signs.

use winnow::{
    Parser, Result,
    combinator::{alt, not, opt, peek, preceded, repeat},
    token::{any, none_of, one_of, take_while},
};

use domain::ids::JobId;

/// What a piece is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A word, in small letters and without apostrophes.
    Word,
    /// What can only name files: it was quoted, or has a path's own signs.
    Name,
    /// A number as it was written, and the unit that is written onto it: `3D`.
    Number(String),
    /// `seed=7`: the text is the value, this is the name.
    Setting(String),
    Job,
    /// A sign; a line's end is one too.
    Sign,
}

/// One piece.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub kind: Kind,
    pub text: String,
    /// The clause that it stands in, counted from 0.
    pub clause: usize,
}

impl Token {
    fn new(kind: Kind, text: impl Into<String>) -> Token {
        Token { kind, text: text.into(), clause: 0 }
    }

    pub fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text == word
    }
}

/// A name in quotation marks is at most this long, characters.
const QUOTED: usize = 300;
/// A path is at most this long, characters (Linux's PATH_MAX). What is looked at from one place of a text is bounded, so that
/// the whole is read in time that is proportional to it.
const LONGEST: usize = 4096;
/// Digits of a number, letters of its unit.
const FIGURES: usize = 40;

/// The pieces of a text, at most so many. `odd` are names of files with blanks and other signs, which are found as they stand.
pub(super) fn tokens(mut text: &str, odd: &[&str], most: usize) -> Vec<Token> {
    let (mut out, mut clause) = (Vec::new(), 0);
    while let Ok(mut token) = piece(&mut text, odd) {
        if out.len() == most {
            break;
        }
        if token.text != " " {
            token.clause = clause;
            clause += usize::from(token.kind == Kind::Sign && !"=\"($€".contains(&token.text));
            out.push(token);
        }
    }
    out
}

fn piece(input: &mut &str, odd: &[&str]) -> Result<Token> {
    let odd = odd.iter().copied().filter(|name| input.starts_with(name)).max_by_key(|name| name.len()).unwrap_or("\0");
    let known = (odd, peek(not(one_of(char::is_alphanumeric)))).map(|(name, ())| Token::new(Kind::Name, name));
    let sign = any.map(|sign: char| Token::new(Kind::Sign, sign));
    alt((blank, known, setting, number, quoted.map(of_quoted), chunk, sign)).parse_next(input)
}

fn blank(input: &mut &str) -> Result<Token> {
    let kind = |blank: &str| Token::new(Kind::Sign, if blank.contains('\n') { "\n" } else { " " });
    take_while(1.., char::is_whitespace).map(kind).parse_next(input)
}

/// `seed=7`, `database='my proteins.fasta'`.
fn setting(input: &mut &str) -> Result<Token> {
    let letters = take_while(0..=40, |c: char| c.is_alphanumeric() || "_-".contains(c));
    let name = preceded(take_while(0..=FIGURES, '-'), (one_of(char::is_alphabetic), letters).take());
    let made = |(name, _, value): (&str, char, String)| Token::new(Kind::Setting(name.to_lowercase()), value);
    (name, '=', alt((quoted, raw.map(str::to_owned)))).map(made).parse_next(input)
}

/// `7`, `-1`, `1.5`, `1,000`, `1e-5`, `3D`, `2-dimensional`. A name that begins with a digit is none.
fn number(input: &mut &str) -> Result<Token> {
    let some = || take_while(1..=FIGURES, |c: char| c.is_ascii_digit());
    let parts = repeat::<_, _, (), _, _>(0..=FIGURES, (one_of(['.', ',']), some()));
    let digits = (opt(one_of(['+', '-'])), some(), parts);
    let exponent = opt((one_of(['e', 'E']), opt(one_of(['+', '-'])), some()));
    let unit = preceded(opt('-'), take_while(0..=FIGURES, char::is_alphabetic));
    let goes_on = (take_while(0..=FIGURES, ['.', '_', '-', '/', '*', '=']), one_of(char::is_alphanumeric));
    let made = |(number, unit, ()): (&str, &str, ())| Token::new(Kind::Number(unit.to_lowercase()), number);
    ((digits, exponent).take(), unit, peek(not(goes_on))).map(made).parse_next(input)
}

fn quoted(input: &mut &str) -> Result<String> {
    let open = one_of(['"', '“', '„', '«', '‘', '\'', '`']).parse_next(input)?;
    let close = |c: char| match open {
        '“' | '„' => matches!(c, '”' | '“' | '"'),
        '«' => c == '»',
        '‘' => c == '’',
        _ => c == open,
    };
    let inside: &str = take_while(1..=QUOTED, |c: char| !close(c) && !c.is_control()).parse_next(input)?;
    // "Don't do 'that'": an apostrophe within a word ends nothing.
    (one_of(close), peek(not(one_of(char::is_alphanumeric)))).map(|_| inside.to_owned()).parse_next(input)
}

fn of_quoted(inside: String) -> Token {
    let name = inside.contains(char::is_whitespace) || looks_like_a_path(&inside);
    if name { Token::new(Kind::Name, inside) } else { word(&inside) }
}

/// A run of characters without a blank, and without the signs that end a sentence behind it.
fn raw<'t>(input: &mut &'t str) -> Result<&'t str> {
    const APART: &str = ",;:!()[]{}<>|=\"“”„«»…–—$€¿¡";
    // Scripts without blanks: a name ends where they begin.
    let other = |c: char| c >= '\u{2e80}';
    let start = *input;
    let first = peek(any).parse_next(input)?;
    let one = none_of(move |c: char| c.is_whitespace() || APART.contains(c) || other(c) != other(first)).void();
    let all: &str = repeat::<_, _, (), _, _>(1..=LONGEST, alt((('\\', ' ').void(), one))).take().parse_next(input)?;
    let kept = all.trim_end_matches(['.', '?', '\'', '。', '、', '？']);
    *input = start.get(kept.len()..).unwrap_or_default();
    (!kept.is_empty()).then_some(kept).ok_or_else(Default::default)
}

fn chunk(input: &mut &str) -> Result<Token> {
    let text = raw.parse_next(input)?.replace("\\ ", " ");
    let whole = text.trim_end_matches("'s").trim_end_matches("’s");
    Ok(match () {
        () if whole.parse::<JobId>().is_ok() => Token::new(Kind::Job, whole),
        () if looks_like_a_path(whole) => Token::new(Kind::Name, whole),
        () => word(&text),
    })
}

fn word(text: &str) -> Token {
    let plain: String = text.chars().filter(|c| !matches!(c, '\'' | '’')).collect();
    Token::new(Kind::Word, plain.trim_start_matches("--").to_lowercase())
}

/// Whether a text is written as only paths are: `a.fasta`, `~/x`, `runs/`, `*.fq`, `.env`.
fn looks_like_a_path(text: &str) -> bool {
    if text.starts_with("//")
        || text.contains(|c: char| c.is_control() || c == '@')
        || !text.contains(char::is_alphanumeric)
    {
        return false;
    }
    let last = text.rsplit('/').next().unwrap_or_default();
    let (stem, ending) = last.rsplit_once('.').unwrap_or((last, "-"));
    let small = ending.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        && !ending.starts_with(|c: char| c.is_ascii_digit());
    let ends = (2..=8).contains(&ending.len()) && (small || ending.chars().all(|c| c.is_ascii_uppercase()));
    let rooted =
        ["/", "./", "../", "~/"].iter().any(|root| text.starts_with(root)) || (text.ends_with('/') && text.len() > 2);
    (ends && (stem.is_empty() || stem.contains(char::is_alphanumeric))) || rooted || text.contains('*')
}
