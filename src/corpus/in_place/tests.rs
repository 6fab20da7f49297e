//! Tests of files that are read where they lie.

use super::*;
use crate::corpus::source::Content;
use std::{
    fs::{self, OpenOptions},
    io::Write,
};
use tempfile::NamedTempFile;

fn file(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn scan_file(file: &NamedTempFile) -> Result<Option<InPlaceText>, Reason> {
    let path = file.path().to_owned();
    let fingerprint = Fingerprint::from(&file.as_file().metadata().unwrap());
    let content = Content::Named { path: path.clone(), fingerprint };
    let source = Source { path: None, language: None, content, bytes: fingerprint.bytes };
    scan(&source, path, &StopFlag::default())
}

fn scan_bytes(bytes: &[u8]) -> Result<Option<InPlaceText>, Reason> {
    scan_file(&file(bytes))
}

#[test]
fn texts_of_several_blocks_are_counted_as_if_they_were_one() {
    for lead in ["", "a", "ab", "abc", "\u{feff}", "\u{feff}a"] {
        let text = lead.to_owned() + &"é漢😀e\u{301}\r\n".repeat(200_000);
        let bytes = text.trim_start_matches('\u{feff}').as_bytes();
        let scanned = scan_bytes(text.as_bytes()).unwrap().unwrap();
        assert_eq!(scanned.had_mark, lead.starts_with('\u{feff}'));
        assert_eq!(scanned.byte_len(), bytes.len());
        assert_eq!(scanned.chars, CharIndex::new(bytes));
        assert_eq!(scanned.lines, LineIndex::new(bytes));
        let (start, end) = (text.floor_char_boundary(BLOCK - 2), text.floor_char_boundary(BLOCK + 20));
        let shift = text.len() - bytes.len();
        assert_eq!(scanned.read(start - shift..end - shift).unwrap(), text[start..end]);
    }
    assert_eq!(scan_bytes(b"").unwrap().unwrap().byte_len(), 0);
}

#[test]
fn what_is_no_utf8_is_found_wherever_it_is() {
    let plain = vec![b'a'; 2 * BLOCK + 10];
    assert!(scan_bytes(&plain).unwrap().is_some());
    let wrong: [&[u8]; 6] = [b"\xff", b"\x80", b"\xc3", b"\xe6\xbc", b"\xf0\x9f\x98", b"\xf0\x9f\x98\x80\x80"];
    for bytes in wrong {
        for end in [0, BLOCK - 3, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 5, plain.len() - bytes.len()] {
            let mut text = plain.clone();
            text[end..end + bytes.len()].copy_from_slice(bytes);
            assert!(scan_bytes(&text).unwrap().is_none(), "{bytes:?} at {end}");
        }
    }
    let mut right = plain;
    for start in [BLOCK - 4, BLOCK - 3, BLOCK - 2, BLOCK - 1, BLOCK] {
        right[BLOCK - 4..BLOCK + 4].fill(b'a');
        right[start..start + 4].copy_from_slice("😀".as_bytes());
        assert!(scan_bytes(&right).unwrap().is_some(), "a character at {start}");
    }
}

#[test]
fn binaries_are_told_and_utf16_is_left_to_others() {
    assert!(matches!(scan_bytes(b"a\0\0b"), Err(Reason::Binary)));
    assert!(scan_bytes(b"\xff\xfea\0").unwrap().is_none());
}

#[test]
fn a_file_that_grows_is_the_same_text() {
    let mut file = file(b"one\ntwo\n");
    let scanned = scan_file(&file).unwrap().unwrap();
    file.write_all(b"three\n").unwrap();
    assert_eq!(scanned.read(4..8).unwrap(), "two\n");
    scanned.check().unwrap();
}

#[test]
fn a_file_that_is_replaced_is_still_read() {
    let file = file(b"one\ntwo\n");
    let scanned = scan_file(&file).unwrap().unwrap();
    let other = file.path().with_extension("new");
    fs::write(&other, "another").unwrap();
    fs::rename(&other, file.path()).unwrap();
    assert_eq!(scanned.read(4..8).unwrap(), "two\n");
}

#[test]
fn a_file_that_is_rewritten_or_cut_is_an_error() {
    let changes: [fn(&File); 3] = [
        |file| file.set_len(3).unwrap(),
        |file| file.write_all_at(b"x", 2).unwrap(),
        |file| {
            file.set_len(0).unwrap();
            file.write_all_at(b"something longer than it was", 0).unwrap();
        },
    ];
    for change in changes {
        let file = file(b"one\ntwo\n");
        let scanned = scan_file(&file).unwrap().unwrap();
        change(&OpenOptions::new().write(true).open(file.path()).unwrap());
        assert!(matches!(scanned.read(0..3), Err(Error::Changed { .. })));
        assert!(matches!(scanned.read(4..8), Err(Error::Changed { .. })));
        assert!(matches!(scanned.check(), Err(Error::Changed { .. })));
    }
}
