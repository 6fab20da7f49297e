//! Copying and removing trees that checks have written to.

use std::{
    fs::{self, File, FileTimes, Permissions},
    io,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

/// Copies a tree: files with their modes and times, by which builds know what is up to date; links as links. What is neither
/// is left out.
pub fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    let about = fs::symlink_metadata(from)?;
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_tree(&source, &target)?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(&source)?, &target)?;
        } else if kind.is_file() {
            fs::copy(&source, &target)?;
            keep_times(&fs::symlink_metadata(&source)?, &target)?;
        }
    }
    fs::set_permissions(to, about.permissions())?;
    keep_times(&about, to)
}

fn keep_times(about: &fs::Metadata, target: &Path) -> io::Result<()> {
    let times = FileTimes::new().set_modified(about.modified()?);
    match File::open(target).and_then(|file| file.set_times(times)) {
        // One that nobody may read keeps the time of the copy.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        result => result,
    }
}

/// Removes a tree, also folders that were made read-only. It is no error if it is not there.
pub fn remove_tree(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(_) => {
            open_up(folder)?;
            fs::remove_dir_all(folder)
        }
        removed => removed,
    }
}

fn open_up(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_files_the_modes_the_times_and_the_links() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("a/b")).unwrap();
        fs::write(from.join("a/b/run"), "x").unwrap();
        fs::set_permissions(from.join("a/b/run"), Permissions::from_mode(0o750)).unwrap();
        let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        File::open(from.join("a/b/run")).unwrap().set_times(FileTimes::new().set_modified(long_ago)).unwrap();
        symlink("../nothing", from.join("a/link")).unwrap();
        fs::set_permissions(from.join("a/b"), Permissions::from_mode(0o500)).unwrap();
        copy_tree(&from, &to).unwrap();
        let about = fs::metadata(to.join("a/b/run")).unwrap();
        assert_eq!((about.permissions().mode() & 0o777, about.modified().unwrap()), (0o750, long_ago));
        assert_eq!(fs::read_link(to.join("a/link")).unwrap(), Path::new("../nothing"));
        remove_tree(&to).unwrap();
        remove_tree(&from).unwrap();
        remove_tree(&to).unwrap();
        assert!(!to.exists() && !from.exists());
    }
}
