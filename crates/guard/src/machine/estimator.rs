//! Estimates of memory and time: the catalogue's model, corrected by what runs on this machine really took.
//!
//! The correction works on logarithms, where being wrong by a factor is the same up and down. The catalogue's model is
//! the prior: its likely value is right to within its spread. Each earlier run is an observation of the factor between
//! model and measurement. Both are weighed by their precision (the normal model with known prior; Gelman et al.,
//! Bayesian Data Analysis, section 2.5): one run moves the estimate most of the way, several that agree narrow the
//! range, several that scatter keep it wide.
//!
//! A run that was ended at a limit is no such observation: that its files need more than the limit may be the fault of these
//! very files. It is less than the same files need when as much of them is worked on, and moves no other estimate.

use domain::{
    dataset::{Compression, DatasetProfile, FurtherFile, Margin, Margins, input_of},
    estimate::{Estimate, Measured, Range, WorkedOn},
    task::{ParameterKind, Parameters, TaskType},
    verdict::Unmeasured,
};

use super::room::unpacking_seconds;

/// The parameter by which a person limits how much of a dataset is worked on.
const MAX_SEQUENCES: &str = "max_sequences";

/// A factor beyond these is taken as these: a clock that jumped must not spoil every later estimate.
const FACTORS: std::ops::RangeInclusive<f64> = 1e-4..=1e4;

/// Runs beyond the latest so many are left out: machines change.
const RUNS: usize = 50;

/// Agreement of runs counts down to a scatter of a tenth; below is luck.
const LEAST_SCATTER: f64 = 0.1;

/// A run that was ended at a limit needs more than that limit: taken as so many times as much.
const MORE: f64 = 1.1;

/// No estimate is beyond this: bytes or seconds that no machine has.
const MOST: f64 = 1e24;

/// Of a model of the provider's: it needs nothing here, and what it needs there nobody knows.
const NOTHING: Estimate = Estimate {
    ram: Range { low: 0.0, likely: 0.0, high: 0.0 },
    seconds: Range { low: 0.0, likely: 0.0, high: 0.0 },
    learnt_from: 0,
};

/// What `task` needs on files like these, on this machine; `history` are earlier runs of the same task, newest first.
///
/// low <= likely <= high, none negative, and none falls as a file grows. Where a file is known by sample only, low is of the
/// least that it may be, and high of the most.
pub fn estimate(task: &TaskType, on: WorkedOn<'_>, history: &[Measured]) -> Estimate {
    let likely = of_exact(task, on, history);
    if on.dataset.margins.is_none() && on.further.iter().all(|file| file.profile.margins.is_none()) {
        return likely;
    }
    let at = |bound: fn(&DatasetProfile) -> DatasetProfile| {
        let beside = |file: &FurtherFile| FurtherFile { profile: bound(&file.profile), ..file.clone() };
        let (dataset, further) = (bound(on.dataset), on.further.iter().map(beside).collect::<Vec<_>>());
        of_exact(task, WorkedOn { dataset: &dataset, further: &further, parameters: on.parameters }, history)
    };
    let (least, most) = (at(DatasetProfile::at_least), at(DatasetProfile::at_most));
    let range =
        |least: Range, likely: Range, most: Range| Range { low: least.low, likely: likely.likely, high: most.high };
    Estimate {
        ram: range(least.ram, likely.ram, most.ram),
        seconds: range(least.seconds, likely.seconds, most.seconds),
        learnt_from: likely.learnt_from,
    }
}

/// What is known of a task without figures; nothing where it has some, or never needs any here.
pub fn unmeasured(task: &TaskType, history: &[Measured]) -> Option<Unmeasured> {
    if task.is_measured() {
        return None;
    }
    let whole = || history.iter().take(RUNS).filter(|run| run.ended_on.is_none());
    let most = |taken: fn(&Measured) -> f64| whole().map(taken).filter(|x| x.is_finite()).fold(0.0, f64::max);
    let runs = u32::try_from(whole().count()).unwrap_or(u32::MAX);
    Some(Unmeasured { runs, seconds: most(|run| run.seconds), ram: most(|run| run.ram) })
}

/// As if the counts of all files were exact. Without figures it is the least that is known: what runs on these very files were
/// ended at.
fn of_exact(task: &TaskType, on: WorkedOn<'_>, history: &[Measured]) -> Estimate {
    if task.is_elsewhere_only() {
        return NOTHING;
    }
    let recent = history.get(..RUNS.min(history.len())).unwrap_or_default();
    let ratio = |measured: f64, model: f64| {
        let ratio = measured / model;
        (ratio.is_finite() && ratio > 0.0 && model > 0.0).then(|| ratio.clamp(*FACTORS.start(), *FACTORS.end()).ln())
    };
    let finished = || recent.iter().filter(|run| run.ended_on.is_none());
    let times: Vec<f64> = finished().filter_map(|m| ratio(m.seconds, m.model_seconds)).collect();
    let memories: Vec<f64> = finished().filter_map(|m| ratio(m.ram, m.model_ram)).collect();
    let model = task.resources.as_ref();
    let ram = model.map_or(0.0, |model| model.ram.over(on) + unpacking(on.dataset.compression));
    let further: Vec<FurtherFile> = on.further.iter().filter(|file| !is_rest(task, file)).cloned().collect();
    let unpacked = unpacking_seconds(task, on.dataset, &further);
    let seconds = model.map_or(0.0, |model| model.seconds.over(on) + unpacked);
    let spread = model.map_or(1.0, |model| model.spread);
    let files = on.files();
    let ended = || recent.iter().filter(|run| run.ended_on.as_ref() == Some(&files));
    let least =
        |limits: &mut dyn Iterator<Item = f64>| limits.filter(|x| x.is_finite()).fold(0.0, f64::max).min(MOST) * MORE;
    let least_ram = least(&mut ended().filter(|run| run.model_ram <= ram).map(|run| run.ram));
    let least_seconds = least(&mut ended().filter(|run| run.model_seconds <= seconds).map(|run| run.seconds));
    Estimate {
        ram: corrected(ram, spread, &memories).raised_to(least_ram),
        seconds: corrected(seconds, spread, &times).raised_to(least_seconds),
        learnt_from: u32::try_from(times.len()).unwrap_or(u32::MAX),
    }
}

/// Memory that unpacking takes beside the task, bytes: xz(1) states 65 MiB for `-9`, bzip2(1) 3.7 MB; a window of zstd is 8 MiB
/// up to level 19 (its manual), gzip's is 32 KiB (RFC 1951).
fn unpacking(compression: Option<Compression>) -> f64 {
    match compression {
        None | Some(Compression::Gzip) => 0.0,
        Some(Compression::Bzip2) => 3.7e6,
        Some(Compression::Xz) => 65.0 * 1024.0 * 1024.0,
        Some(Compression::Zstd) => 8.0 * 1024.0 * 1024.0,
    }
}

/// Whether it is a file of the dataset beyond the first one, which counts with that.
fn is_rest(task: &TaskType, file: &FurtherFile) -> bool {
    task.rest().is_some_and(|(rest, _)| rest == input_of(&file.name))
}

/// A dataset of several files as one: what all of them come to.
pub fn together(task: &TaskType, dataset: &DatasetProfile, further: &[FurtherFile]) -> DatasetProfile {
    further.iter().filter(|file| is_rest(task, file)).fold(dataset.clone(), |all, FurtherFile { profile, .. }| {
        let (least, most) = ((all.at_least(), profile.at_least()), (all.at_most(), profile.at_most()));
        let margin = |of: fn(&DatasetProfile) -> u64, both: fn(u64, u64) -> u64| Margin {
            low: both(of(&least.0), of(&least.1)),
            high: both(of(&most.0), of(&most.1)),
        };
        let doubtful = all.margins.is_some() || profile.margins.is_some();
        DatasetProfile {
            bytes: all.bytes.saturating_add(profile.bytes),
            records: all.records.saturating_add(profile.records),
            residues: all.residues.saturating_add(profile.residues),
            longest: all.longest.max(profile.longest),
            margins: doubtful.then(|| Margins {
                records: margin(|file| file.records, u64::saturating_add),
                residues: margin(|file| file.residues, u64::saturating_add),
                longest: margin(|file| file.longest, u64::max),
            }),
            sampled: all.sampled || profile.sampled,
            compression: [all.compression, profile.compression]
                .into_iter()
                .max_by(|one, two| unpacking(*one).total_cmp(&unpacking(*two)))
                .flatten(),
            ..all
        }
    })
}

/// The part of a dataset that a run with these parameters works on: as many of its records as `max_sequences` says.
///
/// The size stays that of the file, as it is read as a whole; its records are taken to be alike.
pub fn worked_on(task: &TaskType, dataset: &DatasetProfile, parameters: &Parameters) -> DatasetProfile {
    let default = task.parameters.get(MAX_SEQUENCES).and_then(|spec| match spec.kind {
        ParameterKind::Integer { default, .. } => default,
        _ => None,
    });
    let most = default.map(|default| parameters.get(MAX_SEQUENCES).and_then(|v| v.as_i64()).unwrap_or(default));
    match most.and_then(|most| u64::try_from(most).ok()) {
        Some(most) if most < dataset.records => {
            let residues = u128::from(dataset.residues) * u128::from(most) / u128::from(dataset.records);
            let residues = u64::try_from(residues).unwrap_or(u64::MAX);
            let part = |whole: u64, of: u64| (whole as f64 * most as f64 / of.max(most) as f64) as u64;
            let margins = dataset.margins.map(|margins| Margins {
                records: Margin { low: most.min(margins.records.low), high: most },
                residues: Margin {
                    low: part(margins.residues.low, margins.records.high),
                    high: part(margins.residues.high, margins.records.low),
                },
                longest: margins.longest,
            });
            DatasetProfile { records: most, residues, margins, ..dataset.clone() }
        }
        _ => dataset.clone(),
    }
}

/// A model's likely value with its range, given the logarithms of the factors that were observed.
fn corrected(likely: f64, spread: f64, observed: &[f64]) -> Range {
    let likely = if likely.is_finite() { likely.clamp(0.0, MOST) } else { MOST };
    // The spread is taken as one standard deviation of the logarithm: two in three runs lie within.
    let prior = if spread.is_finite() { spread.max(1.0).ln().max(LEAST_SCATTER) } else { 1.0 };
    let (shift, deviation) = if observed.is_empty() {
        (0.0, prior)
    } else {
        let count = observed.len() as f64;
        let mean = observed.iter().sum::<f64>() / count;
        let squares: f64 = observed.iter().map(|x| (x - mean).powi(2)).sum();
        // The scatter of runs, believed to be half the prior's until runs tell.
        let noise = (((prior / 2.0).powi(2) + squares) / count).max(LEAST_SCATTER.powi(2));
        let precision = 1.0 / prior.powi(2) + count / noise;
        (count / noise / precision * mean, (noise + 1.0 / precision).sqrt())
    };
    let at = |x: f64| (likely * x.exp()).clamp(0.0, MOST);
    Range { low: at(shift - deviation), likely: at(shift), high: at(shift + deviation) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::machine::catalogue::Catalogue;
    use domain::dataset::{Alphabet, DatasetSource, Format, FurtherFile};

    fn dataset(bytes: u64, records: u64, residues: u64, longest: u64) -> DatasetProfile {
        let alphabet = Some(Alphabet::Protein);
        DatasetProfile {
            records,
            residues,
            longest,
            alphabet,
            ..domain::strategies::dataset("data.fasta", bytes, Format::Fasta)
        }
    }

    fn took(factor: f64) -> Measured {
        Measured { model_seconds: 10.0, seconds: 10.0 * factor, model_ram: 1e8, ram: 1e8, ended_on: None }
    }

    /// Of every task: with a further file like the dataset for each that it takes.
    fn of(task: &TaskType, dataset: &DatasetProfile, history: &[Measured]) -> Estimate {
        with(task, dataset, dataset, history)
    }

    fn with(task: &TaskType, dataset: &DatasetProfile, beside: &DatasetProfile, history: &[Measured]) -> Estimate {
        let source = DatasetSource::file("/x".into(), "/".into());
        let further: Vec<FurtherFile> = (task.files())
            .map(|(name, _)| FurtherFile { name: name.clone(), profile: beside.clone(), source: source.clone() })
            .collect();
        estimate(task, WorkedOn { dataset, further: &further, parameters: &Parameters::new() }, history)
    }

    fn seconds(history: &[Measured]) -> Range {
        let catalogue = Catalogue::builtin().unwrap();
        of(catalogue.get("multiple_alignment").unwrap(), &dataset(120_000, 400, 120_000, 300), history).seconds
    }

    #[test]
    fn a_further_file_is_in_the_estimate() {
        let catalogue = Catalogue::builtin().unwrap();
        let search = catalogue.get("blast_search").unwrap();
        let query = dataset(20_000, 50, 17_500, 900);
        let (small, large) =
            (dataset(11_000_000, 30_000, 10_500_000, 2_000), dataset(280_000_000, 570_000, 206_000_000, 35_000));
        let (small, large) = (with(search, &query, &small, &[]), with(search, &query, &large, &[]));
        assert!((5e7..8e7).contains(&small.ram.likely), "{small:?}");
        assert!((2e8..4e8).contains(&large.ram.likely), "{large:?}");
        assert!((2.0..10.0).contains(&small.seconds.likely) && (50.0..200.0).contains(&large.seconds.likely));
    }

    #[test]
    fn what_is_unpacked_for_a_program_takes_its_time_too() {
        let catalogue = Catalogue::builtin().unwrap();
        let trimming = catalogue.get("read_trimming").unwrap();
        let plain = DatasetProfile { format: Format::Fastq, ..dataset(400_000_000, 1_000_000, 150_000_000, 150) };
        let packed = |compression| DatasetProfile { compression: Some(compression), ..plain.clone() };
        let seconds = |file: &DatasetProfile, mate: Option<&DatasetProfile>| {
            let source = DatasetSource::file("/x".into(), "/".into());
            let further: Vec<FurtherFile> = (mate.into_iter())
                .map(|mate| FurtherFile { name: "reads_2".into(), profile: mate.clone(), source: source.clone() })
                .collect();
            estimate(trimming, WorkedOn { dataset: file, further: &further, parameters: &Parameters::new() }, &[])
                .seconds
                .likely
        };
        let alone = seconds(&plain, None);
        assert_eq!(seconds(&packed(Compression::Gzip), None), alone, "fastp reads gzip itself");
        let xz = unpacking_seconds(trimming, &packed(Compression::Xz), &[]);
        assert!(xz > 1.0 && (seconds(&packed(Compression::Xz), None) - alone - xz).abs() < 1e-6, "{xz}");
        let of = |compression| unpacking_seconds(trimming, &packed(compression), &[]);
        assert!(of(Compression::Bzip2) > of(Compression::Xz) && of(Compression::Xz) > of(Compression::Zstd));
        let pair = seconds(&plain, Some(&packed(Compression::Xz))) - seconds(&plain, Some(&plain));
        assert!((pair - xz).abs() < 1e-6, "a further file as well: {pair}");
        let statistics = catalogue.get("sequence_stats").unwrap();
        assert_eq!(unpacking_seconds(statistics, &packed(Compression::Xz), &[]), 0.0, "built in");
    }

    #[test]
    fn several_files_of_a_dataset_count_together() {
        let catalogue = Catalogue::builtin().unwrap();
        let mut task = catalogue.get("sequence_stats").unwrap().clone();
        let text = r#"{"description": "more", "type": "file", "required": false, "formats": ["fasta"], "alphabet": null,
            "compressed": [], "otherwise": null, "mate": false, "several": {"min": 0, "max": 9}, "rest": true}"#;
        task.parameters.insert("sequences_more".into(), serde_json::from_str(text).unwrap());
        let (one, two) = (dataset(1_000, 10, 900, 100), dataset(3_000, 20, 2_800, 700));
        let margins = Margins {
            records: Margin { low: 15, high: 30 },
            residues: Margin { low: 2_000, high: 4_000 },
            longest: Margin { low: 50, high: 900 },
        };
        let source = DatasetSource::file("/x".into(), "/".into());
        let file =
            |name: &str, profile: DatasetProfile| FurtherFile { name: name.into(), profile, source: source.clone() };
        let further = [
            file("sequences_more", two.clone()),
            file("sequences_more:2", DatasetProfile { margins: Some(margins), sampled: true, ..two }),
            file("other", dataset(9, 9, 9, 9_999)),
        ];
        let all = together(&task, &one, &further);
        assert_eq!((all.bytes, all.records, all.residues, all.longest), (7_000, 50, 6_500, 700));
        let margins = all.margins.unwrap();
        assert_eq!((margins.records, margins.longest), (Margin { low: 45, high: 60 }, Margin { low: 700, high: 900 }));
        assert_eq!(together(catalogue.get("sequence_stats").unwrap(), &one, &further), one, "which takes one file");
    }

    #[test]
    fn without_history_the_model_and_its_spread_stand() {
        let range = seconds(&[]);
        assert!((range.likely - (0.3 + 3e-8 * 120_000.0 * 300.0)).abs() < 1e-9);
        assert!((range.high / range.likely - 4.0).abs() < 1e-9 && (range.likely / range.low - 4.0).abs() < 1e-9);
    }

    #[test]
    fn runs_correct_the_estimate_and_agreement_narrows_it() {
        let (before, once) = (seconds(&[]), seconds(&[took(3.0)]));
        let factor = once.likely / before.likely;
        assert!((2.0..3.0).contains(&factor), "most of the way, not all: {factor}");
        let agreed = seconds(&[took(3.0), took(3.1), took(2.9), took(3.0), took(3.05)]);
        assert!((2.8..3.1).contains(&(agreed.likely / before.likely)));
        let width = |r: Range| r.high / r.low;
        assert!(width(agreed) < width(once) && width(once) < width(before));
        let scattered = seconds(&[took(0.3), took(10.0), took(1.0), took(0.2), took(8.0)]);
        assert!(width(scattered) > 2.0 * width(agreed), "{scattered:?} {agreed:?}");
    }

    #[test]
    fn a_run_ended_at_a_limit_binds_its_own_files_and_no_others() {
        let catalogue = Catalogue::builtin().unwrap();
        let task = catalogue.get("multiple_alignment").unwrap();
        let (these, others) = (dataset(120_000, 400, 120_000, 300), dataset(120_001, 400, 120_000, 300));
        let on = |dataset| WorkedOn { dataset, further: &[], parameters: &Parameters::new() }.files();
        let model = of(task, &these, &[]);
        let ended = |seconds, ram| Measured {
            model_seconds: model.seconds.likely,
            seconds,
            model_ram: model.ram.likely,
            ram,
            ended_on: Some(on(&these)),
        };
        let history = [ended(600.0, 0.0), ended(0.0, 8e9)];
        let known = of(task, &these, &history);
        assert_eq!((known.seconds.likely, known.ram.likely, known.learnt_from), (600.0 * MORE, 8e9 * MORE, 0));
        assert_eq!(of(task, &others, &history), of(task, &others, &[]), "the task is not locked out by one file");
        let part = Measured { model_seconds: 2.0 * model.seconds.likely, ..ended(600.0, 0.0) };
        assert_eq!(of(task, &these, &[part]).seconds, model.seconds, "less of the same files is not bound");
    }

    #[test]
    fn nonsense_in_the_history_teaches_nothing() {
        let nonsense =
            [took(0.0), took(f64::NAN), took(f64::INFINITY), took(-3.0), Measured { model_seconds: 0.0, ..took(1.0) }];
        assert_eq!(seconds(&nonsense), seconds(&[]));
        let catalogue = Catalogue::builtin().unwrap();
        let task = catalogue.get("multiple_alignment").unwrap();
        assert_eq!(of(task, &dataset(1, 1, 1, 1), &nonsense).learnt_from, 0);
    }

    #[test]
    fn only_what_is_worked_on_counts() {
        let catalogue = Catalogue::builtin().unwrap();
        let folding = catalogue.get("protein_folding").unwrap();
        let file = dataset(5_000_000_000, 14_000_000, 4_900_000_000, 35_000);
        let years = of(folding, &file, &[]).seconds.likely / 31_557_600.0;
        assert!((0.5..5.0).contains(&years), "{years}");
        let parameters = |most: i64| json!({"max_sequences": most}).as_object().unwrap().clone();
        let part = worked_on(folding, &file, &Parameters::new());
        assert_eq!((part.records, part.residues, part.bytes), (100, 35_000, 5_000_000_000));
        assert_eq!(worked_on(folding, &file, &parameters(1)).residues, 350);
        assert_eq!(worked_on(folding, &dataset(100, 2, 80, 50), &parameters(10)).records, 2);
        let stats = catalogue.get("sequence_stats").unwrap();
        assert_eq!(worked_on(stats, &file, &Parameters::new()), file);
    }

    #[test]
    fn what_is_known_by_sample_only_has_a_wider_range() {
        let catalogue = Catalogue::builtin().unwrap();
        let task = catalogue.get("multiple_alignment").unwrap();
        let exact = dataset(1_000_000, 400, 120_000, 300);
        let margins = Margins {
            records: Margin { low: 300, high: 500 },
            residues: Margin { low: 100_000, high: 150_000 },
            longest: Margin { low: 300, high: 30_000 },
        };
        let doubtful = DatasetProfile { sampled: true, margins: Some(margins), ..exact.clone() };
        let (sure, wide) = (of(task, &exact, &[]).seconds, of(task, &doubtful, &[]).seconds);
        assert_eq!(sure.likely, wide.likely);
        assert!(wide.low < sure.low && wide.high > 50.0 * sure.high, "{wide:?} {sure:?}");
        let part = worked_on(catalogue.get("protein_folding").unwrap(), &doubtful, &Parameters::new());
        let margins = part.margins.unwrap();
        assert_eq!((part.records, margins.records), (100, Margin { low: 100, high: 100 }));
        assert_eq!(margins.residues, Margin { low: 20_000, high: 50_000 });
    }

    proptest! {
        #[test]
        fn ranges_are_in_order_finite_and_grow_with_the_dataset(
            sizes in prop::array::uniform4(any::<u64>()), more in prop::array::uniform4(any::<u64>()),
            history in prop::collection::vec((any::<f64>(), any::<f64>(), any::<f64>(), any::<f64>()), 0..6),
            which in 0_usize..6,
        ) {
            let catalogue = Catalogue::builtin().unwrap();
            let task = catalogue.iter().nth(which).unwrap();
            let history: Vec<Measured> = history
                .iter()
                .map(|&(model_seconds, seconds, model_ram, ram)| Measured { model_seconds, seconds, model_ram, ram, ended_on: None })
                .collect();
            let [a, b, c, d] = sizes;
            let [e, f, g, h] = more;
            let small = of(task, &dataset(a, b, c, d), &history);
            let large = of(
                task,
                &dataset(a.saturating_add(e), b.saturating_add(f), c.saturating_add(g), d.saturating_add(h)),
                &history,
            );
            for (small, large) in [(small.ram, large.ram), (small.seconds, large.seconds)] {
                for range in [small, large] {
                    prop_assert!(range.low >= 0.0 && range.low <= range.likely && range.likely <= range.high);
                    prop_assert!(range.high.is_finite());
                }
                prop_assert!(small.low <= large.low && small.likely <= large.likely && small.high <= large.high);
            }
        }
    }
}
