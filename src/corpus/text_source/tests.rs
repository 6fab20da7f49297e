//! A text is the same wherever it is read from.

use super::*;
use crate::corpus::{
    StopFlag,
    fingerprint::Fingerprint,
    in_place,
    shards::{IngestOptions, IngestSource, ShardStore, ShardText, ingest},
    source::{Content, Source},
    storage::Draft,
};
use proptest::prelude::*;
use std::{fs, io::Cursor};
use tempfile::TempDir;

fn stored(text: &str) -> Box<dyn TextSource> {
    let draft = Draft::new(0).unwrap();
    draft.write(0, text).unwrap();
    Box::new(draft.seal(text.len() as u64).unwrap())
}

fn in_place(text: &str, folder: &TempDir) -> Box<dyn TextSource> {
    let path = folder.path().join("text");
    fs::write(&path, text).unwrap();
    let fingerprint = Fingerprint::from(&fs::metadata(&path).unwrap());
    let content = Content::Named { path: path.clone(), fingerprint };
    let source = Source { path: None, language: None, content, bytes: fingerprint.bytes };
    Box::new(in_place::scan(&source, path, &StopFlag::default()).unwrap().unwrap())
}

fn in_shards(text: &str, folder: &TempDir) -> Box<dyn TextSource> {
    let location = folder.path().join("store").display().to_string();
    let input = Box::new(Cursor::new(text.to_owned().into_bytes()));
    let options = IngestOptions { shard_size: Some(5), replace: false };
    ingest(IngestSource::Stream { path: "text".into(), input }, &location, options, &StopFlag::default()).unwrap();
    Box::new(ShardText::new(ShardStore::open(&location, 64).unwrap()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn all_sources_say_the_same(text in "([ab]|\n|\r\n|é|😀){0,30}") {
        let folder = tempfile::tempdir().unwrap();
        let starts = |end: usize| text[..end].rfind('\n').map_or(0, |line_feed| line_feed + 1);
        for source in [stored(&text), in_place(&text, &folder), in_shards(&text, &folder)] {
            let source = &*source;
            prop_assert_eq!((source.byte_len(), source.chars().char_len()), (text.len(), text.chars().count()));
            prop_assert_eq!(source.lines().line_count(source).unwrap(), text.split_inclusive('\n').count());
            for at in (0..=text.len()).filter(|&at| text.is_char_boundary(at)) {
                let next = text[at..].find('\n').map_or(text.len(), |line_feed| at + line_feed + 1);
                prop_assert_eq!(&source.read(at..text.len()).unwrap(), &text[at..]);
                prop_assert_eq!(&*source.bytes(0..at).unwrap(), &text.as_bytes()[..at]);
                prop_assert_eq!(source.line_start(at).unwrap(), starts(at));
                prop_assert_eq!(source.next_line(at).unwrap(), next, "{:?} at {}", source, at);
                prop_assert_eq!(source.line_feeds(at..text.len()).unwrap(), text[at..].matches('\n').count());
                prop_assert_eq!(source.chars().find_char(source, at).unwrap(), text[..at].chars().count());
            }
            prop_assert!(source.check().is_ok());
            prop_assert_eq!(source.is_in_parts(), matches!(source.access(), Access::Parts(_)));
        }
    }
}
