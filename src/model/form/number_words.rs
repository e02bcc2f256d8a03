//! Small numbers as words, so that "in two sentences" and "höchstens zwei GAS" say a number.
//!
//! A word here only lets a number stand that a model wrote; it puts none anywhere.

/// A number and its words, lower case: English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Russian, and the
/// sign of Chinese and Japanese.
const WORDS: [(&str, &[&str]); 11] = [
    (
        "0.5",
        &["half", "halbe", "halben", "halbes", "demi", "demie", "medio", "media", "mezzo", "meio", "pół", "пол", "半"],
    ),
    (
        "1",
        &[
            "one", "ein", "eine", "einen", "eins", "un", "une", "uno", "una", "um", "uma", "een", "jeden", "один",
            "одна", "一",
        ],
    ),
    ("2", &["two", "zwei", "deux", "dos", "due", "dois", "duas", "twee", "dwa", "dwie", "два", "две", "二", "两"]),
    ("3", &["three", "drei", "trois", "tres", "tre", "três", "drie", "trzy", "три", "三"]),
    ("4", &["four", "vier", "quatre", "cuatro", "quattro", "quatro", "cztery", "четыре", "四"]),
    ("5", &["five", "fünf", "cinq", "cinco", "cinque", "vijf", "pięć", "пять", "五"]),
    ("6", &["six", "sechs", "seis", "sei", "zes", "sześć", "шесть", "六"]),
    ("7", &["seven", "sieben", "sept", "siete", "sette", "sete", "zeven", "siedem", "семь", "七"]),
    ("8", &["eight", "acht", "huit", "ocho", "otto", "oito", "osiem", "восемь", "八"]),
    ("9", &["nine", "neun", "neuf", "nueve", "nove", "negen", "dziewięć", "девять", "九"]),
    ("10", &["ten", "zehn", "dix", "diez", "dieci", "dez", "tien", "dziesięć", "десять", "十"]),
];

/// The number that a word is, lower case.
pub(super) fn of(word: &str) -> Option<&'static str> {
    WORDS.iter().find(|(_, words)| words.contains(&word)).map(|(number, _)| *number)
}
