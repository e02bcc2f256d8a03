//! The offload rule: pure, strictly greater, in bytes and seconds.

use domain::{
    dataset::DatasetProfile,
    estimate::Estimate,
    task::TaskType,
    units,
    verdict::{MachineProfile, OffloadRule, Place, Reason, Thresholds, Unmeasured, Verdict},
};

/// Draws the verdict: offload when any rule holds, else local.
///
/// `estimate` is the `measured` one, or that raised by what a person or a model claims. A rule that holds by the claim alone is
/// told as a claim, and nobody is said to have made it. The same goes for `claimed_bytes` beside the dataset's own size: it
/// raises that, and never lowers it. Of a task without figures the estimate is the least that is known, so that R-RAM and R-TIME
/// hold by that alone; that nothing else is known is in the verdict, and nothing runs here by it before somebody said yes.
pub fn judge(
    task: &TaskType,
    dataset: DatasetProfile,
    machine: MachineProfile,
    measured: Estimate,
    estimate: Estimate,
    claimed_bytes: Option<u64>,
    thresholds: Thresholds,
) -> Verdict {
    let mut reasons = Vec::new();
    if task.is_elsewhere_only() {
        let why = format!("{} is a model of the provider's, and there is no program for it here", task.name);
        reasons.push(Reason { rule: OffloadRule::Model, why });
        let place = Place::Offload;
        let (further, part, unmeasured) = (Vec::new(), None, None);
        let unpacked = None;
        return Verdict { place, reasons, dataset, further, part, machine, estimate, unmeasured, unpacked, thresholds };
    }
    let mut holds = |rule, held: bool, why: String| {
        if held {
            reasons.push(Reason { rule, why });
        }
    };
    let required = whole(estimate.ram.likely);
    holds(OffloadRule::Ram, required > machine.available_ram, {
        let (fact, here) = (whole(measured.ram.likely), units::bytes(machine.available_ram));
        if fact > machine.available_ram {
            format!("needs {} of RAM, {here} is available here", units::bytes(fact))
        } else {
            let claim = units::bytes(required);
            format!("it is claimed to be of a size that needs {claim} of RAM, {here} is available here")
        }
    });
    let too_long = |seconds: f64| seconds > thresholds.max_local_seconds || seconds.is_nan();
    holds(OffloadRule::Time, too_long(estimate.seconds.likely), {
        let (fact, claim) = (measured.seconds.likely, estimate.seconds.likely);
        let limit = units::seconds(thresholds.max_local_seconds);
        if too_long(fact) {
            format!("would run about {} here, more than {limit}", units::seconds(fact))
        } else {
            format!("it is claimed that it would run about {} here, more than {limit}", units::seconds(claim))
        }
    });
    let size = claimed_bytes.unwrap_or_default().max(dataset.bytes);
    let has = |limit: u64| match dataset.bytes > limit {
        true => format!("the dataset has {}", units::bytes(dataset.bytes)),
        false => format!("it is claimed that the dataset has {}", units::bytes(size)),
    };
    let most = thresholds.max_local_bytes;
    holds(OffloadRule::Size, size > most, format!("{}, more than {}", has(most), units::bytes(most)));
    let part =
        u64::try_from(u128::from(machine.total_ram) * u128::from(thresholds.max_ram_percent) / 100).unwrap_or(u64::MAX);
    holds(
        OffloadRule::Half,
        size > part,
        format!(
            "{}, more than {} % of this machine's {} of RAM",
            has(part),
            thresholds.max_ram_percent,
            units::bytes(machine.total_ram)
        ),
    );
    holds(OffloadRule::Model, task.model_heavy, format!("the catalogue marks {} as model-heavy", task.name));
    let place = if reasons.is_empty() { Place::Local } else { Place::Offload };
    let unmeasured = (!task.is_measured()).then(Unmeasured::default);
    let (further, part, unpacked) = (Vec::new(), None, None);
    Verdict { place, reasons, dataset, further, part, machine, estimate, unmeasured, unpacked, thresholds }
}

/// Bytes of an estimate, rounded up; what is no number counts as more than any machine has.
fn whole(bytes: f64) -> u64 {
    if bytes.is_nan() { u64::MAX } else { bytes.ceil() as u64 }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use domain::{
        dataset::Format,
        estimate::{Range, ResourceModel, Terms},
        task::{Program, TaskOrigin},
    };

    pub(crate) fn task(model_heavy: bool) -> TaskType {
        TaskType {
            name: "t".into(),
            version: domain::hash::Sha256([0; 32]),
            origin: TaskOrigin::Program,
            title: "T".into(),
            description: String::new(),
            caveat: None,
            cite: None,
            asked_as: vec![],
            see_also: None,
            model_heavy,
            input: "sequences".into(),
            formats: vec![Format::Fasta],
            alphabet: None,
            first: None,
            otherwise: None,
            compressed: vec![],
            program: Program::Builtin,
            remote: None,
            parameters: Default::default(),
            check: Default::default(),
            show: Default::default(),
            resources: Some(ResourceModel {
                ram: Terms::default(),
                seconds: Terms::default(),
                spread: 2.0,
                source: String::new(),
            }),
        }
    }

    pub(crate) fn dataset(bytes: u64) -> DatasetProfile {
        DatasetProfile {
            records: 1,
            residues: bytes,
            longest: bytes,
            ..domain::strategies::dataset("d.fasta", bytes, Format::Fasta)
        }
    }

    fn flat(n: f64) -> Range {
        Range { low: n, likely: n, high: n }
    }

    pub(crate) fn verdict(heavy: bool, bytes: u64, ram: f64, seconds: f64, available: u64, total: u64) -> Verdict {
        let machine = MachineProfile {
            cores: 2,
            total_ram: total,
            available_ram: available,
            limited_by_cgroup: false,
            free_disk: 1,
        };
        let estimate = Estimate { ram: flat(ram), seconds: flat(seconds), learnt_from: 0 };
        judge(&task(heavy), dataset(bytes), machine, estimate, estimate, None, Thresholds::default())
    }

    const GB: u64 = 1_000_000_000;

    #[test]
    fn each_rule_is_strictly_greater() {
        let rules = |v: Verdict| v.rules();
        assert_eq!(rules(verdict(false, 100_000_000, 1e9, 600.0, GB, 8 * GB)), []);
        assert_eq!(rules(verdict(false, 100_000_001, 1e9, 600.0, GB, 8 * GB)), [OffloadRule::Size]);
        assert_eq!(rules(verdict(false, 1, 1e9, 600.1, GB, 8 * GB)), [OffloadRule::Time]);
        assert_eq!(rules(verdict(false, 1, 1e9 + 1.0, 1.0, GB, 8 * GB)), [OffloadRule::Ram]);
        assert_eq!(rules(verdict(false, 50_000_001, 1.0, 1.0, GB, 100_000_000)), [OffloadRule::Half]);
        assert_eq!(rules(verdict(false, 50_000_000, 1.0, 1.0, GB, 100_000_000)), []);
        assert_eq!(rules(verdict(true, 1, 1.0, 1.0, GB, 8 * GB)), [OffloadRule::Model]);
        assert_eq!(rules(verdict(false, 1, f64::NAN, f64::NAN, GB, 8 * GB)), [OffloadRule::Ram, OffloadRule::Time]);
    }

    #[test]
    fn a_claim_is_told_as_one_and_a_fact_as_a_fact() {
        let machine =
            MachineProfile { cores: 2, total_ram: 8 * GB, available_ram: GB, limited_by_cgroup: false, free_disk: 1 };
        let of = |ram, seconds| Estimate { ram: flat(ram), seconds: flat(seconds), learnt_from: 0 };
        let why = |measured, estimate| -> Vec<String> {
            let verdict =
                judge(&task(false), dataset(1), machine.clone(), measured, estimate, None, Thresholds::default());
            verdict.reasons.into_iter().map(|reason| reason.why).collect()
        };
        let claimed = why(of(1e6, 2.0), of(2e9, 7200.0));
        assert!(claimed.iter().all(|why| why.starts_with("it is claimed")) && claimed.len() == 2, "{claimed:?}");
        let known = why(of(2e9, 700.0), of(9e9, 7200.0));
        assert_eq!(
            known[1], "would run about 11 min 40 s here, more than 10 min 0 s",
            "what was measured, not what was claimed"
        );
        assert!(known[0].starts_with("needs 2.0 GB of RAM"), "{known:?}");
    }

    #[test]
    fn a_claimed_size_raises_the_measured_one_and_never_lowers_it() {
        let machine =
            MachineProfile { cores: 2, total_ram: 8 * GB, available_ram: GB, limited_by_cgroup: false, free_disk: 1 };
        let of = |bytes, claimed| {
            let flat = Estimate { ram: flat(1.0), seconds: flat(1.0), learnt_from: 0 };
            judge(&task(false), dataset(bytes), machine.clone(), flat, flat, claimed, Thresholds::default())
        };
        let raised = of(148, Some(5 * GB));
        assert_eq!(raised.rules(), [OffloadRule::Size, OffloadRule::Half]);
        assert_eq!(raised.reasons[0].why, "it is claimed that the dataset has 5.0 GB, more than 100.0 MB");
        assert_eq!(raised.dataset.bytes, 148, "what was measured stays so");
        let known = of(200_000_000, Some(5 * GB));
        assert_eq!(known.reasons[0].why, "the dataset has 200.0 MB, more than 100.0 MB");
        assert_eq!(of(200_000_000, Some(1)).rules(), [OffloadRule::Size]);
        assert_eq!(of(148, Some(100_000_000)).place, Place::Local);
    }

    proptest! {
        /// More data, more need or less machine never turns an offload into a local run.
        #[test]
        fn the_verdict_is_monotone(bytes in 0u64..GB, ram in 0.0..1e10, secs in 0.0..2000.0,
                                   avail in 1u64..20*GB, more in 0u64..GB, extra in 0.0..1e10) {
            let before = verdict(false, bytes, ram, secs, avail, 24 * GB);
            let after = verdict(false, bytes + more, ram + extra, secs + extra, avail.saturating_sub(more), 24 * GB);
            prop_assert!(before.place == Place::Local || after.place == Place::Offload);
            prop_assert_eq!(after.place == Place::Local, after.reasons.is_empty());
        }
    }
}
