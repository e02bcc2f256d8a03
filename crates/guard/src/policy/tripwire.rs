//! The tripwire: words that smell of money, of place, of a question or of a no, in a request that sets neither a limit nor a
//! place.
//!
//! It binds nothing and reads nothing out of a sentence. Where a cue stands, the consent that the policy or the sandbox would
//! give by itself is withheld, and the plan goes to a person. A person's yes is never refused for it.

use domain::request::Request;

/// Beginnings of words: a word that begins with one of them is a cue.
const CUES: &str = "\
    gas pay paym payi pays paid cost price pric money spend budget quote cheap expens afford bill \
    charg free gratis local here offline upload laptop machine cloud not don't dont never without no \
    stop only cancel bezahl zahl kost geld preis umsonst hier lokal nicht kein ohne nur pag cuest \
    coste precio gratuit aquí aqui sin nunca payer paie coût cout prix argent ici sans ne pas jamais \
    soldi prezzo senza non mai qui grátis preço não nao sem płać płac zapłać koszt cena ceny darmo \
    nie bez tutaj betaal gratis niet geen zonder alleen плат заплат опла цен стои бесплат не без \
    здесь только деньг لا";

/// Cues of languages that set no spaces between words, and marks of questions: found anywhere.
const ANYWHERE: &str = "\
    ? ？ ؟ 料金 払 無料 円 費用 値段 見積 ここ ないで しない だけ 付 钱 价 免费 费 不要 别 本地 只 비용 지불 무료 가격 말고 여기 دفع مجان سعر تكلف";

/// Whether a person has to see the plan: something in their words may set a bound that the request does not have.
pub fn withholds(request: &Request) -> bool {
    let said = request.said.as_deref().unwrap_or_default();
    request.bounds.says_nothing_of_money_or_place() && has_cue(said)
}

/// Whether a sentence holds a cue of a bound, in any of the languages.
pub fn has_cue(said: &str) -> bool {
    let said = said.to_lowercase().replace('’', "'");
    if ANYWHERE.split_whitespace().any(|cue| said.contains(cue)) {
        return true;
    }
    // A name of a file is no word of a sentence.
    let words =
        said.split_whitespace().filter(|word| !word.trim_end_matches(['.', ',', '!', ';']).contains(['.', '/']));
    let mut parts = words.flat_map(|word| word.split(|c: char| !c.is_alphanumeric() && c != '\''));
    parts.any(|part| !part.is_empty() && CUES.split_whitespace().any(|cue| is_cue(part, cue)))
}

/// Short cues are whole words, and longer ones beginnings of words.
fn is_cue(word: &str, cue: &str) -> bool {
    if cue.chars().count() <= 3 { word == cue } else { word.starts_with(cue) }
}

#[cfg(test)]
#[path = "tests/tripwire.rs"]
mod tests;
