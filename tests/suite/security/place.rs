//! A folder for a case, and what lies in it before and after.

use crate::terminal::{Ran, rlm, run};
use rustix::fs::{CWD, Mode};
use std::{collections::BTreeMap, fs, os::unix::fs::symlink, path::PathBuf};
use tempfile::TempDir;

pub const ROW: &str = "The saffron ration is weighed here\n";

/// A shard's name that no text of these tests leads to.
pub const SHARD: &str = "00000000-0123456789abcdef0123456789abcdef.txt";

/// A folder of its own for a case.
pub struct Place(TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder can be made"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn name(&self, name: &str) -> String {
        self.path(name).to_str().expect("it is text").to_owned()
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }

    pub fn link(&self, name: &str, target: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder can be made");
        symlink(target, path).expect("a link can be made");
    }

    pub fn pipe(&self, name: &str) {
        rustix::fs::mkfifoat(CWD, self.path(name), Mode::RWXU).expect("a pipe can be made");
    }

    /// Everything below a folder: files with their bytes, links with where they lead.
    pub fn tree(&self, name: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.path(name)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("it can be listed") {
                let path = entry.expect("it can be listed").path();
                let kind = fs::symlink_metadata(&path).expect("it is there").file_type();
                let content = if kind.is_symlink() {
                    fs::read_link(&path).expect("it is a link").into_os_string().into_encoded_bytes()
                } else if kind.is_file() {
                    fs::read(&path).expect("it can be read")
                } else {
                    Vec::new()
                };
                if kind.is_dir() {
                    folders.push(path.clone());
                }
                found.insert(path, content);
            }
        }
        found
    }

    /// Runs the program in this folder.
    pub async fn rlm(&self, arguments: &[&str]) -> Ran {
        let mut command = rlm(arguments);
        command.current_dir(self.0.path());
        run(command).await
    }

    pub async fn ingest(&self, source: &str, store: &str) {
        let ran = self.rlm(&["shards", "ingest", source, store]).await;
        assert_eq!(ran.status, 0, "{ran:?}");
    }
}

/// The program has failed, and said this.
pub fn failed(ran: &Ran, what: &str) {
    assert!(ran.status == 1 && ran.errors.contains(what), "no `{what}`: {ran:?}");
}
