//! What models are told with passages in hand: those of the strategy `read`, and those that answered without having looked.

use crate::engine::question::session::memory::Exchange;
use crate::text::cut_middle;
use std::fmt::Write;

/// What a model is told that answers from passages. Short, since the window may be small.
pub const READ_SYSTEM: &str = "You answer a question from passages of a text. Use only what the passages say, in their \
words, in one to three short sentences. Behind each sentence put the place that it comes from, in parentheses, as \
`path:line`. If the passages do not answer the question, say: The passages do not say.";

/// Characters of the last question and its answer that a small window shows.
const EARLIER_CHARS: usize = 400;

/// The only message of such a call: the passages, then the question.
pub fn read(passages: &str, question: &str, schema: Option<&str>, earlier: Option<&Exchange>) -> String {
    let mut text = passages.trim_end().to_owned();
    if let Some(Exchange { question, answer }) = earlier {
        let (question, answer) = (cut_middle(question, EARLIER_CHARS), cut_middle(answer, EARLIER_CHARS));
        let _ = write!(text, "\n\nThe question before this one was: {question}\nIts answer began: {answer}");
    }
    if let Some(schema) = schema {
        let _ = write!(text, "\n\n{}", super::shaped(schema));
    }
    let _ = write!(text, "\n\n{}\n{}", super::QUESTION_HEADING, question.trim());
    text
}

/// As much of a text of passages as fits so many bytes: whole paragraphs and blocks, and of a block the first lines.
pub fn fitted(passages: &str, most: usize) -> String {
    let mut text = String::new();
    for part in passages.split("\n\n") {
        let room = most.saturating_sub(text.len() + 2);
        if part.len() <= room {
            text.push_str(part);
            text.push_str("\n\n");
            continue;
        }
        let fence = part.lines().next().filter(|it| it.starts_with("```"));
        let close: String = fence.unwrap_or_default().chars().take_while(|it| *it == '`').collect();
        let room = room.saturating_sub(close.len() + 1);
        let mut kept = String::new();
        for line in part.split_inclusive('\n') {
            if kept.len() + line.len() > room {
                break;
            }
            kept.push_str(line);
        }
        // A fence without a line says nothing.
        if kept.lines().count() > usize::from(fence.is_some()) {
            text.push_str(&kept);
            text.push_str(&close);
        }
        break;
    }
    text.trim_end().to_owned()
}

/// After an answer of a model that has not looked into the text.
pub fn answer_from(passages: &str) -> String {
    format!(
        "You have not looked into the text, so nothing shows that this answer is true. These are the passages that fit the \
         question best:\n\n{passages}\n\nAnswer again, from these passages and nothing else, and cite the lines as \
         `path:line`; or look further. If the text does not say it, say so."
    )
}

/// After a reply that declines.
pub const REFUSED: &str = "This is no answer. The question is about a text that was given to you to be read; look into \
it, and say what it says, or that it does not say it.";

#[cfg(test)]
mod tests {
    use super::*;

    const PASSAGES: &str =
        "These fit best:\n\n1. `a.rs:3-5`\n\n```rust\n3  one\n4  two\n5  three\n```\n\n2. `b.rs:1`\n\n```\n1  x\n```";

    #[test]
    fn passages_are_fitted_by_whole_parts_and_lines() {
        assert_eq!(fitted(PASSAGES, 1000), PASSAGES);
        let cut = fitted(PASSAGES, 62);
        assert!(cut.ends_with("```rust\n3  one\n4  two\n```"), "{cut}");
        for most in 0..PASSAGES.len() {
            let fitted = fitted(PASSAGES, most);
            assert!(fitted.len() <= most && fitted.matches("```").count().is_multiple_of(2), "{most}: {fitted}");
        }
    }

    #[test]
    fn the_question_comes_last() {
        let last = Exchange { question: "q0".to_owned(), answer: "a0".to_owned() };
        let text = read("P", " what? ", None, Some(&last));
        assert!(text.starts_with("P\n\n") && text.contains("a0") && text.ends_with("# Question\nwhat?"), "{text}");
    }
}
