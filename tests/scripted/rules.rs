//! A script from a file, for tests that are not written in Rust.
//!
//! A JSON array of rules; the first whose conditions all hold decides, and one without conditions always does:
//!
//! ```json
//! [{"last": "capital of (\\w+)", "nth": 1, "status": 429, "headers": {"retry-after": "1"}, "body": "slow down"},
//!  {"last": "capital of (\\w+)", "reply": "The capital of $1 is …", "part": 5, "between": 20},
//!  {"reply": "I do not know."}]
//! ```
//!
//! Conditions: `last` (a regular expression on the last message of the user), `conversation` (on all messages, each
//! headed by its role in brackets), `model` (on the model's name), `call` (the number of the call, from 1), `nth` (how
//! often the same conversation came). Deeds: `reply`, `status` with `headers` and `body`, `garbage`, `hang`,
//! `disconnect`. With `reply` also `reasoning`, `finish`, `part` (characters), `between` (milliseconds), and `ending`:
//! `cut`, `stall`, `unmarked`, `error`. With all of them `after` (milliseconds). In `reply`, `$1` and `${name}` stand
//! for what the groups of `last`, else of `conversation`, matched, and `$$` for a dollar; a rule with neither condition
//! gives its reply as it is.

use super::{Action, Asked};
use regex::Regex;
use serde::Deserialize;
use std::{collections::BTreeMap, time::Duration};

/// Rules that were read.
#[derive(Debug)]
pub struct Rules(Vec<Rule>);

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Rule {
    last: Option<Pattern>,
    conversation: Option<Pattern>,
    model: Option<Pattern>,
    call: Option<usize>,
    nth: Option<usize>,
    reply: Option<String>,
    reasoning: Option<String>,
    finish: Option<String>,
    part: Option<usize>,
    between: u64,
    ending: Option<Ending>,
    status: Option<u16>,
    headers: BTreeMap<String, String>,
    body: String,
    garbage: Option<String>,
    hang: bool,
    disconnect: bool,
    after: u64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ending {
    Cut,
    Stall,
    Unmarked,
    Error,
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Pattern(Regex);

impl TryFrom<String> for Pattern {
    type Error = regex::Error;

    fn try_from(pattern: String) -> Result<Self, regex::Error> {
        Regex::new(&pattern).map(Self)
    }
}

impl Rules {
    /// Reads rules.
    pub fn parse(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json).map(Self)
    }

    /// What the first rule that applies does; a call that no rule foresees is a mistake of the script.
    pub fn action(&self, asked: &Asked) -> Action {
        match self.0.iter().find(|rule| rule.applies(asked)) {
            Some(rule) => rule.action(asked),
            None => Action::status(400).body(format!("no rule applies to:\n{}", asked.conversation())),
        }
    }
}

impl Rule {
    fn applies(&self, asked: &Asked) -> bool {
        let matches = |pattern: &Option<Pattern>, text: &str| pattern.as_ref().is_none_or(|it| it.0.is_match(text));
        self.call.is_none_or(|it| it == asked.number)
            && self.nth.is_none_or(|it| it == asked.nth)
            && matches(&self.model, &asked.model)
            && matches(&self.last, asked.last())
            && (self.conversation.is_none() || matches(&self.conversation, &asked.conversation()))
    }

    fn action(&self, asked: &Asked) -> Action {
        let action = if self.hang {
            Action::hang()
        } else if self.disconnect {
            Action::disconnect()
        } else if let Some(body) = &self.garbage {
            Action::garbage(body)
        } else if let Some(status) = self.status {
            let failure = Action::status(status).body(&self.body);
            self.headers.iter().fold(failure, |it, (name, value)| it.header(name, value))
        } else {
            self.answer(asked)
        };
        action.after(Duration::from_millis(self.after))
    }

    fn answer(&self, asked: &Asked) -> Action {
        let mut answer = Action::reply(self.text(asked));
        if let Some(reasoning) = &self.reasoning {
            answer = answer.reasoning(reasoning);
        }
        if let Some(finish) = &self.finish {
            answer = answer.finish(finish);
        }
        if let Some(part) = self.part {
            answer = answer.in_parts(part, Duration::from_millis(self.between));
        }
        match self.ending {
            None => answer,
            Some(Ending::Cut) => answer.cut(),
            Some(Ending::Stall) => answer.stall(),
            Some(Ending::Unmarked) => answer.unmarked(),
            Some(Ending::Error) => answer.then_error(),
        }
    }

    fn text(&self, asked: &Asked) -> String {
        let template = self.reply.as_deref().unwrap_or_default();
        let conversation = asked.conversation();
        let captures = match (&self.last, &self.conversation) {
            (Some(last), _) => last.0.captures(asked.last()),
            (None, Some(all)) => all.0.captures(&conversation),
            (None, None) => return template.to_owned(),
        };
        let mut text = String::new();
        if let Some(captures) = captures {
            captures.expand(template, &mut text);
        }
        text
    }
}
