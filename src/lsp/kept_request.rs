//! What asks a question of an editor again, as the store keeps it with the run: so that a run that was stopped goes on, also after
//! the server or the editor was started anew.

use super::ext::{QueryParams, Scope};
use crate::config::Endpoint;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A longer question is not kept.
const MOST_BYTES: usize = 16 << 10;

const ENDPOINT: &str = "endpoint";

/// A question with all that the client has said of it, without keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptRequest {
    /// All folders that the client had open.
    pub place: String,
    pub query: String,
    scope: Scope,
    pub session_id: Option<String>,
    options: Option<Value>,
    /// Whether an endpoint was left out, because its address may hold a key.
    lacks_endpoint: bool,
    /// Whether it is a review or a change, of which this has only the title: it is asked for anew.
    #[serde(default)]
    pub is_task: bool,
}

impl KeptRequest {
    /// That of a question. None if it is too long, or is about a text that has come with it.
    pub fn of(params: &QueryParams, place: String) -> Option<Self> {
        let QueryParams { query, scope, session_id, options, .. } = params;
        if matches!(scope, Scope::Value { .. }) {
            return None;
        }
        let mut options = options.clone();
        let fields = options.as_mut().and_then(Value::as_object_mut);
        let lacks_endpoint = fields.is_some_and(|fields| {
            let has_key = fields.get(ENDPOINT).is_some_and(may_hold_key);
            has_key && fields.remove(ENDPOINT).is_some()
        });
        let (query, scope, session_id) = (query.clone(), scope.clone(), session_id.clone());
        let kept = Self { place, query, scope, session_id, options, lacks_endpoint, is_task: false };
        (kept.written().len() <= MOST_BYTES).then_some(kept)
    }

    /// What is kept of a review or a change.
    pub fn of_task(title: &str, place: String) -> Self {
        let (scope, session_id, options) = (Scope::default(), None, None);
        Self { place, query: title.to_owned(), scope, session_id, options, lacks_endpoint: false, is_task: true }
    }

    pub fn written(&self) -> String {
        // Texts can be written as JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What was written; nothing if it is no such text.
    pub fn read(written: &str) -> Option<Self> {
        serde_json::from_str(written).ok()
    }

    /// The question once more, for a request that goes on with it. Options of the request lie over those of the run.
    ///
    /// # Errors
    /// What has to be given again; a sentence.
    pub fn params(self, request: QueryParams) -> Result<QueryParams, String> {
        if self.is_task {
            return Err(format!("{}: only a question goes on; ask for this once more", self.query));
        }
        let given = match request.options {
            Some(Value::Object(given)) => given,
            None => serde_json::Map::new(),
            // What it should have been is said where options are read.
            Some(other) => return Ok(QueryParams { options: Some(other), ..request }),
        };
        if self.lacks_endpoint && !given.contains_key(ENDPOINT) {
            return Err(
                "the address of the endpoint of that run may hold a key; give the option `endpoint` again".into()
            );
        }
        let mut options = self.options.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        if let Some(fields) = options.as_object_mut() {
            fields.extend(given);
        }
        Ok(QueryParams {
            query: self.query,
            scope: self.scope,
            session_id: request.session_id.or(self.session_id),
            options: Some(options),
            resume: None,
            ..request
        })
    }
}

/// Whether an endpoint, or one of several, may hold a key. What an object holds beside its address may be anything.
fn may_hold_key(endpoint: &Value) -> bool {
    match endpoint {
        Value::String(address) => {
            address.trim_start().starts_with('{') || Endpoint::parse(address).is_ok_and(|it| !it.keys().is_empty())
        }
        Value::Array(several) => several.iter().any(may_hold_key),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn params(params: Value) -> QueryParams {
        serde_json::from_value(params).expect("they are params")
    }

    #[test]
    fn a_question_is_kept_without_keys_and_without_texts_that_came_with_it() {
        let long = "x".repeat(MOST_BYTES);
        for (asked, expected) in [
            (json!({"query": "q"}), Some((None, false))),
            (json!({"query": "q", "options": {"maxCalls": 3}}), Some((Some(json!({"maxCalls": 3})), false))),
            (
                json!({"query": "q", "options": {"endpoint": "http://h/v1"}}),
                Some((Some(json!({"endpoint": "http://h/v1"})), false)),
            ),
            (
                json!({"query": "q", "options": {"endpoint": "http://h/v1?key=secret-key"}}),
                Some((Some(json!({})), true)),
            ),
            (json!({"query": "q", "options": {"endpoint": ["http://h", {"url": "u"}]}}), Some((Some(json!({})), true))),
            (json!({"query": "q", "scope": {"kind": "value", "value": "secret"}}), None),
            (json!({"query": long}), None),
        ] {
            let kept = KeptRequest::of(&params(asked.clone()), "/place".to_owned());
            assert_eq!(kept.clone().map(|it| (it.options, it.lacks_endpoint)), expected, "{asked}");
            if let Some(kept) = kept {
                assert_eq!(KeptRequest::read(&kept.written()), Some(kept));
            }
        }
        let of_terminal = r#"{"folder": "/f", "arguments": ["q"], "is_piped": false, "lacks_endpoint": false}"#;
        assert_eq!(KeptRequest::read(of_terminal), None);
    }

    #[test]
    fn what_is_said_anew_lies_over_what_was_said() {
        let asked = json!({"query": "q", "scope": {"kind": "paths", "paths": ["a"]}, "sessionId": "s",
            "options": {"maxCalls": 3, "model": "m"}});
        let kept = KeptRequest::of(&params(asked), String::new()).expect("it is kept");
        let request = params(json!({"resume": 7, "queryId": "again", "options": {"maxCalls": 9}}));
        let meant = kept.clone().params(request).expect("they are params");
        assert_eq!((meant.query.as_str(), meant.query_id.as_deref(), meant.resume), ("q", Some("again"), None));
        assert_eq!(meant.scope, Scope::Paths { paths: vec!["a".to_owned()] });
        assert_eq!(
            (meant.session_id.as_deref(), meant.options),
            (Some("s"), Some(json!({"maxCalls": 9, "model": "m"})))
        );
        let task = KeptRequest::of_task("review of a", String::new());
        assert_eq!(KeptRequest::read(&task.written()).as_ref(), Some(&task));
        assert!(task.params(params(json!({"resume": 7}))).expect_err("it is none").starts_with("review of a: "));
        let keyless = KeptRequest { lacks_endpoint: true, ..kept };
        let with = |options: Value| keyless.clone().params(params(json!({"resume": 7, "options": options}))).is_ok();
        assert!(!with(json!({})) && with(json!({"endpoint": "http://h"})));
    }
}
