//! Cutting a file into passages: what is small enough to be read at a glance and whole enough to be understood.

use crate::corpus::structure::{Definition, Lines};
use std::ops::Range;

/// Longer passages are cut into windows.
const LONGEST: usize = 40;

/// How many lines a window has at least.
const SHORTEST_WINDOW: usize = 10;

/// The most lines before the first member of a class or implementation that are shown with it.
const SHORT_OPENING: usize = 3;

/// Some lines of a file that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub lines: Range<usize>,
    /// The innermost definition that the lines are in, by its number.
    pub owner: Option<usize>,
    /// Whether the owner's name is among the lines.
    pub begins_owner: bool,
}

/// The passages of a file in order. Blank lines and lone brackets between them belong to none.
pub(super) fn pieces(lines: &Lines<'_>, definitions: &[Definition<'_>]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (run, owner) in runs(lines, definitions) {
        let Some(run) = trimmed(lines, run) else { continue };
        for window in windows(lines, run) {
            let begins_owner = owner.is_some_and(|owner| window.contains(&definitions[owner].line));
            pieces.push(Piece { lines: window, owner, begins_owner });
        }
    }
    joined(pieces, definitions)
}

/// Neighbouring lines with the same innermost definition.
fn runs(lines: &Lines<'_>, definitions: &[Definition<'_>]) -> Vec<(Range<usize>, Option<usize>)> {
    let mut owners = vec![None; lines.count()];
    let mut inside_function = 0;
    for (number, definition) in definitions.iter().enumerate() {
        // What a function defines for itself is a part of it.
        if definition.lines.start < inside_function {
            continue;
        }
        if matches!(definition.kind, "function" | "method") {
            inside_function = definition.lines.end;
        }
        owners[definition.lines.clone()].fill(Some(number));
    }
    let mut runs = Vec::new();
    let mut start = 0;
    for run in owners.chunk_by(|a, b| a == b) {
        runs.push((start..start + run.len(), run[0]));
        start += run.len();
    }
    runs
}

/// `run` without lines at its ends that say nothing; nothing if no line says anything.
fn trimmed(lines: &Lines<'_>, run: Range<usize>) -> Option<Range<usize>> {
    let blank = |number: &usize| lines.line(*number).trim_ascii().is_empty();
    let start = run.clone().find(|number| !blank(number))?;
    let end = run.clone().rfind(|number| !blank(number))? + 1;
    let speaks = |number: usize| lines.line(number).contains(char::is_alphanumeric);
    (start..end).any(speaks).then_some(start..end)
}

/// Cuts a long run where it is least connected: at blank lines, and there before the least indented line.
fn windows(lines: &Lines<'_>, run: Range<usize>) -> Vec<Range<usize>> {
    let mut windows = Vec::new();
    let mut start = run.start;
    while run.end - start > LONGEST {
        let latest = (start + LONGEST).min(run.end - SHORTEST_WINDOW / 2);
        let candidates = start + SHORTEST_WINDOW..latest + 1;
        let cut = candidates.min_by_key(|&number| {
            let indent = |line: &str| line.len() - line.trim_ascii_start().len();
            let after_blank = lines.line(number - 1).trim_ascii().is_empty();
            let blank = lines.line(number).trim_ascii().is_empty();
            (blank, !after_blank, indent(lines.line(number)), std::cmp::Reverse(number))
        });
        let cut = cut.unwrap_or(latest);
        windows.extend(trimmed(lines, start..cut));
        start = cut;
    }
    windows.extend(trimmed(lines, start..run.end));
    windows
}

/// Shows the short opening of a class with its first member, which alone would say nothing.
fn joined(pieces: Vec<Piece>, definitions: &[Definition<'_>]) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::with_capacity(pieces.len());
    for mut piece in pieces {
        let opening = joined.pop_if(|opening| {
            let encloses = |outer: usize, inner: usize| {
                outer < inner && definitions[outer].lines.contains(&definitions[inner].lines.start)
            };
            let parent = opening.owner.zip(piece.owner).is_some_and(|(outer, inner)| encloses(outer, inner));
            let close = piece.lines.start - opening.lines.end <= 1 && piece.lines.end - opening.lines.start <= LONGEST;
            opening.begins_owner && parent && close && opening.lines.len() <= SHORT_OPENING
        });
        if let Some(opening) = opening {
            piece.lines.start = opening.lines.start;
        }
        joined.push(piece);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{language::Language, structure::definitions};

    fn check(path: &str, text: &str, expected: &[(Range<usize>, Option<&str>)]) {
        let lines = Lines::new(text);
        let definitions = definitions(&lines, Language::of_path(path));
        let pieces = pieces(&lines, &definitions);
        let shown: Vec<_> = pieces
            .into_iter()
            .map(|it| (it.lines.start + 1..it.lines.end, it.owner.map(|owner| definitions[owner].name)))
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_function_is_a_passage_and_so_is_what_lies_between() {
        check(
            "a.rs",
            "//! Doc.\n\nuse a;\n\n/// F.\nfn f() {\n    fn inner() {}\n}\n\nimpl A {\n    fn g() {\n    }\n\n    fn h() {}\n}\n",
            &[(1..3, None), (5..8, Some("f")), (10..12, Some("g")), (14..14, Some("h"))],
        );
    }

    #[test]
    fn what_is_long_is_cut_into_windows() {
        let text = "line\n".repeat(18) + "\n" + &"line\n".repeat(10) + "\n" + &"  line\n".repeat(40);
        check("a.txt", &text, &[(1..18, None), (20..29, None), (31..70, None)]);
        check("a.txt", &"x\n".repeat(100), &[(1..40, None), (41..80, None), (81..100, None)]);
    }

    #[test]
    fn empty_files_have_no_passages() {
        check("a.rs", "", &[]);
        check("a.rs", "\n\n}\n", &[]);
    }
}
