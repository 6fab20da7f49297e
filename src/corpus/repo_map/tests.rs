//! What a map shows first, and that it keeps to its tokens.

use super::*;
use crate::{
    corpus::{OpenBuffer, Root, Selection, Snapshot, StopFlag},
    text::estimated_tokens,
};
use expect_test::{Expect, expect};
use std::sync::Arc;

const FILES: [(&str, &str); 6] = [
    (
        "src/engine.rs",
        "use crate::config;\n\npub fn run_engine(settings: &Settings) {\n    check_limits(settings);\n    call_model();\n}\n\nfn check_limits(settings: &Settings) {}\n",
    ),
    (
        "src/config.rs",
        "/// What is set.\npub struct Settings {\n    pub depth: u8,\n}\n\nimpl Settings {\n    pub fn load_settings() -> Self {\n        unused()\n    }\n}\n\nfn unused() {}\n",
    ),
    ("src/main.rs", "fn main() {\n    let settings = Settings::load_settings();\n    run_engine(&settings);\n}\n"),
    (
        "src/model.py",
        "class Model:\n    def answer(self):\n        pass\n\ndef call_model():\n    return Model().answer()\n",
    ),
    ("tests/engine.rs", "#[test]\nfn runs() {\n    run_engine(&Settings::load_settings());\n}\n"),
    ("README.md", "# Settings\nrun_engine\n"),
];

fn context() -> Arc<ContextText> {
    let directory = tempfile::tempdir().unwrap();
    let buffer =
        |&(path, text): &(&str, &str)| OpenBuffer { path: directory.path().join(path), text: text.into(), version: 0 };
    let selection = Selection {
        roots: vec![Root::new(directory.path())],
        open: FILES.iter().map(buffer).collect(),
        ..Selection::default()
    };
    Snapshot::take(&selection, &StopFlag::default()).unwrap().context().unwrap()
}

fn check(tokens: usize, focus: &[&str], expected: Expect) {
    let focus: Vec<String> = focus.iter().map(|&it| it.to_owned()).collect();
    let map = repo_map(&context(), tokens, &focus, &StopFlag::default()).unwrap_or_else(|error| format!("{error}\n"));
    expected.assert_eq(&map);
}

#[test]
fn what_others_use_comes_first() {
    check(
        2000,
        &[],
        expect![[r#"
        src/config.rs
          2: pub struct Settings {
          7:   pub fn load_settings() -> Self {
          12: fn unused() {}
        src/engine.rs
          3: pub fn run_engine(settings: &Settings) {
          8: fn check_limits(settings: &Settings) {}
        src/model.py
          1: class Model:
          2:   def answer(self):
          5: def call_model():
        src/main.rs
          1: fn main() {
        tests/engine.rs
          2: fn runs() {
        (10 of 10 definitions in 5 files)
    "#]],
    );
}

#[test]
fn a_small_map_shows_the_best() {
    check(
        60,
        &[],
        expect![[r#"
        src/config.rs
          2: pub struct Settings {
          7:   pub fn load_settings() -> Self {
        src/engine.rs
          3: pub fn run_engine(settings: &Settings) {
        (3 of 10 definitions in 5 files)
    "#]],
    );
}

#[test]
fn a_focus_moves_what_it_uses_to_the_front() {
    check(
        60,
        &["src/model.py"],
        expect![[r#"
            src/model.py
              1: class Model:
              2:   def answer(self):
              5: def call_model():
            src/config.rs
              2: pub struct Settings {
            (4 of 10 definitions in 5 files)
        "#]],
    );
    check(
        60,
        &["check_limits"],
        expect![[r#"
        src/engine.rs
          8: fn check_limits(settings: &Settings) {}
        src/config.rs
          2: pub struct Settings {
        src/model.py
          5: def call_model():
        (3 of 10 definitions in 5 files)
    "#]],
    );
    check(
        60,
        &["nothing.rs"],
        expect![[r#"
        `nothing.rs` is neither a file or folder of the context nor the name of something that it defines (no file `nothing.rs` in the context)
    "#]],
    );
}

#[test]
fn a_map_has_at_most_its_tokens() {
    let context = context();
    for tokens in [20, 30, 50, 80, 150, 1000] {
        let map = repo_map(&context, tokens, &[], &StopFlag::default()).unwrap();
        assert!(estimated_tokens(&map) <= tokens, "{tokens}: {map}");
    }
}

#[test]
fn a_text_without_definitions_has_an_empty_map() {
    let context = Snapshot::of_text(None, "only prose".to_owned()).context().unwrap();
    assert_eq!(repo_map(&context, 100, &[], &StopFlag::default()).unwrap(), "(0 of 0 definitions in 0 files)\n");
}
