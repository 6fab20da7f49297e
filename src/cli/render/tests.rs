//! How the Markdown of answers looks, and that it looks the same however it comes.

use super::{Links, Look, Stream};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use std::path::PathBuf;

fn look(columns: usize, has_links: bool) -> Look {
    let links = Links::new(has_links);
    links.lead(|path| (path == "src/a.rs").then(|| PathBuf::from("/r/src/a.rs")));
    Look::new(Some(columns), links)
}

fn rendered(look: &Look, text: &str) -> String {
    Stream::default().finish(look, text)
}

/// What a terminal is given, with escapes that can be seen.
fn check(look: &Look, text: &str, expected: &Expect) {
    expected.assert_eq(&rendered(look, text).replace('\x1b', "␛"));
}

#[test]
fn blocks_stand_apart_and_are_styled() {
    let text =
        "# Retries\nThey *end* in **`a.rs`**, ~~never~~.\nSo it is.\n\n---\n> quoted\n> twice\n\n<b>as it is</b>\n";
    check(
        &look(40, false),
        text,
        &expect![[r#"
        ␛[1m␛[36mRetries␛[0m

        They ␛[3mend␛[0m in ␛[1m␛[33ma.rs␛[0m, ␛[9mnever␛[0m.
        So it is.

        ␛[2m────────────────────────────────────────␛[0m

        ␛[2m│ ␛[0mquoted
        ␛[2m│ ␛[0mtwice

        <b>as it is</b>
    "#]],
    );
}

#[test]
fn lists_are_indented_and_wrapped() {
    let text = "1. one two three four\n2. five\n   - six\n\n     seven\n   - [x] eight\n3.\n   ```sh\n   ls\n   ```\n";
    check(
        &look(14, false),
        text,
        &expect![[r#"
        1. one two
           three four
        2. five
           • six

             seven
           • [x] eight
        3. ␛[2m╭─ sh␛[0m
           ls
           ␛[2m╰─␛[0m
    "#]],
    );
}

#[test]
fn code_is_as_it_is() {
    let text =
        "```rust\nfn a() {\n\tlet *b* = \"a long line that no terminal breaks for us\";\n\n}\n```\n\n    indented\n";
    check(
        &look(20, false),
        text,
        &expect![[r#"
        ␛[2m╭─ rust␛[0m
        fn a() {
        	let *b* = "a long line that no terminal breaks for us";

        }
        ␛[2m╰─␛[0m

        ␛[2m╭─␛[0m
        indented
        ␛[2m╰─␛[0m
    "#]],
    );
}

#[test]
fn tables_have_columns_where_they_fit() {
    let text = "| a | number |\n|---|---:|\n| `x` | 1 |\n| longer | 漢字 |\n";
    check(
        &look(40, false),
        text,
        &expect![[r#"
        ␛[1ma␛[0m     ␛[2m │ ␛[0m␛[1mnumber␛[0m
        ␛[2m───────┼───────␛[0m
        ␛[33mx␛[0m     ␛[2m │ ␛[0m     1
        longer␛[2m │ ␛[0m  漢字
    "#]],
    );
    check(
        &look(10, false),
        text,
        &expect![[r#"
        ␛[1ma␛[0m: ␛[33mx␛[0m
        ␛[1mnumber␛[0m: 1
        ␛[2m──␛[0m
        ␛[1ma␛[0m: longer
        ␛[1mnumber␛[0m: 漢字
    "#]],
    );
}

#[test]
fn places_are_links_where_the_terminal_has_them() {
    let text = "See src/a.rs:12-14, `src/a.rs:3` and (src/b.rs:1). [Here](https://example.org/x).";
    check(
        &look(100, true),
        text,
        &expect![[r#"
        See ␛]8;;file:///r/src/a.rs#12␛\src/a.rs:12-14␛]8;;␛\, ␛]8;;file:///r/src/a.rs#3␛\␛[33msrc/a.rs:3␛[0m␛]8;;␛\ and (src/b.rs:1). ␛[4mHere␛[0m ␛[2m(https://example.org/x)␛[0m.
    "#]],
    );
    check(
        &look(100, false),
        text,
        &expect![[r#"
        See src/a.rs:12-14, ␛[33msrc/a.rs:3␛[0m and (src/b.rs:1). ␛[4mHere␛[0m ␛[2m(https://example.org/x)␛[0m.
    "#]],
    );
}

#[test]
fn names_keep_their_underscores_and_nothing_is_lost() {
    let text = "src/__init__.py:3, pkg/_x_/y and my_own_name\n\n[ref]: https://example.org\n";
    check(
        &look(100, false),
        text,
        &expect![[r#"
        src/__init__.py:3, pkg/_x_/y and my_own_name

        [ref]: https://example.org
    "#]],
    );
}

#[test]
fn nothing_in_a_text_acts_on_the_terminal() {
    let escapes = "\u{1b}]52;c;YmFy\u{7}&#27;[2J&#x9b;2J\u{202e}";
    let text = format!(
        "# {escapes}\n{escapes} `{escapes}` [{escapes}](http://h/{escapes}) src/a.rs:1\n\n```{escapes}\n{escapes}\n```\n\n\
         | {escapes} |\n|---|\n| {escapes} |\n\n- {escapes}\n\n<i>{escapes}\n\n[{escapes}]: {escapes}\n"
    );
    let shown = rendered(&look(80, true), &text);
    let own = regex::Regex::new("\x1b\\[[0-9;]*m|\x1b\\]8;;(file:///r/src/a.rs#1)?\x1b\\\\").unwrap();
    let rest = own.replace_all(&shown, "");
    assert!(!rest.contains(|it: char| it.is_control() && it != '\n' || it == '\u{202e}'), "{rest:?}");
    assert!(rest.contains(r"\x1B]52;c;YmFy\x07"), "{rest}");
}

/// Lines of which answers are made. Definitions of links are not among them: where a list ends before one depends, for
/// the parser, on what follows.
const LINES: [&str; 21] = [
    "",
    "",
    "",
    "It is so.",
    "and *so",
    "on*",
    "# Heading",
    "===",
    "---",
    "- item",
    "  - inner",
    "* other",
    "1. first",
    "   more",
    "> quote",
    "```rust",
    "```",
    "| a | b |",
    "|---|---|",
    "    code",
    "<div>",
];

proptest! {
    #[test]
    fn an_answer_looks_the_same_however_it_is_streamed(
        lines in prop::collection::vec(prop::sample::select(&LINES[..]), 0..24),
        sizes in prop::collection::vec(1_usize..9, 1..8),
    ) {
        let (look, text) = (look(30, false), lines.join("\n"));
        let mut stream = Stream::default();
        let (mut shown, mut at) = (String::new(), 0);
        for size in sizes.iter().cycle() {
            at = (at + size).min(text.len());
            shown += &stream.take(&look, &text[..at]);
            if at == text.len() {
                break;
            }
        }
        shown += &stream.finish(&look, &text);
        prop_assert_eq!(&shown, &rendered(&look, &text), "{:?}", text);
    }
}
