//! What a repository keeps for `rlm`: the files in its folder `.rlm`, which are committed with it; and reports that its own tools have
//! left there, which are not.
//!
//! They may come from anybody. No link is followed below the root, no pipe is waited for, and no more is read than a file may
//! have.

use super::beneath::Dir;
use std::{
    io::{self, ErrorKind, Read},
    path::Path,
    time::SystemTime,
};

/// The folder, below the root of a repository.
pub const FOLDER: &str = ".rlm";

/// The most bytes of such a file.
const MOST_BYTES: u64 = 4 << 20;

/// The most bytes of a report.
const MOST_OF_REPORT: u64 = 64 << 20;

/// A report, and when it was written.
#[derive(Debug)]
pub struct Report {
    pub text: String,
    pub modified: SystemTime,
}

/// A report at a path below the root of a repository; nothing if there is none.
///
/// # Errors
/// It cannot be read, is no regular file or no text, is too large, or lies behind a link.
pub fn read_report(root: &Path, path: &str) -> io::Result<Option<Report>> {
    let file = match Dir::open(root).and_then(|root| root.open_file(path)) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(error),
    };
    let modified = file.metadata()?.modified()?;
    let mut text = String::new();
    file.take(MOST_OF_REPORT + 1).read_to_string(&mut text)?;
    match text.len() as u64 > MOST_OF_REPORT {
        true => Err(io::Error::other(format!("it has more than {} MiB", MOST_OF_REPORT >> 20))),
        false => Ok(Some(Report { text, modified })),
    }
}

/// When a file below the root was changed last, if that can be told.
pub fn changed_at(root: &Path, path: &str) -> Option<SystemTime> {
    Dir::open(root).ok()?.open_file(path).ok()?.metadata().ok()?.modified().ok()
}

/// The text of a file in the folder; nothing if there is none.
///
/// # Errors
/// It cannot be read, is no regular file or no text, or is too large.
pub fn read_repository_file(root: &Path, name: &str) -> io::Result<Option<String>> {
    let opened = Dir::open(root).and_then(|root| root.open_folder(FOLDER)).and_then(|folder| folder.open_file(name));
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = String::new();
    file.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    match text.len() as u64 > MOST_BYTES {
        true => Err(io::Error::other(format!("it has more than {} MiB", MOST_BYTES >> 20))),
        false => Ok(Some(text)),
    }
}

/// Writes a file in the folder, in the place of an earlier one.
///
/// # Errors
/// It cannot be written, or the folder is a link.
pub fn write_repository_file(root: &Path, name: &str, text: &str) -> io::Result<()> {
    let root = Dir::open(root)?;
    root.make_folder(FOLDER)?;
    root.open_folder(FOLDER)?.put(name, text.as_bytes(), true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::symlink};

    #[test]
    fn a_file_is_read_as_it_was_written_and_no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir_all(folder.path().join("outside")).unwrap();
        fs::create_dir(&root).unwrap();
        assert_eq!(read_repository_file(&root, "a.json").unwrap(), None);
        write_repository_file(&root, "a.json", "one").unwrap();
        write_repository_file(&root, "a.json", "two").unwrap();
        assert_eq!(read_repository_file(&root, "a.json").unwrap().as_deref(), Some("two"));
        fs::write(folder.path().join("outside/b.json"), "secret").unwrap();
        symlink("../../outside/b.json", root.join(".rlm/b.json")).unwrap();
        assert!(read_repository_file(&root, "b.json").is_err());
        fs::remove_dir_all(root.join(".rlm")).unwrap();
        symlink("../outside", root.join(".rlm")).unwrap();
        assert!(read_repository_file(&root, "b.json").is_err());
        assert!(write_repository_file(&root, "b.json", "x").is_err());
        assert_eq!(fs::read_to_string(folder.path().join("outside/b.json")).unwrap(), "secret");
    }
}
