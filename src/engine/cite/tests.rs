//! Answers and what is found of their citations, and how long that takes.

use crate::{
    corpus::{OpenBuffer, Root, Selection, Snapshot},
    engine::cite::*,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Forms of quotations, each with a true and a made-up one, and whole answers.
#[derive(Deserialize)]
struct Table {
    files: BTreeMap<String, String>,
    forms: BTreeMap<String, String>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    says: String,
    answer: String,
    states: Vec<String>,
}

fn context<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Arc<ContextText> {
    let directory = tempfile::tempdir().unwrap();
    let open = files.into_iter().map(|(path, text)| OpenBuffer {
        path: directory.path().join(path),
        text: text.into(),
        version: 0,
    });
    let roots = vec![Root::new(directory.path())];
    let selection = Selection { open: open.collect(), roots, ..Selection::default() };
    Snapshot::take(&selection, &StopFlag::default()).unwrap().context().unwrap()
}

/// The states of the citations of an answer.
fn states(answer: &str, context: &ContextText) -> Vec<String> {
    let shown = |it: &Citation| {
        let mark = match it.state {
            CitationState::Quoted => " =",
            CitationState::Found => "",
            CitationState::Missing => " ?",
        };
        format!("{}:{}-{}{mark}", it.path, it.first_line, it.last_line)
    };
    citations(answer, context, &StopFlag::default()).iter().map(shown).collect()
}

#[test]
fn quotations_are_found_in_every_form() {
    let table: Table = toml::from_str(include_str!("../../../tests/data/citations.toml")).unwrap();
    let context = context(table.files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let mut wrong = Vec::new();
    for (says, form) in &table.forms {
        for (quoted, mark) in [("hoist(3)", '='), ("lower(7)", '?')] {
            let found = states(&form.replace('Q', quoted), &context);
            // Other places of the form are only there to be told apart.
            let last = found.iter().rfind(|it| it.starts_with("a.rs:")).cloned().unwrap_or_default();
            if !last.ends_with(mark) {
                wrong.push(format!("{says}: with {quoted} {found:?}"));
            }
        }
    }
    for Case { says, answer, states: expected } in &table.case {
        let found = states(answer, &context);
        if found != *expected {
            wrong.push(format!("{says}:\n    {found:?}, not\n    {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn places_are_found_however_they_are_written() {
    let paths = [
        "src/a.rs",
        "src/b.rs",
        "lib/b.rs",
        "app/[id]/page.tsx",
        "app/(auth)/page.tsx",
        "my docs/notes.md",
        "Makefile",
    ];
    let context = context(paths.map(|path| (path, "one\ntwo\nthree\n")));
    for (answer, expected) in [
        ("see src/a.rs:2, `src/a.rs:1-3` and (./src/a.rs:3).", &["src/a.rs:2-2", "src/a.rs:1-3", "src/a.rs:3-3"][..]),
        ("[it](src/a.rs#L1-L2) Makefile:1", &["src/a.rs:1-2", "Makefile:1-1"]),
        ("src/a.rs:2 and src/a.rs:2 again", &["src/a.rs:2-2"]),
        ("a.rs:1–2", &["src/a.rs:1-2"]),
        ("`app/[id]/page.tsx:2` app/(auth)/page.tsx:3", &["app/[id]/page.tsx:2-2", "app/(auth)/page.tsx:3-3"]),
        ("the file my docs/notes.md:1", &["my docs/notes.md:1-1"]),
        ("src/gone.rs:1 b.rs:1", &["src/gone.rs:1-1 ?", "b.rs:1-1 ?"]),
        ("src/a.rs:4", &["src/a.rs:4-4 ?"]),
    ] {
        assert_eq!(states(answer, &context), expected, "{answer}");
    }
}

/// Answers that are made to take long, of about so many bytes.
fn hostile(bytes: usize) -> Vec<(&'static str, String)> {
    let fill = |part: &str| part.repeat(bytes / part.len());
    let numbered = |part: &dyn Fn(usize) -> String| {
        let mut text = String::new();
        for number in 0.. {
            text.push_str(&part(number));
            if text.len() >= bytes {
                break;
            }
        }
        text
    };
    vec![
        ("letters", fill("x")),
        ("places", fill("a.rs:2 ")),
        ("places of no file", fill("gone.rs:2 ")),
        ("other places", numbered(&|n| format!("a.rs:{n} "))),
        ("places in lines", fill("- a.rs:2: `hoist(3)`\n")),
        ("quotations of one place", format!("a.rs:2 {}", fill("`hoist(3)` "))),
        (
            "made-up quotations of one place",
            numbered(&|n| if n == 0 { "a.rs:2 ".into() } else { format!("`f({n})` ") }),
        ),
        ("times", fill("12:30 ")),
        ("colons", fill(":1")),
        ("borders", fill("(((((((((:1")),
        ("backticks", fill("`")),
        ("backticks apart", fill("` ")),
        ("backticks of all lengths", numbered(&|n| format!("{} ", "`".repeat(n % 500 + 1)))),
        ("a block quotation in another", fill(">")),
        ("block quotations", format!("a.rs:2\n{}", fill("> hoist(3)\n"))),
        ("deep lists", fill("- ")),
        ("brackets", fill("[")),
        ("links", fill("[a](")),
        ("stars", fill("*a ")),
        ("underlines", fill("_a__ ")),
        ("tags", fill("<pre>")),
        ("angles", fill("< ")),
        ("tags in a line", format!("a.rs:2 {}", fill("<code>x"))),
        ("fences", fill("a.rs:2\n```\nhoist(3)\n```\n")),
        ("a long fence", format!("a.rs:2\n```\n{}", fill("hoist(3)\n"))),
        ("a fence of dots", format!("a.rs:2\n```\n{}", fill("...\nx\n"))),
        ("quotation marks", fill("\"a ")),
        ("mixed quotation marks", fill("“a ‘b „c «d ")),
        ("apostrophes", fill("'a ")),
        ("ends of sentences", fill("a.rs:2 ....... ")),
        ("dots", format!("a.rs:2 {} `hoist(3)`", fill("."))),
        ("a table", format!("|a|b|\n|-|-|\n{}", fill("|a.rs:2|`hoist(3)`|\n"))),
        ("entities", format!("<pre>{}</pre>", fill("&amp;"))),
        ("definitions", numbered(&|n| format!("[a{n}]: x\n"))),
    ]
}

#[test]
fn time_grows_with_the_answer_and_not_faster() {
    let context = context([("a.rs", "fn boat() {\n    hoist(3)\n}\n")]);
    for (small, large) in hostile(50_000).into_iter().zip(hostile(400_000)) {
        let time = |answer: &str| {
            let start = std::time::Instant::now();
            citations(answer, &context, &StopFlag::default());
            start.elapsed()
        };
        let (one, eight) = (time(&small.1), time(&large.1));
        eprintln!("{:40} {one:?} {eight:?}", small.0);
        // What is quadratic takes 64 times as long: minutes of hundreds of milliseconds.
        assert!(eight.as_secs_f64() < 32.0 * one.as_secs_f64() + 2.0, "{}: {one:?}, {eight:?}", small.0);
    }
}

#[test]
fn quotations_of_long_files_are_found_and_looking_for_them_can_be_stopped() {
    let line = "hoist the boat again and again\n";
    let text = format!("{}moor(4) at the end\n", line.repeat(100_000));
    let context = context([("a.txt", text.as_str())]);
    assert_eq!(states("a.txt:1-100001: `moor(4) at the end`", &context), ["a.txt:1-100001 ="]);
    assert_eq!(states("a.txt:1-100001: `moor(5) at the end`", &context), ["a.txt:1-100001 ?"]);
    let block = format!("a.txt:1-100001:\n```\n{}moor(4) at the end\n```", line.repeat(3));
    assert_eq!(states(&block, &context), ["a.txt:1-100001 ="]);
    // Unstopped, this reads a gibibyte.
    let answer: String =
        (1..1000).fold(String::new(), |all, first| all + &format!("a.txt:{first}-100001: `moor(5) at all`\n\n"));
    let stop = StopFlag::default();
    let (other, start) = (stop.clone(), std::time::Instant::now());
    let watch = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(200));
        other.raise();
    });
    let found = citations(&answer, &context, &stop);
    watch.join().unwrap();
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    // Of what was not looked at, nothing is said but that it exists.
    assert_eq!(found.last().map(|it| it.state), Some(CitationState::Found));
    assert!(found.iter().all(|it| it.state != CitationState::Quoted));
}
