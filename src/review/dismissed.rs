//! Findings that somebody has dismissed for good, with the reason, in a file that is committed.
//!
//! A finding is known by its identity, so it stays dismissed whatever is edited elsewhere, and comes back when what it is about
//! changes. The rule, the path and the sentence stand beside it for those who read the file.

use super::finding::Finding;
use crate::{
    corpus,
    failure::{Failure, FailureKind},
};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The file, in the folder that a repository keeps for `rlm`.
pub const FILE: &str = "dismissed.json";

/// The version of its form.
const VERSION: u32 = 1;

/// The most entries that are read.
const MOST: usize = 20_000;

/// The dismissals of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dismissals {
    version: u32,
    dismissed: Vec<Dismissal>,
}

/// One finding that is not to be shown again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dismissal {
    id: String,
    rule: String,
    path: String,
    sentence: String,
    reason: String,
}

impl Default for Dismissals {
    fn default() -> Self {
        Self { version: VERSION, dismissed: Vec::new() }
    }
}

impl Dismissals {
    /// Those of the repository at `root`; none if it has no such file.
    ///
    /// # Errors
    /// There is such a file, and it cannot be read or makes no sense.
    pub fn read(root: &Path) -> Result<Self, Failure> {
        let text = corpus::read_repository_file(root, FILE).map_err(|error| bad(&error.to_string()))?;
        text.map_or_else(|| Ok(Self::default()), |text| Self::parse(&text))
    }

    fn parse(text: &str) -> Result<Self, Failure> {
        let read: Self = serde_json::from_str(text).map_err(|error| bad(&error.to_string()))?;
        match () {
            () if read.version != VERSION => {
                Err(bad(&format!("it has version {}, and {VERSION} is known", read.version)))
            }
            () if read.dismissed.len() > MOST => Err(bad(&format!("it has more than {MOST} entries"))),
            () => Ok(read),
        }
    }

    /// Why a finding was dismissed, if it was.
    pub fn reason(&self, id: &str) -> Option<&str> {
        self.dismissed.iter().find(|it| it.id == id).map(|it| it.reason.as_str())
    }

    /// Adds a finding, and writes the file at `root` anew.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn dismiss(mut self, root: &Path, finding: &Finding, reason: &str) -> Result<(), Failure> {
        self.dismissed.push(Dismissal {
            id: finding.id.clone(),
            rule: finding.rule.id.to_owned(),
            path: finding.place.path.clone(),
            sentence: finding.sentence.clone(),
            reason: reason.to_owned(),
        });
        // In an order that merges well.
        self.dismissed.sort_by(|a, b| (&a.path, &a.rule, &a.id).cmp(&(&b.path, &b.rule, &b.id)));
        let text = serde_json::to_string_pretty(&self).map_err(|error| bad(&error.to_string()))?;
        corpus::write_repository_file(root, FILE, &format!("{text}\n")).map_err(|error| Failure {
            kind: FailureKind::BadFindings,
            message: format!("cannot write {}/{FILE}: {error}", corpus::FOLDER),
            hint: None,
        })
    }
}

fn bad(why: &str) -> Failure {
    Failure {
        kind: FailureKind::BadFindings,
        message: format!("cannot read {}/{FILE}: {why}", corpus::FOLDER),
        hint: Some("mend the file, or take it back from version control".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::{finding::Place, rule::DEAD_LINK};

    #[test]
    fn a_dismissal_is_kept_with_its_reason() {
        let root = tempfile::tempdir().unwrap();
        let finding = |id: &str| Finding {
            id: id.to_owned(),
            rule: &DEAD_LINK,
            severity: DEAD_LINK.severity,
            place: Place::line("a.md", 3),
            sentence: "the link leads nowhere".to_owned(),
            reason: String::new(),
            doubt: String::new(),
            evidence: Vec::new(),
            fix: None,
            missing: None,
        };
        for (id, reason) in [("b", "made by the build"), ("a", "wanted")] {
            Dismissals::read(root.path()).unwrap().dismiss(root.path(), &finding(id), reason).unwrap();
        }
        let read = Dismissals::read(root.path()).unwrap();
        assert_eq!((read.reason("b"), read.reason("c")), (Some("made by the build"), None));
        assert_eq!(read.dismissed.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_file_that_makes_no_sense_is_told_and_not_written_over() {
        let root = tempfile::tempdir().unwrap();
        for text in ["", "[]", r#"{"version": 2, "dismissed": []}"#, r#"{"version": 1, "dismissed": [], "more": 1}"#] {
            corpus::write_repository_file(root.path(), FILE, text).unwrap();
            let failure = Dismissals::read(root.path()).unwrap_err();
            assert!(failure.message.starts_with("cannot read .rlm/dismissed.json: "), "{}", failure.message);
        }
    }
}
