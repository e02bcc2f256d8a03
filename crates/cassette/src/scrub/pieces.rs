//! What is left of a secret where a text that held it was cut: messages, names and long results are shortened on their way,
//! by this program and by others.

use std::ops::Range;

use aho_corasick::AhoCorasick;
use secrecy::zeroize::Zeroizing;

/// A piece is looked for when it is as long as this, bytes.
pub const SHORTEST_PIECE: usize = 10;
/// Pieces of shorter forms are not looked for: they would be ordinary words, bytes.
const SHORTEST_WHOLE: usize = 16;

/// An end of a form, by the form's place.
#[derive(Debug, Clone, Copy)]
enum End {
    First(usize),
    Last(usize),
}

/// Finds beginnings and ends of forms.
#[derive(Clone)]
pub struct Pieces {
    ends: Vec<End>,
    search: AhoCorasick,
}

impl Pieces {
    /// Those of these forms; `None` where no search can be built of them.
    pub fn of<T>(forms: &[(Zeroizing<Vec<u8>>, T)]) -> Option<Pieces> {
        let mut ends = Vec::new();
        let mut patterns: Vec<&[u8]> = Vec::new();
        for (at, (form, _)) in forms.iter().enumerate().filter(|(_, (form, _))| form.len() >= SHORTEST_WHOLE) {
            ends.push(End::First(at));
            patterns.extend(form.first_chunk::<SHORTEST_PIECE>().map(<[u8; _]>::as_slice));
            ends.push(End::Last(at));
            patterns.extend(form.last_chunk::<SHORTEST_PIECE>().map(<[u8; _]>::as_slice));
        }
        Some(Pieces { ends, search: AhoCorasick::new(patterns).ok()? })
    }

    /// Where in `bytes` pieces stand, each as far as it goes, in order and apart, with the place of a form it is of.
    pub fn in_bytes<T>(&self, bytes: &[u8], forms: &[(Zeroizing<Vec<u8>>, T)]) -> Vec<(Range<usize>, usize)> {
        let mut found: Vec<(Range<usize>, usize)> = Vec::new();
        for hit in self.search.find_overlapping_iter(bytes) {
            let Some(end) = self.ends.get(hit.pattern().as_usize()) else { continue };
            let (End::First(at) | End::Last(at)) = *end;
            let form = forms.get(at).map_or(&[][..], |(form, _)| form.as_slice());
            let span = match end {
                End::First(_) => {
                    let text = bytes.get(hit.start()..).unwrap_or_default();
                    let same = text.iter().zip(form).take_while(|(a, b)| a == b).count();
                    hit.start()..hit.start() + same
                }
                End::Last(_) => {
                    let text = bytes.get(..hit.end()).unwrap_or_default();
                    let same = text.iter().rev().zip(form.iter().rev()).take_while(|(a, b)| a == b).count();
                    hit.end() - same..hit.end()
                }
            };
            found.push((span, at));
        }
        found.sort_by_key(|(span, at)| (span.start, span.end, *at));
        found.dedup_by(|next, last| {
            let joined = next.0.start <= last.0.end;
            if joined {
                last.0.end = last.0.end.max(next.0.end);
            }
            joined
        });
        found
    }
}
