//! Relative links of Markdown documents that lead to nothing.
//!
//! What a site's generator makes of a link is not known here. So only those are looked at that name a file or a folder as it
//! would lie beside the document: pages of HTML, names without an ending and paths from the root of a site are not.

use super::File;
use crate::{
    corpus::{ContextText, Presence},
    review::{
        finding::{Draft, Evidence, Fix, Place},
        rule::DEAD_LINK,
        scope::Scope,
    },
};
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag};
use rustc_hash::FxHashSet;
use std::path::Path;

/// What is filled in before anybody follows the link.
const PLACEHOLDERS: [char; 8] = ['{', '}', '$', '<', '>', '*', '|', '\\'];

/// The dead links of a document.
pub(super) fn look(file: &File<'_>, context: &ContextText, scope: &Scope) -> Vec<Draft> {
    if !file.is_markdown() || file.path.contains("template") {
        return Vec::new();
    }
    let parser = Parser::new_ext(&file.text, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES).into_offset_iter();
    let links = parser.filter_map(|(event, range)| match event {
        Event::Start(Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. }) => {
            (!matches!(link_type, LinkType::Autolink | LinkType::Email)).then(|| (dest_url.into_string(), range.start))
        }
        _ => None,
    });
    let mut known = FxHashSet::default();
    let mut drafts = Vec::new();
    for (written, at) in links {
        let Some(target) = target(&written) else { continue };
        let Some(place) = scope.resolve(file.path, &target) else { continue };
        let path = place.from_base;
        if !known.insert(path.clone()) || scope.presence(&place.absolute) != Presence::Missing {
            continue;
        }
        let line = file.line_of(at);
        let namesakes = namesakes(context, &path);
        let evidence = namesakes
            .iter()
            .map(|namesake| Evidence { place: Place::line(namesake, 1), sentence: "a file of that name".to_owned() });
        drafts.push(Draft {
            rule: &DEAD_LINK,
            severity: DEAD_LINK.severity,
            doubt: None,
            place: Place::line(file.path, line),
            subject: written.clone(),
            sentence: format!("the link to `{written}` leads nowhere"),
            reason: format!("from {} it leads to {path}, and there is nothing", file.path),
            evidence: evidence.collect(),
            fix: match namesakes.as_slice() {
                [only] => fix(file, line, &written, &relative(file.folder(), only)),
                _ => None,
            },
            missing: Some(path),
        });
    }
    drafts
}

/// Leaves out the links to paths that git ignores, which a build may make. `ignored` has such paths from the repository's root.
pub fn mark_ignored(drafts: &mut Vec<Draft>, ignored: &FxHashSet<String>) {
    drafts.retain(|draft| {
        draft.rule.id != DEAD_LINK.id || draft.missing.as_ref().is_none_or(|path| !ignored.contains(path))
    });
}

/// The path that a link names, if it is one that can be looked up.
fn target(written: &str) -> Option<String> {
    let path = written.split(['#', '?']).next().unwrap_or_default();
    let path = without_lines(path);
    if path.is_empty() || path.starts_with('/') || path.contains(PLACEHOLDERS) || path.contains(':') {
        return None;
    }
    let decoded = percent_decoded(path)?;
    let last = decoded.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let ending = Path::new(last).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let is_name_of_a_file = !ending.is_empty() && !matches!(ending, "html" | "htm");
    // LICENSE, COPYING and their like.
    let is_known_name = last.len() > 4 && last.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
    (is_name_of_a_file || is_known_name).then_some(decoded)
}

/// The path without the lines behind it: `src/a.rs:10`.
fn without_lines(path: &str) -> &str {
    match path.rsplit_once(':') {
        Some((path, lines)) if lines.bytes().all(|it| it.is_ascii_digit() || it == b'-') => path,
        _ => path,
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |it: Option<u8>| char::from(it?).to_digit(16);
                u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok().filter(|it| !it.contains('\0'))
}

/// Other files of the same name, whatever its capitals; at most three.
fn namesakes<'c>(context: &'c ContextText, path: &str) -> Vec<&'c str> {
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_lowercase();
    let wanted = name(path);
    let paths = context.segments().iter().filter_map(|segment| segment.path.as_deref());
    paths.filter(|path| name(path) == wanted).take(3).collect()
}

/// A path as a document in a folder would name it.
fn relative(folder: &str, path: &str) -> String {
    let folders: Vec<&str> = folder.split('/').filter(|it| !it.is_empty()).collect();
    let parts: Vec<&str> = path.split('/').collect();
    let common = folders.iter().zip(&parts[..parts.len() - 1]).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", folders.len() - common);
    up.chain(parts[common..].iter().copied()).collect::<Vec<_>>().join("/")
}

/// The line with another target, if it names the old one once.
fn fix(file: &File<'_>, line: usize, old: &str, new: &str) -> Option<Fix> {
    let text = file.text.lines().nth(line - 1)?;
    let path = old.split(['#', '?']).next().unwrap_or_default();
    let is_plain = !new.contains([' ', '(', ')', '%']) && !path.contains(':');
    (is_plain && text.matches(path).count() == 1)
        .then(|| Fix { sentence: format!("link to `{new}`"), lines: text.replace(path, new) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_to_files_are_looked_up() {
        for (written, expected) in [
            ("docs/a.md", Some("docs/a.md")),
            ("../a%20b.md#part", Some("../a b.md")),
            ("src/a.rs:10-12", Some("src/a.rs")),
            ("LICENSE", Some("LICENSE")),
            ("https://example.org/a.md", None),
            ("mailto:a@example.org", None),
            ("#part", None),
            ("/docs/a.md", None),
            ("guide", None),
            ("guide/", None),
            ("guide.html", None),
            ("{{ site.url }}/a.md", None),
            ("a%zz.md", None),
        ] {
            assert_eq!(target(written).as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn a_path_is_named_as_the_document_sees_it() {
        for (folder, path, expected) in [
            ("", "docs/a.md", "docs/a.md"),
            ("docs/", "docs/a.md", "a.md"),
            ("docs/en/", "docs/a.md", "../a.md"),
            ("a/b/", "c/d.md", "../../c/d.md"),
        ] {
            assert_eq!(relative(folder, path), expected);
        }
    }
}
