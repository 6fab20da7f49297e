//! Which files are indexed together, so that an edit changes what is indexed with the edited file and nothing else.
//!
//! Where a part ends is decided by the path and size of its last file alone, with bounds on the size of the whole, as
//! Muthitacharoen, Chen and Mazières decide it by content (*A Low-bandwidth Network File System*, 2001). So a file that
//! comes, goes or grows moves the borders next to it, and those further away stay.

use crate::corpus::segment::Segment;
use std::{borrow::Cow, ops::Range};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// About how many bytes of files make a part, at least and at most. A larger file is a part of its own.
const USUAL: u64 = 2 << 20;
const LEAST: u64 = 512 << 10;
const MOST: u64 = 4 << 20;

/// What a file counts beside its text, so that parts of small files have bounds as well.
const FILE: u64 = 512;

/// Tells what some files are, with their paths and texts.
pub(super) type Fingerprint = u128;

/// Neighbouring files that are indexed together.
pub(super) fn batches(segments: &[Segment]) -> Vec<Range<usize>> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, segment) in segments.iter().enumerate() {
        let size = segment.text.len() as u64 + FILE;
        if bytes > 0 && bytes + size > MOST {
            batches.push(start..at);
            (start, bytes) = (at, 0);
        }
        bytes += size;
        if bytes >= LEAST && ends_part(segment, size) {
            batches.push(start..at + 1);
            (start, bytes) = (at + 1, 0);
        }
    }
    batches.push(start..segments.len());
    batches.retain(|batch| !batch.is_empty());
    batches
}

/// Whether a part ends after this file: one byte in [`USUAL`] is the last.
fn ends_part(segment: &Segment, size: u64) -> bool {
    let path = segment.path.as_deref().unwrap_or_default();
    xxh3_64(path.as_bytes()) % USUAL < size
}

/// The fingerprint of a batch of files with their texts. Equal ones make equal parts.
pub(super) fn fingerprint(files: &[(&Segment, Cow<'_, str>)]) -> Fingerprint {
    let mut hash = Xxh3::new();
    for (segment, text) in files {
        let path = segment.path.as_deref().unwrap_or_default();
        // With their lengths, so that no two rows of files look the same.
        for bytes in [path.as_bytes(), text.as_bytes()] {
            hash.update(&(bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
    }
    hash.digest128()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(sizes: &[(usize, usize)]) -> Vec<Segment> {
        let segment = |&(name, size): &(usize, usize)| Segment {
            path: Some(format!("{name:05}")),
            header: 0..0,
            text: 0..size,
            language: None,
        };
        sizes.iter().map(segment).collect()
    }

    fn paths(segments: &[Segment]) -> Vec<Vec<String>> {
        let of = |batch: Range<usize>| segments[batch].iter().filter_map(|it| it.path.clone()).collect();
        batches(segments).into_iter().map(of).collect()
    }

    #[test]
    fn batches_have_bounds_and_cover_everything() {
        let files = segments(&(0..3000).map(|name| (name, name * 37 % 50_000)).collect::<Vec<_>>());
        let batches = batches(&files);
        assert_eq!(batches.iter().cloned().flatten().collect::<Vec<_>>(), (0..3000).collect::<Vec<_>>());
        let size =
            |batch: &Range<usize>| files[batch.clone()].iter().map(|it| it.text.len() as u64 + FILE).sum::<u64>();
        assert!(batches.iter().all(|batch| size(batch) <= MOST));
        assert!(batches[..batches.len() - 1].iter().filter(|batch| size(batch) < LEAST).count() == 0);
    }

    #[test]
    fn a_change_moves_only_the_borders_near_it() {
        let before: Vec<(usize, usize)> = (0..3000).map(|name| (name * 2, 10_000 + name * 37 % 20_000)).collect();
        let before_paths = paths(&segments(&before));
        for (at, changed) in [(3, (7, 100)), (1500, (3001, 300_000)), (2999, (5999, 0))] {
            let mut after = before.clone();
            after.insert(at, changed);
            let after_paths = paths(&segments(&after));
            let fresh = after_paths.iter().filter(|batch| !before_paths.contains(batch)).count();
            assert!(fresh <= 5, "{fresh} of {} parts were built again", after_paths.len());
        }
    }

    #[test]
    fn a_large_file_is_alone_and_nothing_has_no_batches() {
        let files = segments(&[(0, 10), (1, 20 << 20), (2, 10)]);
        assert_eq!(batches(&files), [0..1, 1..2, 2..3]);
        assert!(batches(&[]).is_empty());
    }
}
