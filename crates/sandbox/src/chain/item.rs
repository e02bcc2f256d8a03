//! Values of the sandbox's virtual machine, and their JSON as nodes print it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use domain::hash::Hash160;

/// A value on the stack. Integers beyond 128 bits exist on Neo and not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A row of values.
    Array(Vec<Item>),
}

impl Item {
    /// As JSON-RPC prints a stack item with its type.
    pub fn json(&self) -> Value {
        match self {
            Item::Null => json!({"type": "Any"}),
            Item::Bool(value) => json!({"type": "Boolean", "value": value}),
            Item::Integer(value) => json!({"type": "Integer", "value": value.to_string()}),
            Item::Bytes(bytes) => json!({"type": "ByteString", "value": STANDARD.encode(bytes)}),
            Item::Array(items) => {
                json!({"type": "Array", "value": items.iter().map(Item::json).collect::<Vec<_>>()})
            }
        }
    }

    /// The name of its type, for exceptions.
    pub fn kind(&self) -> &'static str {
        match self {
            Item::Null => "Null",
            Item::Bool(_) => "Boolean",
            Item::Integer(_) => "Integer",
            Item::Bytes(_) => "ByteString",
            Item::Array(_) => "Array",
        }
    }

    /// True or false, as instructions that test a value take it.
    ///
    /// # Errors
    /// Bytes too long for a number.
    pub fn to_bool(&self) -> Result<bool, String> {
        match self {
            Item::Null => Ok(false),
            Item::Bool(value) => Ok(*value),
            Item::Integer(value) => Ok(*value != 0),
            Item::Bytes(bytes) if bytes.len() > 32 => Err("too big integer".to_owned()),
            Item::Bytes(bytes) => Ok(bytes.iter().any(|byte| *byte != 0)),
            Item::Array(_) => Ok(true),
        }
    }

    /// A number, as instructions that count take it: bytes are little-endian, two's complement.
    ///
    /// # Errors
    /// What is no number, or is beyond 128 bits.
    pub fn to_integer(&self) -> Result<i128, String> {
        match self {
            Item::Integer(value) => Ok(*value),
            Item::Bool(value) => Ok(i128::from(*value)),
            Item::Bytes(bytes) => integer_of(bytes).ok_or_else(|| beyond(bytes.len())),
            other => Err(format!("invalid conversion: {}/Integer", other.kind())),
        }
    }

    /// Bytes, as contracts that want bytes take them: numbers in their shortest form.
    ///
    /// # Errors
    /// What has no bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, String> {
        match self {
            Item::Bytes(bytes) => Ok(bytes.clone()),
            Item::Bool(value) => Ok(vec![u8::from(*value)]),
            Item::Integer(value) => Ok(bytes_of(*value)),
            other => Err(format!("invalid conversion: {}/ByteString", other.kind())),
        }
    }

    /// An account's 20 bytes.
    ///
    /// # Errors
    /// Anything else.
    pub fn to_account(&self) -> Result<Hash160, String> {
        let bytes = self.to_bytes()?;
        bytes.as_slice().try_into().map(Hash160).map_err(|_| format!("expected byte size of 20 got {}", bytes.len()))
    }
}

/// Little-endian two's complement; `None` beyond 128 bits.
pub fn integer_of(bytes: &[u8]) -> Option<i128> {
    let fill = if bytes.last().is_some_and(|last| last & 0x80 != 0) { 0xff } else { 0 };
    let (low, high) = bytes.split_at(bytes.len().min(16));
    let mut wide = [fill; 16];
    wide.iter_mut().zip(low).for_each(|(to, from)| *to = *from);
    let value = i128::from_le_bytes(wide);
    let same_sign = high.is_empty() || ((value < 0) == (fill == 0xff) && high.iter().all(|byte| *byte == fill));
    same_sign.then_some(value)
}

fn bytes_of(value: i128) -> Vec<u8> {
    if value == 0 {
        return Vec::new();
    }
    let mut bytes = value.to_le_bytes().to_vec();
    let fill = if value < 0 { 0xff } else { 0 };
    while let [.., before, last] = bytes.as_slice() {
        if *last == fill && (before & 0x80 != 0) == (value < 0) {
            bytes.pop();
        } else {
            break;
        }
    }
    bytes
}

fn beyond(length: usize) -> String {
    match length {
        0..=32 => "the sandbox does not compute with integers beyond 128 bits".to_owned(),
        _ => format!("integer is too big: {length} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_bytes_convert_as_on_neo() {
        for (value, bytes) in [
            (0, &[][..]),
            (1, &[1]),
            (-1, &[0xff]),
            (127, &[0x7f]),
            (128, &[0x80, 0]),
            (-128, &[0x80]),
            (256, &[0, 1]),
            (200_000_000, &[0x00, 0xc2, 0xeb, 0x0b]),
        ] {
            assert_eq!(bytes_of(value), bytes, "{value}");
            assert_eq!(integer_of(bytes), Some(value), "{value}");
        }
        assert_eq!(integer_of(&[0xff; 32]), Some(-1));
        assert_eq!(integer_of(&[0x7f; 17]), None);
        let mut long = [0; 17];
        long[15] = 0x80;
        assert_eq!(integer_of(&long), None, "the sign bit of the 16th byte is a digit here");
    }
}
