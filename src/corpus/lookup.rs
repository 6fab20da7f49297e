//! Finding files by the names that people and models give them.

use super::{assemble::Segment, error::Error};
use ignore::overrides::{Override, OverrideBuilder};

/// How many other files an error offers.
const OFFERED: usize = 5;

/// No file, or no single file, has the name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("no file `{path}` in the context{}", offer("; did you mean", .similar))]
    NotFound { path: String, similar: Vec<String> },
    #[error("`{path}` names more than one file{}", offer(":", .candidates))]
    Ambiguous { path: String, candidates: Vec<String> },
}

fn offer(introduction: &str, paths: &[String]) -> String {
    if paths.is_empty() {
        return String::new();
    }
    format!("{introduction} {}", paths.join(", "))
}

pub(super) fn segment_of_path<'a>(segments: &'a [Segment], path: &str) -> Result<&'a Segment, PathError> {
    let wanted = normalised(path);
    if let Some(segment) = exact(segments, path).or_else(|| exact(segments, wanted)) {
        return Ok(segment);
    }
    let ending: Vec<&Segment> = segments.iter().filter(|segment| ends_with(segment, wanted)).collect();
    match ending.as_slice() {
        [only] => Ok(only),
        [] => Err(PathError::NotFound { path: path.to_owned(), similar: similar(segments, wanted) }),
        several => Err(PathError::Ambiguous { path: path.to_owned(), candidates: paths(several.iter().copied()) }),
    }
}

fn exact<'a>(segments: &'a [Segment], path: &str) -> Option<&'a Segment> {
    let at = segments.binary_search_by(|segment| segment.path.as_deref().unwrap_or_default().cmp(path));
    at.ok().map(|at| &segments[at])
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
        let wanted = normalised(path).trim_end_matches('/');
        // Before globs, since names may have brackets: `pages/[id].tsx`.
        if let Some(segment) = exact(segments, path).or_else(|| exact(segments, wanted)) {
            return Ok(Self::File(segment.path.clone().unwrap_or_default()));
        }
        for folder in [path.trim_end_matches('/'), wanted].into_iter().filter(|folder| !folder.is_empty()) {
            let below = format!("{folder}/");
            if segments.iter().any(|segment| segment.path.as_ref().is_some_and(|path| path.starts_with(&below))) {
                return Ok(Self::Below(below));
            }
        }
        if wanted.contains(['*', '?', '[', '{']) {
            let mut builder = OverrideBuilder::new("");
            let built = builder.add(wanted).and_then(|builder| builder.build());
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

/// Why what a path names cannot be had.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LookupError {
    #[error(transparent)]
    Path(#[from] PathError),
    #[error(transparent)]
    Text(#[from] Error),
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
}
