//! A plan of one piece of work.

use super::{
    super::look::{Look, Tone},
    money::Prices,
    words,
};
use domain::{
    plan::PlannedWork,
    units::{bytes, clean},
    verdict::{Place, Verdict},
};

/// What it is, where it runs and why, what it costs, who is paid, where files are sent (`sent`), what it needs.
pub fn lines(piece: &PlannedWork, sent: Option<&str>, look: &Look) -> Vec<String> {
    let cannot = if piece.cannot.is_some() { ": cannot be done" } else { "" };
    let tone = if piece.cannot.is_some() { Tone::Bad } else { Tone::Strong };
    let mut out = look.field("Plan", tone, &format!("{} ({}){cannot}", words::what(&piece.work), words::size(piece)));
    if let Some(cannot) = &piece.cannot {
        out.extend(look.field("Why", Tone::Bad, &clean(&cannot.why, words::MAX)));
        out.extend(cannot.hint.iter().flat_map(|hint| look.field("Hint", Tone::Plain, &clean(hint, words::MAX))));
        return out;
    }
    out.extend(words::also(piece).iter().flat_map(|text| look.field("Same", Tone::Plain, text)));
    let prices = Prices::of([piece]);
    out.extend(place(piece, &prices).iter().flat_map(|text| look.field("Where", Tone::Good, text)));
    out.extend(money(&prices, look));
    if piece.same_as_before && piece.still_to_pay().is_none() {
        return out;
    }
    out.extend(words::files(piece).iter().flat_map(|text| look.field("Files", Tone::Plain, text)));
    out.extend(sent.iter().flat_map(|text| look.field("Sent to", Tone::Plain, text)));
    let unknown = words::unknown_here(piece);
    let known = piece.verdict.iter().filter(|_| unknown.is_none());
    out.extend(known.flat_map(|verdict| look.field("Needs", Tone::Plain, &needs(verdict))));
    out.extend(unknown.iter().flat_map(|text| look.field("Unknown", Tone::Care, text)));
    out.extend(words::unverified(piece).iter().flat_map(|text| look.field("Result", Tone::Care, text)));
    out.extend(with(piece).iter().flat_map(|text| look.field("With", Tone::Plain, text)));
    out
}

/// What it costs and who is paid.
pub fn money(prices: &Prices, look: &Look) -> Vec<String> {
    let mut out: Vec<String> = prices.said().iter().flat_map(|text| look.field("Cost", Tone::Strong, text)).collect();
    out.extend(prices.beside().iter().flat_map(|text| look.more(Tone::Care, text)));
    let tone = if prices.is_real() { Tone::Care } else { Tone::Plain };
    for (index, payee) in prices.payees().iter().enumerate() {
        out.extend(if index == 0 { look.field("Paid to", tone, payee) } else { look.more(tone, payee) });
    }
    out
}

/// Where it runs, with the sentences of the rules that hold, without their names.
fn place(piece: &PlannedWork, prices: &Prices) -> Option<String> {
    if let Some(job) = piece.job.as_ref().filter(|_| piece.same_as_before) {
        return Some(match piece.still_to_pay() {
            None => format!("done or begun before: {job} is taken up, and nothing is paid again"),
            Some(_) => format!("begun before and not paid yet: {job} is taken up, and paid once"),
        });
    }
    let verdict = piece.verdict.as_ref()?;
    let why: Vec<String> = verdict.reasons.iter().map(|reason| clean(&reason.why, words::MAX)).collect();
    Some(match verdict.place {
        Place::Local if piece.network => "on this machine: free, with programs that may use the network".to_owned(),
        Place::Local => "on this machine: free, and nothing is sent".to_owned(),
        Place::Offload if prices.said().is_none() => format!("{}, free: {}", words::at_provider(piece), why.join("; ")),
        Place::Offload => format!("{}: {}", words::at_provider(piece), why.join("; ")),
    })
}

/// What was chosen: part, assumptions, further files, parameters.
fn with(piece: &PlannedWork) -> Option<String> {
    let mut parts = words::beyond(piece);
    parts.extend(words::beside(piece));
    // A file stands with its size, and not once more by its whole path.
    let is_file = |name: &String| piece.work.beside().any(|input| input.name == *name);
    let others = piece.work.parameters.iter().filter(|(name, value)| !is_file(name) && !value.is_array());
    let parameters = words::parameters(&others.map(|(name, of)| (name.clone(), of.clone())).collect());
    parts.extend((!parameters.is_empty()).then_some(parameters));
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Memory and time on this machine.
fn needs(verdict: &Verdict) -> String {
    if words::is_unknown(verdict) {
        return match verdict.place {
            Place::Local => "what it takes is not known".to_owned(),
            Place::Offload => "nothing of this machine; how long it takes there is not known".to_owned(),
        };
    }
    let ram = bytes(verdict.estimate.ram.likely.max(0.0) as u64);
    let time = words::time(&verdict.estimate.seconds);
    match verdict.place {
        Place::Local => {
            let disk = verdict.unpacked.map(|n| format!("; {} of disk for what is unpacked", bytes(n)));
            let available = bytes(verdict.machine.available_ram);
            format!("{time}; {ram} of the {available} of RAM available{}", disk.unwrap_or_default())
        }
        Place::Offload => format!("on this machine it would take {time} and {ram} of RAM"),
    }
}
