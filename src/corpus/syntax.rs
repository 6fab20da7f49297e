//! What syntax trees say of a file: its definitions, and the names that it uses.
//!
//! Outlines, chunks and the map of a repository show this structure. A file is parsed when it is first asked for. It
//! may hold anything at all, so size and work are bounded and nothing recurses. A caller may get no answer, and then
//! goes by lines and their indentation ([`structure`](super::structure)).

mod comments;
mod errors;
mod grammar;
mod measure;
mod mutants;
mod occurrence;
mod parse;
mod python;

use super::{
    language::{Language, Style},
    stop::StopFlag,
    symbol::{LONGEST_SIGNATURE, Symbol},
};
use grammar::{Compiled, Grammar, Mark};
pub(super) use measure::measures;
pub use measure::{FunctionMeasure, Measures, PublicItem};
pub use mutants::{Mutant, mutants};
pub use occurrence::UseKind;
pub(super) use occurrence::{begins_arguments, positions};
use parse::parse;
pub use python::{PythonProgram, python_program};
use rustc_hash::{FxHashMap, FxHashSet};
use std::ops::Range;
use tree_sitter::{Node, QueryCursor, QueryCursorOptions, QueryCursorState, StreamingIterator, Tree};

/// How many matches of a query may be under way at a time.
const OPEN_MATCHES: u32 = 1024;

/// What is in a file.
#[derive(Debug)]
pub(super) struct Tags<'t> {
    pub symbols: Vec<Symbol>,
    /// The names that occur, those of definitions included, and how often.
    pub names: FxHashMap<&'t str, u32>,
}

/// Whether files in a language define what other files use.
pub(super) fn has_definitions(language: &Language) -> bool {
    match language.style {
        Style::Keywords | Style::Braces | Style::Lisp => true,
        Style::Plain => Grammar::of(language).is_some(),
        Style::Markdown | Style::Org | Style::Tables => false,
    }
}

/// The symbols of a file in the order of their lines, or nothing if its language has no grammar here or it cannot be
/// parsed within bounds.
pub(super) fn symbols(text: &str, language: &Language, stop: &StopFlag) -> Option<Vec<Symbol>> {
    let grammar = Grammar::of(language)?;
    let compiled = grammar.compiled();
    let tree = parse(text, &compiled.language, stop)?;
    Some(definitions(text, &tree, grammar, compiled, stop))
}

/// The symbols of a file and the names in it; nothing where [`symbols`] has nothing.
pub(super) fn tags<'t>(text: &'t str, language: &Language, stop: &StopFlag) -> Option<Tags<'t>> {
    let grammar = Grammar::of(language)?;
    let compiled = grammar.compiled();
    let tree = parse(text, &compiled.language, stop)?;
    Some(Tags { symbols: definitions(text, &tree, grammar, compiled, stop), names: names(text, &tree, compiled) })
}

/// The symbols of a file, and as what a name of `length` bytes occurs at each of the `positions`; nothing where [`symbols`]
/// has nothing.
pub(super) fn occurrences(
    text: &str,
    language: &Language,
    positions: &[usize],
    length: usize,
    stop: &StopFlag,
) -> Option<(Vec<Symbol>, Vec<UseKind>)> {
    let grammar = Grammar::of(language)?;
    let compiled = grammar.compiled();
    let tree = parse(text, &compiled.language, stop)?;
    let found = found(text, &tree, compiled, stop).into_iter().filter(|it| !matches!(it.kind, "impl" | "extension"));
    let defined: Vec<usize> = found.map(|it| it.name.end_byte()).collect();
    let kinds = occurrence::kinds(text, &tree, positions, length, &defined);
    Some((definitions(text, &tree, grammar, compiled, stop), kinds))
}

/// The comments of a file in order; nothing where [`symbols`] has nothing.
pub(super) fn comments(text: &str, language: &Language, stop: &StopFlag) -> Option<Vec<Range<usize>>> {
    let compiled = Grammar::of(language)?.compiled();
    parse(text, &compiled.language, stop).map(|tree| comments::comments(&tree))
}

/// The comments of a file and its strings of several lines in order; nothing where [`symbols`] has nothing.
pub(super) fn prose(text: &str, language: &Language, stop: &StopFlag) -> Option<Vec<Range<usize>>> {
    let compiled = Grammar::of(language)?.compiled();
    parse(text, &compiled.language, stop).map(|tree| comments::prose(&tree))
}

/// Where a text breaks the rules of its language: lines from 1, and what is wrong there. Nothing where the language has no grammar
/// here, or the text cannot be parsed within bounds.
pub fn syntax_errors(text: &str, language: &Language, stop: &StopFlag) -> Option<Vec<(usize, String)>> {
    let compiled = Grammar::of(language)?.compiled();
    parse(text, &compiled.language, stop).map(|tree| errors::errors(&tree))
}

/// A definition before it is known what it lies in.
struct Found<'tree> {
    node: Node<'tree>,
    kind: &'static str,
    name: Node<'tree>,
}

fn definitions(text: &str, tree: &Tree, grammar: &Grammar, compiled: &Compiled, stop: &StopFlag) -> Vec<Symbol> {
    let mut found = found(text, tree, compiled, stop);
    found.sort_by_key(|it| (it.node.start_byte(), std::cmp::Reverse(it.node.end_byte())));
    let mut symbols: Vec<Symbol> = Vec::with_capacity(found.len());
    // The ends of the definitions that the next one may lie in, and whether functions are methods there.
    let mut around: Vec<(usize, bool)> = Vec::new();
    for Found { node, kind, name } in found {
        while around.last().is_some_and(|&(end, _)| node.start_byte() >= end) {
            around.pop();
        }
        let kind = match (kind, around.last()) {
            ("function", Some((_, true))) => "method",
            _ => kind,
        };
        let symbol = symbol(text, node, kind, name, around.len());
        if grammar.has_clauses
            && let Some(last) = symbols.last_mut().filter(|last| is_next_clause(last, &symbol))
        {
            last.last_line = symbol.last_line;
            continue;
        }
        around.push((node.end_byte(), is_home_of_methods(kind)));
        symbols.push(symbol);
    }
    symbols
}

/// The definitions in no order that could be relied on.
fn found<'tree>(text: &str, tree: &'tree Tree, compiled: &Compiled, stop: &StopFlag) -> Vec<Found<'tree>> {
    let mut cursor = QueryCursor::new();
    cursor.set_match_limit(OPEN_MATCHES);
    let mut bound = parse::Bound::new(text.len(), stop);
    let mut progress = |_: &QueryCursorState| bound.step();
    let options = QueryCursorOptions::new().progress_callback(&mut progress);
    let mut matches = cursor.matches_with_options(&compiled.query, tree.root_node(), text.as_bytes(), options);
    let mut found: Vec<(usize, Found<'tree>)> = Vec::new();
    while let Some(matched) = matches.next() {
        let (mut definition, mut name) = (None, None);
        for capture in matched.captures() {
            match compiled.marks.get(capture.index as usize) {
                Some(Mark::Definition(kind)) => definition = Some((capture.node, *kind)),
                Some(Mark::Name) => name = name.or(Some(capture.node)),
                Some(Mark::Declarator) => name = name.or(Some(declared(capture.node))),
                _ => {}
            }
        }
        if let (Some((node, kind)), Some(name)) = (definition, name) {
            found.push((matched.pattern_index, Found { node, kind, name }));
        }
    }
    // Where several patterns fit, the first one says what it is.
    found.sort_by_key(|(pattern, it)| (it.node.start_byte(), it.name.start_byte(), *pattern));
    let mut known = FxHashSet::default();
    found.into_iter().filter(|(_, it)| known.insert(it.node.id())).map(|(_, it)| it).collect()
}

/// The name in a declarator.
fn declared(declarator: Node<'_>) -> Node<'_> {
    let mut node = declarator;
    loop {
        // References of C++ have their declarator in no field.
        let inner = match node.kind() {
            "reference_declarator" => node.named_child(0),
            _ => node.child_by_field_name("declarator"),
        };
        let Some(inner) = inner else { return node };
        node = inner;
    }
}

fn is_home_of_methods(kind: &str) -> bool {
    matches!(
        kind,
        "impl"
            | "trait"
            | "class"
            | "interface"
            | "struct"
            | "enum"
            | "actor"
            | "extension"
            | "protocol"
            | "object"
            | "instance"
            | "mixin"
    )
}

fn is_next_clause(last: &Symbol, next: &Symbol) -> bool {
    let is_function = matches!(next.kind, "function" | "method" | "macro");
    is_function && next.name == last.name && next.depth == last.depth && next.kind == last.kind
}

fn symbol(text: &str, node: Node<'_>, kind: &'static str, name: Node<'_>, depth: usize) -> Symbol {
    let own = text_of(text, name);
    let name = match (kind, node.child_by_field_name("trait")) {
        ("impl", Some(of)) => format!("{} for {own}", text_of(text, of)),
        _ => own,
    };
    // Of a line that goes on and on, which may hold many symbols, no more is looked at than is kept.
    let start = node.start_byte();
    let head = &text[start..text.floor_char_boundary(start.saturating_add(4 * LONGEST_SIGNATURE))];
    let line = head.lines().next().unwrap_or_default().trim();
    let signature = crate::text::cut_head(line, LONGEST_SIGNATURE).shown.to_owned();
    let (start, end) = (node.start_position(), node.end_position());
    // A node that ends behind a line feed ends with the line before.
    let last_line = if end.column == 0 { end.row.max(start.row + 1) } else { end.row + 1 };
    Symbol { name, kind, first_line: start.row + 1, last_line, depth, signature }
}

fn text_of(text: &str, node: Node<'_>) -> String {
    crate::text::one_line(&text[node.byte_range()], LONGEST_SIGNATURE)
}

fn names<'t>(text: &'t str, tree: &Tree, compiled: &Compiled) -> FxHashMap<&'t str, u32> {
    let mut names: FxHashMap<&str, u32> = FxHashMap::default();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        if compiled.identifiers.get(node.kind_id() as usize) == Some(&true) {
            *names.entry(&text[node.byte_range()]).or_default() += 1;
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return names;
            }
        }
    }
}

#[cfg(test)]
mod tests;
