//! A text in any language is cut into chunks, outlined, mapped and searched.

use rlm::{
    corpus::{
        ContextText, OpenBuffer, Root, Selection, Snapshot, StopFlag, Unit, chunk as chunks, outline, repo_map, search,
    },
    text::estimated_tokens,
};
use std::sync::Arc;

/// Names of files in each language that is parsed, and in some that are looked at line by line.
const NAMES: [&str; 26] = [
    "a.rs", "b.py", "c.js", "d.ts", "e.tsx", "f.go", "g.c", "h.cpp", "i.java", "j.cs", "k.php", "l.rb", "m.swift",
    "n.kt", "o.scala", "p.dart", "q.sh", "r.lua", "s.r", "t.hs", "u.ex", "v.md", "w.toml", "x.el", "y.org", "z.jl",
];

/// The tokens that a map may have.
const MAP: usize = 200;

/// The most files of an input.
const MOST_FILES: usize = 4;

/// How often files are repeated that are to be long.
const TIMES: usize = 100;

/// The longest text that is repeated.
const LONGEST_REPEATED: usize = 2 << 10;

/// The first four bytes are the size of a chunk, the overlap (`0` for none), the unit (`t` for tokens; in capitals if
/// all files are repeated, since what takes too long shows in long texts only) and the language of the first file (`a`
/// for that of `a.rs`). The parts of the rest are files; each has the language behind that of the one before.
pub fn chunk(input: &[u8]) {
    let &[size, overlap, unit, language, ref texts @ ..] = input else { return };
    let times = if unit.is_ascii_uppercase() && texts.len() <= LONGEST_REPEATED { TIMES } else { 1 };
    let unit = if unit.eq_ignore_ascii_case(&b't') { Unit::Tokens } else { Unit::Characters };
    let texts = super::parts(texts).take(MOST_FILES).map(|text| String::from_utf8_lossy(text).repeat(times));
    let first = usize::from(language.wrapping_sub(b'a'));
    let names = (first..).map(|number| NAMES[number % NAMES.len()]);
    let files: Vec<(&str, String)> = names.zip(texts).collect();
    let Some(context) = context(&files) else { return };
    check_chunks(&context, usize::from(size), usize::from(overlap.wrapping_sub(b'0')), unit);
    for (name, text) in &files {
        let lines = text.split_inclusive('\n').count();
        for symbol in outline(&context, name, &StopFlag::default()).expect("the file is there") {
            let (first, last) = (symbol.first_line, symbol.last_line);
            assert!(1 <= first && first <= last && last <= lines, "{symbol:?} of {lines} lines");
        }
    }
    let map = repo_map(&context, MAP, &[], &StopFlag::default()).expect("nothing is in focus");
    assert!(estimated_tokens(&map) <= MAP, "{map}");
    let (name, text) = &files[0];
    repo_map(&context, MAP, &[(*name).to_owned()], &StopFlag::default()).expect("the file is there");
    check_search(&context, text.lines().next_back().unwrap_or_default(), &files);
}

fn context(files: &[(&str, String)]) -> Option<Arc<ContextText>> {
    if let [(name, text)] = files {
        return Snapshot::of_text(Some(name), text.clone()).context().ok();
    }
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let buffer = |(name, text): &(&str, String)| OpenBuffer {
        path: folder.path().join(name),
        text: text.as_str().into(),
        version: 0,
    };
    let selection = Selection {
        roots: vec![Root::new(folder.path())],
        open: files.iter().map(buffer).collect(),
        ..Selection::default()
    };
    Snapshot::take(&selection, &StopFlag::default()).and_then(|snapshot| snapshot.context()).ok()
}

fn check_chunks(context: &ContextText, size: usize, overlap: usize, unit: Unit) {
    let Ok(chunks) = chunks(context, size, overlap, unit, &StopFlag::default()) else {
        return assert!(size == 0 || overlap >= size);
    };
    let text = context.read(0..context.byte_len()).expect("it lies in memory");
    let length = |part: &str| match unit {
        Unit::Characters => part.chars().count(),
        Unit::Tokens => estimated_tokens(part),
    };
    let mut covered = 0;
    let mut before = 0;
    for chunk in &chunks {
        assert!(chunk.start <= covered && covered < chunk.end, "{chunk:?} behind {covered}");
        assert!(length(&text[chunk.start..covered]) <= overlap, "{chunk:?} behind {covered}");
        let whole = &text[chunk.clone()];
        assert!(length(whole) <= size || whole.chars().count() == 1, "{chunk:?} is too long");
        // Two parts may have fewer tokens together than each for itself, and chunks are joined by the sum.
        if covered > 0 && unit == Unit::Characters {
            let both = length(&text[before..chunk.end]);
            assert!(both > size - overlap, "{chunk:?} and the one before it would fit into one");
        }
        (before, covered) = (covered, chunk.end);
    }
    assert_eq!(covered, text.len());
}

/// What is found stands where it is said to.
fn check_search(context: &ContextText, query: &str, files: &[(&str, String)]) {
    let found = search(context, query, 3, &StopFlag::default()).expect("it is not stopped");
    assert!(found.len() <= 3);
    for passage in found {
        let (_, text) =
            files.iter().find(|(name, _)| passage.path.as_deref() == Some(name)).expect("the file is there");
        let lines: Vec<&str> = text.lines().collect();
        let (first, last) = (passage.first_line, passage.last_line);
        assert!(1 <= first && first <= last && last <= lines.len(), "lines {first} to {last} of {}", lines.len());
        assert!(passage.score.is_finite());
        assert!(text.contains(passage.text.trim_end_matches('\n')), "{:?}", passage.text);
    }
}
