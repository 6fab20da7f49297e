//! A finding: something about a place of a text that a person should look at, with what speaks for it.

use super::rule::{Rule, Severity};
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};
use std::fmt;

/// Bytes of a hash that make an identity.
const ID_BYTES: usize = 16;

/// Something that a person should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is known by between runs: made of its rule, its file and what it is about, and not of line numbers, so that
    /// edits elsewhere leave it as it is. Hexadecimal digits.
    pub id: String,
    pub rule: &'static Rule,
    pub severity: Severity,
    pub place: Place,
    /// What is wrong.
    pub sentence: String,
    /// Why that is so.
    pub reason: String,
    /// How it could be wrong.
    pub doubt: String,
    /// Other places that show it.
    pub evidence: Vec<Evidence>,
    pub fix: Option<Fix>,
    /// The path that is not there, if the finding is about one.
    pub missing: Option<String>,
}

/// Lines of a file, counted from 1, both included.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// As files are shown.
    pub path: String,
    pub first_line: usize,
    pub last_line: usize,
}

impl Place {
    pub fn line(path: &str, line: usize) -> Self {
        Self { path: path.to_owned(), first_line: line, last_line: line }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, first_line, last_line } = self;
        match first_line == last_line {
            true => write!(f, "{path}:{first_line}"),
            false => write!(f, "{path}:{first_line}-{last_line}"),
        }
    }
}

/// A place that shows why a finding holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    pub place: Place,
    pub sentence: String,
}

/// A change that would mend it: other lines in place of those of the finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    pub sentence: String,
    /// Without the line feed at the end.
    pub lines: String,
}

/// A finding before it is known which others are about the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub rule: &'static Rule,
    pub severity: Severity,
    pub place: Place,
    /// What it is about, in a form that edits elsewhere do not change. Not shown.
    pub subject: String,
    pub sentence: String,
    pub reason: String,
    /// How it could be wrong, if that is more than what can be said of its rule.
    pub doubt: Option<String>,
    pub evidence: Vec<Evidence>,
    pub fix: Option<Fix>,
    pub missing: Option<String>,
}

/// Gives findings their identities. Of several about the same in one file each has its number, in the order of their lines.
/// `file` says of a shown path what its file is called whatever part of the repository is reviewed.
pub fn identified(mut drafts: Vec<Draft>, file: impl Fn(&str) -> String) -> Vec<Finding> {
    drafts.sort_by(|a, b| a.place.cmp(&b.place).then_with(|| a.rule.id.cmp(b.rule.id)));
    let mut known: FxHashMap<(&'static str, String, String), usize> = FxHashMap::default();
    let finding = |draft: Draft| {
        let Draft { rule, severity, place, subject, sentence, reason, doubt, evidence, fix, missing } = draft;
        let file = file(&place.path);
        let number = known.entry((rule.id, file.clone(), subject.clone())).or_default();
        let id = id(rule, &file, &subject, *number);
        *number += 1;
        let doubt = doubt.unwrap_or_else(|| rule.doubt.to_owned());
        Finding { id, rule, severity, place, sentence, reason, doubt, evidence, fix, missing }
    };
    drafts.into_iter().map(finding).collect()
}

fn id(rule: &Rule, path: &str, subject: &str, number: usize) -> String {
    let mut hash = Sha256::new();
    for part in [rule.id, path, subject, &number.to_string()] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(ID_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::rule::{DEAD_LINK, OPEN_TODO};

    fn draft(rule: &'static Rule, path: &str, line: usize, subject: &str) -> Draft {
        Draft {
            rule,
            severity: rule.severity,
            doubt: None,
            place: Place::line(path, line),
            subject: subject.to_owned(),
            sentence: String::new(),
            reason: String::new(),
            evidence: Vec::new(),
            fix: None,
            missing: None,
        }
    }

    #[test]
    fn identities_are_of_content_and_tell_equal_ones_apart() {
        let first = [
            draft(&DEAD_LINK, "a.md", 3, "x.md"),
            draft(&DEAD_LINK, "a.md", 9, "x.md"),
            draft(&OPEN_TODO, "a.md", 3, "x.md"),
            draft(&DEAD_LINK, "b.md", 3, "x.md"),
            draft(&DEAD_LINK, "a.md", 4, "y.md"),
        ];
        let ids = |drafts: &[Draft]| {
            let mut found: Vec<String> =
                identified(drafts.to_vec(), str::to_owned).into_iter().map(|it| it.id).collect();
            found.sort();
            found
        };
        let mut moved = first.clone();
        moved.iter_mut().for_each(|it| it.place.first_line += 40);
        moved.iter_mut().for_each(|it| it.place.last_line += 40);
        assert_eq!(ids(&first), ids(&moved));
        let mut different = ids(&first);
        different.dedup();
        assert_eq!(different.len(), first.len());
        assert!(different.iter().all(|id| id.len() == 2 * ID_BYTES));
    }
}
