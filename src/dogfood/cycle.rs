//! A cycle: analyse, propose, apply each proposal alone to a tree of its own, run the project's checks there, judge, and offer what holds.
//!
//! Nothing of the person's repository is written until they approve; then there is one new branch ([`branch`](super::branch)). What judges
//! lies outside of the trees: in this program.

mod approval;
mod baseline;
mod kills;
mod subjects;
mod survivors;
mod trial;

pub use super::suggestion::Wanted;
pub use approval::{Approved, approve};
pub use baseline::Baseline;
pub use survivors::UnnoticedFault;

use super::{
    checks::{Check, Runner},
    scratch::Scratch,
    suggestion::{Suggestion, Unread},
};
use crate::{
    corpus::{Root, Selection, Snapshot, StopFlag},
    engine::{Usage, context_failure, internal_failure},
    failure::{Failure, FailureKind},
    review::{Request, Reviewers, git::Repository},
    store::{KeptProposal, Store},
};
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use subjects::{Subjects, suggest};
use trial::{Trial, Trialled};

/// What a cycle works on, and how.
pub struct Plan<'a> {
    pub repository: Repository,
    pub checks: Vec<Check>,
    /// This program.
    pub program: PathBuf,
    /// Where folders of cycles are made, outside of every repository.
    pub home: PathBuf,
    /// How long one check may take.
    pub limit: Duration,
    pub keeps_network: bool,
    /// Whether checks may run without walls where the system has none.
    pub allows_weak: bool,
    /// The most proposals that are tried.
    pub most: usize,
    pub instructions: Option<String>,
    /// What is proposed.
    pub wanted: Wanted,
    pub store: &'a Store,
    /// Says what is done now.
    pub say: &'a (dyn Fn(&str) + Sync),
}

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Offered,
    Rejected,
}

impl State {
    /// As the store and reports have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Rejected => "rejected",
        }
    }
}

/// A proposal that was judged.
#[derive(Debug, Clone)]
pub struct Judged {
    /// In its cycle, from 1.
    pub number: usize,
    pub title: String,
    /// What it claims to be, in a word.
    pub kind: String,
    pub state: State,
    /// Why it is proposed.
    pub reason: String,
    /// Why it is not offered; empty if it is.
    pub why: String,
    /// What shows that it holds.
    pub proof: Vec<String>,
    pub diff: String,
    pub digest: String,
    /// The files as they would be.
    pub files: Vec<NewFile>,
}

/// A file as a proposal would have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewFile {
    pub path: String,
    /// Nothing if it is removed.
    pub text: Option<String>,
    /// What was there before.
    pub old: Option<String>,
}

/// What a proposal changes, as the store keeps it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Content {
    pub files: Vec<NewFile>,
    pub diff: String,
    pub proof: Vec<String>,
    pub reason: String,
}

/// What a cycle came to.
#[derive(Debug, Clone, Default)]
pub struct Cycle {
    pub number: i64,
    /// The commit that it was made for.
    pub base: String,
    pub baselines: Vec<Baseline>,
    /// Faults that could be put into the files that were looked at and that no test notices, where tests are wanted.
    pub unnoticed: Vec<UnnoticedFault>,
    pub proposals: Vec<Judged>,
    /// The model that proposed, and what it used.
    pub model: Option<(String, Usage)>,
    /// Sentences about what a person should know.
    pub notes: Vec<String>,
}

/// Runs a cycle. `consult` begins calls of the models for a text, if any are configured that can write patches.
///
/// # Errors
/// There is no commit, no check passes, or something of the cycle's own fails.
pub async fn run(
    plan: &Plan<'_>,
    consult: impl AsyncFnOnce(Arc<Snapshot>) -> Result<Option<Reviewers>, Failure>,
    stop: &StopFlag,
) -> Result<Cycle, Failure> {
    let base = plan.repository.head().await.map_err(|_| Failure {
        kind: FailureKind::Git,
        message: "the repository has no commit that a cycle could begin with".to_owned(),
        hint: Some("commit first: a cycle works on what is committed".to_owned()),
    })?;
    let place = plan.repository.top.display().to_string();
    let earlier = plan.store.proposals(place.clone()).await;
    let scratch = Scratch::new(&plan.home, &plan.repository, &base).await?;
    let (runner, lent) = runner(plan, &scratch).await?;
    let mut cycle = Cycle {
        number: next_number(&plan.repository, &earlier).await,
        base: base.clone(),
        notes: runner.gaps(),
        ..Cycle::default()
    };
    if !lent.is_empty() {
        cycle.notes.push(format!("checks could read, and not write, what git ignores in {}", lent.join(", ")));
    }
    cycle.baselines = baseline::measure(&runner, &plan.checks, plan.limit, plan.say).await?;
    cycle.notes.extend(cycle.baselines.iter().flat_map(Baseline::notes));
    scratch.keep_base(&base).await?;
    (plan.say)("looking for where work pays");
    let request = request(&scratch.base(), stop).await?;
    let models = consult(request.snapshot.clone()).await?;
    if models.is_none() {
        let note = match plan.wanted {
            Wanted::Patches => {
                "no model is configured that can write patches, so only mendings that need none are proposed; `rlm models` \
                 says how to choose one"
            }
            Wanted::Tests => {
                "no model is configured that can write tests, so none are proposed; `rlm models` says how to choose one"
            }
        };
        cycle.notes.push(note.to_owned());
    }
    let trial = Trial {
        scratch: &scratch,
        runner: &runner,
        baselines: &cycle.baselines,
        limit: plan.limit,
        dead_links: trial::dead_links(&request, stop).await?,
        survivors: survivors::Survivors::default(),
        stop,
    };
    let mut subjects = Subjects::of(plan, &request, stop).await?;
    if plan.wanted == Wanted::Tests {
        cycle.unnoticed = subjects.unnoticed(plan, &trial, &mut cycle.notes).await?;
    }
    let suggested = suggest(plan, &subjects, models.as_ref(), &earlier, &mut cycle.notes).await?;
    let count = suggested.len();
    let mut judged = Vec::with_capacity(count);
    for (number, suggested) in suggested.into_iter().enumerate() {
        let number = number + 1;
        match suggested {
            Ok(suggestion) => {
                (plan.say)(&format!("proposal {number} of {count}: {}", suggestion.title));
                let trialled = trial.of(&suggestion).await?;
                let verdict = of_trial(number, suggestion, trialled);
                let why = if verdict.why.is_empty() { verdict.proof.join("; ") } else { verdict.why.clone() };
                (plan.say)(&format!("proposal {number} is {}: {why}", verdict.state.name()));
                judged.push(verdict);
            }
            Err(unread) => judged.push(of_unread(number, unread)),
        }
    }
    cycle.proposals = judged;
    cycle.model = models.map(|it| (it.consultation.models().0.to_owned(), it.consultation.usage()));
    keep(plan.store, &place, &cycle).await;
    Ok(cycle)
}

/// What runs checks in a tree that was checked out, and how that is called which the tree was lent for them.
async fn runner(plan: &Plan<'_>, scratch: &Scratch) -> Result<(Runner, Vec<String>), Failure> {
    let places = scratch.places();
    let mut runner = Runner::new(plan.program.clone(), places, plan.keeps_network, plan.allows_weak).await?;
    if !runner.has_walls() {
        return Ok((runner, Vec::new()));
    }
    let (folders, names) = scratch.lend(&plan.repository).await?;
    runner.lend(folders);
    Ok((runner, names))
}

/// What is to be reviewed of a tree that is a repository of its own. Its text is looked for on the disk.
async fn request(tree: &Path, stop: &StopFlag) -> Result<Request, Failure> {
    let (tree, stop) = (tree.to_owned(), stop.clone());
    let look = move || {
        let root = Root { path: tree.clone(), label: String::new(), base: None, stream: false, may_be_store: false };
        let selection = Selection { roots: vec![root], ..Selection::default() };
        let snapshot = Snapshot::take(&selection, &stop).map_err(|error| context_failure(&error))?;
        Ok(Request {
            snapshot,
            folder: Some(tree.clone()),
            root: Some(tree),
            is_narrowed: false,
            range: None,
            only: None,
            baseline: None,
            models: None,
            instructions: None,
            most: usize::MAX,
        })
    };
    tokio::task::spawn_blocking(look).await.map_err(|error| internal_failure(&error))?
}

fn of_trial(number: usize, suggestion: Suggestion, trialled: Trialled) -> Judged {
    let Trialled { files, verdict } = trialled;
    let diff = files.iter().map(crate::edit::ChangedFile::diff).collect();
    let (state, why, proof) = match verdict {
        Ok(proof) => (State::Offered, String::new(), proof),
        Err(why) => (State::Rejected, why, Vec::new()),
    };
    let mut new = Vec::new();
    for file in files {
        if let Some(from) = file.renamed_from {
            new.push(NewFile { path: from, text: None, old: file.old.clone() });
            new.push(NewFile { path: file.path, text: file.new, old: None });
        } else {
            new.push(NewFile { path: file.path, text: file.new, old: file.old });
        }
    }
    Judged {
        number,
        title: suggestion.title,
        kind: suggestion.kind.name().to_owned(),
        state,
        reason: suggestion.why,
        why,
        proof,
        diff,
        digest: suggestion.digest,
        files: new,
    }
}

fn of_unread(number: usize, unread: Unread) -> Judged {
    let Unread { title, kind, why, digest } = unread;
    Judged {
        number,
        title,
        kind,
        state: State::Rejected,
        reason: String::new(),
        why,
        proof: Vec::new(),
        diff: String::new(),
        digest,
        files: Vec::new(),
    }
}

/// The number behind that of the last cycle that is known or has a branch.
async fn next_number(repository: &Repository, earlier: &[KeptProposal]) -> i64 {
    let branches = repository.ask(&["for-each-ref", "--format=%(refname)", "refs/heads/dogfood"], "").await;
    let of_branch = |name: &str| {
        let rest = name.strip_prefix("refs/heads/dogfood/cycle-")?;
        rest.split('-').next()?.parse::<i64>().ok()
    };
    let branches = branches.unwrap_or_default();
    let numbers = branches.lines().filter_map(of_branch).chain(earlier.iter().map(|it| it.cycle));
    numbers.max().unwrap_or_default() + 1
}

async fn keep(store: &Store, place: &str, cycle: &Cycle) {
    let kept = |it: &Judged| {
        let Judged { files, diff, proof, reason, .. } = it.clone();
        KeptProposal {
            place: place.to_owned(),
            cycle: cycle.number,
            number: i64::try_from(it.number).unwrap_or(i64::MAX),
            title: it.title.clone(),
            kind: it.kind.clone(),
            digest: it.digest.clone(),
            state: it.state.name().to_owned(),
            why: it.why.clone(),
            content: serde_json::to_string(&Content { files, diff, proof, reason }).unwrap_or_default(),
            base: cycle.base.clone(),
            commit: None,
            stored: 0,
        }
    };
    let proposals: Vec<KeptProposal> = cycle.proposals.iter().map(kept).collect();
    if !proposals.is_empty() {
        store.keep_proposals(proposals).await;
    }
}

impl Cycle {
    /// What holds.
    pub fn offered(&self) -> impl Iterator<Item = &Judged> {
        self.proposals.iter().filter(|it| it.state == State::Offered)
    }
}
