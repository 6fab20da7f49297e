//! Which passages hold which words, and how often.

use super::{anchors::Anchors, part::Part, role::Role, stem::family};
use crate::corpus::{assemble::Segment, context::ContextText};
use rustc_hash::FxHashMap;
use std::{
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// About how many bytes of files are indexed together.
const BATCH: usize = 2 << 20;

/// A passage as the index knows it.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its file, by the number of the segment.
    pub segment: u32,
    /// Counted from 0.
    pub first_line: u32,
    /// Included.
    pub last_line: u32,
    /// How many words it has.
    pub words: u32,
    pub role: Role,
    /// Whether some of it is no comment.
    pub has_code: bool,
    /// What it is the definition of, or a part of that.
    pub kind: Option<&'static str>,
    /// The terms in the name of what it defines.
    pub name: Box<[u32]>,
}

/// A term in a passage.
#[derive(Debug, Clone, Copy)]
pub(super) struct Posting {
    pub passage: u32,
    /// How often it occurs, weighted by where.
    pub frequency: f32,
}

/// The words of a text and where they are.
#[derive(Debug, Default)]
pub(crate) struct Index {
    terms: FxHashMap<Box<str>, u32>,
    /// For each term its passages, in order.
    postings: Vec<Vec<Posting>>,
    /// For each term the files whose paths contain it, in order.
    in_paths: Vec<Vec<u32>>,
    /// Terms of the same root.
    families: FxHashMap<String, Vec<u32>>,
    entries: Vec<Entry>,
    words: u64,
    files: usize,
}

impl Index {
    /// Indexes all files, in parallel.
    pub fn new(context: &ContextText) -> Self {
        let batches = batches(context.segments());
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        let work = || {
            while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                let part = Part::of(context, batch.clone());
                done.lock().unwrap_or_else(PoisonError::into_inner).push((batch.start, part));
            }
        };
        let threads = thread::available_parallelism().map_or(1, usize::from).min(batches.len());
        thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));

        let mut parts = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        parts.sort_unstable_by_key(|&(start, _)| start);
        let mut index = Self { files: context.segments().len(), ..Self::default() };
        let mut anchors = Anchors::default();
        for (_, part) in parts {
            index.absorb(part, &mut anchors);
        }
        for (term, passage, frequency) in anchors.resolve() {
            index.add(term, passage, frequency);
        }
        index.postings.iter_mut().for_each(Vec::shrink_to_fit);
        for (text, &term) in index.terms.iter().filter(|(text, _)| !text.starts_with('=')) {
            index.families.entry(family(text)).or_default().push(term);
        }
        index
    }

    pub fn passages(&self) -> &[Entry] {
        &self.entries
    }

    pub fn files(&self) -> usize {
        self.files
    }

    /// The mean number of words of a passage.
    pub fn mean_words(&self) -> f32 {
        self.words as f32 / self.entries.len().max(1) as f32
    }

    pub fn term(&self, text: &str) -> Option<u32> {
        self.terms.get(text).copied()
    }

    /// The terms of the same root as `text`, which need not be a term itself.
    pub fn family(&self, text: &str) -> &[u32] {
        self.families.get(&family(text)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn postings(&self, term: u32) -> &[Posting] {
        &self.postings[term as usize]
    }

    pub fn in_paths(&self, term: u32) -> &[u32] {
        &self.in_paths[term as usize]
    }

    fn add(&mut self, term: u32, passage: u32, frequency: f32) {
        let postings = &mut self.postings[term as usize];
        match postings.binary_search_by_key(&passage, |it| it.passage) {
            Ok(at) => postings[at].frequency += frequency,
            Err(at) => postings.insert(at, Posting { passage, frequency }),
        }
    }

    fn absorb(&mut self, part: Part, anchors: &mut Anchors) {
        let offset = self.entries.len() as u32;
        let mut global = vec![0; part.terms.len()];
        for (text, local) in part.terms {
            let next = self.postings.len() as u32;
            let number = *self.terms.entry(text).or_insert(next);
            if number == next {
                self.postings.push(Vec::new());
                self.in_paths.push(Vec::new());
            }
            global[local as usize] = number;
        }
        for (local, postings) in part.postings.into_iter().enumerate() {
            let shifted = postings.into_iter().map(|it| Posting { passage: it.passage + offset, ..it });
            self.postings[global[local] as usize].extend(shifted);
        }
        for (local, files) in part.in_paths.into_iter().enumerate() {
            self.in_paths[global[local] as usize].extend(files);
        }
        anchors.absorb(part.anchors, |term| global[term as usize], offset);
        for mut entry in part.entries {
            entry.name.iter_mut().for_each(|term| *term = global[*term as usize]);
            self.words += u64::from(entry.words);
            self.entries.push(entry);
        }
    }
}

/// Neighbouring files that are indexed together.
fn batches(segments: &[Segment]) -> Vec<Range<usize>> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, segment) in segments.iter().enumerate() {
        bytes += segment.text.len();
        if bytes >= BATCH {
            batches.push(start..at + 1);
            (start, bytes) = (at + 1, 0);
        }
    }
    batches.push(start..segments.len());
    batches.retain(|batch| !batch.is_empty());
    batches
}
