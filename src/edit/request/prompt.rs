//! What a model is told that is to change a file.

use crate::edit::{refusal::Refusal, syntax::SyntaxError};
use std::{fmt::Write, ops::Range};

/// Of a longer file only what lies around the place is shown, in bytes.
const WHOLE: usize = 60_000;

/// Lines around the place that are shown of such a file.
const AROUND: usize = 300;

/// Lines around each of several places of such a file.
const AROUND_PLACE: usize = 40;

pub(super) const SYSTEM: &str = "\
You change files of a repository as a person asks. First say in one or two sentences what you change and why. Then \
write each change as a block:

path/of/the/file
<<<<<<< SEARCH
lines of the file, exactly as they are
=======
the lines in their place
>>>>>>> REPLACE

The path stands alone in the line before the block. The old lines are whole lines, copied from the file with their \
indentation, and as many of them as it takes to be found at one place only. Several small blocks are better than one \
large one; all of them are for the file as it is now. A block without old lines makes a new file. Write all lines in \
full: `...` and comments in place of code are not taken. Change only what is asked for, in the style of the file. If \
nothing should change, say why, and write no block.";

/// The file and what is wanted.
pub(super) fn wanted(path: &str, text: &str, lines: Option<Range<usize>>, instruction: &str) -> String {
    let all: Vec<&str> = text.split_inclusive('\n').collect();
    let place = lines.map(|lines| lines.start.min(all.len())..lines.end.min(all.len())).filter(|it| !it.is_empty());
    let shown = match (&place, text.len() > WHOLE) {
        (_, false) => 0..all.len(),
        (Some(place), true) => place.start.saturating_sub(AROUND)..(place.end + AROUND).min(all.len()),
        (None, true) => 0..2 * AROUND.min(all.len()),
    };
    let shown = shown.start..shown.end.min(all.len());
    let mut prompt = format!("==> {path} <==\n");
    if shown.len() < all.len() {
        let _ = writeln!(prompt, "(lines {} to {} of {})", shown.start + 1, shown.end, all.len());
    }
    prompt.push_str(&all[shown].concat());
    if !prompt.ends_with('\n') {
        prompt.push('\n');
    }
    prompt.push_str("==> end of the file <==\n\n");
    if let Some(place) = place {
        let _ = writeln!(prompt, "It is about these lines, {} to {}:\n", place.start + 1, place.end);
        prompt.push_str(&all[place].concat());
        prompt.push('\n');
    }
    let _ = writeln!(prompt, "What is wanted: {instruction}");
    prompt
}

/// A change that was made elsewhere, and a file where it may be made as well: at these places, lines from 0.
pub(in crate::edit) fn alike(
    path: &str,
    text: &str,
    places: &[Range<usize>],
    examples: &[String],
    instruction: &str,
) -> String {
    let all: Vec<&str> = text.split_inclusive('\n').collect();
    let mut prompt = String::from("A change was made, and is to be made at other places as well. It was made so:\n\n");
    prompt.extend(examples.iter().map(|it| format!("{it}\n")));
    let mut done = 0;
    let _ = writeln!(prompt, "==> {path} <==");
    for place in places {
        let shown = match text.len() > WHOLE {
            true => place.start.saturating_sub(AROUND_PLACE)..(place.end + AROUND_PLACE).min(all.len()),
            false => 0..all.len(),
        };
        if shown.start > done {
            let _ = writeln!(prompt, "(lines {} to {} of {})", shown.start + 1, shown.end, all.len());
        }
        prompt.push_str(&all[shown.start.max(done).min(shown.end)..shown.end].concat());
        done = done.max(shown.end);
    }
    if !prompt.ends_with('\n') {
        prompt.push('\n');
    }
    prompt.push_str("==> end of the file <==\n\nThese lines look as the changed ones did before:\n\n");
    for place in places {
        let lines = all[place.start.min(all.len())..place.end.min(all.len())].concat();
        let _ = writeln!(prompt, "Lines {} to {}:\n{}\n", place.start + 1, place.end, lines.trim_end_matches('\n'));
    }
    prompt.push_str(
        "Make the change there in the same way, wherever it belongs. Where it does not belong, leave the lines as they are. Change \
         nothing but these places, and no other file. If it belongs nowhere, say why, and write no block.\n",
    );
    if !instruction.trim().is_empty() {
        let _ = writeln!(prompt, "What is wanted besides: {instruction}");
    }
    prompt
}

/// What is said of a reply that was refused.
pub(super) fn refused(refusal: &Refusal) -> String {
    format!(
        "This cannot be taken, and nothing was changed:\n\n{refusal}\n\nThe file is as it was shown. Write all blocks \
         of the change again, with this mended."
    )
}

/// What is said of a change that breaks the syntax.
pub(super) fn broken(errors: &[(String, SyntaxError)]) -> String {
    let errors: String =
        errors.iter().map(|(path, error)| format!("{path}, line {}: {}\n", error.line, error.what)).collect();
    format!(
        "With this change the syntax is broken, where it was not before (lines of the changed file):\n\n{errors}\n\
         Nothing was changed; the file is as it was shown. Write all blocks of the change again, with this mended."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_are_cut_around_the_place() {
        let text: String = (1..=20_000).map(|line| format!("line {line}\n")).collect();
        let prompt = wanted("a.txt", &text, Some(9_999..10_001), "change it");
        assert!(prompt.contains("(lines 9700 to 10301 of 20000)\nline 9700\n"), "{}", &prompt[..200]);
        assert!(prompt.contains("these lines, 10000 to 10001:\n\nline 10000\nline 10001\n") && prompt.len() < 20_000);
        let short = wanted("a.txt", "one\ntwo", None, "change it");
        assert_eq!(short, "==> a.txt <==\none\ntwo\n==> end of the file <==\n\nWhat is wanted: change it\n");
        assert!(wanted("a.txt", &text, None, "x").contains("(lines 1 to 600 of 20000)"));
        assert!(wanted("a.txt", "", Some(5..9), "x").contains("What is wanted: x"));
        let places = [99..101, 120..121, 9_999..10_001];
        let prompt = alike("a.txt", &text, &places, &["- old\n+ new\n".to_owned()], "be quick");
        assert!(
            prompt.contains("It was made so:\n\n- old\n+ new\n\n==> a.txt <==\n(lines 60 to 141 of 20000)\nline 60\n")
        );
        assert!(prompt.contains("\nline 161\n(lines 9960 to 10041 of 20000)\n") && prompt.len() < 8_000, "{prompt}");
        assert!(
            prompt.contains("Lines 100 to 101:\nline 100\nline 101\n\n") && prompt.ends_with("besides: be quick\n")
        );
    }
}
