//! Whose request it is, and whether they ask too often.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use secrecy::{ExposeSecret as _, SecretString};

use domain::hash::Sha256;

/// The keys of a node.
pub(super) struct Keys {
    /// By their digest: looking one up takes no longer for a key that is almost right.
    by_digest: HashMap<[u8; 32], (String, SecretString)>,
    rate: Option<Rate>,
}

/// The one a key belongs to: a part of the key's digest. It is in the database, and no key can be made from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner(pub String);

impl Keys {
    pub fn of(keys: &[SecretString], per_minute: Option<u32>) -> Keys {
        let entry = |key: &SecretString| {
            let digest = Sha256::of(key.expose_secret().as_bytes());
            (digest.0, (digest.to_string().chars().take(16).collect(), key.clone()))
        };
        Keys { by_digest: keys.iter().map(entry).collect(), rate: per_minute.map(Rate::new) }
    }

    /// Whose key it is.
    pub fn owner(&self, key: &[u8]) -> Option<Owner> {
        self.by_digest.get(&Sha256::of(key).0).map(|(owner, _)| Owner(owner.clone()))
    }

    /// The key of an owner.
    pub fn secret(&self, owner: &str) -> Option<&SecretString> {
        self.by_digest.values().find(|(name, _)| name == owner).map(|(_, key)| key)
    }

    /// Counts a request at `now`.
    ///
    /// # Errors
    /// How long to wait when there were too many.
    pub fn count(&self, owner: &Owner, now: Instant) -> Result<(), Duration> {
        self.rate.as_ref().map_or(Ok(()), |rate| rate.count(&owner.0, now))
    }
}

/// So many a minute, all of them at once if need be: the generic cell rate algorithm.
struct Rate {
    /// The time that one request uses up.
    each: Duration,
    /// When an owner has used up nothing.
    free_at: Mutex<HashMap<String, Instant>>,
}

impl Rate {
    fn new(per_minute: u32) -> Rate {
        Rate { each: MINUTE / per_minute.max(1), free_at: Mutex::new(HashMap::new()) }
    }

    fn count(&self, owner: &str, now: Instant) -> Result<(), Duration> {
        let mut all = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        let free_at = all.get(owner).copied().unwrap_or(now).max(now) + self.each;
        match free_at.checked_duration_since(now + MINUTE) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                all.insert(owner.to_owned(), free_at);
                Ok(())
            }
        }
    }
}

const MINUTE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_or_not() {
        let keys = Keys::of(&["one".into(), "two".into()], None);
        let owner = keys.owner(b"one").unwrap();
        assert_ne!(owner, keys.owner(b"two").unwrap());
        assert_eq!(keys.secret(&owner.0).unwrap().expose_secret(), "one");
        assert_eq!((keys.owner(b"on"), keys.owner(b"")), (None, None));
    }

    #[test]
    fn so_many_a_minute_and_then_one_by_one() {
        let keys = Keys::of(&["one".into(), "two".into()], Some(60));
        let (one, two) = (keys.owner(b"one").unwrap(), keys.owner(b"two").unwrap());
        let start = Instant::now();
        for _ in 0..60 {
            assert_eq!(keys.count(&one, start), Ok(()));
        }
        assert_eq!(keys.count(&one, start), Err(Duration::from_secs(1)));
        assert_eq!(keys.count(&two, start), Ok(()), "others are not held up");
        assert_eq!(keys.count(&one, start + Duration::from_secs(1)), Ok(()));
        assert!(keys.count(&one, start + Duration::from_secs(1)).is_err());
    }
}
