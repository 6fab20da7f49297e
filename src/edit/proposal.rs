//! What a model proposes, before it is known whether it fits.

/// Changes of files, each of another file, in the order in which they were proposed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proposal {
    pub files: Vec<FileChange>,
}

/// What is to become of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Relative, with `/` between its parts, none of which leads elsewhere.
    pub path: String,
    pub change: Change,
}

/// A change of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Edit(Vec<Hunk>),
    /// A file that is not there yet.
    Create(String),
    /// The whole text of a file, be it there or not.
    Rewrite(String),
    Delete,
    Rename {
        to: String,
        hunks: Vec<Hunk>,
    },
}

/// Lines of a file, and those in their place. Lines have no line ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hunk {
    pub old: Vec<String>,
    pub new: Vec<String>,
    /// The number of the first old line, as the model believes, from 1.
    pub line: Option<usize>,
    /// Lines above, of which each lies in the one before: a class, a function.
    pub anchors: Vec<String>,
    /// Whether the file is to end with a line feed, where the change says so.
    pub last_newline: Option<bool>,
    /// It comes from a diff, where a line that stays begins with a space, which models forget.
    pub is_diff: bool,
}
