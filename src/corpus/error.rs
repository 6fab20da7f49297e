//! What can go wrong before there is a text. Trouble with a single file is an exclusion instead.

mod grep;
mod lookup;
mod shards;

pub use grep::GrepError;
pub use lookup::{LookupError, PathError};
pub use shards::{ShardError, Trouble};

use super::exclusion::{Exclusion, Reason, Tally};
use crate::{
    failure::FailureKind,
    text::{name_of_visible, visible_line, visible_path},
};
use std::{ffi::OsString, io, os::unix::ffi::OsStringExt, path::PathBuf, sync::Arc};

/// Up to this many excluded files are named one by one when nothing else is there to read.
const NAMED: usize = 3;

/// Why there is no snapshot, or no text of one.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    #[error("no such file or directory: {}", visible_path(.path))]
    NoSuchPath { path: PathBuf },
    #[error("cannot read {}: {error}", visible_path(.path))]
    Unreadable { path: PathBuf, error: String },
    #[error("bad glob `{}`: {reason}", visible_line(.glob))]
    BadGlob { glob: String, reason: String },
    #[error("nothing to read: {}", .left_out.as_deref().unwrap_or("there are no files"))]
    Empty { left_out: Option<String>, hint: Option<String> },
    #[error("{} was changed while it was being read, so what was read of it does not fit together", visible_path(.path))]
    Changed { path: PathBuf },
    #[error("a file of {bytes} bytes is too large for outline(), which takes up to {most}; grep() has no such limit")]
    TooLongToOutline { bytes: usize, most: usize },
    #[error("the passages that were found have more than {} MiB together: ask for fewer", most >> 20)]
    TooMuchFound { most: usize },
    #[error("{location} is a shard store, which is asked about by itself: without other paths and without globs")]
    StoreNotAlone { location: String },
    #[error("it is no JSON: {reason}")]
    BadJson { reason: String },
    #[error("{error}")]
    Shards { error: Arc<ShardError> },
    /// Whoever wanted the text has gone.
    #[error("reading was stopped")]
    Stopped,
    #[error("cannot store the text: {error}")]
    Storage { error: Arc<io::Error> },
}

impl From<ShardError> for Error {
    fn from(error: ShardError) -> Self {
        Self::Shards { error: Arc::new(error) }
    }
}

impl Error {
    /// A stable name of the kind, for programs.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::NoSuchPath { .. } => FailureKind::NoSuchPath,
            Self::Unreadable { .. } => FailureKind::Unreadable,
            Self::BadGlob { .. } => FailureKind::BadGlob,
            Self::Empty { .. } => FailureKind::Empty,
            Self::Changed { .. } => FailureKind::Changed,
            Self::TooLongToOutline { .. } | Self::TooMuchFound { .. } => FailureKind::TooLong,
            Self::BadJson { .. } => FailureKind::BadJson,
            Self::StoreNotAlone { .. } => FailureKind::StoreNotAlone,
            Self::Shards { error } => error.kind(),
            Self::Stopped => FailureKind::Stopped,
            Self::Storage { .. } => FailureKind::Storage,
        }
    }

    /// What the person can do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Empty { hint, .. } => return hint.clone(),
            Self::BadGlob { .. } => "globs are written as in .gitignore, e.g. `src/**/*.rs`".to_owned(),
            Self::Changed { .. } => "ask again, or ask about a copy of it".to_owned(),
            Self::BadJson { .. } => "JSON is one value, or one on each line".to_owned(),
            Self::Shards { error } => return error.hint(),
            Self::Storage { .. } => "is there room in the folder for temporary files?".to_owned(),
            _ => return None,
        })
    }

    /// No file is left; says what was left out and why. `include` are the globs that there are.
    pub(super) fn empty(exclusions: &[Exclusion], include: &[String]) -> Self {
        let left_out = match exclusions {
            [] => None,
            [Exclusion { path, reason: Reason::Unreadable { error } }] => {
                let path = OsString::from_vec(name_of_visible(path).into_owned());
                return Self::Unreadable { path: path.into(), error: error.clone() };
            }
            few if few.len() <= NAMED => {
                let named: Vec<String> = few.iter().map(|it| format!("{}: {}", it.path, it.reason)).collect();
                Some(format!("left out {}", named.join("; ")))
            }
            many => Some(Tally::of(many).to_string()),
        };
        let is_any = |is_it: fn(&Reason) -> bool| exclusions.iter().any(|it| is_it(&it.reason));
        let is_all = |is_it: fn(&Reason) -> bool| exclusions.iter().all(|it| is_it(&it.reason));
        let hint = if exclusions.is_empty() {
            None
        } else if is_any(|reason| matches!(reason, Reason::Excluded { .. })) {
            Some("take back an exclude glob: it wins over whatever is named".to_owned())
        } else if is_any(|reason| *reason == Reason::NotIncluded) {
            Some(without_match(include))
        } else if is_all(|reason| *reason == Reason::Binary) {
            Some(
                "make a text of it first: a file is read only if its beginning is text, or most of it and it is named"
                    .to_owned(),
            )
        } else {
            Some("name a file, or let some in with --include".to_owned())
        };
        Self::Empty { left_out, hint }
    }

    /// There are files, by the paths they are shown by, and all of them are empty.
    pub(super) fn empty_files(paths: &[&str]) -> Self {
        let left_out = match paths {
            ["stdin"] => "standard input is empty".to_owned(),
            [path] => format!("{path} is empty"),
            paths => format!("all {} files are empty", paths.len()),
        };
        let hint = (paths == ["stdin"]).then(|| "name a path, such as `.`, to ask about what lies there".to_owned());
        Self::Empty { left_out: Some(left_out), hint }
    }

    pub(super) fn storage(error: io::Error) -> Self {
        Self::Storage { error: Arc::new(error) }
    }
}

/// Why include globs may match nothing.
fn without_match(include: &[String]) -> String {
    let list = include.iter().find(|glob| glob.contains(',') && !glob.contains('{'));
    match list {
        Some(list) => format!("a comma is a part of `{}`: give --include for each glob", visible_line(list)),
        None => "globs are relative to the folder that is read, and matched as those of .gitignore".to_owned(),
    }
}
