use proptest::prelude::*;

use super::*;
use crate::face::sample_plans::{self, HOSTS, impossible, local, offloaded, planned};
use domain::{
    cost::{Charge, NanoDollars},
    money::Datoshi,
    network::{MAINNET, Network, TESTNET},
    plan::{Plan, PlannedWork, PriceSource},
    request::{Assumed, Bounds, Input, Locality, Origin, Request, Spend, Until, Work},
    task::Parameters,
    verdict::Place,
};

fn read_back(text: &str) -> Request {
    read(text, "plan.toml").unwrap().0
}

#[test]
fn one_work_as_a_file() {
    insta::assert_snapshot!(write(&sample_plans::one_on_mainnet()));
}

#[test]
fn many_works_as_a_file() {
    let mut pieces =
        vec![local("sequence_stats", "reads/a.fasta", 1_000), local("sequence_stats", "reads/b.fasta", 2_000)];
    for piece in &mut pieces {
        piece.work.assumed = Assumed { bytes: Some(5_000_000_000), seconds: Some(3600.0) };
        piece.work.anew = true;
    }
    let mut search = offloaded("it's \"q\".fasta", Network(TESTNET), PriceSource::Quoted);
    search.work.task = "blast_search".into();
    search.work.inputs.push(Input::named("database", "my db.fasta"));
    pieces.push(search);
    pieces.push(impossible("notes.txt", "it is text and holds no sequences", Some("choose a FASTA file")));
    let bounds = Bounds { place: Locality::Here, spend: Spend::Nothing, until: Until::Quote };
    insta::assert_snapshot!(write(&planned(pieces, bounds, None, HOSTS)));
}

/// A thousand files stand in one table, and notes on them stay short.
#[test]
fn a_thousand_files_stay_readable() {
    let plan = sample_plans::thousand();
    let text = write(&plan);
    assert_eq!(text.matches("[[work]]").count(), 1);
    assert!(text.lines().filter(|line| line.starts_with('#')).count() < 40, "{text}");
    assert_eq!(read_back(&text).work, plan.request.work);
    assert!((text.len() as u64) < MAX_BYTES);
}

/// Notes are notes: what was said, and what stands in names and reasons, cannot become a field.
#[test]
fn nothing_in_a_note_becomes_a_field() {
    let bad = "x\nplace = \"anywhere\"\r\n[[work]]\ntask = \"evil\"\u{85}files = [\"/etc/passwd\"]\u{b}";
    let bounds = Bounds { place: Locality::Here, spend: Spend::Nothing, until: Until::Plan };
    let mut piece = offloaded(bad, Network(MAINNET), PriceSource::Quoted);
    piece.work.task = bad.into();
    piece.work.parameters.insert(bad.into(), bad.into());
    piece.price.as_mut().unwrap().recipient = bad.into();
    piece.verdict.as_mut().unwrap().reasons[0].why = bad.into();
    let plan = planned(vec![piece, impossible("a", bad, Some(bad))], bounds, Some(bad), bad);
    let text = write(&plan);
    assert!(!text.chars().any(|c| c != '\n' && domain::text::is_hidden(c)), "{text:?}");
    let request = read_back(&text);
    assert_eq!((request.bounds, request.work), (bounds, plan.request.work));
}

#[test]
fn what_a_person_writes_by_hand() {
    let text = r#"
        max_gas = "1.5 GAS"
        [[work]]
        task = "protein_folding"
        files = ["a.fasta", "b c.fasta"]
        assume_bytes = "5 GB"
        assume_seconds = 60
        parameters = { dimension = 3 }
        [[work]]
        task = "sequence_stats"
        files = ["a.fasta"]
    "#;
    let (request, digest) = read(text, "plan.toml").unwrap();
    assert_eq!(digest, None);
    assert_eq!((request.origin, request.said), (Origin::File, None));
    let spend = Spend::AtMost(Datoshi::new(150_000_000).unwrap());
    assert_eq!(request.bounds, Bounds { spend, ..Bounds::default() });
    assert_eq!(request.work.len(), 3);
    assert_eq!(request.work[1].dataset(), std::path::Path::new("b c.fasta"));
    assert_eq!(request.work[1].assumed, Assumed { bytes: Some(5_000_000_000), seconds: Some(60.0) });
    assert_eq!(request.work[1].parameters["dimension"], 3);
    assert_eq!(request.work[2].parameters, Parameters::new());
}

/// A batch of pairs and of samples: one table, a line each.
#[test]
fn pairs_and_samples_as_a_file() {
    let pair = |sample: &str| {
        let mut piece = local("read_trimming", &format!("reads/{sample}_R1.fastq.gz"), 1_000);
        let mate = format!("reads/{sample}_R2.fastq.gz");
        piece.work.inputs.push(Input::named("reads_2", mate));
        piece.work.sample = Some(sample.to_uppercase());
        piece.work.single = true;
        piece
    };
    let plan = planned(vec![pair("a"), pair("b")], Bounds::default(), None, HOSTS);
    let text = write(&plan);
    insta::assert_snapshot!(text);
    assert_eq!(read_back(&text).work, plan.request.work);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let work = "[[work]]\ntask = \"t\"\nfiles = [\"a\"]\n";
    let cases = [
        ("not toml", "plan.toml line 1"),
        ("", "plan.toml, work: there is none: expected at least one [[work]] with task and files"),
        (&format!("\nplaces = \"here\"\n{work}"), "plan.toml line 2, places: unknown field `places`, expected one of"),
        (
            &format!("place = \"hre\"\n{work}"),
            "plan.toml line 1, place: unknown variant `hre`, expected `anywhere` or `here`",
        ),
        (&format!("until = 5\n{work}"), "plan.toml line 1, until: "),
        (
            &format!("max_gas = 1.5\n{work}"),
            "plan.toml line 1, max_gas: invalid type: floating point `1.5`, expected an amount of GAS in quotes, such as \"1.5\"",
        ),
        (
            &format!("max_gas = 2\n{work}"),
            "plan.toml line 1, max_gas: invalid type: integer `2`, expected an amount of GAS in quotes",
        ),
        (&format!("max_gas = \"-1\"\n{work}"), "plan.toml line 1, max_gas: `-1` is not an amount of GAS"),
        (&format!("max_gas = \"0.000000001\"\n{work}"), "has more than 8 decimals"),
        (&format!("digest = \"ab\"\n{work}"), "plan.toml line 1, digest: expected 64 hexadecimal digits"),
        (
            &format!("{work}[[work]]\ntask = \"t\"\nfile = \"a\"\n"),
            "plan.toml line 6, work[1].file: unknown field `file`, expected one of `task`, `files`",
        ),
        (
            &format!("{work}assume_seconds = -1\n"),
            "plan.toml line 4, work[0].assume_seconds: expected seconds: a number, 0 or more",
        ),
        (&format!("{work}assume_seconds = nan\n"), "work[0].assume_seconds: expected seconds"),
        (
            &format!("{work}assume_bytes = \"big\"\n"),
            "work[0].assume_bytes: `big` is no size: expected bytes, or such as 5 GB",
        ),
        (&format!("{work}assume_bytes = -5\n"), "work[0].assume_bytes: expected 0 bytes or more"),
        (
            &format!("{work}parameters = {{ day = 2026-01-02 }}\n"),
            "work[0].parameters.day: expected text, a number, true or false",
        ),
        (&format!("{work}parameters = {{ n = inf }}\n"), "work[0].parameters.n: expected text"),
        (&format!("{work}inputs = {{ database = 5 }}\n"), "work[0].inputs.database: expected the path of a file"),
        (
            "[[work]]\ntask = \"t\"\nfiles = []\n",
            "plan.toml line 1, work[0].files: there is none: expected at least one",
        ),
        ("[[work]]\ntask = \"t\"\nfiles = [\"\"]\n", "work[0].files: a name is empty"),
        ("[[work]]\ntask = \"\"\nfiles = [\"a\"]\n", "work[0].task: it is empty"),
        (
            "[[work]]\ntask = \"t\"\nfiles = [5]\n",
            "plan.toml line 3, work[0].files[0]: invalid type: integer `5`, expected the path of a file in quotes, or {",
        ),
        (
            "[[work]]\ntask = \"t\"\nfiles = [{ mate = \"a\" }]\n",
            "unknown field `mate`, expected one of `file`, `inputs`",
        ),
        ("[[work]]\ntask = \"t\"\nfiles = [{ file = \"a\", sample = \"\" }]\n", "work[0].files: a sample is empty"),
        (
            "[[work]]\ntask = \"t\"\nfiles = [{ file = \"a\", inputs = { b = 1 } }]\n",
            "work[0].files.inputs.b: expected the path of a file",
        ),
        (
            "[[work]]\ntask = \"t\"\nfiles = \"a\"\n",
            "plan.toml line 3, work[0].files: invalid type: string \"a\", expected a sequence",
        ),
        ("[[work]]\nfiles = [\"a\"]\n", "work[0]: missing field `task`"),
    ];
    for (text, expected) in cases {
        let error = read(text, "plan.toml").unwrap_err();
        assert!(error.to_string().contains(expected), "{text}\n  {error}\n  {expected}");
        assert!(!error.to_string().contains('\n') && error.hint().is_some());
    }
    let files = (0..1001).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(",");
    let error = read(&format!("[[work]]\ntask = \"t\"\nfiles = [{files}]"), "p").unwrap_err();
    assert_eq!(error.to_string(), "p, work: 1,001 files are named, and one plan holds at most 1,000");
}

fn amount() -> impl Strategy<Value = Spend> {
    let some = (1..=i64::MAX as u64).prop_map(|n| Spend::AtMost(Datoshi::new(n).unwrap()));
    prop_oneof![Just(Spend::Nothing), Just(Spend::OwnersCaps), some]
}

fn parameter() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-1e300..1e300f64).prop_map(Into::into),
        "\\PC{0,12}|[\\n\"'\\\\#\\]]{0,6}".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
            proptest::collection::vec(("[a-z. ]{1,6}", inner), 0..3)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn work() -> impl Strategy<Value = Work> {
    let name = || "\\PC{1,16}|[\\n\"'#= ]{1,8}";
    let parameters = proptest::collection::vec(("\\PC{1,8}|[a-z_]{1,8}", parameter()), 0..3);
    let inputs = proptest::collection::btree_map("[a-z_]{1,8}", name(), 0..2);
    let assumed = (proptest::option::of(any::<u64>()), proptest::option::of(0.0..1e12f64));
    let sample = proptest::option::of("\\PC{1,16}|[\\n\"'#= ]{1,8}");
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), sample);
    ("[a-z_]{1,12}", name(), parameters, inputs, assumed, flags).prop_map(
        |(task, file, parameters, inputs, (bytes, seconds), (anew, skip_done, single, sample))| {
            let mut work = Work::new(&task, file, parameters.into_iter().collect());
            let more = inputs.into_iter().map(|(name, named)| Input::named(name, named));
            work.inputs.extend(more);
            Work { assumed: Assumed { bytes, seconds }, anew, skip_done, single, sample, ..work }
        },
    )
}

fn request() -> impl Strategy<Value = Request> {
    let place = prop_oneof![Just(Locality::Anywhere), Just(Locality::Here)];
    let until = prop_oneof![Just(Until::Plan), Just(Until::Quote), Just(Until::Done)];
    // Some of the work twice, so that tables hold several files, and some of that with files of its own beside it.
    let works = proptest::collection::vec((work(), 1..3usize, any::<bool>()), 1..5).prop_map(|works| {
        let twice = |(work, times, own): (Work, usize, bool)| {
            std::iter::repeat_n(work, times).enumerate().map(move |(n, mut work)| {
                for input in work.inputs.iter_mut().skip(1).filter(|_| own) {
                    input.named = format!("{n}.fasta").into();
                }
                work
            })
        };
        works.into_iter().flat_map(twice).collect::<Vec<_>>()
    });
    let said = proptest::option::of("\\PC{0,40}|[\\n\"#=\\[\\]]{0,10}");
    (place, amount(), until, works, said).prop_map(|(place, spend, until, work, said)| {
        Request::new(Origin::Flags, Bounds { place, spend, until }, work, said)
    })
}

fn of(request: Request) -> Plan {
    let piece = |work: &Work| PlannedWork { work: work.clone(), ..local("t", "a", 1) };
    let work = request.work.iter().map(piece).collect();
    Plan::new(request, work, HOSTS)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// What is written reads back as the same work with the same bounds, and is written the same again.
    #[test]
    fn written_and_read_back(request in request()) {
        let plan = of(request);
        let text = write(&plan);
        let (back, digest) = read(&text, "plan.toml").map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(&back.work, &plan.request.work);
        prop_assert_eq!(back.bounds, plan.request.bounds);
        prop_assert_eq!(digest, Some(plan.digest));
        let again = write(&of(Request { said: plan.request.said.clone(), ..back }));
        prop_assert_eq!(again, text);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}|[a-z_=\\[\\]\"0-9\\n .{}]{0,80}") {
        let _ = read(&text, "plan.toml");
    }
}

/// The digest in the file changes when anything that matters changes, and only then.
#[test]
fn the_digest_is_of_everything_that_matters() {
    let plan = |change: &dyn Fn(&mut PlannedWork), bounds: Bounds, to: &str| {
        let mut piece = offloaded("a.fasta", Network(MAINNET), PriceSource::Listed);
        change(&mut piece);
        planned(vec![piece], bounds, None, to).digest
    };
    let free = Bounds::default();
    let before = plan(&|_| {}, free, HOSTS);
    assert_eq!(before, plan(&|_| {}, free, HOSTS), "ids are fresh each time, and do not matter");
    assert_eq!(before, plan(&|piece| piece.verdict.as_mut().unwrap().machine.available_ram = 5, free, HOSTS));
    assert_eq!(before, plan(&|piece| piece.job = None, free, HOSTS));
    let price = |change: &'static dyn Fn(&mut domain::plan::Price)| {
        plan(&move |piece| change(piece.price.as_mut().unwrap()), free, HOSTS)
    };
    let gas = Datoshi::from_gas(9);
    let mut seen = vec![
        before,
        plan(&|_| {}, Bounds { place: Locality::Here, ..free }, HOSTS),
        plan(&|_| {}, Bounds { spend: Spend::AtMost(gas), ..free }, HOSTS),
        plan(&|_| {}, Bounds { spend: Spend::Nothing, ..free }, HOSTS),
        plan(&|_| {}, Bounds { until: Until::Quote, ..free }, HOSTS),
        plan(&|_| {}, free, "elsewhere.example.com"),
        plan(&|piece| piece.work.task = "other".into(), free, HOSTS),
        plan(&|piece| drop(piece.work.parameters.insert("dimension".into(), 3.into())), free, HOSTS),
        plan(&|piece| piece.work.assumed.bytes = Some(1), free, HOSTS),
        plan(&|piece| piece.work.assumed.seconds = Some(1.0), free, HOSTS),
        plan(&|piece| piece.work.anew = true, free, HOSTS),
        plan(&|piece| piece.content[0].path = "/other".into(), free, HOSTS),
        plan(&|piece| piece.content[0].bytes += 1, free, HOSTS),
        plan(&|piece| piece.content[0].modified_ns += 1, free, HOSTS),
        plan(&|piece| piece.verdict.as_mut().unwrap().place = Place::Local, free, HOSTS),
        plan(&|piece| piece.cannot = impossible("a", "b", None).cannot, free, HOSTS),
        plan(&|piece| piece.price = None, free, HOSTS),
        price(&|price| price.amount = Datoshi::from_gas(9)),
        price(&|price| price.fees = Datoshi::from_gas(9)),
        price(&|price| price.recipient = "NXV7ZhHiyM1aHXwpVsRZC6BwNFP2jghXAq".into()),
        price(&|price| price.network = Network(TESTNET)),
        price(&|price| price.source = PriceSource::Owners),
        price(&|price| price.beside = Some(Charge::new(NanoDollars::new(20_000_000), "$"))),
    ];
    let n = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), n, "each change makes another digest");
}
