//! Batches: pairs by their names, sample sheets, a request that was broken off, and one table at the end.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::world::{Run, World, flat};

/// FASTQ of so many reads, which differ from those of another `seed`.
fn reads(count: usize, seed: usize) -> String {
    let mut state = seed as u32 + 1;
    let mut base = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ['A', 'C', 'G', 'T'][(state >> 24) as usize % 4]
    };
    (0..count)
        .map(|r| format!("@r{r}\n{}\n+\n{}\n", (0..60).map(|_| base()).collect::<String>(), "I".repeat(60)))
        .collect()
}

/// A FASTA of so many short proteins, of which none is another's.
fn proteins(records: usize) -> String {
    (0..records).map(|n| format!(">p{n}\nMKVLAAGIVG\n")).collect()
}

/// A world with these files of reads.
fn with_reads(names: &[&str]) -> World {
    let world = World::new();
    for (seed, name) in names.iter().enumerate() {
        if let Some(folder) = Path::new(name).parent() {
            fs::create_dir_all(world.work().join(folder)).unwrap();
        }
        world.file(name, reads(40, seed));
    }
    world
}

/// The pieces of a plan: each by its files as they were named.
fn pieces(run: &Run) -> Vec<String> {
    let named = |piece: &Value| {
        let inputs = piece["work"]["inputs"].as_array().unwrap();
        inputs.iter().map(|input| input["named"].as_str().unwrap()).collect::<Vec<_>>().join("+")
    };
    run.event("plan")["work"].as_array().unwrap().iter().map(named).collect()
}

fn request_of(run: &Run) -> String {
    run.event("plan")["request"]["id"].as_str().unwrap().to_owned()
}

fn count(world: &World, state: &str) -> usize {
    world.states().iter().filter(|known| *known == state).count()
}

/// The folders in a folder of results.
fn run_folders(out: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

/// The lines of a table, split at its tabs.
fn table(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split('\t').collect()).collect()
}

#[test]
fn a_batch_of_pairs_is_planned_run_and_tabled() {
    let world = with_reads(&["in/a_R1.fastq", "in/a_R2.fastq", "in/b_R1.fastq", "in/b_R2.fastq", "in/c.fastq"]);
    for files in [&["in/*.fastq"][..], &["in"], &["in/b_R2.fastq", "in/c.fastq", "in/b_R1.fastq", "in/a_R*.fastq"]] {
        let plan = world.run(&[&["run", "--json", "--dry-run", "read_trimming"], files].concat());
        let mut found = pieces(&plan);
        found.sort();
        let expected = ["in/a_R1.fastq+in/a_R2.fastq", "in/b_R1.fastq+in/b_R2.fastq", "in/c.fastq"];
        assert_eq!((plan.code, found), (0, expected.map(str::to_owned).to_vec()), "{}", plan.all());
    }
    let shown = world.run(&["run", "--dry-run", "read_trimming", "in"]);
    for name in ["a_R1.fastq", "reads_2 a_R2.fastq", "b_R1.fastq", "reads_2 b_R2.fastq", "3 pieces of work"] {
        assert!(shown.out.contains(name), "{name}: {}", shown.all());
    }
    // A plan file keeps what was decided, and the same comes of it.
    let written = world.run(&["plan", "read_trimming", "in", "-o", "p.toml"]);
    let text = fs::read_to_string(world.work().join("p.toml")).unwrap();
    assert!(written.code == 0 && text.contains("reads_2 = \"in/a_R2.fastq\""), "{text}");
    let run = world.run(&["run", "--json", "--plan", "p.toml", "--out", "out"]);
    assert_eq!((run.code, pieces(&run).len()), (0, 3), "{}", run.all());
    assert!(!run.all().contains("the plan is no longer the one in the file"), "{}", run.all());
    let id = request_of(&run);
    let tsv = world.run(&["results", &id, "--tsv"]);
    let rows = table(&tsv.out);
    assert_eq!(rows[0][..2], ["sample", "job"], "{}", tsv.all());
    assert!(
        ["a_R1.fastq", "b_R1.fastq", "c.fastq"].iter().all(|name| rows.iter().any(|row| row[0] == *name)),
        "{rows:?}"
    );
    assert_eq!(fs::read_to_string(world.work().join("out/records.tsv")).unwrap(), tsv.out, "the same table");
    let list = world.run(&["results", &id]);
    assert_eq!(
        list.out.matches("clean_2.fastq.gz").count(),
        2,
        "both pairs, and not the file by itself: {}",
        list.all()
    );
    let single = world.run(&["run", "--json", "--dry-run", "--single", "read_trimming", "in"]);
    assert_eq!((single.code, pieces(&single).len()), (0, 5), "{}", single.all());
    let by_hand = ["run", "--json", "--dry-run", "read_trimming", "in/a_R1.fastq", "--set", "reads_2=in/b_R2.fastq"];
    let by_hand = world.run(&by_hand);
    assert_eq!(pieces(&by_hand), ["in/a_R1.fastq+in/b_R2.fastq"], "{}", by_hand.all());
    // Words, without a word on pairs.
    let asked = world.run(&["ask", "--json", "--until", "plan", "trim the reads of in/a_R1.fastq and in/a_R2.fastq"]);
    assert_eq!(pieces(&asked), ["in/a_R1.fastq+in/a_R2.fastq"], "{}", asked.all());
}

#[test]
fn what_names_leave_open_is_told_and_nothing_is_planned() {
    let world = with_reads(&[
        "a_R1.fastq",
        "a_R2.fastq",
        "b_R2.fastq",
        "s_1.fastq",
        "s_2.fastq",
        "s_3.fastq",
        "x/c_R1.fastq",
        "y/c_R2.fastq",
    ]);
    let told: Vec<String> = [
        &["a_R1.fastq", "b_R2.fastq"][..],
        &["a_R*.fastq", "b_R2.fastq"],
        &["s_*.fastq"],
        &["x/c_R1.fastq", "y/c_R2.fastq"],
        &["a_R1.fastq", "a_R2.fastq", "./a_R2.fastq"],
    ]
    .iter()
    .map(|files| {
        let run = world.run(&[&["run", "read_trimming"], *files].concat());
        format!("$ agent run read_trimming {}\nexit {}\n{}{}", files.join(" "), run.code, run.out, run.err)
    })
    .collect();
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(world.states(), Vec::<String>::new());
    // Both were counted to their end: the plan says that they are no pair.
    world.file("a_R2.fastq", reads(39, 1));
    let differ = world.run(&["run", "--json", "read_trimming", "a_R1.fastq", "a_R2.fastq"]);
    let cannot = differ.event("plan")["work"][0]["cannot"].clone();
    assert_eq!((differ.code, cannot["rule"].as_str()), (1, Some("no_pair")), "{}", differ.all());
    assert!(cannot["why"].as_str().unwrap().contains("40 records and a_R2.fastq 39"), "{cannot}");
    assert_eq!(world.states(), Vec::<String>::new());
}

#[test]
fn a_sample_sheet_is_a_batch() {
    let world = with_reads(&["data/a1.fastq", "data/a2.fastq", "data/b.fastq"]);
    world.file("data/pairs.csv", "\u{feff}sample,reads,reads_2,min_length\r\nfirst,a1.fastq,a2.fastq,20\r\n\"second, late\",b.fastq,a2.fastq,30\r\n");
    let sheet = ["--sheet", "data/pairs.csv"];
    let planned = world.run(&[&["plan", "read_trimming", "-o", "p.toml"], &sheet[..]].concat());
    assert_eq!(planned.code, 0, "{}", planned.all());
    let shown = world.run(&["run", "--dry-run", "--plan", "p.toml"]);
    for part in ["first", "second, late", "a1.fastq", "min_length 20", "min_length 30"] {
        assert!(flat(&shown.out).contains(part), "{part}: {}", shown.all());
    }
    let direct = world.run(&[&["run", "--json", "--dry-run", "read_trimming"], &sheet[..]].concat());
    let of_file = world.run(&["run", "--json", "--dry-run", "--plan", "p.toml"]);
    assert_eq!(direct.event("plan")["digest"], of_file.event("plan")["digest"], "{}", of_file.all());
    let run = world.run(&[&["run", "read_trimming", "--set", "min_quality=20"], &sheet[..]].concat());
    assert_eq!(run.code, 0, "{}", run.all());
    let id = run.out.split_whitespace().find(|word| word.starts_with("req-")).unwrap();
    assert!(flat(&run.out).contains(&format!("agent results {id} --tsv prints the records of all")), "{}", run.all());
    let csv = world.run(&["results", id, "--csv"]);
    let mut rows = csv::Reader::from_reader(csv.out.as_bytes());
    let names: Vec<String> = rows.records().map(|row| row.unwrap()[0].to_owned()).collect();
    assert!(names.contains(&"first".to_owned()) && names.contains(&"second, late".to_owned()), "{}", csv.all());
    let json = world.run(&["results", id, "--json"]);
    assert_eq!(json.events().len(), 2, "{}", json.all());
    // What is wrong refuses all of it.
    let told: Vec<String> = [
        ("none.csv", None, &[][..]),
        ("bad.csv", Some("sample,raeds\nS1,data/b.fastq\n"), &[]),
        ("bad.csv", Some("sample,reads\nS1,data/b.fastq\nS2,data/bb.fastq\n"), &[]),
        ("bad.csv", Some("sample,reads\nS1,data/b.fastq\nS1,data/a1.fastq\n"), &[]),
        ("bad.csv", Some("sample,reads\nS1,data/b.fastq\nS2\n"), &[]),
        ("bad.csv", Some("sample,reads\nS1,data/b.fastq\nS2,data\n"), &[]),
        ("bad.csv", Some("reads,min_length\ndata/b.fastq,long\n"), &[]),
        ("bad.csv", Some("reads,min_length\ndata/b.fastq,20\n"), &["--set", "min_length=30"]),
    ]
    .iter()
    .map(|(name, text, flags)| {
        text.iter().for_each(|text| drop(world.file(name, text)));
        let run = world.run(&[&["run", "read_trimming", "--sheet", name], *flags].concat());
        format!("{}\nexit {}\n{}{}", text.unwrap_or("(there is none)\n"), run.code, run.out, run.err)
    })
    .collect();
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(count(&world, "planned"), 2, "nothing of them is planned");
}

#[test]
fn one_failure_is_in_the_table_of_the_end_and_not_in_that_of_the_records() {
    let world = World::new();
    for n in 1..=3 {
        world.file(&format!("s{n}.fasta"), proteins(n));
    }
    let run = world.run(&["run", "sequence_stats", "s1.fasta", "s2.fasta", "s3.fasta", "nope.fasta", "--out", "out"]);
    assert!(run.code == 1 && run.out.contains("nope.fasta"), "{}", run.all());
    let text = fs::read_to_string(world.work().join("out/records.tsv")).unwrap();
    let rows = table(&text);
    assert_eq!(
        rows.iter().map(|row| row[0]).collect::<Vec<_>>(),
        ["sample", "s1.fasta", "s2.fasta", "s3.fasta"],
        "{text}"
    );
    // Whoever wrote it, a file of a result is one like any other of the person's.
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    let like_any = mode(&world.work().join("s1.fasta"));
    let mut files = vec![world.work().join("out/records.tsv")];
    files.extend(run_folders(&world.work().join("out")).into_iter().map(|folder| folder.join("result.json")));
    assert_eq!(files.len(), 4, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), like_any, "{}", file.display());
    }
    // Never over what is there.
    world.file("out/records.tsv", "mine");
    let again = world.run(&["run", "sequence_stats", "s1.fasta", "s2.fasta", "--out", "out"]);
    assert!(again.code == 0 && flat(&again.all()).contains("records.tsv cannot be written"), "{}", again.all());
    assert_eq!(fs::read_to_string(world.work().join("out/records.tsv")).unwrap(), "mine");
    for arguments in [&["results", "req-00000000"][..], &["results", "req-x"], &["results", "job-x"]] {
        let run = world.run(arguments);
        assert!(run.code != 0 && !run.err.contains("panic"), "{}", run.all());
    }
}

#[test]
fn what_is_done_is_skipped_by_what_its_files_hold() {
    let world = with_reads(&["a_R1.fastq", "a_R2.fastq"]);
    world.file("b.fastq", reads(10, 3));
    let run = |flags: &[&str]| {
        let run = world.run(&[&["run", "--json", "read_trimming"], flags].concat());
        assert_eq!(run.code, 0, "{}", run.all());
        let pieces = run.event("plan")["work"].as_array().unwrap().clone();
        (
            pieces
                .iter()
                .map(|p| (p["same_as_before"] == true, p["job"].as_str().unwrap().to_owned()))
                .collect::<Vec<_>>(),
            run,
        )
    };
    let (first, _) = run(&["a_R1.fastq", "a_R2.fastq", "b.fastq"]);
    let done = |n: usize| (true, first[n].1.clone());
    // Under other names and in other folders.
    fs::create_dir(world.work().join("copy")).unwrap();
    for (from, to) in [("a_R1.fastq", "copy/x_1.fastq"), ("a_R2.fastq", "copy/x_2.fastq")] {
        fs::copy(world.work().join(from), world.work().join(to)).unwrap();
    }
    world.file("new.fastq", reads(12, 4));
    let (second, told) = run(&["--skip-done", "copy", "b.fastq", "new.fastq"]);
    assert_eq!(second[..2], [done(0), done(1)]);
    assert!(!second[2].0, "what is new is done");
    let tsv = world.run(&["results", &request_of(&told), "--tsv"]);
    assert!(["x_1.fastq", "b.fastq", "new.fastq"].iter().all(|name| tsv.out.contains(name)), "{}", tsv.all());
    assert!(tsv.out.contains(&first[0].1), "with the job that did it: {}", tsv.all());
    let shown = world.run(&["run", "--dry-run", "--skip-done", "read_trimming", "copy"]);
    assert!(shown.out.contains(&first[0].1), "{}", shown.all());
    // Other parameters, another mate, other content of the same size and time, and a result that is not whole any more.
    assert!(!run(&["--skip-done", "b.fastq", "--set", "min_length=20"]).0[0].0);
    world.file("copy/x_2.fastq", reads(40, 7));
    assert!(!run(&["--skip-done", "copy"]).0[0].0);
    let modified = fs::metadata(world.work().join("b.fastq")).unwrap().modified().unwrap();
    world.file("b.fastq", reads(10, 5));
    fs::File::options().append(true).open(world.work().join("b.fastq")).unwrap().set_modified(modified).unwrap();
    assert!(!run(&["--skip-done", "b.fastq"]).0[0].0, "by its checksum alone");
    let folder = world.home().join("results").join(&first[0].1);
    fs::write(folder.join("clean.fastq.gz"), "").unwrap();
    assert!(!run(&["--skip-done", "a_R1.fastq", "a_R2.fastq"]).0[0].0);
    // The earlier request keeps its job.
    let jobs = world.run(&["jobs", "list", "--json"]);
    let of = |id: &str| jobs.events().into_iter().find(|job| job["id"] == id).unwrap()["request"].clone();
    assert_ne!(of(&first[1].1), of(&second[2].1), "{}", jobs.all());
}

#[test]
fn pairs_whose_mates_differ_are_no_twins() {
    let world = with_reads(&["x/a_R1.fastq", "x/a_R2.fastq"]);
    for folder in ["y", "z"] {
        fs::create_dir(world.work().join(folder)).unwrap();
        fs::copy(world.work().join("x/a_R1.fastq"), world.work().join(folder).join("a_R1.fastq")).unwrap();
    }
    fs::copy(world.work().join("x/a_R2.fastq"), world.work().join("y/a_R2.fastq")).unwrap();
    world.file("z/a_R2.fastq", reads(40, 9));
    let run = world.run(&["run", "--json", "--dry-run", "read_trimming", "x", "y", "z"]);
    assert_eq!(pieces(&run), ["x/a_R1.fastq+x/a_R2.fastq", "z/a_R1.fastq+z/a_R2.fastq"], "{}", run.all());
    assert_eq!(run.event("plan")["work"][0]["also"], serde_json::json!(["y/a_R1.fastq"]), "{}", run.all());
}

fn only_request(world: &World) -> String {
    let jobs = world.run(&["jobs", "list", "--json"]).events();
    jobs.iter().find_map(|job| job["request"].as_str()).unwrap().to_owned()
}

/// What the wallet of the world has on the chain, datoshi.
fn balance(world: &World) -> i64 {
    let told = world.run(&["wallet", "balance", "--json"]);
    let told: Value = serde_json::from_str(&told.out).unwrap_or_else(|e| panic!("{e}: {}", told.all()));
    told["balance"]["datoshi"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_batch_that_was_killed_is_taken_up_under_its_consent_and_paid_once() {
    let world = World::new();
    for n in 0..4 {
        world.file(&format!("p{n}.fasta"), format!(">p{n}\nMKTAYI{}\n", "G".repeat(n)));
    }
    let full = balance(&world);
    // At 2 GAS each, with fees far below that.
    let payments = |world: &World| (full - balance(world)) / 200_000_000;
    let run = ["run", "protein_folding", "p*.fasta", "--at-once", "1"];
    world.killed(&run, &|world| count(world, "done") >= 1 && count(world, "payment_sent") >= 2);
    assert_eq!(count(&world, "planned"), 4, "all were agreed to at once");
    let id = only_request(&world);
    let before = count(&world, "done");
    let resumed = world.run(&["run", "--json", "--resume", &id]);
    assert_eq!(resumed.code, 0, "{}", resumed.all());
    assert!(
        !resumed.types().iter().any(|kind| kind == "consent.requested"),
        "it was agreed to before: {}",
        resumed.all()
    );
    assert_eq!(
        resumed.types().iter().filter(|kind| *kind == "result.fetched").count(),
        4 - before,
        "{}",
        resumed.all()
    );
    assert_eq!((count(&world, "planned"), count(&world, "done")), (4, 4), "no job more: {:?}", world.states());
    assert_eq!((count(&world, "paid"), payments(&world)), (4, 4), "each is paid once, says the chain");
    // Once more there is nothing to do, and nothing is paid.
    let again = world.run(&["run", "--json", "--resume", &id]);
    assert_eq!((again.code, count(&world, "planned"), payments(&world)), (0, 4, 4), "{}", again.all());
    let tsv = world.run(&["results", &id, "--tsv"]);
    assert!((0..4).all(|n| tsv.out.contains(&format!("p{n}.fasta"))), "{}", tsv.all());
    // Other bounds are asked about anew.
    let bounded = world.run(&["run", "--json", "--resume", &id, "--max-gas", "1"]);
    assert_eq!((bounded.code, payments(&world)), (0, 4), "{}", bounded.all());
}

#[test]
fn a_free_batch_that_was_killed_goes_on_where_it_was() {
    let world = World::new();
    for n in 1..=12 {
        world.file(&format!("s{n}.fasta"), proteins(n));
    }
    world.killed(&["run", "sequence_stats", "s*.fasta"], &|world| count(world, "done") >= 2);
    let id = only_request(&world);
    let (done, planned) = (count(&world, "done"), count(&world, "planned"));
    assert!(done < 12 && planned == 12, "{:?}", world.states());
    let resumed = world.run(&["run", "--resume", &id]);
    assert_eq!((resumed.code, count(&world, "planned"), count(&world, "done")), (0, 12, 12), "{}", resumed.all());
    let rows = world.run(&["results", &id, "--tsv"]);
    assert_eq!(rows.out.lines().count(), 13, "{}", rows.all());
}

#[test]
fn a_batch_that_is_stopped_says_how_to_go_on() {
    let world = World::new();
    for n in 1..=60 {
        world.file(&format!("s{n}.fasta"), proteins(n));
    }
    let mut command = world.command(&["run", "sequence_stats", "s*.fasta"]);
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while count(&world, "done") < 1 {
        assert!(
            begun.elapsed() < Duration::from_secs(120) && run.try_wait().unwrap().is_none(),
            "{:?}",
            world.states()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = rustix::process::Pid::from_raw(i32::try_from(run.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let stopped = Run::of(run.wait_with_output().unwrap());
    let next = format!("agent run --resume {}", only_request(&world));
    assert!(stopped.code == 130 && flat(&stopped.out).contains(&next), "{}", stopped.all());
    let words: Vec<&str> = next.split(' ').skip(1).collect();
    let resumed = world.run(&words);
    assert!(resumed.out.contains(" of 60") && !resumed.out.contains("sha256"), "short: {}", resumed.all());
    // What ran when it was stopped is begun again.
    let again = count(&world, "canceled");
    assert_eq!(
        (resumed.code, count(&world, "planned"), count(&world, "done")),
        (0, 60 + again, 60),
        "{}",
        resumed.all()
    );
}

#[test]
fn a_job_that_failed_or_was_given_up_is_left_as_it_is() {
    let world = World::new();
    for n in 0..2 {
        world.file(&format!("p{n}.fasta"), format!(">p{n}\nMKTAYI{}\n", "G".repeat(n)));
    }
    let quoted = world.run(&["run", "--json", "protein_folding", "p*.fasta", "--until", "quote"]);
    let id = request_of(&quoted);
    let job = quoted.event("plan")["work"][0]["job"].as_str().unwrap().to_owned();
    assert_eq!(world.run(&["jobs", "cancel", &job]).code, 0);
    let resumed = world.run(&["run", "--json", "--resume", &id, "--until", "done"]);
    assert_eq!((resumed.code, count(&world, "paid"), count(&world, "planned")), (6, 1, 2), "{}", resumed.all());
    let states = resumed.event("turn.status");
    let states: Vec<&str> = states["jobs"].as_array().unwrap().iter().filter_map(|job| job["state"].as_str()).collect();
    assert_eq!(states, ["canceled", "done"]);
}

#[test]
fn a_thousand_pieces_are_one_short_plan() {
    let world = World::new();
    fs::create_dir(world.work().join("in")).unwrap();
    let mut sheet = "sample,sequences\n".to_owned();
    for n in 0..1000 {
        world.file(&format!("in/s{n}.fasta"), format!(">p{n}\nMKVLAAGIVG{}\n", "A".repeat(n)));
        sheet += &format!("S{n},s{n}.fasta\n");
    }
    world.file("in/all.csv", sheet);
    for source in [&["in/*.fasta"][..], &["--sheet", "in/all.csv"]] {
        let begun = Instant::now();
        let plan = world.run(&[&["run", "--dry-run", "sequence_stats"], source].concat());
        assert_eq!(plan.code, 0, "{}", plan.all());
        assert!(plan.out.lines().count() < 40, "it is short: {}", plan.out);
        assert!(plan.out.contains("1,000 files") && plan.out.contains("and 980 more"), "{}", plan.out);
        assert!(begun.elapsed() < Duration::from_secs(120), "it took {:?}", begun.elapsed());
    }
    let path: PathBuf = world
        .file("in/all.csv", format!("{}S,s0.fasta\n", fs::read_to_string(world.work().join("in/all.csv")).unwrap()));
    let more = world.run(&["run", "--dry-run", "sequence_stats", "--sheet", path.to_str().unwrap()]);
    assert!(more.code == 2 && more.err.contains("more than 1,000 lines"), "{}", more.all());
}
