//! Which files define and use which names.

use super::{LARGEST_FILE, MOST_PARSED, MOST_SCANNED};
use crate::corpus::{
    context::ContextText, error::Error, language::Language, outline::by_lines, stop::StopFlag, symbol::Symbol, syntax,
    threads::on_threads,
};
use rustc_hash::FxHashMap;
use std::{
    borrow::Cow,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// About how many bytes of files a thread takes at a time.
const BATCH: usize = 1 << 20;

/// A file counts at most this many different words, and one more for each [`BYTES_PER_WORD`]; written text has fewer.
const FEW_WORDS: usize = 256;
const BYTES_PER_WORD: usize = 16;

/// Which files are looked at, and how.
#[derive(Debug)]
pub(super) struct Looks {
    /// By their numbers, in order.
    pub files: Vec<usize>,
    pub parses: bool,
    /// How many files are too large, or too many.
    pub left_out: usize,
}

/// The texts of the files that are looked at, by their numbers.
pub(super) type Texts<'c> = FxHashMap<usize, Cow<'c, str>>;

/// The names of the files that were looked at.
#[derive(Debug, Default)]
pub(super) struct Used<'t> {
    numbers: FxHashMap<&'t str, usize>,
    /// For each name the files that define it, in order.
    pub defined_by: Vec<Vec<usize>>,
    /// For each name its text.
    pub names: Vec<&'t str>,
    /// For each file that was looked at its number, and which names it uses how often.
    pub uses: Vec<(usize, Vec<(usize, u32)>)>,
}

/// What one file holds.
struct File<'t> {
    number: usize,
    defines: Vec<&'t str>,
    names: Vec<(&'t str, u32)>,
}

impl Looks {
    /// All files of known languages, as long as there is not too much of them.
    pub fn choose(context: &ContextText) -> Self {
        let (mut files, mut left_out, mut bytes) = (Vec::new(), 0, 0);
        for (number, segment) in context.segments().iter().enumerate() {
            if segment.language.is_none_or(|language| !syntax::has_definitions(language)) {
                continue;
            }
            if segment.text.len() > LARGEST_FILE || bytes + segment.text.len() > MOST_SCANNED {
                left_out += 1;
                continue;
            }
            bytes += segment.text.len();
            files.push(number);
        }
        Self { files, parses: bytes <= MOST_PARSED, left_out }
    }

    /// The texts of the files: of a context in memory borrowed, else fetched, which the bounds on their sizes allow.
    pub fn texts<'c>(&self, context: &'c ContextText, stop: &StopFlag) -> Result<Texts<'c>, Error> {
        let text = |&number: &usize| {
            stop.check().and_then(|()| Ok((number, context.read(context.segments()[number].text.clone())?)))
        };
        self.files.iter().map(text).collect()
    }

    /// Looks at the files, in parallel.
    pub fn take<'t>(&self, context: &ContextText, texts: &'t Texts<'_>, stop: &StopFlag) -> Result<Used<'t>, Error> {
        let segments = context.segments();
        let mut bytes = 0;
        let batches: Vec<&[usize]> = self
            .files
            .chunk_by(|_, &next| {
                bytes += segments[next].text.len();
                if bytes > BATCH {
                    bytes = 0;
                }
                bytes > 0
            })
            .collect();
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::with_capacity(self.files.len()));
        let work = || {
            while !stop.is_raised()
                && let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed))
            {
                let look =
                    |&number: &usize| file(&texts[&number], segments[number].language, number, self.parses, stop);
                let files: Vec<File<'t>> = batch.iter().map(look).collect();
                done.lock().unwrap_or_else(PoisonError::into_inner).extend(files);
            }
        };
        let threads = thread::available_parallelism().map_or(1, usize::from).min(batches.len());
        on_threads(threads, work);
        stop.check()?;
        let mut files = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        files.sort_unstable_by_key(|file| file.number);
        Ok(Used::of(files))
    }
}

impl<'t> Used<'t> {
    fn of(files: Vec<File<'t>>) -> Self {
        let mut used = Self::default();
        for file in &files {
            for &name in &file.defines {
                let number = *used.numbers.entry(name).or_insert_with(|| {
                    used.names.push(name);
                    used.defined_by.push(Vec::new());
                    used.names.len() - 1
                });
                if used.defined_by[number].last() != Some(&file.number) {
                    used.defined_by[number].push(file.number);
                }
            }
        }
        for file in files {
            let mut uses: Vec<(usize, u32)> =
                file.names.iter().filter_map(|(name, count)| Some((*used.numbers.get(name)?, *count))).collect();
            uses.sort_unstable();
            used.uses.push((file.number, uses));
        }
        used
    }

    /// The number of a name that some file defines.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }
}

/// The name by which others use what a symbol defines; nothing for what has no name of its own.
pub(super) fn used_name<'t>(text: &'t str, symbol: &Symbol, lines: &[usize]) -> Option<&'t str> {
    if matches!(symbol.kind, "impl" | "extension" | "instance" | "heading" | "table") {
        return None;
    }
    let own = symbol.name.rsplit(|it: char| !is_part_of_name(it)).next().filter(|own| !own.is_empty())?;
    // The name is taken from the text, which lives on.
    let start = *lines.get(symbol.first_line - 1)?;
    let end = lines.get(symbol.last_line).copied().unwrap_or(text.len());
    let at = start + text.get(start..end)?.find(own)?;
    text.get(at..at + own.len())
}

/// Where the lines of a text begin.
pub(super) fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1)).collect()
}

fn file<'t>(
    text: &'t str,
    language: Option<&'static Language>,
    number: usize,
    parses: bool,
    stop: &StopFlag,
) -> File<'t> {
    let parsed = language.filter(|_| parses).and_then(|language| syntax::tags(text, language, stop));
    let (symbols, names) = match parsed {
        Some(tags) => (tags.symbols, tags.names.into_iter().collect()),
        None => (by_lines(text, language), words(text)),
    };
    let lines = line_starts(text);
    let defines = symbols.iter().filter_map(|symbol| used_name(text, symbol, &lines)).collect();
    File { number, defines, names }
}

/// Words that could be names, and how often they occur: as many as a text of its length has, the first ones of an odd one.
fn words(text: &str) -> Vec<(&str, u32)> {
    let mut counts: FxHashMap<&str, u32> = FxHashMap::default();
    let most = FEW_WORDS + text.len() / BYTES_PER_WORD;
    let words = text.split(|it: char| !is_part_of_name(it));
    for word in words.filter(|word| word.starts_with(|first: char| !first.is_ascii_digit())) {
        if counts.len() < most {
            *counts.entry(word).or_default() += 1;
        } else if let Some(count) = counts.get_mut(word) {
            *count += 1;
        }
    }
    counts.into_iter().collect()
}

fn is_part_of_name(it: char) -> bool {
    it.is_alphanumeric() || it == '_' || it == '$'
}
