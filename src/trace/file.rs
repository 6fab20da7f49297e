//! The file of a trace, which only its owner may read: it holds text that models were shown.
//!
//! One that a person names is new, or empty, or an earlier trace. No link is followed, since nobody named what it leads to.
//! Each line is handed to the system before the run goes on, so that what a killed process has written is there.

use crate::text::visible_path;
use std::{
    fs::{File, OpenOptions, Permissions},
    io::{self, Read, Seek, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// A trace that is being written.
#[derive(Debug)]
pub struct TraceFile {
    path: PathBuf,
    file: File,
    /// Lines and bytes that were written.
    lines: u64,
    bytes: u64,
    /// A line that makes it larger is left out, and so are those after it.
    most_bytes: u64,
    is_full: bool,
    /// The number of its run, if it lies with those of other runs.
    pub(super) run: Option<i64>,
    /// Why writing failed first; nothing is written after that.
    failure: Option<io::Error>,
}

/// How each line begins, and so every file that is a trace.
const BEGINNING: &[u8] = br#"{"kind":""#;

/// Only its owner may read or write it.
const PRIVATE: u32 = 0o600;

impl TraceFile {
    /// The file that a person has named.
    ///
    /// # Errors
    /// It cannot be written, or is something else than a trace; a sentence.
    pub fn create(path: PathBuf) -> Result<Self, String> {
        let file = create(&path, BEGINNING, "a trace")
            .map_err(|error| format!("cannot write the trace {}: {error}", visible_path(&path)))?;
        Ok(Self::of(path, file, None, u64::MAX))
    }

    /// The file of a run, in the place of whatever else has that name.
    pub(super) fn of_run(path: PathBuf, run: i64, most_bytes: u64) -> io::Result<Self> {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(&path)?;
        Ok(Self::of(path, file, Some(run), most_bytes))
    }

    fn of(path: PathBuf, file: File, run: Option<i64>, most_bytes: u64) -> Self {
        Self { path, file, lines: 0, bytes: 0, most_bytes, is_full: false, run, failure: None }
    }

    pub(super) fn shown_path(&self) -> String {
        visible_path(&self.path)
    }

    /// Writes an object in JSON, with its number and its time. The last line is written even if the file is full.
    pub(super) fn write(&mut self, object: &str, milliseconds: u128, is_last: bool) {
        let line = self.line(object, milliseconds);
        if !is_last && (self.is_full || self.bytes + line.len() as u64 > self.most_bytes) {
            if !std::mem::replace(&mut self.is_full, true) {
                let line = self.line(r#"{"kind":"full"}"#, milliseconds);
                self.put(&line);
            }
            return;
        }
        self.put(&line);
    }

    fn line(&self, object: &str, milliseconds: u128) -> String {
        let open = object.strip_suffix('}').unwrap_or(object);
        format!("{open},\"seq\":{},\"ms\":{milliseconds}}}\n", self.lines)
    }

    fn put(&mut self, line: &str) {
        if self.failure.is_none() {
            self.failure = self.file.write_all(line.as_bytes()).err();
            self.lines += 1;
            self.bytes += line.len() as u64;
        }
    }

    /// Why it is not whole, if a person has asked for it.
    pub(super) fn failure(&self) -> Option<String> {
        let error = self.failure.as_ref().filter(|_| self.run.is_none())?;
        Some(format!("the trace {} is not whole: {error}", self.shown_path()))
    }
}

/// An empty file that nobody else can read. Nothing is emptied before it is known to be an earlier one of the same kind, by
/// how it begins.
pub(super) fn create(path: &Path, beginning: &[u8], kind: &str) -> io::Result<File> {
    // A pipe that nobody reads must not make the program wait for being opened.
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false).mode(PRIVATE).custom_flags(flags);
    let mut file = options.open(path).map_err(|error| match error.raw_os_error() {
        Some(libc::ELOOP) => io::Error::other("it is a symbolic link; name the file itself"),
        Some(libc::ENXIO) => not_a_file(),
        _ => error,
    })?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(not_a_file());
    }
    if metadata.nlink() > 1 {
        return Err(io::Error::other("the file has another name too (a hard link); name a new one"));
    }
    let mut begins = Vec::new();
    (&mut file).take(beginning.len() as u64).read_to_end(&mut begins)?;
    if !begins.is_empty() && begins != beginning {
        let message = format!("the file holds something else than {kind}; name another one, or remove it");
        return Err(io::Error::other(message));
    }
    file.set_permissions(Permissions::from_mode(PRIVATE))?;
    file.set_len(0)?;
    file.rewind()?;
    Ok(file)
}

fn not_a_file() -> io::Error {
    io::Error::other("it is not a regular file")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::symlink};

    #[test]
    fn a_trace_is_private_and_replaces_an_earlier_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.jsonl");
        for earlier in [None, Some(""), Some("{\"kind\":\"started\",\"seq\":0}\n{\"ki")] {
            if let Some(earlier) = earlier {
                fs::write(&path, earlier).unwrap();
                fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
            }
            let mut trace = TraceFile::create(path.clone()).unwrap_or_else(|error| panic!("{error}"));
            trace.write(r#"{"kind":"done"}"#, 7, true);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, PRIVATE);
            assert_eq!(fs::read_to_string(&path).unwrap(), "{\"kind\":\"done\",\"seq\":0,\"ms\":7}\n");
        }
    }

    #[test]
    fn a_full_trace_says_so_once_and_has_its_last_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.jsonl");
        let mut trace = TraceFile::of_run(path.clone(), 1, 100).unwrap();
        for _ in 0..9 {
            trace.write(r#"{"kind":"turn"}"#, 1, false);
        }
        trace.write(r#"{"kind":"done"}"#, 2, true);
        let text = fs::read_to_string(&path).unwrap();
        let kinds: Vec<_> = text.lines().map(|line| &line[9..13]).collect();
        assert_eq!(kinds, ["turn", "turn", "turn", "full", "done"], "{text}");
    }

    #[test]
    fn what_was_not_named_is_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("letter"), "dear").unwrap();
        fs::write(path("diary"), "{\"kind\": \"of blue\"}").unwrap();
        symlink("letter", path("link")).unwrap();
        symlink("absent", path("dangling")).unwrap();
        fs::hard_link(path("letter"), path("twin")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, path("pipe"), rustix::fs::Mode::RWXU).unwrap();
        for (name, why) in [
            ("link", "symbolic link"),
            ("dangling", "symbolic link"),
            ("twin", "hard link"),
            ("diary", "something else than a trace"),
            ("pipe", "not a regular file"),
            (".", "is a directory"),
        ] {
            let error = TraceFile::create(path(name)).err().unwrap_or_else(|| panic!("{name} is written to"));
            assert!(error.to_lowercase().contains(why), "{name}: {error}");
        }
        assert_eq!(fs::read_to_string(path("letter")).unwrap(), "dear");
        assert_eq!(fs::read_to_string(path("diary")).unwrap(), "{\"kind\": \"of blue\"}");
        assert!(!path("absent").exists());
    }
}
