//! URIs and paths, converted in one place.

use lsp_types::Uri;
use std::path::{Component, Path, PathBuf};
use tower_lsp::UriExt;

/// What a document is known by inside the server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DocumentKey {
    File(PathBuf),
    /// A document that has no file, such as `untitled:Untitled-1`.
    Other(String),
}

impl DocumentKey {
    pub fn of(uri: &Uri) -> Self {
        match file_path(uri) {
            Some(path) => Self::File(path),
            None => Self::Other(uri.as_str().to_owned()),
        }
    }

    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Other(_) => None,
        }
    }
}

/// The path of a `file:` URI.
pub fn file_path(uri: &Uri) -> Option<PathBuf> {
    let is_file = uri.scheme().is_some_and(|scheme| scheme.as_str().eq_ignore_ascii_case("file"));
    is_file.then(|| uri.to_file_path().map(|path| normal(&path))).flatten()
}

/// The `file:` URI of an absolute path.
pub fn of_path(path: &Path) -> Option<Uri> {
    Uri::from_file_path(path)
}

/// The path without `.` and `..`, which is how two spellings of one file become equal. Links are not followed.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().expect("a valid URI")
    }

    #[test]
    fn file_uris_become_paths_and_back() {
        for (text, path) in [
            ("file:///home/a/b.rs", "/home/a/b.rs"),
            ("file:///home/a%20b/%C3%A9.rs", "/home/a b/é.rs"),
            ("file:///home/./a/../b.rs", "/home/b.rs"),
            ("FILE:///a%23b", "/a#b"),
        ] {
            assert_eq!(file_path(&uri(text)), Some(PathBuf::from(path)), "{text}");
            let again = of_path(Path::new(path)).expect("an absolute path");
            assert_eq!(file_path(&again), Some(PathBuf::from(path)), "{text}");
        }
    }

    #[test]
    fn other_schemes_are_no_files() {
        let untitled = uri("untitled:Untitled-1");
        assert_eq!(file_path(&untitled), None);
        assert_eq!(DocumentKey::of(&untitled), DocumentKey::Other("untitled:Untitled-1".to_owned()));
    }
}
