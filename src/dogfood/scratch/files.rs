//! Files of a tree that checks may have written to: none is read or written through a link, or outside of it.

use std::{
    fs::{self, File, FileTimes},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// The largest file that a proposal may change.
const LARGEST: u64 = 4 << 20;

/// Writes a file of a tree, or removes it. A file that is there keeps its mode. It is younger than before by a second at least:
/// what was built from the old text is told by that, and Python looks at no less.
pub fn write(tree: &Path, path: &str, bytes: Option<&[u8]>) -> io::Result<()> {
    let place = place(tree, path)?;
    match bytes {
        Some(bytes) => {
            place.parent().map_or(Ok(()), fs::create_dir_all)?;
            let before = fs::symlink_metadata(&place).and_then(|it| it.modified()).ok();
            fs::write(&place, bytes)?;
            let Some(youngest) = before.map(|it| it + Duration::from_secs(1)) else { return Ok(()) };
            let file = File::options().write(true).open(&place)?;
            if file.metadata()?.modified()? < youngest {
                file.set_times(FileTimes::new().set_modified(youngest))?;
            }
            Ok(())
        }
        None => fs::remove_file(&place),
    }
}

/// The text of a file of a tree; nothing if there is none.
pub fn read(tree: &Path, path: &str) -> io::Result<Option<String>> {
    let place = place(tree, path)?;
    match fs::symlink_metadata(&place) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
        Ok(about) if !about.is_file() => Err(io::Error::other("it is no file")),
        Ok(about) if about.len() > LARGEST => Err(io::Error::other("it is too large")),
        Ok(_) => String::from_utf8(fs::read(&place)?).map(Some).map_err(|_| io::Error::other("it is no text")),
    }
}

/// Where a path leads, through no link.
pub fn place(tree: &Path, path: &str) -> io::Result<PathBuf> {
    let mut place = tree.to_owned();
    for part in path.split('/') {
        if matches!(part, "" | "." | "..") || part.eq_ignore_ascii_case(".git") {
            return Err(io::Error::other("the path leads elsewhere"));
        }
        place.push(part);
        if fs::symlink_metadata(&place).is_ok_and(|it| it.is_symlink()) {
            return Err(io::Error::other("it is a link, or lies behind one"));
        }
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_of_a_tree_is_read_or_written() {
        let folder = tempfile::tempdir().unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join("a")).unwrap();
        fs::write(folder.path().join("outside"), "secret").unwrap();
        std::os::unix::fs::symlink(folder.path(), tree.join("link")).unwrap();
        for path in ["../outside", "link/outside", "a/../../outside", ".git/config", "/etc/passwd", ""] {
            assert!(read(&tree, path).is_err() && write(&tree, path, Some(b"x")).is_err(), "{path}");
        }
        write(&tree, "a/b/c.txt", Some(b"x")).unwrap();
        assert_eq!(read(&tree, "a/b/c.txt").unwrap().as_deref(), Some("x"));
        let age = || fs::metadata(tree.join("a/b/c.txt")).unwrap().modified().unwrap();
        let before = age();
        write(&tree, "a/b/c.txt", Some(b"y")).unwrap();
        assert!(age() >= before + Duration::from_secs(1), "what was built from the old text is out of date");
        write(&tree, "a/b/c.txt", None).unwrap();
        assert_eq!((read(&tree, "a/b/c.txt").unwrap(), read(&tree, "a/b/c.txt/d").unwrap()), (None, None));
    }
}
