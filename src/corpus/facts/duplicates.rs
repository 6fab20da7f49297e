//! Blocks of code that are there twice.
//!
//! Lines are compared without the white space around and between their words, and without comments, imports and blank lines,
//! which repeat for good reasons. Tests, examples, tables, and what was generated, built or brought in from elsewhere are left
//! out. Of each file one block is told, the longest.

use crate::corpus::{
    context::ContextText, error::Error, language::Language, search::Role, segment::Segment, stop::StopFlag,
    structure::Lines, syntax,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// The fewest lines of a block, and how many of them must say something.
const LEAST_LINES: usize = 30;
const LEAST_TELLING: usize = 20;

/// A file with blocks of so many others is put together from them.
const LEAST_OF_BUNDLE: usize = 3;

/// Lines that are hashed as one to find where a block begins.
const WINDOW: usize = 8;

/// Places of one window that are kept; what is written more often is a habit and no block.
const MOST_PLACES: usize = 4;

/// Larger files hold data. Beyond so many bytes of files nothing is compared.
const LARGEST: usize = 1 << 20;
const MOST_COMPARED: usize = 64 << 20;

/// A block that is written in two places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub first: BlockPlace,
    pub second: BlockPlace,
    /// Lines of it that are not blank, a comment or an import.
    pub lines: usize,
    /// Of what it says; equal for equal blocks.
    pub digest: u64,
}

/// One place of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockPlace {
    pub path: String,
    /// Counted from 1.
    pub first_line: usize,
    /// Included.
    pub last_line: usize,
}

/// A file as it is compared.
struct File<'c> {
    segment: &'c Segment,
    language: &'static Language,
    lines: Vec<Line>,
}

struct Line {
    /// Counted from 1.
    number: usize,
    hash: u64,
    /// Whether it is more than brackets, numbers and a word.
    is_telling: bool,
    /// The hash of its first word.
    first_word: u64,
}

/// What is there twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Duplicates {
    /// The longest first, at most one of each file. A third copy is not told.
    pub blocks: Vec<Block>,
    /// Files of code that were not compared, since there is too much, or they are too large.
    pub not_compared: usize,
}

/// The blocks that are written twice.
///
/// # Errors
/// The text cannot be read, or it is stopped.
pub fn duplicates(context: &ContextText, stop: &StopFlag) -> Result<Duplicates, Error> {
    let mut files = Vec::new();
    let (mut bytes, mut not_compared) = (0, 0);
    for segment in context.segments() {
        stop.check()?;
        let (Some(path), Some(language)) = (&segment.path, segment.language) else { continue };
        let length = segment.text.len();
        if !syntax::has_definitions(language) {
            continue;
        }
        if length > LARGEST || bytes + length > MOST_COMPARED {
            not_compared += 1;
            continue;
        }
        let text = context.read(segment.text.clone())?;
        if Role::of_file(path, &text) == Role::Code {
            bytes += length;
            files.push(File { segment, language, lines: lines(&text, language) });
        }
    }
    let mut places: FxHashMap<u64, Vec<(usize, usize)>> = FxHashMap::default();
    let mut blocks = Vec::new();
    for number in 0..files.len() {
        stop.check()?;
        let found = find_in(&files, number, &mut places);
        let others: FxHashSet<usize> = found.iter().map(|it| it.before.0).filter(|&it| it != number).collect();
        if others.len() < LEAST_OF_BUNDLE {
            blocks.extend(longest(context, &files, number, &found, stop)?);
        }
    }
    blocks.sort_by(|a: &Block, b| b.lines.cmp(&a.lines).then_with(|| a.second.path.cmp(&b.second.path)));
    Ok(Duplicates { blocks, not_compared })
}

fn lines(text: &str, language: &Language) -> Vec<Line> {
    let lines = Lines::new(text);
    let mut kept = Vec::new();
    for number in 0..lines.count() {
        let line = lines.line(number).trim();
        let is_comment = language.comments.iter().any(|mark| line.starts_with(mark.trim_end()));
        let is_import =
            ["import ", "from ", "use ", "#include", "require ", "using "].iter().any(|it| line.starts_with(it));
        if line.is_empty() || is_comment || is_import {
            continue;
        }
        let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_telling = words.chars().filter(|it| it.is_alphabetic()).count() >= 8;
        let first_word = xxh3_64(words.split(' ').next().unwrap_or_default().as_bytes());
        kept.push(Line { number: number + 1, hash: xxh3_64(words.as_bytes()), is_telling, first_word });
    }
    kept
}

/// A block of a file that was met before.
struct Found {
    /// The file that it was met in, and from which of its lines on.
    before: (usize, usize),
    /// The lines of the file itself.
    at: Range<usize>,
}

/// The blocks of a file that stand earlier in it or in a file before it. Adds the file's own windows.
fn find_in(files: &[File<'_>], number: usize, places: &mut FxHashMap<u64, Vec<(usize, usize)>>) -> Vec<Found> {
    let own = &files[number].lines;
    let mut found = Vec::new();
    let mut at = 0;
    while at + WINDOW <= own.len() {
        let key = window(&own[at..at + WINDOW]);
        let known = places.get(&key).map(Vec::as_slice).unwrap_or_default();
        let best = known.iter().map(|&(file, from)| (run(files, (file, from), (number, at)), file, from));
        let best = best.max_by_key(|&(length, file, from)| (length, std::cmp::Reverse((file, from))));
        let mut taken = 1;
        if let Some((length, file, from)) = best
            && is_block(own[at..at + length].iter())
            && !is_a_build_of(files[file].segment, files[number].segment)
        {
            found.push(Found { before: (file, from), at: at..at + length });
            taken = length;
        }
        for from in at..(at + taken).min(own.len() + 1 - WINDOW) {
            let places = places.entry(window(&own[from..from + WINDOW])).or_default();
            if places.len() < MOST_PLACES {
                places.push((number, from));
            }
        }
        at += taken;
    }
    found
}

/// The longest of the blocks of a file that are blocks without what is said to people, too.
fn longest(
    context: &ContextText,
    files: &[File<'_>],
    number: usize,
    found: &[Found],
    stop: &StopFlag,
) -> Result<Option<Block>, Error> {
    let File { segment, language, lines } = &files[number];
    if found.is_empty() {
        return Ok(None);
    }
    let text = context.read(segment.text.clone())?;
    let all = Lines::new(&text);
    let prose = syntax::prose(&text, language, stop).unwrap_or_default();
    stop.check()?;
    let is_prose = |line: &Line| {
        let bytes = all.bytes(&(line.number - 1..line.number));
        let written = text[bytes.clone()].trim();
        let start = bytes.start + text[bytes].find(written).unwrap_or(0);
        let next = prose.partition_point(|range| range.end < start + written.len());
        prose.get(next).is_some_and(|range| range.start <= start)
    };
    let code = |found: &Found| -> Vec<&Line> { lines[found.at.clone()].iter().filter(|it| !is_prose(it)).collect() };
    let blocks = found.iter().map(|it| (it, code(it))).filter(|(_, code)| is_block(code.iter().copied()));
    let longest = blocks.max_by_key(|(found, code)| (code.len(), std::cmp::Reverse(found.at.start)));
    Ok(longest.map(|(found, code)| {
        let (file, from) = found.before;
        Block {
            first: place(&files[file], from..from + found.at.len()),
            second: place(&files[number], found.at.clone()),
            lines: code.len(),
            digest: window(&lines[found.at.clone()]),
        }
    }))
}

fn window(lines: &[Line]) -> u64 {
    let bytes: Vec<u8> = lines.iter().flat_map(|line| line.hash.to_le_bytes()).collect();
    xxh3_64(&bytes)
}

/// How many lines are the same from two places on. Two parts of one file must not overlap.
fn run(files: &[File<'_>], (file, from): (usize, usize), (other, at): (usize, usize)) -> usize {
    let (before, own) = (&files[file].lines[from..], &files[other].lines[at..]);
    let most = if file == other { at - from } else { usize::MAX };
    before.iter().zip(own).take(most).take_while(|(a, b)| a.hash == b.hash).count()
}

/// Whether lines say enough to be a block, and not the same again and again, as tables do.
fn is_block<'l>(lines: impl Iterator<Item = &'l Line> + Clone) -> bool {
    let count = lines.clone().count();
    let telling: Vec<u64> = lines.clone().filter(|line| line.is_telling).map(|line| line.hash).collect();
    let different: FxHashSet<u64> = telling.iter().copied().collect();
    let mut words: FxHashMap<u64, usize> = FxHashMap::default();
    for line in lines {
        *words.entry(line.first_word).or_default() += 1;
    }
    let commonest = words.into_values().max().unwrap_or(0);
    let is_table = different.len() * 5 < telling.len() * 4 || commonest * 2 > count;
    count >= LEAST_LINES && telling.len() >= LEAST_TELLING && !is_table
}

/// Whether one of two files was probably made from the other, or both from a third one: builds of a script for different
/// loaders, and code for both ways of waiting.
fn is_a_build_of(a: &Segment, b: &Segment) -> bool {
    let path = |segment: &Segment| segment.path.clone().unwrap_or_default();
    let (a_path, b_path) = (path(a), path(b));
    let is_script =
        |segment: &Segment| segment.language.is_some_and(|it| matches!(it.name, "javascript" | "typescript" | "tsx"));
    let stem =
        |path: &str| path.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default().to_owned();
    let waits_alike = |path: &str| path.replace("async", "sync");
    let is_same_script = is_script(a) && is_script(b) && a_path != b_path && stem(&a_path) == stem(&b_path);
    is_same_script || a_path != b_path && waits_alike(&a_path) == waits_alike(&b_path)
}

fn place(file: &File<'_>, lines: Range<usize>) -> BlockPlace {
    BlockPlace {
        path: file.segment.path.clone().unwrap_or_default(),
        first_line: file.lines[lines.start].number,
        last_line: file.lines[lines.end - 1].number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;
    use serde_json::json;

    fn found(files: serde_json::Value) -> Vec<String> {
        let context = Snapshot::of_value(files).unwrap().context().unwrap();
        let place = |it: &BlockPlace| format!("{}:{}-{}", it.path, it.first_line, it.last_line);
        let blocks = duplicates(&context, &StopFlag::default()).unwrap().blocks;
        blocks.iter().map(|it| format!("{} {} {}", it.lines, place(&it.first), place(&it.second))).collect()
    }

    fn body(lines: usize, indentation: &str) -> String {
        (0..lines).map(|line| format!("{indentation}total_{line} = compute(value, {line})\n")).collect()
    }

    #[test]
    fn a_block_is_found_whatever_white_space_and_comments_it_has() {
        let one = format!("import a\n\ndef one():\n{}", body(40, "    "));
        let two = format!("x = 1\ny = 2\n\n{}z = 3\n", body(40, "  ").replace("total_20", "# why\n\n  total_20"));
        assert_eq!(found(json!({"a.py": one, "b.py": two})), ["40 a.py:4-43 b.py:4-45"]);
        assert_eq!(found(json!({"a.py": one, "tests/b.py": two})), Vec::<String>::new());
    }

    #[test]
    fn short_blocks_tables_and_builds_are_none() {
        let table = "value: same_thing_again,\n".repeat(60);
        let script = body(50, "");
        let bundle = ["compute", "count", "collect"].map(|it| script.replace("compute", it)).concat();
        for files in [
            json!({"a.py": body(20, ""), "b.py": body(20, "")}),
            json!({"a.py": table, "b.py": table}),
            json!({"src/a.js": script, "lib/a.mjs": script}),
            json!({"x/_async/a.py": script, "x/_sync/a.py": script}),
            json!({"a.py": format!("def a():\n    '''\n{script}'''\n"), "b.py": format!("def b():\n    '''\n{script}'''\n")}),
            json!({"a.c": script.replace("total_", "case total_"), "b.c": script.replace("total_", "case total_")}),
            json!({
                "a.js": script,
                "b.js": script.replace("compute", "count"),
                "c.js": script.replace("compute", "collect"),
                "many.js": bundle,
            }),
        ] {
            assert_eq!(found(files), Vec::<String>::new());
        }
    }

    #[test]
    fn a_block_twice_in_one_file_is_found_once() {
        let text = format!("def one():\n{0}def two():\n{0}", body(35, "    "));
        assert_eq!(found(json!({"a.py": text, "b.py": ""})), ["35 a.py:2-36 a.py:38-72"]);
    }
}
