//! Why a proposal is not taken.

use crate::text::visible_name;
use std::fmt;

/// What is wrong with a proposal, for a person and for the model that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub kind: RefusalKind,
    /// The file that it is about.
    pub path: Option<String>,
    /// What is wrong, where, and what to do.
    pub message: String,
}

/// The kind of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The reply has no change in any known form.
    Nothing,
    /// The form is broken: a block that does not end, a diff that goes on outside.
    Malformed,
    TooLarge,
    /// A path that leads elsewhere, or none.
    Path,
    /// A copy, a mode, a binary file.
    Unsupported,
    /// Two changes of which only one can be made.
    Contradiction,
    /// The file has no such lines.
    NotFound,
    /// The lines fit at several places, or in several ways.
    Ambiguous,
    /// Something is left out and only hinted at.
    Elided,
    NoChange,
    AlreadyApplied,
    Overlap,
    NoFile,
    FileExists,
    Unreadable,
}

impl RefusalKind {
    pub const ALL: [Self; 15] = [
        Self::Nothing,
        Self::Malformed,
        Self::TooLarge,
        Self::Path,
        Self::Unsupported,
        Self::Contradiction,
        Self::NotFound,
        Self::Ambiguous,
        Self::Elided,
        Self::NoChange,
        Self::AlreadyApplied,
        Self::Overlap,
        Self::NoFile,
        Self::FileExists,
        Self::Unreadable,
    ];

    /// Its stable name, for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Malformed => "malformed",
            Self::TooLarge => "tooLarge",
            Self::Path => "path",
            Self::Unsupported => "unsupported",
            Self::Contradiction => "contradiction",
            Self::NotFound => "notFound",
            Self::Ambiguous => "ambiguous",
            Self::Elided => "elided",
            Self::NoChange => "noChange",
            Self::AlreadyApplied => "alreadyApplied",
            Self::Overlap => "overlap",
            Self::NoFile => "noFile",
            Self::FileExists => "fileExists",
            Self::Unreadable => "unreadable",
        }
    }
}

impl Refusal {
    pub(super) fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self { kind, path: None, message: message.into() }
    }

    /// Says which file it is about, unless that is known.
    pub(super) fn of(mut self, path: &str) -> Self {
        self.path.get_or_insert_with(|| path.to_owned());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(formatter, "{}: ", visible_name(path.as_bytes()))?;
        }
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
