//! Which commands may be run as checks: those that the person has named, or has read in the repository's settings and trusted.
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
use std::path::Path;

/// The file in the repository's folder of its own.
const FILE: &str = "settings.json";

/// The most checks that settings may name, and the longest one.
const MOST: usize = 20;
const LONGEST: usize = 1000;

/// The checks that a repository's settings name, as `{"dogfood": {"checks": ["…"]}}`; nothing if they name none. Blocks.
///
/// # Errors
/// The settings make no sense, or cannot be read.
pub fn named_checks(top: &Path) -> Result<Option<Vec<Check>>, Failure> {
    let failed = |message: String| Failure {
        kind: FailureKind::Configuration,
        message: format!("{FOLDER}/{FILE}: {message}"),
        hint: Some("it should be {\"dogfood\": {\"checks\": [\"cargo test\"]}}".to_owned()),
    };
    let Some(text) = read_repository_file(top, FILE).map_err(|error| failed(error.to_string()))? else {
        return Ok(None);
    };
    let settings: Value = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    let checks = match &settings["dogfood"]["checks"] {
        Value::Null => return Ok(None),
        Value::Array(checks) if checks.len() <= MOST => checks,
        _ => return Err(failed(format!("`dogfood.checks` is no list of at most {MOST} commands"))),
    };
    let check = |it: &Value| match it.as_str().filter(|it| it.len() <= LONGEST && !it.contains(char::is_control)) {
        Some(written) => Check::parse(written),
        None => Err(failed("a check is no text in one line".to_owned())),
    };
    checks.iter().map(check).collect::<Result<Vec<Check>, Failure>>().map(Some)
}

/// What exactly is trusted.
pub fn digest(checks: &[Check]) -> String {
    let mut hash = Sha256::new();
    for check in checks {
        hash.update((check.written.len() as u64).to_le_bytes());
        hash.update(&check.written);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn settings_name_checks_or_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(named_checks(folder.path()).unwrap(), None);
        fs::create_dir(folder.path().join(".rlm")).unwrap();
        for (text, expected) in [
            ("{}", Some(0)),
            ("{\"dogfood\": {\"checks\": [\"cargo test\", \"sh -c 'a'\"]}}", Some(2)),
            ("{\"dogfood\": {\"checks\": \"cargo test\"}}", None),
            ("{\"dogfood\": {\"checks\": [1]}}", None),
            ("{\"dogfood\": {\"checks\": [\"a 'b\"]}}", None),
            ("{", None),
        ] {
            fs::write(folder.path().join(".rlm/settings.json"), text).unwrap();
            let found = named_checks(folder.path()).ok().map(|it| it.map_or(0, |it| it.len()));
            assert_eq!(found, expected, "{text}");
        }
        let checks = |written: &[&str]| digest(&written.iter().map(|it| Check::parse(it).unwrap()).collect::<Vec<_>>());
        assert_ne!(checks(&["a b"]), checks(&["a", "b"]));
        assert_eq!(checks(&["a b"]), checks(&["a b"]));
    }
}
