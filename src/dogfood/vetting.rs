//! What the project itself says of a change that is proposed in an editor: its formatter, which sets the lines of the change, and its
//! checks, whose outcome is told beside it.
//!
//! Both are commands of the repository's settings, and run only if the person [trusts](super::trust) them, behind the
//! [walls](super::checks) of a cycle, in a [tree] of their own. The change is proposed whatever they say.

mod tree;

use super::{
    checks::{Check, Ending, Ran, Runner},
    trust::{self, EditCommands, Named},
};
use crate::{
    edit::{self, ChangedFile, Edited, Formatted},
    engine::internal_failure,
    failure::Failure,
    review::{folder_of, git::Repository},
    store::Store,
    text::one_line,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tree::Tree;

/// How long a formatter may take for one file.
const FORMAT: Duration = Duration::from_secs(20);

/// The longest piece of a check's output that is told in a sentence, in characters.
const SHOWN: usize = 160;

/// Vets changes, and keeps the tree of the last one.
#[derive(Default)]
pub struct Vetting(Arc<Mutex<Option<Tree>>>);

/// The tree, while it is worked on. Whoever is not waited for any more leaves it as it is then.
type Held = OwnedMutexGuard<Option<Tree>>;

/// Where a change is proposed, and what may be used.
pub struct Place<'a> {
    /// The file that it was asked for.
    pub file: &'a Path,
    /// The open documents that differ from the disk, or may.
    pub buffers: Vec<(PathBuf, String)>,
    pub store: &'a Store,
    /// Where trees are made.
    pub home: PathBuf,
    /// This one.
    pub program: PathBuf,
    /// Whether commands may run where the system has no walls.
    pub allows_weak: bool,
    /// Says what is done now.
    pub say: &'a (dyn Fn(String) + Send + Sync),
}

/// How a command has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    /// With the change and not without it.
    Failed,
    /// Without the change as well.
    FailedBefore,
    /// Nothing is known.
    NotRun,
}

/// What came of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vetted {
    pub command: String,
    pub outcome: Outcome,
    /// For a person.
    pub sentence: String,
    /// The end of what it has printed, where that says something.
    pub output: String,
}

/// The repository of a place, with the commands that its settings name for changes.
struct Project {
    repository: Repository,
    commands: EditCommands,
}

impl Vetting {
    /// Has a change formatted and checked. `paths` has the place of each of its files, by its name in the change. What cannot be
    /// done is told as a warning; without commands that are named nothing is done.
    pub async fn vet(
        &self,
        place: &Place<'_>,
        edited: &mut Edited,
        paths: &BTreeMap<String, PathBuf>,
    ) -> (Vec<Vetted>, Option<String>) {
        let project = match project(place).await {
            Ok(Some(project)) => project,
            Ok(None) => return (Vec::new(), None),
            Err(warning) => return (Vec::new(), Some(warning)),
        };
        let mut vetted = Vec::new();
        let done = self.vet_in(place, &project, edited, paths, &mut vetted).await;
        let warning = done.err().map(|failure| {
            format!("the project's own formatter and checks could not look at this change: {}", failure.message)
        });
        (vetted, warning)
    }

    async fn vet_in(
        &self,
        place: &Place<'_>,
        Project { repository, commands }: &Project,
        edited: &mut Edited,
        paths: &BTreeMap<String, PathBuf>,
        vetted: &mut Vec<Vetted>,
    ) -> Result<(), Failure> {
        let top = &repository.top;
        let names: BTreeMap<&str, String> =
            paths.iter().filter_map(|(name, path)| Some((name.as_str(), inside(top, path)?))).collect();
        let buffers = place.buffers.iter().filter_map(|(path, text)| Some((inside(top, path)?, text.clone())));
        let disk = Arc::new(Disk { paths: Tree::paths(repository).await?, buffers: buffers.collect() });
        let mut held = self.tree(place, repository).await?;
        let tree = held.as_mut().ok_or_else(|| internal_failure(&"there is no tree"))?;
        let mut runner = Runner::new(place.program.clone(), tree.scratch.places(), false, place.allows_weak).await?;
        if runner.has_walls() {
            runner.lend(tree.lent(repository).await?);
        }
        let mut held = brought_up(held, &disk).await?;
        for at in 0..edited.files.len() {
            let Some(path) = names.get(edited.files[at].path.as_str()) else { continue };
            let is_own = |(ending, _): &&(String, Check)| path.rsplit_once('.').is_some_and(|it| it.1 == ending);
            if let Some((_, formatter)) = commands.formatters.iter().find(is_own) {
                vetted.extend(format(place, &runner, formatter, path, edited, at).await);
            }
        }
        if commands.checks.is_empty() {
            return Ok(());
        }
        let Some(files) = moved(&edited.files, &names) else {
            let why = "was not run: the change is not all within the repository";
            vetted.extend(commands.checks.iter().map(|it| not_run(it, why)));
            return Ok(());
        };
        if let Some(tree) = held.as_mut() {
            tree.put(&files)?;
        }
        let clock = Clock { began: Instant::now(), limit: commands.limit };
        let failed = with_change(place, &runner, &commands.checks, &clock, vetted).await;
        let _held = brought_up(held, &disk).await?;
        without_change(place, &runner, failed, &clock, vetted).await;
        Ok(())
    }

    /// The tree of a repository: that of the last change, if it is one of the same commit.
    async fn tree(&self, place: &Place<'_>, repository: &Repository) -> Result<Held, Failure> {
        let mut held = self.0.clone().lock_owned().await;
        let is_of = match held.as_ref() {
            Some(tree) => tree.is_of(repository).await,
            None => false,
        };
        if !is_of {
            let old = held.take();
            // What was built in it may take a while to remove.
            tokio::task::spawn_blocking(move || drop(old)).await.map_err(|error| internal_failure(&error))?;
            *held = Some(Tree::new(&place.home, repository).await?);
        }
        Ok(held)
    }

    /// Removes the tree, unless somebody works on it.
    pub async fn end(&self) {
        if let Ok(mut held) = self.0.clone().try_lock_owned() {
            let old = held.take();
            // What stays is removed by the next one that begins.
            let _ = tokio::task::spawn_blocking(move || drop(old)).await;
        }
    }
}

/// The files as they are now.
struct Disk {
    paths: Vec<String>,
    buffers: BTreeMap<String, String>,
}

/// The time of all checks together.
struct Clock {
    began: Instant,
    limit: Duration,
}

impl Clock {
    fn left(&self) -> Duration {
        self.limit.saturating_sub(self.began.elapsed())
    }
}

/// A place from the top of a repository on, if it is one there; it need not exist.
fn inside(top: &Path, path: &Path) -> Option<String> {
    let known = path.parent().and_then(|it| it.canonicalize().ok()).zip(path.file_name());
    let path = known.map_or_else(|| path.to_owned(), |(folder, name)| folder.join(name));
    path.strip_prefix(top).ok()?.to_str().map(str::to_owned)
}

/// Brings the tree up to the files as they are now.
async fn brought_up(mut held: Held, disk: &Arc<Disk>) -> Result<Held, Failure> {
    let disk = disk.clone();
    let bring = move || {
        if let Some(tree) = held.as_mut() {
            tree.bring_up(&disk.paths, &disk.buffers)?;
        }
        Ok(held)
    };
    tokio::task::spawn_blocking(bring).await.map_err(|error| internal_failure(&error))?
}

/// The repository of a place, if it names commands for changes that the person trusts.
///
/// # Errors
/// It names some that are not trusted, or makes no sense; a sentence.
async fn project(place: &Place<'_>) -> Result<Option<Project>, String> {
    let folder = folder_of(place.file);
    let Some(repository) = Repository::around(&folder).await else { return Ok(None) };
    let top = repository.top.clone();
    let named: Named = tokio::task::spawn_blocking(move || trust::named(&top))
        .await
        .map_err(|error| internal_failure(&error))
        .and_then(|it| it)
        .map_err(|failure| failure.message)?;
    if named.edits.is_empty() {
        return Ok(None);
    }
    if !place.store.trusts(repository.top.display().to_string(), named.digest()).await {
        return Err(format!(
            "the project's own formatter and checks were not run, since you have not trusted them as they are now \
             (`rlm dogfood trust`): {}",
            one_line(&named.written().join("; "), SHOWN)
        ));
    }
    Ok(Some(Project { repository, commands: named.edits }))
}

/// Formats one file of a change. What the formatter makes of it takes its place.
async fn format(
    place: &Place<'_>,
    runner: &Runner,
    formatter: &Check,
    path: &str,
    edited: &mut Edited,
    at: usize,
) -> Option<Vetted> {
    let text = edited.files[at].new.clone().filter(|new| edited.files[at].old.as_ref() != Some(new))?;
    (place.say)(format!("{path} is formatted"));
    let told = |outcome, what: &str| Vetted {
        command: formatter.written.clone(),
        outcome,
        sentence: format!("`{}` {what}", formatter.written),
        output: String::new(),
    };
    let formatted = match runner.filter(formatter, path, &text, FORMAT).await {
        Ok(formatted) => formatted,
        Err(failure) => {
            let sentence = format!("{}; {path} stays as the model wrote it", failure.message);
            return Some(Vetted { sentence, ..told(Outcome::NotRun, "") });
        }
    };
    let change = &mut edited.proposal.files[at].change;
    let made = edit::formatted(change, &edited.files[at], &formatted);
    Some(match made {
        None => told(Outcome::Passed, &format!("has nothing to change in these lines of {path}")),
        Some(Formatted { change: by_it, file, is_cut }) => {
            let differs = file != edited.files[at];
            *change = by_it;
            edited.files[at] = file;
            told(
                Outcome::Passed,
                &match (differs, is_cut) {
                    (true, false) => format!("has formatted the change of {path}"),
                    (true, true) => format!(
                        "has formatted the change of {path}, but for lines in which it would change much around it"
                    ),
                    (false, _) => format!("was not used: it would change much of {path} around the change"),
                },
            )
        }
    })
}

/// The files of a change from the top of the repository on, with their new texts; nothing if one is not in it.
fn moved(files: &[ChangedFile], names: &BTreeMap<&str, String>) -> Option<Vec<(String, Option<String>)>> {
    let mut moved = Vec::new();
    for file in files {
        if let Some(from) = &file.renamed_from {
            moved.push((names.get(from.as_str())?.clone(), None));
        }
        moved.push((names.get(file.path.as_str())?.clone(), file.new.clone()));
    }
    Some(moved)
}

/// Runs the checks on the tree with the change; says which have failed.
async fn with_change<'c>(
    place: &Place<'_>,
    runner: &Runner,
    checks: &'c [Check],
    clock: &Clock,
    vetted: &mut Vec<Vetted>,
) -> Vec<(&'c Check, Ran)> {
    let mut failed = Vec::new();
    for check in checks {
        if clock.left().is_zero() {
            vetted.push(not_run(check, "was not run: there was no time left"));
            continue;
        }
        (place.say)(format!("`{}` runs on the change", check.written));
        match runner.run(check, clock.left()).await {
            Err(failure) => vetted.push(not_run(check, &format!("was not run: {}", failure.message))),
            Ok(ran) => match ran.ending {
                Ending::Passed => vetted.push(Vetted {
                    command: check.written.clone(),
                    outcome: Outcome::Passed,
                    sentence: format!("`{}` passes with this change", check.written),
                    output: String::new(),
                }),
                Ending::TooLong => {
                    let seconds = clock.limit.as_secs();
                    let why = format!("took longer than checks of a change may ({seconds} s), so nothing is known");
                    vetted.push(not_run(check, &why));
                }
                Ending::Failed(_) => failed.push((check, ran)),
            },
        }
    }
    failed
}

/// Runs the checks that have failed on the tree without the change.
async fn without_change(
    place: &Place<'_>,
    runner: &Runner,
    failed: Vec<(&Check, Ran)>,
    clock: &Clock,
    vetted: &mut Vec<Vetted>,
) {
    for (check, with) in failed {
        let before = match clock.left().is_zero() {
            true => None,
            false => {
                (place.say)(format!("`{}` runs without the change", check.written));
                runner.run(check, clock.left()).await.ok().map(|it| it.ending)
            }
        };
        vetted.push(of_failed(check, &with, before));
    }
}

/// What is told of a check that fails with a change; `before` is how it ends without it, if that is known.
fn of_failed(check: &Check, with: &Ran, before: Option<Ending>) -> Vetted {
    let is_error = |line: &&str| line.trim_start().to_lowercase().starts_with("error");
    let said = with.tail.lines().find(is_error).or_else(|| with.tail.lines().next_back()).unwrap_or_default();
    let (outcome, how) = match before {
        Some(Ending::Failed(_)) => (Outcome::FailedBefore, "fails, and fails without this change as well"),
        Some(Ending::Passed) => (Outcome::Failed, "fails with this change, and passes without it"),
        _ => (Outcome::Failed, "fails with this change; whether it does without it is not known"),
    };
    Vetted {
        command: check.written.clone(),
        outcome,
        sentence: format!("`{}` {how}: {}", check.written, one_line(said.trim(), SHOWN)),
        output: with.tail.clone(),
    }
}

fn not_run(check: &Check, what: &str) -> Vetted {
    Vetted {
        command: check.written.clone(),
        outcome: Outcome::NotRun,
        sentence: format!("`{}` {what}", check.written),
        output: String::new(),
    }
}
