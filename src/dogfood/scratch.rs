//! A folder for one cycle, outside of everything that is the person's: trees, a home and temporary files for checks.
//!
//! The trees are made by a repository of its own that reads the objects of the person's (`objects/info/alternates`). A worktree of git would be
//! written down in the person's repository, and `git clone` would run a program there; this writes nothing there, and its
//! configuration names no filter, no hook and no monitor.
//!
//! The folder has a lock, which ends with its process however that ends. The next cycle removes what has no owner any more,
//! and ends what still runs there.

mod copy;
mod files;
mod lent;

pub use copy::{copy_tree, remove_tree};
pub use files::{place, read, write};

use super::checks::{Places, sweep};
use crate::{
    exec,
    failure::{Failure, FailureKind},
    review::git::Repository,
    text::{one_line, visible_path},
};
use rustix::fs::{FlockOperation, flock};
use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};
use tokio::io::AsyncReadExt;

/// What the folders of cycles begin with, and the file by which one is locked.
const PREFIX: &str = "cycle-";
const LOCK: &str = "lock";

/// The folder of a cycle; removed when this is dropped.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    objects: PathBuf,
    _lock: File,
}

impl Scratch {
    /// A new folder below `home`, from which what dead cycles have left is removed first. The tree in it is the commit.
    ///
    /// # Errors
    /// The folder cannot be made, or the tree cannot be checked out.
    pub async fn new(home: &Path, repository: &Repository, commit: &str) -> Result<Self, Failure> {
        let (folder, lock) = make(home).map_err(|error| failed("a folder for the cycle cannot be made", &error))?;
        let objects = repository.ask(&["rev-parse", "--path-format=absolute", "--git-path", "objects"], "").await?;
        let scratch = Self { folder, objects: PathBuf::from(objects.trim_end_matches('\n')), _lock: lock };
        scratch.check_out(repository, commit).await?;
        Ok(scratch)
    }

    /// The tree that is checked.
    pub fn tree(&self) -> PathBuf {
        self.folder.join("tree")
    }

    /// The tree of the commit, with what its checks have built.
    pub fn base(&self) -> PathBuf {
        self.folder.join("base")
    }

    /// Lends the tree what checks need and git does not keep: by links into the repository's own folder, which checks may read and,
    /// where there are walls, not write. Returns these folders, and how they are called.
    ///
    /// # Errors
    /// Git cannot be asked, or a link cannot be made.
    pub async fn lend(&self, repository: &Repository) -> Result<(Vec<PathBuf>, Vec<String>), Failure> {
        let listing = ["ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"];
        let folders = lent::wanted(&repository.ask(&listing, "").await?);
        let (top, tree) = (repository.top.clone(), self.tree());
        let lending = move || {
            let top = top.canonicalize()?;
            let lent = lent::lend(&top, &tree, &folders)?;
            let name = |it: &PathBuf| it.strip_prefix(&top).map(visible_path).unwrap_or_default();
            let names = lent.iter().map(name).collect();
            Ok::<_, io::Error>((lent, names))
        };
        let lent = tokio::task::spawn_blocking(lending).await.map_err(io::Error::other).flatten();
        lent.map_err(|error| failed("what checks need cannot be linked", &error))
    }

    /// Where checks may write.
    pub fn places(&self) -> Places {
        Places {
            tree: self.tree(),
            home: self.folder.join("home"),
            temporary: self.folder.join("tmp"),
            lock: self.folder.join(LOCK),
            objects: self.objects.clone(),
        }
    }

    /// Makes the tree of the commit, as its checks have left it, the one that others are copied from.
    ///
    /// # Errors
    /// A file cannot be put back or moved.
    pub async fn keep_base(&self, commit: &str) -> Result<(), Failure> {
        // A check may have changed what it checks.
        self.git(&["read-tree", "--reset", "-u", commit]).await?;
        self.git(&["checkout-index", "--all", "--force"]).await?;
        fs::rename(self.tree(), self.base()).map_err(|error| failed("the tree cannot be kept", &error))
    }

    /// A new copy of the kept tree. Blocks.
    ///
    /// # Errors
    /// A file cannot be copied.
    pub fn renew_tree(&self) -> Result<(), Failure> {
        let renew = || {
            remove_tree(&self.tree())?;
            for folder in ["home", "tmp"] {
                remove_tree(&self.folder.join(folder))?;
                fs::create_dir(self.folder.join(folder))?;
            }
            copy_tree(&self.base(), &self.tree())
        };
        renew().map_err(|error: io::Error| failed("the tree cannot be copied", &error))
    }

    async fn check_out(&self, repository: &Repository, commit: &str) -> Result<(), Failure> {
        let tree = self.tree();
        let make = || -> io::Result<()> {
            for folder in ["tree", "home", "tmp"] {
                fs::create_dir(self.folder.join(folder))?;
            }
            Ok(())
        };
        make().map_err(|error| failed("a folder for the cycle cannot be made", &error))?;
        let format = repository.ask(&["rev-parse", "--show-object-format"], "").await?;
        let format = format!("--object-format={}", format.trim());
        self.git(&["init", "--quiet", "--template=", &format]).await?;
        let link = || -> io::Result<()> {
            let info = tree.join(".git/objects/info");
            fs::create_dir_all(&info)?;
            let mut alternates = File::create(info.join("alternates"))?;
            writeln!(alternates, "{}", self.objects.display())?;
            // A shallow history ends where the person's does.
            let shallow = self.objects.with_file_name("shallow");
            if shallow.is_file() {
                fs::copy(shallow, tree.join(".git/shallow"))?;
            }
            Ok(())
        };
        link().map_err(|error| failed("the tree cannot be made", &error))?;
        self.git(&["update-ref", "--no-deref", "HEAD", commit]).await?;
        self.git(&["read-tree", "--reset", "-u", commit]).await.map(drop)
    }

    /// Runs git in the tree, with nothing but its own configuration.
    async fn git(&self, arguments: &[&str]) -> Result<String, Failure> {
        let (tree, home) = (self.tree(), self.folder.join("home"));
        let path = std::env::var("PATH").unwrap_or_default();
        let mut words: Vec<String> = vec!["env".to_owned(), "-i".to_owned(), format!("PATH={path}")];
        words.push(format!("HOME={}", home.display()));
        words.extend(
            ["GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0", "git", "-C"]
                .map(str::to_owned),
        );
        words.push(tree.display().to_string());
        words.extend(["-c", "protocol.allow=never", "-c", "core.hooksPath=/dev/null"].map(str::to_owned));
        words.extend(arguments.iter().map(|&it| it.to_owned()));
        let read = async |mut output: tokio::process::ChildStdout| {
            let mut text = String::new();
            output.read_to_string(&mut text).await?;
            Ok::<_, io::Error>(text)
        };
        let name = arguments.first().copied().unwrap_or_default();
        let ended = exec::run(&words, &[], "", read).await.map_err(|error| failed("git does not start", &error))?;
        match ended.status.success() {
            true => Ok(ended.output),
            false => Err(Failure {
                kind: FailureKind::Git,
                message: format!("git {name} failed in the cycle's own tree: {}", one_line(&ended.complaint, 300)),
                hint: None,
            }),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        sweep(&self.folder);
        // What stays is removed by the next cycle.
        let _ = remove_tree(&self.folder);
    }
}

/// Where folders of cycles are made: below the store's, if there is one.
pub fn home(store: Option<&Path>) -> PathBuf {
    let temporary = || std::env::temp_dir().join(format!("rlm-dogfood-{}", rustix::process::getuid().as_raw()));
    store.map_or_else(temporary, |it| it.join("dogfood"))
}

/// Makes a folder and locks it. Others that begin at the same time wait.
fn make(home: &Path) -> io::Result<(PathBuf, File)> {
    DirBuilder::new().recursive(true).mode(0o700).create(home)?;
    let home = home.canonicalize()?;
    let beginning = File::create(home.join(LOCK))?;
    flock(&beginning, FlockOperation::LockExclusive)?;
    remove_left(&home);
    let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&home)?.keep();
    let lock = File::create(folder.join(LOCK))?;
    flock(&lock, FlockOperation::LockExclusive)?;
    Ok((folder, lock))
}

/// How many folders of cycles there are, in use or left behind.
pub fn count(home: &Path) -> usize {
    folders(home).count()
}

/// Removes the folders of cycles that nobody uses any more. Returns how many are in use.
///
/// # Errors
/// What is there cannot be locked.
pub fn clear(home: &Path) -> io::Result<usize> {
    if count(home) > 0 {
        let beginning = File::create(home.join(LOCK))?;
        flock(&beginning, FlockOperation::LockExclusive)?;
        remove_left(home);
    }
    Ok(count(home))
}

/// The folders of cycles.
fn folders(home: &Path) -> impl Iterator<Item = PathBuf> {
    let is_cycle = |entry: &fs::DirEntry| {
        entry.file_name().to_string_lossy().starts_with(PREFIX) && entry.file_type().is_ok_and(|it| it.is_dir())
    };
    fs::read_dir(home).into_iter().flatten().flatten().filter(is_cycle).map(|entry| entry.path())
}

/// Removes the folders of cycles whose processes are gone, and ends what still runs there.
fn remove_left(home: &Path) {
    for folder in folders(home) {
        // A folder without a lock was left before it had one.
        let owner = File::open(folder.join(LOCK)).ok();
        if owner.as_ref().is_none_or(|lock| flock(lock, FlockOperation::NonBlockingLockExclusive).is_ok()) {
            sweep(&folder);
            let _ = remove_tree(&folder);
        }
    }
}

fn failed(what: &str, error: &io::Error) -> Failure {
    Failure { kind: FailureKind::Storage, message: format!("{what}: {error}"), hint: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dead_cycle_has_left_is_removed_and_a_living_one_stays() {
        let home = tempfile::tempdir().unwrap();
        let (living, life) = make(home.path()).unwrap();
        let (dead, lock) = make(home.path()).unwrap();
        fs::create_dir_all(dead.join("tree/a")).unwrap();
        drop(lock);
        fs::create_dir(home.path().join("cycle-halfmade")).unwrap();
        fs::create_dir(home.path().join("other")).unwrap();
        let (new, _new) = make(home.path()).unwrap();
        assert!(living.exists() && new.exists() && home.path().join("other").exists());
        assert!(!dead.exists() && !home.path().join("cycle-halfmade").exists());
        drop(life);
        assert_eq!((count(home.path()), clear(home.path()).unwrap()), (2, 1));
        assert!(!living.exists() && new.exists());
        assert_eq!(clear(&home.path().join("nothing")).unwrap(), 0);
    }
}
