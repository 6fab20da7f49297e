//! What became of proposals: those that were taken, how they fared since, and the share of a repository's lines that came from cycles.

use crate::{
    failure::Failure,
    review::git::Repository,
    store::{KeptProposal, Store},
};
use rustc_hash::FxHashSet;

/// By which the commits of cycles are known.
const SUBJECT: &str = "^dogfood: cycle [0-9][0-9]* - [0-9][0-9]* improvements$";

/// A proposal of before.
#[derive(Debug, Clone)]
pub struct Entry {
    pub proposal: KeptProposal,
    /// How it fared since, if it was taken.
    pub fate: Option<String>,
}

/// The proposals of the last `count` cycles, the latest first.
pub async fn entries(repository: &Repository, store: &Store, count: usize) -> Vec<Entry> {
    let kept = store.proposals(repository.top.display().to_string()).await;
    let mut cycles: Vec<i64> = kept.iter().map(|it| it.cycle).collect();
    cycles.dedup();
    cycles.truncate(count);
    let mut entries = Vec::new();
    for proposal in kept.into_iter().filter(|it| cycles.contains(&it.cycle)) {
        let fate = match &proposal.commit {
            Some(commit) => Some(fate(repository, commit).await),
            None => None,
        };
        entries.push(Entry { proposal, fate });
    }
    entries
}

/// How a commit of a cycle fared: by what `HEAD` has of it.
async fn fate(repository: &Repository, commit: &str) -> String {
    let ask = async |arguments: &[&str]| repository.ask(arguments, "").await;
    if ask(&["cat-file", "-e", commit]).await.is_err() {
        return "its commit is gone".to_owned();
    }
    if ask(&["merge-base", "--is-ancestor", commit, "HEAD"]).await.is_err() {
        let branches = ask(&["for-each-ref", "--format=%(refname:short)", "--contains", commit, "refs/heads"]).await;
        let branches = branches.unwrap_or_default();
        return match branches.lines().next() {
            Some(branch) => format!("not merged; it is on {branch}"),
            None => "not merged, and no branch has it".to_owned(),
        };
    }
    let reverts = format!("This reverts commit {commit}");
    let reverted = ask(&[
        "log",
        "--no-show-signature",
        "--format=%H",
        "--fixed-strings",
        "--grep",
        &reverts,
        &format!("{commit}..HEAD"),
    ])
    .await;
    if reverted.is_ok_and(|it| !it.trim().is_empty()) {
        return "merged, and reverted".to_owned();
    }
    let added = added_lines(repository, commit).await;
    let left = lines_of(repository, &[commit.to_owned()].into_iter().collect()).await;
    match (left, added) {
        (left, added) if added > 0 => format!("merged; {left} of {added} lines are still there"),
        _ => "merged".to_owned(),
    }
}

/// How many lines a commit added.
async fn added_lines(repository: &Repository, commit: &str) -> usize {
    let arguments =
        ["diff-tree", "-r", "--no-commit-id", "--numstat", "--no-renames", "--no-ext-diff", "--no-textconv", commit];
    let numbers = repository.ask(&arguments, "").await.unwrap_or_default();
    numbers.lines().filter_map(|it| it.split('\t').next()?.parse::<usize>().ok()).sum()
}

/// How many lines of `HEAD` come from these commits.
async fn lines_of(repository: &Repository, commits: &FxHashSet<String>) -> usize {
    let mut paths: Vec<String> = Vec::new();
    for commit in commits {
        let arguments = ["diff-tree", "-r", "-z", "--no-commit-id", "--name-only", "--no-renames", commit.as_str()];
        let listed = repository.ask(&arguments, "").await.unwrap_or_default();
        paths.extend(listed.split('\0').filter(|it| !it.is_empty()).map(str::to_owned));
    }
    paths.sort();
    paths.dedup();
    let mut lines = 0;
    for path in paths {
        let blamed = repository.ask(&["blame", "--no-textconv", "--porcelain", "HEAD", "--", &path], "").await;
        // A line of a file begins with a tab; the commit before it has a line of its own for each.
        let of_commit = |line: &&str| {
            let mut words = line.split(' ');
            words.next().is_some_and(|it| commits.contains(it))
                && words.next().is_some_and(|it| it.parse::<usize>().is_ok())
        };
        lines += blamed.unwrap_or_default().lines().filter(|it| !it.starts_with('\t')).filter(of_commit).count();
    }
    lines
}

/// The share of lines that came from cycles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Commits of cycles that `HEAD` has.
    pub commits: usize,
    /// Lines of `HEAD` that git blames on them.
    pub lines: usize,
    /// Of all files that are text.
    pub all: usize,
}

/// Counts the lines of `HEAD`.
///
/// # Errors
/// There is no commit.
pub async fn share(repository: &Repository) -> Result<Share, Failure> {
    let head = repository.head().await?;
    let listed = repository.ask(&["log", "--no-show-signature", "--format=%H", "--grep", SUBJECT, &head], "").await?;
    let commits: FxHashSet<String> = listed.lines().map(str::to_owned).collect();
    let empty = repository.ask(&["hash-object", "-t", "tree", "--stdin"], "").await?;
    let arguments =
        ["diff-tree", "-r", "--numstat", "--no-renames", "--no-ext-diff", "--no-textconv", empty.trim(), &head];
    let numbers = repository.ask(&arguments, "").await?;
    let all = numbers.lines().filter_map(|it| it.split('\t').next()?.parse::<usize>().ok()).sum();
    Ok(Share { commits: commits.len(), lines: lines_of(repository, &commits).await, all })
}
