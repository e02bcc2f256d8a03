//! Says what a file holds that no dataset does: `cargo run -p secrets --example look -- FILE`.

use std::{env, fs::File, io, path::Path};

use cassette::scrub::Sought;

fn main() -> io::Result<()> {
    for path in env::args().skip(1) {
        let named = secrets::name(Path::new(&path));
        let found = secrets::through(File::open(&path)?, &Sought::default(), &|_| {})?;
        println!("{path}: by its name {named:?}; {}", found.as_deref().unwrap_or("nothing was found in it"));
    }
    Ok(())
}
