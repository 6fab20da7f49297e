//! Writing a text to a store.
//!
//! Each thread takes the next shard from the input, counts and hashes it, and writes it, so that no more than a shard for
//! each thread is in memory. What an earlier ingest has written of the same text is not written again. The manifest comes
//! last; until it is there, a store has the text that it had before, or none.
//!
//! A text that replaces another gets the next *generation*, a folder of its own, so that whoever reads the former one never
//! meets a shard of the new one. Names of shards have the hash in them, so that two ingests that run at once and write to
//! the same generation do not write over each other's shards; the first one to write the manifest wins.

use super::{
    super::{decode::Changes, segment::Changed, stop::StopFlag, threads::on_threads},
    ShardError,
    count::count,
    input::{Input, Piece},
    layout::{Inventory, Version},
    location,
    manifest::{Extent, Hash, LARGEST_SHARD, LAST_GENERATION, Manifest, segment, shard_name},
    place::Place,
    sources::IngestSource,
};
use crate::corpus::ContextText;
use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The size of a shard unless another is asked for: few enough requests for a text of gigabytes, and little enough to
/// fetch for a look at one place.
pub const DEFAULT_SHARD_SIZE: usize = 4 << 20;

/// How to ingest.
#[derive(Debug, Clone, Copy, Default)]
pub struct IngestOptions {
    /// In bytes; that of the store, or the default, if absent.
    pub shard_size: Option<usize>,
    /// Whether another text may be in its place.
    pub replace: bool,
}

/// What an ingest did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingested {
    pub total: Extent,
    pub lines: usize,
    pub files: usize,
    pub shards: usize,
    /// Shards that were written; the others were there.
    pub written: usize,
    /// Files whose text is not exactly their bytes.
    pub changed: Vec<Changed>,
}

/// Writes a text to the store at `location`. This blocks. The flag ends it between two shards.
pub fn ingest(
    source: IngestSource<'_>,
    location: &str,
    options: IngestOptions,
    stop: &StopFlag,
) -> Result<Ingested, ShardError> {
    let place = location::make(location, stop)?;
    let inventory = place.begin()?;
    let task = Task::prepare(&place, &inventory, options)?;
    let files = Files::of(&source);
    let input = Input::new(source, task.shard_size)?;
    let work = Work {
        task: &task,
        there: &inventory.shards,
        stop,
        input: Mutex::new(input),
        done: Mutex::default(),
        written: AtomicUsize::new(0),
    };
    let written = work.run()?;
    let manifest = written.manifest(&task, files)?;
    if let Some(existing) = &task.same {
        if !existing.same_text(&manifest) {
            return Err(task.other_text("it ends elsewhere, or is of other files"));
        }
    } else {
        place.write_manifest(&manifest, task.previous.as_ref())?;
    }
    place.tidy(&manifest, &inventory)?;
    Ok(Ingested {
        total: manifest.total(),
        lines: manifest.lines,
        files: manifest.segments.len(),
        shards: manifest.shards(),
        written: written.written,
        changed: manifest.changed,
    })
}

/// What there is to do, after a look at what is there.
struct Task<'a> {
    place: &'a Place,
    generation: u64,
    shard_size: usize,
    /// What the text must be equal to, since it may not replace it.
    same: Option<Manifest>,
    /// The manifest that the new one takes the place of.
    previous: Option<Version>,
}

impl<'a> Task<'a> {
    fn prepare(place: &'a Place, inventory: &Inventory, options: IngestOptions) -> Result<Self, ShardError> {
        let stored = place.stored_manifest()?;
        let existing = match &stored {
            None => None,
            Some(stored) => match place.parse(stored) {
                Ok(manifest) => Some(manifest),
                // A manifest of a store that cannot be read can be replaced, and that of anything else cannot.
                Err(ShardError::Manifest { .. }) if options.replace => None,
                Err(error) => return Err(error),
            },
        };
        let known_size = existing.as_ref().map(|manifest| manifest.shard_size);
        let shard_size = options.shard_size.or(known_size).unwrap_or(DEFAULT_SHARD_SIZE);
        if !(1..=LARGEST_SHARD).contains(&shard_size) {
            return Err(ShardError::ShardSize { given: shard_size, least: 1, most: LARGEST_SHARD });
        }
        let generation = match (&stored, &existing) {
            // An ingest goes on where one ended that wrote no manifest.
            (None, _) => inventory.latest_generation().unwrap_or(1),
            (Some(_), Some(manifest)) if !options.replace => manifest.generation,
            (Some(_), Some(manifest)) => manifest.generation + 1,
            (Some(_), None) => inventory.latest_generation().map_or(1, |latest| latest + 1),
        };
        if generation > LAST_GENERATION {
            let reason = format!("there is no generation behind {LAST_GENERATION}");
            return Err(ShardError::Manifest { location: place.shown().to_owned(), reason });
        }
        let previous = stored.filter(|_| options.replace).map(|stored| stored.version);
        let same = existing.filter(|_| !options.replace);
        let task = Self { place, generation, shard_size, same, previous };
        match known_size.filter(|_| task.same.is_some()) {
            Some(known) if known != shard_size => Err(task.other_text(&format!("its shards have {known} bytes"))),
            _ => Ok(task),
        }
    }

    fn other_text(&self, difference: &str) -> ShardError {
        ShardError::OtherText { location: self.place.shown().to_owned(), difference: difference.to_owned() }
    }
}

/// The files of the text.
enum Files<'a> {
    Lone(String),
    Of(&'a ContextText),
}

impl<'a> Files<'a> {
    fn of(source: &IngestSource<'a>) -> Self {
        match source {
            IngestSource::Stream { path, .. } => Self::Lone(path.clone()),
            IngestSource::Context(context) => Self::Of(context),
        }
    }
}

struct Work<'a> {
    task: &'a Task<'a>,
    /// The shards that were there before, with their sizes.
    there: &'a HashMap<String, usize>,
    stop: &'a StopFlag,
    input: Mutex<Input<'a>>,
    done: Mutex<Done>,
    written: AtomicUsize,
}

#[derive(Default)]
struct Done {
    /// By the number of the shard.
    shards: Vec<Option<(Extent, Hash)>>,
    failure: Option<ShardError>,
    ends_line: bool,
}

/// All shards, written.
struct Written {
    shards: Vec<(Extent, Hash)>,
    changes: Changes,
    ends_line: bool,
    written: usize,
}

impl<'a> Work<'a> {
    fn run(self) -> Result<Written, ShardError> {
        let threads = self.task.place.writers(self.task.shard_size);
        on_threads(threads, || self.work());
        let done = self.done.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = done.failure {
            return Err(failure);
        }
        self.stop.check()?;
        let input = self.input.into_inner().unwrap_or_else(PoisonError::into_inner);
        let shards = done.shards.into_iter().flatten().collect();
        let written = self.written.into_inner();
        Ok(Written { shards, changes: input.changes(), ends_line: done.ends_line, written })
    }

    fn work(&self) {
        let mut room = Vec::new();
        while !self.stop.is_raised() {
            if self.done.lock().unwrap_or_else(PoisonError::into_inner).failure.is_some() {
                return;
            }
            let piece = self.input.lock().unwrap_or_else(PoisonError::into_inner).next(std::mem::take(&mut room));
            let outcome = match piece {
                Ok(None) => return,
                Ok(Some(piece)) => self.write(&piece).map(|counted| (piece, counted)),
                Err(error) => Err(error),
            };
            let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            match outcome {
                Ok((piece, counted)) => {
                    done.note(&piece, counted);
                    if let std::borrow::Cow::Owned(bytes) = piece.bytes {
                        room = bytes;
                    }
                }
                Err(error) => {
                    done.failure.get_or_insert(error);
                }
            }
        }
    }

    /// Counts a shard, and writes it if it is not there.
    fn write(&self, piece: &Piece<'a>) -> Result<(Extent, Hash), ShardError> {
        let (extent, hash) = count(&piece.bytes);
        if let Some(existing) = &self.task.same
            && existing.hashes.get(piece.number) != Some(&hash)
        {
            return Err(self.task.other_text(&format!("it differs in shard {}", piece.number)));
        }
        let name = shard_name(self.task.generation, piece.number, hash);
        let listed = self.there.get(&name) == Some(&piece.bytes.len());
        if !listed || !self.task.place.holds(&name, &piece.bytes) {
            self.task.place.write_shard(&name, &piece.bytes)?;
            self.written.fetch_add(1, Ordering::Relaxed);
        }
        Ok((extent, hash))
    }
}

impl Done {
    fn note(&mut self, piece: &Piece<'_>, counted: (Extent, Hash)) {
        if self.shards.len() <= piece.number {
            self.shards.resize(piece.number + 1, None);
        }
        // Whoever is the last so far, or follows it at once. Only shards that are shorter than a character can be empty.
        if self.shards[piece.number..].iter().all(Option::is_none)
            && let Some(&last) = piece.bytes.last()
        {
            self.ends_line = last == b'\n';
        }
        self.shards[piece.number] = Some(counted);
    }
}

impl Written {
    fn manifest(&self, task: &Task<'_>, files: Files<'_>) -> Result<Manifest, ShardError> {
        let mut before = vec![Extent::default()];
        for (extent, _) in &self.shards {
            let last = before[before.len() - 1];
            before.push(Extent {
                bytes: last.bytes + extent.bytes,
                characters: last.characters + extent.characters,
                line_feeds: last.line_feeds + extent.line_feeds,
            });
        }
        let total = before[before.len() - 1];
        let lines = total.line_feeds + usize::from(total.bytes > 0 && !self.ends_line);
        let (segments, first_lines, characters, changed) = match files {
            Files::Lone(path) => {
                let changed = Changed { path: Some(path.clone()), changes: self.changes };
                let changed = if self.changes.is_none() { Vec::new() } else { vec![changed] };
                (vec![segment(Some(path), 0..0, 0..total.bytes)], vec![0], vec![total.characters], changed)
            }
            Files::Of(context) => {
                let line = |start| context.lines().line_of_byte(context, start);
                let first_lines = context.segments().iter().map(|segment| line(segment.text.start));
                let first_lines = first_lines.collect::<Result<_, _>>()?;
                let ranges = (0..context.segments().len()).map(|number| context.file_characters(number));
                let characters = ranges.map(|range| range.map(|range| range.len())).collect::<Result<_, _>>()?;
                (context.segments().to_vec(), first_lines, characters, context.changed().to_vec())
            }
        };
        Ok(Manifest {
            generation: task.generation,
            shard_size: task.shard_size,
            hashes: self.shards.iter().map(|&(_, hash)| hash).collect(),
            before,
            lines,
            segments,
            first_lines,
            characters,
            changed,
        })
    }
}
