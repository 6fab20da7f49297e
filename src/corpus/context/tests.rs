//! Tests of a text with its files and lines.

use super::*;
use crate::corpus::{OpenBuffer, Root, Selection, Snapshot, StopFlag};
use proptest::prelude::*;
use std::sync::Arc;

/// A text of several files that exist in an editor only.
fn context(files: &[(&str, &str)]) -> Arc<ContextText> {
    let directory = tempfile::tempdir().unwrap();
    let buffer =
        |&(path, text): &(&str, &str)| OpenBuffer { path: directory.path().join(path), text: text.into(), version: 0 };
    let selection = Selection {
        roots: vec![Root::new(directory.path())],
        open: files.iter().map(buffer).collect(),
        ..Selection::default()
    };
    Snapshot::take(&selection, &StopFlag::default()).unwrap().context().unwrap()
}

#[test]
fn files_are_found_by_exact_and_partial_paths() {
    let context = context(&[("a/lib.rs", ""), ("b/lib.rs", ""), ("b/main.rs", "")]);
    let found = |path: &str| match context.segment_of_path(path) {
        Ok(segment) => segment.path.clone().unwrap(),
        Err(error) => error.to_string(),
    };
    assert_eq!(found("b/lib.rs"), "b/lib.rs");
    assert_eq!(found("./b/lib.rs"), "b/lib.rs");
    assert_eq!(found("main.rs"), "b/main.rs");
    assert_eq!(found("lib.rs"), "`lib.rs` names more than one file: a/lib.rs, b/lib.rs");
    assert_eq!(found("ain.rs"), "no file `ain.rs` in the context; did you mean b/main.rs");
    assert_eq!(found("x/main.rs"), "no file `x/main.rs` in the context; did you mean b/main.rs");
    assert_eq!(found("zzz"), "no file `zzz` in the context");
    assert_eq!(found(""), "no file `` in the context");
}

#[test]
fn line_ranges_are_cut_to_what_there_is() {
    let context = context(&[("a", "1\n2\n3"), ("b", "x\n")]);
    let lines = |path, first, last| &context.in_memory().unwrap()[context.line_range(path, first, last).unwrap()];
    for (first, last, expected) in [
        (1, None, "1\n2\n3"),
        (2, Some(2), "2\n"),
        (2, Some(99), "2\n3"),
        (3, None, "3"),
        (4, None, ""),
        (0, Some(1), "1\n"),
        (-5, Some(-1), ""),
        (3, Some(1), ""),
        (i64::MAX, Some(i64::MAX), ""),
        (i64::MIN, Some(i64::MAX), "1\n2\n3"),
    ] {
        assert_eq!(lines(Some("a"), first, last), expected, "{first} {last:?}");
    }
    assert_eq!(lines(Some("b"), 1, Some(1)), "x\n");
    assert_eq!(lines(None, 1, Some(2)), "==> a <==\n1\n");
    assert!(context.line_range(Some("c"), 1, None).is_err());
}

#[test]
fn a_header_belongs_to_the_first_line_of_its_file() {
    let context = context(&[("a", "1\n2"), ("b", "")]);
    let at = |needle: &str| {
        let position = context.position(context.in_memory().unwrap().find(needle).unwrap()).unwrap().unwrap();
        (position.path.unwrap().to_owned(), position.line)
    };
    assert_eq!(at("==> a"), ("a".into(), 1));
    assert_eq!(at("2"), ("a".into(), 2));
    assert_eq!(at("==> b"), ("b".into(), 1));
    let end = context.byte_len();
    assert_eq!(context.position(end).unwrap(), Some(Position { path: Some("b"), line: 1 }));
    assert_eq!(context.position(end + 1).unwrap(), None);
}

proptest! {
    #[test]
    fn every_line_has_its_position(files in prop::collection::vec("([a-cé\r]|\n|😀){0,30}", 2..5)) {
        let named: Vec<(String, &str)> =
            files.iter().enumerate().map(|(at, text)| (format!("f{at}"), text.as_str())).collect();
        let named: Vec<(&str, &str)> = named.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let context = context(&named);
        for (segment, (path, text)) in context.segments().iter().zip(&named) {
            prop_assert_eq!(context.text_in_memory(segment), *text);
            let mut at = segment.text.start;
            for (number, line) in text.split_inclusive('\n').enumerate() {
                let position = context.position(at).unwrap().unwrap();
                prop_assert_eq!(position, Position { path: Some(path), line: number + 1 });
                let number = number as i64 + 1;
                prop_assert_eq!(context.line_range(Some(path), number, Some(number)).unwrap(), at..at + line.len());
                at += line.len();
            }
        }
    }
}
