//! Lists of changes: a section for each release.

use super::Found;
use regex::Regex;
use std::sync::LazyLock;

/// A heading with a version, or of what is not released yet.
static HEADING: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?i)^\s{0,3}(#{1,4}\s*|={1,4}\s+|\*+\s+)?(?:version|release|v)?\.?\s*(?:[\w.@/-]+\s+)?\[?\(?(?:(?:v|version\s+|release\s+)?(\d+(?:\.\d+)+(?:[-.+]?[a-z0-9]+)*)|(unreleased|next|head|upcoming)\b)";
    Regex::new(pattern).expect("the pattern is right")
});

/// The sections in their order.
pub(super) fn read(text: &str) -> Vec<Found> {
    let lines: Vec<&str> = text.lines().collect();
    let is_underline = |line: Option<&&str>| {
        line.is_some_and(|line| {
            line.len() >= 3 && ["=", "-", "~", "^", "*"].iter().any(|it| line.trim_end().replace(it, "").is_empty())
        })
    };
    let mut headings: Vec<(usize, String, String)> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(found) = HEADING.captures(line).filter(|_| line.len() < 120) else { continue };
        let begins_section =
            found.get(1).is_some_and(|it| !it.as_str().trim().starts_with('*')) || is_underline(lines.get(at + 1));
        // Plain lists have their versions at the margin, and what changed behind it.
        let is_plain = !line.starts_with([' ', '\t', '*', '-', '#'])
            && lines.get(at + 1).is_some_and(|next| next.trim().is_empty() || next.starts_with([' ', '\t', '*', '-']))
            && found.get(2).is_some_and(|version| version.start() < 20);
        if begins_section || is_plain {
            let version = found.get(2).or_else(|| found.get(3)).map_or("", |it| it.as_str());
            let title = line.trim_start_matches(['#', '=', ' ']).trim().to_owned();
            headings.push((at, version.to_owned(), title));
        }
    }
    let ends = headings.iter().skip(1).map(|(at, ..)| *at).chain([lines.len()]).collect::<Vec<_>>();
    headings.into_iter().zip(ends).map(|((at, version, title), end)| (at + 1, end, "release", version, title)).collect()
}
