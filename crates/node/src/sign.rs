//! HMAC-SHA256: links to results.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use rand::RngExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

fn mac(key: &[u8], parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
    // HMAC takes keys of any length; `None` never happens.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    parts.iter().for_each(|part| mac.update(part));
    Some(mac)
}

fn hex_of(key: &[u8], parts: &[&[u8]]) -> String {
    mac(key, parts).map(|mac| hex::encode(mac.finalize().into_bytes())).unwrap_or_default()
}

fn is(key: &[u8], parts: &[&[u8]], signature: &str) -> bool {
    let Ok(bytes) = hex::decode(signature) else { return false };
    mac(key, parts).is_some_and(|mac| mac.verify_slice(&bytes).is_ok())
}

/// The node's own secret: made once, kept in its folder, for links alone.
pub(super) struct LinkKey(SecretString);

impl LinkKey {
    /// Reads the secret of a folder, and makes it when there is none.
    pub fn open(folder: &Path) -> io::Result<LinkKey> {
        let path = folder.join("link.key");
        match fs::read_to_string(&path) {
            Ok(text) if text.len() == 64 => return Ok(LinkKey(text.into())),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let mut bytes = [0; 32];
        rand::rng().fill(&mut bytes);
        let text = hex::encode(bytes);
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(LinkKey(text.into()))
    }

    fn parts<'a>(task: &'a str, name: &'a str, until: &'a str) -> [&'a [u8]; 5] {
        [task.as_bytes(), b"\n", name.as_bytes(), b"\n", until.as_bytes()]
    }

    /// The token of a link to a result's file, good until then.
    pub fn token(&self, task: &str, name: &str, until: Timestamp) -> String {
        let until = until.as_second().to_string();
        format!("{until}.{}", hex_of(self.0.expose_secret().as_bytes(), &LinkKey::parts(task, name, &until)))
    }

    /// Whether a token is ours, for this file, and still good.
    pub fn admits(&self, token: &str, task: &str, name: &str, now: Timestamp) -> bool {
        let Some((until, signature)) = token.split_once('.') else { return false };
        let good = until.parse().is_ok_and(|seconds: i64| now.as_second() <= seconds);
        good && is(self.0.expose_secret().as_bytes(), &LinkKey::parts(task, name, until), signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_one_file_for_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let key = LinkKey::open(folder.path()).unwrap();
        let (then, now) = (Timestamp::from_second(100).unwrap(), Timestamp::from_second(99).unwrap());
        let token = key.token("t", "result.json", then);
        assert!(key.admits(&token, "t", "result.json", now));
        assert!(LinkKey::open(folder.path()).unwrap().admits(&token, "t", "result.json", now), "also after a start");
        assert!(!key.admits(&token, "t", "other.txt", now));
        assert!(!key.admits(&token, "u", "result.json", now));
        assert!(!key.admits(&token, "t", "result.json", Timestamp::from_second(101).unwrap()));
        assert!(!key.admits(&token.replacen("100", "999", 1), "t", "result.json", now));
        assert!(!key.admits("", "t", "result.json", now));
    }
}
