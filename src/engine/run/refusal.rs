//! Replies that decline to answer: "I can't help with that".
//!
//! That something cannot be found in the text is an answer. A refusal is short, and says in its first sentence that its
//! author will not, or may not, do what was asked.

use regex::Regex;
use std::sync::LazyLock;

/// The most characters of a refusal. What is longer says something.
const MOST_CHARS: usize = 600;

static REFUSAL: LazyLock<Regex> = LazyLock::new(|| {
    let regret = r"(?:(?:(?:i am|we are) )?(?:(?:very|so|really|truly) )?sorry|(?:i |my )?apolog\w+|unfortunately|as an? [^,.]{0,60})[ ,.!:;-]*(?:but )?";
    let unwilling = r"(?:cannot|could not|will not(?: be able to)?|(?:am|are) (?:unable|not able|not allowed|not permitted) to|do not feel comfortable)";
    let deed = r"(?:[a-z]+ ){0,2}(?:help|assist|comply|fulfill?|answer|provide (?:that|this|assistance|support|information|any)|do (?:that|this)|discuss|engage|continue|respond|process (?:that|this))\b";
    let declines = r"(?:(?:must|have to|need to) )?(?:[a-z]+ly )?(?:decline|refuse)\b";
    Regex::new(&format!("^(?:{regret})?(?:i|we) (?:{unwilling} {deed}|{declines})"))
        .expect("a test compiles the pattern")
});

/// What a reply that speaks of the text names: such a reply says that something is not there.
static SPEAKS_OF_TEXT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:text|passages?|context|files?|code|documents?|repository|\w+\.\w+:\d+)\b")
        .expect("a test compiles it")
});

/// How contractions are read.
const CONTRACTIONS: [(&str, &str); 9] = [
    ("\u{2019}", "'"),
    ("can't", "cannot"),
    ("can not", "cannot"),
    ("couldn't", "could not"),
    ("won't", "will not"),
    ("don't", "do not"),
    ("i'm", "i am"),
    ("we're", "we are"),
    ("aren't", "are not"),
];

/// Whether a reply declines to answer.
pub fn is_refusal(reply: &str) -> bool {
    let text = reply.trim_matches(|it: char| it.is_whitespace() || "*_>\"".contains(it));
    if text.chars().nth(MOST_CHARS).is_some() {
        return false;
    }
    let text = text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let text = CONTRACTIONS.iter().fold(text, |text, (short, long)| text.replace(short, long));
    REFUSAL.is_match(&text) && !SPEAKS_OF_TEXT.is_match(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_known_by_what_they_decline() {
        for text in [
            "I can't help with that.",
            "I can’t help with that request.",
            "I'm sorry, but I can't assist with that.",
            "I am sorry, but I cannot assist with this.",
            "I'm unable to help with this request.",
            "I’m not able to help with that.",
            "Sorry, I cannot fulfill this request.",
            "I must decline this one.",
            "I apologize, but I cannot comply with that.",
            "As an AI language model, I cannot answer that.",
            "Unfortunately, I won't be able to help with that.",
            "**I cannot provide that information.**",
            "I have to decline.",
        ] {
            assert!(is_refusal(text), "{text}");
        }
    }

    #[test]
    fn that_something_is_not_there_is_an_answer() {
        for text in [
            "I cannot find a retry limit in this text (`a.rs:1-40` has none).",
            "The server cannot help clients with that.",
            "Sorry: the text does not say when it was written.",
            "`a.rs:3` says \"I can't help with that\".",
            "I can't tell from `a.rs` which port it is; it is read from PORT in `b.rs:7`.",
            "It declines the request when the token is missing (a.rs:3).",
            "",
        ] {
            assert!(!is_refusal(text), "{text}");
        }
    }
}
