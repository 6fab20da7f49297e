//! What git knows of a repository: what changed, who wrote a line and when, and what it ignores.
//!
//! A repository may come from anybody, and its configuration can name programs: filters, converters of text, monitors, remote
//! helpers. So git is only asked for what lies in its own database, by commands that start none of these; files of the working
//! tree are read by the corpus, or hashed without filters, and differences are found here ([`super::changes`]). What a partial
//! clone lacks is not fetched.

use crate::{
    exec,
    failure::{Failure, FailureKind},
    text::{one_line, visible_path},
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{io::AsyncReadExt, time::timeout};

/// What holds for every call: no monitor of files, no network, no lock that others would meet.
const GUARDS: [&str; 6] =
    ["--no-optional-locks", "--no-pager", "-c", "core.fsmonitor=false", "-c", "protocol.allow=never"];

/// How long one call may take, and how much it may say.
const PATIENCE: Duration = Duration::from_secs(60);
const MOST_OUTPUT: u64 = 256 << 20;

/// The largest earlier version of a file that is compared.
const LARGEST_BLOB: usize = 4 << 20;

/// A repository with a working tree.
#[derive(Debug)]
pub struct Repository {
    /// The folder of its working tree, without links.
    pub top: PathBuf,
}

/// Who wrote a line, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blame {
    pub author: String,
    pub time: SystemTime,
}

/// The files of a commit.
#[derive(Debug, Default)]
pub struct Tree {
    /// From each path to the name of its text.
    blobs: FxHashMap<String, String>,
}

/// What was changed lately.
#[derive(Debug, Default)]
pub struct Churn {
    pub commits: usize,
    /// Of each path from the top of the repository on, how many of these commits have changed it.
    pub changes: FxHashMap<String, usize>,
}

impl Tree {
    pub fn has(&self, path: &str) -> bool {
        self.blobs.contains_key(path)
    }
}

impl Repository {
    /// The repository that a folder lies in, if it does and there is a git.
    pub async fn around(folder: &Path) -> Option<Self> {
        let output = call(folder, &["rev-parse", "--show-toplevel"], "").await.ok()?;
        let top = PathBuf::from(output.strip_suffix('\n')?);
        let top = top.canonicalize().ok()?;
        // A configuration may name any folder as the working tree.
        folder.canonicalize().ok()?.starts_with(&top).then_some(Self { top })
    }

    /// The commit that a range begins with: `BASE`, `BASE..` and `BASE..HEAD` mean it itself, `BASE...` and `BASE...HEAD` where
    /// the two have parted.
    ///
    /// # Errors
    /// There is no such commit, or the range ends elsewhere than at the commit that is checked out.
    pub async fn base(&self, range: &str) -> Result<String, Failure> {
        let (base, end, parts) = match (range.split_once("..."), range.split_once("..")) {
            (Some((base, end)), _) => (base, end, true),
            (None, Some((base, end))) => (base, end, false),
            (None, None) => (range, "", false),
        };
        let or_head = |name: &str| if name.is_empty() { "HEAD".to_owned() } else { name.to_owned() };
        let (base, head) = (self.commit(&or_head(base)).await?, self.commit("HEAD").await?);
        if self.commit(&or_head(end)).await? != head {
            return Err(Failure {
                kind: FailureKind::Git,
                message: format!(
                    "the range `{}` ends at another commit than the one that is checked out",
                    shown(range)
                ),
                hint: Some(format!("check out {} first: the files are read as they are on the disk", shown(end))),
            });
        }
        if !parts {
            return Ok(base);
        }
        let ancestor = self.ask(&["merge-base", &base, &head], "").await.map_err(|_| Failure {
            kind: FailureKind::Git,
            message: format!("the two ends of `{}` have no commit in common", shown(range)),
            hint: None,
        })?;
        Ok(ancestor.trim().to_owned())
    }

    async fn commit(&self, name: &str) -> Result<String, Failure> {
        // What begins with a dash would be an option.
        let is_name = !name.starts_with('-') && !name.contains(['\0', '\n']);
        let wanted = format!("{name}^{{commit}}");
        let found = match is_name {
            true => self.ask(&["rev-parse", "--verify", "--quiet", &wanted], "").await.ok(),
            false => None,
        };
        found.map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).ok_or_else(|| Failure {
            kind: FailureKind::Git,
            message: format!("git knows no commit `{}`", shown(name)),
            hint: Some(format!("see `git log` in {}", visible_path(&self.top))),
        })
    }

    /// The files of a commit. Those whose names are no text are not among them.
    pub async fn tree(&self, commit: &str) -> Result<Tree, Failure> {
        let listing = self.ask(&["ls-tree", "-r", "-z", "--full-tree", commit], "").await?;
        let entry = |entry: &str| {
            let (about, path) = entry.split_once('\t')?;
            let mut about = about.split(' ').skip(1);
            (about.next()? == "blob").then_some(())?;
            Some((path.to_owned(), about.next()?.to_owned()))
        };
        Ok(Tree { blobs: listing.split('\0').filter_map(entry).collect() })
    }

    /// Which of these files, from the top of the repository on, are on the disk as the tree has them, byte by byte.
    pub async fn unchanged(&self, tree: &Tree, paths: &[String]) -> Result<FxHashSet<String>, Failure> {
        // A name with a line feed cannot be asked for, and is looked at as if it had changed.
        let known: Vec<&String> =
            paths.iter().filter(|it| tree.blobs.contains_key(*it) && !it.contains('\n')).collect();
        let known: Vec<&String> = known.into_iter().filter(|it| self.top.join(it).is_file()).collect();
        if known.is_empty() {
            return Ok(FxHashSet::default());
        }
        let input: String = known.iter().map(|path| format!("{path}\n")).collect();
        let hashes = self.ask(&["hash-object", "--no-filters", "--stdin-paths"], &input).await?;
        let pairs = known.iter().zip(hashes.lines());
        Ok(pairs.filter(|(path, hash)| tree.blobs[**path] == *hash).map(|(path, _)| (*path).clone()).collect())
    }

    /// What a tree has at these paths; nothing for what is no text, too large, or not there.
    pub async fn texts(&self, tree: &Tree, paths: &[String]) -> Result<FxHashMap<String, String>, Failure> {
        let known: Vec<(&String, &String)> =
            paths.iter().filter_map(|path| Some((path, tree.blobs.get(path)?))).collect();
        let input: String = known.iter().map(|(_, blob)| format!("{blob}\n")).collect();
        let output = self.bytes(&["cat-file", "--batch"], &input).await?;
        let mut rest = output.as_slice();
        let mut texts = FxHashMap::default();
        for (path, _) in known {
            let Some((head, body)) = split_line(rest) else { break };
            let size =
                head.rsplit(|&it| it == b' ').next().and_then(|it| std::str::from_utf8(it).ok()?.parse::<usize>().ok());
            // One that is missing has no body.
            let Some(size) = size.filter(|size| *size < body.len()) else {
                rest = body;
                continue;
            };
            if size <= LARGEST_BLOB
                && let Ok(text) = std::str::from_utf8(&body[..size])
            {
                texts.insert(path.clone(), text.to_owned());
            }
            rest = &body[size + 1..];
        }
        Ok(texts)
    }

    /// Which of these paths git ignores.
    pub async fn ignored(&self, paths: &[&str]) -> FxHashSet<String> {
        let input: String = paths.iter().map(|path| format!("{path}\0")).collect();
        // Its status says whether any is ignored.
        let output =
            call(&self.top, &["check-ignore", "--no-index", "-z", "--stdin"], &input).await.unwrap_or_default();
        output.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect()
    }

    /// Who wrote a line of a file as it was committed last.
    pub async fn blame(&self, path: &str, line: usize) -> Option<Blame> {
        let lines = format!("{line},{line}");
        let output =
            self.ask(&["blame", "--no-textconv", "--porcelain", "-L", &lines, "HEAD", "--", path], "").await.ok()?;
        let field = |name: &str| output.lines().find_map(|it| it.strip_prefix(name));
        let seconds = field("author-time ")?.parse().ok()?;
        let author = one_line(field("author ").unwrap_or_default(), 60);
        Some(Blame { author, time: UNIX_EPOCH + Duration::from_secs(seconds) })
    }

    /// The commit that is checked out.
    pub async fn head(&self) -> Result<String, Failure> {
        self.commit("HEAD").await
    }

    /// How often each file was changed by the last commits, at most so many and none before `since`, and how many commits
    /// that are. Merges are not counted.
    pub async fn churn(&self, since: SystemTime, most: usize) -> Result<Churn, Failure> {
        let seconds = since.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let (since, most) = (format!("--since={seconds}"), format!("--max-count={most}"));
        // Names only, so that no texts are compared, and no signature is looked at, which would start a program.
        let arguments = [
            "log",
            "-z",
            "--no-merges",
            "--no-renames",
            "--name-only",
            "--no-ext-diff",
            "--no-show-signature",
            "--format=%x01",
            &since,
            &most,
            "HEAD",
        ];
        let listing = self.ask(&arguments, "").await?;
        let mut churn = Churn::default();
        for commit in listing.split('\x01').skip(1) {
            churn.commits += 1;
            for path in commit.split('\0').map(|it| it.trim_start_matches('\n')).filter(|it| !it.is_empty()) {
                *churn.changes.entry(path.to_owned()).or_default() += 1;
            }
        }
        Ok(churn)
    }

    /// What git says. What it is asked for lies in its database, and the command starts no program.
    ///
    /// # Errors
    /// It fails.
    pub async fn ask(&self, arguments: &[&str], input: &str) -> Result<String, Failure> {
        call(&self.top, arguments, input).await
    }

    async fn bytes(&self, arguments: &[&str], input: &str) -> Result<Vec<u8>, Failure> {
        call_for_bytes(&self.top, arguments, input).await
    }
}

async fn call(folder: &Path, arguments: &[&str], input: &str) -> Result<String, Failure> {
    // Names that are no text are nothing that a text could be about.
    call_for_bytes(folder, arguments, input).await.map(|it| String::from_utf8_lossy(&it).into_owned())
}

async fn call_for_bytes(folder: &Path, arguments: &[&str], input: &str) -> Result<Vec<u8>, Failure> {
    let failed = |why: String| Failure {
        kind: FailureKind::Git,
        message: format!("git {} failed: {}", arguments.first().copied().unwrap_or_default(), one_line(&why, 200)),
        hint: None,
    };
    let Some(place) = folder.to_str() else { return Err(failed("the folder's name is no text".to_owned())) };
    let mut words: Vec<String> = ["git", "-C", place].into_iter().chain(GUARDS).map(str::to_owned).collect();
    words.extend(arguments.iter().map(|&it| it.to_owned()));
    let read = async |mut output: tokio::process::ChildStdout| {
        let mut bytes = Vec::new();
        (&mut output).take(MOST_OUTPUT + 1).read_to_end(&mut bytes).await?;
        match bytes.len() as u64 > MOST_OUTPUT {
            true => Err(io::Error::other("it says too much")),
            false => Ok(bytes),
        }
    };
    let ended = timeout(PATIENCE, exec::run(&words, &[], input, read)).await;
    let ended = ended.map_err(|_| failed(format!("it took more than {} s", PATIENCE.as_secs())))?;
    let ended = ended.map_err(|error| failed(error.to_string()))?;
    match ended.status.success() {
        true => Ok(ended.output),
        false => Err(failed(ended.complaint)),
    }
}

fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b'\n', bytes)?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

fn shown(name: &str) -> String {
    one_line(&crate::text::visible_line(name), 100)
}
