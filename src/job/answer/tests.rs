use serde_json::json;

use super::*;

fn detail(status: TaskStatus, result: Value) -> TaskDetail {
    let result = (!result.is_null()).then_some(result);
    TaskDetail {
        id: "t".to_owned(),
        status,
        message: None,
        progress: None,
        cost: None,
        payment: None,
        result,
        error: None,
        input: None,
        idempotency_key: None,
        created_at: None,
    }
}

fn file(name: &str) -> Value {
    json!({"name": name, "url": "https://p.example/r", "bytes": 3, "sha256": "0".repeat(64)})
}

#[test]
fn what_is_incomplete_is_not_wrong() {
    let without = |field: &str| {
        let mut file = file("result.json");
        file[field] = Value::Null;
        json!({"files": [file]})
    };
    for result in [
        Value::Null,
        json!({}),
        json!({"files": null}),
        json!({"files": []}),
        json!({"files": [file("other.json")]}),
        without("name"),
        without("url"),
        without("bytes"),
        without("sha256"),
    ] {
        let answer = files(&detail(TaskStatus::Success, result.clone()));
        assert!(matches!(answer, Answer::Incomplete(_)), "{result}: {answer:?}");
    }
    let whole = json!({"files": [file("result.json"), file("more.csv")]});
    for status in [TaskStatus::Computing, TaskStatus::InQueue, TaskStatus::Other("packing".to_owned())] {
        assert!(matches!(files(&detail(status, whole.clone())), Answer::Incomplete(_)));
    }
    assert!(matches!(files(&detail(TaskStatus::Success, whole)), Answer::Whole(files) if files.len() == 2));
}

#[test]
fn what_can_never_be_right_is_wrong() {
    let many = vec![file("result.json"); MOST_FILES + 1];
    for result in [
        json!({"files": "result.json"}),
        json!({"files": [file("../result.json")]}),
        json!({"files": [file("result.json"), file("result.json")]}),
        json!({"files": [{"name": "result.json", "url": "https://p.example/r", "bytes": 3, "sha256": "abc"}]}),
        json!({"files": many}),
    ] {
        let answer = files(&detail(TaskStatus::Success, result.clone()));
        assert!(matches!(answer, Answer::Wrong(_)), "{result}: {answer:?}");
    }
    for status in [TaskStatus::Failed, TaskStatus::Canceled] {
        assert!(matches!(files(&detail(status, json!({"files": [file("result.json")]}))), Answer::Wrong(_)));
    }
}
