//! The sentences of `sentences.txt` and `money.txt`, each with its whole reading.

use super::talk::Talk;

/// Says what a table holds, and tells every sentence that reads otherwise than it stands there.
fn check(table: &str) {
    let mut wrong = String::new();
    let mut sentences = 0;
    for group in table.split("\n## ").skip(1) {
        let (head, lines) = group.split_once('\n').unwrap();
        let mut head = head.split('|').map(str::trim);
        let (name, kind) = (head.next().unwrap(), head.next().unwrap());
        let files: Vec<&str> = head.collect();
        let mut talk = Talk::new(&files);
        let mut lines = lines.lines().filter(|line| !line.is_empty());
        while let (Some(said), Some(expected)) = (lines.next(), lines.next()) {
            assert!(expected.starts_with("    "), "{name}: {said}");
            if kind == "each" {
                talk = Talk::new(&files);
            }
            let reading = talk.says(&said.replace("\\n", "\n").replace("\\\\", "\\"));
            if reading != expected.trim_start() {
                wrong.push_str(&format!("{name}: {said}\n    {reading}\n  not {}\n", expected.trim_start()));
            }
            sentences += 1;
        }
    }
    assert!(wrong.is_empty() && sentences > 100, "{wrong}");
}

#[test]
fn sentences_read_as_people_mean_them() {
    check(include_str!("sentences.txt"));
}

/// Limits, bans, places, questions and agreement: what binds, what makes a plan and no more, and what a yes is.
#[test]
fn money_and_place_are_never_guessed() {
    check(include_str!("money.txt"));
}
