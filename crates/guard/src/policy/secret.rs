//! What looks like a secret: by the names of a file, and by how its content begins.
//!
//! Names and content are judged together. A name that only secrets have is enough. A name that data may have too
//! (`keystore.txt`) counts unless the content is sequences. And content counts whatever the name is: a key that somebody
//! copied to `notes.txt` is a key. Sequences (FASTA, FASTQ) are looked through for keys alone, as their headers are free
//! text that may look like settings.

use std::{
    io::{self, Read},
    path::{Component, Path},
};

use science::input::{Content, InputError};

/// How much of a file is looked at, bytes: keys and files of settings are small, and begin at once.
pub const HEAD: usize = 64 * 1024;

/// Folders in which programs keep keys, or settings with keys in them.
const FOLDERS: [&str; 13] = [
    ".ssh",
    ".aws",
    ".gnupg",
    ".kube",
    ".docker",
    ".config",
    ".azure",
    ".git",
    ".hg",
    ".svn",
    ".cargo",
    ".password-store",
    ".terraform.d",
];
/// Names that only secrets and settings have.
const NAMES: [&str; 16] = [
    ".env",
    ".envrc",
    ".netrc",
    "_netrc",
    ".pgpass",
    ".npmrc",
    ".pypirc",
    ".git-credentials",
    ".bash_history",
    ".zsh_history",
    ".python_history",
    ".htpasswd",
    "credentials",
    "wallet.json",
    "config.toml",
    "policy.toml",
];
/// Endings that only secrets have.
const ENDINGS: [&str; 16] = [
    ".pem",
    ".key",
    ".p12",
    ".pfx",
    ".jks",
    ".ppk",
    ".kdbx",
    ".wif",
    ".nep6",
    ".keystore",
    ".wallet",
    ".db3",
    ".env",
    ".wallet.json",
    ".ovpn",
    ".pkcs12",
];
/// How keys of OpenSSH are called; what follows the kind is a person's own.
const SSH_KEYS: [&str; 5] = ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_xmss"];

/// What the name of a file says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// Nothing.
    Plain,
    /// A secret, unless its content is sequences.
    Doubtful,
    /// A secret.
    Secret,
}

/// What a path says: by its last part, and by the folders in it.
pub fn name(path: &Path) -> Name {
    let in_folder = path.components().any(|part| match part {
        Component::Normal(name) => FOLDERS.iter().any(|folder| name == *folder),
        _ => false,
    });
    let Some(name) = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()) else {
        return Name::Plain;
    };
    let starts = |list: &[&str]| list.iter().any(|start| name.starts_with(start));
    if in_folder
        || NAMES.contains(&name.as_str())
        || name.starts_with(".env.")
        || ENDINGS.iter().any(|end| name.ends_with(end))
    {
        return Name::Secret;
    }
    let wallet = name.starts_with("wallet") && name.ends_with(".json");
    // `id_mapping.tsv` is data; keys have no ending.
    let key = starts(&SSH_KEYS) || name.starts_with("id_") && !name.contains('.');
    if wallet || key || starts(&["keystore", "secrets.", "private_key", "private-key", "mnemonic"]) {
        return Name::Doubtful;
    }
    Name::Plain
}

/// What the beginning of a file's content holds that no dataset does, in words; `None` when nothing was found.
pub fn content(head: &str) -> Option<&'static str> {
    let sequences = is_sequences(head);
    keys(head).or_else(|| if sequences { None } else { settings(head) })
}

/// Whether a file's content begins as FASTA or FASTQ.
pub fn holds_sequences(head: &str) -> bool {
    is_sequences(head)
}

/// The first [`HEAD`] bytes of a file's content, unpacked and without the zeros of wide characters. Of what is packed and
/// damaged before that, what came out.
///
/// # Errors
/// The file cannot be read.
pub fn head(file: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut content = match Content::new(file) {
        Ok(content) => content,
        Err(InputError::Read(error)) => return Err(error),
        Err(_) => return Ok(String::new()),
    };
    while bytes.len() < HEAD
        && let Ok(piece) = content.next_piece()
        && !piece.is_empty()
    {
        bytes.extend(piece.iter().copied().filter(|&byte| byte != 0));
    }
    bytes.truncate(HEAD);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Told by the first character behind blanks and lines that begin with `;`: `>`, or `@` with a line that begins with `+`.
fn is_sequences(text: &str) -> bool {
    let mut text = text.trim_start();
    while text.starts_with(';') {
        text = text.split_once('\n').map_or("", |(_, rest)| rest.trim_start());
    }
    text.starts_with('>') || text.starts_with('@') && text.lines().skip(1).any(|line| line.starts_with('+'))
}

/// Private keys in any of their usual forms.
fn keys(text: &str) -> Option<&'static str> {
    let pem = text.split("-----BEGIN ").skip(1).any(|rest| {
        let label = rest.split("-----").next().unwrap_or_default();
        label.ends_with("PRIVATE KEY") || label.ends_with("PRIVATE KEY BLOCK")
    });
    if pem || text.contains("PuTTY-User-Key-File-") {
        return Some("it holds a private key");
    }
    text.split(|c: char| !c.is_ascii_alphanumeric()).find_map(|word| match word.len() {
        51 | 52 if is_key(word, 0x80, &[33, 34]) => Some("it holds a private key (WIF)"),
        // NEP-2: the version byte 0x01 is followed by 0x42.
        58 if word.starts_with("6P") && is_key(word, 0x01, &[39]) => Some("it holds an encrypted private key (NEP-2)"),
        _ => None,
    })
}

/// Whether a word is Base58Check of that version and one of these lengths (version included).
fn is_key(word: &str, version: u8, lengths: &[usize]) -> bool {
    bs58::decode(word).with_check(Some(version)).into_vec().is_ok_and(|bytes| lengths.contains(&bytes.len()))
}

/// Wallets, credentials, and settings that carry a secret.
fn settings(text: &str) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().all(|word| text.contains(word));
    if has(&["\"scrypt\"", "\"accounts\""]) || has(&["\"ciphertext\"", "\"kdf\""]) {
        return Some("it is a wallet");
    }
    text.lines().find_map(|line| {
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.starts_with("machine ") && line.contains(" password ") || line.contains(":_authToken=") {
            return Some("it holds a password");
        }
        if is_url_with_password(line) {
            return Some("it holds a password in a URL");
        }
        let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
        (is_secret_setting(name.trim()) && is_value(value)).then_some("it sets a secret")
    })
}

/// `https://user:password@host`, as `git` keeps credentials: a line of its own.
fn is_url_with_password(line: &str) -> bool {
    let Some((_, rest)) = line.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https")) else {
        return false;
    };
    let authority = rest.split('/').next().unwrap_or_default();
    !line.contains(' ')
        && authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).is_some_and(|(_, pw)| !pw.is_empty())
}

/// Names of settings that hold secrets: upper case as in `.env`, and the two of AWS's own file.
fn is_secret_setting(name: &str) -> bool {
    if matches!(name, "aws_secret_access_key" | "aws_session_token") {
        return true;
    }
    let upper = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    if name.is_empty() || !name.bytes().all(upper) {
        return false;
    }
    let words: Vec<&str> = name.split('_').collect();
    let key = words.iter().skip(1).any(|word| *word == "KEY");
    key || words.iter().any(|word| {
        matches!(*word, "TOKEN" | "APIKEY" | "MNEMONIC" | "WIF")
            || ["SECRET", "PASSWORD", "PASSWD", "PASSPHRASE"].iter().any(|part| word.contains(part))
    })
}

/// A number is no secret: `MIN_KEY=3`.
fn is_value(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']);
    !value.is_empty() && !value.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const WIF: &str = "KwZ5268EUa2AaFPxQhZ7TM4Zt7iXz2tyAx7ctXJa6YxsPNWcfVpj";

    fn found(file: &[u8]) -> Option<&'static str> {
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
        assert_eq!(found(&gzip.finish().unwrap()), Some("it sets a secret"));
        for packed in [
            &include_bytes!("tests/secret.bz2")[..],
            include_bytes!("tests/secret.xz"),
            include_bytes!("tests/secret.zst"),
        ] {
            assert_eq!(found(packed), Some("it sets a secret"));
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
        assert!(holds_sequences("\n>a\nAC\n") && !holds_sequences("@me\nhello\n"));
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
        assert_eq!(found(&packed), Some("it sets a secret"));
    }
}
