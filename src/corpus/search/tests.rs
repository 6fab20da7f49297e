//! Tests of the ranked search as a whole.

use super::*;
use crate::corpus::{ContextText, Error, OpenBuffer, Root, Selection, Snapshot, Way, search, search_by};
use proptest::prelude::*;
use std::{
    collections::BTreeMap,
    sync::{Arc, Barrier},
    thread,
};

/// Functions so far apart that they are not joined.
const CODE: &str = "\
/// Removes stale entries.
fn evict_entries(cache: &mut Cache) {
    cache.retain(|entry| entry.fresh());
}



/// Reads the configuration of the program.
fn load_config(path: &Path) -> Config {
    parse(read(path))
}



#[cfg(test)]
mod tests {
    fn load_config_of_the_program_reads_configuration() {}
}
";

fn first(question: &str) -> Option<String> {
    let context = Snapshot::of_text(Some("a.rs"), CODE.to_owned()).context().unwrap();
    let passages = search(&context, question, 1, &StopFlag::default()).unwrap();
    passages.first().map(|it| format!("{}:{}-{}", it.path.as_deref().unwrap(), it.first_line, it.last_line))
}

#[test]
fn plain_words_find_code_that_says_it_otherwise() {
    assert_eq!(first("Where are outdated entries deleted?").as_deref(), Some("a.rs:1-4"));
    assert_eq!(first("how are the settings of the program read").as_deref(), Some("a.rs:8-11"));
    assert_eq!(first("evict_entries").as_deref(), Some("a.rs:1-4"));
    assert_eq!(first("what do the tests of configuration say").as_deref(), Some("a.rs:15-17"));
}

#[test]
fn nothing_matches_nothing() {
    assert_eq!(first("zebra"), None);
    assert_eq!(first(""), None);
    let empty = Snapshot::of_text(None, String::new()).context().unwrap();
    assert!(search(&empty, "anything", 5, &StopFlag::default()).unwrap().is_empty());
    let context = Snapshot::of_text(None, CODE.to_owned()).context().unwrap();
    assert!(search(&context, "entries", 0, &StopFlag::default()).unwrap().is_empty());
}

#[test]
fn neighbours_are_joined_and_every_passage_is_what_it_says() {
    let text: String = (0..200).map(|number| format!("fn fetch_{number}() {{\n    fetch()\n}}\n\n")).collect();
    let context = Snapshot::of_text(Some("a.rs"), text.clone()).context().unwrap();
    let passages = search(&context, "fetch", 5, &StopFlag::default()).unwrap();
    assert_eq!(passages.len(), 5);
    for passage in passages {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        assert_eq!(passage.text, lines[passage.first_line - 1..passage.last_line].concat());
        assert!(passage.last_line - passage.first_line < LONGEST_JOINED);
    }
}

#[test]
fn of_passages_that_are_all_the_same_the_first_comes_first() {
    let text = "12:00 the server gave up\n".repeat(4000);
    let context = Snapshot::of_text(Some("a.log"), text).context().unwrap();
    for way in [Way::Index, Way::Scan] {
        let passages = search_by(way, &context, "when did the server give up?", 3, &StopFlag::default()).unwrap();
        assert_eq!(passages[0].first_line, 1, "{way:?}");
    }
}

#[test]
fn what_was_built_counts_as_code_where_there_is_nothing_else() {
    let files = |paths: [&'static str; 2]| -> Option<String> {
        let directory = tempfile::tempdir().unwrap();
        let buffer = |path: &str| OpenBuffer {
            path: directory.path().join(path),
            text: "The cache evicts stale entries.\n\nfunction evict(entries) {\n  return stale(entries);\n}\n".into(),
            version: 0,
        };
        let (roots, open) = (vec![Root::new(directory.path())], paths.iter().map(|path| buffer(path)).collect());
        let selection = Selection { roots, open, ..Selection::default() };
        let context = Snapshot::take(&selection, &StopFlag::default()).unwrap().context().unwrap();
        let passages = search(&context, "where are stale entries evicted?", 1, &StopFlag::default()).unwrap();
        passages.into_iter().next()?.path
    };
    assert_eq!(files(["README.md", "dist/a.js"]).as_deref(), Some("dist/a.js"));
    assert_eq!(files(["dist/a.js", "lib/a.js"]).as_deref(), Some("lib/a.js"));
}

#[test]
fn a_file_of_very_many_definitions_is_indexed_in_one_pass() {
    // With a look at all definitions for each of them this would take minutes.
    const COUNT: usize = 100_000;
    let methods: String = (0..COUNT).map(|number| format!("    fn get_{number}() {{}}\n")).collect();
    let text = format!("impl A {{\n{methods}    fn reticulate() {{}}\n}}\n");
    let context = Snapshot::of_text(Some("a.rs"), text).context().unwrap();
    let passages = search(&context, "reticulate", 1, &StopFlag::default()).unwrap();
    assert!(passages[0].text.contains("fn reticulate()"));
}

/// A text of several files that exist in an editor only.
fn context(files: &BTreeMap<u8, String>) -> Arc<ContextText> {
    let directory = tempfile::tempdir().unwrap();
    let buffer = |(name, text): (&u8, &String)| OpenBuffer {
        path: directory.path().join(format!("evict/cache_{name}.rs")),
        text: text.as_str().into(),
        version: 0,
    };
    let selection = Selection {
        roots: vec![Root::new(directory.path())],
        open: files.iter().map(buffer).collect(),
        ..Selection::default()
    };
    Snapshot::take(&selection, &StopFlag::default()).unwrap().context().unwrap()
}

fn index(context: &ContextText, batches: &[Range<usize>], previous: Option<&Index>) -> Index {
    Index::of_batches(context.source(), context.segments(), batches, previous, &StopFlag::default()).unwrap()
}

fn found(index: &Index, question: &str) -> Vec<Joined> {
    search_index(index, question, 10, &StopFlag::default()).unwrap()
}

/// The text of a file with functions that call each other, some with comments.
fn text() -> impl Strategy<Value = String> {
    let name = || prop::sample::select(vec!["evict", "load_config", "parser", "parsing", "evictEntries"]);
    let comment =
        prop::sample::select(vec!["", "// Removes what is outdated.\n", "/// Reads settings.\n", "// Parses.\n"]);
    let function = (name(), name(), comment.clone(), comment).prop_map(|(own, other, above, inside)| {
        format!("{above}fn {own}() {{\n    let x = 1;\n\n    {inside}    {other}(x);\n}}\n\n")
    });
    prop::collection::vec(function, 0..4).prop_map(|functions| functions.concat())
}

fn files() -> impl Strategy<Value = BTreeMap<u8, String>> {
    prop::collection::btree_map(0_u8..8, text(), 1..8)
}

/// Each bit that is set is a border between batches.
fn cut(count: usize, borders: u8) -> Vec<Range<usize>> {
    let mut starts: Vec<usize> = (0..count).filter(|at| *at == 0 || borders >> (at - 1) & 1 == 1).collect();
    starts.push(count);
    starts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

proptest! {
    #[test]
    fn parts_make_no_difference(
        before in files(),
        edits in prop::collection::btree_map(0_u8..8, prop::option::of(text()), 0..3),
        borders in any::<(u8, u8)>(),
    ) {
        const QUESTIONS: [&str; 5] =
            ["where are outdated entries removed", "parse settings", "load_config", "evictEntries", "cache"];
        let mut after = before.clone();
        for (name, text) in edits {
            match text {
                Some(text) => drop(after.insert(name, text)),
                None => drop(after.remove(&name)),
            }
        }
        prop_assume!(!after.is_empty());
        let (old, new) = (context(&before), context(&after));
        let previous = index(&old, &cut(before.len(), borders.0), None);
        let whole = index(&new, &cut(after.len(), 0), None);
        let fresh = index(&new, &cut(after.len(), borders.1), None);
        let updated = index(&new, &cut(after.len(), borders.1), Some(&previous));
        prop_assert_eq!(&updated, &fresh);
        for question in QUESTIONS {
            prop_assert_eq!(found(&fresh, question), found(&whole, question), "{}", question);
        }
    }
}

#[test]
fn what_did_not_change_is_taken_over() {
    let mut files: BTreeMap<u8, String> = (0..4).map(|name| (name, format!("fn f{name}() {{}}\n"))).collect();
    let previous = index(&context(&files), &cut(4, u8::MAX), None);
    files.insert(2, "fn other() {}\n".to_owned());
    let updated = index(&context(&files), &cut(4, u8::MAX), Some(&previous));
    let same: Vec<bool> =
        previous.parts.iter().zip(&updated.parts).map(|(a, b)| Arc::ptr_eq(&a.part, &b.part)).collect();
    assert_eq!(same, [true, true, false, true]);
}

#[test]
fn a_search_that_is_stopped_ends_and_the_next_one_goes_on() {
    let context = Snapshot::of_text(Some("a.rs"), CODE.to_owned()).context().unwrap();
    let stop = StopFlag::default();
    stop.raise();
    assert_eq!(search(&context, "entries", 1, &stop).unwrap_err().to_string(), Error::Stopped.to_string());
    assert_eq!(search(&context, "entries", 1, &StopFlag::default()).unwrap().len(), 1);
    assert!(search(&context, "entries", 1, &stop).is_err());
}

#[test]
fn searches_at_once_share_one_index() {
    let context = Snapshot::of_text(Some("a.rs"), CODE.repeat(100)).context().unwrap();
    let start = Barrier::new(4);
    let look = || {
        start.wait();
        std::ptr::from_ref(context.index(&StopFlag::default()).unwrap()) as usize
    };
    let indexes: Vec<usize> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(look)).collect();
        threads.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert!(indexes.iter().all(|it| *it == indexes[0]));
}
