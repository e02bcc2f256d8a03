//! What a sentence says of money, of place, and of how far to go.

use super::{cues::Cue, sentence::Sentence, tokens::Kind};
use crate::domain::{
    money::Datoshi,
    request::{Locality, Spend},
};

/// What is asked where a limit cannot be held as it was said.
const IN_GAS: &str = "Limits are held in GAS, to the last digit. How much may it cost at most, such as: at most 2 GAS?";
/// Currencies that are written onto a number.
const OTHER_MONEY: &[&str] = &["eur", "usd", "chf", "gbp", "neo", "btc", "euro", "euros"];

/// What was said.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Said {
    pub spend: Spend,
    pub place: Locality,
    /// Whether money or place was set as a limit is, and not by an amount that merely stands there.
    pub limits: bool,
    /// Whether only the plan is wanted, whatever the work.
    pub look: bool,
    /// Whether something holds back work that may cost.
    pub doubt: bool,
    /// Whether it is to stop at the quote.
    pub quote: bool,
}

/// Reads the bounds, and takes the words out that were understood: "don't pay more than 1 GAS" negates nothing.
///
/// # Errors
/// A question, where a limit was meant that cannot be held as it was said.
pub(super) fn read(s: &mut Sentence) -> Result<Said, String> {
    let mut out = Said::default();
    let mut used: Vec<usize> = Vec::new();
    for at in 0..s.tokens.len() {
        if let Some(amount) = amount(s, at)? {
            out.spend = Spend::at_most(out.spend.limit().map_or(amount.most, |limit| limit.min(amount.most)));
            out.limits |= amount.lead.is_some();
            // An amount that merely stands there limits, and a person looks at it first.
            out.doubt |= amount.lead.is_none();
            used.extend(lead_in(s, amount.lead.unwrap_or(at))..at + 4);
        }
    }
    for free in s.all(Cue::Free) {
        (out.spend, out.limits) = (Spend::Nothing, true);
        used.extend(lead_in(s, free.at)..free.end);
    }
    for pay in s.all(Cue::Pay) {
        let Some(not) = before(s, Cue::Not, pay.at) else { continue };
        let skipped = |at: &usize| !s.is(*at, Cue::Filler) || s.is(*at, Cue::Anything) || s.is(*at, Cue::It);
        let next = (pay.end..s.tokens.len()).find(skipped).unwrap_or(pay.end);
        let nothing = !s.speaks(next) || s.is_any(next, &[Cue::But, Cue::Anything, Cue::Gas, Cue::It, Cue::And]);
        if nothing {
            (out.spend, out.limits) = (Spend::Nothing, true);
        }
        // Nothing is ever paid twice, or to anybody else: such a ban takes nothing away.
        if nothing || s.is(next, Cue::Twice) {
            used.extend(not..next);
        }
    }
    for send in s.all(Cue::Send) {
        if let Some(not) = before(s, Cue::Not, send.at) {
            (out.place, out.limits) = (Locality::Here, true);
            used.extend(not..send.end);
        }
    }
    let asks_for_room = s.has(Cue::Fit) && (s.asks() || s.has(Cue::Would));
    if s.has(Cue::Here) && !asks_for_room {
        (out.place, out.limits) = (Locality::Here, true);
        used.extend(s.all(Cue::Fit).flat_map(|fit| lead_in(s, fit.at)..fit.end));
    }
    used.sort_unstable();
    let holds_back = [Cue::Not, Cue::No, Cue::If, Cue::Look, Cue::Vague];
    s.marks.retain(|mark| !(holds_back.contains(&mark.cue) && used.binary_search(&mark.at).is_ok()));
    out.look = s.has_any(&[Cue::Look, Cue::Would]) || asks_for_room;
    let question = s.asks() && !s.has(Cue::Polite);
    out.doubt |= question || s.has_any(&[Cue::If, Cue::Vague, Cue::Check, Cue::Not]);
    out.quote = s.has(Cue::ToQuote);
    Ok(out)
}

/// Where the words may begin that lead to a limit: a few before it, in its clause.
fn lead_in(s: &Sentence, at: usize) -> usize {
    (at.saturating_sub(4)..at).find(|&from| s.clause(from) == s.clause(at)).unwrap_or(at)
}

/// Where the nearest such cue stands, a few pieces before this one and in its clause.
fn before(s: &Sentence, cue: Cue, at: usize) -> Option<usize> {
    let near = at.saturating_sub(6)..at;
    near.rev().take_while(|&from| s.clause(from) == s.clause(at)).find(|&from| s.is(from, cue))
}

struct Amount {
    most: Datoshi,
    /// Where the words begin that make a limit of it.
    lead: Option<usize>,
}

/// The amount of GAS at a place; a bare number is one behind the words of a limit.
fn amount(s: &Sentence, at: usize) -> Result<Option<Amount>, String> {
    let half = (at..at + 2).find_map(|at| s.marks_at(at, Cue::Half));
    let counted = half.is_some_and(|half| half.at == at && at > 0 && s.number(at - 1).is_some());
    let (text, unit) = match s.tokens.get(at).map(|token| &token.kind) {
        Some(Kind::Number(unit)) => (s.word(at), unit.as_str()),
        Some(Kind::Setting(name)) if ["max_gas", "max-gas", "budget", "limit"].contains(&name.as_str()) => {
            (s.word(at), "gas")
        }
        _ => match s.number(at) {
            Some(spelled) => (spelled, ""),
            None if half.is_some_and(|half| half.at == at) && !counted => ("0", ""),
            None => return Ok(None),
        },
    };
    let next = half.map_or(at + 1, |half| half.end);
    let between = |at: usize| s.is(at, Cue::Filler) || matches!(s.word(at), "=" | ":" | "about");
    let from = (0..at).rev().take(2).take_while(|&at| between(at)).last().unwrap_or(at);
    let by = |cue: Cue| (from..=at).find_map(|end| s.marks_before(end, cue));
    let below = by(Cue::Below);
    let gas = unit == "gas" || s.is(next, Cue::Gas);
    let behind = next + usize::from(s.is(next, Cue::Gas));
    let plainly = unit == "gas" || s.marks_at(behind, Cue::Fine).is_some();
    let for_it = gas && at > 0 && matches!(s.word(at - 1), "for" | "für" | "pour" | "por");
    let lead = by(Cue::AtMost).or(below).map(|mark| mark.at).or((plainly || for_it).then_some(at));
    // "At most 5 sequences" and "under 10 minutes" are no money.
    let plain = [Cue::Filler, Cue::Polite, Cue::But, Cue::And, Cue::Pay, Cue::Here];
    let bare =
        unit.is_empty() && (s.tokens.get(next).is_none_or(|token| token.kind != Kind::Word) || s.is_any(next, &plain));
    let other = OTHER_MONEY.contains(&unit) || s.is(next, Cue::OtherMoney) || (at > 0 && s.is(at - 1, Cue::OtherMoney));
    if other {
        return Err(IN_GAS.to_owned());
    }
    if !(gas || (bare && lead.is_some() && !plainly)) {
        return Ok(None);
    }
    let most = exact(text, half.is_some()).ok_or_else(|| IN_GAS.to_owned())?;
    let one = Datoshi::new(u64::from(below.is_some())).unwrap_or_default();
    Ok(Some(Amount { most: most.saturating_sub(one), lead }))
}

/// The amount, to the last digit. A comma is read as the decimal one: of both readings, that is the smaller limit.
fn exact(text: &str, half: bool) -> Option<Datoshi> {
    let one = text.matches([',', '.']).count() <= 1;
    let amount: Datoshi = text.replace(',', ".").parse().ok().filter(|_| one)?;
    if half { amount.checked_add(Datoshi::new(50_000_000)?) } else { Some(amount) }
}
