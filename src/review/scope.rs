//! Where what is reviewed lies on the disk, and what of it is all there is.

use crate::corpus::{Presence, Snapshot};
use rustc_hash::FxHashMap;
use std::path::{Component, Path, PathBuf};

/// What packages hold as they are published: of Python, of Rust, and of JavaScript, whose projects lie in a repository otherwise.
const OF_PACKAGES: [&str; 3] = ["PKG-INFO", "Cargo.toml.orig", "package.json"];

/// Where the files of a text lie.
#[derive(Debug, Default)]
pub struct Scope {
    /// The folder whose files are read, if it is one.
    root: Option<PathBuf>,
    /// The repository around it, or itself. Nothing outside of it is looked at.
    base: Option<PathBuf>,
    /// Whether all of a repository is read.
    pub is_whole: bool,
    /// Whether it is a package as it is published, which lacks files of its repository.
    pub is_package: bool,
    /// Of each shown path where it lies.
    files: FxHashMap<String, PathBuf>,
}

/// A path that a text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPath {
    pub absolute: PathBuf,
    /// From the base on, with slashes.
    pub from_base: String,
}

impl Scope {
    /// `root` is the lone folder whose files are read, and `repository` what git has around them.
    pub fn new(snapshot: &Snapshot, root: Option<&Path>, repository: Option<&Path>, is_narrowed: bool) -> Self {
        let root = root.and_then(|root| root.canonicalize().ok());
        let base = repository.map(Path::to_owned).or_else(|| root.clone());
        let is_package = repository.is_none()
            && root.as_ref().is_some_and(|root| OF_PACKAGES.iter().any(|name| root.join(name).is_file()));
        let is_whole = !is_narrowed && root.is_some() && root == base;
        let file = |source: &std::sync::Arc<crate::corpus::Source>| {
            let absolute = source.absolute()?;
            let folder = absolute.parent()?.canonicalize().ok()?;
            Some((source.path.clone()?, folder.join(absolute.file_name()?)))
        };
        Self { root, base, is_whole, is_package, files: snapshot.files().iter().filter_map(file).collect() }
    }

    /// Where a file of the text lies, from the base on.
    pub fn path_from_base(&self, path: &str) -> Option<String> {
        Some(self.files.get(path)?.strip_prefix(self.base.as_ref()?).ok()?.to_str()?.to_owned())
    }

    /// What a document means by a relative path, if that does not lead out of the base.
    pub fn resolve(&self, document: &str, target: &str) -> Option<NamedPath> {
        self.below_base(self.files.get(document)?.parent()?, target)
    }

    /// What a path from the root on means.
    pub fn named_from_root(&self, path: &str) -> Option<NamedPath> {
        self.below_base(self.root.as_ref()?, path)
    }

    /// What is there. Blocks for a moment.
    pub fn presence(&self, absolute: &Path) -> Presence {
        self.base.as_ref().map_or(Presence::Unknown, |base| Presence::of(base, absolute))
    }

    fn below_base(&self, folder: &Path, target: &str) -> Option<NamedPath> {
        let base = self.base.as_ref()?;
        let mut absolute = folder.to_owned();
        for component in Path::new(target).components() {
            match component {
                Component::Normal(name) => absolute.push(name),
                Component::ParentDir => {
                    absolute.pop();
                }
                Component::CurDir => {}
                Component::RootDir | Component::Prefix(_) => return None,
            }
            if !absolute.starts_with(base) {
                return None;
            }
        }
        let from_base = absolute.strip_prefix(base).ok()?.to_str()?.to_owned();
        (!from_base.is_empty()).then_some(NamedPath { absolute, from_base })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Root, Selection, StopFlag};
    use std::fs;

    #[test]
    fn paths_mean_what_they_mean_to_a_reader_and_lead_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("base");
        fs::create_dir_all(base.join("docs/en")).unwrap();
        fs::write(base.join("docs/en/a.md"), "x").unwrap();
        let selection = Selection { roots: vec![Root::new(base.clone())], ..Selection::default() };
        let snapshot = Snapshot::take(&selection, &StopFlag::default()).unwrap();
        let scope = Scope::new(&snapshot, Some(&base), None, false);
        assert!(scope.is_whole);
        for (target, expected) in [
            ("b.md", Some("docs/en/b.md")),
            ("../b.md", Some("docs/b.md")),
            ("./../../b.md", Some("b.md")),
            ("../../../b.md", None),
            ("../../../base/b.md", None),
            ("/etc/passwd", None),
            ("../..", None),
        ] {
            let found = scope.resolve("docs/en/a.md", target).map(|it| it.from_base);
            assert_eq!(found.as_deref(), expected, "{target}");
        }
        assert_eq!(scope.path_from_base("docs/en/a.md").as_deref(), Some("docs/en/a.md"));
        let inner = Scope::new(&snapshot, Some(&base), Some(folder.path()), false);
        assert!(!inner.is_whole && !Scope::new(&snapshot, Some(&base), None, true).is_whole);
        fs::write(base.join("PKG-INFO"), "").unwrap();
        assert!(Scope::new(&snapshot, Some(&base), None, false).is_package && !scope.is_package);
        assert!(!Scope::new(&snapshot, Some(&base), Some(&base), false).is_package);
    }
}
