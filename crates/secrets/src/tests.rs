use std::{io::Write as _, path::Path};

mod lists;
mod real;
mod stream;

use super::*;

const WIF: &str = "KwZ5268EUa2AaFPxQhZ7TM4Zt7iXz2tyAx7ctXJa6YxsPNWcfVpj";

fn found(file: &[u8]) -> Option<String> {
    content(&head(file).unwrap())
}

#[test]
fn names() {
    const SECRET: &[&str] = &[
        ".env",
        ".env.local",
        "prod.env",
        ".netrc",
        ".npmrc",
        ".pypirc",
        ".git-credentials",
        ".bash_history",
        "server.PEM",
        "a.key",
        "a.p12",
        "a.pfx",
        "a.kdbx",
        "a.wallet",
        "wallet.json",
        ".ssh/known",
        "x/.aws/y",
        ".git/config",
        "repo/.git/hooks/x",
        ".kube/config",
        ".gnupg/pubring.kbx",
    ];
    const DOUBTFUL: &[&str] = &[
        "id_rsa",
        "id_ed25519.pub",
        "id_work",
        "wallet-2.json",
        "keystore",
        "keystore_old.txt",
        "secrets.yaml",
        "private_key.txt",
        "mnemonic.txt",
    ];
    const PLAIN: &[&str] = &[
        "data.fasta",
        "keys.fasta",
        "wallet_protein.fasta",
        "id_mapping.tsv",
        "environment.txt",
        "monkey.fastq",
        "token_counts.csv",
        "secretome.fasta",
        "keynote.txt",
        ".github/data.fasta",
        "my.git/data.fasta",
        "..",
        "",
    ];
    for (names, judged) in [(SECRET, Name::Secret), (DOUBTFUL, Name::Doubtful), (PLAIN, Name::Plain)] {
        for path in names {
            assert_eq!(name(Path::new(path)), judged, "{path}");
        }
    }
}

#[test]
fn content_that_is_a_secret_whatever_its_name() {
    let wif = format!("my key is {WIF}.\n");
    for (secret, what) in [
        ("-----BEGIN PRIVATE KEY-----\nMII\n", "private key"),
        ("a\n-----BEGIN OPENSSH PRIVATE KEY-----\n", "private key"),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----\n", "private key"),
        ("{\"k\": \"-----BEGIN RSA PRIVATE KEY-----\\nMII\"}", "private key"),
        (wif.as_str(), "WIF"),
        ("6PYLHmDf6AjF4AsVtosmxHuPYeuyJL3SLuw7J1U8i7HxKAnYNsp61HYRfF", "NEP-2"),
        ("{\"scrypt\": {\"n\": 16384}, \"accounts\": []}", "wallet"),
        ("# mine\nexport AIOZ_SECRET_KEY='abc'\n", "sets a secret"),
        ("\u{feff}DB_PASSWORD=hunter2", "sets a secret"),
        ("GITHUB_TOKEN = x", "sets a secret"),
        ("OPENAI_API_KEY=sk-1", "sets a secret"),
        ("[default]\naws_access_key_id = A\naws_secret_access_key = b\n", "sets a secret"),
        ("machine h login u password p", "password"),
        ("https://me:pw@example.org\n", "URL"),
        ("P\0A\0S\0S\0W\0O\0R\0D\0=\0x\0y\0", "sets a secret"),
    ] {
        assert!(found(secret.as_bytes()).is_some_and(|found| found.contains(what)), "{secret}");
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"A_SECRET=abc\n").unwrap();
    assert_eq!(found(&gzip.finish().unwrap()), Some("it sets a secret".to_owned()));
    for packed in
        [&include_bytes!("tests/secret.bz2")[..], include_bytes!("tests/secret.xz"), include_bytes!("tests/secret.zst")]
    {
        assert_eq!(found(packed), Some("it sets a secret".to_owned()));
    }
}

#[test]
fn data_is_no_secret() {
    // One letter of the key is another: its checksum does not hold.
    let slip = format!("{}k", &WIF[..WIF.len() - 1]);
    for data in [
        ">key=A_SECRET_KEY PASSWORD=x\nACDE\nTOKEN=abc\n",
        "@r\nACGT\n+\nPASSWORD=x\n",
        "-----BEGIN CERTIFICATE-----\n-----BEGIN PUBLIC KEY-----\n",
        "MAX_TOKENS=512\nMIN_KEY=3\nKEY\tVALUE\nAPI_KEY=\n",
        "The password = the secret of a good token.\n",
        "gene,token,key\na,b,c\n",
        "see https://example.org/a:b@c and http://h:80/\n",
        &slip,
    ] {
        assert_eq!(found(data.as_bytes()), None, "{data}");
    }
    assert!(found(format!(">a\n{WIF}\n").as_bytes()).is_some(), "a key is one in sequences too");
    assert!(holds_sequences(b"\n>a\nAC\n") && !holds_sequences(b"@me\nhello\n"));
}

/// A block of bzip2 is longer than any head.
#[test]
fn what_is_packed_in_long_blocks_is_looked_into() {
    let mut noise = 1_u64;
    let mut padding = Vec::new();
    while padding.len() < 400_000 {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        padding.extend_from_slice(format!("{noise:x}\n").as_bytes());
    }
    let mut packed = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    packed.write_all(b"A_SECRET=abc\n").unwrap();
    packed.write_all(&padding).unwrap();
    let packed = packed.finish().unwrap();
    assert!(packed.len() > 2 * HEAD, "{}", packed.len());
    assert_eq!(found(&packed), Some("it sets a secret".to_owned()));
}
