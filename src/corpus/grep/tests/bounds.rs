//! What is searched by steps has the results of `ripgrep`'s engine, and stops when it is told to.

use super::{context, files};
use crate::corpus::{
    ContextText, Error, GrepError, StopFlag,
    grep::{GrepOptions, GrepRow, grep, parts::parts, pattern::Pattern, rows::Search},
};
use proptest::prelude::*;
use std::{
    thread,
    time::{Duration, Instant},
};

/// The rows, if at most `most_at_once` bytes are searched at once.
fn rows(context: &ContextText, pattern: &str, most_at_once: usize) -> Vec<GrepRow> {
    let mut pattern = Pattern::new(pattern, false).unwrap();
    pattern.most_at_once = most_at_once;
    let parts = parts(context, |_| true, pattern.scope).unwrap();
    Search::new(context, &pattern, parts, 1000, &StopFlag::default()).run().unwrap()
}

const PATTERNS: &[&str] = &[
    "a",
    "^",
    "$",
    "^a",
    "b$",
    "^$",
    "é.",
    "a +b",
    "[^a]$",
    r"\bab?\b",
    r"\Bb",
    r"\s",
    "a.*b",
    "a.*?b",
    "(?i)B A",
    "😀|é",
    r"\w+é",
    r"\Aa",
    r"b\z",
    r"\A\z",
    "(a|ab)(b|)$",
    "x*",
    "a{2,3}",
    r"(?-u:\b)a",
    r"(?s).b",
    r"\n",
    r"a\nb",
    r"b\r\n",
    r"(?s)a.*?\n.*b",
    r"^b\n",
    r"\n$",
    r"[ab]\s*\n\s*[ab]",
    r"\n|a",
    r"\Aa\n",
    r"b\n\z",
    r"\w\n*",
    "a|ab",
    "ab|a",
];

proptest! {
    #[test]
    fn steps_have_the_results_of_the_engine(
        texts in prop::collection::vec("([ab \n]|\r\n|é|😀|a{20}|ab ){0,30}", 1..4),
        pattern in prop::sample::select(PATTERNS),
        most in 1_usize..20,
    ) {
        let named: Vec<(String, &str)> =
            texts.iter().enumerate().map(|(at, text)| (format!("f{at}"), text.as_str())).collect();
        let named: Vec<(&str, &str)> = named.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        let context = context(&named);
        prop_assert_eq!(rows(&context, pattern, most), rows(&context, pattern, usize::MAX), "{}", pattern);
    }
}

#[test]
fn a_part_of_a_line_that_was_searched_by_steps_is_shown() {
    let line = format!("{}needle{}\r\n", "é".repeat(100_000), "x".repeat(100_000));
    let context = context(&[("a", &format!("first\n{line}last"))]);
    for pattern in ["needle", r"\bneedle|needle", "né|dle"] {
        let (short, long) = (rows(&context, pattern, usize::MAX), rows(&context, pattern, 1000));
        assert_eq!(short, long, "{pattern}");
        assert_eq!((short.len(), short[0].line), (1, 2), "{pattern}");
    }
}

/// Text in which patterns have to look at everything.
fn noise(bytes: usize, line: usize) -> String {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 40
    };
    (0..bytes).map(|at| if at % line == line - 1 { '\n' } else { ['a', 'b'][next() as usize & 1] }).collect()
}

/// Patterns that take long for each byte of such a text.
const HOSTILE: &[&str] = &[
    "[ab]*a[ab]{18}c",
    "[ab]*a[ab]{300}[cd]",
    "(a|b)*a(a|b){20000}[cd]",
    r"\b[ab]*a[ab]{5000}[cd]\b",
    r"(?:\w+a){100}\d",
    "[ab]*a[ab]{100000}[^ab]",
    r"(?:a?b?){2000}\n[ab]*a[ab]{3000}[cd]\n",
];

#[test]
fn hostile_patterns_stop_in_short_and_in_endless_lines() {
    for line in [100, 2 << 20] {
        let context = context(&[("a", &noise(8 << 20, line))]);
        for pattern in HOSTILE {
            let stop = StopFlag::default();
            let (ended, took) = thread::scope(|scope| {
                let search = scope.spawn(|| grep(&context, pattern, &GrepOptions::default(), &stop).map(drop));
                thread::sleep(Duration::from_millis(300));
                stop.raise();
                let stopped = Instant::now();
                (search.join().unwrap(), stopped.elapsed())
            });
            assert!(took < Duration::from_secs(5), "{pattern}: {took:?}");
            // Some are quick.
            assert!(matches!(ended, Ok(()) | Err(GrepError::Text(Error::Stopped))), "{pattern}: {ended:?}");
        }
    }
}

#[test]
fn what_was_stopped_before_does_nothing() {
    let stop = StopFlag::default();
    stop.raise();
    for pattern in ["one", r"one\n"] {
        let ended = grep(&files(), pattern, &GrepOptions::default(), &stop);
        assert!(matches!(ended, Err(GrepError::Text(Error::Stopped))), "{ended:?}");
    }
}

#[test]
fn rows_have_a_bound_together() {
    let path = "deep/".repeat(400);
    let context = context(&[(&format!("{path}a"), &"x\n".repeat(20_000))]);
    let options = GrepOptions { max_results: 100_000, ..GrepOptions::default() };
    let error = grep(&context, "x", &options, &StopFlag::default()).unwrap_err();
    assert!(error.to_string().contains("16 MiB"), "{error}");
}
