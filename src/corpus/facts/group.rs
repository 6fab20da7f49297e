//! Lines that have a key in common: how many, the first and the last.

use crate::corpus::{context::ContextText, error::Error};
use rustc_hash::FxHashMap;

/// Lines with one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Group {
    pub lines: usize,
    /// Where the first and the last begin.
    pub first: usize,
    pub last: usize,
}

/// A path, and a line from 1.
pub(super) type Place = (Option<String>, usize);

impl Group {
    /// Adds a line that begins at `start` to the group of its key, unless it would be one group too many.
    pub fn add(groups: &mut FxHashMap<String, Self>, key: &str, start: usize, most: usize) {
        let is_full = groups.len() >= most;
        match groups.get_mut(key) {
            Some(group) => {
                group.lines += 1;
                group.last = start;
            }
            None if is_full => {}
            None => {
                groups.insert(key.to_owned(), Self { lines: 1, first: start, last: start });
            }
        }
    }

    /// The groups of all parts of a text, the largest first, and whether some have been left out.
    pub fn merged(parts: Vec<FxHashMap<String, Self>>, most: usize) -> (Vec<(String, Self)>, bool) {
        let mut merged: FxHashMap<String, Self> = FxHashMap::default();
        let mut more = false;
        for part in parts {
            more |= part.len() >= most;
            for (key, group) in part {
                let is_full = merged.len() >= most;
                match merged.get_mut(&key) {
                    Some(known) => known.join(&group),
                    None if is_full => more = true,
                    None => {
                        merged.insert(key, group);
                    }
                }
            }
        }
        let mut groups: Vec<_> = merged.into_iter().collect();
        groups.sort_unstable_by_key(|(_, group)| (std::cmp::Reverse(group.lines), group.first));
        (groups, more)
    }

    pub fn join(&mut self, other: &Self) {
        self.lines += other.lines;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// The first and the last line as people name them.
    pub fn places(&self, context: &ContextText) -> Result<(Place, Place), Error> {
        let place = |byte| -> Result<Place, Error> {
            let position = context.position(byte)?;
            Ok(position.map_or((None, 1), |it| (it.path.map(str::to_owned), it.line)))
        };
        Ok((place(self.first)?, place(self.last)?))
    }
}
