use super::*;
use crate::face::{sample, sample_plans::at_widths};
use domain::attempt::{Attempt, AttemptState};

fn job(n: usize, state: JobState) -> JobStanding {
    let paid = matches!(state, JobState::Done | JobState::PaidButFailed | JobState::Running);
    let failure = match state {
        JobState::PaidButFailed => Some("the provider's run ended with: out of memory".to_owned()),
        JobState::StageFailed => Some("the storage refused the upload: 403".to_owned()),
        _ => None,
    };
    let (paid, fees) = match paid {
        true => (Datoshi::from_gas(2), Datoshi::new(10_977_540).unwrap()),
        false => (Datoshi::ZERO, Datoshi::ZERO),
    };
    JobStanding {
        job: format!("job-{n:08}").parse().unwrap(),
        task_type: "protein_folding".into(),
        dataset: format!("proteins/seq_{n:04}.fasta"),
        sample: None,
        state,
        place: Place::Offload,
        asked: Some("2".into()),
        asked_datoshi: Some(Datoshi::from_gas(2)),
        paid: paid.gas_string(),
        paid_datoshi: paid,
        fees: fees.gas_string(),
        fees_datoshi: fees,
        failure,
        next: Some(format!("agent jobs {} job-{n:08}", if state.is_end() { "show" } else { "resume" })),
        only_planned: false,
    }
}

fn local(n: usize, state: JobState) -> JobStanding {
    JobStanding {
        task_type: "sequence_stats".into(),
        place: Place::Local,
        asked: None,
        asked_datoshi: None,
        paid_datoshi: Datoshi::ZERO,
        fees_datoshi: Datoshi::ZERO,
        ..job(n, state)
    }
}

#[test]
fn one_job() {
    let of = |job: JobStanding| at_widths(|look| status(std::slice::from_ref(&job), look));
    insta::assert_snapshot!(of(job(1, JobState::Done)));
    insta::assert_snapshot!("one_waits_for_payment", of(job(1, JobState::Submitted)));
}

#[test]
fn a_mere_plan_has_no_id_to_show() {
    let plan = |n| JobStanding { only_planned: true, next: None, ..job(n, JobState::Planned) };
    for n in [1, 3, 7] {
        let plans: Vec<JobStanding> = (0..n).map(plan).collect();
        let said = at_widths(|look| status(&plans, look));
        assert!(!said.contains("job-") && !said.contains("jobs resume"), "{said}");
    }
}

#[test]
fn a_few_jobs() {
    let jobs = [
        local(1, JobState::Done),
        job(2, JobState::Submitted),
        job(3, JobState::PaidButFailed),
        job(4, JobState::Canceled),
    ];
    insta::assert_snapshot!(at_widths(|look| status(&jobs, look)));
}

#[test]
fn forty_jobs() {
    let state = |n: usize| match n {
        7 => JobState::PaidButFailed,
        11 => JobState::PaymentUnknown,
        13 | 14 => JobState::StageFailed,
        20..=22 => JobState::Running,
        _ => JobState::Done,
    };
    let jobs: Vec<JobStanding> = (1..=40).map(|n| job(n, state(n))).collect();
    insta::assert_snapshot!(at_widths(|look| status(&jobs, look)));
}

#[test]
fn two_tasks_in_one_table() {
    let jobs: Vec<JobStanding> =
        (1..=6).map(|n| if n % 2 == 0 { local(n, JobState::Done) } else { job(n, JobState::Done) }).collect();
    insta::assert_snapshot!(at_widths(|look| status(&jobs, look)));
}

#[test]
fn only_what_landed_was_spent() {
    let (job, paid) = (sample::done(), sample::attempt());
    let fees = Datoshi::new(5).unwrap();
    let other = |state| Attempt { state, system_fee: fees, network_fee: fees, number: 2, ..sample::attempt() };
    let all = [paid, other(AttemptState::Faulted), other(AttemptState::Expired), other(AttemptState::Sent)];
    let status = JobStanding::of(&job, &all);
    assert_eq!((status.paid_datoshi, status.fees_datoshi), (Datoshi::from_gas(2), Datoshi::new(10).unwrap()));
    assert_eq!(cost(&status), "2.0000001 GAS");
    assert_eq!(cost(&JobStanding::of(&sample::planned(), &[])), "free");
}

/// Every job has one line of its own, within the width, that ends in its id.
#[test]
fn each_state_fits_one_line() {
    for state in JobState::ALL {
        for width in [60, 80, 120] {
            let lines = status(&[job(1, state)], &Look::plain(width));
            assert_eq!(lines.len(), 1);
            assert!(display_width(&lines[0]) <= width && lines[0].ends_with("job-00000001"), "{lines:?}");
        }
    }
    assert!(status(&[], &Look::plain(80)).is_empty());
}

#[test]
fn nothing_a_terminal_obeys_is_printed() {
    let bad = |n| JobStanding {
        dataset: "a\u{1b}[2J\nb".into(),
        task_type: "\u{202e}t".into(),
        failure: Some("\u{7}".into()),
        ..job(n, JobState::JobFailed)
    };
    for n in [1, 3, 9] {
        let jobs: Vec<JobStanding> = (0..n).map(bad).collect();
        for line in status(&jobs, &Look::plain(120)) {
            assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
        }
    }
}

/// What became no job is named beneath the jobs that did, each reason once.
#[test]
fn what_cannot_be_done_is_told_beneath_the_jobs() {
    let not = |dataset: &str, why: &str| NotDone { task_type: "t".into(), dataset: dataset.into(), why: why.into() };
    let cannot = [
        not("x.fasta", "it is empty"),
        not("y.fasta", "it is empty"),
        not("nope\u{1b}.fasta", "there is no file nope.fasta"),
    ];
    insta::assert_snapshot!(at_widths(|look| whole(&[local(1, JobState::Done)], &cannot, look)));
    assert!(whole(&[], &cannot, &Look::plain(80)).is_empty(), "the plan said it");
}
