//! Whether there is something at a path that a text names.

use std::{fs, io::ErrorKind, path::Path};

/// What is known of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    There,
    Missing,
    /// A folder on the way is empty, as that of a submodule that was not fetched, or cannot be looked into.
    Unknown,
}

impl Presence {
    /// What is at a `path`, which lies below the folder `base`. Nothing is opened, and links are followed, as by those who
    /// read the text. Blocks for a moment.
    pub fn of(base: &Path, path: &Path) -> Self {
        match fs::metadata(path) {
            Ok(_) => return Self::There,
            Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Self::Unknown;
            }
            // A link that leads nowhere is there, and whether its target should be is another question.
            Err(_) if fs::symlink_metadata(path).is_ok() => return Self::Unknown,
            Err(_) => {}
        }
        let above = path.ancestors().skip(1).take_while(|above| above.starts_with(base));
        let Some(nearest) = above.into_iter().find(|above| above.exists()) else { return Self::Unknown };
        match fs::read_dir(nearest).map(|mut entries| entries.next().is_some()) {
            Ok(true) => Self::Missing,
            Ok(false) | Err(_) => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_an_empty_folder_may_be_there_later() {
        let base = tempfile::tempdir().unwrap();
        let path = |name: &str| base.path().join(name);
        fs::create_dir_all(path("module")).unwrap();
        fs::create_dir_all(path("docs")).unwrap();
        fs::write(path("docs/a.md"), "").unwrap();
        std::os::unix::fs::symlink("nowhere", path("broken")).unwrap();
        for (name, expected) in [
            ("docs/a.md", Presence::There),
            ("docs", Presence::There),
            ("docs/b.md", Presence::Missing),
            ("none/b.md", Presence::Missing),
            ("docs/a.md/b", Presence::Unknown),
            ("module/README.md", Presence::Unknown),
            ("broken", Presence::Unknown),
        ] {
            assert_eq!(Presence::of(base.path(), &path(name)), expected, "{name}");
        }
    }
}
