//! Every reader of what others say, on what nobody would say: small honest inputs, changed at random without end. None panics,
//! hangs, or believes what cannot be true. `make test` plays a slice, `make fuzz` ten minutes of each.
//!
//! The honest inputs are in `tests/fuzz`, a folder for each reader. One that fails is written to `target/fuzz`, and belongs there
//! once it is mended. Runs are the same each time, but for how far they come.

mod change;
mod readers;

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};

use self::{change::Changes, readers::Readers};

/// A reader, and what of its inputs is a text.
type Reader = fn(&mut Readers, &[u8]);

/// The name of its folder, and itself.
const READERS: [(&str, Reader); 16] = [
    ("arguments", Readers::arguments),
    ("calls", Readers::calls),
    ("form", Readers::form),
    ("sentence", Readers::sentence),
    ("fasta", Readers::dataset),
    ("fastq", Readers::dataset),
    ("provider", Readers::provider),
    ("chain", Readers::chain),
    ("transaction", Readers::transaction),
    ("nep6", Readers::nep6),
    ("dotenv", Readers::dotenv),
    ("policy", Readers::policy),
    ("plan", Readers::plan),
    ("sheet", Readers::sheet),
    ("cassette", Readers::cassette),
    ("result", Readers::result),
];
/// So many inputs of each are a slice.
const SLICE: u64 = 300;
/// No single input takes longer of a processor, however busy the machine is.
const LONGEST: Duration = Duration::from_secs(20);

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz").join(name)
}

fn honest(name: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Keeps an input that a reader failed on.
fn kept(name: &str, input: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, input).unwrap();
    path
}

/// What a reader was given, and when: by the processor time of this process.
type Begun = (Duration, Vec<u8>);

/// The processor time of this process so far: the reader's, as the thread that watches it sleeps.
fn worked() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

/// Ends the process, with the input kept, where a reader does not come back long after it should have; until it is dropped.
struct Watch {
    now: Arc<Mutex<Option<Begun>>>,
    _over: mpsc::Sender<()>,
}

impl Watch {
    fn of(name: &str) -> Watch {
        let (over, came) = mpsc::channel();
        let now: Arc<Mutex<Option<Begun>>> = Arc::default();
        let (watched, name) = (Arc::clone(&now), format!("{name}-hangs"));
        std::thread::spawn(move || {
            while came.recv_timeout(LONGEST) == Err(mpsc::RecvTimeoutError::Timeout) {
                if let Some((begun, input)) = &*watched.lock().unwrap()
                    && worked() - *begun > 5 * LONGEST
                {
                    eprintln!("a reader does not come back: {}", kept(&name, input).display());
                    std::process::exit(101);
                }
            }
        });
        Watch { now, _over: over }
    }

    fn begins(&self, input: &[u8]) {
        *self.now.lock().unwrap() = Some((worked(), input.to_owned()));
    }
}

/// Plays inputs to a reader for as long as `goes_on` says; how many it were.
fn play(name: &str, reader: Reader, goes_on: impl Fn(u64) -> bool) -> u64 {
    let honest = honest(name);
    assert!(!honest.is_empty(), "{name} has no honest inputs");
    let mut readers = Readers::new();
    let changed = Changes::of(&honest, name);
    let (mut played, watch) = (0, Watch::of(name));
    for input in honest.iter().cloned().chain(changed) {
        if played >= honest.len() as u64 && !goes_on(played) {
            break;
        }
        let begun = worked();
        watch.begins(&input);
        let panicked = catch_unwind(AssertUnwindSafe(|| reader(&mut readers, &input))).is_err();
        let took = worked() - begun;
        if panicked || took > LONGEST {
            let kept = kept(&format!("{name}-{played}"), &input);
            panic!("{name}, input {played}, panicked: {panicked}, after {took:?}: {}", kept.display());
        }
        played += 1;
    }
    played
}

#[test]
fn a_slice_of_what_nobody_would_say() {
    for (name, reader) in READERS {
        assert!(play(name, reader, |played| played < SLICE) >= SLICE, "{name}");
    }
}

/// As many seconds of a processor as `AGENT_FUZZ_SECONDS` says for each reader, or for the one that `AGENT_FUZZ` names.
#[test]
#[ignore = "takes ten minutes a reader: make fuzz"]
fn all_that_nobody_would_say() {
    let of = |name: &str| std::env::var(name).ok();
    let seconds = of("AGENT_FUZZ_SECONDS").map_or(600, |seconds| seconds.parse().unwrap());
    for (name, reader) in READERS.iter().filter(|(name, _)| of("AGENT_FUZZ").is_none_or(|only| only == *name)) {
        let begun = worked();
        let spent = || (worked() - begun).as_secs();
        let played = play(name, *reader, |_| spent() < seconds);
        println!("{name}: {played} inputs in {} s of a processor, no finding", spent());
    }
}
