//! What the operating system says about a file or directory that tells whether it has changed.
//!
//! A fingerprint that stayed the same proves nothing by itself: the clock of a file system stands still for some milliseconds
//! (on some file systems for seconds), and two changes within one tick leave one fingerprint. So a fingerprint is believed only if
//! its times were already past, by more than such a tick, when what it stands for was read. `git` treats its index so.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt,
    time::{SystemTime, UNIX_EPOCH},
};

const SECOND: i64 = 1_000_000_000;

/// The clock of a file system with fine times moves at every tick of the kernel, at the latest after 10 ms.
const FINE_TICK: i64 = SECOND / 50;

/// The coarsest clock in use, that of FAT, moves every two seconds.
const COARSE_TICK: i64 = 2 * SECOND;

/// A file or directory as it was at some time. If it is replaced, or its content or its permissions change, its fingerprint
/// changes, except within one tick of the file system's clock: see [`Fingerprint::is_settled`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    pub(super) device: u64,
    pub(super) inode: u64,
    /// When the content changed last, in nanoseconds since 1970; anybody may set it to anything.
    modified: i64,
    /// When anything about it changed last, in nanoseconds since 1970.
    changed: i64,
    /// Its size.
    pub bytes: u64,
}

/// A point in time by this machine's clock, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockTick(i64);

impl ClockTick {
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }
}

impl Fingerprint {
    /// Whether everything that happens from `read_at` on is sure to change this fingerprint. `read_at` is a time before the
    /// content was read. If it is not, what was read must be read again next time, even if the fingerprint is the same then.
    pub fn is_settled(&self, read_at: ClockTick) -> bool {
        // Nobody can set this time, so it shows how fine the clock is.
        let tick = if self.changed % SECOND == 0 { COARSE_TICK } else { FINE_TICK };
        self.modified.max(self.changed) < read_at.0.saturating_sub(tick)
    }
}

impl From<&Metadata> for Fingerprint {
    fn from(metadata: &Metadata) -> Self {
        let time = |seconds: i64, nanoseconds: i64| seconds.saturating_mul(SECOND).saturating_add(nanoseconds);
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            modified: time(metadata.mtime(), metadata.mtime_nsec()),
            changed: time(metadata.ctime(), metadata.ctime_nsec()),
            bytes: metadata.size(),
        }
    }
}

impl From<&rustix::fs::Stat> for Fingerprint {
    #[allow(clippy::unnecessary_cast, reason = "the types of these fields differ between processors")]
    fn from(stat: &rustix::fs::Stat) -> Self {
        let time = |seconds: i64, nanoseconds: i64| seconds.saturating_mul(SECOND).saturating_add(nanoseconds);
        Self {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            modified: time(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            changed: time(stat.st_ctime as i64, stat.st_ctime_nsec as i64),
            bytes: stat.st_size as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_believed_only_when_its_times_are_past() {
        let at = |modified, changed| Fingerprint { device: 1, inode: 1, modified, changed, bytes: 0 };
        let fine = 1000 * SECOND + 1;
        let coarse = 1000 * SECOND;
        for (fingerprint, read_at, settled) in [
            (at(fine, fine), fine, false),
            (at(fine, fine), fine + FINE_TICK, false),
            (at(fine, fine), fine + FINE_TICK + 1, true),
            (at(coarse, coarse), coarse + FINE_TICK + 1, false),
            (at(coarse, coarse), coarse + COARSE_TICK + 1, true),
            // Unpacked from an archive, which has whole seconds.
            (at(coarse, fine), fine + FINE_TICK + 1, true),
            // Its time lies ahead.
            (at(fine + SECOND, fine), fine + FINE_TICK + 1, false),
            (at(i64::MIN, i64::MIN), i64::MIN, false),
        ] {
            assert_eq!(fingerprint.is_settled(ClockTick(read_at)), settled, "{fingerprint:?} {read_at}");
        }
    }

    #[test]
    fn both_ways_of_asking_give_one_stamp() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "four").unwrap();
        let fingerprint = Fingerprint::from(&std::fs::metadata(file.path()).unwrap());
        assert_eq!(fingerprint, Fingerprint::from(&rustix::fs::stat(file.path()).unwrap()));
        assert_eq!(fingerprint.bytes, 4);
    }
}
