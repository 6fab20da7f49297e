//! Looks into the context: by lines, by pattern, by words, by structure.
//!
//! Places cross the border to the interpreter as characters, since that is what a program counts in.

use super::{
    dispatch::arguments,
    function::{Constant, Does, Gives, HostFunction, InTools, Kind, Offered, Parameter},
    rows::RowForm,
};
use crate::{
    corpus::{self, ContextText, GrepOptions, LookupError, MapError, StopFlag, Unit},
    repl::Raised,
};
use serde_json::{Map, Value, json};
use std::ops::Range;

/// The most rows that one call returns.
pub(super) const ROW_LIMIT: usize = 100_000;

/// The most tokens of a map.
const MAP_LIMIT: usize = 1_000_000;

/// Where a slice ends that goes to the end.
pub const END: Constant = Constant::Integer(i64::MAX);

const MATCHES: RowForm = RowForm {
    class: "Match",
    about: "A line that `grep` found",
    columns: &["path", "line", "text"],
    line: "[{path}:]{line}: {text}",
    none: "No matches found",
};

const PASSAGES: RowForm = RowForm {
    class: "Passage",
    about: "A passage that `search` found",
    columns: &["path", "first_line", "last_line", "score", "text"],
    line: "[{path}:]{first_line}-{last_line} (score {score:.1})\n{text}",
    none: "nothing found",
};

const SYMBOLS: RowForm = RowForm {
    class: "Symbol",
    about: "A definition in `outline`",
    columns: &["name", "kind", "first_line", "last_line", "depth", "signature"],
    line: "{depth>}{kind} {name} ({first_line}-{last_line}): {signature}",
    none: "nothing found",
};

/// The functions about the text.
pub const TEXT: &[HostFunction] = &[
    HostFunction {
        name: "search",
        about: "the passages that fit the words best (BM25)",
        parameters: &[
            Parameter::text("query", "words"),
            Parameter::integer("k", "the most passages").or(Constant::Integer(10)),
        ],
        gives: Gives::Rows(&PASSAGES),
        does: Does::Scan(search),
        offered: Offered::Everywhere,
    },
    HostFunction {
        name: "grep",
        about: "lines that match a regular expression (Rust's syntax)",
        parameters: &[
            Parameter::text("pattern", "the expression"),
            Parameter::text("path", "a file, folder or glob to look in").or(Constant::None),
            Parameter::of(Kind::Flag, "ignore_case", "whether upper and lower case are the same").or(Constant::False),
            Parameter::integer("max_results", "the most lines").or(Constant::Integer(50)),
        ],
        gives: Gives::Rows(&MATCHES),
        does: Does::Scan(grep),
        offered: Offered::Everywhere,
    },
    HostFunction {
        name: "outline",
        about: "the definitions in a file",
        parameters: &[Parameter::text("path", "the file")],
        gives: Gives::Rows(&SYMBOLS),
        does: Does::Scan(outline),
        offered: Offered::Everywhere,
    },
    HostFunction {
        name: "read",
        about: "lines of a file, counted from 1, both ends included",
        parameters: &[
            Parameter::text("path", "the file"),
            Parameter::integer("first_line", "the first line").or(Constant::Integer(1)),
            Parameter::integer("last_line", "the last line; without it, to the end").or(Constant::None),
        ],
        gives: Gives::Part,
        does: Does::Read(read),
        offered: Offered::Everywhere,
    },
    HostFunction {
        name: "peek",
        about: "characters `start`..`end` of the text, by the rules of a Python slice",
        parameters: &[
            Parameter::integer("start", "first character, from 0").forgiven(Constant::Integer(0)),
            Parameter::integer("end", "end, excluded").forgiven(END),
        ],
        gives: Gives::Slice,
        does: Does::Read(peek),
        offered: Offered::Everywhere,
    },
    HostFunction {
        name: "peek_lines",
        about: "lines `start`..`end` of the text, counted from 0, `end` excluded",
        parameters: &[
            Parameter::integer("start", "first line, from 0").forgiven(Constant::Integer(0)),
            Parameter::integer("end", "end, excluded").forgiven(END),
        ],
        gives: Gives::Part,
        does: Does::Read(peek_lines),
        offered: Offered::Everywhere,
    },
    HostFunction {
        name: "repo_map",
        about: "the most used definitions of all files as a text, for a first look at code; `focus` names files, folders, \
                globs or definitions that it begins with",
        parameters: &[
            Parameter::integer("tokens", "the most tokens of the map").or(Constant::Integer(2000)),
            Parameter::of(Kind::Texts, "focus", "what it begins with").or(Constant::None),
        ],
        gives: Gives::Plain,
        does: Does::Scan(repo_map),
        offered: Offered::Programs,
    },
    HostFunction {
        name: "chunk",
        about: "the text in pieces of at most `size` characters (or \"tokens\") that end at structure or lines",
        parameters: &[
            Parameter::integer("size", "the most characters of a piece").in_tools(InTools::Named("chunk_size")),
            Parameter::integer("overlap", "characters that a piece shares with the one before it")
                .or(Constant::Integer(0))
                .in_tools(InTools::Absent),
            Parameter::text("unit", "what is counted: \"characters\" or \"tokens\"")
                .or(Constant::Text("characters"))
                .in_tools(InTools::Absent),
        ],
        gives: Gives::Pieces,
        does: Does::Scan(chunk),
        offered: Offered::Everywhere,
    },
    HostFunction {
        name: "tokens",
        about: "about how many tokens a text has",
        parameters: &[Parameter::text("text", "any text")],
        gives: Gives::Plain,
        does: Does::Python("count_tokens(text)"),
        offered: Offered::Programs,
    },
];

fn search(context: &ContextText, given: Value, stop: &StopFlag) -> Result<Value, Raised> {
    let (query, k): (String, i64) = arguments(given)?;
    let k = usize::try_from(k).unwrap_or(0).min(ROW_LIMIT);
    let passages =
        corpus::search(context, &query, k, stop).map_err(|error| Raised::new("RuntimeError", error.to_string()))?;
    let row = |it: corpus::Passage| {
        [it.path.into(), it.first_line.into(), it.last_line.into(), it.score.into(), it.text.into()]
    };
    Ok(rows(&PASSAGES, passages.into_iter().map(row), false))
}

fn grep(context: &ContextText, given: Value, stop: &StopFlag) -> Result<Value, Raised> {
    let (pattern, path, ignore_case, limit): (String, Option<String>, bool, i64) = arguments(given)?;
    let max_results = usize::try_from(limit).unwrap_or(0).min(ROW_LIMIT);
    let options = GrepOptions { path: path.as_deref(), ignore_case, max_results };
    let found = corpus::grep(context, &pattern, &options, stop)
        .map_err(|error| Raised::new("ValueError", error.to_string()))?;
    let row = |it: corpus::GrepRow| [it.path.into(), it.line.into(), it.text.into()];
    Ok(rows(&MATCHES, found.rows.into_iter().map(row), found.more))
}

fn outline(context: &ContextText, given: Value, stop: &StopFlag) -> Result<Value, Raised> {
    let (path,): (String,) = arguments(given)?;
    let symbols = corpus::outline(context, &path, stop).map_err(not_there)?;
    let row = |it: corpus::Symbol| {
        let (first, last) = (it.first_line.into(), it.last_line.into());
        [it.name.into(), it.kind.into(), first, last, it.depth.into(), it.signature.into()]
    };
    Ok(rows(&SYMBOLS, symbols.into_iter().map(row), false))
}

fn read(context: &ContextText, given: Value, _: &StopFlag) -> Result<Value, Raised> {
    let (path, first, last): (String, i64, Option<i64>) = arguments(given)?;
    place(context, context.line_range(Some(&path), first, last).map_err(not_there)?)
}

fn peek(context: &ContextText, given: Value, _: &StopFlag) -> Result<Value, Raised> {
    let (start, end) = arguments(given)?;
    let part = slice(context.char_len(), start, end);
    Ok(json!([part.start, part.end]))
}

/// Lines of the whole context by the rules of a slice: from 0, the end excluded, negative numbers from the end.
fn peek_lines(context: &ContextText, given: Value, _: &StopFlag) -> Result<Value, Raised> {
    let (start, end) = arguments(given)?;
    let lines = context.lines();
    let part = slice(lines.line_count(context).map_err(unread)?, start, end);
    let byte = |line| lines.byte_of_line(context, line).map_err(unread);
    let first = byte(part.start)?;
    place(context, first..byte(part.end)?.max(first))
}

fn repo_map(context: &ContextText, given: Value, stop: &StopFlag) -> Result<Value, Raised> {
    let (tokens, focus): (i64, Vec<String>) = arguments(given)?;
    let tokens = usize::try_from(tokens).unwrap_or(0).min(MAP_LIMIT);
    let map = corpus::repo_map(context, tokens, &focus, stop);
    map.map(Value::from).map_err(|error| match error {
        MapError::Focus(error) => Raised::new("KeyError", error.to_string()),
        MapError::LongFocus { .. } => Raised::new("ValueError", error.to_string()),
        MapError::Text(error) => unread(error),
    })
}

fn chunk(context: &ContextText, given: Value, stop: &StopFlag) -> Result<Value, Raised> {
    let (size, overlap, unit): (i64, i64, String) = arguments(given)?;
    let wrong =
        |what: &str, value: i64| Raised::new("ValueError", format!("{what} must not be negative, as {value} is"));
    let size = usize::try_from(size).map_err(|_| wrong("size", size))?;
    let overlap = usize::try_from(overlap).map_err(|_| wrong("overlap", overlap))?;
    let unit = match unit.as_str() {
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

/// Rows as columns, which take a fraction of the memory that an object for each row does.
pub(super) fn rows<const N: usize>(form: &RowForm, rows: impl Iterator<Item = [Value; N]>, more: bool) -> Value {
    let mut columns = [const { Vec::new() }; N];
    for row in rows {
        columns.iter_mut().zip(row).for_each(|(column, value): (&mut Vec<Value>, Value)| column.push(value));
    }
    let names = form.columns.iter().map(|&name| name.to_owned());
    let columns: Map<String, Value> = names.zip(columns.into_iter().map(Value::Array)).collect();
    // The macro would copy the columns.
    Value::Object(Map::from_iter([
        ("columns".to_owned(), Value::Object(columns)),
        ("more".to_owned(), Value::Bool(more)),
    ]))
}

/// What a slice means in something of this length, as in Python.
pub fn slice(length: usize, start: i64, end: i64) -> Range<usize> {
    let resolve = |place: i64| {
        let size = usize::try_from(place.unsigned_abs()).unwrap_or(usize::MAX);
        if place < 0 { length.saturating_sub(size) } else { size.min(length) }
    };
    let (start, end) = (resolve(start), resolve(end));
    start..end.max(start)
}

/// The characters of a range of bytes.
fn place(context: &ContextText, range: Range<usize>) -> Result<Value, Raised> {
    let place = |byte| context.char_of_byte(byte).map_err(unread);
    Ok(json!([place(range.start)?, place(range.end)?]))
}

/// There is no such file, or it could not be read.
pub(super) fn not_there(error: LookupError) -> Raised {
    match error {
        LookupError::Path(error) => Raised::new("KeyError", error.to_string()),
        LookupError::Text(error) => unread(error),
    }
}

/// The text itself could not be read.
pub(super) fn unread(error: corpus::Error) -> Raised {
    Raised::new("OSError", error.to_string())
}
