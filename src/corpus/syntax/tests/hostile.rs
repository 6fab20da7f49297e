//! Texts that are not programs must neither hang nor end the process, whichever language they are parsed as.

use super::super::{grammar, parse::LARGEST, symbols, tags};
use crate::corpus::{StopFlag, language::Language, symbol::Symbol};
use proptest::prelude::*;

fn check_sound(text: &str, symbols: &[Symbol]) {
    let lines = text.split('\n').count();
    for symbol in symbols {
        assert!(1 <= symbol.first_line && symbol.first_line <= symbol.last_line && symbol.last_line <= lines);
    }
    assert!(symbols.is_sorted_by_key(|it| it.first_line));
}

/// Parses a text as every language.
fn check_all(text: &str) {
    for (_, language) in grammar::all() {
        if let Some(tags) = tags(text, language, &StopFlag::default()) {
            check_sound(text, &tags.symbols);
        }
    }
}

#[test]
fn nesting_does_not_use_up_the_stack() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("if x {", "}"), ("<a>", ""), ("f(", "")] {
        check_all(&(open.repeat(4_000) + &close.repeat(4_000)));
    }
}

#[test]
fn long_words_of_heredocs_end_no_process() {
    for length in [200, 255, 256, 300, 1015, 1020, 1021, 1024, 5000] {
        let word = "A".repeat(length);
        for opening in ["<<", "<<~", "<<-"] {
            check_all(&format!("x = {opening}{word}, {opening}B\n  text\n{word}\n  more\nB\ndef a\nend\n"));
        }
    }
}

#[test]
fn a_megabyte_of_open_brackets_is_not_parsed() {
    let rust = Language::of_path("a.rs").unwrap();
    for open in ["(", "{[", "class A { void f() { if (x) { "] {
        assert_eq!(symbols(&open.repeat((1 << 20) / open.len()), rust, &StopFlag::default()), None);
    }
    // Brackets that are closed again do not add depth.
    assert!(symbols(&"fn a() { (((()))) }\n".repeat(1000), rust, &StopFlag::default()).is_some());
}

#[test]
fn long_lines_and_bytes_that_are_no_text_are_taken() {
    check_all(&"a b ".repeat(10_000));
    check_all(&"\0\u{1}\u{7f}\u{fffd}\r".repeat(3_000));
    check_all(&"// a\n".repeat(5_000));
    check_all(&"'\"`\\".repeat(3_000));
}

#[test]
fn broken_code_has_the_symbols_that_can_be_made_out() {
    let rust = Language::of_path("a.rs").unwrap();
    let symbols = symbols("fn a() { ((( \n}\nfn b() {}\n\0\u{1f600} struct", rust, &StopFlag::default()).unwrap();
    assert_eq!(symbols.first().map(|it| it.name.as_str()), Some("a"));
}

#[test]
fn a_file_that_is_too_large_is_not_parsed() {
    let rust = Language::of_path("a.rs").unwrap();
    assert_eq!(symbols(&"// x\n".repeat(LARGEST / 5 + 1), rust, &StopFlag::default()), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn bytes_of_any_kind_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        check_all(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn what_looks_like_code_is_taken(
        words in prop::collection::vec("(fn|def|class|end|if|do|function|template|<|>|[(){}\\[\\];:=,.\"'#@]|x|y|\n|  |\t|é|->|=>|<<E)", 0..300),
    ) {
        check_all(&words.concat());
        check_all(&words.join(" "));
    }
}
