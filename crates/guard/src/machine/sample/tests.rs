use proptest::prelude::*;

use super::*;

/// Small looks, as the files are small.
const SMALL: Looks = Looks { spread: 64, more: 32, length: 512 };

/// Seeds of each shape.
const SEEDS: u64 = 100;

/// A generated file, and what is true of it.
#[derive(Default)]
pub(in crate::machine) struct Made {
    pub(in crate::machine) bytes: Vec<u8>,
    pub(in crate::machine) records: u64,
    pub(in crate::machine) residues: u64,
    pub(in crate::machine) longest: u64,
}

impl Made {
    fn note(&mut self, length: usize) {
        self.records += 1;
        self.residues += length as u64;
        self.longest = self.longest.max(length as u64);
    }

    /// A record of FASTA in lines of `width`.
    fn fasta(&mut self, length: usize, width: usize) {
        self.bytes.extend_from_slice(format!(">record_{} of a file\n", self.records).as_bytes());
        self.note(length);
        let mut left = length;
        while left > 0 {
            let line = left.min(width);
            self.bytes.extend(b"ACGTTGCA".iter().cycle().take(line));
            self.bytes.push(b'\n');
            left -= line;
        }
    }

    fn fastq(&mut self, length: usize) {
        self.bytes.extend_from_slice(format!("@read.{}\n", self.records).as_bytes());
        self.note(length);
        self.bytes.extend(b"ACGTTGCA".iter().cycle().take(length));
        self.bytes.extend_from_slice(b"\n+\n");
        self.bytes.extend(b"@IIF:,I+".iter().cycle().take(length));
        self.bytes.push(b'\n');
    }
}

/// A length around `median` that scatters as those of real sequences do: seldom by more than a factor of `spread` squared.
fn length(rng: &mut ChaCha8Rng, median: f64, spread: f64) -> usize {
    // The sum of twelve uniform numbers is nearly normal.
    let normal = (0..12).map(|_| rng.random_range(0.0..1.0)).sum::<f64>() - 6.0;
    (median * spread.powf(normal)).max(1.0) as usize
}

/// Bytes of a generated file, about.
const BYTES: usize = 400_000;

type Make = fn(&mut ChaCha8Rng) -> Made;

fn until_full(mut record: impl FnMut(&mut Made)) -> Made {
    let mut made = Made::default();
    while made.bytes.len() < BYTES {
        record(&mut made);
    }
    made
}

/// An assembly that is sorted by length.
pub(in crate::machine) fn sorted(rng: &mut ChaCha8Rng, rising: bool) -> Made {
    let mut lengths = Vec::new();
    while lengths.iter().sum::<usize>() < BYTES {
        lengths.push(length(rng, 900.0, 4.0));
    }
    lengths.sort_unstable_by(|a, b| if rising { a.cmp(b) } else { b.cmp(a) });
    let mut made = Made::default();
    lengths.into_iter().for_each(|l| made.fasta(l, 60));
    made
}

/// The shapes of files that people have.
const SHAPES: [(&str, Format, Make); 12] = [
    ("one line", Format::Fasta, |rng| {
        let mut made = Made::default();
        made.fasta(BYTES + rng.random_range(0..9_999), usize::MAX);
        made
    }),
    ("one line without an end", Format::Fasta, |rng| {
        let mut made = Made::default();
        made.fasta(BYTES + rng.random_range(0..9_999), usize::MAX);
        made.bytes.pop();
        made
    }),
    ("one long record", Format::Fasta, |rng| {
        let mut made = Made::default();
        made.fasta(BYTES + rng.random_range(0..9_999), 60);
        made
    }),
    ("proteins", Format::Fasta, |rng| until_full(|made| made.fasta(length(rng, 300.0, 1.8), 60))),
    ("a sorted assembly", Format::Fasta, |rng| sorted(rng, false)),
    ("an assembly, the short ones first", Format::Fasta, |rng| sorted(rng, true)),
    ("a few long among many short", Format::Fasta, |rng| {
        let at: Vec<u64> = (0..3).map(|_| rng.random_range(0..900)).collect();
        until_full(|made| {
            let long = at.contains(&made.records);
            made.fasta(if long { 30_000 } else { length(rng, 250.0, 1.3) }, 70);
        })
    }),
    ("first long, then short", Format::Fasta, |rng| {
        let turn = rng.random_range(BYTES / 10..BYTES / 10 * 9);
        until_full(|made| {
            let long = made.bytes.len() < turn;
            made.fasta(length(rng, if long { 20_000.0 } else { 120.0 }, 1.5), 80);
        })
    }),
    ("short reads", Format::Fastq, |rng| until_full(|made| made.fastq(rng.random_range(35..151)))),
    ("long reads", Format::Fastq, |rng| until_full(|made| made.fastq(length(rng, 5_000.0, 2.0)))),
    ("short and long reads", Format::Fastq, |rng| {
        until_full(|made| {
            let long = rng.random_range(0..20) == 0;
            made.fastq(length(rng, if long { 6_000.0 } else { 140.0 }, 1.3));
        })
    }),
    ("text", Format::Text, |rng| {
        until_full(|made| {
            let line = length(rng, 60.0, 1.6);
            made.note(line);
            made.bytes.extend(b"A word and ".iter().cycle().take(line));
            made.bytes.push(b'\n');
        })
    }),
];

fn sample_of(bytes: &[u8], format: Format, looks: Looks, seed: u64) -> Result<Counted, ProbeError> {
    let read = |at: u64, into: &mut [u8]| {
        let rest = bytes.get(at as usize..).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    };
    sample(bytes.len() as u64, format, looks, seed, &read).map(|sampled| sampled.counted)
}

#[test]
fn the_truth_lies_within_the_margins_in_95_of_100_files_of_each_shape() {
    let mut failures = Vec::new();
    for (name, format, make) in SHAPES {
        let mut held = [0_u64; 3];
        let mut widths = Vec::new();
        for seed in 0..SEEDS {
            let made = make(&mut ChaCha8Rng::seed_from_u64(seed));
            let counted = sample_of(&made.bytes, format, SMALL, seed).unwrap();
            let margins = counted.margins.unwrap();
            let found = [
                (margins.records, counted.records, made.records),
                (margins.residues, counted.residues, made.residues),
                (margins.longest, counted.longest, made.longest),
            ];
            for (held, (margin, likely, truth)) in held.iter_mut().zip(found) {
                assert!(margin.holds(likely), "{name}: {likely} is outside of its own {margin:?}");
                *held += u64::from(margin.holds(truth));
            }
            widths.push((margins.records.high - margins.records.low) as f64 / made.records as f64);
        }
        widths.sort_unstable_by(f64::total_cmp);
        let width = widths[widths.len() / 2];
        println!("{name}: held {held:?} of {SEEDS}, records to within {width:.3} of their number");
        if held.iter().any(|held| held * 100 < 95 * SEEDS) {
            failures.push(format!("{name}: {held:?}"));
        }
        // Margins that say nothing would hold everything.
        if ["proteins", "short reads", "text"].contains(&name) && width > 0.7 {
            failures.push(format!("{name}: half of the margins are wider than {width}"));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn the_longest_of_one_line_does_not_hang_on_its_end() {
    for seed in 0..20 {
        let (ended, open) = (SHAPES[0].2, SHAPES[1].2);
        let longest = |make: Make| {
            let made = make(&mut ChaCha8Rng::seed_from_u64(seed));
            let counted = sample_of(&made.bytes, Format::Fasta, SMALL, seed).unwrap();
            (counted.records, counted.longest, made.longest)
        };
        let (ended, open) = (longest(ended), longest(open));
        assert_eq!((ended.0, open.0), (1, 1));
        for (_, found, truth) in [ended, open] {
            assert!(found.abs_diff(truth) * 50 < truth, "{found} for {truth}");
        }
    }
}

proptest! {
    /// Looks at any content are counted or refused, and the counts are no more than the content allows.
    #[test]
    fn any_content_is_counted_or_refused(
        bytes in prop::collection::vec(
            prop_oneof![Just(b'>'), Just(b'\n'), Just(b'\r'), Just(b'@'), Just(b'+'), Just(b'A'), Just(b';'), Just(0), any::<u8>()],
            100..900,
        ),
        seed in any::<u64>(),
    ) {
        let looks = Looks { spread: 4, more: 2, length: 16 };
        for format in [Format::Fasta, Format::Fastq, Format::Text] {
            if let Ok(counted) = sample_of(&bytes, format, looks, seed) && let Some(margins) = counted.margins {
                prop_assert!(counted.residues <= bytes.len() as u64);
                prop_assert!(counted.longest <= bytes.len() as u64);
                for margin in [margins.records, margins.residues, margins.longest] {
                    prop_assert!(margin.low <= margin.high, "{margins:?}");
                }
            }
        }
    }
}
