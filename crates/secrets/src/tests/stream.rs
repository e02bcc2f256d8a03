//! Whole files: of any length, packed, and of the worst that an attacker writes.

use std::io::{Cursor, Write as _};

use cassette::scrub::{Scrubber, Sought};

use super::{
    super::{Search, through},
    WIF,
};

fn knowing(secret: &str) -> Sought {
    let mut known = Scrubber::default();
    known.learn("NEO_PRIVATE_KEY", secret.as_bytes());
    known.sought()
}

fn searched(file: Vec<u8>, known: &Sought) -> Option<String> {
    through(Cursor::new(file), known, &|_| {}).unwrap()
}

/// 600 kB of what FASTA, FASTQ and notes are.
fn data() -> [Vec<u8>; 3] {
    let fasta = format!(">protein\n{}\n", "ACDEFGHIKLMNPQRSTVWY".repeat(3));
    let fastq = "@read/1\nACGTACGTACGTACGTACGTACGT\n+\nFFFFF:FFFF,FF#FFFFFFFFFFF\n";
    let notes = "The protein folds in water, and the token of the day is patience; see section 3.\n";
    [fasta.as_str(), fastq, notes].map(|text| text.repeat(600_000 / text.len()).into_bytes())
}

#[test]
fn a_key_is_found_wherever_in_a_long_file_it_lies() {
    let raw = bs58::decode(WIF).with_check(None).into_vec().unwrap()[1..33].to_vec();
    let hex: String = raw.iter().map(|byte| format!("{byte:02x}")).collect();
    let apart: Vec<String> = raw.iter().map(|byte| format!("{byte:02X}")).collect();
    let utf16: Vec<u8> = hex.bytes().flat_map(|byte| [byte, 0]).collect();
    let escaped: String = hex.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let spelt: [&[u8]; 6] =
        [WIF.as_bytes(), hex.as_bytes(), apart.join(":").as_bytes(), &utf16, escaped.as_bytes(), raw.as_slice()]
            .map(|text| Box::leak(text.to_vec().into_boxed_slice()) as &[u8]);
    let known = knowing(WIF);
    for file in data() {
        assert_eq!(searched(file.clone(), &known), None);
        for (at, key) in [10, 262_100, 524_288, file.len() - 5].into_iter().flat_map(|at| spelt.map(|key| (at, key))) {
            let mut file = file.clone();
            file.splice(at..at, b"\n".iter().chain(key).chain(b"\n").copied());
            let found = searched(file, &known).unwrap_or_default();
            assert!(found.contains("NEO_PRIVATE_KEY"), "{at}: {}: {found:?}", String::from_utf8_lossy(key));
        }
    }
    // The same key is nobody's: only what carries a checksum is one by itself.
    let nobody = Sought::default();
    let [fasta, ..] = data();
    let with = |key: &[u8]| [fasta.as_slice(), b"\n", key, b"\n"].concat();
    assert!(searched(with(WIF.as_bytes()), &nobody).is_some_and(|found| found.contains("WIF")));
    assert_eq!(searched(with(hex.as_bytes()), &nobody), None);
}

#[test]
fn packed_files_are_searched_inside_and_as_they_are() {
    let [fasta, ..] = data();
    let gzip = |bytes: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    };
    let known = knowing(WIF);
    let far = [fasta.as_slice(), b"\n", WIF.as_bytes()].concat();
    assert!(searched(gzip(&far), &known).is_some());
    assert!(searched([gzip(&fasta), WIF.as_bytes().to_vec()].concat(), &known).is_some(), "behind the end");
    assert!(searched(gzip(&[b"a\n", WIF.as_bytes()].concat())[..60].to_vec(), &known).is_none(), "cut before the key");
    assert_eq!(searched(gzip(&fasta), &known), None);
}

/// Text that is all keywords, all beginnings of what the rules look for, or all words of wallets: as long again takes about as
/// long again, and no more memory.
#[test]
fn the_worst_of_files_is_searched_in_linear_time() {
    let known = knowing(WIF);
    let worst = [
        "password ",
        "secret_key= ",
        "eyJeyJeyJ.",
        "-----BEGIN -----BEGIN ",
        "://a:",
        "\\u0073",
        "abandon zoo ",
        "\"scrypt\":{\"accounts\":[",
        "curl -u ",
        "machine machine ",
        "(((((",
        "token-token_token.",
    ];
    let time = |text: &str, bytes: usize| {
        let file = text.repeat(bytes / text.len());
        let begun = std::time::Instant::now();
        let mut search = Search::new(&known);
        file.as_bytes().chunks(131_072).find_map(|piece| search.push(piece));
        assert!(search.text.capacity() < 2_000_000, "{text}");
        begun.elapsed().as_secs_f64()
    };
    for text in worst {
        time(text, 300_000); // what is compiled is compiled
        let (once, four) = (time(text, 300_000), time(text, 1_200_000));
        assert!(four < 10.0 * once + 0.3, "{text}: {once:.3} s, four times as long: {four:.3} s");
    }
}
