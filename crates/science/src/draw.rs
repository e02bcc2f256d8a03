//! Folds drawn in a terminal.

use super::hp::{Place, places};
use domain::result::Fold;

/// A drawing's characters, row by row.
struct Canvas {
    width: usize,
    cells: Vec<char>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Canvas {
        Canvas { width, cells: vec![' '; width * height] }
    }

    fn put(&mut self, column: usize, row: usize, mark: char) {
        if let Some(cell) = self.cells.get_mut(row * self.width + column) {
            *cell = mark;
        }
    }

    fn lines(&self) -> Vec<String> {
        self.cells.chunks(self.width).map(|row| row.iter().collect::<String>().trim_end().to_owned()).collect()
    }
}

/// Draws a fold: ● hydrophobic, ○ polar, ─ and │ along the chain. A fold in 3D is drawn layer by layer from the lowest;
/// a mark at the lower right of a residue says that the chain goes on above (`+`), below (`-`) or both (`±`).
///
/// `None` when it would be wider than `max_width` columns, or is no walk.
pub fn draw(fold: &Fold, max_width: usize) -> Option<String> {
    let places = places(&fold.walk, fold.dimension).ok()?;
    if places.len() != fold.hp.len() {
        return None;
    }
    let solid = fold.dimension == 3;
    // One more column and row for the marks at the lower right.
    let columns = |extent: usize| 2 * extent - 1 + usize::from(solid);
    let (mut places, mut size) = boxed(&places);
    // Lying down it takes fewer lines; standing up it fits narrow terminals.
    let [x, y, _] = size;
    if (y > x && columns(y) <= max_width) || columns(x) > max_width {
        places.iter_mut().for_each(|p| p.swap(0, 1));
        size.swap(0, 1);
    }
    let [x, y, layers] = size;
    let label = |layer: usize| format!("z={layer}");
    if columns(x) > max_width || (solid && label(layers).len() > max_width) {
        return None;
    }
    let mut out = Vec::new();
    for layer in 0..layers {
        let mut canvas = Canvas::new(columns(x), columns(y));
        // Rows run downwards, y upwards.
        let at = |[px, py, _]: [usize; 3]| (2 * px, 2 * (y - 1 - py));
        let mut residues = places.iter().zip(fold.hp.chars()).enumerate().filter(|(_, (p, _))| p[2] == layer);
        for (i, (&place, kind)) in &mut residues {
            let (column, row) = at(place);
            canvas.put(column, row, if kind == 'H' { '●' } else { '○' });
            let before = i.checked_sub(1).and_then(|j| places.get(j));
            if let Some(&before) = before
                && before[2] == layer
            {
                let (from, to) = (at(before), (column, row));
                let bond = if from.1 == to.1 { '─' } else { '│' };
                canvas.put(from.0.midpoint(to.0), from.1.midpoint(to.1), bond);
            }
            let neighbours = [before, places.get(i + 1)];
            let goes = |up: bool| neighbours.iter().flatten().any(|p| p[2] != layer && (p[2] > layer) == up);
            match (goes(true), goes(false)) {
                (true, true) => canvas.put(column + 1, row + 1, '±'),
                (true, false) => canvas.put(column + 1, row + 1, '+'),
                (false, true) => canvas.put(column + 1, row + 1, '-'),
                (false, false) => {}
            }
        }
        if solid {
            out.push(label(layer + 1));
        }
        out.extend(canvas.lines());
    }
    while out.last().is_some_and(String::is_empty) {
        out.pop();
    }
    Some(out.join("\n"))
}

/// The places counted from the corner of the smallest box around them, and the box's sides.
fn boxed(places: &[Place]) -> (Vec<[usize; 3]>, [usize; 3]) {
    let low = |axis: usize| places.iter().map(|p| p[axis]).min().unwrap_or(0);
    let corner = [low(0), low(1), low(2)];
    let within = |p: &Place| [0, 1, 2].map(|axis| usize::try_from(p[axis] - corner[axis]).unwrap_or(0));
    let inside: Vec<[usize; 3]> = places.iter().map(within).collect();
    let side = |axis: usize| inside.iter().map(|p| p[axis]).max().unwrap_or(0) + 1;
    let sides = [side(0), side(1), side(2)];
    (inside, sides)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fold(hp: &str, walk: &str, dimension: u8) -> Fold {
        let length = hp.len() as u64;
        Fold { id: "a".to_owned(), length, dimension, energy: 0, walk: walk.to_owned(), hp: hp.to_owned() }
    }

    #[test]
    fn a_flat_fold() {
        let drawing = draw(&fold("HPHPPHHPHPPHPHHPPHPH", "DLLURULUURDRDRURDDL", 2), 80).unwrap();
        insta::assert_snapshot!(drawing, @"
        ○─○
        │ │
        ● ●─○ ○─○
        │   │ │ │
        ○─● ●─● ●
          │     │
        ○─● ● ●─○
        │   │
        ○─●─○
        ");
    }

    #[test]
    fn a_solid_fold_in_layers() {
        let drawing = draw(&fold("HPHPPHHPHPPHPHHPPHPH", "DRDBULBRRULLFRRFLFL", 3), 80).unwrap();
        insta::assert_snapshot!(drawing, @"
        z=1
        ○─●─○
         +  │
        ○─●─○
         +


        z=2
        ●─●─○
         -   +
        ●─●
         -│
          ○
           +
        z=3
        ● ●─○
        │  + -
        ○─●
          │
          ○
           -
        z=4
        ●─○
           -
        ");
    }

    #[test]
    fn turned_to_fit_or_not_drawn() {
        let tall = fold("HHHH", "UUU", 2);
        assert_eq!(draw(&tall, 80).unwrap(), "●─●─●─●", "lying down");
        assert_eq!(draw(&tall, 6).unwrap(), "●\n│\n●\n│\n●\n│\n●");
        assert_eq!(draw(&fold("HHHHHHH", "UUURRR", 2), 6), None);
        assert_eq!(draw(&fold("H", "", 2), 1).unwrap(), "●");
        assert_eq!(draw(&fold("HHH", "UU", 2), 0), None);
        assert_eq!(draw(&fold("HHH", "U", 2), 80), None);
        assert_eq!(draw(&fold("HHH", "UF", 2), 80), None);
    }

    proptest! {
        /// Whatever a provider sends as a walk is drawn within the width, or not at all.
        #[test]
        fn drawings_keep_to_the_width(walk in "[RLUDFB]{0,40}", dimension in 0_u8..5, width in 0_usize..60) {
            let hp = "HP".repeat(21).chars().take(walk.len() + 1).collect::<String>();
            if let Some(drawing) = draw(&fold(&hp, &walk, dimension), width) {
                prop_assert!(drawing.lines().all(|line| line.chars().count() <= width));
                prop_assert!(drawing.contains('●'));
            }
        }
    }
}
