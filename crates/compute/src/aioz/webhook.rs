//! The signed word of a node that a task's status changed: how it is signed, how it is checked, what it says.
//!
//! A node sends `POST` with a JSON body to the `callback_url` of a submit, and signs it with the API key that the task was
//! submitted with: HMAC-SHA256 (RFC 2104) of the seconds, a full stop and the body. AIOZ's own API has no webhooks.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sha2::Sha256;

use super::{TaskStatus, wire::id_of};

/// The header of the signature: `t=SECONDS,v1=HEX`.
pub const SIGNATURE_HEADER: &str = "x-agent-signature";
/// How far the seconds in a signature may be from this machine's clock: longer ago, and somebody may send it again.
const FRESH_SECONDS: u64 = 300;
/// The event that tells of a task's status.
const STATUS: &str = "task.status";

/// What a webhook says.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Of which task.
    pub task: String,
    /// What its status is by now.
    pub status: TaskStatus,
}

impl Word {
    /// Reads a webhook's body; `None` for any other event, and for what names no task.
    pub fn read(body: &[u8]) -> Option<Word> {
        let body: Value = serde_json::from_slice(body).ok()?;
        if body.get("event")? != STATUS {
            return None;
        }
        let status = TaskStatus::from_name(body.get("status")?.as_str()?);
        Some(Word { task: id_of(body.get("task_id")?)?, status })
    }
}

fn mac(key: &SecretString, seconds: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    // HMAC takes keys of any length; `None` never happens.
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).ok()?;
    [seconds.as_bytes(), b".", body].iter().for_each(|part| mac.update(part));
    Some(mac)
}

/// The signature of a webhook's body, made with the API key of the task's owner.
pub fn sign(key: &SecretString, body: &[u8], now: Timestamp) -> String {
    let seconds = now.as_second().to_string();
    let signature = mac(key, &seconds, body).map(|mac| hex::encode(mac.finalize().into_bytes())).unwrap_or_default();
    format!("t={seconds},v1={signature}")
}

/// The signature in the form that [`sign`] gives it, where it is of this body and key and at most five minutes off; `None` for
/// any other.
pub fn verified(key: &SecretString, header: &str, body: &[u8], now: Timestamp) -> Option<String> {
    let part = |name: &str| header.split(',').find_map(|part| part.trim().strip_prefix(name));
    let (seconds, signature) = (part("t=")?, hex::decode(part("v1=")?).ok()?);
    if now.as_second().abs_diff(seconds.parse().ok()?) > FRESH_SECONDS {
        return None;
    }
    mac(key, seconds, body)?.verify_slice(&signature).ok()?;
    Some(format!("t={seconds},v1={}", hex::encode(signature)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_webhook_is_known_by_its_signature() {
        let key = SecretString::from("k");
        let header = sign(&key, b"{}", at(1000));
        assert_eq!(verified(&key, &header, b"{}", at(1000)), Some(header.clone()));
        assert_eq!(verified(&key, &header, b"{}", at(1300)), Some(header.clone()));
        let (seconds, hex) = header.split_once(',').unwrap();
        let otherwise = format!("v1={}, {seconds}", hex.trim_start_matches("v1=").to_uppercase());
        assert_eq!(verified(&key, &otherwise, b"{}", at(1000)), Some(header.clone()), "one signature, one form");
        assert_eq!(verified(&key, &header, b"{ }", at(1000)), None);
        assert_eq!(verified(&"other".into(), &header, b"{}", at(1000)), None);
        for off in [1301, 699, i64::from(i32::MAX)] {
            assert_eq!(verified(&key, &header, b"{}", at(off)), None, "{off}");
        }
        // Signed for another time than it says.
        assert_eq!(verified(&key, &header.replacen("1000", "1100", 1), b"{}", at(1000)), None);
        for bad in ["", "t=,v1=", "t=1000", "v1=00", "t=1000,v1=", "t=x,v1=00", "t=-9223372036854775808,v1=00"] {
            assert_eq!(verified(&key, bad, b"{}", at(1000)), None, "{bad}");
        }
    }

    #[test]
    fn a_signature_is_the_standards() {
        // Python: hmac.new(b"Jefe", b"1000.{}", "sha256").hexdigest()
        let expected = "t=1000,v1=bb686d973098aec738d1cfa7199e2ae59fe4e2e856e2089dc380dc653595631f";
        assert_eq!(sign(&"Jefe".into(), b"{}", at(1000)), expected);
    }

    #[test]
    fn a_word_is_of_one_task() {
        let said = br#"{"event": "task.status", "task_id": "t-1", "status": "success", "payment": "paid"}"#;
        assert_eq!(Word::read(said), Some(Word { task: "t-1".into(), status: TaskStatus::Success }));
        for other in [&b"{}"[..], b"[]", b"x", br#"{"event": "else", "task_id": "t-1", "status": "success"}"#] {
            assert_eq!(Word::read(other), None);
        }
        let path = br#"{"event": "task.status", "task_id": "../x", "status": "success"}"#;
        assert_eq!(Word::read(path), None);
    }
}
