//! What defines a name.

mod macros;

use super::uses::{Use, own_name, uses};
use crate::corpus::{
    context::ContextText,
    error::Error,
    language::Language,
    outline::{by_lines, symbols},
    parallel,
    search::Role,
    segment::Segment,
    stop::StopFlag,
    symbol::Symbol,
    syntax::{self, UseKind, positions},
};
use regex::RegexBuilder;
use std::{cmp::Reverse, sync::OnceLock};

/// Files that are worth another thread.
const LEAST_FILES: usize = 64;

/// The most bytes of files that are parsed; in those beyond them lines tell what is defined.
const MOST_PARSED: usize = 128 << 20;

/// The most definitions that are kept.
const MOST: usize = 1000;

/// What defines a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Nothing if the text is not a file.
    pub path: Option<String>,
    pub name: String,
    /// As in an outline; `assignment` or `declaration` where nothing with a body defines it.
    pub kind: &'static str,
    /// Counted from 1, the comments before it not included.
    pub first_line: usize,
    pub last_line: usize,
    /// The definitions that it lies in, the outermost first.
    pub within: Vec<String>,
    pub signature: String,
}

/// How well what was found is what was named, from better to worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// All qualifiers are names around it, or in its own first line.
    Qualified,
    /// A folder or a file is named like a qualifier.
    InModule,
    Unqualified,
}

/// The definitions of `name`, which may be qualified (`Class.method`, `module::function`): those that fit best, code before
/// tests and examples, types before functions. Where nothing is written exactly like that, capitals do not count.
///
/// # Errors
/// The text cannot be read, or it is stopped.
pub fn find_definitions(context: &ContextText, name: &str, stop: &StopFlag) -> Result<Vec<Definition>, Error> {
    let name = name.trim().trim_end_matches("()");
    let own = own_name(name);
    let qualifiers: Vec<&str> =
        name[..name.len() - own.len()].split(['.', ':', '#', '-', '>']).filter(|it| !it.is_empty()).collect();
    for ignores_case in [false, true] {
        let mut found = in_outlines(context, own, &qualifiers, ignores_case, stop)?;
        if found.is_empty() && !ignores_case {
            let uses = uses(context, own, MOST * 10, stop)?.rows;
            found = without_bodies(&uses, own, &qualifiers);
            if found.is_empty() {
                found = macros::defining(context, &uses, own, stop)?;
            }
        }
        if !found.is_empty() {
            found.sort_by_key(|(key, _)| *key);
            let best = found[0].0.0;
            return Ok(found.into_iter().take_while(|(key, _)| key.0 == best).take(MOST).map(|(_, it)| it).collect());
        }
    }
    Ok(Vec::new())
}

/// The order in which definitions are given: those that fit best, of code, of types, that others can use, that lie in
/// nothing, and the longest, since a declaration is short.
type Key = (Fit, u8, u8, bool, usize, Reverse<usize>);

fn in_outlines(
    context: &ContextText,
    own: &str,
    qualifiers: &[&str],
    ignores_case: bool,
    stop: &StopFlag,
) -> Result<Vec<(Key, Definition)>, Error> {
    let folded = RegexBuilder::new(&regex::escape(own)).case_insensitive(true).build();
    let folded = folded.ok().filter(|_| ignores_case);
    let occurs = |text: &str| match &folded {
        Some(folded) => folded.is_match(text),
        None => !positions(text, own).is_empty(),
    };
    let language = |segment: &Segment| segment.language.filter(|language| syntax::has_definitions(language));
    let is_program = |segment: &&Segment| language(segment).is_some();
    let may_have = context.files_with(own);
    let may_have = |number: usize| may_have.as_ref().is_none_or(|files| files[number]);
    let segments = context.segments().iter().enumerate().filter(|(number, _)| may_have(*number));
    let segments: Vec<&Segment> = segments.map(|(_, segment)| segment).filter(is_program).collect();
    let held = in_parallel(segments.len(), LEAST_FILES, |number| {
        stop.check()?;
        Ok(occurs(&context.read(segments[number].text.clone())?))
    })?;
    let mut bytes = 0;
    let parsed = segments.into_iter().zip(held).filter_map(|(segment, held)| held.then_some(segment));
    let with_bounds = parsed.map(|segment| (segment, (bytes, bytes += segment.text.len()).0 <= MOST_PARSED));
    let files: Vec<(&Segment, bool)> = with_bounds.collect();
    let found = in_parallel(files.len(), 1, |number| {
        stop.check()?;
        let (segment, is_parsed) = files[number];
        let text = context.read(segment.text.clone())?;
        let symbols = match is_parsed {
            true => symbols(&text, segment.language, stop),
            false => by_lines(&text, segment.language),
        };
        Ok(of_file(segment, &text, &symbols, |symbol| is_named(symbol, own, ignores_case), qualifiers))
    })?;
    let mut found = found.concat();
    found.truncate(MOST * 4);
    Ok(found)
}

/// What `work` makes of each of so many files.
fn in_parallel<R: Send>(
    count: usize,
    least: usize,
    work: impl Fn(usize) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let failure = OnceLock::new();
    let done = parallel::each(count, least, || (), |(), number| work(number).map_err(|error| failure.set(error)).ok());
    done.ok_or_else(|| failure.into_inner().unwrap_or(Error::Stopped))
}

/// What one file defines.
fn of_file(
    segment: &Segment,
    text: &str,
    symbols: &[Symbol],
    is_named: impl Fn(&Symbol) -> bool,
    qualifiers: &[&str],
) -> Vec<(Key, Definition)> {
    let path = segment.path.as_deref().unwrap_or_default();
    let definition = |number: usize| {
        let symbol = &symbols[number];
        let within = around(symbols, number);
        let definition = Definition {
            path: segment.path.clone(),
            name: symbol.name.clone(),
            kind: symbol.kind,
            first_line: symbol.first_line,
            last_line: symbol.last_line,
            within: within.iter().map(|it| it.name.clone()).collect(),
            signature: symbol.signature.clone(),
        };
        let fit = fit(qualifiers, symbol, &within, path);
        let (lines, is_hidden) = (symbol.last_line - symbol.first_line, !is_exported(segment.language, symbol));
        let key = (fit, role_order(path, text), kind_order(symbol.kind), is_hidden, symbol.depth, Reverse(lines));
        (key, definition)
    };
    let named = (0..symbols.len()).filter(|&number| is_named(&symbols[number]));
    named.take(MOST * 4).map(definition).collect()
}

/// Names that nothing with a body defines: constants, fields, variables, and what is only declared.
fn without_bodies(uses: &[Use], own: &str, qualifiers: &[&str]) -> Vec<(Key, Definition)> {
    let defining = uses.iter().filter(|it| matches!(it.kind, UseKind::Assignment | UseKind::Declaration));
    let definition = |it: &Use| {
        let path = it.path.clone().unwrap_or_default();
        let is_within = it.within.iter().any(|within| qualifiers.iter().any(|it| is_word_of(within, it)));
        let fit = if is_within { Fit::Qualified } else { Fit::Unqualified };
        let indent = it.text.len() - it.text.trim_start().len();
        let key = (fit, role_order(&path, ""), u8::from(it.kind == UseKind::Declaration), false, indent, Reverse(0));
        let definition = Definition {
            path: it.path.clone(),
            name: own.to_owned(),
            kind: it.kind.name(),
            first_line: it.line,
            last_line: it.line,
            within: it.within.iter().cloned().collect(),
            signature: it.text.trim().to_owned(),
        };
        (key, definition)
    };
    defining.map(definition).collect()
}

/// Whether a symbol is what `own` names. Implementations, headings and tables only speak of something else.
fn is_named(symbol: &Symbol, own: &str, ignores_case: bool) -> bool {
    if matches!(symbol.kind, "impl" | "extension" | "instance" | "heading" | "table") {
        return false;
    }
    // `Class::method`, `res.send`, `Type<T>`.
    let name = symbol.name.split(['<', '(', ' ', '[']).next().unwrap_or_default();
    let last = own_name(name);
    last == own || name == own || ignores_case && last.eq_ignore_ascii_case(own)
}

/// The symbols around one, the outermost first.
fn around(symbols: &[Symbol], number: usize) -> Vec<&Symbol> {
    let mut depth = symbols[number].depth;
    let mut around = Vec::with_capacity(depth);
    for symbol in symbols[..number].iter().rev() {
        if symbol.depth < depth {
            depth = symbol.depth;
            around.push(symbol);
        }
    }
    around.reverse();
    around
}

fn fit(qualifiers: &[&str], symbol: &Symbol, within: &[&Symbol], path: &str) -> Fit {
    let qualified = |wanted: &&str| {
        // A head like `func (r *Repo) Save` or `Repo::save` names what the method is of before the method.
        let own = own_name(&symbol.name);
        let head = symbol.signature.find(own).map_or("", |at| &symbol.signature[..at]);
        within.iter().any(|it| is_word_of(&it.name, wanted))
            || is_word_of(&symbol.name, wanted)
            || is_word_of(head, wanted)
    };
    let in_module = |wanted: &&str| {
        let stem = |part: &str| part.split('.').next().unwrap_or_default().eq_ignore_ascii_case(wanted);
        path.split('/').any(stem)
    };
    match () {
        () if qualifiers.last().is_some_and(qualified) || qualifiers.is_empty() => Fit::Qualified,
        () if qualifiers.iter().any(|it| in_module(it) || qualified(it)) => Fit::InModule,
        () => Fit::Unqualified,
    }
}

fn is_word_of(text: &str, word: &str) -> bool {
    !positions(text, word).is_empty()
}

fn role_order(path: &str, text: &str) -> u8 {
    // Files that only declare types speak of what others define.
    if [".d.ts", ".d.cts", ".d.mts", ".pyi"].iter().any(|ending| path.ends_with(ending)) {
        return 1;
    }
    match Role::of_file(path, text) {
        Role::Code => 0,
        Role::Document => 1,
        Role::Test | Role::Example => 2,
        Role::Aside | Role::Foreign => 3,
    }
}

/// Whether others can use what a symbol defines, as far as its own line says so.
fn is_exported(language: Option<&Language>, symbol: &Symbol) -> bool {
    let (name, head) = (own_name(&symbol.name), symbol.signature.as_str());
    match language.map(|it| it.name) {
        Some("rust") => head.starts_with("pub"),
        Some("go") => name.starts_with(char::is_uppercase),
        Some("python") => !name.starts_with('_'),
        Some("c" | "cpp") => !head.starts_with("static"),
        Some("java" | "csharp" | "php" | "kotlin" | "swift" | "scala") => !head.contains("private "),
        _ => true,
    }
}

fn kind_order(kind: &str) -> u8 {
    match kind {
        "class" | "struct" | "enum" | "trait" | "interface" | "union" | "protocol" | "object" | "actor" => 0,
        "module" | "namespace" => 3,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;

    fn found(path: &str, text: &str, name: &str) -> Vec<String> {
        let context = Snapshot::of_text(Some(path), text.to_owned()).context().unwrap();
        let found = find_definitions(&context, name, &StopFlag::default()).unwrap();
        let shown = |it: &Definition| format!("{} {} {}-{}", it.kind, it.name, it.first_line, it.last_line);
        found.iter().map(shown).collect()
    }

    #[test]
    fn a_name_is_found_where_it_is_defined() {
        let python = "class Base:\n    def carry(self): pass\n\nclass Cart(Base):\n    def carry(self):\n        return 1\n\ndef cart(): Cart()\nLIMIT = 3\n";
        let rust = "struct S;\nimpl S {\n    fn go(&self) {}\n}\nimpl T for S {\n    fn go(&self) {}\n}\nstruct O;\nimpl O { fn go() {} }\nenum E { Ripe, Green }\n";
        let javascript = "res.send = function send(body) {\n};\nreq.send = () => 1;\nmodule.exports = { grow: function () {} };\nclass A { send() {} }\nconst PORT = 1;\n";
        for (path, text, name, expected) in [
            ("a.py", python, "Cart", &["class Cart 4-6"][..]),
            ("a.py", python, "Cart.carry", &["method carry 5-6"]),
            ("a.py", python, "Base.carry()", &["method carry 2-2"]),
            ("a.py", python, "a.cart", &["function cart 8-8"]),
            ("a.py", python, "carry", &["method carry 5-6", "method carry 2-2"]),
            ("a.py", python, "CART", &["class Cart 4-6", "function cart 8-8"]),
            ("a.py", python, "LIMIT", &["assignment LIMIT 9-9"]),
            ("a.py", python, "none", &[]),
            ("a.rs", rust, "S::go", &["method go 3-3", "method go 6-6"]),
            ("a.rs", rust, "O::go", &["method go 9-9"]),
            ("a.rs", rust, "S", &["struct S 1-1"]),
            ("a.rs", rust, "E::Ripe", &["declaration Ripe 10-10"]),
            ("a.js", javascript, "res.send", &["function res.send 1-2"]),
            ("a.js", javascript, "req.send", &["function req.send 3-3"]),
            ("a.js", javascript, "grow", &["method grow 4-4"]),
            ("a.js", javascript, "A.send", &["method send 5-5"]),
            ("a.js", javascript, "PORT", &["assignment PORT 6-6"]),
            ("a.go", "type R struct{}\nfunc (r *R) Save() {}\nfunc (q Q) Save() {}\n", "R.Save", &["method Save 2-2"]),
            ("a.cpp", "int A::f() { return 1; }\nint B::f() { return 2; }\n", "B::f", &["function B::f 2-2"]),
            ("p.h", "int weigh(const char *b);\n", "weigh", &["declaration weigh 1-1"]),
        ] {
            assert_eq!(found(path, text, name), expected, "{name} in {path}");
        }
    }
}
