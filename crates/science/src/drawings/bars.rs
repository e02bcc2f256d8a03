//! A histogram: lying bars, one below the other, each with its range and its count.

use svg::{
    Document,
    node::element::{Rectangle, Text},
};

use super::{at, page};
use crate::Bar;
use domain::units::count;

const WIDTH: f64 = 640.0;
const HEAD: f64 = 48.0;
const ROW: f64 = 22.0;
const THICK: f64 = 15.0;
/// Where bars begin, and what is left for counts behind the longest.
const LEFT: f64 = 170.0;
const RIGHT: f64 = 110.0;

/// What is counted.
pub(super) struct Counted {
    title: &'static str,
    /// Of what: `sequences`.
    what: &'static str,
    /// By what: `residues`.
    by: &'static str,
}

pub(super) const LENGTHS: Counted = Counted { title: "Lengths of sequences", what: "sequences", by: "residues" };
pub(super) const QUALITIES: Counted = Counted { title: "Qualities of bases", what: "bases", by: "Phred quality" };

pub(super) fn drawn(bars: &[Bar], of: &Counted) -> Document {
    let Counted { title, what, by } = of;
    let most = bars.iter().map(|bar| bar.count).max().unwrap_or(0).max(1);
    let told: Vec<String> = bars.iter().map(|bar| format!("{}: {}", range(bar), count(bar.count))).collect();
    let description = format!("A histogram of {what} by {by}. {}", told.join("; "));
    let height = HEAD + ROW * bars.len() as f64 + 14.0;
    let text = |words: String, x: f64, y: f64| {
        Text::new(words).set("class", "ink").set("x", at(x)).set("y", at(y)).set("font-size", 13)
    };
    let mut drawing = page(WIDTH, at(height), title, &description)
        .add(text(format!("{title} ({what} by {by})"), 14.0, 28.0).set("font-size", 15));
    for (i, bar) in bars.iter().enumerate() {
        let top = HEAD + ROW * i as f64;
        let long = (WIDTH - LEFT - RIGHT) * (bar.count as f64 / most as f64);
        let mark = Rectangle::new()
            .set("class", "mark")
            .set("x", LEFT)
            .set("y", at(top))
            .set("width", at(long))
            .set("height", THICK);
        drawing = drawing.add(text(range(bar), LEFT - 10.0, top + 12.5).set("text-anchor", "end")).add(mark).add(text(
            count(bar.count),
            LEFT + long + 8.0,
            top + 12.5,
        ));
    }
    drawing
}

fn range(bar: &Bar) -> String {
    if bar.from == bar.to { count(bar.from) } else { format!("{} to {}", count(bar.from), count(bar.to)) }
}
