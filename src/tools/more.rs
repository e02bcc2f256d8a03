//! The argument by which a call names more jobs than one.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::next;
use domain::ids::JobId;

/// More jobs of the same step, beside the one that a call names first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum More {
    /// Every job of the same request that waits for it.
    All,
    /// These.
    Ids(Vec<JobId>),
}

impl<'de> Deserialize<'de> for More {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<More, D::Error> {
        let names = Vec::<String>::deserialize(from)?;
        if names.iter().any(|name| name == next::ALL) {
            return Ok(More::All);
        }
        let ids = names.iter().map(|name| name.parse()).collect::<Result<_, _>>();
        ids.map(More::Ids).map_err(D::Error::custom)
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
