//! Tests of texts that are put together where somebody looks: each must be the text that a copy would be.

use super::*;
use crate::corpus::{ContextText, Root, Selection, Snapshot, StopFlag, Way, search, search_by, uses};
use proptest::prelude::*;
use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
    thread,
    time::Duration,
};
use tempfile::TempDir;

fn tree(files: &[(&str, &[u8])]) -> TempDir {
    let tree = TempDir::new().unwrap();
    for (path, bytes) in files {
        let path = tree.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    tree
}

fn snapshot(tree: &Path) -> Arc<Snapshot> {
    let selection = Selection { roots: vec![Root::new(tree)], ..Selection::default() };
    Snapshot::take(&selection, &StopFlag::default()).unwrap()
}

fn on_demand(snapshot: &Snapshot, question: &str) -> Arc<ContextText> {
    ContextText::on_demand(snapshot.files(), None, question, &StopFlag::default()).unwrap()
}

/// Files of every kind.
fn files() -> TempDir {
    tree(&[
        ("a-bom.txt", b"\xef\xbb\xbfmarked\n"),
        ("b-utf16.txt", b"\xff\xfeb\0\n\0c\0"),
        ("c-latin.txt", b"\xe9t\xe9 parser\n"),
        ("d/open.rs", "fn parse_header() {}\n// 漢字 no line feed".as_bytes()),
        ("d/z-empty.rs", b""),
        ("e.bin", b"\0\0"),
        ("f.rs", b"fn parse() {\r\n}\r\n\n\n"),
    ])
}

#[test]
fn it_is_the_text_that_a_copy_would_be() {
    for lone in [false, true] {
        let tree = if lone { tree(&[("a.txt", "lone é".as_bytes()), ("b.bin", b"\0")]) } else { files() };
        let snapshot = snapshot(tree.path());
        let (copied, looked) = (snapshot.context().unwrap(), on_demand(&snapshot, "what is parsed?"));
        let text = copied.in_memory().unwrap();
        assert_eq!(looked.read(0..looked.byte_len()).unwrap(), text);
        assert_eq!(looked.segments(), copied.segments());
        assert_eq!(looked.changed(), copied.changed());
        assert_eq!(looked.exclusions(), copied.exclusions());
        assert_eq!((looked.char_len(), looked.is_ascii()), (copied.char_len(), copied.is_ascii()));
        assert_eq!(looked.lines().line_count(&*looked).unwrap(), copied.lines().line_count(&*copied).unwrap());
        for number in 0..copied.segments().len() {
            assert_eq!(looked.file_characters(number).unwrap(), copied.file_characters(number).unwrap());
        }
        let borders: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        for &start in &borders {
            assert_eq!(looked.position(start).unwrap(), copied.position(start).unwrap(), "{start}");
            assert_eq!(looked.char_of_byte(start).unwrap(), copied.char_of_byte(start).unwrap());
            for &end in borders.iter().filter(|&&end| end >= start) {
                assert_eq!(looked.read(start..end).unwrap(), text[start..end]);
            }
        }
        assert!(looked.source().is_in_parts());
        let Access::Parts(parts) = looked.source().access() else { panic!("it is no file") };
        assert_eq!(parts, [(text.len(), text.chars().count())]);
    }
}

#[test]
fn what_is_searched_for_was_found_on_the_way() {
    let tree = files();
    let snapshot = snapshot(tree.path());
    let question = "where is parse_header parsed?";
    let (copied, looked) = (snapshot.context().unwrap(), on_demand(&snapshot, question));
    let stop = StopFlag::default();
    assert_eq!(looked.files_with("parse_header").unwrap(), [false, false, false, true, false, false]);
    assert_eq!(looked.files_with("PARSE").unwrap(), [false, false, false, true, false, true]);
    assert_eq!(looked.files_with("other"), None);
    let large = |context, question| search_by(Way::Scan, context, question, 5, &stop).unwrap();
    for question in [question, "parser"] {
        assert_eq!(large(&looked, question), large(&copied, question));
        assert_eq!(large(&looked, question)[0].path, search(&copied, question, 5, &stop).unwrap()[0].path);
    }
    assert_eq!(uses(&looked, "parse_header", 5, &stop).unwrap(), uses(&copied, "parse_header", 5, &stop).unwrap());
}

#[test]
fn what_has_grown_is_still_the_text_and_what_has_changed_is_an_error() {
    let tree = files();
    let looked = on_demand(&snapshot(tree.path()), "what?");
    let whole = looked.read(0..looked.byte_len()).unwrap().into_owned();
    let mut grown = OpenOptions::new().append(true).open(tree.path().join("f.rs")).unwrap();
    grown.write_all(b"more\n").unwrap();
    assert_eq!(looked.read(0..looked.byte_len()).unwrap(), whole);
    looked.check().unwrap();
    fs::write(tree.path().join("f.rs"), "fn other() {\n").unwrap();
    let error = looked.read(0..looked.byte_len()).unwrap_err();
    assert!(matches!(&error, Error::Changed { path } if path.ends_with("f.rs")), "{error}");
    assert!(matches!(looked.check(), Err(Error::Changed { .. })));
}

#[test]
fn what_has_not_changed_is_not_read_again() {
    let tree = files();
    // Within one tick of the clock nobody could tell.
    thread::sleep(Duration::from_millis(50));
    let before = on_demand(&snapshot(tree.path()), "what is parsed?");
    fs::write(tree.path().join("a-bom.txt"), "another\n").unwrap();
    let files = snapshot(tree.path());
    let kept = before.kept(files.files());
    assert_eq!(kept.iter().flatten().count(), files.files().len() - 1);
    let after = ContextText::on_demand(files.files(), Some((&before, &kept)), "what?", &StopFlag::default()).unwrap();
    assert_eq!(after.read(0..after.byte_len()).unwrap(), files.context().unwrap().in_memory().unwrap());
    assert_eq!(after.segments(), files.context().unwrap().segments());
}

proptest! {
    #[test]
    fn pieces_are_measured_as_the_whole(pieces in prop::collection::vec("[aé漢\n]{0,5}", 0..5)) {
        let mut measuring = Measuring::default();
        pieces.iter().for_each(|piece| measuring.add(piece));
        let (measured, whole) = (measuring.finish(), Measured::of(&pieces.concat()));
        prop_assert_eq!(measured.hash, whole.hash);
        prop_assert_eq!((measured.bytes, measured.chars, measured.line_feeds), (whole.bytes, whole.chars, whole.line_feeds));
        prop_assert_eq!(measured.ends_line, whole.ends_line);
    }
}
