//! The trace of a run: JSON Lines, one event a line, the last one `done` with the whole result.
//!
//! A trace holds all of the text that models were shown, so only its owner may read it. It is written to a file of its own:
//! one that is new, or empty, or an earlier trace. No link is followed, since nobody named what it leads to.

use super::output;
use crate::{report::types::Event, text::visible_path};
use serde::Serialize;
use serde_json::json;
use std::{
    fs::{File, OpenOptions, Permissions},
    io::{self, BufWriter, Read, Seek, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// A trace that is being written.
pub struct TraceFile {
    path: PathBuf,
    state: Mutex<State>,
}

struct State {
    file: BufWriter<File>,
    seq: u64,
    /// Why writing failed first; nothing is written after that.
    failure: Option<io::Error>,
}

/// A line of a trace.
#[derive(Serialize)]
struct Line<'a, R> {
    #[serde(flatten)]
    event: &'a Event<R>,
    seq: u64,
}

/// How each line begins, and so every file that is a trace.
const BEGINNING: &[u8] = br#"{"kind":""#;

/// Only its owner may read or write it.
const PRIVATE: u32 = 0o600;

impl TraceFile {
    pub fn create(path: PathBuf) -> Result<Self, String> {
        let file = create(&path).map_err(|error| format!("cannot write the trace {}: {error}", visible_path(&path)))?;
        let state = State { file: BufWriter::new(file), seq: 0, failure: None };
        Ok(Self { path, state: Mutex::new(state) })
    }

    pub fn shown_path(&self) -> String {
        visible_path(&self.path)
    }

    pub fn write<R: Serialize>(&self, event: &Event<R>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let line = json!(Line { event, seq: state.seq });
        state.seq += 1;
        if state.failure.is_none() {
            let written = writeln!(state.file, "{line}");
            state.failure = written.err();
        }
    }

    /// Writes the last line. A trace that is not whole is a failure of the command.
    pub fn finish<R: Serialize>(&self, result: R) {
        self.write(&Event::Done { result });
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let failure = state.failure.take().or_else(|| state.file.flush().err());
        if let Some(error) = failure {
            output::failure(format!("the trace {} is not whole: {error}", visible_path(&self.path)));
        }
    }
}

/// An empty file that nobody else can read. Nothing is emptied before it is known to be an earlier trace.
fn create(path: &Path) -> io::Result<File> {
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
    let mut beginning = Vec::new();
    (&mut file).take(BEGINNING.len() as u64).read_to_end(&mut beginning)?;
    if !beginning.is_empty() && beginning != BEGINNING {
        return Err(io::Error::other("the file holds something else than a trace; name another one, or remove it"));
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
            let trace = TraceFile::create(path.clone()).unwrap_or_else(|error| panic!("{error}"));
            trace.finish(json!({}));
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, PRIVATE);
            assert_eq!(fs::read_to_string(&path).unwrap(), "{\"kind\":\"done\",\"result\":{},\"seq\":0}\n");
        }
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
