//! Where the traces of all runs lie: in a folder of their own beside the database of the store, within bounds.
//!
//! The name of a trace is the number of its run. Nothing else in the folder is looked at, written to or removed.

use super::file::TraceFile;
use crate::{store, text::visible_path};
use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::SystemTime,
};

const NAME: &str = "traces";

const EXTENSION: &str = "jsonl";

const FOLDER_MODE: u32 = 0o700;

/// How much is kept.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    traces: usize,
    bytes: u64,
    bytes_of_one: u64,
}

const BOUNDS: Bounds = Bounds { traces: 500, bytes: 256 << 20, bytes_of_one: 32 << 20 };

/// The folder of traces.
#[derive(Debug, Clone)]
pub struct TraceFolder {
    path: PathBuf,
    bounds: Bounds,
}

/// What is kept, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptTraces {
    pub traces: usize,
    pub bytes: u64,
    pub most_traces: usize,
    pub most_bytes: u64,
}

/// A trace that is kept.
struct Kept {
    run: i64,
    bytes: u64,
    changed: SystemTime,
}

impl TraceFolder {
    /// The one beside a store.
    pub fn of(store: &store::Folder) -> Self {
        Self { path: store.path().join(NAME), bounds: BOUNDS }
    }

    /// Begins the trace of a run. The oldest ones make room.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn begin(&self, run: i64) -> io::Result<TraceFile> {
        match self.check() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&self.path)?;
            }
            checked => checked?,
        }
        self.make_room()?;
        TraceFile::of_run(self.path_of(run), run, self.bounds.bytes_of_one)
    }

    /// Where the trace of a run is, or would be.
    pub fn path_of(&self, run: i64) -> PathBuf {
        self.path.join(format!("{run}.{EXTENSION}"))
    }

    /// The run whose trace was written to last.
    pub fn last(&self) -> Option<i64> {
        self.kept().ok()?.pop().map(|it| it.run)
    }

    pub fn summary(&self) -> KeptTraces {
        let kept = self.kept().unwrap_or_default();
        let bytes = kept.iter().map(|it| it.bytes).sum();
        let Bounds { traces: most_traces, bytes: most_bytes, .. } = self.bounds;
        KeptTraces { traces: kept.len(), bytes, most_traces, most_bytes }
    }

    /// Removes all traces.
    ///
    /// # Errors
    /// One stays; a sentence.
    pub fn clear(&self) -> Result<(), String> {
        let removed = self.kept().and_then(|kept| kept.iter().try_for_each(|it| self.remove(it)));
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(format!("cannot remove the traces in {}: {error}", visible_path(&self.path)))
            }
            _ => {
                // Another file may lie there, which is not ours to remove.
                let _ = fs::remove_dir(&self.path);
                Ok(())
            }
        }
    }

    /// Removes the oldest until another one has room, however long it gets.
    fn make_room(&self) -> io::Result<()> {
        let mut kept = self.kept()?;
        let mut bytes: u64 = kept.iter().map(|it| it.bytes).sum();
        let Bounds { traces, bytes: most, bytes_of_one } = self.bounds;
        let mut count = kept.len();
        for oldest in kept.drain(..) {
            if count < traces && bytes + bytes_of_one <= most {
                break;
            }
            self.remove(&oldest)?;
            count -= 1;
            bytes -= oldest.bytes;
        }
        Ok(())
    }

    fn remove(&self, kept: &Kept) -> io::Result<()> {
        match fs::remove_file(self.path_of(kept.run)) {
            // Another process was quicker.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    /// The traces, the oldest first.
    fn kept(&self) -> io::Result<Vec<Kept>> {
        self.check()?;
        let mut kept = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let Some(run) = run_of(&entry.path()) else { continue };
            // A trace that has just been removed is none.
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_file() {
                let changed = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                kept.push(Kept { run, bytes: metadata.len(), changed });
            }
        }
        kept.sort_by_key(|it| (it.changed, it.run));
        Ok(kept)
    }

    /// Makes sure that it is a folder, and no link to one.
    fn check(&self) -> io::Result<()> {
        match self.path.symlink_metadata()?.is_dir() {
            true => Ok(()),
            false => Err(io::Error::other("it is not a folder")),
        }
    }
}

/// The run that a name of ours stands for.
fn run_of(path: &Path) -> Option<i64> {
    let run: i64 = path.file_stem()?.to_str()?.parse().ok()?;
    (path.file_name()?.to_str()? == format!("{run}.{EXTENSION}")).then_some(run)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn names(folder: &TraceFolder) -> Vec<String> {
        let entries = fs::read_dir(&folder.path).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = entries.collect();
        names.sort();
        names
    }

    #[test]
    fn the_oldest_traces_make_room_and_other_files_stay() {
        let place = tempfile::tempdir().unwrap();
        let bounds = Bounds { traces: 3, bytes: 1000, bytes_of_one: 400 };
        let folder = TraceFolder { path: place.path().join("deep/traces"), bounds };
        assert_eq!(folder.last(), None);
        for run in 1..=5 {
            let mut trace = folder.begin(run).unwrap();
            trace.write(r#"{"kind":"done"}"#, 0, true);
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(run.cast_unsigned());
            fs::File::options().write(true).open(folder.path_of(run)).unwrap().set_modified(time).unwrap();
        }
        fs::write(folder.path.join("letter.txt"), "dear").unwrap();
        fs::write(folder.path.join("07.jsonl"), "dear").unwrap();
        assert_eq!(names(&folder), ["07.jsonl", "3.jsonl", "4.jsonl", "5.jsonl", "letter.txt"]);
        assert_eq!((folder.last(), folder.summary().traces), (Some(5), 3));
        assert_eq!(fs::metadata(&folder.path).unwrap().permissions().mode() & 0o777, FOLDER_MODE);
        assert_eq!(fs::metadata(folder.path_of(5)).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(folder.path_of(5), "x".repeat(700)).unwrap();
        folder.begin(6).unwrap();
        assert_eq!(names(&folder), ["07.jsonl", "6.jsonl", "letter.txt"], "one more could take 400 bytes of 1000");
        folder.clear().unwrap();
        assert_eq!(names(&folder), ["07.jsonl", "letter.txt"]);
    }

    #[test]
    fn a_link_in_the_place_of_the_folder_is_not_followed() {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("elsewhere")).unwrap();
        fs::write(place.path().join("elsewhere/1.jsonl"), "dear").unwrap();
        std::os::unix::fs::symlink("elsewhere", place.path().join("traces")).unwrap();
        let folder = TraceFolder { path: place.path().join("traces"), bounds: BOUNDS };
        assert!(folder.begin(1).is_err() && folder.clear().is_err());
        assert_eq!(fs::read_to_string(place.path().join("elsewhere/1.jsonl")).unwrap(), "dear");
    }
}
