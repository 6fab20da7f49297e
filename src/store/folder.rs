//! Where the store lies: in a folder of the person's, and readable by nobody else.

use crate::config::Environment;
use std::{
    fs::{self, DirBuilder, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// The variable that names another folder, or is `off`.
const VARIABLE: &str = "RLM_STORE";

const OFF: &str = "off";

/// The database. SQLite puts two files beside it while it is open.
const FILE: &str = "store.db";
const BESIDE: [&str; 2] = ["store.db-wal", "store.db-shm"];

/// The file of claims.
const LOCK: &str = "store.lock";

const FOLDER_MODE: u32 = 0o700;
pub const FILE_MODE: u32 = 0o600;

/// The folder of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder that `RLM_STORE` names, or else the one for data of the platform. None if the person wants none, or has
    /// no home.
    pub fn of(environment: &Environment) -> Option<Self> {
        match environment.get(VARIABLE) {
            Some(off) if off.trim().eq_ignore_ascii_case(OFF) => None,
            Some(folder) => Some(Self(folder.into())),
            None => data_folder(environment).map(|data| Self(data.join("rlm"))),
        }
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The database.
    pub fn file(&self) -> PathBuf {
        self.0.join(FILE)
    }

    pub fn lock_file(&self) -> PathBuf {
        self.0.join(LOCK)
    }

    /// The path of the database as it is to be opened, which follows no link in its last part, if the file is there.
    pub fn existing(&self) -> Option<PathBuf> {
        let path = self.0.canonicalize().ok()?.join(FILE);
        path.symlink_metadata().is_ok().then_some(path)
    }

    /// Makes the folder and an empty file if they are not there. Returns the path as it is to be opened.
    pub fn make(&self) -> io::Result<PathBuf> {
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&self.0)?;
        let path = self.0.canonicalize()?.join(FILE);
        // SQLite gives the files beside it the same mode.
        match OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(path),
        }
    }

    /// Removes the files of a store.
    pub fn remove(&self) -> io::Result<()> {
        for name in BESIDE.into_iter().chain([FILE, LOCK]) {
            match fs::remove_file(self.0.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Bytes of all files of the store.
    pub fn bytes(&self) -> u64 {
        let size = |name: &str| fs::metadata(self.0.join(name)).map_or(0, |it| it.len());
        BESIDE.into_iter().chain([FILE]).map(size).sum()
    }
}

/// The folder for data of programs. The environment is a value here, so no crate is asked, which would read that of the
/// process.
fn data_folder(environment: &Environment) -> Option<PathBuf> {
    let named = |variable: &str| environment.get(variable).map(PathBuf::from).filter(|it| it.is_absolute());
    let of_home = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/share" };
    named("XDG_DATA_HOME").or_else(|| Some(named("HOME")?.join(of_home)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_the_one_that_is_named_or_the_platforms() {
        let of = |variables: [(&str, &str); 3]| Folder::of(&Environment::of(variables)).map(|it| it.0);
        let data = PathBuf::from(if cfg!(target_os = "macos") {
            "/h/Library/Application Support/rlm"
        } else {
            "/h/.local/share/rlm"
        });
        for (variables, expected) in [
            ([("", ""), ("", ""), ("", "")], None),
            ([("HOME", "/h"), ("", ""), ("", "")], Some(data.clone())),
            ([("HOME", "/h"), ("XDG_DATA_HOME", "relative"), ("", "")], Some(data)),
            ([("HOME", "/h"), ("XDG_DATA_HOME", "/d"), ("", "")], Some("/d/rlm".into())),
            ([("HOME", "/h"), ("XDG_DATA_HOME", "/d"), ("RLM_STORE", "/s")], Some("/s".into())),
            ([("HOME", "/h"), ("XDG_DATA_HOME", "/d"), ("RLM_STORE", "OFF")], None),
        ] {
            assert_eq!(of(variables), expected, "{variables:?}");
        }
    }
}
