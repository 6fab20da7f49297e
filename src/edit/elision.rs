//! Lines by which a model says that it has left something out.

/// What comments begin and end with, the longer ones first.
const OPENERS: [&str; 13] = ["<!--", "{/*", "///", "//!", "//", "/**", "/*", "--", "#", ";;", ";", "%", "*"];
const CLOSERS: [&str; 3] = ["*/}", "*/", "-->"];

/// What such a comment begins with, besides dots.
const BEGINNINGS: [&str; 14] = [
    "rest of",
    "existing code",
    "existing implementation",
    "existing imports",
    "remaining code",
    "unchanged",
    "previous code",
    "other code",
    "other methods",
    "keep existing",
    "keep the existing",
    "code unchanged",
    "same as before",
    "no changes",
];

/// Words of what is left out.
const WORDS: [&str; 16] = [
    "existing",
    "rest",
    "remain",
    "unchanged",
    "same",
    "omitted",
    "previous",
    "other",
    "as before",
    "keep",
    "code",
    "more",
    "truncated",
    "above",
    "below",
    "lines",
];

/// Whether a line stands for lines that were not written.
pub(super) fn is_elision(line: &str) -> bool {
    let mut rest = line.trim();
    let opener = OPENERS.iter().find_map(|opener| rest.strip_prefix(opener));
    let is_comment = opener.is_some();
    rest = opener.unwrap_or(rest).trim();
    rest = CLOSERS.iter().find_map(|closer| rest.strip_suffix(closer)).unwrap_or(rest).trim();
    let bare =
        rest.strip_prefix(['[', '(', '{']).and_then(|it| it.strip_suffix([']', ')', '}'])).unwrap_or(rest).trim();
    if is_dots(bare) {
        return true;
    }
    let lower = rest.to_lowercase();
    let inner = lower.trim_matches(|it: char| matches!(it, '.' | '…' | '[' | ']' | '(' | ')') || it.is_whitespace());
    let begins = lower.starts_with("... ") || lower.starts_with('…') || (is_comment && lower.starts_with("..."));
    let ends = is_comment && (lower.ends_with("...") || lower.ends_with('…'));
    if (begins || ends) && WORDS.iter().any(|word| inner.contains(word)) {
        return true;
    }
    let inner = inner.strip_prefix("the ").or_else(|| inner.strip_prefix("your ")).unwrap_or(inner);
    is_comment && BEGINNINGS.iter().any(|beginning| inner.starts_with(beginning)) && inner.len() < 80
}

fn is_dots(text: &str) -> bool {
    !text.is_empty() && (text.chars().all(|it| it == '…') || (text.len() >= 3 && text.bytes().all(|it| it == b'.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_is_told_from_code() {
        for line in [
            "...",
            "    ...",
            "…",
            "// ...",
            "# ... existing code ...",
            "/* … rest of the file … */",
            "<!-- ... -->",
            "// ... (rest of the function remains unchanged)",
            "// rest of the code remains the same",
            "# Existing code here",
            "{/* ... other components ... */}",
            "... existing code ...",
            "[...]",
            "-- ... more rows",
            "// remaining code unchanged...",
        ] {
            assert!(is_elision(line), "{line}");
        }
        for line in [
            "",
            "..",
            "    ..",
            "...props,",
            "...existingState,",
            "foo(...args);",
            "// The rest is read later.",
            "# Reads the file, the code and so on.",
            "println!(\"...\");",
            "// loads more",
            "* item",
            "x = ...",
            "// for (;;) ..",
            "Loading the rest ...",
        ] {
            assert!(!is_elision(line), "{line}");
        }
    }
}
