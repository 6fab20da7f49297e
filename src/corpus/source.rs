//! Something that becomes a part of the text: a file, a buffer of an editor, a text.

use super::{
    decode::{BINARY_PROBE, Changes, Decoder, decode},
    exclusion::{Flaw, Reason},
    fingerprint::{ClockTick, Fingerprint},
    language::Language,
    secrets::begins_with_secret,
    walk::{Base, FileEntry},
};
use ropey::Rope;
use rustix::fd::OwnedFd;
use std::{
    borrow::Cow,
    fs::{File, OpenOptions},
    io::{self, Read, Take},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Files of at least this many bytes are read in pieces.
const LARGE_FILE: u64 = 8 << 20;

/// Files of at least this many bytes are read in place. Smaller ones are copied in less time than a person would
/// notice.
const IN_PLACE: u64 = 256 << 20;

/// How far a file is read beyond the size that it had. It may have grown, and files of `/proc` say that
/// they are empty; but one that grows as fast as it is read, or that has no end, must come to one.
const GROWTH: u64 = 4 << 20;

/// How often a file is read anew that was written to while it was read.
const TRIES: usize = 4;

/// The most that is read of a stream, whose length nobody knows and which is kept in memory.
const LONGEST_STREAM: u64 = 1 << 30;

/// A file, a buffer or a text of a snapshot. Whether a file is binary shows only when it is read.
#[derive(Debug)]
pub struct Source {
    /// As it is shown, with slashes; nothing for a text without a name.
    pub path: Option<String>,
    pub language: Option<&'static Language>,
    /// How long it will be, as far as is known.
    pub bytes: u64,
    pub(super) content: Content,
}

/// Sources in the order of shown paths, which several snapshots may share.
pub(super) type Sources = Arc<Vec<Arc<Source>>>;

#[derive(Debug, Clone)]
pub(super) enum Content {
    /// A file found by a walk. It is read only if it is still the one that was found.
    WalkResult {
        found: Arc<FileEntry>,
        base: Arc<Base>,
        /// Whether an include glob asks for this very file, whatever it holds.
        is_named: bool,
    },
    /// A file that a person named, which may be a link to one.
    Named {
        path: PathBuf,
        fingerprint: Fingerprint,
    },
    /// Standard input, or another pipe that the program was given.
    Stream(PathBuf),
    /// What an editor has, and how much of it the disk has.
    Buffer {
        path: PathBuf,
        text: Rope,
        version: i32,
        disk_bytes: Option<u64>,
        /// Whether a person, or an include glob, asks for this very file, whatever it holds.
        is_named: bool,
    },
    Text(String),
    /// A text that was stored before there was a snapshot.
    Stored,
}

/// The state of something when it was read, by which to tell whether it is still the same.
#[derive(Debug, Clone)]
pub(super) enum Reading {
    File {
        fingerprint: Fingerprint,
        is_settled: bool,
        /// Whether it was asked for by name, and so read whatever it holds.
        is_named: bool,
    },
    Buffer {
        text: Rope,
        is_named: bool,
    },
    /// It can be read only once.
    Unique,
}

/// The whole text of a source.
pub(super) struct Whole<'a> {
    pub text: Cow<'a, str>,
    pub changes: Changes,
    /// Why it may not be all there is.
    pub flaw: Option<Flaw>,
    pub reading: Reading,
}

/// A source that comes in pieces, whose beginning was read.
pub(super) struct Begun {
    pub head: Vec<u8>,
    pub rest: Input,
    pub decoder: Decoder,
}

impl Source {
    pub(super) fn new(path: String, bytes: u64, content: Content) -> Self {
        Self { language: Language::of_path(&path), path: Some(path), bytes, content }
    }

    pub(super) fn renamed(&self, path: String) -> Self {
        Self::new(path, self.bytes, self.content.clone())
    }

    /// Where it lies, or would lie if it were saved.
    pub fn absolute(&self) -> Option<&Path> {
        match &self.content {
            Content::WalkResult { found, .. } => Some(&found.absolute),
            Content::Named { path, .. } | Content::Stream(path) | Content::Buffer { path, .. } => Some(path),
            Content::Text(_) | Content::Stored => None,
        }
    }

    /// Its size on the disk; nothing for what only an editor has.
    pub fn disk_bytes(&self) -> Option<u64> {
        match &self.content {
            Content::WalkResult { .. } | Content::Named { .. } | Content::Stream(_) => Some(self.bytes),
            Content::Buffer { disk_bytes, .. } => *disk_bytes,
            Content::Text(_) | Content::Stored => None,
        }
    }

    /// The editor's version of it, if it is open there.
    pub fn version(&self) -> Option<i32> {
        match self.content {
            Content::Buffer { version, .. } => Some(version),
            _ => None,
        }
    }

    /// Whether it was asked for by name, and is read whatever it holds.
    pub(super) fn is_named(&self) -> bool {
        match &self.content {
            Content::WalkResult { is_named, .. } | Content::Buffer { is_named, .. } => *is_named,
            Content::Named { .. } | Content::Stream(_) | Content::Text(_) | Content::Stored => true,
        }
    }

    /// Whether what was read of it is what there still is, and was read for the same reason.
    pub(super) fn is_as(&self, reading: &Reading) -> bool {
        match (&self.content, reading) {
            (
                Content::WalkResult { .. } | Content::Named { .. },
                Reading::File { fingerprint, is_settled, is_named },
            ) => {
                let now = match &self.content {
                    Content::WalkResult { found, .. } => Some(found.fingerprint),
                    Content::Named { fingerprint, .. } => Some(*fingerprint),
                    _ => None,
                };
                *is_settled && now == Some(*fingerprint) && self.is_named() == *is_named
            }
            (Content::Buffer { text: now, .. }, Reading::Buffer { text, is_named }) => {
                (now.is_instance(text) || now == text) && self.is_named() == *is_named
            }
            _ => false,
        }
    }

    /// The line that names it in a text of several files.
    pub(super) fn header(&self) -> String {
        self.path.as_ref().map(|path| format!("==> {path} <==\n")).unwrap_or_default()
    }

    /// Whether it can be read only once.
    pub(super) fn is_stream(&self) -> bool {
        matches!(self.content, Content::Stream(_))
    }

    /// Whether it is read in pieces. What is in memory already is not.
    pub(super) fn flows(&self) -> bool {
        match self.content {
            Content::Stream(_) => true,
            Content::WalkResult { .. } | Content::Named { .. } => self.bytes >= LARGE_FILE,
            Content::Buffer { .. } | Content::Text(_) | Content::Stored => false,
        }
    }

    /// Where it lies, if it is a file that is too large to be copied without need.
    pub(super) fn huge_file(&self) -> Option<&Path> {
        match &self.content {
            Content::WalkResult { .. } | Content::Named { .. } if self.bytes >= IN_PLACE => self.absolute(),
            _ => None,
        }
    }

    /// Reads all of it; `bytes` is room to read into. If there is nothing to read, says why, and what there is instead.
    pub(super) fn read<'a>(&'a self, bytes: &'a mut Vec<u8>) -> Result<Whole<'a>, (Reason, Reading)> {
        let in_memory = |text, reading| Ok(Whole { text, changes: Changes::default(), flaw: None, reading });
        match &self.content {
            Content::Text(text) => in_memory(Cow::Borrowed(text), Reading::Unique),
            Content::Buffer { text, .. } => {
                let reading = Reading::Buffer { text: text.clone(), is_named: self.is_named() };
                let text = text.to_string();
                if self.is_secret(&text) {
                    return Err((Reason::Secret, reading));
                }
                in_memory(Cow::Owned(text), reading)
            }
            _ => {
                let failed = |reason| (reason, Reading::Unique);
                let mut tries = 0;
                let (flaw, reading) = loop {
                    let mut input = self.open().map_err(failed)?;
                    input.read_all(bytes).map_err(unreadable).map_err(failed)?;
                    let flaw = input.flaw();
                    tries += 1;
                    if tries == TRIES || !matches!(flaw, Some(Flaw::Changing)) {
                        break (flaw, input.reading());
                    }
                };
                let Some((text, changes)) = decode(bytes, self.is_named()) else {
                    return Err((Reason::Binary, reading));
                };
                if self.is_secret(&text) {
                    return Err((Reason::Secret, reading));
                }
                Ok(Whole { text, changes, flaw, reading })
            }
        }
    }

    /// Opens what comes in pieces and looks at its beginning, which is all that is read of it if it is binary.
    pub(super) fn begin(&self) -> Result<Begun, (Reason, Reading)> {
        let failed = |reason| (reason, Reading::Unique);
        let mut rest = self.open().map_err(failed)?;
        let mut head = Vec::new();
        rest.read_piece(&mut head, BINARY_PROBE).map_err(unreadable).map_err(failed)?;
        let Some(decoder) = Decoder::of(&head, self.is_named()) else { return Err((Reason::Binary, rest.reading())) };
        if self.has_secret_head(&head) {
            return Err((Reason::Secret, rest.reading()));
        }
        Ok(Begun { head, rest, decoder })
    }

    /// Whether the text begins as keys and passwords do. What a person names is read whatever it is.
    fn is_secret(&self, text: &str) -> bool {
        !self.is_named() && begins_with_secret(text)
    }

    /// The same, told by the first bytes of a file.
    pub(super) fn has_secret_head(&self, head: &[u8]) -> bool {
        decode(head, self.is_named()).is_some_and(|(text, _)| self.is_secret(&text))
    }

    fn open(&self) -> Result<Input, Reason> {
        let read_at = ClockTick::now();
        let (file, fingerprint) = match &self.content {
            Content::Stream(path) => (File::open(path).map_err(unreadable)?, None),
            _ => self.open_file().map(|(file, fingerprint)| (file, Some(fingerprint)))?,
        };
        let limit = if fingerprint.is_none() { LONGEST_STREAM } else { self.bytes.saturating_add(GROWTH) };
        Ok(Input { file: file.take(limit), limit, fingerprint, read_at, is_named: self.is_named() })
    }

    /// Opens what lies in a file, and says how that is now.
    pub(super) fn open_file(&self) -> Result<(File, Fingerprint), Reason> {
        match &self.content {
            Content::WalkResult { found, base, .. } => base.file(found),
            Content::Named { path, .. } => open_regular(path),
            Content::Stream(_) | Content::Buffer { .. } | Content::Text(_) | Content::Stored => {
                Err(unreadable(io::ErrorKind::InvalidInput.into()))
            }
        }
    }
}

/// The descriptors of the roots below which these sources lie. While somebody holds them no file needs to look for its
/// own.
pub(super) fn roots_of<'a>(sources: impl Iterator<Item = &'a Source>) -> Vec<Arc<OwnedFd>> {
    let mut last: Option<&Arc<Base>> = None;
    let mut roots = Vec::new();
    for source in sources {
        let Content::WalkResult { base, .. } = &source.content else { continue };
        if last.is_none_or(|last| !Arc::ptr_eq(last, base)) {
            // If it cannot be opened, that is told of each file.
            roots.extend(base.descriptor());
            last = Some(base);
        }
    }
    roots
}

/// An open file, as far as it may be read.
pub(super) struct Input {
    file: Take<File>,
    limit: u64,
    /// As it was when it was opened; nothing for a stream.
    fingerprint: Option<Fingerprint>,
    read_at: ClockTick,
    is_named: bool,
}

impl Input {
    fn read_all(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        bytes.clear();
        self.file.read_to_end(bytes).map(drop)
    }

    /// Whether nothing was written to it since it was opened, so that what was read is one text.
    fn is_unchanged(&self) -> bool {
        let now = || self.file.get_ref().metadata().map(|metadata| Fingerprint::from(&metadata));
        self.fingerprint.is_none_or(|fingerprint| now().is_ok_and(|now| now == fingerprint))
    }

    /// By what to tell later whether it is still the same.
    pub fn reading(&self) -> Reading {
        match self.fingerprint {
            Some(fingerprint) => {
                Reading::File { fingerprint, is_settled: fingerprint.is_settled(self.read_at), is_named: self.is_named }
            }
            None => Reading::Unique,
        }
    }

    /// Adds up to `longest` bytes to `piece`; less only at the end.
    pub fn read_piece(&mut self, piece: &mut Vec<u8>, longest: usize) -> io::Result<()> {
        (&mut self.file).take(longest as u64).read_to_end(piece).map(drop)
    }

    /// How much was read.
    pub fn read(&self) -> u64 {
        self.limit - self.file.limit()
    }

    /// Why what was read is not all of it, or not sure to be one text.
    pub fn flaw(&mut self) -> Option<Flaw> {
        let goes_on = self.file.limit() == 0 && self.file.get_mut().read(&mut [0]).is_ok_and(|read| read > 0);
        if goes_on {
            return Some(Flaw::TooLong { read: self.limit });
        }
        (!self.is_unchanged()).then_some(Flaw::Changing)
    }
}

/// Opens what was a regular file when it was found, and does not block on what may have taken its place.
fn open_regular(path: &Path) -> Result<(File, Fingerprint), Reason> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(|error| {
        // A socket cannot be opened at all.
        if error.raw_os_error() == Some(libc::ENXIO) { Reason::NotAFile } else { unreadable(error) }
    })?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_file() { Ok((file, Fingerprint::from(&metadata))) } else { Err(Reason::NotAFile) }
}

pub(super) fn unreadable(error: io::Error) -> Reason {
    Reason::Unreadable { error: error.to_string() }
}
