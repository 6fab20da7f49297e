//! The commands that look into a store.

use super::{
    super::{
        output::note,
        output::{print, print_json},
        say,
        terminal::Guarded,
    },
    Failure, Outcome,
};
use crate::{
    corpus::{
        Changed, GrepOptions, StopFlag,
        shards::{DEFAULT_CACHE, Found, ShardError, ShardStore, Verified},
    },
    text::{counted, grouped},
};
use clap::Args;
use serde_json::{Value, json};
use std::{
    io::{self, Write},
    ops::Range,
    process::ExitCode,
};

#[derive(Debug, Args)]
pub struct InfoArguments {
    /// The store
    store: String,
    /// Read all shards and compare them with their hashes
    #[arg(long)]
    verify: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(allow_negative_numbers = true)]
pub struct SliceArguments {
    /// The store
    store: String,
    /// The first character, counted from 0; from the end if negative
    start: i64,
    /// The character behind the last one, from the end if negative; the end of the text if absent
    end: Option<i64>,
    /// Count lines from 1 instead, the last one included; -1 is the last line
    #[arg(long)]
    lines: bool,
}

#[derive(Debug, Args)]
pub struct FindArguments {
    /// The store
    store: String,
    /// What to find
    text: String,
    /// The most places to show
    #[arg(long, value_name = "N", default_value_t = 50)]
    max_results: usize,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct GrepArguments {
    /// The store
    store: String,
    /// A regular expression in the syntax of ripgrep
    regex: String,
    /// Take capital and small letters for the same
    #[arg(long, short)]
    ignore_case: bool,
    /// Only this file, folder, or what a glob matches
    #[arg(long)]
    path: Option<String>,
    /// The most lines to show
    #[arg(long, value_name = "N", default_value_t = 50)]
    max_results: usize,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

fn open(store: &str) -> Result<ShardStore, Failure> {
    Ok(ShardStore::open(store, DEFAULT_CACHE)?)
}

pub fn info(arguments: &InfoArguments) -> Outcome {
    let store = open(&arguments.store)?;
    let verified = if arguments.verify { Some(store.verify()?) } else { None };
    if arguments.json {
        print_json(&info_json(&arguments.store, &store, verified.as_ref()));
    } else {
        print(&info_text(&arguments.store, &store, verified.as_ref()));
    }
    let whole = verified.is_none_or(|verified| verified.flaws.is_empty());
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn info_json(location: &str, store: &ShardStore, verified: Option<&Verified>) -> Value {
    let extent = store.extent();
    let changed = store.changed().iter().map(|Changed { path, changes }| {
        let (utf16, mark, replaced) = (changes.was_utf16, changes.had_mark, changes.replaced);
        json!({"path": path, "wasUtf16": utf16, "hadMark": mark, "replaced": replaced})
    });
    let mut object = json!({
        "store": location,
        "bytes": extent.bytes,
        "characters": extent.characters,
        "lines": store.line_count(),
        "files": store.segments().len(),
        "shards": store.shards(),
        "shardSize": store.shard_size(),
        "generation": store.generation(),
        "changed": changed.collect::<Vec<_>>(),
    });
    if let Some(verified) = verified {
        let flaws = verified.flaws.iter().map(|flaw| json!({"shard": flaw.shard, "error": flaw.error}));
        object["verified"] = json!({"shards": verified.shards, "flaws": flaws.collect::<Vec<_>>()});
    }
    object
}

fn info_text(location: &str, store: &ShardStore, verified: Option<&Verified>) -> String {
    let extent = store.extent();
    let mut lines = vec![
        format!("store       {location}"),
        format!("bytes       {}", grouped(extent.bytes)),
        format!("characters  {}", grouped(extent.characters)),
        format!("lines       {}", grouped(store.line_count())),
        format!("files       {}", grouped(store.segments().len())),
        format!("shards      {} of {} bytes", grouped(store.shards()), grouped(store.shard_size())),
    ];
    for Changed { path, changes } in store.changed() {
        let converted = if changes.was_utf16 { ", converted from UTF-16" } else { "" };
        let mark = if changes.had_mark && !changes.was_utf16 { ", without its byte order mark" } else { "" };
        let replaced = match changes.replaced {
            0 => String::new(),
            replaced => format!(", with {} replaced by U+FFFD", counted(replaced, "invalid sequence")),
        };
        lines.push(format!("changed     {}{converted}{mark}{replaced}", path.as_deref().unwrap_or("the text")));
    }
    if let Some(Verified { shards, flaws }) = verified {
        lines.extend(flaws.iter().map(|flaw| format!("problem     {}", flaw.error)));
        let (shards, flaws) = (counted(*shards, "shard"), grouped(flaws.len()));
        lines.push(format!("verified    {shards}, {flaws} of them not as written"));
    }
    lines.join("\n")
}

pub fn slice(arguments: &SliceArguments) -> Outcome {
    let store = open(&arguments.store)?;
    let range = if arguments.lines {
        store.bytes_of_lines(lines(arguments.start, arguments.end, store.line_count()))?
    } else {
        store.bytes_of_chars(as_in_python(arguments.start, arguments.end, store.char_len()))?
    };
    let mut output = io::BufWriter::with_capacity(1 << 20, Guarded::new(io::stdout().lock()));
    let written = store.write_to(range, &mut output)?.and_then(|()| output.flush());
    note(written);
    Ok(ExitCode::SUCCESS)
}

/// The part of `len` things that `[start:end]` means in Python.
fn as_in_python(start: i64, end: Option<i64>, len: usize) -> Range<usize> {
    let place = |number: i64| {
        let distance = usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX);
        if number < 0 { len.saturating_sub(distance) } else { distance.min(len) }
    };
    let (start, end) = (place(start), end.map_or(len, place));
    start..end.max(start)
}

/// The lines `start` to `end` of `count`, counted from 1, or from the end if they are negative. Both are included.
fn lines(start: i64, end: Option<i64>, count: usize) -> Range<usize> {
    let number = |line: i64| match usize::try_from(line.unsigned_abs()).unwrap_or(usize::MAX) {
        distance if line < 0 => (count + 1).saturating_sub(distance),
        number => number.min(count + 1),
    };
    let (first, last) = (number(start).max(1), end.map_or(count, number).min(count));
    first - 1..last.max(first - 1)
}

/// Status 1 where nothing was found, as for `grep`.
fn status(is_any: bool) -> ExitCode {
    if is_any { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

pub fn find(arguments: &FindArguments) -> Outcome {
    let store = open(&arguments.store)?;
    let result = store.find(&arguments.text, arguments.max_results)?;
    if arguments.json {
        let found = result.found.iter().map(
            |Found { byte, character, path, line }| json!({"byte": byte, "character": character, "path": path, "line": line}),
        );
        print_json(&json!({"found": found.collect::<Vec<_>>(), "more": result.more}));
        return Ok(status(!result.found.is_empty()));
    }
    let shown = result.found.iter().map(|Found { byte, character, path, line }| {
        format!("{}:{line}: character {character}, byte {byte}", path.as_deref().unwrap_or("text"))
    });
    tell(&shown.collect::<Vec<_>>(), result.more);
    Ok(status(!result.found.is_empty()))
}

pub fn grep(arguments: &GrepArguments) -> Outcome {
    let store = open(&arguments.store)?;
    let options = GrepOptions {
        path: arguments.path.as_deref(),
        ignore_case: arguments.ignore_case,
        max_results: arguments.max_results,
    };
    let result = store.grep(&arguments.regex, &options, &StopFlag::default()).map_err(|error| match error {
        ShardError::Grep(error) => Failure::Usage(error.to_string()),
        error => Failure::Shards(error),
    })?;
    if arguments.json {
        let rows = result.rows.iter().map(|row| json!({"path": row.path, "line": row.line, "text": row.text}));
        print_json(&json!({"rows": rows.collect::<Vec<_>>(), "more": result.more}));
        return Ok(status(!result.rows.is_empty()));
    }
    let shown = result.rows.iter().map(|row| match &row.path {
        Some(path) => format!("{path}:{}:{}", row.line, row.text),
        None => format!("{}:{}", row.line, row.text),
    });
    tell(&shown.collect::<Vec<_>>(), result.more);
    Ok(status(!result.rows.is_empty()))
}

/// Prints what was found, and says on standard error what else there is to say.
fn tell(lines: &[String], more: bool) {
    if lines.is_empty() {
        say("nothing was found");
        return;
    }
    print(&lines.join("\n"));
    if more {
        say("there is more: raise --max-results");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_those_of_python() {
        for (start, end, expected) in [
            (0, None, 0..10),
            (2, Some(5), 2..5),
            (-3, None, 7..10),
            (-30, Some(-8), 0..2),
            (5, Some(2), 5..5),
            (20, Some(30), 10..10),
            (0, Some(-1), 0..9),
            (i64::MIN, Some(i64::MAX), 0..10),
        ] {
            assert_eq!(as_in_python(start, end, 10), expected, "{start} {end:?}");
        }
    }

    #[test]
    fn lines_are_counted_from_either_end() {
        for (start, end, expected) in [
            (1, None, 0..20),
            (-3, None, 17..20),
            (-3, Some(-2), 17..19),
            (2, Some(3), 1..3),
            (2, Some(-19), 1..2),
            (0, Some(1), 0..1),
            (-30, Some(2), 0..2),
            (-1, Some(-1), 19..20),
            (5, Some(2), 4..4),
            (21, None, 20..20),
            (30, Some(40), 20..20),
            (i64::MIN, Some(i64::MAX), 0..20),
            (1, Some(0), 0..0),
        ] {
            assert_eq!(lines(start, end, 20), expected, "{start} {end:?}");
        }
        assert_eq!(lines(-1, None, 0), 0..0);
    }
}
