//! The tree that changes of an editor are checked in: the commit that is checked out, and over it what the disk and the open buffers
//! have. It stays for the next change, so that only the first check builds everything.
//!
//! What a check runs may write to it. So each file is known by what the system says of it since it was written here, and is written
//! again where that has changed.

use crate::{
    dogfood::scratch::{Scratch, place, read, write},
    failure::{Failure, FailureKind},
    review::git::Repository,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The most files, and the largest one, that are brought up to date.
const MOST_FILES: usize = 100_000;
const LARGEST: u64 = 32 << 20;

/// The tree, with what is known of its files.
pub struct Tree {
    top: PathBuf,
    commit: String,
    pub scratch: Scratch,
    known: BTreeMap<String, Known>,
    /// Files that were put there for a change, and are to be as the disk has them again.
    touched: BTreeSet<String>,
    /// Folders of the repository that the tree was lent, once it was.
    lent: Option<Vec<PathBuf>>,
}

/// A file on the disk, and its copy. A file with an open buffer has no state on the disk that says enough.
struct Known {
    disk: Option<Stamp>,
    copy: Stamp,
}

/// What tells that nobody has written to a file.
#[derive(PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Stamp {
    fn of(about: &Metadata) -> Self {
        Self { inode: about.ino(), size: about.len(), changed: (about.ctime(), about.ctime_nsec()) }
    }
}

impl Tree {
    /// The tree of the commit that is checked out.
    ///
    /// # Errors
    /// There is no commit, or the tree cannot be made.
    pub async fn new(home: &Path, repository: &Repository) -> Result<Self, Failure> {
        let commit = repository.head().await?;
        let scratch = Scratch::new(home, repository, &commit).await?;
        let top = repository.top.clone();
        Ok(Self { top, commit, scratch, known: BTreeMap::new(), touched: BTreeSet::new(), lent: None })
    }

    /// Whether it is one of this repository as it is now.
    pub async fn is_of(&self, repository: &Repository) -> bool {
        self.top == repository.top && repository.head().await.is_ok_and(|head| head == self.commit)
    }

    /// The folders of the repository that a command has to be allowed to read: what git ignores and commands need, as it was when
    /// the tree was made.
    ///
    /// # Errors
    /// Git cannot be asked, or a link cannot be made.
    pub async fn lent(&mut self, repository: &Repository) -> Result<Vec<PathBuf>, Failure> {
        if self.lent.is_none() {
            self.lent = Some(self.scratch.lend(repository).await?.0);
        }
        Ok(self.lent.clone().unwrap_or_default())
    }

    /// The paths of the repository's files, from its top on: what git has, or would take.
    ///
    /// # Errors
    /// Git does not say, or there are too many.
    pub async fn paths(repository: &Repository) -> Result<Vec<String>, Failure> {
        let listed = repository.ask(&["ls-files", "-z", "--cached", "--others", "--exclude-standard"], "").await?;
        let paths: BTreeSet<&str> = listed.split('\0').filter(|it| !it.is_empty()).collect();
        match paths.len() > MOST_FILES {
            true => Err(Failure {
                kind: FailureKind::TooLong,
                message: format!("the repository has more than {MOST_FILES} files, which are not copied for a check"),
                hint: None,
            }),
            false => Ok(paths.into_iter().map(str::to_owned).collect()),
        }
    }

    /// Makes all files as the disk has them, or the open buffers. Blocks.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn bring_up(&mut self, paths: &[String], buffers: &BTreeMap<String, String>) -> Result<(), Failure> {
        self.bring_all(paths, buffers).map_err(|error| failed(&error))
    }

    fn bring_all(&mut self, paths: &[String], buffers: &BTreeMap<String, String>) -> io::Result<()> {
        let mut gone: BTreeSet<String> = self.touched.clone();
        gone.extend(self.known.keys().cloned());
        for path in paths {
            if self.bring_one(path, buffers.get(path))? {
                gone.remove(path);
            } else {
                gone.insert(path.clone());
            }
        }
        let tree = self.scratch.tree();
        for path in gone {
            self.known.remove(&path);
            // A link, or what lies behind one, is none of the files that were written here.
            if place(&tree, &path).is_ok_and(|it| it.is_file()) {
                write(&tree, &path, None)?;
            }
        }
        self.touched.clear();
        Ok(())
    }

    /// Whether there is such a file. What is neither a file nor small enough stays as the commit has it.
    fn bring_one(&mut self, path: &str, buffer: Option<&String>) -> io::Result<bool> {
        let (source, tree) = (self.top.join(path), self.scratch.tree());
        let about = match fs::symlink_metadata(&source) {
            Ok(about) if !about.is_file() || about.len() > LARGEST => return Ok(true),
            Ok(about) => about,
            Err(_) if buffer.is_none() => return Ok(false),
            Err(error) => return Err(error),
        };
        let Ok(copy) = place(&tree, path) else { return Ok(true) };
        let there = fs::symlink_metadata(&copy).ok().filter(Metadata::is_file).map(|it| Stamp::of(&it));
        let disk = buffer.is_none().then(|| Stamp::of(&about));
        if let Some(known) = self.known.get(path)
            && disk.is_some()
            && known.disk == disk
            && there.as_ref() == Some(&known.copy)
        {
            return Ok(true);
        }
        let bytes = match buffer {
            Some(text) => text.clone().into_bytes(),
            None => fs::read(&source)?,
        };
        if there.is_none() || fs::read(&copy)? != bytes {
            write(&tree, path, Some(&bytes))?;
            fs::set_permissions(&copy, about.permissions())?;
        }
        let copy = Stamp::of(&fs::symlink_metadata(&copy)?);
        self.known.insert(path.to_owned(), Known { disk, copy });
        Ok(true)
    }

    /// Puts files of a change there, each with its text or none. They are as the disk has them after the next [`Self::bring_up`].
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn put(&mut self, files: &[(String, Option<String>)]) -> Result<(), Failure> {
        for (path, text) in files {
            self.known.remove(path);
            self.touched.insert(path.clone());
            let tree = self.scratch.tree();
            let is_there = read(&tree, path).map_err(|error| failed(&error))?.is_some();
            if text.is_some() || is_there {
                write(&tree, path, text.as_deref().map(str::as_bytes)).map_err(|error| failed(&error))?;
            }
        }
        Ok(())
    }
}

fn failed(error: &io::Error) -> Failure {
    Failure {
        kind: FailureKind::Storage,
        message: format!("the tree for the project's own checks cannot be written: {error}"),
        hint: None,
    }
}
