//! Values for tests: at random for property tests, and plain ones to change a field of.

use std::path::PathBuf;

use proptest::prelude::*;

use crate::{
    dataset::{DatasetProfile, Format},
    money::Datoshi,
    request::{Bounds, Locality, Spend, Until},
};

/// Any bounds.
pub fn bounds() -> impl Strategy<Value = Bounds> {
    let place = prop_oneof![Just(Locality::Anywhere), Just(Locality::Here)];
    let spend = prop_oneof![
        Just(Spend::Nothing),
        Just(Spend::OwnersCaps),
        (1u64..1_000_000_000).prop_map(|n| Spend::AtMost(Datoshi::new(n).unwrap_or(Datoshi::MAX)))
    ];
    let until = prop_oneof![Just(Until::Plan), Just(Until::Quote), Just(Until::Done)];
    (place, spend, until).prop_map(|(place, spend, until)| Bounds { place, spend, until })
}

/// A dataset in which nothing was counted and nothing is odd.
pub fn dataset(path: impl Into<PathBuf>, bytes: u64, format: Format) -> DatasetProfile {
    DatasetProfile {
        path: path.into(),
        bytes,
        format,
        compression: None,
        foreign: None,
        oddities: Vec::new(),
        records: 0,
        residues: 0,
        longest: 0,
        alphabet: None,
        doubt: None,
        sampled: false,
        margins: None,
        zeros: false,
        modified_ns: 0,
    }
}
