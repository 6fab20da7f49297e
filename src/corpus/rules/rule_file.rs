//! One file with rules.

use super::ledger::{Ledger, MOST_BYTES, RuleSet};
use crate::corpus::fingerprint::{ClockTick, Fingerprint};
use rustix::{
    fd::BorrowedFd,
    fs::{AtFlags, FileType, Mode, OFlags},
};
use std::{fs::File, io::Read, path::Path, sync::Arc};

#[derive(Debug, Clone)]
pub(super) struct RuleFile {
    pub rules: Arc<RuleSet>,
    /// Nothing if it has to be read again, whatever the next fingerprint is.
    fingerprint: Option<Fingerprint>,
}

impl RuleFile {
    /// Reads a file of the directory itself, unless it is as it was `before`. Links are not followed, as git does not: one
    /// could lead to any file, of which lines would be shown as the rules that they are not.
    pub fn read_again(
        directory: BorrowedFd<'_>,
        name: &str,
        before: Option<&Self>,
        ignore_case: bool,
        ledger: &Arc<Ledger>,
    ) -> Option<Self> {
        let fingerprint =
            || rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).map(|stat| Fingerprint::from(&stat));
        match before.filter(|before| before.fingerprint.is_some() && before.rules.matcher.ignores_case() == ignore_case)
        {
            Some(before) if fingerprint().ok() == before.fingerprint => Some(before.clone()),
            _ => Self::read(directory, Path::new(name), OFlags::NOFOLLOW, ignore_case, ledger),
        }
    }

    /// Reads a file.
    pub fn read(
        directory: BorrowedFd<'_>,
        path: &Path,
        flags: OFlags,
        ignore_case: bool,
        ledger: &Arc<Ledger>,
    ) -> Option<Self> {
        let read_at = ClockTick::now();
        let (bytes, fingerprint) = head(directory, path, flags, MOST_BYTES + 1)?;
        let fingerprint = fingerprint.filter(|fingerprint| fingerprint.is_settled(read_at));
        Some(Self { rules: ledger.admit(&bytes, ignore_case), fingerprint })
    }
}

/// The beginning of a regular file, and its fingerprint if all went well.
pub(super) fn head(
    directory: BorrowedFd<'_>,
    path: &Path,
    flags: OFlags,
    most: usize,
) -> Option<(Vec<u8>, Option<Fingerprint>)> {
    // Opening a pipe, or anything else than a file, must not block.
    let flags = flags | OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(directory, path, flags, Mode::empty()).ok()?);
    let metadata = file.metadata().ok().filter(|metadata| metadata.is_file())?;
    let mut bytes = Vec::new();
    // What could be read before an error counts, as for `ripgrep`.
    let is_whole = file.take(most as u64).read_to_end(&mut bytes).is_ok();
    Some((bytes, is_whole.then(|| Fingerprint::from(&metadata))))
}

/// Whether there is a regular file, or something else; nothing if there is nothing.
pub(super) fn is_file(directory: BorrowedFd<'_>, path: &Path) -> Option<bool> {
    let stat = rustix::fs::statat(directory, path, AtFlags::empty()).ok()?;
    Some(FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile)
}
