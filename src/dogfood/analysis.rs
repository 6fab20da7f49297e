//! An analysis: where work on a repository pays, and what was not looked at.

use super::{
    point::{Point, ranked},
    points::{complexity, documentation, findings, large_files, uncovered, untested},
    project_checks::{self, ProjectCheck},
    reports::{self, Reports, TestTimes},
};
use crate::{
    corpus::{self, FileMeasures, Measured, StopFlag},
    engine::{ContextSize, Usage, context_failure, internal_failure},
    failure::Failure,
    review::{
        self, Request,
        finding::Place,
        git::{Churn, Repository},
        scope::Scope,
    },
};
pub use documentation::Documented;
use rustc_hash::FxHashMap;
use std::time::{Duration, SystemTime};

/// How far back it is looked at what was changed, and at how many commits at most.
const PERIOD: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const MOST_COMMITS: usize = 20_000;

/// Hot files and hard functions that are told as facts.
const MOST_FACTS: usize = 5;

/// Where work pays.
#[derive(Debug, Clone, Default)]
pub struct Analysis {
    /// The most worthwhile first.
    pub points: Vec<Point>,
    /// How many more there are of each kind.
    pub not_shown: Vec<(&'static str, usize)>,
    pub facts: Facts,
    /// The commands that the project checks itself with. They were not run.
    pub checks: Vec<ProjectCheck>,
    pub context: ContextSize,
    /// The commit that is checked out; what is not committed was read as well.
    pub commit: Option<String>,
    /// The models that reviewed and refuted, and what they used.
    pub models: Option<(String, String, Usage)>,
    /// Sentences about what was not looked at.
    pub not_looked_at: Vec<String>,
    /// Sentences about what was read only in part.
    pub warnings: Vec<String>,
    /// Whether a part of the text was not read, or not by the models.
    pub is_partial: bool,
}

/// What was measured, for a person to judge.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Commits of the last year.
    pub commits: usize,
    /// Files of code that were changed most, with how many commits have changed them and how many lines they have.
    pub hot: Vec<(String, usize, usize)>,
    /// The functions that are hardest to follow, with their complexity.
    pub hard: Vec<(Place, String, usize)>,
    pub functions: usize,
    pub documented: Documented,
    /// Files of code that define functions, and how many of them no test names; nothing without tests.
    pub named_by_no_test: Option<(usize, usize)>,
    /// What the project's own coverage says: its report, the lines that it speaks of, and how many of them tests have run.
    pub coverage: Option<(String, usize, usize)>,
    pub tests: Option<TestTimes>,
}

/// Analyses a text. At most `most` points are kept. Whoever raises `stop` is not waited for.
///
/// # Errors
/// The text cannot be read, or the repository's dismissals make no sense.
pub async fn analyze(request: &Request, most: usize, stop: &StopFlag) -> Result<Analysis, Failure> {
    let everything = Request { most: usize::MAX, ..request.clone() };
    let review = review::review(&everything, stop).await?;
    let repository = match &request.folder {
        Some(folder) => Repository::around(folder).await,
        None => None,
    };
    let mut not_looked_at = review.not_checked.clone();
    let churn = match &repository {
        Some(repository) => churn(repository, &mut not_looked_at).await,
        None => {
            not_looked_at.push("what is changed often: this is no repository of git, or there is no git".to_owned());
            Churn::default()
        }
    };
    let Looked { measured, checks, changes, reports } =
        measure(request, repository.as_ref(), churn.changes, stop).await?;
    let of_file = |path: &str| changes.get(path).copied().unwrap_or_default();
    let mut points: Vec<Point> = review.findings.iter().map(findings::point).collect();
    points.extend(complexity::points(&measured.files, of_file));
    points.extend(documentation::points(&measured.files));
    match &reports.coverage {
        Some(coverage) => {
            points.extend(uncovered::points(&measured.files, coverage, of_file));
            // What is measured need not be guessed by names.
            let unmeasured = untested::points(&measured, of_file).into_iter();
            points.extend(unmeasured.filter(|it| !coverage.files.contains_key(&it.place.path)));
        }
        None => points.extend(untested::points(&measured, of_file)),
    }
    points.extend(large_files::points(&measured.files, churn.commits, of_file));
    let mut points = ranked(points);
    let rest = points.split_off(points.len().min(most));
    let commit = match &repository {
        Some(repository) => repository.head().await.ok(),
        None => None,
    };
    not_looked_at.extend(reports.problems.clone());
    not_looked_at.extend(never_looked_at(&measured, &reports, review.models.is_some()));
    Ok(Analysis {
        facts: facts(&measured, &reports, churn.commits, of_file),
        not_shown: counted_by_kind(&rest),
        points,
        checks,
        is_partial: review.is_partial(),
        context: review.context,
        commit,
        models: review.models,
        not_looked_at,
        warnings: review.warnings,
    })
}

async fn churn(repository: &Repository, not_looked_at: &mut Vec<String>) -> Churn {
    let since = SystemTime::now().checked_sub(PERIOD).unwrap_or(SystemTime::UNIX_EPOCH);
    let churn = repository.churn(since, MOST_COMMITS).await.unwrap_or_default();
    match churn.commits {
        0 => not_looked_at.push("what is changed often: the last year has no commit".to_owned()),
        1 => not_looked_at.push("what is changed often: the last year has one commit".to_owned()),
        _ => {}
    }
    // One commit says of no file that it is changed often.
    if churn.commits > 1 { churn } else { Churn::default() }
}

/// What can be read without a model.
struct Looked {
    /// What the files say of themselves.
    measured: Measured,
    checks: Vec<ProjectCheck>,
    /// How often each file was changed, by its shown path.
    changes: FxHashMap<String, usize>,
    reports: Reports,
}

async fn measure(
    request: &Request,
    repository: Option<&Repository>,
    changes: FxHashMap<String, usize>,
    stop: &StopFlag,
) -> Result<Looked, Failure> {
    let (request, top, stop) = (request.clone(), repository.map(|it| it.top.clone()), stop.clone());
    let work = move || {
        let scope = Scope::new(&request.snapshot, request.root.as_deref(), top.as_deref(), request.is_narrowed);
        let context = request.snapshot.context()?;
        let measured = corpus::measures(&context, &stop)?;
        let changed = |file: &FileMeasures| {
            let path = scope.path_from_base(&file.path)?;
            Some((file.path.clone(), *changes.get(&path)?))
        };
        let changes = measured.files.iter().filter_map(changed).collect();
        let reports = request.root.as_deref().map(|root| reports::found(root, &measured)).unwrap_or_default();
        Ok::<_, corpus::Error>(Looked { checks: project_checks::found(&context)?, measured, changes, reports })
    };
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| internal_failure(&error))?;
    done.map_err(|error| context_failure(&error))
}

fn facts(measured: &Measured, reports: &Reports, commits: usize, changes: impl Fn(&str) -> usize) -> Facts {
    let files = &measured.files;
    let mut hot: Vec<(String, usize, usize)> =
        files.iter().map(|it| (it.path.clone(), changes(&it.path), it.lines)).filter(|it| it.1 > 1).collect();
    hot.sort_by_key(|(path, changes, lines)| (std::cmp::Reverse(changes * lines), path.clone()));
    hot.truncate(MOST_FACTS);
    let mut hard: Vec<(Place, String, usize)> = Vec::new();
    for file in files {
        hard.extend(file.measures.functions.iter().filter(|it| it.complexity > 0).map(|it| {
            let place = Place { path: file.path.clone(), first_line: it.first_line, last_line: it.last_line };
            (place, it.name.clone(), it.complexity)
        }));
    }
    hard.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
    hard.truncate(MOST_FACTS);
    let with_functions = files.iter().filter(|it| !it.measures.functions.is_empty()).count();
    Facts {
        commits,
        hot,
        hard,
        functions: files.iter().map(|it| it.measures.functions.len()).sum(),
        documented: Documented::of(files),
        named_by_no_test: measured.named_by_no_test.as_ref().map(|it| (with_functions, it.len())),
        coverage: reports.coverage.as_ref().map(|it| {
            let (lines, covered) = it.counts();
            (it.report.clone(), lines, covered)
        }),
        tests: reports.tests.clone(),
    }
}

/// What no analysis looks at, or not this one.
fn never_looked_at(measured: &Measured, reports: &Reports, by_models: bool) -> Vec<String> {
    let mut sentences = Vec::new();
    if measured.named_by_no_test.is_none() {
        sentences.push("which files no test names: no tests were found in what was read".to_owned());
    }
    let covers = reports.coverage.is_none().then_some("what tests cover");
    let slow = reports.tests.is_none().then_some("which of them are slow");
    let missing: Vec<&str> = covers.into_iter().chain(slow).collect();
    if !missing.is_empty() {
        sentences.push(format!(
            "{}: nothing of the project was run, and no report of that was found",
            missing.join(" and ")
        ));
    }
    sentences.push("how fast anything is: nothing of the project was run".to_owned());
    if !by_models {
        sentences.push(
            "faults that only reading shows: no model is configured that can review (`rlm models` says how to choose one)"
                .to_owned(),
        );
    }
    sentences
}

fn counted_by_kind(points: &[Point]) -> Vec<(&'static str, usize)> {
    let mut counts: Vec<(&'static str, usize)> = Vec::new();
    for point in points {
        match counts.iter_mut().find(|(kind, _)| *kind == point.kind) {
            Some((_, count)) => *count += 1,
            None => counts.push((point.kind, 1)),
        }
    }
    counts
}
