//! Review: findings about a text, each with a place, a reason, and how it could be wrong.
//!
//! What can be found without a model is looked for first ([`checks`]); what a model finds is refuted where it can be ([`model`]). A finding is known by what it is about and not by its
//! line ([`finding`]), so that it stays the same under edits elsewhere, can be dismissed for good ([`dismissed`]) and can be
//! left to a baseline ([`baseline`]). Few are shown, and a review says what it has read and what it has not looked at.

pub mod baseline;
mod changes;
mod checks;
pub mod dismissed;
pub mod finding;
pub mod git;
mod interest;
mod model;
pub mod rule;
pub mod scope;
mod since;

use crate::{
    corpus::{self, Snapshot, StopFlag},
    engine::{
        Agreement, Consultation, ContextSize, Usage, context_failure, context_size, input_warnings, internal_failure,
    },
    failure::{Failure, FailureKind},
};
use baseline::Baseline;
use checks::Checked;
use dismissed::Dismissals;
use finding::{Draft, Finding, Place, identified};
use git::Repository;
use interest::Interest;
pub use model::Refuted;
use rule::{RULES, Rule};
use scope::Scope;
use since::Since;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

/// Marked comments of which git is asked how old they are.
const MOST_BLAMED: usize = 60;

/// What is to be reviewed, and how.
#[derive(Clone)]
pub struct Request {
    pub snapshot: Arc<Snapshot>,
    /// Where to look for a repository and for what it keeps; nothing for a text that lies nowhere.
    pub folder: Option<PathBuf>,
    /// The lone folder whose files are read, if it is one.
    pub root: Option<PathBuf>,
    /// Whether globs keep files out.
    pub is_narrowed: bool,
    /// Only what has changed since is of interest: a range of commits.
    pub range: Option<String>,
    /// Only these lines are of interest.
    pub only: Option<Place>,
    pub baseline: Option<Baseline>,
    /// The models that review, if any do.
    pub models: Option<Reviewers>,
    /// What the person wants of models that review.
    pub instructions: Option<String>,
    /// The most findings that are shown.
    pub most: usize,
}

/// The models of a review.
#[derive(Clone)]
pub struct Reviewers {
    pub consultation: Arc<Consultation>,
    pub agreement: Agreement,
}

/// What a review came to.
#[derive(Debug, Clone, Default)]
pub struct Review {
    /// In the order of their places.
    pub findings: Vec<Finding>,
    /// Those that were dismissed, each with the reason.
    pub dismissed: Vec<(Finding, String)>,
    /// Those that the baseline has.
    pub in_baseline: Vec<Finding>,
    /// How many more there are of each rule.
    pub not_shown: Vec<(&'static Rule, usize)>,
    pub context: ContextSize,
    /// The commit since which lines have changed, if only those were of interest.
    pub since: Option<String>,
    /// Sentences about what was not looked at.
    pub not_checked: Vec<String>,
    /// Sentences about what was read only in part.
    pub warnings: Vec<String>,
    /// Whether models were to read what they have not.
    pub is_cut: bool,
    /// What models have said that was refuted.
    pub refuted: Vec<Refuted>,
    /// The models that reviewed and refuted, and what they used.
    pub models: Option<(String, String, Usage)>,
    /// Where dismissals are kept.
    pub home: Option<PathBuf>,
}

/// Reviews a text. Whoever raises `stop` is not waited for.
///
/// # Errors
/// The text cannot be read, git knows no such range, or the repository's dismissals make no sense.
pub async fn review(request: &Request, stop: &StopFlag) -> Result<Review, Failure> {
    let repository = match &request.folder {
        Some(folder) => Repository::around(folder).await,
        None => None,
    };
    let top = repository.as_ref().map(|it| it.top.clone());
    let home = top.clone().or_else(|| request.root.clone());
    let dismissals = match &home {
        Some(home) => read_dismissals(home.clone()).await?,
        None => Dismissals::default(),
    };
    let (scope, checked) = check(request, top, stop).await?;
    let since = match &request.range {
        Some(range) => Some(Since::of(&request.snapshot, repository.as_ref(), &scope, range, stop).await?),
        None => None,
    };
    let interest = Interest { since: since.as_ref(), only: request.only.as_ref() };
    let Checked { mut drafts, todos, mut not_checked } = checked;
    if let Some(repository) = &repository {
        let missing: Vec<&str> = drafts.iter().filter_map(|draft| draft.missing.as_deref()).collect();
        let ignored = repository.ignored(&missing).await;
        checks::mark_ignored(&mut drafts, &ignored);
    }
    let left_out = todos.len().saturating_sub(MOST_BLAMED);
    if repository.is_some() && left_out > 0 {
        not_checked.push(format!(
            "the age of {left_out} of {} marked comments: git is asked about {MOST_BLAMED}",
            todos.len()
        ));
    }
    drafts.extend(aged(&request.snapshot, repository.as_ref(), &scope, todos, stop).await?);
    let (mut refuted, mut is_cut) = (Vec::new(), false);
    if let Some(models) = &request.models {
        let wishes = wishes(request, home.clone()).await?;
        let Reviewers { consultation, agreement } = models;
        let found = model::review(consultation, agreement, &request.snapshot, interest, &wishes, stop).await?;
        drafts.extend(found.drafts);
        not_checked.extend(found.not_checked);
        (refuted, is_cut) = (found.refuted, found.is_cut);
    }
    let findings = identified(drafts, |path| scope.path_from_base(path).unwrap_or_else(|| path.to_owned()));
    let findings = findings.into_iter().filter(|it| interest.concerns(it));
    let mut review = Review {
        context: context_size(&request.snapshot),
        since: since.as_ref().map(|it| it.commit.clone()),
        not_checked,
        warnings: input_warnings(&request.snapshot),
        refuted,
        is_cut,
        models: request.models.as_ref().map(|it| {
            let (root, worker) = it.consultation.models();
            (root.to_owned(), worker.to_owned(), it.consultation.usage())
        }),
        home,
        ..Review::default()
    };
    for finding in findings {
        match dismissals.reason(&finding.id) {
            Some(reason) => review.dismissed.push((finding, reason.to_owned())),
            None if request.baseline.as_ref().is_some_and(|it| it.has(&finding.id)) => review.in_baseline.push(finding),
            None => review.findings.push(finding),
        }
    }
    review.choose(request.most);
    Ok(review)
}

impl Review {
    /// Keeps so many findings, of each rule in turn, so that none hides the others.
    fn choose(&mut self, most: usize) {
        let mut by_rule: Vec<std::vec::IntoIter<Finding>> = Vec::new();
        for rule in RULES {
            let own: Vec<Finding> = self.findings.iter().filter(|it| it.rule.id == rule.id).cloned().collect();
            by_rule.push(own.into_iter());
        }
        let mut chosen = Vec::new();
        while chosen.len() < most && by_rule.iter().any(|it| it.len() > 0) {
            let round: Vec<Finding> = by_rule.iter_mut().filter_map(Iterator::next).collect();
            chosen.extend(round);
        }
        let cut = chosen.split_off(chosen.len().min(most));
        let rest = by_rule.into_iter().flatten().chain(cut);
        let rest: Vec<&'static str> = rest.map(|it| it.rule.id).collect();
        let count = |rule: &'static Rule| (rule, rest.iter().filter(|id| **id == rule.id).count());
        self.not_shown = RULES.into_iter().map(count).filter(|(_, count)| *count > 0).collect();
        chosen.sort_by(|a, b| a.place.cmp(&b.place));
        self.findings = chosen;
    }

    /// Adds the review of another folder.
    pub fn join(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.dismissed.extend(other.dismissed);
        self.in_baseline.extend(other.in_baseline);
        self.refuted.extend(other.refuted);
        for (rule, count) in other.not_shown {
            match self.not_shown.iter_mut().find(|(known, _)| known.id == rule.id) {
                Some((_, known)) => *known += count,
                None => self.not_shown.push((rule, count)),
            }
        }
        self.context.add(other.context);
        self.since = self.since.take().or(other.since);
        self.not_checked
            .extend(other.not_checked.into_iter().filter(|it| !self.not_checked.contains(it)).collect::<Vec<_>>());
        self.warnings.extend(other.warnings);
        self.is_cut |= other.is_cut;
        self.models = match (self.models.take(), other.models) {
            (Some((root, worker, mut used)), Some((_, _, more))) => {
                used += more;
                Some((root, worker, used))
            }
            (one, another) => one.or(another),
        };
        self.home = None;
    }

    /// Whether a part of the text was not read, or not by the models.
    pub fn is_partial(&self) -> bool {
        self.is_cut || self.context.cut > 0
    }
}

/// Dismisses the finding whose identity begins with `id`, for good. Returns its sentence.
///
/// # Errors
/// There is no such finding, or the file of dismissals cannot be written.
pub async fn dismiss(request: &Request, id: &str, reason: &str, stop: &StopFlag) -> Result<Finding, Failure> {
    let everything = Request { most: usize::MAX, range: None, only: None, baseline: None, ..request.clone() };
    let Review { findings, dismissed, home, .. } = review(&everything, stop).await?;
    let problem = |message: String, hint: Option<&str>| Failure {
        kind: FailureKind::BadFindings,
        message,
        hint: hint.map(str::to_owned),
    };
    let mut named = findings.into_iter().filter(|it| it.id.starts_with(id));
    let found = match (named.next(), named.next()) {
        (Some(only), None) => only,
        (Some(_), Some(_)) => return Err(problem(format!("`{id}` begins several findings"), Some("write more of it"))),
        (None, _) if dismissed.iter().any(|(it, _)| it.id.starts_with(id)) => {
            return Err(problem(format!("`{id}` was dismissed before"), None));
        }
        (None, _) => {
            let hint = "`rlm review` shows the findings that there are, each with its name";
            return Err(problem(format!("there is no finding `{id}`"), Some(hint)));
        }
    };
    let Some(home) = home else {
        return Err(problem("a text that lies in no folder has no place for dismissals".to_owned(), None));
    };
    note_dismissal(home, found.clone(), reason.to_owned()).await?;
    Ok(found)
}

/// Dismisses a finding of a review for good, in the folder that the review has told.
///
/// # Errors
/// The file of dismissals cannot be read or written.
pub async fn note_dismissal(home: PathBuf, finding: Finding, reason: String) -> Result<(), Failure> {
    blocking(move || Dismissals::read(&home)?.dismiss(&home, &finding, &reason)).await?
}

/// The file of a repository that says what it wants of reviews.
const INSTRUCTIONS: &str = "review.md";

/// What the repository and the person want of models that review.
async fn wishes(request: &Request, home: Option<PathBuf>) -> Result<Vec<String>, Failure> {
    let of_repository = match home {
        Some(home) => blocking(move || corpus::read_repository_file(&home, INSTRUCTIONS)).await?,
        None => Ok(None),
    };
    let of_repository = of_repository.map_err(|error| Failure {
        kind: FailureKind::BadFindings,
        message: format!("cannot read {}/{INSTRUCTIONS}: {error}", corpus::FOLDER),
        hint: None,
    })?;
    let wishes = of_repository.into_iter().chain(request.instructions.clone());
    Ok(wishes.map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect())
}

async fn read_dismissals(home: PathBuf) -> Result<Dismissals, Failure> {
    blocking(move || Dismissals::read(&home)).await?
}

/// The checks, beside the work of others.
async fn check(request: &Request, top: Option<PathBuf>, stop: &StopFlag) -> Result<(Scope, Checked), Failure> {
    let (request, stop) = (request.clone(), stop.clone());
    blocking(move || {
        let scope = Scope::new(&request.snapshot, request.root.as_deref(), top.as_deref(), request.is_narrowed);
        let context = request.snapshot.context()?;
        let checked = checks::all(&context, &scope, &stop)?;
        Ok::<_, corpus::Error>((scope, checked))
    })
    .await?
    .map_err(|error| context_failure(&error))
}

/// The findings about marked comments, with what git says of them.
async fn aged(
    snapshot: &Arc<Snapshot>,
    repository: Option<&Repository>,
    scope: &Scope,
    todos: Vec<checks::Todo>,
    stop: &StopFlag,
) -> Result<Vec<Draft>, Failure> {
    let mut aged: Vec<(checks::Todo, Option<git::Blame>)> = Vec::new();
    let Some(repository) = repository else {
        aged.extend(todos.into_iter().map(|todo| (todo, None)));
        return Ok(checks::todo_drafts(aged, false, SystemTime::now()));
    };
    let paths: Vec<Option<String>> =
        todos.iter().take(MOST_BLAMED).map(|it| scope.path_from_base(&it.place.path)).collect();
    let committed = since::committed(repository, paths.iter().flatten()).await;
    for (todo, path) in todos.into_iter().zip(paths) {
        let text = path.as_ref().and_then(|path| committed.get(path)).filter(|_| !stop.is_raised());
        let blame = match text.zip(path.as_ref()) {
            Some((text, path)) => since::blame(snapshot, repository, path, text, &todo.place).await,
            None => None,
        };
        aged.push((todo, blame));
    }
    Ok(checks::todo_drafts(aged, true, SystemTime::now()))
}

/// Runs what blocks beside the work of others.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| internal_failure(&error))
}

/// Where a review of what lies at a path looks for a repository.
pub fn folder_of(path: &Path) -> PathBuf {
    match path.is_dir() {
        true => path.to_owned(),
        false => path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned(),
    }
}
