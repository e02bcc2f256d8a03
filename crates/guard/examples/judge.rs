//! Probes a file and this machine, and says where the offload rule would have a task run, and why.

use std::{error::Error, path::Path};

use domain::{estimate::WorkedOn, task::Parameters, verdict::Thresholds};
use guard::{
    machine::{catalogue::Catalogue, estimator::estimate, probe_machine, profile_dataset},
    policy::{data::open_dataset, offload::judge},
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(task), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("name a task and a file".into());
    };
    let catalogue = Catalogue::builtin()?;
    let task = catalogue.get(&task).ok_or("there is no such task")?;
    let here = std::env::current_dir()?;
    let dataset = profile_dataset(&open_dataset(Path::new(&file), std::slice::from_ref(&here), &[])?)?;
    let parameters = Parameters::new();
    let needs = estimate(task, WorkedOn { dataset: &dataset, further: &[], parameters: &parameters }, &[]);
    let verdict = judge(task, dataset, probe_machine(&here)?, needs, needs, None, Thresholds::default());
    println!("{:?}", verdict.place);
    for reason in &verdict.reasons {
        println!("{}: {}", reason.rule, reason.why);
    }
    Ok(())
}
