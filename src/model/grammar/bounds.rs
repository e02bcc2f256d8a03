//! What a sentence says of money, of place, and of how far to go.

use super::{
    cues::{self, Cue, Cue::*, Mark},
    sentence::Sentence,
    tokens::Kind,
};
use domain::{
    money::Datoshi,
    request::{Locality, Spend},
};

/// What is asked where a limit cannot be held as it was said.
const IN_GAS: &str = "Limits are held in GAS, to the last digit. How much may it cost at most, such as: at most 2 GAS?";

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
    let (mut wrong, line) = (None, s.last_line());
    let mut taken: Vec<usize> = Vec::new();
    for at in 0..s.tokens.len() {
        match amount(s, at) {
            Ok(None) => {}
            // What the last line says in GAS makes good what a line before it said otherwise.
            Ok(Some((most, lead))) => {
                let lead = lead.or((line > 0 && at >= line).then_some(at));
                wrong = wrong.filter(|(wrong, _)| at < line || *wrong >= line);
                out.spend = Spend::at_most(out.spend.limit().map_or(most, |limit| limit.min(most)));
                out.limits |= lead.is_some();
                // An amount that merely stands there limits, and a person looks at it first.
                out.doubt |= lead.is_none();
                let end = (at + 1..at + 6).find(|at| !s.is_any(*at, &[Half, Gas, Fine])).unwrap_or(at + 1);
                taken.extend(lead.unwrap_or(at).min(at)..end);
                used.extend(lead_in(s, lead.unwrap_or(at))..at + 4);
            }
            Err(question) => wrong = Some((at, question)),
        }
    }
    if let Some((_, question)) = wrong {
        return Err(question);
    }
    // "Is it free?" and "would it fit here?" ask for the plan, and limit nothing.
    let asks = s.asks() && !s.has(Polite);
    let asks_for_room = s.has(Fit) && (s.asks() || s.has(Would)) || (asks && s.has(Would));
    let mut here = s.has(Here) && !asks_for_room;
    let mut free = false;
    for mark in s.all(Free).filter(|mark| !asks && !s.is_any(mark.end, &[AtMost, Below])) {
        free = true;
        used.extend(lead_in(s, mark.at)..mark.end);
    }
    for pay in s.all(Pay) {
        let behind = s.is(pay.end, Not).then_some(pay.at);
        let Some(not) = before(s, Not, pay.at).or(behind) else { continue };
        let skipped = |at: &usize| !s.is(*at, Filler) || s.is_any(*at, &[Anything, It]);
        let next = (pay.end..s.tokens.len()).find(skipped).unwrap_or(s.tokens.len());
        let ends = [But, Anything, Gas, It, And, Not];
        taken.extend(not..ban_ends(s, pay.end.max(not)));
        let over = *s.kind(next) == Kind::Sign || s.is_any(next, &ends);
        free |= over;
        // Nothing is ever paid twice, or to anybody else: such a ban takes nothing away.
        if over || s.is(next, Twice) {
            used.extend(not..next + 1);
        }
    }
    for send in s.all(Send).chain(s.all(Away)) {
        let behind = s.is(send.end, Not).then_some(send.at);
        if let Some(not) = before(s, Not, send.at).or(behind) {
            here = true;
            taken.extend(not..ban_ends(s, send.end.max(not)));
            used.extend(not..send.end + 1);
        }
    }
    if here {
        out.place = Locality::Here;
        used.extend(s.all(Fit).flat_map(|fit| lead_in(s, fit.at)..fit.end));
    }
    out.spend = if free { Spend::Nothing } else { out.spend };
    out.limits |= here || free;
    used.sort_unstable();
    let holds_back = [Not, No, If, Look, Vague];
    let is_over = |mark: &Mark| holds_back.contains(&mark.cue) && used.binary_search(&mark.at).is_ok();
    taken.extend(s.marks.iter().filter(|mark| is_over(mark)).flat_map(|mark| mark.at..mark.end));
    s.marks.retain(|mark| !is_over(mark));
    s.took(taken);
    out.look = s.has_any(&[Look, Would]) || asks_for_room || (asks && s.has(Free));
    out.doubt |= asks || s.has_any(&[If, Vague, Check, Not]);
    out.quote = s.has(ToQuote);
    Ok(out)
}

/// Where the words may begin that lead to a limit: a few before it, in its clause, and behind what is named there. "Do not fold
/// a.fasta for at most 2 GAS" negates no limit.
fn lead_in(s: &Sentence, at: usize) -> usize {
    let near = (at.saturating_sub(6)..at).rev();
    near.take_while(|&from| s.clause(from) == s.clause(at) && !s.is_named(from)).last().unwrap_or(at)
}

/// Where a ban on paying or sending ends: with its clause, or before the next thing that is named.
fn ban_ends(s: &Sentence, at: usize) -> usize {
    (at..s.tokens.len()).find(|&to| s.clause(to) != s.clause(at) || s.is_named(to)).unwrap_or(s.tokens.len())
}

/// Where the nearest such cue stands, a few pieces before this one and in its clause.
fn before(s: &Sentence, cue: Cue, at: usize) -> Option<usize> {
    let near = (at.saturating_sub(6)..at).rev();
    let apart = |from: usize| s.clause(from) != s.clause(at) || s.is_named(from) || s.is_any(from, &[But, Except]);
    let near = near.take_while(|&from| !apart(from));
    near.into_iter().find(|&from| s.is(from, cue))
}

/// The amount of GAS at a place, and where the words begin that make a limit of it; a bare number is one only behind such words.
/// A question where it is an amount that cannot be held.
fn amount(s: &Sentence, at: usize) -> Result<Option<(Datoshi, Option<usize>)>, String> {
    let begins = |at: usize, cue: Cue| s.covering(at).find(|mark| mark.at == at && mark.cue == cue).copied();
    let half = begins(at, Half).filter(|_| at == 0 || s.number(at - 1).is_none()).or_else(|| begins(at + 1, Half));
    let (text, unit) = match s.kind(at) {
        Kind::Number(unit) => (s.word(at), unit.as_str()),
        Kind::Setting(name) if cues::is(name, AtMost) => (s.word(at), "gas"),
        _ => match s.number(at) {
            Some(spelled) => (spelled, ""),
            None if half.is_some_and(|half| half.at == at) => ("0", ""),
            None => return Ok(None),
        },
    };
    let next = half.map_or(at + 1, |half| half.end);
    let gas = unit == "gas" || s.is(next, Gas);
    let behind = next + usize::from(s.is(next, Gas));
    let between = |at: usize| s.is(at, Filler) || matches!(s.word(at), "=" | ":" | "about");
    let from = (0..at).rev().take(2).take_while(|&at| between(at)).last().unwrap_or(at);
    let ends = |mark: &&Mark| (from..=at).contains(&mark.end);
    let by =
        |cue: Cue| (from.saturating_sub(1)..at).flat_map(|i| s.covering(i)).filter(ends).find(|mark| mark.cue == cue);
    let below = by(Below);
    let plainly = unit == "gas" || begins(behind, Fine).is_some();
    let for_it = gas && at > 0 && s.is(at - 1, For);
    let lead = by(AtMost).or(below).map(|mark| mark.at);
    if cues::is(unit, OtherMoney) || s.is(next, OtherMoney) || (at > 0 && s.is(at - 1, OtherMoney)) {
        return Err(IN_GAS.to_owned());
    }
    // "At most 5 sequences" and "under 10 minutes" are no money.
    let plain = [Filler, Polite, But, And, Pay, Here];
    let bare = unit.is_empty() && (*s.kind(next) != Kind::Word || s.is_any(next, &plain));
    if !(gas || (bare && lead.is_some())) {
        return Ok(None);
    }
    if let Some((thousands, rest)) = grouped(text) {
        return Err(format!(
            "Is {text} GAS {thousands}{rest} GAS or {thousands}.{rest} GAS? How much may it cost at most?"
        ));
    }
    let most = exact(text, half.is_some()).ok_or_else(|| IN_GAS.to_owned())?;
    let one = Datoshi::new(u64::from(below.is_some())).unwrap_or_default();
    Ok(Some((most.saturating_sub(one), lead.or((plainly || for_it).then_some(at)))))
}

/// The parts of a number whose comma may part thousands as well as decimals: `1,500`.
fn grouped(text: &str) -> Option<(&str, &str)> {
    let (thousands, rest) = text.split_once(',')?;
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    let groups = (1..=3).contains(&thousands.len()) && !thousands.starts_with('0') && rest.len() == 3;
    (groups && digits(thousands) && digits(rest)).then_some((thousands, rest))
}

/// The amount, to the last digit. A comma is read as the decimal one.
fn exact(text: &str, half: bool) -> Option<Datoshi> {
    let one = text.matches([',', '.']).count() <= 1;
    let amount: Datoshi = text.replace(',', ".").parse().ok().filter(|_| one)?;
    if half { amount.checked_add(Datoshi::new(50_000_000)?) } else { Some(amount) }
}
