//! A file of any bytes becomes a text, in which places are found.

use lsp_types::Position;
use rlm::{
    corpus::{ContextText, Root, Selection, Snapshot, StopFlag},
    lsp::position::PositionEncoding,
};
use ropey::Rope;
use std::fs;

/// The beginning that decides whether a file is binary.
const PROBE: usize = 8 << 10;

/// About so many places are looked at, however long the text is.
const PLACES: usize = 24;

pub fn decode(input: &[u8]) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = folder.path().join("file.txt");
    fs::write(&path, input).expect("there is room for a file");
    let selection = Selection { roots: vec![Root::new(&path)], ..Selection::default() };
    let context = Snapshot::take(&selection, &StopFlag::default()).and_then(|snapshot| snapshot.context());
    let marks: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];
    let mark = marks.into_iter().find(|mark| input.starts_with(mark));
    let is_empty = input.len() == mark.map_or(0, <[u8]>::len);
    let is_binary = mark == Some(b"\xff\xfe") && input[2..].starts_with(&[0, 0]);
    // Without a mark, bytes that no text has are a share that is borne, or UTF-16, or too many.
    let is_doubtful = mark.is_none() && input.iter().take(PROBE).any(|&byte| byte == 0);
    let context = match context {
        Ok(context) if !is_binary && !is_empty => context,
        Ok(_) => panic!("what is binary or empty is no text"),
        Err(error) => return assert!(is_binary || is_empty || is_doubtful, "{error}"),
    };
    let text = context.read(0..context.byte_len()).expect("it lies in memory");
    let units = |of: fn([u8; 2]) -> u16| input[2..].as_chunks().0.iter().map(|&pair| of(pair)).collect::<Vec<u16>>();
    let mut expected = match mark {
        Some(b"\xff\xfe") => String::from_utf16_lossy(&units(u16::from_le_bytes)),
        Some(b"\xfe\xff") => String::from_utf16_lossy(&units(u16::from_be_bytes)),
        Some(_) => String::from_utf8_lossy(&input[3..]).into_owned(),
        None => String::from_utf8_lossy(input).into_owned(),
    };
    if mark.is_some_and(|mark| mark.len() == 2) && input.len() % 2 == 1 {
        // A half of a unit at the end is told as well.
        expected.push('\u{fffd}');
    }
    let as_utf16 = |of: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = input.as_chunks().0.iter().map(|&pair| of(pair)).collect();
        text.starts_with(&String::from_utf16_lossy(&units))
    };
    let is_utf16 = is_doubtful && (as_utf16(u16::from_le_bytes) || as_utf16(u16::from_be_bytes));
    assert!(is_utf16 || *text == *expected, "{text:?} is not {expected:?}");
    check_positions(&context, &text);
    check_editor_positions(&text);
}

/// Bytes, characters and lines of a text convert to each other.
fn check_positions(context: &ContextText, text: &str) {
    let bytes = text.as_bytes();
    assert_eq!(context.char_len(), text.chars().count());
    assert_eq!(context.is_ascii(), text.is_ascii());
    assert_eq!(context.lines().line_count(bytes), Ok(text.split_inclusive('\n').count()));
    for (char, (byte, _)) in text.char_indices().enumerate().step_by(step(text)) {
        assert_eq!(context.chars().char_of_byte(bytes, byte), char);
        assert_eq!(context.chars().byte_of_char(bytes, char), byte);
        let Ok(line) = context.lines().line_of_byte(bytes, byte);
        assert_eq!(line, bytes[..byte].iter().filter(|&&byte| byte == b'\n').count());
        let start = text[..byte].rfind('\n').map_or(0, |line_end| line_end + 1);
        assert_eq!(context.lines().byte_of_line(bytes, line), Ok(start));
        let position = context.position(byte).expect("it lies in memory").expect("it lies in the file");
        assert_eq!((position.path, position.line), (Some("file.txt"), line + 1));
    }
}

/// The positions of an editor lead to the characters that they were made from.
fn check_editor_positions(text: &str) {
    let rope = Rope::from_str(text);
    for char in (0..=rope.len_chars()).step_by(step(text)) {
        let line = rope.char_to_line(char);
        let start = rope.line_to_char(line);
        let before = rope.slice(start..char);
        let columns = [
            (PositionEncoding::Utf8, before.len_bytes()),
            (PositionEncoding::Utf16, before.len_utf16_cu()),
            (PositionEncoding::Utf32, before.len_chars()),
        ];
        // Between the two characters of a line end there is no place for a cursor.
        let is_inside_break = before.len_chars() > 0 && matches!(before.char(before.len_chars() - 1), '\r' | '\n');
        let expected = if is_inside_break { char - 1 } else { char };
        for (encoding, column) in columns {
            let of = |line: usize, character: usize| {
                encoding.char_of(&rope, Position { line: line as u32, character: character as u32 })
            };
            assert_eq!(of(line, column), expected, "{encoding:?}");
            assert!((start..=rope.len_chars()).contains(&of(line, column + 3)));
            assert!(of(line + 1, column) <= rope.len_chars());
        }
    }
}

/// From one place that is looked at to the next.
fn step(text: &str) -> usize {
    text.len() / PLACES + 1
}
