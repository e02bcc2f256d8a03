//! Reading a submit: which keys, a URL, parameters; and the fingerprint that says whether two submits are the same.

use serde_json::{Map, Value};
use url::Url;

use super::models::{self, Model};
use domain::{hash::Sha256, task::Parameters, units};

/// The longest URL and the longest text of parameters, bytes.
const MAX_TEXT: usize = 8192;

/// A submit that makes sense.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Submission {
    /// As it was given, without `callback_url`.
    pub input: Value,
    pub dataset: Url,
    /// Checked, with defaults filled in.
    pub parameters: Parameters,
    pub callback_url: Option<Url>,
    /// Of everything but the query of the dataset's URL, where presigned URLs keep their ever new signature.
    pub fingerprint: Sha256,
}

/// Reads the bare input object of a submit. The error is for the client.
pub(super) fn read(model: &Model, body: Value) -> Result<Submission, String> {
    let Value::Object(mut input) = body else {
        return Err("the body must be a JSON object of the model's inputs".into());
    };
    let callback_url = match input.shift_remove("callback_url") {
        None | Some(Value::Null) => None,
        Some(value) => Some(url_of(&value, "callback_url")?),
    };
    if let Some(unknown) = input.keys().find(|key| !matches!(key.as_str(), "input" | "parameters")) {
        return Err(format!(
            "`{}` is no input of this model: it takes `input`, the dataset's URL, and `parameters`, a JSON text",
            units::clean(unknown, 60)
        ));
    }
    let dataset = url_of(input.get("input").ok_or("`input` is missing: the URL of the dataset")?, "input")?;
    let given = parameters(input.get("parameters"))?;
    let parameters = models::check_parameters(&model.task, &given)?;
    let fingerprint = fingerprint(model, &dataset, &given, callback_url.as_ref());
    Ok(Submission { input: Value::Object(input), dataset, parameters, callback_url, fingerprint })
}

/// Turns the body of the older endpoint, `{model_id, input_params, files}`, into the newer one's.
pub(super) fn from_old(body: Value) -> Result<(String, Value), String> {
    let Value::Object(mut body) = body else { return Err("the body must be a JSON object".into()) };
    let Some(Value::String(model)) = body.shift_remove("model_id") else { return Err("`model_id` is missing".into()) };
    let mut input = match body.shift_remove("input_params") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(input)) => input,
        Some(_) => return Err("`input_params` must be an object".into()),
    };
    if let Some(Value::Array(files)) = body.shift_remove("files") {
        for file in files {
            let Value::Object(file) = file else {
                return Err("`files` must hold objects of an input's name and its URL".into());
            };
            input.extend(file);
        }
    }
    if let Some(callback) = body.shift_remove("callback_url") {
        input.insert("callback_url".into(), callback);
    }
    Ok((model, Value::Object(input)))
}

fn url_of(value: &Value, name: &str) -> Result<Url, String> {
    let text = value.as_str().ok_or_else(|| format!("`{name}` must be a text: a URL"))?;
    let url = (text.len() <= MAX_TEXT).then(|| text.parse::<Url>().ok()).flatten();
    let url = url.ok_or_else(|| format!("`{name}` is no URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(format!("`{name}` must be an http or https URL"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("`{name}` must carry no user name or password; use a presigned URL"));
    }
    Ok(url)
}

fn parameters(value: Option<&Value>) -> Result<Parameters, String> {
    match value {
        None | Some(Value::Null) => Ok(Parameters::new()),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(Parameters::new()),
        Some(Value::String(text)) if text.len() <= MAX_TEXT => {
            serde_json::from_str(text).map_err(|_| "`parameters` must be the text of a JSON object".into())
        }
        Some(_) => Err("`parameters` must be a text: a JSON object, at most 8 KiB".into()),
    }
}

fn fingerprint(model: &Model, dataset: &Url, parameters: &Parameters, callback: Option<&Url>) -> Sha256 {
    let mut address = dataset.clone();
    address.set_query(None);
    address.set_fragment(None);
    let parameters = canonical(&Value::Object(parameters.clone()));
    let whole = Value::Array(vec![
        model.id.clone().into(),
        address.as_str().into(),
        parameters,
        callback.map_or(Value::Null, |url| url.as_str().into()),
    ]);
    Sha256::of(whole.to_string().as_bytes())
}

/// The same value with the keys of all objects in order.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().map(|(key, value)| (key.clone(), canonical(value))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{models::Models, settings::Prices};

    fn submit(body: Value) -> Result<Submission, String> {
        let models = Models::of(&[models::tests::task_type("fold")], &Prices::default());
        read(models.get("fold").unwrap(), body)
    }

    #[test]
    fn the_same_job_has_the_same_fingerprint() {
        let of =
            |url: &str, parameters: &str| submit(json!({"input": url, "parameters": parameters})).unwrap().fingerprint;
        let first = of("https://s3/b/a?X-Amz-Signature=1", r#"{"dimension": 3, "dimension": 2}"#);
        assert_eq!(first, of("https://s3/b/a?X-Amz-Signature=2", r#"{ "dimension":2 }"#));
        assert_ne!(first, of("https://s3/b/other", r#"{"dimension": 2}"#));
        assert_ne!(first, of("https://s3/b/a", r#"{"dimension": 3}"#));
    }

    #[test]
    fn a_submit_that_makes_no_sense_is_told_why() {
        for (body, expected) in [
            (json!([]), "JSON object"),
            (json!({}), "`input` is missing"),
            (json!({"input": 5}), "must be a text"),
            (json!({"input": "a.fasta"}), "no URL"),
            (json!({"input": "file:///etc/passwd"}), "http or https"),
            (json!({"input": "https://user:pw@s3/a"}), "no user name"),
            (json!({"input": "https://s3/a", "image": "x"}), "`image` is no input"),
            (json!({"input": "https://s3/a", "parameters": {"dimension": 2}}), "must be a text"),
            (json!({"input": "https://s3/a", "parameters": "[]"}), "JSON object"),
            (json!({"input": "https://s3/a", "callback_url": "ftp://x/"}), "callback_url"),
        ] {
            let error = submit(body.clone()).unwrap_err();
            assert!(error.contains(expected), "{body}: {error}");
        }
    }

    #[test]
    fn the_older_body_becomes_the_newer() {
        let (model, input) = from_old(
            json!({"model_id": "m", "input_params": {"parameters": "{}"}, "files": [{"input": "https://s3/a"}]}),
        )
        .unwrap();
        assert_eq!((model.as_str(), input), ("m", json!({"parameters": "{}", "input": "https://s3/a"})));
        assert!(from_old(json!({"input_params": {}})).is_err());
    }
}
