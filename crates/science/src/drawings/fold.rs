//! A fold on its lattice: hydrophobic residues are filled, polar ones hollow.

use svg::{
    Document,
    node::element::{Circle, Group, Polyline, Text, Title},
};

use super::{NAME, at, page};
use crate::hp::{Place, places};
use domain::{result::Fold, units::clean};

/// From one residue to the next.
const STEP: f64 = 28.0;
const RADIUS: f64 = 6.5;
/// Around the fold, and above it for its name.
const MARGIN: f64 = 24.0;
const HEAD: f64 = 34.0;
/// How far a layer lies behind the one before it, of a step: to the right and up.
const BEHIND: (f64, f64) = (0.52, 0.36);
/// The narrowest drawing: its name is to fit.
const NARROWEST: f64 = 360.0;

/// The drawing; none of what is no walk.
pub(super) fn drawn(fold: &Fold) -> Option<Document> {
    let places = places(&fold.walk, fold.dimension).ok()?;
    if places.len() != fold.hp.len() {
        return None;
    }
    let flat: Vec<(f64, f64)> = places.iter().map(projected).collect();
    let (left, top) = corner(&flat, f64::min);
    let (right, bottom) = corner(&flat, f64::max);
    let points: Vec<(f64, f64)> =
        flat.iter().map(|(x, y)| (at(x - left + MARGIN), at(y - top + MARGIN + HEAD))).collect();
    let (width, height) = ((right - left + 2.0 * MARGIN).max(NARROWEST), bottom - top + 2.0 * MARGIN + HEAD);
    let id = clean(&fold.id, NAME);
    let hydrophobic = fold.hp.chars().filter(|kind| *kind == 'H').count();
    let title = format!("{id}: {} residues, {}D, energy {}", fold.length, fold.dimension, fold.energy);
    let description = format!(
        "A fold of {id} in the HP lattice model: {hydrophobic} hydrophobic residues (filled) and {} polar ones (hollow) along a \
         chain; energy {} is minus the number of contacts between hydrophobic residues off the chain. Walk: {}",
        fold.hp.len() - hydrophobic,
        fold.energy,
        fold.walk
    );
    let head = Text::new(title.clone()).set("class", "ink").set("x", MARGIN).set("y", 28).set("font-size", 15);
    let chain = points.iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ");
    let chain = Polyline::new().set("class", "line").set("stroke-width", 3).set("points", chain);
    // What lies behind is drawn first.
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by_key(|&i| places.get(i).map_or(0, |place| -place[2]));
    let mut residues = Group::new().set("stroke-width", 2);
    for i in order {
        let (Some((x, y)), Some(kind)) = (points.get(i), fold.hp.as_bytes().get(i)) else { continue };
        let (class, name) = if *kind == b'H' { ("mark", "hydrophobic") } else { ("hollow", "polar") };
        let title = Title::new(format!("{} {name}", i + 1));
        residues =
            residues.add(Circle::new().set("class", class).set("cx", *x).set("cy", *y).set("r", RADIUS).add(title));
    }
    Some(page(at(width), at(height), &title, &description).add(head).add(chain).add(residues))
}

/// Where a place of the lattice is drawn; rows run downwards.
fn projected(place: &Place) -> (f64, f64) {
    let [x, y, z] = place.map(|along| along as f64);
    ((x + BEHIND.0 * z) * STEP, -(y + BEHIND.1 * z) * STEP)
}

fn corner(points: &[(f64, f64)], which: fn(f64, f64) -> f64) -> (f64, f64) {
    points.iter().copied().reduce(|a, b| (which(a.0, b.0), which(a.1, b.1))).unwrap_or_default()
}
