//! By what a text is known again: a hash of all of it.

use crate::{
    corpus::ContextText,
    store::{Key, KeyBuilder},
};
use std::sync::Arc;

/// The largest text that is hashed, which takes some tenths of a second.
const MOST_BYTES: usize = 256 << 20;

/// Bytes that are read at once.
const PIECE: usize = 4 << 20;

/// The key of a text, with its files. None of one that is too large, is fetched when it is looked at, or was not read as a
/// whole.
pub async fn of(context: Arc<ContextText>) -> Option<Key> {
    tokio::task::spawn_blocking(move || key(&context)).await.ok().flatten()
}

fn key(context: &ContextText) -> Option<Key> {
    let is_whole = !context.is_in_parts() && context.incomplete().is_empty();
    if !is_whole || context.byte_len() > MOST_BYTES {
        return None;
    }
    let mut builder = KeyBuilder::default();
    // The same bytes may be the text of other files, or another value.
    for segment in context.segments() {
        builder.push(format!("{:?} {:?}\n", segment.path, segment.text).as_bytes());
    }
    builder.push(format!("{:?}\n", context.shape()).as_bytes());
    let mut at = 0;
    while at < context.byte_len() {
        let end = context.floor_char(context.byte_len().min(at + PIECE)).ok()?;
        builder.push(context.read(at..end).ok()?.as_bytes());
        at = end;
    }
    Some(builder.key())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;
    use serde_json::json;

    #[tokio::test]
    async fn a_text_is_known_by_all_of_it() {
        let text = |label: Option<&str>, text: &str| Snapshot::of_text(label, text.to_owned()).context().unwrap();
        let value = |value| Snapshot::of_value(value).unwrap().context().unwrap();
        let long = "\u{1F980}".repeat(3 << 20);
        let mut keys = Vec::new();
        for context in [
            text(None, "a"),
            text(None, "b"),
            text(Some("a.txt"), "a"),
            text(Some("b.txt"), "a"),
            text(None, &long),
            text(None, &format!("{long}.")),
            value(json!(["a", "b"])),
            value(json!({"1": "a", "2": "b"})),
        ] {
            let key = of(context.clone()).await.expect("it is small");
            assert_eq!(of(context).await, Some(key));
            keys.push(key);
        }
        let count = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }
}
