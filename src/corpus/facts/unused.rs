//! Definitions that nothing uses, as far as a text can tell.
//!
//! Only what its language keeps private is looked at, since others may use the rest, and only if its name is written nowhere
//! else: not in code, not in a string, not in a comment, not in another file. Names that may be put together at run time from
//! a part that is written somewhere, and definitions with an attribute or a decorator, which others may find, are left out.
//! So little is found, and what is found is right.

use crate::corpus::{
    context::ContextText, error::Error, parallel, search::Role, segment::Segment, stop::StopFlag, structure::Lines,
    symbol::Symbol, syntax,
};
use rustc_hash::FxHashMap;
use std::sync::OnceLock;

/// Larger files are not parsed; they hold data.
const LARGEST: usize = 1 << 20;

/// Where a file has more bytes, names are not looked for, and nothing is said about what nobody uses.
const MOST_READ_OF_ONE: usize = 256 << 20;

/// What Java calls although nothing in a program does.
const CALLED_BY_JAVA: [&str; 5] = ["readObject", "writeObject", "readResolve", "writeReplace", "readObjectNoData"];

/// A definition whose name is written nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedDefinition {
    pub path: String,
    pub symbol: Symbol,
}

/// A definition that may be one, with its name.
struct Candidate {
    segment: usize,
    name: String,
    symbol: Symbol,
}

/// The private definitions whose names occur once in the whole text, in its order; nothing if a file is too large to be looked
/// through for names.
///
/// # Errors
/// The text cannot be read, or it is stopped.
pub fn unused_definitions(context: &ContextText, stop: &StopFlag) -> Result<Option<Vec<UnusedDefinition>>, Error> {
    let segments = context.segments();
    if segments.iter().any(|segment| segment.text.len() > MOST_READ_OF_ONE) {
        return Ok(None);
    }
    let failure = OnceLock::new();
    let fallible = |result: Result<Vec<Candidate>, Error>| result.map_err(|error| failure.set(error)).ok();
    let found = parallel::each(
        segments.len(),
        16,
        || (),
        |(), number| fallible(stop.check().and_then(|()| candidates(context, number, &segments[number], stop))),
    );
    let Some(found) = found else { return Err(failure.into_inner().unwrap_or(Error::Stopped)) };
    let candidates: Vec<Candidate> = found.into_iter().flatten().collect();
    // The names, and the parts of names from which one may be put together.
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    for candidate in &candidates {
        counts.insert(&candidate.name, 0);
        counts.extend(parts(&candidate.name).map(|part| (part, 0)));
    }
    for segment in segments {
        stop.check()?;
        let text = context.read(segment.text.clone())?;
        for word in text.split(|it: char| !it.is_alphanumeric() && it != '_') {
            // Of `%s_name` the letter belongs to what is filled in.
            let filled_in = word.strip_prefix(['s', 'd', 'r']).filter(|rest| rest.starts_with('_'));
            for word in std::iter::once(word).chain(filled_in) {
                if let Some(count) = counts.get_mut(word) {
                    *count += 1;
                }
            }
        }
    }
    let is_unused = |it: &Candidate| counts[it.name.as_str()] == 1 && parts(&it.name).all(|part| counts[part] == 0);
    let unused = candidates.iter().filter(|it| is_unused(it)).filter_map(|it| {
        let path = segments[it.segment].path.clone()?;
        Some(UnusedDefinition { path, symbol: it.symbol.clone() })
    });
    Ok(Some(unused.collect()))
}

/// The beginnings of a name up to an underscore, its ends from one, and the name without what marks it as private, as programs
/// put names together.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    let borders = name.match_indices('_').map(|(at, _)| at);
    let halves = borders.flat_map(|at| [&name[..=at], &name[at..]]);
    let own = std::iter::once(name.trim_start_matches('_'));
    halves.chain(own).filter(|part| part.len() < name.len() && part.len() > 2)
}

fn candidates(
    context: &ContextText,
    number: usize,
    segment: &Segment,
    stop: &StopFlag,
) -> Result<Vec<Candidate>, Error> {
    let (Some(path), Some(language)) = (&segment.path, segment.language) else { return Ok(Vec::new()) };
    if segment.text.len() > LARGEST || !knows_private(language.name) {
        return Ok(Vec::new());
    }
    let text = context.read(segment.text.clone())?;
    if Role::of_file(path, &text) != Role::Code || !tells_uses(language.name, path, &text) {
        return Ok(Vec::new());
    }
    let Some(symbols) = syntax::symbols(&text, language, stop) else { return Ok(Vec::new()) };
    let lines = Lines::new(&text);
    let mut around: Vec<&Symbol> = Vec::new();
    let mut found = Vec::new();
    for symbol in &symbols {
        around.truncate(symbol.depth);
        let before = symbol.first_line.checked_sub(2).map_or("", |line| lines.line(line).trim());
        let first = lines.line(symbol.first_line - 1).trim_end();
        let last = lines.line(symbol.last_line - 1).trim();
        let place = Place { before, first, last, around: &around };
        if is_name(&symbol.name) && is_private(language.name, symbol, &place) {
            found.push(Candidate { segment: number, name: symbol.name.clone(), symbol: symbol.clone() });
        }
        around.push(symbol);
    }
    Ok(found)
}

fn knows_private(language: &str) -> bool {
    matches!(language, "rust" | "python" | "javascript" | "typescript" | "tsx" | "go" | "c" | "java")
}

/// Whether a file says what of it others may use. Others may call into a script, and through a linker's names.
fn tells_uses(language: &str, path: &str, text: &str) -> bool {
    match language {
        "javascript" | "typescript" | "tsx" => {
            let is_module = |line: &str| line.starts_with("import ") || line.starts_with("export ");
            let is_declaration = path.ends_with(".d.ts") || path.ends_with(".d.mts") || path.ends_with(".d.cts");
            !is_declaration
                && (text.lines().any(is_module) || text.contains("module.exports") || text.contains("require("))
        }
        "go" => !text.contains("go:linkname") && !text.contains("import \"C\""),
        "c" => path.ends_with(".c"),
        "python" => !path.ends_with(".pyi"),
        _ => true,
    }
}

/// What is written around a definition.
struct Place<'a> {
    /// The line before it, trimmed.
    before: &'a str,
    /// Its first line, from its beginning.
    first: &'a str,
    /// Its last line, trimmed.
    last: &'a str,
    /// The definitions that it lies in, the outermost first.
    around: &'a [&'a Symbol],
}

fn is_name(name: &str) -> bool {
    name.len() > 2 && name.chars().all(|it| it.is_alphanumeric() || it == '_')
}

/// Whether a definition is one that only its own file, or its own crate or package, can use.
fn is_private(language: &str, symbol: &Symbol, place: &Place<'_>) -> bool {
    let Place { before, first, last, around } = place;
    let is_outermost = around.is_empty();
    let (name, kind) = (symbol.name.as_str(), symbol.kind);
    match language {
        "rust" => {
            let is_item =
                matches!(kind, "function" | "method" | "struct" | "enum" | "const" | "static" | "type" | "trait");
            let has_attribute = before.starts_with("#[") || before.ends_with(']') && !before.starts_with("//");
            let in_own = around.iter().all(|it| match it.kind {
                "impl" => !it.name.contains(" for "),
                "module" => it.name != "tests" && it.name != "test",
                _ => false,
            });
            let first = first.trim_start();
            let is_closed = !first.starts_with("pub") && !first.contains("extern ") && !first.starts_with("#[");
            // Without a body it is promised by a trait, or lies elsewhere.
            let has_body = kind != "function" && kind != "method" || !last.ends_with(';');
            is_item && in_own && is_closed && has_body && !has_attribute && !name.starts_with('_') && name != "main"
        }
        "python" => {
            let has_decorator = before.starts_with('@') || before.ends_with(')') && !before.contains('=');
            let is_inner = name.starts_with('_') && !name.starts_with("__");
            is_outermost && is_inner && !has_decorator && !first.starts_with(char::is_whitespace)
        }
        "javascript" | "typescript" | "tsx" => {
            let begins = ["function ", "function* ", "async function ", "class ", "const ", "let ", "var "];
            let is_own = begins.iter().any(|it| first.starts_with(it)) && !name.starts_with("on");
            is_outermost && matches!(kind, "function" | "class") && is_own && !before.starts_with('@')
        }
        "go" => {
            let is_own = name.starts_with(char::is_lowercase) && !matches!(name, "main" | "init");
            is_outermost && kind == "function" && is_own && first.starts_with("func ") && !before.starts_with("//go:")
        }
        "c" => {
            let is_own = first.starts_with("static ") && !first.contains("inline") && !first.contains("__");
            is_outermost && kind == "function" && is_own && !before.ends_with(')')
        }
        "java" => {
            let first = first.trim_start();
            let is_own = first.starts_with("private ") && !before.starts_with('@') && !before.ends_with(')');
            kind == "method" && is_own && !CALLED_BY_JAVA.contains(&name)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;

    fn unused(path: &str, text: &str) -> Vec<String> {
        let context = Snapshot::of_text(Some(path), text.to_owned()).context().unwrap();
        let found = unused_definitions(&context, &StopFlag::default()).unwrap().expect("no file is large");
        found.into_iter().map(|it| it.symbol.name).collect()
    }

    #[test]
    fn only_what_is_private_and_written_once_is_unused() {
        for (path, text, expected) in [
            (
                "a.rs",
                "fn alone() {}\nfn used() {}\npub fn open() { used() }\n#[test]\nfn tested() {}\nfn named() {} // see `named`\n\
                 trait T { fn promised(); }\nimpl T for u8 { fn done() {} }\nimpl A { fn lonely(&self) {} }\nfn main() {}\n",
                &["alone", "lonely"][..],
            ),
            (
                "a.py",
                "def _alone(): pass\ndef _used(): pass\n_used()\ndef public(): pass\n@hook\ndef _hooked(): pass\n\
                 class A:\n    def _method(self): pass\ndef _do_it(): pass\nglobals()['_do_' + x]()\n\
                 def _text_End(): pass\nklass = '_%s_End' % x\ndef _Old(): pass\nold = f'_{x}', 'Old'\n",
                &["_alone"],
            ),
            (
                "a.js",
                "import b from 'b';\nfunction alone() {}\nconst arrow = () => 1;\nexport function open() {}\nfunction used() {}\nused();\n",
                &["alone", "arrow"],
            ),
            ("page.js", "function alone() {}\n", &[]),
            (
                "a.go",
                "package a\nfunc alone() {}\nfunc Open() {}\nfunc main() {}\nfunc (r R) method() {}\n",
                &["alone"],
            ),
            (
                "a.c",
                "static int alone(void) { return 1; }\nint open_(void) { return 1; }\nstatic inline int quick(void) { return 1; }\n",
                &["alone"],
            ),
            ("a.h", "static int alone(void) { return 1; }\n", &[]),
            (
                "A.java",
                "class A {\n  private void alone() {}\n  private void readObject(X x) {}\n  @Test\n  private void marked() {}\n}\n",
                &["alone"],
            ),
            ("tests/a.rs", "fn alone() {}\n", &[]),
        ] {
            assert_eq!(unused(path, text), expected, "{path}");
        }
    }
}
