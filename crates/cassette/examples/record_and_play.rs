//! A number is drawn on a tape that records, and comes again on a tape that plays the record.

use std::{error::Error, fs, sync::Arc};

use cassette::{Tape, format::What, play::Player, read::Cassette, record::Recorder};

/// The first line of a record: the program, its command, and where it ran.
const START: &str = r#"{"cassette":2,"bounds":{},"program":"0.2.0","command":"ask","flags":[],"folder":"/work","home":"/home/me","settings":{},"built":{}}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::temp_dir().join(format!("example-{}.cassette", std::process::id()));
    let recorder = Arc::new(Recorder::create(&path)?);
    recorder.write(What::Start(serde_json::from_str(START)?));

    let drawn = Tape::Recording(recorder).draw("a number", std::process::id);
    let player = Player::new(&Cassette::read(&path)?, Vec::new());
    let again = Tape::Playing(Arc::new(player)).draw("a number", || 0);

    println!("recorded {drawn}, played {again}; {} bytes of record", fs::metadata(&path)?.len());
    fs::remove_file(&path)?;
    Ok(())
}
