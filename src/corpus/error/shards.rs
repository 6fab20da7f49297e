//! What can go wrong with shards, in words for a person.

use super::{Error, GrepError};
use crate::failure::FailureKind;

/// Why something about a store could not be done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ShardError {
    #[error("`{location}` names no store: {reason}")]
    Location { location: String, reason: String },
    #[error("there is no store at {location}")]
    NoStore { location: String },
    #[error("the store at {location} is half-written: it has shards but no manifest, which is written last")]
    HalfWritten { location: String },
    #[error("{location} is not a shard store: it holds `{found}`, which does not belong to one")]
    OtherFiles { location: String, found: String },
    #[error("the store at {location} cannot be used: {path} is {what}")]
    Misplaced { location: String, path: String, what: &'static str },
    #[error("the manifest of {location} (manifest.json) cannot be used: {reason}")]
    Manifest { location: String, reason: String },
    #[error("{location} holds another text: {difference}")]
    OtherText { location: String, difference: String },
    #[error("another ingest is writing to {location}")]
    Busy { location: String },
    #[error("another ingest has changed {location} in the meantime")]
    Overtaken { location: String },
    #[error("{location} was replaced by another text since it was opened")]
    Replaced { location: String },
    #[error("the shard {shard} of {location} {trouble}")]
    Shard { location: String, shard: String, trouble: Trouble },
    #[error("cannot {action} {location}: {reason}")]
    Access { action: &'static str, location: String, reason: String, remedy: Option<String> },
    #[error("cannot read {path}: {reason}")]
    Input { path: String, reason: String },
    #[error("{0}")]
    Corpus(#[from] Error),
    #[error("{0}")]
    Grep(#[from] GrepError),
    #[error("line {line} of the text is longer than {limit} bytes, and lines are searched whole")]
    LongLine { line: usize, limit: usize },
    #[error("bytes {start} to {end} are not a part of a text of {len} bytes")]
    OutOfRange { start: usize, end: usize, len: usize },
    #[error("bytes {start} to {end} begin or end in the middle of a character")]
    InsideCharacter { start: usize, end: usize },
    #[error("nothing to look for: the text to find is empty")]
    EmptyNeedle,
    #[error("a store cannot have shards of {given} bytes: at least {least}, and at most {most}")]
    ShardSize { given: usize, least: usize, most: usize },
    #[error("the manifest of all shards and files would be larger than {limit} bytes")]
    LargeManifest { limit: usize },
}

/// What is wrong with a shard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error("is missing")]
    Missing,
    #[error("is a link or something else that is not a regular file, and is not read")]
    NotAFile,
    #[error("is truncated or overlong: it has {found} bytes instead of {expected}")]
    Size { found: usize, expected: usize },
    #[error("is damaged: its bytes do not have the hash of the manifest")]
    Damaged,
    #[error("was changed while it was being read")]
    Changed,
    #[error("does not have the characters and lines that the manifest says")]
    Miscounted,
}

impl ShardError {
    /// A stable name of the kind, for programs.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Location { .. } => FailureKind::BadLocation,
            Self::NoStore { .. } => FailureKind::NoStore,
            Self::HalfWritten { .. } => FailureKind::HalfWritten,
            Self::OtherFiles { .. } => FailureKind::OtherFiles,
            Self::Misplaced { .. } => FailureKind::BadStore,
            Self::Manifest { .. } => FailureKind::BadManifest,
            Self::OtherText { .. } => FailureKind::OtherText,
            Self::Busy { .. } => FailureKind::Busy,
            Self::Overtaken { .. } => FailureKind::Overtaken,
            Self::Replaced { .. } => FailureKind::Replaced,
            Self::Shard { .. } => FailureKind::BadShard,
            Self::Access { .. } => FailureKind::NoAccess,
            Self::Input { .. } => FailureKind::BadInput,
            Self::Corpus(error) => error.kind(),
            Self::Grep(_) => FailureKind::BadPattern,
            Self::LongLine { .. } => FailureKind::LongLine,
            Self::OutOfRange { .. } | Self::InsideCharacter { .. } => FailureKind::BadRange,
            Self::EmptyNeedle => FailureKind::EmptyNeedle,
            Self::ShardSize { .. } => FailureKind::BadShardSize,
            Self::LargeManifest { .. } => FailureKind::LargeManifest,
        }
    }

    /// What the person can do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Location { .. } => "name a folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix",
            Self::NoStore { .. } => "`rlm shards ingest SOURCE STORE` makes one",
            Self::HalfWritten { .. } => "run the same ingest again: it goes on where the last one ended",
            Self::OtherFiles { .. } => "a store has a folder or a prefix of its own: name a new or an empty one",
            Self::Misplaced { .. } => "a store holds no links, and nothing else in the place of its files and folders",
            Self::Manifest { .. } | Self::Shard { .. } => {
                "write the store anew from its text: ingest it with --replace"
            }
            Self::OtherText { .. } => "--replace puts the new text in its place",
            Self::Busy { .. } => "wait until it is done, or end it",
            Self::Overtaken { .. } => "look at what is there (`rlm shards info`) before you ingest again",
            Self::Replaced { .. } => "open it again",
            Self::Access { remedy, .. } => return remedy.clone(),
            Self::Corpus(error) => return error.hint(),
            Self::LongLine { .. } => "`rlm shards find` looks for a text in lines of any length",
            Self::LargeManifest { .. } => "choose larger shards (--shard-size), or fewer files (--include)",
            Self::Input { .. }
            | Self::Grep(_)
            | Self::OutOfRange { .. }
            | Self::InsideCharacter { .. }
            | Self::EmptyNeedle
            | Self::ShardSize { .. } => return None,
        };
        Some(hint.to_owned())
    }
}
