//! The settings of one endpoint: what a gateway wants to be sent, and how much patience a server needs.

use crate::config::{
    Effort, Environment,
    kind::{Choice, Kind, Seconds, Unlimited, Whole},
};
use serde_json::{Map, Value};
use std::{fmt, time::Duration};

/// What holds for one server alone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EndpointSettings {
    /// Headers as they were written, with the names of variables.
    headers: Vec<(String, String)>,
    /// Fields that are laid over each request.
    pub body: Map<String, Value>,
    /// The variable with the key, if it is another one than usual; empty if there is none.
    pub key_variable: Option<String>,
    pub window: Option<usize>,
    pub reply_tokens: Option<u32>,
    pub first_token_timeout: Option<Duration>,
    pub silence_timeout: Option<Duration>,
    pub reasoning_effort: Option<Effort>,
}

impl EndpointSettings {
    /// The headers, with the values of variables.
    ///
    /// # Errors
    /// The name of a variable that is not set.
    pub fn headers(&self, environment: &Environment) -> Result<Vec<(String, String)>, String> {
        let filled = |(name, value): &(String, String)| Ok((name.clone(), fill(value, environment)?));
        self.headers.iter().map(filled).collect()
    }
}

/// Headers and fields may hold keys.
impl fmt::Debug for EndpointSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointSettings").field("window", &self.window).finish_non_exhaustive()
    }
}

/// Replaces each `${NAME}` by that variable.
fn fill(value: &str, environment: &Environment) -> Result<String, String> {
    let (mut filled, mut rest) = (String::new(), value);
    while let Some((before, behind)) = rest.split_once("${") {
        let Some((name, behind)) = behind.split_once('}') else { break };
        filled += before;
        filled += &environment.get(name).ok_or_else(|| name.to_owned())?;
        rest = behind;
    }
    Ok(filled + rest)
}

/// The URL and the settings of an object in JSON.
///
/// # Errors
/// What is wrong with it. No value is repeated, since one may be a key.
pub(super) fn read(text: &str) -> Result<(String, EndpointSettings), String> {
    let json: Value =
        serde_json::from_str(text).map_err(|error| format!("neither a URL nor a JSON object ({error})"))?;
    let (mut url, mut own) = (None, EndpointSettings::default());
    for (name, value) in json.as_object().into_iter().flatten() {
        let wrong = |problem: String| format!("{name}: {problem}");
        let text = || value.as_str().map(str::to_owned).ok_or_else(|| format!("{name}: expected a string"));
        let number = |most| {
            let kind = Unlimited { most };
            kind.settle(Some(kind.read(value)?))
        };
        let time = || {
            let kind = Seconds { default: 1.0, most: 86_400.0 };
            kind.settle(Some(kind.read(value)?)).map(Some)
        };
        match name.as_str() {
            "url" => url = Some(text()?),
            "keyVariable" => own.key_variable = Some(text()?),
            "headers" => own.headers = headers(value).map_err(wrong)?,
            "body" => own.body = value.as_object().cloned().ok_or_else(|| wrong("expected an object".to_owned()))?,
            "window" => {
                let window = number(100_000_000).map_err(wrong)?;
                own.window = window.and_then(|it| usize::try_from(it).ok());
            }
            "replyTokens" => {
                let kind = Whole::<u32>::new(8192, 256..=10_000_000);
                own.reply_tokens = Some(kind.read(value).and_then(|it| kind.settle(Some(it))).map_err(wrong)?);
            }
            "firstTokenTimeout" => own.first_token_timeout = time().map_err(wrong)?,
            "silenceTimeout" => own.silence_timeout = time().map_err(wrong)?,
            "reasoningEffort" => own.reasoning_effort = Some(Choice::<Effort>::NEW.read(value).map_err(wrong)?),
            _ => return Err(format!("an endpoint has no setting `{name}`")),
        }
    }
    Ok((url.ok_or("an endpoint needs its `url`")?, own))
}

fn headers(value: &Value) -> Result<Vec<(String, String)>, String> {
    const EXPECTED: &str = "expected an object of strings";
    let pairs = value.as_object().ok_or(EXPECTED)?.iter();
    let pair = |(name, value): (&String, &Value)| Ok((name.clone(), value.as_str().ok_or(EXPECTED)?.to_owned()));
    pairs.map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Endpoint;

    #[test]
    fn an_endpoint_may_have_settings_of_its_own() {
        let endpoint = Endpoint::parse(
            r#"{"url": "https://h/v1/", "headers": {"x-key": "a ${KEY} b", "y": "z"}, "body": {"seed": 7}, "window": 4096,
                "replyTokens": 512, "firstTokenTimeout": "20m", "silenceTimeout": 90, "keyVariable": "",
                "reasoningEffort": "low"}"#,
        );
        let endpoint = endpoint.unwrap();
        let own = endpoint.own();
        assert_eq!(endpoint.to_string(), "https://h/v1");
        assert_eq!((own.window, own.reply_tokens, own.key_variable.as_deref()), (Some(4096), Some(512), Some("")));
        assert_eq!(own.first_token_timeout, Some(Duration::from_secs(1200)));
        assert_eq!(own.silence_timeout, Some(Duration::from_secs(90)));
        assert_eq!(own.reasoning_effort, Some(Effort::Low));
        let headers = own.headers(&Environment::of([("KEY", "k")])).unwrap();
        assert_eq!(headers, [("x-key".to_owned(), "a k b".to_owned()), ("y".to_owned(), "z".to_owned())]);
        assert_eq!(own.headers(&Environment::of([])), Err("KEY".to_owned()));
        assert!(!format!("{own:?}").contains("seed"), "{own:?}");
    }

    #[test]
    fn what_is_wrong_with_one_is_told_without_its_values() {
        for (text, expected) in [
            (r#"{"window": 5}"#, "an endpoint needs its `url`"),
            (r#"{"url": "http://h", "wide": 5}"#, "an endpoint has no setting `wide`"),
            (r#"{"url": "http://h", "reasoningEffort": "much"}"#, "reasoningEffort: expected `auto`, `none`, "),
            (r#"{"url": "http://h", "headers": {"a": 1}}"#, "headers: expected an object of strings"),
            (r#"{"url": "SECRET"}"#, "not a URL"),
            (r#"{"url": SECRET}"#, "neither a URL nor a JSON object"),
        ] {
            let problem = Endpoint::parse(text).unwrap_err();
            assert!(problem.contains(expected) && !problem.contains("SECRET"), "{text}: {problem}");
        }
    }
}
