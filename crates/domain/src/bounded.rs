//! JSON of others, read within bounds: what it may hold is counted as it streams by, before anything is made of it.
//!
//! `{"":0}` is seven bytes and half a kilobyte of memory, so that a bound of bytes alone is none of memory.

use std::io::{self, BufReader, Read};

use serde::de::DeserializeOwned;

use super::units;

/// What a document may hold at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes in all.
    pub bytes: u64,
    /// Objects and arrays within each other.
    pub depth: u32,
    /// Values in all, those within others too.
    pub values: u64,
}

/// Why a document was not read.
#[derive(Debug, thiserror::Error)]
pub enum BoundedError {
    /// It holds more than it may.
    #[error("it is too large: {0}")]
    TooLarge(Excess),
    /// It could not be read.
    #[error(transparent)]
    Read(io::Error),
    /// It is not JSON, or other JSON than is asked for.
    #[error(transparent)]
    Json(serde_json::Error),
}

/// What there is too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Excess {
    /// Bytes.
    #[error("more than the {} that it may have", units::bytes(*.0))]
    Bytes(u64),
    /// Objects and arrays within each other.
    #[error("more than {0} objects and lists within each other")]
    Depth(u32),
    /// Values.
    #[error("more than {} values", units::count(*.0))]
    Values(u64),
}

/// Reads one document from a stream; no more of it is in memory than what was made of it.
///
/// # Errors
/// As [`BoundedError`] says. What is past a bound is never read.
pub fn read<T: DeserializeOwned>(source: impl Read, bounds: Bounds) -> Result<T, BoundedError> {
    let mut counted = Counted { source, count: Count::of(bounds) };
    let read = serde_json::from_reader(BufReader::new(&mut counted));
    match (read, counted.count.excess) {
        (_, Some(excess)) => Err(BoundedError::TooLarge(excess)),
        (Ok(value), None) => Ok(value),
        (Err(error), None) if error.is_io() => Err(BoundedError::Read(error.into())),
        (Err(error), None) => Err(BoundedError::Json(error)),
    }
}

/// Reads one document that is in memory.
///
/// # Errors
/// As [`read`].
pub fn from_slice<T: DeserializeOwned>(text: &[u8], bounds: Bounds) -> Result<T, BoundedError> {
    count(text, bounds).map_err(BoundedError::TooLarge)?;
    serde_json::from_slice(text).map_err(BoundedError::Json)
}

/// Counts what a document in memory holds.
///
/// # Errors
/// What there is too much of.
pub fn count(text: &[u8], bounds: Bounds) -> Result<(), Excess> {
    Count::of(bounds).take(text)
}

/// A stream of which what the document holds is counted.
struct Counted<R> {
    source: R,
    count: Count,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.count.take(buffer.get(..read).unwrap_or_default()).map_err(io::Error::other)?;
        Ok(read)
    }
}

/// What has come so far. Outside of strings each `,`, `[` and `{` begins at most one value: no value goes uncounted, whether
/// or not the whole is JSON.
struct Count {
    bounds: Bounds,
    bytes: u64,
    depth: u32,
    values: u64,
    in_string: bool,
    escaped: bool,
    excess: Option<Excess>,
}

impl Count {
    fn of(bounds: Bounds) -> Count {
        Count { bounds, bytes: 0, depth: 0, values: 1, in_string: false, escaped: false, excess: None }
    }

    fn take(&mut self, piece: &[u8]) -> Result<(), Excess> {
        if let Some(excess) = self.excess {
            return Err(excess);
        }
        self.bytes = self.bytes.saturating_add(piece.len() as u64);
        if self.bytes > self.bounds.bytes {
            self.excess = Some(Excess::Bytes(self.bounds.bytes));
        } else {
            piece.iter().for_each(|&byte| self.step(byte));
        }
        self.excess.map_or(Ok(()), Err)
    }

    fn step(&mut self, byte: u8) {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b',' => self.values += 1,
            b'[' | b'{' => {
                self.values += 1;
                self.depth += 1;
            }
            b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if self.depth > self.bounds.depth {
            self.excess.get_or_insert(Excess::Depth(self.bounds.depth));
        }
        if self.values > self.bounds.values {
            self.excess.get_or_insert(Excess::Values(self.bounds.values));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const BOUNDS: Bounds = Bounds { bytes: 1000, depth: 4, values: 20 };

    fn excess(text: &str) -> Option<Excess> {
        let streamed = read::<Value>(text.as_bytes(), BOUNDS);
        let whole = from_slice::<Value>(text.as_bytes(), BOUNDS);
        match (streamed, whole) {
            (Err(BoundedError::TooLarge(a)), Err(BoundedError::TooLarge(b))) => {
                assert_eq!(a, b);
                Some(a)
            }
            (Ok(a), Ok(b)) => {
                assert_eq!(a, b);
                None
            }
            (a, b) => panic!("{a:?} {b:?}"),
        }
    }

    #[test]
    fn each_bound_is_kept_and_what_is_within_them_is_read() {
        assert_eq!(excess("[[[[1]]]]"), None);
        assert_eq!(excess("[[[[[1]]]]]"), Some(Excess::Depth(4)));
        assert_eq!(excess(&json!(vec![1; 18]).to_string()), None);
        assert_eq!(excess(&json!(vec![1; 21]).to_string()), Some(Excess::Values(20)));
        assert_eq!(excess(&format!("[{}1]", r#"{"":0},"#.repeat(20))), Some(Excess::Values(20)));
        assert_eq!(excess(&json!("x".repeat(900)).to_string()), None);
        assert_eq!(excess(&json!("x".repeat(1000)).to_string()), Some(Excess::Bytes(1000)));
        // What stands within a string is no structure.
        assert_eq!(excess(&json!({"a\"[[[[[": ",".repeat(400) + "\\\"[[[[["}).to_string()), None);
    }

    #[test]
    fn a_stream_without_end_is_left_at_the_bound() {
        let bounds = Bounds { bytes: 1 << 20, depth: u32::MAX, values: u64::MAX };
        for byte in [b'[', b' ', b'"'] {
            let left = read::<serde::de::IgnoredAny>(io::repeat(byte), bounds);
            assert!(matches!(left, Err(BoundedError::TooLarge(Excess::Bytes(_)) | BoundedError::Json(_))), "{left:?}");
        }
        let deep = read::<Value>(io::repeat(b'['), Bounds { depth: 64, ..bounds });
        assert!(matches!(deep, Err(BoundedError::TooLarge(Excess::Depth(64)))), "{deep:?}");
    }

    fn values(value: &Value) -> u64 {
        1 + match value {
            Value::Array(all) => all.iter().map(values).sum(),
            Value::Object(all) => all.values().map(values).sum(),
            _ => 0,
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), any::<i64>().prop_map(Value::from), ".{0,6}".prop_map(Value::from)];
        leaf.prop_recursive(4, 60, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(".{0,4}", inner, 0..6)
                    .prop_map(|all| Value::Object(all.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_value_goes_uncounted(value in any_json(), most in 1_u64..60) {
            let bounds = Bounds { bytes: 1 << 20, depth: 64, values: most };
            let read = from_slice::<Value>(value.to_string().as_bytes(), bounds);
            if values(&value) > most {
                prop_assert!(matches!(read, Err(BoundedError::TooLarge(Excess::Values(_)))));
            } else if let Ok(read) = read {
                prop_assert_eq!(read, value);
            }
        }
    }
}
