//! Which commands may be run: those that the person has named, or has read in the repository's settings and trusted.
//!
//! A repository may come from anybody, and so may its settings. What they name is run only if the person has trusted exactly
//! that, in that place; another word in them, and they must be trusted again.

use super::checks::Check;
use crate::{
    corpus::{FOLDER, read_repository_file},
    failure::{Failure, FailureKind},
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{path::Path, time::Duration};

/// The file in the repository's folder of its own.
const FILE: &str = "settings.json";

/// The most commands of a kind that settings may name, and the longest one.
const MOST: usize = 20;
const LONGEST: usize = 1000;

/// How long the checks of one change may take together, if the settings do not say, and at most; in seconds.
const CHECK_TIME: u64 = 120;
const LONGEST_CHECK_TIME: u64 = 3600;

/// The commands that a repository's settings name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// The checks of cycles, `{"dogfood": {"checks": ["…"]}}`.
    pub checks: Vec<Check>,
    /// What is done with changes that are proposed in an editor, `{"edits": {…}}`.
    pub edits: EditCommands,
}

/// What is done with a change that is proposed in an editor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EditCommands {
    /// Formatters, each with the ending of its files.
    pub formatters: Vec<(String, Check)>,
    pub checks: Vec<Check>,
    /// How long the checks may take together.
    pub limit: Duration,
}

impl EditCommands {
    pub fn is_empty(&self) -> bool {
        self.formatters.is_empty() && self.checks.is_empty()
    }
}

impl Named {
    pub fn is_empty(&self) -> bool {
        self.checks.is_empty() && self.edits.is_empty()
    }

    /// The commands as a person reads them.
    pub fn written(&self) -> Vec<String> {
        let checks = self.checks.iter().map(|it| it.written.clone());
        let formatters = self.edits.formatters.iter();
        let formatters = formatters.map(|(ending, it)| format!("{} (formats changes of *.{ending})", it.written));
        let of_edits = self.edits.checks.iter().map(|it| format!("{} (checks changes in editors)", it.written));
        checks.chain(formatters).chain(of_edits).collect()
    }

    /// What exactly is trusted.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let mut push = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        };
        self.checks.iter().for_each(|it| push(&it.written));
        if !self.edits.is_empty() {
            // No check is empty.
            push("");
            self.edits.checks.iter().for_each(|it| push(&it.written));
            push("");
            for (ending, formatter) in &self.edits.formatters {
                push(ending);
                push(&formatter.written);
            }
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The commands that a repository's settings name. Blocks.
///
/// # Errors
/// The settings make no sense, or cannot be read.
pub fn named(top: &Path) -> Result<Named, Failure> {
    let Some(text) = read_repository_file(top, FILE).map_err(|error| refused(&error.to_string()))? else {
        return Ok(Named::default());
    };
    let settings: Value = serde_json::from_str(&text).map_err(|error| refused(&error.to_string()))?;
    let edits = &settings["edits"];
    let limit = match &edits["timeout"] {
        Value::Null => CHECK_TIME,
        given => given.as_u64().filter(|it| (1..=LONGEST_CHECK_TIME).contains(it)).ok_or_else(|| {
            refused(&format!("`edits.timeout` is no whole number of seconds from 1 to {LONGEST_CHECK_TIME}"))
        })?,
    };
    Ok(Named {
        checks: checks(&settings["dogfood"]["checks"], "dogfood.checks")?,
        edits: EditCommands {
            formatters: formatters(&edits["format"])?,
            checks: checks(&edits["checks"], "edits.checks")?,
            limit: Duration::from_secs(limit),
        },
    })
}

fn refused(why: &str) -> Failure {
    Failure {
        kind: FailureKind::Configuration,
        message: format!("{FOLDER}/{FILE}: {why}"),
        hint: Some(
            "it should be {\"dogfood\": {\"checks\": [\"cargo test\"]}, \"edits\": {\"format\": {\"rs\": \"rustfmt\"}, \
             \"checks\": [\"cargo check\"]}}"
                .to_owned(),
        ),
    }
}

fn checks(given: &Value, name: &str) -> Result<Vec<Check>, Failure> {
    match given {
        Value::Null => Ok(Vec::new()),
        Value::Array(given) if given.len() <= MOST => given.iter().map(check).collect(),
        _ => Err(refused(&format!("`{name}` is no list of at most {MOST} commands"))),
    }
}

fn check(given: &Value) -> Result<Check, Failure> {
    match given.as_str().filter(|it| it.len() <= LONGEST && !it.contains(char::is_control)) {
        Some(written) => Check::parse(written),
        None => Err(refused("a command is no text in one line")),
    }
}

/// Formatters by the endings of their files, of which one name may have several, with commas.
fn formatters(given: &Value) -> Result<Vec<(String, Check)>, Failure> {
    let given = match given {
        Value::Null => return Ok(Vec::new()),
        Value::Object(given) if given.len() <= MOST => given,
        _ => return Err(refused(&format!("`edits.format` is no object of at most {MOST} endings and their commands"))),
    };
    let mut formatters = Vec::new();
    for (endings, command) in given {
        let command = check(command)?;
        for ending in endings.split(',').map(str::trim) {
            let is_ending = !ending.is_empty()
                && ending.len() <= 20
                && ending.chars().all(|it| it.is_alphanumeric() || "+-_".contains(it));
            if !is_ending {
                return Err(refused(&format!("`edits.format`: {ending:?} is no ending of files, such as `rs`")));
            }
            formatters.push((ending.to_owned(), command.clone()));
        }
    }
    Ok(formatters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn settings_name_commands_or_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(named(folder.path()).unwrap(), Named::default());
        fs::create_dir(folder.path().join(".rlm")).unwrap();
        let read = |text: &str| {
            fs::write(folder.path().join(".rlm/settings.json"), text).unwrap();
            named(folder.path()).ok()
        };
        for (text, expected) in [
            ("{}", Some((0, 0, 0))),
            ("{\"dogfood\": {\"checks\": [\"cargo test\", \"sh -c 'a'\"]}}", Some((2, 0, 0))),
            ("{\"dogfood\": {\"checks\": \"cargo test\"}}", None),
            ("{\"dogfood\": {\"checks\": [1]}}", None),
            ("{\"dogfood\": {\"checks\": [\"a 'b\"]}}", None),
            (
                "{\"edits\": {\"checks\": [\"make\"], \"format\": {\"ts, tsx\": \"prettier --stdin-filepath {path}\"}}}",
                Some((0, 1, 2)),
            ),
            ("{\"edits\": {\"format\": {\"../x\": \"a\"}}}", None),
            ("{\"edits\": {\"format\": {\"\": \"a\"}}}", None),
            ("{\"edits\": {\"format\": [\"a\"]}}", None),
            ("{\"edits\": {\"timeout\": 0}}", None),
            ("{", None),
        ] {
            let found = read(text).map(|it| (it.checks.len(), it.edits.checks.len(), it.edits.formatters.len()));
            assert_eq!(found, expected, "{text}");
        }
        assert_eq!(read("{\"edits\": {\"timeout\": 7}}").unwrap().edits.limit, Duration::from_secs(7));
    }

    #[test]
    fn what_is_trusted_is_known_word_by_word() {
        let checks = |written: &[&str]| written.iter().map(|it| Check::parse(it).unwrap()).collect::<Vec<_>>();
        let named = |own: &[&str], of_edits: &[&str], formatters: &[(&str, &str)]| {
            let formatter = |it: &(&str, &str)| (it.0.to_owned(), Check::parse(it.1).unwrap());
            let formatters = formatters.iter().map(formatter).collect();
            let edits = EditCommands { formatters, checks: checks(of_edits), limit: Duration::ZERO };
            Named { checks: checks(own), edits }.digest()
        };
        let all = [
            named(&["a b"], &[], &[]),
            named(&["a", "b"], &[], &[]),
            named(&["a"], &["b"], &[]),
            named(&[], &["a", "b"], &[]),
            named(&[], &["a"], &[("b", "b")]),
            named(&[], &[], &[("a", "b")]),
            named(&[], &[], &[("b", "a")]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|other| one != other), "{at}");
        }
        assert_eq!(named(&["a b"], &[], &[]), all[0]);
    }
}
