use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::model::{ChatRequest, ToolCall};

fn said(text: &str) -> Message {
    Message::User { text: text.to_owned() }
}

fn answered(text: &str) -> Message {
    Message::said(text)
}

fn story() -> Vec<Message> {
    let call = |id: &str| ToolCall { id: id.into(), name: "list_jobs".into(), arguments: "{}".into(), echo: None };
    let result = |id: &str| Message::ToolResult { call_id: id.into(), name: "list_jobs".into(), content: "{}".into() };
    let calls = Message::called("", vec![call("a"), call("b")]);
    vec![said("jobs?\nall"), calls, result("a"), result("b"), answered("None."), said("thanks"), answered("…")]
}

#[test]
fn what_was_said_is_there_another_day() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("sessions");
    assert_eq!(newest_first(&folder).unwrap(), []);
    let id = SessionId::random();
    assert!(matches!(SessionFile::resume(&folder, id.clone()), Err(SessionError::NoSuchSession(_))));
    let mut file = SessionFile::fresh(&folder, id.clone());
    assert!(!SessionFile::exists(&folder, &id), "nothing is made before something is said");
    for message in story() {
        file.message(&message).unwrap();
    }
    let usage = Usage { prompt_tokens: 70, completion_tokens: 8, ..Usage::default() };
    file.usage(usage).unwrap();
    file.turn(0, &[]).unwrap();
    assert!(matches!(SessionFile::resume(&folder, id.clone()), Err(SessionError::InUse(_))), "one program at a time");
    drop(file);
    let path = path_in(&folder, &id);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&folder)), (0o600, 0o700));
    let (mut file, past) = SessionFile::resume(&folder, id.clone()).unwrap();
    assert_eq!((past.messages, past.turns, past.spent.tokens()), (story(), 1, 78));
    file.message(&said("again")).unwrap();
    drop(file);
    assert_eq!(newest_first(&folder).unwrap(), std::slice::from_ref(&id));
    let (_file, past) = SessionFile::resume(&folder, id).unwrap();
    assert_eq!(past.messages.len(), story().len() + 2, "the turn that was cut off is closed");
}

/// A kill can cut the file at any byte: what is left always goes on.
#[test]
fn cut_at_any_byte_it_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let id = SessionId::random();
    let mut file = SessionFile::fresh(dir.path(), id.clone());
    for message in story() {
        file.message(&message).unwrap();
    }
    drop(file);
    let path = path_in(dir.path(), &id);
    let whole = fs::read(&path).unwrap();
    for end in 0..=whole.len() {
        fs::write(&path, &whole[..end]).unwrap();
        let (mut file, past) = SessionFile::resume(dir.path(), id.clone()).unwrap();
        let mut messages = past.messages;
        messages.push(said("and now?"));
        let request = ChatRequest { system: "s".into(), messages, ..ChatRequest::default() };
        request.check().unwrap_or_else(|why| panic!("cut at {end}: {why}"));
        file.message(&said("and now?")).unwrap();
        drop(file);
        SessionFile::resume(dir.path(), id.clone()).unwrap();
    }
}

#[test]
fn a_file_of_another_form_is_told_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let id = SessionId::random();
    let path = path_in(dir.path(), &id);
    let first = format!("{{\"type\":\"session\",\"v\":1,\"session\":\"{id}\",\"ts\":\"2026-01-01T00:00:00Z\"}}\n");
    for (text, why) in [
        (format!("{first}nonsense\n"), "line 2 is no line of a session"),
        (first.replace("\"v\":1", "\"v\":9"), "line 1 is of version 9, and this program knows 1"),
    ] {
        fs::write(&path, text).unwrap();
        let error = SessionFile::resume(dir.path(), id.clone()).unwrap_err();
        assert_eq!(error.to_string(), format!("{} is damaged: {why}", path.display()));
    }
}

/// Whatever a line holds that can be read, the next request is one that servers take.
#[test]
fn damaged_content_is_mended() {
    let dir = tempfile::tempdir().unwrap();
    let id = SessionId::random();
    let mut file = SessionFile::fresh(dir.path(), id.clone());
    let call = |id: &str, arguments: &str| ToolCall {
        id: id.into(),
        name: "list_jobs".into(),
        arguments: arguments.into(),
        echo: None,
    };
    let twice = Message::called("", vec![call("a", "{"), call("a", "{}"), call("", "{}")]);
    for message in [said(""), said("jobs?"), twice, answered(""), said(" ")] {
        file.message(&message).unwrap();
    }
    drop(file);
    let (_file, past) = SessionFile::resume(dir.path(), id).unwrap();
    assert_eq!(history::check(&past.messages), Ok(()));
    let Message::Assistant { calls, .. } = &past.messages[1] else { panic!("{:?}", past.messages) };
    assert_eq!(calls, &[call("a", "{}")]);
}

#[test]
fn a_file_whose_first_line_was_cut_off_gets_one() {
    let dir = tempfile::tempdir().unwrap();
    let id = SessionId::random();
    let path = path_in(dir.path(), &id);
    fs::write(&path, "{\"type\":\"ses").unwrap();
    let (mut file, _) = SessionFile::resume(dir.path(), id.clone()).unwrap();
    file.message(&said("hi")).unwrap();
    drop(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("{\"type\":\"session\",\"v\":1,") && text.lines().count() == 2, "{text}");
    SessionFile::resume(dir.path(), id).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "it has one now");
}

#[test]
fn of_two_that_begin_a_session_of_one_name_one_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let id = SessionId::random();
    let (mut first, mut second) =
        (SessionFile::fresh(dir.path(), id.clone()), SessionFile::fresh(dir.path(), id.clone()));
    first.begin().unwrap();
    assert!(matches!(second.begin(), Err(SessionError::InUse(of)) if of == id));
    first.message(&said("hi")).unwrap();
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let (pipe, folder) = (SessionId::random(), SessionId::random());
    let path = path_in(dir.path(), &pipe);
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    fs::create_dir(path_in(dir.path(), &folder)).unwrap();
    let error = SessionFile::resume(dir.path(), pipe).unwrap_err();
    assert!(error.to_string().ends_with("cannot be used: it is not a regular file"), "{error}");
    assert!(matches!(SessionFile::resume(dir.path(), folder), Err(SessionError::Io { .. })));
}
