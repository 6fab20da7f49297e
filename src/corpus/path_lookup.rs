//! Finding files by the names that people and models give them.
//!
//! A file is found by its path as it is shown, in which escapes stand for what cannot be seen, and by the path itself.

use super::{
    error::{Error, LookupError, PathError},
    segment::Segment,
};
use crate::text::{Part, cut_head, visible_line, visible_name, visible_parts};
use ignore::overrides::{Override, OverrideBuilder};
use std::borrow::Cow;

/// How many other files an error offers.
const OFFERED: usize = 5;

/// The longest name of a file, in bytes, that is looked for, and how many characters of a longer one are repeated.
const LONGEST: usize = 64 << 10;
const REPEATED: usize = 200;

pub(super) fn segment_of_path<'a>(segments: &'a [Segment], path: &str) -> Result<&'a Segment, PathError> {
    not_too_long(path)?;
    if let Some(segment) = exact(segments, path) {
        return Ok(segment);
    }
    let shown = visible_line(normalised(path));
    let wanted = shown.as_ref();
    let ending: Vec<&Segment> = segments.iter().filter(|segment| ends_with(segment, wanted)).collect();
    match ending.as_slice() {
        [only] => Ok(only),
        [] => Err(PathError::NotFound { path: path.to_owned(), similar: similar(segments, wanted) }),
        several => Err(PathError::Ambiguous { path: path.to_owned(), candidates: paths(several.iter().copied()) }),
    }
}

/// No file has a name that long, and whatever is done with it takes as much memory again.
fn not_too_long(path: &str) -> Result<(), PathError> {
    if path.len() <= LONGEST {
        return Ok(());
    }
    Err(PathError::NotFound { path: format!("{}…", cut_head(path, REPEATED).shown), similar: Vec::new() })
}

/// The file of this very path, with or without what people put around it, as it is shown or as it is.
fn exact<'a>(segments: &'a [Segment], path: &str) -> Option<&'a Segment> {
    let by_shown = |path: &str| {
        let at = segments.binary_search_by(|segment| segment.path.as_deref().unwrap_or_default().cmp(path));
        at.ok().map(|at| &segments[at])
    };
    let paths = [path, normalised(path)];
    paths.into_iter().find_map(by_shown).or_else(|| {
        // What can be seen is shown as it is, but for a backslash.
        let hides = |path: &&str| path.contains('\\') || matches!(visible_line(path), Cow::Owned(_));
        let forms = paths.into_iter().filter(hides);
        forms.flat_map(|path| [visible_line(path), visible_name(path.as_bytes())]).find_map(|path| by_shown(&path))
    })
}

/// A path without what people and models put around it. Where that is a part of a name, the path is found as it is.
fn normalised(path: &str) -> &str {
    let mut path = path.trim();
    while let Some(rest) = path.strip_prefix("./") {
        path = rest;
    }
    path
}

/// Whether the last components of the segment's path are `wanted`.
fn ends_with(segment: &Segment, wanted: &str) -> bool {
    let rest = segment.path.as_deref().and_then(|path| path.strip_suffix(wanted));
    !wanted.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

/// Files of the same name elsewhere, else files whose name contains it.
fn similar(segments: &[Segment], wanted: &str) -> Vec<String> {
    let name = wanted.rsplit('/').next().unwrap_or(wanted).to_lowercase();
    let stem = name.split('.').next().unwrap_or(&name);
    let file_name = |segment: &Segment| {
        let path = segment.path.as_deref().unwrap_or_default();
        path.rsplit('/').next().unwrap_or(path).to_lowercase()
    };
    let same = paths(segments.iter().filter(|segment| !name.is_empty() && file_name(segment) == name));
    if !same.is_empty() || stem.len() < 3 {
        return same;
    }
    paths(segments.iter().filter(|segment| file_name(segment).contains(stem)))
}

fn paths<'a>(segments: impl Iterator<Item = &'a Segment>) -> Vec<String> {
    segments.filter_map(|segment| segment.path.clone()).take(OFFERED).collect()
}

/// Files that a path names which may also be a directory or a glob.
#[derive(Debug)]
pub(super) enum PathFilter {
    File(String),
    Below(String),
    Glob(Override),
}

impl PathFilter {
    /// An exact path, a directory, a glob in the syntax of `.gitignore`, or what [`segment_of_path`] takes.
    pub fn new(segments: &[Segment], path: &str) -> Result<Self, LookupError> {
        not_too_long(path).map_err(LookupError::Path)?;
        let wanted = normalised(path).trim_end_matches('/');
        // Before globs, since names may have brackets: `pages/[id].tsx`.
        if let Some(segment) = exact(segments, path).or_else(|| exact(segments, wanted)) {
            return Ok(Self::File(segment.path.clone().unwrap_or_default()));
        }
        let folders = [path.trim_end_matches('/'), wanted];
        let folders = folders.map(|it| [Cow::Borrowed(it), visible_line(it), visible_name(it.as_bytes())]);
        for folder in folders.into_iter().flatten().filter(|folder| !folder.is_empty()) {
            let below = format!("{folder}/");
            if segments.iter().any(|segment| segment.path.as_ref().is_some_and(|path| path.starts_with(&below))) {
                return Ok(Self::Below(below));
            }
        }
        if wanted.contains(['*', '?', '[', '{']) {
            let mut builder = OverrideBuilder::new("");
            let built = builder.add(&literally(wanted)).and_then(|builder| builder.build());
            let bad = |error: ignore::Error| Error::BadGlob { glob: path.to_owned(), reason: error.to_string() };
            return built.map(Self::Glob).map_err(bad).map_err(LookupError::Text);
        }
        if matches!(wanted, "" | ".") {
            return Ok(Self::Below(String::new()));
        }
        let segment = segment_of_path(segments, path).map_err(LookupError::Path)?;
        Ok(Self::File(segment.path.clone().unwrap_or_default()))
    }

    pub fn accepts(&self, segment: &Segment) -> bool {
        let path = segment.path.as_deref().unwrap_or_default();
        match self {
            Self::File(wanted) => path == wanted,
            Self::Below(directory) => path.starts_with(directory.as_str()),
            Self::Glob(glob) => glob.matched(path, false).is_whitelist(),
        }
    }
}

/// A glob for paths as they are shown: their escapes are not those of the glob.
fn literally(glob: &str) -> String {
    let shown = visible_line(glob);
    visible_parts(&shown).fold(String::with_capacity(glob.len()), |mut literal, part| {
        match part {
            Part::Plain(text) => literal.push_str(text),
            Part::Byte(byte) => literal.push_str(&format!("\\\\x{byte:02X}")),
            Part::Character(character) => literal.push_str(&format!("\\\\u\\{{{:X}\\}}", u32::from(character))),
        }
        literal
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_themselves_before_anything_else() {
        let segment = |path: &str| Segment { path: Some(path.to_owned()), header: 0..0, text: 0..0, language: None };
        let paths = [" d/a", " x", "app/[id]/p.tsx", "app/i/p.tsx", "n1.txt", "n[1].txt"];
        let segments = paths.map(segment);
        for path in paths {
            assert_eq!(segment_of_path(&segments, path).unwrap().path.as_deref(), Some(path));
        }
        let accepted = |path: &str| -> Vec<&str> {
            let filter = PathFilter::new(&segments, path).unwrap();
            let accepted = segments.iter().filter(|segment| filter.accepts(segment));
            accepted.filter_map(|segment| segment.path.as_deref()).collect()
        };
        assert_eq!(accepted(" x"), [" x"]);
        assert_eq!(accepted(" d/"), [" d/a"]);
        assert_eq!(accepted("n[1].txt"), ["n[1].txt"]);
        assert_eq!(accepted("app/[id]"), ["app/[id]/p.tsx"]);
        assert_eq!(accepted("n[0-9].txt"), ["n1.txt"]);
        assert_eq!(accepted("app/[a-z]/*"), ["app/i/p.tsx"]);
        assert_eq!(accepted(" ./n1.txt "), ["n1.txt"]);
    }

    #[test]
    fn what_cannot_be_seen_is_found_as_it_is_and_as_it_is_shown() {
        let names = ["a\u{1b}[2J.rs", "b\u{202e}/c.rs", "d\n", r"e\x1B", "f.rs"];
        let segment = |name: &&str| {
            let path = Some(visible_name(name.as_bytes()).into_owned());
            Segment { path, header: 0..0, text: 0..0, language: None }
        };
        let mut segments: Vec<Segment> = names.iter().map(segment).collect();
        segments.sort_by(|a, b| a.path.cmp(&b.path));
        for name in names {
            let shown = visible_name(name.as_bytes());
            for path in [name, &shown, &format!("./{shown}")] {
                assert_eq!(segment_of_path(&segments, path).unwrap().path.as_deref(), Some(&*shown), "{path:?}");
            }
        }
        let accepted = |path: &str| -> Vec<&str> {
            let filter = PathFilter::new(&segments, path).unwrap();
            segments.iter().filter(|it| filter.accepts(it)).filter_map(|it| it.path.as_deref()).collect()
        };
        for folder in ["b\u{202e}", "b\u{202e}/", r"b\u{202E}", r"b\u{202E}/*.rs", "b\u{202e}/*"] {
            assert_eq!(accepted(folder), [r"b\u{202E}/c.rs"], "{folder:?}");
        }
        assert_eq!(accepted(r"a\x1B*"), [r"a\x1B[2J.rs"]);
        let error = segment_of_path(&segments, "none\n\u{1b}").unwrap_err().to_string();
        assert_eq!(error, r"no file `none\x0A\x1B` in the context");
    }
}
