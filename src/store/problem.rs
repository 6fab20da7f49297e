//! What may be wrong with a store.

use super::tables::MIGRATIONS;
use crate::text::visible_path;
use rusqlite::{Error, ErrorCode};
use std::{io, path::Path};

/// Why a store cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub enum Problem {
    /// It has tables of a later version.
    Later(i32),
    /// It is a database of another program.
    Foreign,
    Damaged(String),
    /// Another process has kept this one waiting for too long. That passes.
    Busy,
    /// The disk has no room.
    Full,
    Failed(String),
}

impl Problem {
    /// One sentence for a person.
    pub fn sentence(&self, path: &Path) -> String {
        let path = visible_path(path);
        match self {
            Self::Later(version) => format!(
                "the store {path} is of a later version of rlm ({version}; this one knows {}): no reply is kept or known",
                MIGRATIONS.len()
            ),
            Self::Foreign => {
                format!("{path} is no store of rlm: no reply is kept or known; name another with RLM_STORE")
            }
            Self::Damaged(how) => format!(
                "the store {path} is damaged ({how}): no reply is kept or known; `rlm store clear` begins a new one"
            ),
            Self::Busy => format!("another rlm is at work in the store {path}; try again"),
            Self::Full => format!("the disk is full: no further reply is kept in the store {path}"),
            Self::Failed(why) => {
                format!("the store {path} cannot be used ({why}): no reply is kept; name another with RLM_STORE")
            }
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error.to_string()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::StorageFull { Self::Full } else { Self::Failed(error.to_string()) }
    }
}
