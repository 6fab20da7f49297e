//! Reasoning is told from text, whatever a model writes and however it is cut. The first byte says into how long pieces.

use rlm::llm::{Split, Thinking};

pub fn thinking(input: &[u8]) {
    let Some((size, text)) = input.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    let letters: Vec<char> = text.chars().collect();
    let pieces = letters.chunks(usize::from(*size).max(1)).map(|piece| piece.iter().collect::<String>());
    let whole = split(std::iter::once(text.to_string()));
    let cut = split(pieces);
    assert_eq!((cut.0.len(), cut.1), (whole.0.len(), whole.1.clone()), "it does not matter how a reply is cut");
    assert!(whole.0.len() + whole.1.len() <= text.len(), "nothing is added");
}

fn split(pieces: impl Iterator<Item = String>) -> (String, String) {
    let (mut thinking, mut reasoning, mut text) = (Thinking::default(), String::new(), String::new());
    let mut add = |split: Split| split.add_to(&mut text, &mut reasoning, &mut |_| {});
    pieces.for_each(|piece| add(thinking.split(&piece)));
    add(thinking.rest());
    assert_eq!(thinking.held(), 0);
    (reasoning, text)
}
