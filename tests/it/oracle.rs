//! The offload rule against another program, in another language, written from the rule's text.

use std::{
    io::{BufWriter, Read as _, Write as _},
    process::{Command, Stdio},
};

use domain::{
    dataset::Format,
    estimate::{Estimate, Range},
    verdict::{MachineProfile, OffloadRule, Place, Thresholds},
};
use guard::{machine::catalogue::Catalogue, policy::offload::judge};

/// So many verdicts are compared.
const CASES: u64 = 1_000_000;

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): the same cases each time.
pub struct Draw(pub u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    /// Any size up to 256 TiB, small ones as often as large ones.
    fn size(&mut self) -> u64 {
        let bits = self.below(49);
        self.next() & ((1 << bits) - 1)
    }

    /// At a limit, right beside it, or anywhere.
    fn near(&mut self, limit: u64) -> u64 {
        match self.below(5) {
            0 => limit,
            1 => limit + 1,
            2 => limit.saturating_sub(1),
            _ => self.size(),
        }
    }

    /// The same of a float: the next one up or down is right beside it.
    fn near_float(&mut self, limit: f64) -> f64 {
        match self.below(12) {
            0..=2 => limit,
            3 | 4 => limit.next_up(),
            5 | 6 => limit.next_down().max(0.0),
            7 => limit + 0.5,
            8 => f64::NAN,
            9 => f64::INFINITY,
            10 => 0.0,
            _ => self.size() as f64 / 8.0,
        }
    }
}

/// As Python reads it: its bits, exactly.
fn hex(number: f64) -> String {
    if !number.is_finite() {
        return if number.is_nan() { "nan" } else { "inf" }.to_owned();
    }
    let bits = number.to_bits();
    let (exponent, fraction) = ((bits >> 52) as i64, bits & ((1 << 52) - 1));
    match exponent {
        0 => format!("0x0.{fraction:013x}p-1022"),
        exponent => format!("0x1.{fraction:013x}p{}", exponent - 1023),
    }
}

#[test]
fn a_million_verdicts_are_those_of_an_independent_program() {
    let mut oracle = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/offload.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut cases = BufWriter::with_capacity(1 << 20, oracle.stdin.take().unwrap());
    let catalogue = Catalogue::builtin().unwrap();
    let mut task = catalogue.get("sequence_stats").unwrap().clone();
    // Only what is likely counts.
    let around = |likely: f64| Range { low: likely / 4.0, likely, high: likely * 4.0 };
    let mut draw = Draw(7);
    let mut seen = [0_u64; 6];
    for _ in 0..CASES {
        let machine = MachineProfile {
            cores: 2,
            total_ram: draw.size(),
            available_ram: draw.size(),
            limited_by_cgroup: false,
            free_disk: 1,
        };
        let thresholds = match draw.below(3) {
            0 => Thresholds::default(),
            _ => Thresholds {
                max_local_seconds: draw.size() as f64 / 16.0,
                max_local_bytes: draw.size(),
                max_ram_percent: draw.below(102),
            },
        };
        let part = u64::try_from(u128::from(machine.total_ram) * u128::from(thresholds.max_ram_percent) / 100).unwrap();
        let sizes = [thresholds.max_local_bytes, part];
        let limit = sizes[draw.below(2) as usize];
        let bytes = draw.near(limit);
        let claimed = (draw.below(3) == 0).then(|| draw.near(sizes[0]));
        task.model_heavy = draw.below(8) == 0;
        let estimate = Estimate {
            ram: around(draw.near_float(machine.available_ram as f64)),
            seconds: around(draw.near_float(thresholds.max_local_seconds)),
            learnt_from: 0,
        };
        let dataset = domain::strategies::dataset("d.fasta", bytes, Format::Fasta);
        // What was measured is told, and does not decide.
        let measured =
            Estimate { ram: around(draw.size() as f64), seconds: around(draw.size() as f64), learnt_from: 0 };
        let verdict = judge(&task, dataset, machine.clone(), measured, estimate, claimed, thresholds);
        let rules: Vec<&str> = verdict.reasons.iter().map(|reason| reason.rule.id()).collect();
        let place = if verdict.place == Place::Offload { "offload" } else { "local" };
        seen[5] += u64::from(rules.is_empty());
        for reason in &verdict.reasons {
            let all = [OffloadRule::Ram, OffloadRule::Time, OffloadRule::Size, OffloadRule::Half, OffloadRule::Model];
            seen[all.iter().position(|rule| *rule == reason.rule).unwrap()] += 1;
        }
        writeln!(
            cases,
            "{}\t{}\t{}\t{}\t{bytes}\t{}\t{}\t{}\t{}\t{}\t{place}\t{}",
            hex(estimate.ram.likely),
            machine.available_ram,
            hex(estimate.seconds.likely),
            hex(thresholds.max_local_seconds),
            claimed.unwrap_or(0),
            thresholds.max_local_bytes,
            machine.total_ram,
            thresholds.max_ram_percent,
            u8::from(task.model_heavy),
            rules.join(","),
        )
        .unwrap_or_else(|_| panic!("the oracle found a verdict that is not its own"));
    }
    drop(cases);
    let mut said = String::new();
    oracle.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(oracle.wait().unwrap().success());
    assert_eq!(said.trim(), format!("{CASES} {}", CASES - seen[5]));
    // Each rule held and did not hold, and both places came up, often: no case of the comparison is idle.
    assert!(seen.iter().all(|&count| (CASES / 100..CASES - CASES / 100).contains(&count)), "{seen:?}");
}
