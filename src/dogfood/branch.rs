//! Writing what was approved down in the person's repository: objects, and one new branch that names them.
//!
//! This is the only code that writes there. It goes by git's plumbing with an index of its own, so that the working tree, the index, the
//! stash, `HEAD` and every other branch stay as they are, and no hook, filter or signature starts a program.

use crate::{
    exec,
    failure::{Failure, FailureKind},
    review::git::Repository,
    text::one_line,
};
use std::{io, path::Path};
use tokio::io::AsyncReadExt;

/// What holds for every call.
const GUARDS: [&str; 13] = [
    "--no-optional-locks",
    "--no-pager",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "gc.auto=0",
    "-c",
    "core.logAllRefUpdates=false",
    "-c",
    "protocol.allow=never",
    "--literal-pathspecs",
];

/// Who has written it. The person who approves is the committer.
const AUTHOR: [&str; 2] = ["GIT_AUTHOR_NAME=rlm dogfood", "GIT_AUTHOR_EMAIL=dogfood@localhost"];
const COMMITTER: [&str; 2] = ["GIT_COMMITTER_NAME=rlm dogfood", "GIT_COMMITTER_EMAIL=dogfood@localhost"];

/// A file of a commit: its path, and its text or nothing if it is removed.
pub type CommittedFile = (String, Option<String>);

/// Commits files on top of `base`, as a new branch. Returns the commit.
///
/// # Errors
/// Git fails, or there is such a branch already.
pub async fn commit(
    repository: &Repository,
    base: &str,
    files: &[CommittedFile],
    message: &str,
    branch: &str,
) -> Result<String, Failure> {
    let folder = tempfile::tempdir().map_err(|error| failed("index", &error.to_string()))?;
    let index = folder.path().join("index");
    let git = async |arguments: &[&str], input: &str| call(repository, &index, arguments, input).await;
    git(&["read-tree", base], "").await?;
    let listed = git(&["ls-tree", "-r", "-z", "--full-tree", base], "").await?;
    let mode_of = |path: &str| {
        listed.split('\0').find_map(|entry| {
            let (about, own) = entry.split_once('\t')?;
            (own == path).then(|| about.split(' ').next().unwrap_or_default().to_owned())
        })
    };
    let zero = "0".repeat(base.len());
    let mut entries = String::new();
    for (path, text) in files {
        let mode = mode_of(path).unwrap_or_else(|| "100644".to_owned());
        if !mode.starts_with("100") {
            return Err(failed("update-index", &format!("{path} is no file there")));
        }
        match text {
            Some(text) => {
                let blob = git(&["hash-object", "-w", "--no-filters", "--stdin"], text).await?;
                entries += &format!("{mode} {} 0\t{path}\0", blob.trim());
            }
            None => entries += &format!("0 {zero} 0\t{path}\0"),
        }
    }
    git(&["update-index", "-z", "--index-info"], &entries).await?;
    let tree = git(&["write-tree"], "").await?;
    let commit = git(&["commit-tree", tree.trim(), "-p", base], message).await?;
    let commit = commit.trim().to_owned();
    git(&["update-ref", &format!("refs/heads/{branch}"), &commit, &zero], "").await?;
    Ok(commit)
}

async fn call(repository: &Repository, index: &Path, arguments: &[&str], input: &str) -> Result<String, Failure> {
    let name = arguments.first().copied().unwrap_or_default();
    let place = repository.top.to_str().ok_or_else(|| failed(name, "the folder's name is no text"))?;
    let has_identity = repository.ask(&["var", "GIT_COMMITTER_IDENT"], "").await.is_ok();
    let committer = if has_identity { &[][..] } else { &COMMITTER[..] };
    let mut words: Vec<String> = vec!["env".to_owned(), format!("GIT_INDEX_FILE={}", index.display())];
    words.extend(AUTHOR.iter().chain(committer).map(|&it| it.to_owned()));
    words.extend(["git", "-C", place].into_iter().chain(GUARDS).chain(arguments.iter().copied()).map(str::to_owned));
    let read = async |mut output: tokio::process::ChildStdout| {
        let mut bytes = Vec::new();
        output.read_to_end(&mut bytes).await?;
        Ok::<_, io::Error>(String::from_utf8_lossy(&bytes).into_owned())
    };
    let ended = exec::run(&words, &[], input, read).await.map_err(|error| failed(name, &error.to_string()))?;
    match ended.status.success() {
        true => Ok(ended.output),
        false => Err(failed(name, &ended.complaint)),
    }
}

fn failed(what: &str, why: &str) -> Failure {
    Failure {
        kind: FailureKind::Git,
        message: format!("git {what} failed, and nothing was committed: {}", one_line(why, 300)),
        hint: None,
    }
}
