//! Finds the places that an answer names, and looks whether they exist.
//!
//! A citation is `path:line` or `path:first-last`; also `path#L10-L20`, which models write as well. A path is whatever
//! stands before it up to white space, a quote or a bracket.

use super::answer::Citation;
use crate::corpus::ContextText;
use regex::Regex;
use std::sync::LazyLock;

/// The most citations that are taken from one answer.
const LIMIT: usize = 1000;

static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r#"([^\s`'"<>()\[\]{}|*,;:#]+)(?::|#L)(\d{1,9})(?:[-–](?:L)?(\d{1,9}))?"#;
    Regex::new(pattern).expect("the pattern is right")
});

/// The citations of `text`, in order, each once. What does not look like a file of the context and is not one either (a
/// time of day, a ratio, a port) is no citation; what looks like one but does not exist is not verified.
pub fn citations(text: &str, context: &ContextText) -> Vec<Citation> {
    let mut found: Vec<Citation> = Vec::new();
    for place in PLACE.captures_iter(text).take(LIMIT) {
        let number = |group: usize| place.get(group).and_then(|digits| digits.as_str().parse::<usize>().ok());
        let Some(first_line) = number(2) else { continue };
        let last_line = number(3).unwrap_or(first_line);
        let path = place[1].trim_start_matches("./");
        if let Some(citation) = check(path, first_line, last_line, context)
            && !found.contains(&citation)
        {
            found.push(citation);
        }
    }
    found
}

fn check(path: &str, first_line: usize, last_line: usize, context: &ContextText) -> Option<Citation> {
    let Ok(segment) = context.segment_of_path(path) else {
        return looks_like_a_file(path, context).then(|| Citation {
            path: path.to_owned(),
            first_line,
            last_line,
            verified: false,
        });
    };
    let lines = context.text_of(segment).lines().count();
    let verified = (1..=lines).contains(&first_line) && (first_line..=lines).contains(&last_line);
    let path = segment.path.clone().unwrap_or_else(|| path.to_owned());
    Some(Citation { path, first_line, last_line, verified })
}

/// Whether a file of the context ends as `path` does.
fn looks_like_a_file(path: &str, context: &ContextText) -> bool {
    let extension = |path: &str| path.rsplit_once('.').map(|(_, extension)| extension.to_owned());
    let Some(wanted) = extension(path) else { return false };
    context
        .segments()
        .iter()
        .filter_map(|segment| segment.path.as_deref())
        .any(|it| extension(it).as_ref() == Some(&wanted))
}
