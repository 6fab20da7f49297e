//! Telling a model that says the same over and over from one that has much to say.
//!
//! A model in a loop writes until its limit, at its owner's cost, and what it writes is worth nothing. The end of what
//! has come is looked at from time to time: where most runs of four words have stood there before, it is a loop.

use std::collections::HashSet;

/// Characters between two looks.
const STEP: usize = 300;

/// Bytes at the end that are looked at.
const TAIL: usize = 1500;

/// With fewer words nothing can be told.
const FEWEST_WORDS: usize = 60;

/// The percentage of repeated runs of words that makes a loop. In tables, lists and programs there are fewer.
const REPEATED_PERCENT: usize = 70;

/// A text, or a program, that repeats itself less long than this may mean to.
const LEAST_TEXT: usize = 3 * TAIL;

/// Watches one stream.
#[derive(Debug, Default)]
pub(super) struct RepetitionGuard {
    looked_at: usize,
}

impl RepetitionGuard {
    /// Whether what has come so far has become a loop. Reasoning is given less patience than a text.
    pub fn is_loop(&mut self, so_far: &str, is_reasoning: bool) -> bool {
        let least = if is_reasoning { TAIL } else { LEAST_TEXT };
        if so_far.len() < least.max(self.looked_at + STEP) {
            return false;
        }
        self.looked_at = so_far.len();
        repeats(&so_far[so_far.ceil_char_boundary(so_far.len().saturating_sub(least))..])
    }
}

fn repeats(tail: &str) -> bool {
    let words: Vec<&str> = tail.split_whitespace().collect();
    if words.len() < FEWEST_WORDS {
        return false;
    }
    let runs = words.len() - 3;
    let different: HashSet<&[&str]> = words.windows(4).collect();
    (runs - different.len()) * 100 >= runs * REPEATED_PERCENT
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many bytes a stream of these pieces is given up.
    fn given_up(pieces: impl Iterator<Item = String>, is_reasoning: bool) -> Option<usize> {
        let (mut watch, mut so_far) = (RepetitionGuard::default(), String::new());
        for piece in pieces {
            so_far.push_str(&piece);
            if watch.is_loop(&so_far, is_reasoning) {
                return Some(so_far.len());
            }
        }
        None
    }

    #[test]
    fn a_sentence_that_comes_again_and_again_is_a_loop() {
        let sentence = || std::iter::repeat_with(|| "I will now look at the file once more. ".to_owned()).take(1000);
        assert!(given_up(sentence(), true).is_some_and(|bytes| bytes < 2 * TAIL));
        assert!(given_up(sentence(), false).is_some_and(|bytes| bytes < 2 * LEAST_TEXT));
        let led_up_to = (0..500).map(|number| format!("fact {number} stands in a.rs:{number}; "));
        assert!(given_up(led_up_to.chain(sentence()), false).is_some());
    }

    #[test]
    fn what_is_long_and_varied_is_none() {
        let table = (0..2000).map(|number| format!("| file{number}.rs | {} | yes | no | ok |\n", number * 7));
        let program = (0..2000).map(|number| format!("    if value == {number}:\n        return names[{number}]\n"));
        let json = (0..2000).map(|number| format!("{{\"id\": {number}, \"ok\": true}},\n"));
        assert_eq!(given_up(table, false), None);
        assert_eq!(given_up(program, false), None);
        assert_eq!(given_up(json, false), None);
        assert_eq!(given_up(std::iter::repeat_with(|| "word ".repeat(5)).take(10), true), None, "too short to tell");
        assert_eq!(given_up(std::iter::repeat_n("é".to_owned(), 9000), false), None, "one word");
    }
}
