//! How many rules a walk looks at.
//!
//! Ignore files come with a repository, and a stranger's may hold any number of rules, in any number of files. The
//! bounds on rules and bytes hold for all files of a walk together and are far above what people write. Rules beyond
//! them do not apply, and the walk reports that. Files with the same text, which templates make, are one.

use super::{matcher::Matcher, tracked::Tracked};
use crate::corpus::fingerprint::{ClockTick, Fingerprint};
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// The most rules of a walk. The largest repositories have some thousands.
const MOST_RULES: usize = 50_000;

/// The most bytes of all ignore files of a walk that differ.
pub(super) const MOST_BYTES: usize = 4 << 20;

/// A byte order mark is not part of a rule. Other bytes that are not text are: a name may hold them too.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The rules that a walk has read.
#[derive(Debug)]
pub(in crate::corpus) struct Ledger {
    most_rules: usize,
    most_bytes: usize,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Indexes of repositories that were read and are in use.
    indexes: FxHashMap<Fingerprint, Weak<Tracked>>,
    sets: FxHashMap<u128, Weak<RuleSet>>,
    rules: usize,
    bytes: usize,
}

/// The rules of an ignore file. They no longer count when nobody uses them any more.
#[derive(Debug)]
pub(in crate::corpus) struct RuleSet {
    pub matcher: Matcher,
    /// Whether the file has more rules than these.
    pub is_cut: bool,
    /// Of the whole file.
    hash: u128,
    ledger: Weak<Ledger>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self { most_rules: MOST_RULES, most_bytes: MOST_BYTES, known: Mutex::default() }
    }
}

impl Ledger {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rules of a file with these bytes, as many as there is room for.
    pub fn admit(self: &Arc<Self>, bytes: &[u8], ignore_case: bool) -> Arc<RuleSet> {
        let hash = xxh3_128_with_seed(bytes, u64::from(ignore_case));
        let mut known = self.known();
        if let Some(set) = known.sets.get(&hash).and_then(Weak::upgrade) {
            return set;
        }
        let text = bytes.strip_prefix(MARK).unwrap_or(bytes);
        let room = self.most_bytes - known.bytes;
        // Lines are cut nowhere but at their ends.
        let end = if text.len() <= room { text.len() } else { memchr::memrchr(b'\n', &text[..room]).unwrap_or(0) };
        let (matcher, has_more) = Matcher::new(&text[..end], self.most_rules - known.rules, ignore_case);
        let is_cut = has_more || end < text.len();
        known.rules += matcher.len();
        known.bytes += end;
        let set = Arc::new(RuleSet { matcher, is_cut, hash, ledger: Arc::downgrade(self) });
        known.sets.insert(hash, Arc::downgrade(&set));
        set
    }

    /// What the index with this fingerprint says, which is read if it is not known. `read_at` is a time before it was
    /// opened.
    pub fn tracked(
        &self,
        index: Fingerprint,
        read_at: ClockTick,
        read: impl FnOnce() -> Option<Tracked>,
    ) -> Option<Arc<Tracked>> {
        if let Some(tracked) = self.known().indexes.get(&index).and_then(Weak::upgrade) {
            return Some(tracked);
        }
        let tracked = Arc::new(read()?);
        let mut known = self.known();
        known.indexes.retain(|_, tracked| tracked.strong_count() > 0);
        if index.is_settled(read_at) {
            known.indexes.insert(index, Arc::downgrade(&tracked));
        }
        Some(tracked)
    }
}

impl RuleSet {
    pub fn is_empty(&self) -> bool {
        self.matcher.len() == 0
    }
}

impl PartialEq for RuleSet {
    fn eq(&self, other: &Self) -> bool {
        self.is_cut == other.is_cut && self.hash == other.hash && self.matcher.text() == other.matcher.text()
    }
}

impl Eq for RuleSet {}

impl Drop for RuleSet {
    fn drop(&mut self) {
        let Some(ledger) = self.ledger.upgrade() else { return };
        let mut known = ledger.known();
        known.rules -= self.matcher.len();
        known.bytes -= self.matcher.text().len();
        // The same text may have been read anew meanwhile.
        if known.sets.get(&self.hash).is_some_and(|set| set.strong_count() == 0) {
            known.sets.remove(&self.hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(most_rules: usize, most_bytes: usize) -> Arc<Ledger> {
        Arc::new(Ledger { most_rules, most_bytes, known: Mutex::default() })
    }

    #[test]
    fn all_files_together_have_so_many_rules_and_no_more() {
        let ledger = ledger(5, 100);
        let first = ledger.admit(b"a\nb\nc\n", false);
        let second = ledger.admit(b"d\n# comment\ne\nf\n", false);
        assert_eq!((first.matcher.len(), first.is_cut, second.matcher.len(), second.is_cut), (3, false, 2, true));
        // The same text again costs nothing.
        assert!(Arc::ptr_eq(&first, &ledger.admit(b"a\nb\nc\n", false)));
        assert!(ledger.admit(b"g\n", false).is_empty());
        // What nobody uses any more leaves its room to others.
        drop(first);
        let counted = |known: MutexGuard<'_, Known>| (known.rules, known.sets.len());
        assert_eq!(counted(ledger.known()), (2, 1));
        assert_eq!(ledger.admit(b"g\nh\n", false).matcher.len(), 2);
    }

    #[test]
    fn bytes_are_cut_at_the_end_of_a_line() {
        let ledger = ledger(100, 10);
        let set = ledger.admit(b"first\nsecond\nthird\n", false);
        assert_eq!((set.matcher.text(), set.is_cut), (&b"first"[..], true));
        let set = ledger.admit(b"\xef\xbb\xbfx\xe9\n", false);
        assert_eq!((set.matcher.text(), set.is_cut), (&b"x\xe9\n"[..], false));
        // The same text is another set of rules where case does not matter.
        assert!(!Arc::ptr_eq(&set, &ledger.admit(b"\xef\xbb\xbfx\xe9\n", true)));
    }
}
