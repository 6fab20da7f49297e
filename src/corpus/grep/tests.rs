//! Which lines match, in which order, and how they are shown.

mod bounds;

use super::{shown::SHOWN_LINE, *};
use crate::corpus::{OpenBuffer, Root, Selection, Snapshot, StopFlag};
use std::sync::Arc;

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

fn files() -> Arc<ContextText> {
    context(&[
        ("a.rs", "fn one() {}\nlet x = One;\n"),
        ("src/b.rs", "one\r\ntwo\r\n\r\nend"),
        ("src/deep/c.txt", "path src <==\n\none"),
    ])
}

/// The rows as `path:line:text`.
fn rows(context: &ContextText, pattern: &str, options: &GrepOptions<'_>) -> Vec<String> {
    let result = grep(context, pattern, options, &StopFlag::default()).unwrap();
    let show = |row: GrepRow| format!("{}:{}:{}", row.path.unwrap_or_default(), row.line, row.text);
    result.rows.into_iter().map(show).collect()
}

#[test]
fn rows_come_in_the_order_of_the_text() {
    let context = files();
    let all = GrepOptions::default();
    assert_eq!(rows(&context, "one", &all), ["a.rs:1:fn one() {}", "src/b.rs:1:one", "src/deep/c.txt:3:one"]);
    assert_eq!(rows(&context, "^one$", &all), ["src/b.rs:1:one", "src/deep/c.txt:3:one"]);
    assert_eq!(rows(&context, "o$", &all), ["src/b.rs:2:two"]);
    assert_eq!(rows(&context, r"\bOne\b", &all), ["a.rs:2:let x = One;"]);
    assert_eq!(rows(&context, "^$", &all), ["src/b.rs:3:", "src/deep/c.txt:2:"]);
    assert!(rows(&context, "three", &all).is_empty());
}

#[test]
fn case_may_be_ignored() {
    let options = GrepOptions { ignore_case: true, path: Some("a.rs"), ..GrepOptions::default() };
    assert_eq!(rows(&files(), "ONE", &options), ["a.rs:1:fn one() {}", "a.rs:2:let x = One;"]);
}

#[test]
fn headers_never_match() {
    let context = files();
    assert_eq!(rows(&context, "src", &GrepOptions::default()), ["src/deep/c.txt:1:path src <=="]);
    assert!(rows(&context, "==>", &GrepOptions::default()).is_empty());
}

#[test]
fn the_path_may_be_a_file_a_directory_or_a_glob() {
    let context = files();
    let found = |path| rows(&context, "one|end", &GrepOptions { path: Some(path), ..GrepOptions::default() });
    assert_eq!(found("src/b.rs"), ["src/b.rs:1:one", "src/b.rs:4:end"]);
    assert_eq!(found("./src/b.rs"), ["src/b.rs:1:one", "src/b.rs:4:end"]);
    assert_eq!(found("b.rs"), ["src/b.rs:1:one", "src/b.rs:4:end"]);
    assert_eq!(found("src/deep/"), ["src/deep/c.txt:3:one"]);
    assert_eq!(found("src").len(), 3);
    assert_eq!(found("*.txt"), ["src/deep/c.txt:3:one"]);
    assert_eq!(found("src/*.rs").len(), 2);
    assert_eq!(found(".").len(), 4);
    let error = |path| {
        grep(&context, "x", &GrepOptions { path: Some(path), ..GrepOptions::default() }, &StopFlag::default())
            .unwrap_err()
    };
    assert_eq!(error("nowhere.rs").to_string(), "no file `nowhere.rs` in the context");
    assert!(error("[").to_string().starts_with("bad glob `[`"), "{}", error("["));
}

#[test]
fn no_more_rows_than_wanted_are_returned_and_whether_there_are_more_is_said() {
    let context = context(&[("a", &"x\n".repeat(10)), ("b", "x\n")]);
    for (wanted, rows, more) in [(0, 0, true), (5, 5, true), (10, 10, true), (11, 11, false), (99, 11, false)] {
        let result =
            grep(&context, "x", &GrepOptions { max_results: wanted, ..GrepOptions::default() }, &StopFlag::default())
                .unwrap();
        assert_eq!((result.rows.len(), result.more), (rows, more), "{wanted}");
    }
}

#[test]
fn parts_that_are_searched_apart_make_one_result() {
    let filler = "nothing of interest here\n".repeat(PART / 25 + 1);
    let text = format!("match 1\n{filler}match 2\n{filler}{filler}match 3");
    let context = context(&[("a", "match 0"), ("b", &text), ("c", "match 4\n")]);
    let lines = filler.lines().count();
    let expected = [
        "a:1:match 0".to_owned(),
        "b:1:match 1".to_owned(),
        format!("b:{}:match 2", lines + 2),
        format!("b:{}:match 3", 3 * lines + 3),
        "c:1:match 4".to_owned(),
    ];
    assert_eq!(rows(&context, "match", &GrepOptions::default()), expected);
    let options = GrepOptions { max_results: 2, ..GrepOptions::default() };
    assert_eq!(rows(&context, "match", &options), expected[..2]);
}

#[test]
fn a_bad_pattern_is_explained() {
    let context = files();
    let error =
        |pattern| grep(&context, pattern, &GrepOptions::default(), &StopFlag::default()).unwrap_err().to_string();
    assert!(error("a(").contains("unclosed group"), "{}", error("a("));
    assert!(error("a(\\n").contains("unclosed group"), "{}", error("a(\\n"));
}

#[test]
fn of_a_very_long_line_the_part_around_the_match_is_shown() {
    let context = context(&[("a", &format!("{}needle{}\n", "é".repeat(1000), "x".repeat(1000)))]);
    let [row] = &rows(&context, "needle", &GrepOptions::default())[..] else { panic!("one line matches") };
    let text = row.strip_prefix("a:1:").unwrap();
    assert!(text.starts_with("…éé") && text.ends_with("xx…") && text.contains("éneedlex"), "{text}");
    assert_eq!(text.chars().count(), SHOWN_LINE + 2);
}

#[test]
fn a_pattern_with_a_line_feed_reaches_over_lines_but_not_over_files() {
    let context = files();
    let all = GrepOptions::default();
    assert_eq!(rows(&context, r"\}\nlet", &all), ["a.rs:1:fn one() {}"]);
    // A line that ends with two bytes.
    assert_eq!(rows(&context, r"one\r\ntwo", &all), ["src/b.rs:1:one"]);
    assert_eq!(rows(&context, r"one$\s+^two$", &all), Vec::<String>::new());
    assert_eq!(rows(&context, r"(?s)one.*\n.*end", &all), ["src/b.rs:1:one"]);
    assert_eq!(rows(&context, r"\n\n", &all), ["src/deep/c.txt:1:path src <=="]);
    assert_eq!(rows(&context, r"One;\n", &all), ["a.rs:2:let x = One;"]);
    assert_eq!(rows(&context, r"One;\n.", &all), Vec::<String>::new());
    // Two matches that begin on one line are one row.
    assert_eq!(rows(&context, r"t|o\r\n", &all)[..2], ["a.rs:2:let x = One;", "src/b.rs:2:two"]);
    let options = GrepOptions { max_results: 1, ..GrepOptions::default() };
    let first = grep(&context, r"\n", &options, &StopFlag::default()).unwrap();
    assert_eq!((first.rows.len(), first.more), (1, true));
}

#[test]
fn the_ends_of_a_text_are_those_of_a_line_or_of_a_file() {
    let context = files();
    let all = GrepOptions::default();
    assert_eq!(rows(&context, r"\A[fo]", &all), ["a.rs:1:fn one() {}", "src/b.rs:1:one", "src/deep/c.txt:3:one"]);
    assert_eq!(rows(&context, r"\Alet", &all), ["a.rs:2:let x = One;"]);
    assert_eq!(rows(&context, r"\Alet|\n\none", &all), ["src/deep/c.txt:1:path src <=="]);
}

#[test]
fn lines_are_counted_over_any_distance() {
    let context = context(&[("a", &"x\ny\n".repeat(PART / 2)), ("b", "y\nx")]);
    let options = GrepOptions { max_results: usize::MAX, ..GrepOptions::default() };
    let result = grep(&context, "x", &options, &StopFlag::default()).unwrap();
    assert_eq!(result.rows.len(), PART / 2 + 1);
    let (last, of_a) = result.rows.split_last().unwrap();
    assert_eq!((last.path.as_deref(), last.line), (Some("b"), 2));
    assert!(of_a.iter().enumerate().all(|(at, row)| row.line == 2 * at + 1));
}
