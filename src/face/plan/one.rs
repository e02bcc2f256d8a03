//! A plan of one piece of work.

use super::{
    super::look::{Look, Tone},
    money::Prices,
    words,
};
use crate::domain::{
    money::Datoshi,
    plan::PlannedWork,
    units::{bytes, clean},
    verdict::{Place, Verdict},
};

/// What it is, what becomes of it, and why.
pub fn lines(piece: &PlannedWork, look: &Look) -> Vec<String> {
    let prices = Prices::of([piece]);
    let (tone, answer) = answer(piece, &prices);
    let mut out = look.field("Plan", tone, &format!("{}{answer}", words::what(&piece.work)));
    out.extend(look.field("File", Tone::Plain, &file(piece)));
    if let Some(cannot) = &piece.cannot {
        out.extend(look.field("Why", Tone::Bad, &clean(&cannot.why, words::MAX)));
        out.extend(cannot.hint.iter().flat_map(|hint| look.field("Try", Tone::Plain, &clean(hint, words::MAX))));
        return out;
    }
    if let Some(verdict) = &piece.verdict {
        out.extend(why(verdict).iter().flat_map(|text| look.field("Why", Tone::Plain, text)));
        out.extend(look.field("Needs", Tone::Plain, &needs(verdict)));
    }
    out.extend(money(&prices, look));
    out
}

/// What it costs and who is paid.
pub fn money(prices: &Prices, look: &Look) -> Vec<String> {
    let mut out: Vec<String> = prices.said().iter().flat_map(|text| look.field("Price", Tone::Strong, text)).collect();
    out.extend(prices.beside().iter().flat_map(|text| look.more(Tone::Care, text)));
    let tone = if prices.is_real() { Tone::Care } else { Tone::Plain };
    for (index, payee) in prices.payees().iter().enumerate() {
        out.extend(if index == 0 { look.field("Paid to", tone, payee) } else { look.more(tone, payee) });
    }
    out
}

/// What follows the name of the work: what becomes of it, and what that costs at most.
fn answer(piece: &PlannedWork, prices: &Prices) -> (Tone, String) {
    let cost = match prices.most() {
        Datoshi::ZERO => "free".to_owned(),
        most => format!("{most} at most"),
    };
    if piece.cannot.is_some() {
        return (Tone::Bad, " cannot be done".to_owned());
    }
    match (piece.same_as_before, &piece.job, piece.verdict.as_ref().map(|verdict| verdict.place)) {
        (true, Some(job), _) if piece.still_to_pay().is_none() => {
            (Tone::Good, format!(": done before as {job}, taken up; nothing is paid again"))
        }
        (true, Some(job), _) => (Tone::Strong, format!(": begun before as {job}, taken up; {cost}")),
        (_, _, Some(Place::Offload)) => (Tone::Strong, format!(": offloaded, {cost}")),
        (_, _, Some(Place::Local)) => (Tone::Good, format!(": runs on this machine, {cost}")),
        (_, _, None) => (Tone::Strong, format!(": {cost}")),
    }
}

/// Its size, the files beside it, and what was chosen.
fn file(piece: &PlannedWork) -> String {
    let mut parts = vec![words::size(piece)];
    parts.extend(words::beyond(piece));
    parts.extend(
        piece
            .work
            .inputs
            .iter()
            .skip(1)
            .map(|input| format!("{} {}", clean(&input.name, 40), words::path(&input.named))),
    );
    let parameters = words::parameters(&piece.work.parameters);
    if !parameters.is_empty() {
        parts.push(format!("with {parameters}"));
    }
    parts.join("; ")
}

/// The sentences of the rules that hold, without their names; nothing for what stays here.
fn why(verdict: &Verdict) -> Option<String> {
    let sentences: Vec<String> = verdict.reasons.iter().map(|reason| clean(&reason.why, words::MAX)).collect();
    (!sentences.is_empty()).then(|| sentences.join("; "))
}

/// Memory and time on this machine.
fn needs(verdict: &Verdict) -> String {
    let ram = bytes(verdict.estimate.ram.likely.max(0.0) as u64);
    let time = words::time(&verdict.estimate.seconds);
    match verdict.place {
        Place::Local => format!("{ram} of RAM, of {} available, and {time}", bytes(verdict.machine.available_ram)),
        Place::Offload => format!("{ram} of RAM and {time}, if it ran on this machine"),
    }
}
