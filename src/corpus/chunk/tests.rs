//! What chunks promise: to cover everything, to end where a person would end them, and to outlive edits elsewhere.

mod edits;

use super::*;
use crate::corpus::{OpenBuffer, Root, Selection, Snapshot, StopFlag};
use crate::text::estimated_tokens;
use proptest::prelude::*;
use std::sync::Arc;

fn context(label: Option<&str>, text: &str) -> Arc<ContextText> {
    Snapshot::of_text(label, text.to_owned()).context().unwrap()
}

/// A context of several files.
fn files(files: &[(&str, String)]) -> Arc<ContextText> {
    let directory = tempfile::tempdir().unwrap();
    let buffer = |(path, text): &(&str, String)| OpenBuffer {
        path: directory.path().join(path),
        text: text.as_str().into(),
        version: 0,
    };
    let selection = Selection {
        roots: vec![Root::new(directory.path())],
        open: files.iter().map(buffer).collect(),
        ..Selection::default()
    };
    Snapshot::take(&selection, &StopFlag::default()).unwrap().context().unwrap()
}

fn texts(context: &ContextText, size: usize, overlap: usize) -> Vec<&str> {
    let chunks = chunk(context, size, overlap, Unit::Characters, &StopFlag::default()).unwrap();
    chunks.into_iter().map(|range| &context.in_memory().unwrap()[range]).collect()
}

fn check(label: &str, text: &str, size: usize, expected: &[&str]) {
    assert_eq!(texts(&context(Some(label), text), size, 0), expected);
}

#[test]
fn definitions_that_fit_are_not_cut() {
    check(
        "a.rs",
        "fn a() {\n    1\n}\n\n/// Doc.\nfn b() {\n\n    2\n}\n",
        30,
        &["fn a() {\n    1\n}\n\n", "/// Doc.\nfn b() {\n\n    2\n}\n"],
    );
    check(
        "a.py",
        "class A:\n    def f(self):\n        return 1\n\n    # Why.\n    @d\n    def g(self):\n        return 2\n\nx = 1\ny = 2\n",
        60,
        &[
            "class A:\n    def f(self):\n        return 1\n\n",
            "    # Why.\n    @d\n    def g(self):\n        return 2\n\n",
            "x = 1\ny = 2\n",
        ],
    );
    check(
        "a.md",
        "intro\n\n# One\ntext\n\nmore\n# Two\nlong text\n",
        22,
        &["intro\n\n", "# One\ntext\n\nmore\n", "# Two\nlong text\n"],
    );
}

#[test]
fn below_definitions_there_are_paragraphs_lines_words_and_characters() {
    check("a.txt", "one\ntwo\n\nthree\nfour\n", 15, &["one\ntwo\n\n", "three\nfour\n"]);
    check("a.txt", "one\r\n\r\nthree\r\n  four\r\n", 15, &["one\r\n\r\n", "three\r\n  four\r\n"]);
    check("a.txt", "    one\ntwo\n", 8, &["    one\n", "two\n"]);
    check("a.txt", "ab cd ef", 3, &["ab ", "cd ", "ef"]);
    check("a.txt", "é漢😀", 1, &["é", "漢", "😀"]);
    check("a.txt", "", 3, &[]);
    check("a.txt", "whole\n", 6, &["whole\n"]);
}

#[test]
fn files_and_folders_that_fit_are_not_cut() {
    let text = |size: usize| format!("{}\n", "x".repeat(size));
    let context = files(&[("a/1.txt", text(20)), ("a/2.txt", text(20)), ("b/1.txt", text(20)), ("b/2.txt", text(20))]);
    let chunks = texts(&context, 90, 0);
    let named: Vec<Vec<&str>> =
        chunks.iter().map(|chunk| chunk.lines().filter(|line| line.starts_with("==> ")).collect()).collect();
    assert_eq!(named, [["==> a/1.txt <==", "==> a/2.txt <=="], ["==> b/1.txt <==", "==> b/2.txt <=="]]);
}

#[test]
fn an_overlap_begins_with_a_line_where_one_is() {
    let lines = "aa\nbb\ncc\ndd\n";
    let context = context(Some("a.txt"), lines);
    for chunk in &texts(&context, 7, 4)[2..] {
        assert!(lines.contains(&format!("\n{chunk}")), "{chunk:?}");
    }
    assert_eq!(texts(&context, 6, 3), ["aa\n", "a\nbb\n", "bb\ncc\n", "cc\ndd\n"]);
}

#[test]
fn sizes_that_make_no_sense_are_refused() {
    let context = context(None, "abc");
    assert!(matches!(chunk(&context, 0, 0, Unit::Characters, &StopFlag::default()), Err(ChunkError::NoSize)));
    let too_large = chunk(&context, 3, 3, Unit::Tokens, &StopFlag::default());
    assert!(matches!(too_large, Err(ChunkError::OverlapTooLarge { size: 3, overlap: 3 })));
}

#[test]
fn texts_without_any_structure_are_cut_evenly() {
    for text in ["a".repeat(100_000), "\n".repeat(100_000), "ab\n".repeat(40_000), "{[(".repeat(40_000)] {
        let context = context(Some("a.json"), &text);
        let count = texts(&context, 1000, 0).len();
        assert!(count < 2 * text.len() / 1000 + 1, "{count} chunks of {} characters", text.len());
    }
}

/// Whether chunks keep what they promise.
fn check_promises(context: &ContextText, size: usize, overlap: usize, unit: Unit) -> Result<(), TestCaseError> {
    let text = context.in_memory().unwrap();
    let length = |range: Range<usize>| match unit {
        Unit::Characters => text[range].chars().count(),
        Unit::Tokens => estimated_tokens(&text[range]),
    };
    let chunks = chunk(context, size, overlap, unit, &StopFlag::default()).unwrap();
    let (mut covered, mut start, mut before) = (0, 0, None);
    for (number, range) in chunks.iter().enumerate() {
        let own = length(range.clone());
        prop_assert!(!range.is_empty());
        prop_assert!(own <= size || text[covered..range.end].chars().count() == 1, "{own} in {range:?}");
        prop_assert!(range.start <= covered && range.end > covered);
        prop_assert!(length(range.start..covered) <= overlap);
        prop_assert!(number == 0 || range.start > start);
        if let (0, Some(before)) = (overlap, before) {
            prop_assert!(unit == Unit::Tokens || own + before > size, "{before} and {own} fit into {size}");
        }
        (covered, start, before) = (range.end, range.start, Some(own));
    }
    prop_assert_eq!(covered, text.len());
    Ok(())
}

proptest! {
    #[test]
    fn chunks_cover_everything_within_their_size(
        text in "([a-c\n ]|\r\n|é|😀|\nfn f\\(\\) \\{\n){0,200}",
        size in 1_usize..40,
        overlap in 0_usize..40,
        in_tokens in any::<bool>(),
    ) {
        prop_assume!(overlap < size);
        let unit = if in_tokens { Unit::Tokens } else { Unit::Characters };
        check_promises(&context(Some("a.rs"), &text), size, overlap, unit)?;
    }
}

#[test]
fn chunks_are_bounded_by_their_step_in_number() {
    let context = Snapshot::of_text(None, "ab\n".repeat(400_000)).context().unwrap();
    let count = |size, overlap, unit| chunk(&context, size, overlap, unit, &StopFlag::default()).map(|it| it.len());
    for (size, overlap, unit) in [
        (80_000, 79_999, Unit::Characters),
        (2, 1, Unit::Characters),
        (1, 0, Unit::Tokens),
        (1000, 998, Unit::Tokens),
        (usize::MAX, usize::MAX - 1, Unit::Characters),
    ] {
        let error = count(size, overlap, unit).unwrap_err();
        assert!(matches!(error, ChunkError::TooMany { .. }), "{size} {overlap}: {error}");
    }
    for (size, overlap) in [(10, 0), (100, 80), (usize::MAX, 0), (usize::MAX, usize::MAX - MOST_CHUNKS)] {
        let chunks = count(size, overlap, Unit::Characters).unwrap();
        assert!(chunks <= 2 * MOST_CHUNKS, "{size} {overlap}: {chunks}");
    }
}

#[test]
fn cutting_stops_when_it_is_told_to() {
    let stop = StopFlag::default();
    stop.raise();
    for text in ["a b c\n".to_owned(), "fn a() {}\n".repeat(100_000)] {
        let context = Snapshot::of_text(Some("a.rs"), text).context().unwrap();
        let ended = chunk(&context, 50, 5, Unit::Characters, &stop);
        assert!(matches!(ended, Err(ChunkError::Text(Error::Stopped))), "{ended:?}");
    }
}
