//! Values at random, for the property tests of whoever works with them.

use proptest::prelude::*;

use crate::{
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
