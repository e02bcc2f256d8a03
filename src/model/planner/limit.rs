//! Limits of money that a person sets: amounts of GAS that a quote can be held against.

use std::ops::Range;

use crate::{
    domain::money::Datoshi,
    model::words::{Kind, Token, places},
};

/// What allows the amount itself.
const AT_MOST: [&[&str]; 14] = [
    &["at", "most"],
    &["no", "more", "than"],
    &["not", "more", "than"],
    &["don", "t", "pay", "more", "than"],
    &["do", "not", "pay", "more", "than"],
    &["don", "t", "spend", "more", "than"],
    &["do", "not", "spend", "more", "than"],
    &["up", "to"],
    &["max"],
    &["maximum"],
    &["a", "maximum", "of"],
    &["budget", "of"],
    &["budget"],
    &["limit", "of"],
];
/// What allows only less.
const BELOW: [&[&str]; 5] = [&["less", "than"], &["under"], &["below"], &["cheaper", "than"], &["for", "under"]];
/// What allows nothing.
const FREE: [&[&str]; 14] = [
    &["for", "free"],
    &["free", "of", "charge"],
    &["it", "is", "free"],
    &["it", "s", "free"],
    &["at", "no", "cost"],
    &["without", "paying"],
    &["without", "payment"],
    &["without", "any", "payment"],
    &["no", "payment"],
    &["pay", "nothing"],
    &["do", "not", "pay"],
    &["don", "t", "pay"],
    &["never", "pay"],
    &["costs", "nothing"],
];
/// Words before a limit that only lead to it: "but only if it costs", "and pay", "with a".
const LEADS: [&str; 21] = [
    "for", "and", "but", "only", "if", "when", "it", "this", "that", "costs", "is", "s", "pay", "paying", "spend",
    "spending", "with", "a", "the", "as", "price",
];

/// A limit, and the pieces of the text that say it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Limit {
    /// The most that may be paid.
    pub(super) most: Datoshi,
    /// Where it stands.
    pub(super) at: Range<usize>,
}

/// Every limit in a text.
pub(super) fn limits(tokens: &[Token]) -> Vec<Limit> {
    let mut out = Vec::new();
    for words in AT_MOST {
        out.extend(places(tokens, words).into_iter().filter_map(|at| {
            let (amount, end) = amount(tokens, at + words.len())?;
            Some(Limit { most: amount, at: lead(tokens, at)..end })
        }));
    }
    for words in BELOW {
        out.extend(places(tokens, words).into_iter().filter_map(|at| {
            let (amount, end) = amount(tokens, at + words.len())?;
            let most = amount.datoshi().checked_sub(1).and_then(Datoshi::new).unwrap_or(Datoshi::ZERO);
            Some(Limit { most, at: lead(tokens, at)..end })
        }));
    }
    // "2 GAS is fine."
    for at in 0..tokens.len() {
        let Some((most, end)) = amount(tokens, at) else { continue };
        let is = usize::from(tokens.get(end).is_some_and(|t| t.is("is")));
        if tokens.get(end + is).is_some_and(|t| ["fine", "ok", "okay"].iter().any(|word| t.is(word))) {
            out.push(Limit { most, at: at..end + is + 1 });
        }
    }
    for words in FREE {
        for at in places(tokens, words) {
            let end = at + words.len();
            // "Don't pay more than 1 GAS" is another limit; "don't pay attention" is none.
            let goes_on = tokens.get(end).is_some_and(|t| t.is("more"));
            let anything = tokens.get(end).is_some_and(|t| t.is("anything") || t.is("me"));
            if !goes_on {
                out.push(Limit { most: Datoshi::ZERO, at: lead(tokens, at)..end + usize::from(anything) });
            }
        }
    }
    out
}

/// `1 GAS`, `0.5 gas`. Only what is an amount to the last digit.
fn amount(tokens: &[Token], at: usize) -> Option<(Datoshi, usize)> {
    let number = tokens.get(at).filter(|t| t.kind == Kind::Number)?;
    tokens.get(at + 1).filter(|t| t.is("gas"))?;
    Some((number.text.parse().ok()?, at + 2))
}

/// Where the words begin that lead to a limit.
fn lead(tokens: &[Token], at: usize) -> usize {
    let before = tokens.get(..at).unwrap_or_default();
    at - before.iter().rev().take_while(|t| LEADS.iter().any(|word| t.is(word))).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::words;

    #[test]
    fn limits_are_exact_or_none() {
        for (text, expected) in [
            ("fold it for at most 1 GAS", Some("1")),
            ("fold it, but don't pay more than 1.5 GAS", Some("1.5")),
            ("fold it only if it costs less than 2 GAS", Some("1.99999999")),
            ("fold it for up to 0.00000001 gas", Some("0.00000001")),
            ("fold it only if it is free", Some("0")),
            ("fold it for free", Some("0")),
            ("fold it without paying anything", Some("0")),
            ("fold it for at most 1e3 GAS", None),
            ("fold it for at most 1,5 GAS", None),
            ("fold it for at most 1 dollar", None),
            ("fold it for at most -1 GAS", None),
            ("fold it with a price limit of 1 GAS", Some("1")),
            ("OK, 2 GAS is fine, go ahead", Some("2")),
            ("2 GAS is too much", None),
            ("fold it cheaply", None),
        ] {
            let found = limits(&words::tokens(text, &[]));
            let least = found.iter().map(|l| l.most).min().map(Datoshi::gas_string);
            assert_eq!(least.as_deref(), expected, "{text}");
        }
    }
}
