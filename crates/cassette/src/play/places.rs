//! Paths of the run that is played, and what they were in the recorded one.

use std::cmp::Reverse;

use aho_corasick::AhoCorasick;

/// Changes paths of one run into those of another, in one pass: what was put in is never changed again.
pub struct Places {
    there: Vec<String>,
    search: Option<AhoCorasick>,
}

impl Places {
    /// From the first of each pair to the second. The root is no place: it begins every path.
    pub fn new<'t>(pairs: impl Iterator<Item = (&'t str, &'t str)>) -> Places {
        let plain = |path: &'t str| path.trim_end_matches('/');
        let pairs = pairs.map(|(here, there)| (plain(here), plain(there)));
        let (here, there): (Vec<&str>, Vec<&str>) =
            pairs.filter(|(here, there)| !here.is_empty() && !there.is_empty()).unzip();
        Places { there: there.into_iter().map(str::to_owned).collect(), search: AhoCorasick::new(here).ok() }
    }

    /// The text with each whole path changed, the longest that begins at a place.
    pub fn change(&self, text: &str) -> String {
        let mut found: Vec<_> = self
            .search
            .iter()
            .flat_map(|search| search.find_overlapping_iter(text))
            .filter(|m| whole(text, m.range()))
            .collect();
        found.sort_by_key(|m| (m.start(), Reverse(m.end()), m.pattern()));
        let (mut out, mut from) = (String::with_capacity(text.len()), 0);
        for one in found {
            let Some(before) = text.get(from..one.start()) else { continue };
            out.push_str(before);
            out.push_str(self.there.get(one.pattern().as_usize()).map_or("", String::as_str));
            from = one.end();
        }
        out.push_str(text.get(from..).unwrap_or_default());
        out
    }
}

/// Whether a path stands there that is no part of a longer name: neither of `/workshop` nor of `/var/work` for `/work`.
fn whole(text: &str, at: std::ops::Range<usize>) -> bool {
    let in_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let after = text.get(at.end..).and_then(|rest| rest.chars().next());
    let mut before = text.get(..at.start).unwrap_or_default().chars().rev();
    let (last, second) = (before.next(), before.next());
    // After `\n` in JSON the letter is the end of an escape.
    let escaped = second == Some('\\') && matches!(last, Some('n' | 't' | 'r'));
    !after.is_some_and(in_name) && (escaped || !last.is_some_and(|c| in_name(c) || c == '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(pairs: &[(&str, &str)], text: &str) -> String {
        Places::new(pairs.iter().copied()).change(text)
    }

    #[test]
    fn what_was_put_in_is_not_changed_again() {
        let pairs = [("/tmp/agent-replay-1", "/tmp/home"), ("/work", "/tmp"), ("/tmp", "/elsewhere")];
        let text = "/tmp/agent-replay-1/results of /work/a, /tmp/b and /tmp/agent-replay-12";
        assert_eq!(changed(&pairs, text), "/tmp/home/results of /tmp/a, /elsewhere/b and /elsewhere/agent-replay-12");
    }

    #[test]
    fn only_whole_names_and_never_the_root() {
        let pairs = [("/", "/data"), ("/work/", "/there"), ("/home", "/")];
        for (text, after) in [
            ("http://host/a/b in / and //", "http://host/a/b in / and //"),
            ("/work /work. (/work) /work/ \"/work\"", "/there /there. (/there) /there/ \"/there\""),
            (
                "/workshop /work-2 /work_3 /worké /var/work http://h.x/work",
                "/workshop /work-2 /work_3 /worké /var/work http://h.x/work",
            ),
            (r#"{"log":"in:\n/work/a"}"#, r#"{"log":"in:\n/there/a"}"#),
            ("file:///work/a", "file:///there/a"),
            ("/home/a", "/home/a"),
        ] {
            assert_eq!(changed(&pairs, text), after);
        }
        assert_eq!(changed(&[], "/work"), "/work");
    }
}
