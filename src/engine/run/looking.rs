//! Whether a program looks into the text: whether its code names the text, or a function that looks into it.
//!
//! Words in comments and in strings are none of its code, other than what stands in the braces of an f-string.

use crate::engine::host::names;

/// Whether the code names something by which programs read the text. `own` are the names of tools of the person's own.
pub fn looks(code: &str, own: &[&str]) -> bool {
    let mut rest = code;
    // The word that may be the prefix of a string.
    let mut word = "";
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' | '\'' => {
                let is_formatted = word.len() <= 2 && word.contains(['f', 'F', 't', 'T']);
                let length = string(rest, word.contains(['r', 'R']) && word.len() <= 2);
                if is_formatted
                    && rest[..length]
                        .split('{')
                        .skip(1)
                        .any(|part| has_look(part.split('}').next().unwrap_or(part), own))
                {
                    return true;
                }
                length
            }
            it if it.is_alphabetic() || it == '_' => {
                let length = rest.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(rest.len());
                word = &rest[..length];
                let is_prefix = rest[length..].starts_with(['"', '\'']);
                if !is_prefix && is_look(word, own) {
                    return true;
                }
                rest = &rest[length..];
                continue;
            }
            it => it.len_utf8(),
        };
        word = "";
        rest = &rest[length..];
    }
    false
}

fn has_look(part: &str, own: &[&str]) -> bool {
    part.split(|it: char| !it.is_alphanumeric() && it != '_').any(|word| is_look(word, own))
}

fn is_look(word: &str, own: &[&str]) -> bool {
    names::reads_text(word) || own.contains(&word)
}

/// How long the string at the beginning of `code` is, with its quotation marks; to the end if it is not closed.
fn string(code: &str, is_raw: bool) -> usize {
    let quote = &code[..1];
    let triple = quote.repeat(3);
    let mark = if code.starts_with(&triple) { triple.as_str() } else { quote };
    let mut at = mark.len();
    while at < code.len() {
        let rest = &code[at..];
        if rest.starts_with(mark) {
            return at + mark.len();
        }
        let escaped = |it: char| 1 + it.len_utf8();
        at += match rest.chars().next() {
            Some('\\') if !is_raw || rest[1..].starts_with(quote) => rest[1..].chars().next().map_or(1, escaped),
            Some('\n') if mark.len() == 1 => return at,
            first => first.map_or(1, char::len_utf8),
        };
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_names_the_text_or_a_look_has_looked() {
        for code in [
            "print(len(context))",
            "rows = grep('x')",
            "for path in files: pass",
            "x = f'{context[:10]}'",
            "x = 'it\\'s'; search('y')",
            "print('''a\n'b'''); peek(0, 10)",
            "print('open\npeek(0, 10)",
        ] {
            assert!(looks(code, &[]), "{code}");
        }
        assert!(looks("tickets()", &["tickets"]));
    }

    #[test]
    fn words_in_strings_and_comments_are_no_look() {
        for code in [
            "FINAL('the context says 42')",
            "# context\nprint(6 * 7)",
            "FINAL(\"\"\"grep the\nfiles\"\"\")",
            "context_size = 1",
            "FINAL(f'{6 * 7} files')",
            "print(llm_query('what is the secret?'))",
            "answer['content'] = 'files'",
            "",
            "'ä' + \"ü",
        ] {
            assert!(!looks(code, &[]), "{code}");
        }
    }
}
