//! What was left out or read only in part, and why. Nothing is left out in silence: a question about a file that nobody
//! read has to be answerable by "it was left out, because …".

use crate::text::visible_line;
use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
};

/// A file that was left out, or a directory with everything in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// As files are shown; a directory ends with a slash.
    pub path: String,
    pub reason: Reason,
}

/// Why something was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A rule of an ignore file; `file` is that file's path, and its lines are counted from 1.
    Ignored { rule: String, file: String, line: u32 },
    /// Its name begins with a dot.
    Hidden,
    /// What an editor keeps beside a file: a backup, a swap file, a lock.
    EditorFile,
    /// It looks like a key, a password or another credential.
    Secret,
    /// A repository of git without files of its own, such as a copy to push to.
    Repository,
    /// A file with more rules than a walk reads, or longer ones. The first `counted` of them apply.
    TooManyRules { counted: usize },
    /// An exclude glob matches it.
    Excluded { glob: String },
    /// There are include globs, and none matches it.
    NotIncluded,
    /// A symbolic link. They are not followed: what one points to inside the root is read in its own place.
    Link { target: String, leaves_root: bool },
    /// A socket, a device, a named pipe.
    NotAFile,
    /// It has a NUL byte in its first 8 KiB and is not UTF-16. A file that was named counts as binary only if more
    /// than a third of these bytes are not text.
    Binary,
    /// The operating system's words.
    Unreadable { error: String },
}

impl Reason {
    /// Whether nothing was left out for it, and the person should hear of it all the same.
    pub fn is_warning(&self) -> bool {
        matches!(self, Self::TooManyRules { .. })
    }

    /// A word or two for the kind of reason, for counting.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Ignored { .. } => "ignored",
            Self::Hidden => "hidden",
            Self::EditorFile => "editor's copy",
            Self::Secret => "secret",
            Self::Repository => "repository",
            Self::TooManyRules { .. } => "too many rules",
            Self::Excluded { .. } => "excluded",
            Self::NotIncluded => "not included",
            Self::Link { .. } => "symbolic link",
            Self::NotAFile => "not a file",
            Self::Binary => "binary",
            Self::Unreadable { .. } => "unreadable",
        }
    }
}

impl Display for Reason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ignored { rule, file, line } => {
                write!(f, "ignored by `{}` in {file}:{line}", visible_line(rule))
            }
            Self::Hidden => write!(f, "hidden"),
            Self::EditorFile => write!(f, "an editor's backup, swap or lock file"),
            Self::Secret => write!(f, "secret (an include glob can name it)"),
            Self::Repository => write!(f, "git's own folder of a repository"),
            Self::TooManyRules { counted } => {
                write!(f, "it has too many rules, or too long ones: {counted} of them count, and the others do not")
            }
            Self::Excluded { glob } => write!(f, "excluded by `{}`", visible_line(glob)),
            Self::NotIncluded => write!(f, "no include glob matches"),
            Self::Link { target, leaves_root: true } => write!(f, "symbolic link out of the root, to {target}"),
            Self::Link { target, leaves_root: false } => write!(f, "symbolic link to {target}"),
            Self::NotAFile => write!(f, "not a regular file"),
            Self::Binary => write!(f, "binary"),
            Self::Unreadable { error } => write!(f, "unreadable: {error}"),
        }
    }
}

/// A file or stream of which there is more, or something else, than was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incomplete {
    /// As files are shown.
    pub path: String,
    pub flaw: Flaw,
}

/// What is wrong with what was read of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// It goes on after the first bytes, which are all that is read of it.
    TooLong { read: u64 },
    /// Nothing could be read after this many bytes, in the operating system's words.
    Broken { read: u64, error: String },
    /// It was written to while it was read.
    Changing,
}

impl Flaw {
    /// Whether some of the text is missing.
    pub fn is_cut(&self) -> bool {
        matches!(self, Self::TooLong { .. } | Self::Broken { .. })
    }
}

/// A sentence for a person.
impl Display for Incomplete {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the text" } else { &self.path };
        match &self.flaw {
            Flaw::TooLong { read } => {
                write!(f, "{path} was cut: it goes on after the first {read} bytes, and only these were read")
            }
            Flaw::Broken { read, error } => {
                write!(f, "{path} was cut: after the first {read} bytes it could not be read ({error})")
            }
            Flaw::Changing => {
                write!(f, "{path} was written to while it was read: a part of it may be newer than the rest")
            }
        }
    }
}

/// How many things were left out for each kind of reason, commonest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(pub Vec<(&'static str, usize)>);

impl Tally {
    pub fn of(exclusions: &[Exclusion]) -> Self {
        let mut counts = BTreeMap::<&str, usize>::new();
        for exclusion in exclusions {
            *counts.entry(exclusion.reason.kind()).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        Self(counts)
    }

    /// Adds what was left out of another text.
    pub fn add(&mut self, other: Self) {
        for (kind, count) in other.0 {
            match self.0.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, known)) => *known += count,
                None => self.0.push((kind, count)),
            }
        }
        self.0.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    }

    pub fn total(&self) -> usize {
        self.0.iter().map(|(_, count)| count).sum()
    }
}

/// "7 left out (4 ignored, 2 hidden, 1 binary)".
impl Display for Tally {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let reasons: Vec<String> = self.0.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        write!(f, "{} left out ({})", self.total(), reasons.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_names_the_commonest_reason_first() {
        let exclusions: Vec<Exclusion> = [Reason::Binary, Reason::Hidden, Reason::Secret, Reason::Hidden]
            .map(|reason| Exclusion { path: "x".into(), reason })
            .into();
        assert_eq!(Tally::of(&exclusions).to_string(), "4 left out (2 hidden, 1 binary, 1 secret)");
    }
}
