//! Real data, in which no secret is to be seen: beginnings of files of biopython's tests, and whatever
//! folder `AGENT_REAL_DATA` names.

use std::{
    fs::{self, File},
    io::Cursor,
    path::{Path, PathBuf},
};

use cassette::scrub::Sought;
use science::input::Content;

use super::super::through;

/// The files, each behind a line with its length in bytes and its name, packed; where they come from is in the first.
const PACKED: &[u8] = include_bytes!("real.xz");

fn files() -> Vec<(String, Vec<u8>)> {
    let mut content = Content::new(PACKED).unwrap();
    let mut bytes = Vec::new();
    while let Ok(piece) = content.next_piece()
        && !piece.is_empty()
    {
        bytes.extend_from_slice(piece);
    }
    let (mut all, mut rest) = (Vec::new(), bytes.as_slice());
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = String::from_utf8(rest[..end].to_vec()).unwrap();
        let (length, name) = line.split_once(' ').unwrap();
        let file = &rest[end + 1..][..length.parse().unwrap()];
        rest = &rest[end + 1 + file.len()..];
        all.push((name.to_owned(), file.to_vec()));
    }
    all
}

#[test]
fn real_data_raises_no_alarm() {
    let files = files();
    assert!(files.len() > 200, "{}", files.len());
    let alarm = |file: &Vec<u8>| through(Cursor::new(file), &Sought::default(), &|_| {}).unwrap();
    let alarms: Vec<_> = files.iter().filter_map(|(name, file)| Some((name, alarm(file)?))).collect();
    assert!(alarms.is_empty(), "{alarms:#?}");
    // Each would raise one if a key stood at its end.
    let with = |file: &Vec<u8>| [file.as_slice(), b"\n", super::WIF.as_bytes(), b"\n"].concat();
    assert!(files.iter().all(|(_, file)| alarm(&with(file)).is_some()));
}

fn beneath(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { beneath(&path) } else { vec![path] }).collect()
}

/// `AGENT_REAL_DATA=FOLDER cargo test -p secrets real_data -- --ignored --nocapture` tells how many files of yours raise an
/// alarm, and how fast they are searched.
#[test]
#[ignore = "wants a folder of data"]
fn real_data_of_a_folder_raises_no_alarm() {
    let folder = std::env::var("AGENT_REAL_DATA").unwrap();
    let (mut alarms, mut bytes) = (Vec::new(), 0);
    let all = beneath(Path::new(&folder));
    let begun = std::time::Instant::now();
    for path in &all {
        let file = File::open(path).unwrap();
        bytes += file.metadata().unwrap().len();
        alarms.extend(through(file, &Sought::default(), &|_| {}).unwrap().map(|what| (path, what)));
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("{} files of {bytes} bytes in {seconds:.2} s: {alarms:#?}", all.len());
    assert!(alarms.is_empty());
}
