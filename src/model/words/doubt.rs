//! Words that hold a request back: it is negated, conditional, limited, or a question. Not the last word on what a person wants, but
//! with one of these nobody is pushed to work.

use super::{says, wants::polite_as_plain};

/// What holds a request back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It is not to be done, or not all of it.
    Negated,
    /// It is to be done only if something holds.
    Conditional,
    /// It may take only so much.
    Limited,
    /// It is a question.
    Question,
}

/// In English, German, French and Spanish.
const NEGATED: [&str; 37] = [
    "not", "dont", "don t", "doesn t", "won t", "can t", "cannot", "never", "no", "nobody", "nothing", "neither",
    "without", "stop", "avoid", "refrain", "skip", "forget", "nicht", "kein", "keine", "keinen", "nie", "niemals",
    "ohne", "nichts", "ne", "n", "pas", "jamais", "sans", "aucun", "aucune", "rien", "nunca", "sin", "jamás",
];
const CONDITIONAL: [&str; 26] = [
    "if",
    "unless",
    "when",
    "whenever",
    "until",
    "provided",
    "providing",
    "assuming",
    "suppose",
    "except",
    "in case",
    "as long as",
    "depending",
    "whether",
    "wenn",
    "falls",
    "sofern",
    "solange",
    "außer",
    "si",
    "sauf",
    "quand",
    "cuando",
    "salvo",
    "tant que",
    "a menos que",
];
const LIMITED: [&str; 28] = [
    "at most",
    "no more than",
    "more than",
    "less than",
    "under",
    "below",
    "up to",
    "max",
    "maximum",
    "limit",
    "budget",
    "cheap",
    "cheaply",
    "cheaper",
    "cheapest",
    "free",
    "for free",
    "expensive",
    "dear",
    "höchstens",
    "kostenlos",
    "gratis",
    "umsonst",
    "gratuit",
    "gratuitement",
    "au plus",
    "como máximo",
    "billig",
];
const QUESTION: [&str; 30] = [
    "should", "would", "shall", "might", "may i", "can i", "could i", "do i", "is it", "what if", "possible",
    "possibly", "how long", "how much", "how come", "why", "soll", "sollte", "sollen", "kann ich", "könnte", "würde",
    "wäre", "dois je", "puis je", "faut il", "est ce", "debo", "puedo", "debería",
];

/// What holds a request back, and the word that says so; the strongest first.
pub fn doubt(text: &str) -> Option<(Doubt, &'static str)> {
    let plain = polite_as_plain(text);
    let found = |words: &[&'static str]| words.iter().copied().find(|word| says(&plain, word));
    let question = found(&QUESTION).map(|word| (Doubt::Question, word));
    let limited = found(&LIMITED).map(|word| (Doubt::Limited, word));
    let conditional = found(&CONDITIONAL).map(|word| (Doubt::Conditional, word));
    let negated = found(&NEGATED).map(|word| (Doubt::Negated, word));
    conditional.or(question).or(limited).or(negated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_back_is_told_from_what_does_not() {
        for (text, expected) in [
            ("don't fold data.fasta", Some(Doubt::Negated)),
            ("Falte data.fasta nicht", Some(Doubt::Negated)),
            ("ne pliez pas data.fasta", Some(Doubt::Negated)),
            ("fold data.fasta if it's cheap", Some(Doubt::Conditional)),
            ("fold data.fasta for at most 1 GAS", Some(Doubt::Limited)),
            ("Should I fold data.fasta?", Some(Doubt::Question)),
            ("fold data.fasta", None),
            ("How many sequences are in data.fasta?", None),
            ("Fold data.fasta in 3D with seed 7", None),
        ] {
            assert_eq!(doubt(text).map(|(doubt, _)| doubt), expected, "{text}");
        }
    }
}
