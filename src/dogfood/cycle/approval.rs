//! Approval: what the person takes becomes a commit on a branch of its own.

use super::{Content, Plan, baseline};
use crate::{
    dogfood::{
        branch,
        checks::Ending,
        scratch::{Scratch, read, write},
    },
    edit::PlacedHunk,
    failure::{Failure, FailureKind},
    store::KeptProposal,
};

/// What was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    pub branch: String,
    pub commit: String,
    pub count: usize,
}

/// Commits proposals of a cycle that were offered, as the store has them. Of several, the checks are run on all of them together first.
///
/// # Errors
/// One was not offered, they do not fit together, or a check fails with all of them.
pub async fn approve(plan: &Plan<'_>, cycle: i64, numbers: &[i64]) -> Result<Approved, Failure> {
    let place = plan.repository.top.display().to_string();
    let kept = plan.store.proposals(place.clone()).await;
    let chosen: Vec<&KeptProposal> =
        kept.iter().filter(|it| it.cycle == cycle && numbers.contains(&it.number) && it.state == "offered").collect();
    let missing = numbers.iter().find(|number| !chosen.iter().any(|it| it.number == **number));
    if let Some(number) = missing {
        return Err(refused(
            format!("proposal {number} of cycle {cycle} was not offered, or was taken before"),
            "`rlm dogfood history` shows what there is",
        ));
    }
    let Some(base) = chosen.first().map(|it| it.base.clone()) else {
        return Err(refused("nothing was named".to_owned(), "give the numbers of proposals, such as 1,3"));
    };
    let contents: Vec<Content> = chosen.iter().filter_map(|it| serde_json::from_str(&it.content).ok()).collect();
    let files = together(&contents)?;
    if contents.len() > 1 {
        check_together(plan, &base, &files).await?;
    }
    let branch = free_name(plan, cycle).await;
    let subject = format!("dogfood: cycle {cycle} - {} improvements", chosen.len());
    let body: String = chosen.iter().zip(&contents).map(|(it, content)| described(it, content)).collect();
    let commit = branch::commit(&plan.repository, &base, &files, &format!("{subject}\n\n{body}"), &branch).await?;
    plan.store.accept_proposals(place, cycle, numbers.to_vec(), commit.clone()).await;
    Ok(Approved { branch, commit, count: chosen.len() })
}

fn described(proposal: &KeptProposal, content: &Content) -> String {
    let proof: String = content.proof.iter().map(|it| format!("  {it}\n")).collect();
    format!("- {} ({})\n{proof}", proposal.title, proposal.kind)
}

/// The files with all of these changes.
fn together(contents: &[Content]) -> Result<Vec<branch::CommittedFile>, Failure> {
    let mut files: Vec<(String, Option<String>, Option<String>)> = Vec::new();
    for new in contents.iter().flat_map(|it| &it.files) {
        match files.iter_mut().find(|(path, ..)| *path == new.path) {
            None => files.push((new.path.clone(), new.old.clone(), new.text.clone())),
            Some((path, old, so_far)) => {
                let conflict = || {
                    let message = format!("two of the proposals change the same lines of {path}");
                    refused(message, "take one of them, merge it, and run another cycle")
                };
                let (Some(old), Some(now), Some(text)) = (old.as_deref(), so_far.as_deref(), new.text.as_deref())
                else {
                    return Err(conflict());
                };
                *so_far = Some(merged(old, now, text).ok_or_else(conflict)?);
            }
        }
    }
    Ok(files.into_iter().map(|(path, _, text)| (path, text)).collect())
}

/// Two changes of the same text, if they touch other lines.
fn merged(old: &str, one: &str, other: &str) -> Option<String> {
    let mut hunks: Vec<PlacedHunk> = difference(old, one);
    for hunk in difference(old, other) {
        let meets = |it: &PlacedHunk| hunk.lines.start <= it.lines.end && it.lines.start <= hunk.lines.end;
        if hunks.iter().any(meets) {
            return None;
        }
        hunks.push(hunk);
    }
    hunks.sort_by_key(|it| it.lines.start);
    Some(crate::edit::apply(old, &hunks))
}

/// The one stretch of lines in which two texts differ.
fn difference(old: &str, new: &str) -> Vec<PlacedHunk> {
    let lines = |text: &'_ str| -> Vec<String> { text.split_inclusive('\n').map(str::to_owned).collect() };
    let (old, new) = (lines(old), lines(new));
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let own = new[head..new.len() - tail].concat();
    vec![PlacedHunk { lines: head..old.len() - tail, new: own, slips: Vec::new() }]
}

/// Runs the checks on the commit, and then with all of the changes.
async fn check_together(plan: &Plan<'_>, base: &str, files: &[branch::CommittedFile]) -> Result<(), Failure> {
    let scratch = Scratch::new(&plan.home, &plan.repository, base).await?;
    let (runner, _) = super::runner(plan, &scratch).await?;
    let baselines = baseline::measure(&runner, &plan.checks, plan.limit, plan.say).await?;
    scratch.keep_base(base).await?;
    scratch.renew_tree()?;
    for (path, text) in files {
        let written =
            read(&scratch.tree(), path).and_then(|_| write(&scratch.tree(), path, text.as_deref().map(str::as_bytes)));
        written.map_err(|error| refused(format!("{path}: {error}"), "run another cycle"))?;
    }
    for baseline in baselines.iter().filter(|it| it.says_something()) {
        (plan.say)(&format!("`{}` with all of them", baseline.check.written));
        let ran = runner.run(&baseline.check, plan.limit).await?;
        let loss = baseline.results.losses(&ran.results).into_iter().next();
        if baseline.passes && ran.ending != Ending::Passed || loss.is_some() {
            let what = loss.unwrap_or_else(|| "it fails".to_owned());
            let message = format!("together they do not pass `{}`: {what}", baseline.check.written);
            return Err(refused(message, "take fewer of them"));
        }
    }
    Ok(())
}

/// A name that no branch has.
async fn free_name(plan: &Plan<'_>, cycle: i64) -> String {
    let known = plan.repository.ask(&["for-each-ref", "--format=%(refname)", "refs/heads"], "").await;
    let known = known.unwrap_or_default();
    // Where a branch has the name of the folder, no branch can lie below it.
    let folder = if known.lines().any(|it| it == "refs/heads/dogfood") { "dogfood-" } else { "dogfood/" };
    let first = format!("{folder}cycle-{cycle}");
    let names = std::iter::once(first.clone()).chain((2..1000).map(|more| format!("{first}-{more}")));
    let is_free = |name: &String| !known.lines().any(|it| it.strip_prefix("refs/heads/") == Some(name.as_str()));
    names.into_iter().find(is_free).unwrap_or(first)
}

fn refused(message: String, hint: &str) -> Failure {
    Failure { kind: FailureKind::Configuration, message, hint: Some(hint.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_other_lines_are_put_together() {
        let old = "a\nb\nc\nd\ne\n";
        assert_eq!(merged(old, "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\nf\n").as_deref(), Some("A\nb\nc\nd\nE\nf\n"));
        assert_eq!(merged(old, "a\nc\nd\ne\n", "a\nb\nc\nd\nx\ne\n").as_deref(), Some("a\nc\nd\nx\ne\n"));
        assert_eq!(merged(old, "a\nB\nc\nd\ne\n", "a\nX\nc\nd\ne\n"), None);
    }
}
