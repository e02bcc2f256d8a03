//! Where a job runs, and the numbers that decided it.

use super::{
    super::{
        look::{Look, Tone},
        plan::words::time,
    },
    MAX,
};
use crate::domain::{
    event::{DatasetShown, Event},
    units::{bytes, clean, count},
    verdict::{OffloadRule, Place},
};

/// The lines of a verdict event; none for any other.
pub fn lines(event: &Event, look: &Look) -> Vec<String> {
    let Event::Verdict {
        job,
        place,
        reasons,
        why,
        task_type,
        dataset,
        part,
        required_ram,
        available_ram,
        cores,
        estimate,
    } = event
    else {
        return Vec::new();
    };
    let mut out = look.field("Dataset", Tone::Plain, &dataset_line(dataset));
    if let Some(part) = part {
        let text = format!("the first {} of them are worked on; ask for more or fewer", count(*part));
        out.extend(look.field("Part", Tone::Care, &text));
    }
    let cores = if *cores == 1 { "1 core".to_owned() } else { format!("{cores} cores") };
    out.extend(look.field("Machine", Tone::Plain, &format!("{cores}, {} of RAM available", bytes(*available_ram))));
    let needs = format!("{} of RAM, {} here", bytes(*required_ram), time(estimate));
    out.extend(look.field("Needs", Tone::Plain, &needs));
    let rules = reasons.iter().map(|r| r.id()).collect::<Vec<_>>().join(", ");
    let task = clean(task_type, 60);
    let headline = match place {
        Place::Local => format!("{task} runs on this machine"),
        Place::Offload if reasons.iter().any(|r| matches!(r, OffloadRule::Size | OffloadRule::Half)) => {
            format!("large dataset: {task} is offloaded ({rules})")
        }
        Place::Offload => format!("{task} is offloaded ({rules})"),
    };
    out.extend(look.field("Verdict", Tone::Good, &headline));
    out.extend(why.iter().flat_map(|sentence| look.more(Tone::Dim, &clean(sentence, MAX))));
    out.extend(look.field("Job", Tone::Plain, job.as_str()));
    out
}

fn dataset_line(dataset: &DatasetShown) -> String {
    let records = match (dataset.sampled, dataset.records) {
        (true, 1) => "about 1 record (sampled)".to_owned(),
        (true, n) => format!("about {} records (sampled)", count(n)),
        (false, 1) => "1 record".to_owned(),
        (false, n) => format!("{} records", count(n)),
    };
    format!("{}, {}, {records}", clean(&dataset.path, MAX), bytes(dataset.bytes))
}
