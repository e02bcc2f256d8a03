//! How arguments are written: a form each, which the schema shows as a pattern and the parser holds to.
//!
//! `tests/agreement.rs` holds schema and parser against each other. What a pattern cannot say is the checksum of an address,
//! which the parser tells alone.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error as _, IntoDeserializer as _},
};

use super::next;
use domain::{
    hash::Hash160,
    ids::JobId,
    money::{AmountError, Datoshi},
    units::quoted,
};

/// A job id, for a schema.
pub struct Job;

/// An amount of GAS as text: `2`, `0.5`, `2 GAS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gas(pub Datoshi);

/// An account as an address, or as a script hash that begins with `0x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account(pub Hash160);

/// More jobs of the same step, beside the one that a call names first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum More {
    /// Every job of the same request that waits for it.
    All,
    /// These.
    Ids(Vec<JobId>),
}

impl Gas {
    /// Ten digits before the point are more than all the GAS that there will be; GAS has eight decimals.
    pub const PATTERN: &str = r"^[0-9]{1,10}(\.[0-9]{1,8})?( ?(GAS|gas))?$";

    fn is_form(text: &str) -> bool {
        let number = text.strip_suffix("GAS").or_else(|| text.strip_suffix("gas"));
        let number = number.map_or(text, |n| n.strip_suffix(' ').unwrap_or(n));
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |s: &str, most| (1..=most).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
        digits(whole, 10) && digits(part, 8)
    }
}

impl Account {
    /// The base 58 of Neo N3's address version, or 20 bytes in hexadecimal.
    pub const PATTERN: &str = "^(N[1-9A-HJ-NP-Za-km-z]{33}|0x[0-9a-fA-F]{40})$";
}

/// An optional argument: left out, or of its type. `null` is neither.
///
/// # Errors
/// Those of the type.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// An optional argument that is one of a few words, written as a word and in no other way.
///
/// # Errors
/// No text, or another word.
pub fn word<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(String::deserialize(from)?.into_deserializer()).map(Some)
}

fn text_of(pattern: &str) -> Schema {
    json_schema!({"type": "string", "pattern": pattern})
}

impl JsonSchema for Job {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Job".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        text_of(JobId::PATTERN)
    }
}

impl<'de> Deserialize<'de> for Gas {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Gas, D::Error> {
        let text = String::deserialize(from)?;
        let amount = text.parse().map_err(D::Error::custom)?;
        if Gas::is_form(&text) { Ok(Gas(amount)) } else { Err(D::Error::custom(AmountError::Form(quoted(&text)))) }
    }
}

impl Serialize for Gas {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.gas_string())
    }
}

impl JsonSchema for Gas {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Gas".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        text_of(Gas::PATTERN)
    }
}

impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Account, D::Error> {
        let text = String::deserialize(from)?;
        let account = Hash160::parse_account(&text).map_err(D::Error::custom)?;
        if text.trim() != text {
            return Err(D::Error::custom(format!("{} has blanks around the address", quoted(&text))));
        }
        Ok(Account(account))
    }
}

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.address())
    }
}

impl JsonSchema for Account {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Account".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        text_of(Account::PATTERN)
    }
}

impl<'de> Deserialize<'de> for More {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<More, D::Error> {
        let (mut all, mut ids) = (false, Vec::new());
        for name in Vec::<String>::deserialize(from)? {
            match name == next::ALL {
                true => all = true,
                false => ids.push(name.parse().map_err(D::Error::custom)?),
            }
        }
        Ok(if all { More::All } else { More::Ids(ids) })
    }
}

impl Serialize for More {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            More::All => [next::ALL].serialize(to),
            More::Ids(ids) => ids.serialize(to),
        }
    }
}

impl JsonSchema for More {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "More".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let id = JobId::PATTERN.trim_start_matches('^').trim_end_matches('$');
        json_schema!({"type": "array", "items": text_of(&format!("^({}|{id})$", next::ALL))})
    }
}
