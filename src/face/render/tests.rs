use super::*;
use crate::face::sample;

fn all(events: &[Event], width: usize) -> String {
    let look = Look::plain(width);
    events.iter().flat_map(|event| lines(event, &look)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_whole_story_at_80() {
    insta::assert_snapshot!(all(&sample::story(), 80));
}

#[test]
fn a_whole_story_at_40() {
    insta::assert_snapshot!(all(&sample::story(), 40));
}

#[test]
fn troubles_at_80() {
    insta::assert_snapshot!(all(&sample::troubles(), 80));
}

#[test]
fn troubles_at_40() {
    insta::assert_snapshot!(all(&sample::troubles(), 40));
}

#[test]
fn colours_change_nothing_but_colours() {
    let (plain, coloured) = (Look::plain(80), Look { width: 80, colour: true });
    for event in sample::story().iter().chain(&sample::troubles()) {
        let stripped: Vec<String> = lines(event, &coloured)
            .iter()
            .map(|line| {
                let mut out = String::new();
                let mut rest = line.as_str();
                while let Some((before, after)) = rest.split_once("\u{1b}[") {
                    out.push_str(before);
                    rest = after.split_once('m').map_or("", |(_, rest)| rest);
                }
                (out + rest).trim_end().to_owned()
            })
            .collect();
        assert_eq!(stripped, lines(event, &plain));
    }
}

#[test]
fn nothing_a_terminal_obeys_is_printed() {
    for event in sample::troubles() {
        for line in lines(&event, &Look::plain(80)) {
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
    }
}
