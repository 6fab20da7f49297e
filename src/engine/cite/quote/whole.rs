//! Words that stand in a text as whole words.

use std::ops::Range;

/// The most places that are nearly it, before looking on would take too long.
pub const REJECTED: usize = 100;

/// From this length on a quotation may be cut in a word, as lines are that are cut to a length.
const LONG: usize = 100;

/// Where `part` stands next in a text, not beginning nor ending in a word. `rejected` counts where it stands, but does.
pub fn find(text: &str, mut from: usize, part: &str, rejected: &mut usize) -> Option<Range<usize>> {
    let begins_with_word = part.starts_with(is_of_word);
    while let Some(at) = text[from..].find(part) {
        let found = from + at..from + at + part.len();
        let begins_inside = begins_with_word && text[..found.start].ends_with(is_of_word);
        let ends_inside = ends_with_word(part) && text[found.end..].starts_with(is_of_word);
        if !begins_inside && !ends_inside {
            return Some(found);
        }
        *rejected += 1;
        if *rejected > REJECTED {
            return None;
        }
        from = text.ceil_char_boundary(found.start + 1);
    }
    None
}

/// Whether it matters what stands behind.
pub fn ends_with_word(part: &str) -> bool {
    part.ends_with(is_of_word) && part.len() < LONG
}

fn is_of_word(it: char) -> bool {
    it.is_alphanumeric() || it == '_'
}
