//! What makes a command again: its words and its folder, without keys.

use super::scope;
use crate::config::Endpoint;
use serde::{Deserialize, Serialize};
use std::{ffi::OsString, path::PathBuf};

/// A longer command line is not kept.
const MOST_BYTES: usize = 16 << 10;

const ENDPOINT: &str = "--endpoint";

/// What makes a question again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub folder: PathBuf,
    /// What stands behind `rlm query`.
    pub arguments: Vec<String>,
    /// Whether the text came from standard input.
    pub is_piped: bool,
    /// Whether an endpoint was left out, because its address holds a key.
    lacks_endpoint: bool,
}

impl Request {
    /// That of a command line. None if it is too long, or no text.
    pub fn of(arguments: &[OsString], is_piped: bool) -> Option<Self> {
        let words = arguments.iter().map(|it| it.to_str().map(str::to_owned)).collect::<Option<Vec<String>>>()?;
        if words.iter().map(String::len).sum::<usize>() > MOST_BYTES {
            return None;
        }
        let holds_key = |address: &str| {
            // What an address in JSON holds beside itself may be anything.
            address.trim_start().starts_with('{') || Endpoint::parse(address).is_ok_and(|it| !it.keys().is_empty())
        };
        let (mut kept, mut lacks_endpoint, mut words) = (Vec::new(), false, words.into_iter());
        while let Some(word) = words.next() {
            let (address, all) = match word.strip_prefix(ENDPOINT) {
                Some("") => match words.next() {
                    Some(address) => (Some(address.clone()), vec![word, address]),
                    None => (None, vec![word]),
                },
                Some(rest) if rest.starts_with('=') => (Some(rest[1..].to_owned()), vec![word]),
                _ => (None, vec![word]),
            };
            match address.is_some_and(|address| holds_key(&address)) {
                true => lacks_endpoint = true,
                false => kept.extend(all),
            }
        }
        Some(Self { folder: std::env::current_dir().ok()?, arguments: kept, is_piped, lacks_endpoint })
    }

    pub fn written(&self) -> String {
        // Texts can be written as JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What was written; nothing if it is no such text.
    pub fn read(written: &str) -> Option<Self> {
        serde_json::from_str(written).ok()
    }

    /// Whether all is there that it was made without, with the words of this command line. `what` is made again, and `option`
    /// says so.
    ///
    /// # Errors
    /// What has to be given again; a sentence.
    pub fn check(&self, words: &[OsString], option: &str, what: &str) -> Result<(), String> {
        let has_endpoint = words.iter().any(|it| it.to_str().is_some_and(|it| it.starts_with(ENDPOINT)));
        if self.lacks_endpoint && !has_endpoint {
            return Err(format!("{option}the address of the endpoint of {what} holds a key; give {ENDPOINT} again"));
        }
        if self.is_piped && !scope::is_piped() {
            return Err(format!("{option}the text of {what} was piped in; pipe it in again"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_the_words_of_the_command_line_without_keys() {
        let of = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            Request::of(&words, false).map(|it| (it.arguments.join(" "), it.lacks_endpoint))
        };
        for (words, kept, lacks) in [
            (&["q", "path", "--max-calls", "3"][..], "q path --max-calls 3", false),
            (&["q", "--endpoint", "http://h/v1", "p"], "q --endpoint http://h/v1 p", false),
            (&["q", "--endpoint", "http://h/v1?key=secret-key", "p"], "q p", true),
            (&["q", "--endpoint=http://h/v1?key=secret-key", "p"], "q p", true),
            (&["q", "--endpoint", "{\"url\": \"http://h\"}"], "q", true),
            (&["q", "--endpoint"], "q --endpoint", false),
        ] {
            assert_eq!(of(words), Some((kept.to_owned(), lacks)), "{words:?}");
        }
        assert_eq!(of(&[&"x".repeat(MOST_BYTES + 1)]), None);
    }
}
