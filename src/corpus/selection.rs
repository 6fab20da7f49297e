//! What a question is about, before anything was read.

use std::path::PathBuf;

/// Which files make up a text.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Files and directories that a person named. A file is read even if it is hidden, ignored, looks like a secret or
    /// no include glob matches it.
    pub roots: Vec<Root>,
    /// Globs in the syntax of `.gitignore`, relative to each root. If there are any, only files that match one, or that
    /// lie in a directory that matches one, are read. They narrow what is read without them, except that they let in
    /// what they spell out: a part of a glob that begins with a dot lets in the hidden names that it matches
    /// (`.github/**`, `.env*`), and a glob without wildcards, which is a path below the root, lets in what is ignored
    /// there (`vendor`, `config/local.json`); inside of such a directory its own rules hold. A secret is let in only by
    /// a glob that itself reads like the name of one (`.env*`, `*.pem`) or that has no wildcards. Nothing lets in `.git`.
    pub include: Vec<String>,
    /// Globs in the same syntax. What matches is left out, whatever else says otherwise. A root that is a file is matched
    /// by its path below its base and by the path it is shown by.
    pub exclude: Vec<String>,
    /// Whether the rules of ignore files count for nothing.
    pub no_ignore: bool,
    /// What an editor has open. Its texts win over what the disk has.
    pub open: Vec<OpenBuffer>,
}

/// A file or directory to read.
#[derive(Debug, Clone)]
pub struct Root {
    pub path: PathBuf,
    /// What shown paths begin with: empty for a lone directory, a folder's name if there are several, and for a file
    /// the whole path it is shown by (its name if empty).
    pub label: String,
    /// The directory that globs about a file are relative to. Those about a directory are relative to itself.
    pub base: Option<PathBuf>,
    /// Whether it may be a pipe or a terminal that was handed to the program, which is read until it ends. Any other
    /// pipe, socket or device is left out, since reading it might never end, or not even begin.
    pub stream: bool,
    /// Whether a shard store at this path stands for the text in it. Only a person who names a store as the text means that: a
    /// folder that is open in an editor, or that the program was started in, may hold somebody else's files.
    pub may_be_store: bool,
}

impl Root {
    /// A root without a label or base, which is neither a stream nor a store.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), label: String::new(), base: None, stream: false, may_be_store: false }
    }
}

/// A text in an editor. Its path lies under a root, even if there is no such file on the disk (yet).
#[derive(Debug, Clone)]
pub struct OpenBuffer {
    pub path: PathBuf,
    pub text: ropey::Rope,
    pub version: i32,
}
