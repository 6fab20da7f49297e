//! Where a name is used, and as what.

use crate::{
    corpus::{
        context::ContextText,
        error::Error,
        language::{Language, Style},
        outline::by_lines,
        parallel,
        segment::Segment,
        stop::StopFlag,
        symbol::Symbol,
        syntax::{self, UseKind},
    },
    text::cut_head,
};
use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Larger files, most of them data, are looked at in stretches, line by line.
const LARGEST: usize = if cfg!(test) { 1 << 10 } else { 16 << 20 };
const STRETCH: usize = if cfg!(test) { 64 } else { 4 << 20 };

/// The most bytes of files to parse; beyond them lines tell comments and calls.
const MOST_PARSED: usize = 64 << 20;

/// The most occurrences that are kept to choose rows from. All are counted.
const MOST_KEPT: usize = 200_000;

/// The most characters of a line that are shown.
const SHOWN: usize = 300;

/// An occurrence of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Nothing if the text is not a file.
    pub path: Option<String>,
    /// Counted from 1.
    pub line: usize,
    pub kind: UseKind,
    /// The innermost definition around it. Of large files it is not known.
    pub within: Option<String>,
    pub text: String,
}

/// The occurrences of a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uses {
    /// Calls first, then the other kinds in their order; each kind in the order of the text.
    pub rows: Vec<Use>,
    /// How many occurrences of each kind there are, whether they have a row or not.
    pub counts: BTreeMap<UseKind, usize>,
}

impl Uses {
    /// Counts one, whose row is made if fewer than `most` of its kind were found before.
    fn add(&mut self, kind: UseKind, most: usize, row: impl FnOnce() -> Use) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= most {
            self.rows.push(row());
        }
    }
}

/// The occurrences of `name`, of which at most `most` get a row. Of a qualified name (`Class.method`) the last part is
/// looked for, since uses rarely spell the others.
///
/// # Errors
/// The text cannot be read, or it is stopped.
pub fn uses(context: &ContextText, name: &str, most: usize, stop: &StopFlag) -> Result<Uses, Error> {
    let name = own_name(name);
    let segments = context.segments();
    let may_have = context.files_with(name);
    let may_have = |number: usize| may_have.as_ref().is_none_or(|files| files[number]);
    let parsed = AtomicUsize::new(0);
    let failure = OnceLock::new();
    let found = parallel::each(
        segments.len(),
        1,
        || (),
        |(), number| {
            let segment = &segments[number];
            let found = match () {
                () if !may_have(number) => Ok(Uses::default()),
                () if segment.text.len() > LARGEST => in_large_file(context, segment, name, most, stop),
                () => stop.check().and_then(|()| in_file(context, segment, name, most, &parsed, stop)),
            };
            found.map_err(|error| failure.set(error)).ok()
        },
    );
    let found = found.ok_or_else(|| failure.into_inner().unwrap_or(Error::Stopped))?;
    stop.check()?;
    let mut uses = Uses::default();
    for Uses { rows, counts } in found {
        for (kind, count) in counts {
            *uses.counts.entry(kind).or_default() += count;
        }
        let room = MOST_KEPT.saturating_sub(uses.rows.len());
        uses.rows.extend(rows.into_iter().take(room));
    }
    uses.rows.sort_by_key(|row| row.kind);
    uses.rows.truncate(most);
    Ok(uses)
}

/// The last part of a qualified name.
pub(super) fn own_name(name: &str) -> &str {
    let name = name.trim().trim_end_matches("()");
    name.rsplit(['.', ':', '#', '>']).next().filter(|own| !own.is_empty()).unwrap_or(name)
}

fn in_file(
    context: &ContextText,
    segment: &Segment,
    name: &str,
    most: usize,
    parsed: &AtomicUsize,
    stop: &StopFlag,
) -> Result<Uses, Error> {
    let text = context.read(segment.text.clone())?;
    let positions = syntax::positions(&text, name);
    let mut uses = Uses::default();
    if positions.is_empty() {
        return Ok(uses);
    }
    let is_within_bounds = parsed.fetch_add(text.len(), Ordering::Relaxed) < MOST_PARSED;
    let tree = segment.language.filter(|_| is_within_bounds);
    let tree = tree.and_then(|language| syntax::occurrences(&text, language, &positions, name.len(), stop));
    let (symbols, kinds) = tree.unwrap_or_else(|| {
        let kinds = positions.iter().map(|&at| kind_by_line(&text, at, name.len(), segment.language));
        (by_lines(&text, segment.language), kinds.collect())
    });
    let mut around = Around { symbols: &symbols, next: 0, open: Vec::new() };
    let (mut line, mut counted) = (1, 0);
    for (&at, kind) in positions.iter().zip(kinds) {
        line += memchr::memchr_iter(b'\n', &text.as_bytes()[counted..at]).count();
        counted = at;
        uses.add(kind, most, || Use {
            path: segment.path.clone(),
            line,
            kind,
            within: around.innermost(line).map(|symbol| symbol.name.clone()),
            text: shown(&text, at),
        });
    }
    Ok(uses)
}

/// As [`in_file`], without ever having all of it at hand.
fn in_large_file(
    context: &ContextText,
    segment: &Segment,
    name: &str,
    most: usize,
    stop: &StopFlag,
) -> Result<Uses, Error> {
    let Range { start, end } = segment.text.clone();
    let (mut uses, mut line, mut from) = (Uses::default(), 1, start);
    while from < end {
        stop.check()?;
        let to = if end - from > STRETCH { context.next_line(from + STRETCH)?.min(end) } else { end };
        let text = context.read(from..to)?;
        let mut counted = 0;
        for at in syntax::positions(&text, name) {
            line += memchr::memchr_iter(b'\n', &text.as_bytes()[counted..at]).count();
            counted = at;
            let kind = kind_by_line(&text, at, name.len(), segment.language);
            uses.add(kind, most, || Use {
                path: segment.path.clone(),
                line,
                kind,
                within: None,
                text: shown(&text, at),
            });
        }
        line += memchr::memchr_iter(b'\n', &text.as_bytes()[counted..]).count();
        from = to;
    }
    Ok(uses)
}

/// The line of a position; of a very long line the part around it.
fn shown(text: &str, at: usize) -> String {
    let start = memchr::memrchr(b'\n', &text.as_bytes()[..at]).map_or(0, |at| at + 1);
    let start = if at - start > SHOWN { text.floor_char_boundary(at - SHOWN / 3) } else { start };
    let rest = &text[start..text.ceil_char_boundary((start + SHOWN * 5).min(text.len()))];
    cut_head(rest.lines().next().unwrap_or_default().trim_end(), SHOWN).shown.to_owned()
}

/// What an occurrence is in a file that was not parsed.
fn kind_by_line(text: &str, at: usize, length: usize, language: Option<&Language>) -> UseKind {
    let Some(language) = language.filter(|language| syntax::has_definitions(language)) else { return UseKind::Text };
    let start = memchr::memrchr(b'\n', &text.as_bytes()[..at]).map_or(0, |at| at + 1);
    let before = text[start..at].trim_start();
    if language.comments.iter().any(|mark| before.starts_with(mark.trim_end())) {
        return UseKind::Comment;
    }
    if language.style == Style::Lisp {
        return match before {
            _ if before.contains(';') => UseKind::Comment,
            _ if before.starts_with("(def") => UseKind::Definition,
            _ if before.ends_with('(') || before.ends_with("#'") => UseKind::Call,
            _ => UseKind::Reference,
        };
    }
    if syntax::begins_arguments(&text[at + length..]) { UseKind::Call } else { UseKind::Reference }
}

/// The definitions around lines that are asked for in order.
struct Around<'s> {
    symbols: &'s [Symbol],
    next: usize,
    open: Vec<&'s Symbol>,
}

impl<'s> Around<'s> {
    fn innermost(&mut self, line: usize) -> Option<&'s Symbol> {
        while let Some(symbol) = self.symbols.get(self.next).filter(|symbol| symbol.first_line <= line) {
            self.open.push(symbol);
            self.next += 1;
        }
        self.open.retain(|symbol| symbol.last_line >= line);
        self.open.last().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;

    /// The lines of a file on which a name occurs, with the kind and what it lies in.
    fn found(path: &str, text: &str, name: &str) -> Vec<String> {
        let context = Snapshot::of_text(Some(path), text.to_owned()).context().unwrap();
        let mut uses = uses(&context, name, 100, &StopFlag::default()).unwrap();
        uses.rows.sort_by_key(|it| it.line);
        let within = |it: &Use| it.within.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
        uses.rows.iter().map(|it| format!("{} {}{}", it.line, it.kind.name(), within(it))).collect()
    }

    #[test]
    fn calls_comments_strings_and_declarations_are_told_apart() {
        for (path, text, name, expected) in [
            (
                "a.c",
                "#include \"p.h\"\nint weigh(const char *b) {\n    return b[0];\n}\n#define QUICK(b) weigh(b)\nvoid run(int *out) {\n    *out = weigh(x);\n    // weigh(1)\n    puts(\"weigh(2)\");\n    fn p = &weigh;\n}\nint weigh(const char *b);\n",
                "weigh",
                &[
                    "2 definition in weigh",
                    "5 call in QUICK",
                    "7 call in run",
                    "8 comment in run",
                    "9 string in run",
                    "10 reference in run",
                    "12 declaration",
                ][..],
            ),
            (
                "a.rs",
                "use a::grow;\nfn grow<T>() {}\n/// grow()\nfn b() {\n    grow::<u8>();\n    vec![grow()];\n    let f = grow;\n    x.grow(1);\n    \"grow\";\n}\ntrait T { fn grow(&self); }\n",
                "grow",
                &[
                    "1 import",
                    "2 definition in grow",
                    "3 comment",
                    "5 call in b",
                    "6 call in b",
                    "7 reference in b",
                    "8 call in b",
                    "9 string in b",
                    "11 definition in grow",
                ],
            ),
            (
                "a.py",
                "from a import send\nclass A:\n    def send(self):\n        \"\"\"Does send().\"\"\"\n        send = 1\n        return f\"{send(2)} send\"\n@send\ndef f(): f(send=send)\n",
                "send",
                &[
                    "1 import",
                    "3 definition in send",
                    "4 string in send",
                    "5 assignment in send",
                    "6 call in send",
                    "6 string in send",
                    "7 reference",
                    "8 reference in f",
                    "8 reference in f",
                ],
            ),
            (
                "a.js",
                "res.send = function send(body) {\n  this.send(body);\n  app.use(send);\n  // send()\n  return new send;\n};\n",
                "send",
                &[
                    "1 declaration in res.send",
                    "1 definition in res.send",
                    "2 call in res.send",
                    "3 reference in res.send",
                    "4 comment in res.send",
                    "5 call in res.send",
                ],
            ),
            (
                "a.go",
                "func (r *R) Save() {}\ntype I interface { Save() }\nfunc f() { r.Save(); _ = r.Save }\n",
                "Save",
                &["1 definition in Save", "2 declaration in I", "3 call in f", "3 reference in f"],
            ),
            (
                "a.rb",
                "def ripen(x)\nend\nripen 1\nb.ripen(2) # ripen\n",
                "ripen",
                &["1 definition in ripen", "3 call", "4 call", "4 comment"],
            ),
            ("a.sh", "go() { :; }\ngo 1\necho go\n", "go", &["1 definition in go", "2 call", "3 reference"]),
            (
                "a.java",
                "class A {\n  A() {}\n  void b() { new A(); A.c(); }\n}\n// A\n",
                "A",
                &["1 definition in A", "2 definition in A", "3 call in b", "3 reference in b", "5 comment"],
            ),
            (
                "a.el",
                "(defun prune-tree (x)\n  x)\n(prune-tree 1) ; prune-tree\n(mapc #'prune-tree l)\n",
                "prune-tree",
                &["1 definition in prune-tree", "3 call", "3 comment", "4 call"],
            ),
            ("a.md", "Call send() or send.\n", "send", &["1 text", "1 text"]),
        ] {
            assert_eq!(found(path, text, name), expected, "{path}");
        }
    }

    #[test]
    fn all_are_counted_whatever_is_shown() {
        let text = "f()\n".repeat(5000);
        let context = Snapshot::of_text(Some("a.py"), text).context().unwrap();
        let uses = uses(&context, "f", 10, &StopFlag::default()).unwrap();
        assert_eq!((uses.rows.len(), uses.counts[&UseKind::Call]), (10, 5000));
        let stop = StopFlag::default();
        stop.raise();
        assert!(super::uses(&context, "f", 10, &stop).is_err());
    }

    #[test]
    fn large_files_are_looked_at_in_stretches() {
        let line = |number: usize| if number.is_multiple_of(7) { "seen: gauge\n" } else { "nothing\n" };
        let text: String = (0..1000).map(line).collect();
        for (path, kind) in [("a.log", UseKind::Text), ("a.py", UseKind::Reference)] {
            let context = Snapshot::of_text(Some(path), text.clone()).context().unwrap();
            let uses = uses(&context, "gauge", 1000, &StopFlag::default()).unwrap();
            assert_eq!(uses.counts, BTreeMap::from([(kind, 143)]));
            let lines: Vec<usize> = uses.rows.iter().map(|it| it.line).collect();
            assert_eq!(lines, (0..1000).step_by(7).map(|number| number + 1).collect::<Vec<_>>());
            assert!(uses.rows.iter().all(|it| it.text == "seen: gauge"), "{uses:?}");
        }
    }

    #[test]
    fn of_a_qualified_name_the_last_part_is_looked_for() {
        for (name, own) in
            [("A.b", "b"), ("a::b", "b"), ("b()", "b"), ("A#b", "b"), ("a->b", "b"), ("b", "b"), (".", ".")]
        {
            assert_eq!(own_name(name), own);
        }
    }
}
