//! Replies that were damaged in any way, and large ones: nothing panics, nothing takes long.

use super::random::Random;
use crate::edit::{Hunk, RefusalKind, parse, place};
use std::fs;

const ROUNDS: u64 = 4_000;

fn samples() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/edits.toml");
    let cases: toml::Table = fs::read_to_string(path).expect("the cases are there").parse().expect("they are TOML");
    let cases = cases["case"].as_array().expect("a list").iter();
    cases.map(|case| case["reply"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn mangled_replies_are_taken_or_refused_and_nothing_else() {
    let samples = samples();
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/edit.rs")).expect("it is there");
    for seed in 0..ROUNDS {
        let random = &mut Random::new(seed + 77);
        let mut letters: Vec<char> = random.pick(&samples).chars().collect();
        let other: Vec<char> = random.pick(&samples).chars().collect();
        for _ in 0..1 + random.below(8) {
            let (at, until) = (random.below(letters.len() + 1), random.below(letters.len() + 1));
            let (at, until) = (at.min(until), at.max(until));
            match random.below(6) {
                0 => drop(letters.drain(at..until)),
                1 => letters.truncate(until),
                2 => letters
                    .insert(at, *random.pick(&['\n', '`', '=', '<', '>', '+', '-', '@', '\r', '\0', 'é', '…', '/'])),
                3 => letters.splice(at..at, other[..random.below(other.len())].iter().copied()).for_each(drop),
                4 => letters[at..until].reverse(),
                _ => {
                    let piece = letters[at..until.min(at + 200)].to_vec();
                    letters.splice(at..at, piece).for_each(drop);
                }
            }
        }
        let reply: String = letters.into_iter().collect();
        if let Ok(proposal) = parse(&reply) {
            for file in &proposal.files {
                assert!(!file.path.starts_with('/') && !file.path.split('/').any(|it| it == ".." || it == ".git"));
            }
            let outcome = proposal.changed_files(|_| Ok::<_, String>(Some(text.clone())));
            assert!(outcome.err().is_none_or(|it| !it.to_string().is_empty()));
        }
    }
}

/// Each of these would take hours if anything went through the lines once for each line.
#[test]
fn large_replies_take_little_work() {
    let many = |piece: &str| piece.repeat((4 << 20) / piece.len());
    for piece in [
        "```diff\n",
        "```diff\n-a\n+b\n```\n",
        "```rust a.rs\n",
        "````x\n```\n",
        "<<<<<<< SEARCH\n",
        "a.rs\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n",
        "*** Begin Patch\n",
        "*** Update File: a\n@@ x\n",
        "diff --git a/x b/x\n",
        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
        "@@\n",
        "\n",
        "`a.rs` `b.rs` ",
        "diff --git a/ b/ b/",
    ] {
        let _ = parse(&many(piece));
    }
    assert!(parse(&many("x").repeat(3)).is_err_and(|it| it.kind == RefusalKind::TooLarge));
    let text = "same\n".repeat(200_000);
    let hunk = |lines: usize| {
        let old = vec!["same".to_owned(); lines];
        Hunk { new: [&old[..], &["more".to_owned()]].concat(), old, ..Hunk::default() }
    };
    for (lines, kind) in [(19_999, RefusalKind::TooLarge), (20_000, RefusalKind::TooLarge), (3, RefusalKind::Ambiguous)]
    {
        assert_eq!(place(&text, &[hunk(lines)]).expect_err("it fits anywhere").kind, kind);
    }
}
