//! The text of a map: files, and below each its best definitions with their lines.

use super::{
    names::{Looks, Texts, Used, line_starts, used_name},
    rank::Ranked,
};
use crate::{
    corpus::{context::ContextText, language::Language, outline::symbols, stop::StopFlag, symbol::Symbol},
    text::{estimated_tokens, one_line},
};
use rustc_hash::FxHashMap;
use std::{collections::BTreeMap, fmt::Write};

/// The most characters of a signature that are shown.
const LONGEST_SIGNATURE: usize = 120;

/// The fewest tokens that a definition takes; more definitions than have room need not be looked up.
const FEWEST_TOKENS: usize = 5;

/// The best definitions, as many as have room; fewer if it is stopped.
pub(super) fn render(
    context: &ContextText,
    looks: &Looks,
    texts: &Texts<'_>,
    used: &Used<'_>,
    ranked: &Ranked,
    tokens: usize,
    stop: &StopFlag,
) -> String {
    let mut best: Vec<(&(usize, usize), &f64)> = ranked.definitions.iter().collect();
    best.sort_unstable_by(|(left, left_rank), (right, right_rank)| {
        right_rank.total_cmp(left_rank).then_with(|| left.cmp(right))
    });
    let all = best.len();
    best.truncate(tokens / FEWEST_TOKENS);
    let rows = rows(context, texts, used, &best, stop);
    // The largest number of definitions whose map has room.
    let text_of = |count: usize| {
        let mut text = map(context, &rows[..count]);
        text.push_str(&left_out(looks, count, all));
        text
    };
    let (mut fits, mut too_many) = (0, rows.len() + 1);
    while fits + 1 < too_many {
        let middle = usize::midpoint(fits, too_many);
        match estimated_tokens(text_of(middle)) <= tokens {
            true => fits = middle,
            false => too_many = middle,
        }
    }
    text_of(fits)
}

/// A line of the map.
struct Row {
    file: usize,
    line: usize,
    depth: usize,
    signature: String,
}

/// The lines of the best definitions, the best first. A name that a file defines several times has one line.
fn rows(
    context: &ContextText,
    texts: &Texts<'_>,
    used: &Used<'_>,
    best: &[(&(usize, usize), &f64)],
    stop: &StopFlag,
) -> Vec<Row> {
    let mut known: FxHashMap<usize, FxHashMap<&str, Symbol>> = FxHashMap::default();
    let mut rows = Vec::with_capacity(best.len());
    for &(&(file, name), _) in best.iter().take_while(|_| !stop.is_raised()) {
        let named = || named(&texts[&file], context.segments()[file].language, stop);
        let symbols = known.entry(file).or_insert_with(named);
        // A file that was looked at by its lines may be seen otherwise by its parser.
        let Some(symbol) = symbols.get(used.names[name]) else { continue };
        let signature = one_line(&symbol.signature, LONGEST_SIGNATURE);
        rows.push(Row { file, line: symbol.first_line, depth: symbol.depth, signature });
    }
    rows
}

fn named<'t>(text: &'t str, language: Option<&'static Language>, stop: &StopFlag) -> FxHashMap<&'t str, Symbol> {
    let lines = line_starts(text);
    let mut named = FxHashMap::default();
    for symbol in symbols(text, language, stop) {
        if let Some(name) = used_name(text, &symbol, &lines) {
            named.entry(name).or_insert(symbol);
        }
    }
    named
}

/// Files in the order of their best definitions, definitions in the order of their lines.
fn map(context: &ContextText, rows: &[Row]) -> String {
    let mut files: Vec<usize> = Vec::new();
    let mut lines: FxHashMap<usize, BTreeMap<usize, &Row>> = FxHashMap::default();
    for row in rows {
        let of_file = lines.entry(row.file).or_insert_with(|| {
            files.push(row.file);
            BTreeMap::new()
        });
        of_file.entry(row.line).or_insert(row);
    }
    let mut text = String::new();
    for file in files {
        let path = context.segments()[file].path.as_deref().unwrap_or("context");
        let _ = writeln!(text, "{path}");
        for (line, row) in &lines[&file] {
            let _ = writeln!(text, "  {line}: {}{}", "  ".repeat(row.depth.min(4)), row.signature);
        }
    }
    text
}

fn left_out(looks: &Looks, shown: usize, all: usize) -> String {
    let files = looks.files.len();
    let mut note = format!("({shown} of {all} definitions in {files} files");
    if looks.left_out > 0 {
        let _ = write!(note, "; {} files were too large to look at", looks.left_out);
    }
    note.push_str(")\n");
    note
}
