//! What lies around each passage has of a term.

use super::part::Part;
use std::ops::Range;

/// How many passages of its file on each side lie around one. The nearer ones count more.
const NEAR: u32 = 8;

/// The occurrences of one term around the passages of a part.
#[derive(Debug, Default)]
pub(super) struct Neighbourhood {
    /// For each passage its file's.
    files: Vec<Range<u32>>,
    /// How many words lie around each passage, weighed as occurrences are.
    words: Vec<u32>,
    /// In tenths, times [`NEAR`] and one.
    occurrences: Vec<u32>,
    /// The passages that have some around them.
    met: Vec<u32>,
}

impl Neighbourhood {
    /// Goes on to another part.
    pub fn begin(&mut self, part: &Part) {
        let passages = part.entries.len() as u32;
        let ends = part.files.iter().skip(1).copied().chain([passages]);
        self.files.clear();
        for (&start, end) in part.files.iter().zip(ends) {
            self.files.extend((start..end).map(|_| start..end));
        }
        self.occurrences.clear();
        self.occurrences.resize(passages as usize, 0);
        let words = |passage: u32| {
            let words = |(other, nearness)| nearness * part.entries[other as usize].words;
            self.files.get(passage as usize).map_or(0, |file| around(passage, file).map(words).sum())
        };
        self.words = (0..passages).map(words).collect();
    }

    /// Adds the occurrences of the term at hand in a passage.
    pub fn add(&mut self, passage: u32, tenths: u32) {
        if tenths == 0 {
            return;
        }
        for (other, nearness) in around(passage, &self.files[passage as usize]) {
            let occurrences = &mut self.occurrences[other as usize];
            if *occurrences == 0 {
                self.met.push(other);
            }
            *occurrences = occurrences.saturating_add(nearness.saturating_mul(tenths));
        }
    }

    /// Calls `each` with the passages that have the term around them, how often in tenths and in how many words, and goes on
    /// to another term.
    pub fn take(&mut self, mut each: impl FnMut(u32, u32, f32)) {
        for passage in self.met.drain(..) {
            let occurrences = std::mem::take(&mut self.occurrences[passage as usize]);
            let (file, words) = (&self.files[passage as usize], self.words[passage as usize]);
            each(
                passage,
                whole(occurrences, passage, file) / (NEAR + 1),
                whole(words, passage, file) as f32 / (NEAR + 1) as f32,
            );
        }
    }
}

/// What was added up around a passage, near an end of its file as if what lies there went on alike. Otherwise of passages
/// that are all the same those in the middle would seem to have more around them.
fn whole(sum: u32, passage: u32, file: &Range<u32>) -> u32 {
    let nearness: u32 = around(passage, file).map(|(_, nearness)| nearness).sum();
    (u64::from(sum) * u64::from((NEAR + 1).pow(2)) / u64::from(nearness)).try_into().unwrap_or(u32::MAX)
}

/// The passages around one of a file, itself among them, and how near they are.
fn around(passage: u32, file: &Range<u32>) -> impl Iterator<Item = (u32, u32)> + use<> {
    let (first, end) = (file.start.max(passage.saturating_sub(NEAR)), file.end.min(passage + NEAR + 1));
    (first..end).map(move |other| (other, NEAR + 1 - other.abs_diff(passage)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::search::{
        part::{Entry, Kind, Shape},
        role::Role,
    };

    #[test]
    fn the_nearer_passages_of_the_same_file_count_more() {
        let shape = Shape::new(Kind::Function, true, true);
        let entry = Entry { first_line: 0, words: 9, lines: 1, name: 0, role: Role::Code, shape };
        let part = Part { entries: vec![entry; 13].into(), files: [0, 1, 12].into(), ..Part::default() };
        let mut neighbourhood = Neighbourhood::default();
        neighbourhood.begin(&part);
        neighbourhood.add(1, 90);
        let mut found = Vec::new();
        neighbourhood.take(|passage, tenths, words| found.push((passage, tenths, words)));
        assert_eq!(found[..2], [(1, 162, 81.0), (2, 122, 81.0)]);
        assert_eq!(found.last(), Some(&(9, 13, 81.0)));
        neighbourhood.take(|_, _, _| panic!("nothing was added since"));
    }
}
