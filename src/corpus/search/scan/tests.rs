//! Tests of the ranked search by a scan.

use crate::corpus::{ContextText, Passage, Root, Selection, Snapshot, StopFlag, Way, search, search_by};
use std::{path::Path, sync::Arc};

fn sources() -> Arc<ContextText> {
    let root = Root::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/corpus"));
    let selection = Selection { roots: vec![root], ..Selection::default() };
    Snapshot::take(&selection, &StopFlag::default()).unwrap().context().unwrap()
}

fn places(passages: &[Passage]) -> Vec<(Option<&str>, usize)> {
    passages.iter().map(|it| (it.path.as_deref(), it.first_line)).collect()
}

#[test]
fn a_scan_finds_what_an_index_of_everything_finds() {
    let context = sources();
    let stop = StopFlag::default();
    for question in [
        "Where is it decided which files are indexed together?",
        "How are British spellings brought together with American ones?",
        "What happens to a file that changes while it is read?",
        "Where are symbolic links followed?",
        "search_index",
    ] {
        let indexed = search(&context, question, 5, &stop).unwrap();
        let scanned = search_by(Way::Scan, &context, question, 5, &stop).unwrap();
        assert_eq!(places(&scanned), places(&indexed), "{question}");
    }
}

#[test]
fn a_place_in_a_long_file_is_found_with_its_lines() {
    let filler = "2026-04-01 INFO all is well with the harbour\n";
    let planted = "2026-04-02 ERROR the quay gate is jammed\n";
    let text = filler.repeat(300_000) + planted + &filler.repeat(300_000);
    let context = Snapshot::of_text(Some("a.log"), text).context().unwrap();
    for question in ["why is the quay gate jammed?", "jammed gates"] {
        let found = search_by(Way::Scan, &context, question, 3, &StopFlag::default()).unwrap();
        assert!((found[0].first_line..=found[0].last_line).contains(&300_001), "{question}: {found:?}");
        assert!(found[0].text.contains(planted), "{question}");
        assert!(found[0].text.len() < 10_000);
    }
    // One line without an end.
    let text = "harbour ".repeat(200_000) + "quay gate jammed " + &"é".repeat(200_000);
    let context = Snapshot::of_text(Some("a.txt"), text).context().unwrap();
    let found = search_by(Way::Scan, &context, "jammed quay gate", 3, &StopFlag::default()).unwrap();
    assert!(found[0].text.contains("quay gate jammed"));
}

#[test]
fn a_word_that_stands_everywhere_is_found() {
    // Of a text that is looked at in parts, blocks lie in two of them.
    let context = Snapshot::of_text(Some("a.txt"), "the linnet sings\n".repeat(1_100_000)).context().unwrap();
    let found = search_by(Way::Scan, &context, "where is the linnet?", 3, &StopFlag::default()).unwrap();
    assert!(found[0].text.contains("linnet") && found.iter().all(|it| it.score > 0.0), "{found:?}");
}

#[test]
fn nothing_matches_nothing() {
    let context = sources();
    assert!(search_by(Way::Scan, &context, "", 5, &StopFlag::default()).unwrap().is_empty());
    assert!(search_by(Way::Scan, &context, &"xyzzyx".repeat(3), 5, &StopFlag::default()).unwrap().is_empty());
    let stop = StopFlag::default();
    stop.raise();
    assert!(search_by(Way::Scan, &context, "files", 5, &stop).is_err());
}
