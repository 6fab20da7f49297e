//! Looks of programs into the context: by lines, by pattern, by words, by structure.
//!
//! Places cross the border to the interpreter as characters, since that is what a program counts in.

use crate::{
    corpus::{self, ContextText, GrepOptions, LookupError, MapError, StopFlag, Unit},
    repl::Raised,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::ops::Range;

/// The most rows that one call returns.
const ROW_LIMIT: usize = 100_000;

/// The most tokens of a map.
const MAP_LIMIT: usize = 1_000_000;

/// Reads the arguments of a call, which a program has made up.
pub fn arguments<T: DeserializeOwned>(arguments: Value) -> Result<T, Raised> {
    serde_json::from_value(arguments).map_err(|error| Raised::new("TypeError", format!("wrong arguments: {error}")))
}

/// Answers the call `name`, unless it is stopped.
pub fn answer(context: &ContextText, name: &str, given: Value, stop: &StopFlag) -> Result<Value, Raised> {
    match name {
        "peek_lines" => {
            let (start, end) = arguments(given)?;
            place(context, peek_lines(context, start, end).map_err(unread)?)
        }
        "read" => {
            let (path, first, last): (String, i64, Option<i64>) = arguments(given)?;
            let range = context.line_range(Some(&path), first, last).map_err(not_there)?;
            place(context, range)
        }
        "grep" => grep(context, &arguments(given)?, stop),
        "search" => {
            let (query, k): (String, usize) = arguments(given)?;
            let passages = corpus::search(context, &query, k.min(ROW_LIMIT), stop)
                .map_err(|error| Raised::new("RuntimeError", error.to_string()))?;
            let row = |it: corpus::Passage| {
                [it.path.into(), it.first_line.into(), it.last_line.into(), it.score.into(), it.text.into()]
            };
            Ok(rows(["path", "first_line", "last_line", "score", "text"], passages.into_iter().map(row), false))
        }
        "chunk" => {
            let (size, overlap, unit): (i64, i64, String) = arguments(given)?;
            chunk(context, size, overlap, &unit, stop)
        }
        "outline" => {
            let (path,): (String,) = arguments(given)?;
            let symbols = corpus::outline(context, &path, stop).map_err(not_there)?;
            let row = |it: corpus::Symbol| -> [Value; 6] {
                let (first, last) = (it.first_line.into(), it.last_line.into());
                [it.name.into(), it.kind.into(), first, last, it.depth.into(), it.signature.into()]
            };
            let names = ["name", "kind", "first_line", "last_line", "depth", "signature"];
            Ok(rows(names, symbols.into_iter().map(row), false))
        }
        "repo_map" => {
            let (tokens, focus): (i64, Vec<String>) = arguments(given)?;
            let tokens = usize::try_from(tokens).unwrap_or(0).min(MAP_LIMIT);
            let map = corpus::repo_map(context, tokens, &focus, stop);
            map.map(Value::from).map_err(|error| match error {
                MapError::Focus(error) => Raised::new("KeyError", error.to_string()),
                MapError::LongFocus { .. } => Raised::new("ValueError", error.to_string()),
                MapError::Text(error) => unread(error),
            })
        }
        _ => Err(Raised::new("RuntimeError", format!("there is no host call {name:?}"))),
    }
}

/// Rows as columns, which take a fraction of the memory that an object for each row does.
fn rows<const N: usize>(names: [&str; N], rows: impl Iterator<Item = [Value; N]>, more: bool) -> Value {
    let mut columns = [const { Vec::new() }; N];
    for row in rows {
        columns.iter_mut().zip(row).for_each(|(column, value): (&mut Vec<Value>, Value)| column.push(value));
    }
    let columns = names.iter().map(|&name| name.to_owned()).zip(columns.map(Value::Array));
    let rows = [("columns".to_owned(), Value::Object(columns.collect())), ("more".to_owned(), Value::Bool(more))];
    Value::Object(rows.into_iter().collect())
}

/// The characters of a range of bytes.
fn place(context: &ContextText, range: Range<usize>) -> Result<Value, Raised> {
    let place = |byte| context.char_of_byte(byte).map_err(unread);
    Ok(json!([place(range.start)?, place(range.end)?]))
}

/// There is no such file, or it could not be read.
fn not_there(error: LookupError) -> Raised {
    match error {
        LookupError::Path(error) => Raised::new("KeyError", error.to_string()),
        LookupError::Text(error) => unread(error),
    }
}

/// The text itself could not be read.
fn unread(error: corpus::Error) -> Raised {
    Raised::new("OSError", error.to_string())
}

/// Lines of the whole context by the rules of a slice: from 0, the end excluded, negative numbers from the end.
fn peek_lines(context: &ContextText, start: i64, end: i64) -> Result<Range<usize>, corpus::Error> {
    let lines = context.lines();
    let count = lines.line_count(context)?;
    let resolve = |line: i64| {
        let back = usize::try_from(line.unsigned_abs()).unwrap_or(usize::MAX);
        if line < 0 { count.saturating_sub(back) } else { back.min(count) }
    };
    let (start, end) = (resolve(start), resolve(end));
    let start_byte = lines.byte_of_line(context, start)?;
    Ok(start_byte..lines.byte_of_line(context, end.max(start))?.max(start_byte))
}

#[derive(Deserialize)]
struct GrepCall(String, Option<String>, bool, i64);

fn grep(context: &ContextText, call: &GrepCall, stop: &StopFlag) -> Result<Value, Raised> {
    let GrepCall(pattern, path, ignore_case, limit) = call;
    let max_results = usize::try_from(*limit).unwrap_or(0).min(ROW_LIMIT);
    let options = GrepOptions { path: path.as_deref(), ignore_case: *ignore_case, max_results };
    let found =
        corpus::grep(context, pattern, &options, stop).map_err(|error| Raised::new("ValueError", error.to_string()))?;
    let row = |it: corpus::GrepRow| [it.path.into(), it.line.into(), it.text.into()];
    Ok(rows(["path", "line", "text"], found.rows.into_iter().map(row), found.more))
}

fn chunk(context: &ContextText, size: i64, overlap: i64, unit: &str, stop: &StopFlag) -> Result<Value, Raised> {
    let wrong =
        |what: &str, value: i64| Raised::new("ValueError", format!("{what} must not be negative, as {value} is"));
    let size = usize::try_from(size).map_err(|_| wrong("size", size))?;
    let overlap = usize::try_from(overlap).map_err(|_| wrong("overlap", overlap))?;
    let unit = match unit {
        "characters" => Unit::Characters,
        "tokens" => Unit::Tokens,
        _ => return Err(Raised::new("ValueError", format!("unit must be \"characters\" or \"tokens\", not {unit:?}"))),
    };
    let pieces = corpus::chunk(context, size, overlap, unit, stop)
        .map_err(|error| Raised::new("ValueError", error.to_string()))?;
    let place = |piece| {
        stop.check().map_err(unread)?;
        place(context, piece)
    };
    pieces.into_iter().map(place).collect()
}
