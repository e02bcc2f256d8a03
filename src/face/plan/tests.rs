use textwrap::core::display_width;

use super::*;
use crate::{
    domain::{
        money::Datoshi,
        network::{MAINNET, Network},
        plan::{PlannedWork, PriceSource},
        request::{Bounds, Locality, Spend, Until},
    },
    face::sample_plans::{self, local, offloaded, planned},
};

/// The three widths one below the other.
fn seen(plan: &Plan) -> String {
    let at = |width: usize| {
        format!("{:·^width$}\n{}", format!(" {width} "), super::plan(plan, &Look::plain(width)).join("\n"))
    };
    [60, 80, 120].map(at).join("\n\n")
}

#[test]
fn one_free_local_work() {
    insta::assert_snapshot!(seen(&sample_plans::one_local()));
}

#[test]
fn one_offload_in_the_sandbox() {
    insta::assert_snapshot!(seen(&sample_plans::one_in_the_sandbox()));
}

#[test]
fn one_offload_on_mainnet() {
    insta::assert_snapshot!(seen(&sample_plans::one_on_mainnet()));
}

#[test]
fn four_files_mixed() {
    insta::assert_snapshot!(seen(&sample_plans::mixed()));
}

#[test]
fn a_thousand_works() {
    insta::assert_snapshot!(seen(&sample_plans::thousand()));
}

#[test]
fn nothing_possible() {
    insta::assert_snapshot!(seen(&sample_plans::nothing_possible()));
}
