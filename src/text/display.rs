//! Cutting text so that it can be shown: in a prompt, in an error, on a line of the terminal.

/// A text that may have been cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut<'a> {
    pub shown: &'a str,
    /// How many characters were left out.
    pub omitted: usize,
}

/// The first `max_chars` characters.
pub fn cut_head(text: &str, max_chars: usize) -> Cut<'_> {
    match text.char_indices().nth(max_chars) {
        None => Cut { shown: text, omitted: 0 },
        Some((end, _)) => Cut { shown: &text[..end], omitted: text[end..].chars().count() },
    }
}

/// At most about `max_chars` characters from both ends, with a note between them of what was left out.
pub fn cut_middle(text: &str, max_chars: usize) -> String {
    let chars = text.chars().count();
    if chars <= max_chars {
        return text.to_owned();
    }
    let half = max_chars / 2;
    let byte_of = |char: usize| text.char_indices().nth(char).map_or(text.len(), |(byte, _)| byte);
    let (head, tail) = (&text[..byte_of(half)], &text[byte_of(chars - half)..]);
    format!("{head} … [{} characters left out] … {tail}", chars - 2 * half)
}

/// The text as one line of at most `max_chars` characters: white space folded, the end cut with an ellipsis.
pub fn one_line(text: &str, max_chars: usize) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.chars().count() > max_chars {
            let kept = cut_head(&line, max_chars.saturating_sub(1)).shown.trim_end();
            return format!("{kept}…");
        }
    }
    line
}

/// What is shown of a text that was cut, with how much is missing.
pub fn with_omission(shown: &str, omitted: usize) -> String {
    match omitted {
        0 => shown.to_owned(),
        omitted => format!("{shown}\n… [{omitted} characters left out]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_fall_between_characters() {
        assert_eq!(cut_head("aé漢😀", 2), Cut { shown: "aé", omitted: 2 });
        assert_eq!(cut_head("aé", 2), Cut { shown: "aé", omitted: 0 });
        assert_eq!(cut_middle("0123456789", 4), "01 … [6 characters left out] … 89");
        assert_eq!(cut_middle("漢字", 4), "漢字");
    }

    #[test]
    fn one_line_folds_white_space_and_ends_with_an_ellipsis() {
        assert_eq!(one_line("  a\n\tb  c ", 80), "a b c");
        assert_eq!(one_line("alpha beta gamma", 9), "alpha be…");
        assert_eq!(one_line("漢字漢字", 3), "漢字…");
    }
}
