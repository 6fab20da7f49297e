//! The trial of one proposal: applied alone to a fresh tree, checked there, and held against what it claims.

use super::{Baseline, request, survivors::Survivors};
use crate::{
    corpus::StopFlag,
    dogfood::{
        checks::{Check, Ending, Ran, Runner},
        judge::{
            self,
            claim::{self, Kind},
            figures::Figure,
            kept_tests::tests_alone,
            speed,
        },
        scratch::{Scratch, copy_tree, read, remove_tree, write},
        suggestion::Suggestion,
    },
    edit::ChangedFile,
    engine::{context_failure, internal_failure},
    failure::{Failure, FailureKind},
    review::{
        self, Request,
        rule::{DEAD_LINK, MISSING_CITATION},
    },
    text::{counted, one_line},
};
use std::{fs, io, path::Path, time::Duration};

/// How much longer than on the commit a check may take, and how long at least.
const TIMES: u32 = 5;
const LEAST: Duration = Duration::from_secs(30);

/// What prints a test that cannot even be run on the old code, which says nothing of the fault.
const NO_RUN: [&str; 8] = [
    "could not compile",
    "SyntaxError",
    "ImportError",
    "ModuleNotFoundError",
    "_FailedTest",
    "error collecting",
    "Cannot find module",
    "[build failed]",
];

/// What a trial needs.
pub struct Trial<'a> {
    pub scratch: &'a Scratch,
    pub runner: &'a Runner,
    pub baselines: &'a [Baseline],
    /// How long a check may take at most.
    pub limit: Duration,
    /// Of the commit.
    pub dead_links: usize,
    /// Faults that no test notices.
    pub survivors: Survivors,
    pub stop: &'a StopFlag,
}

/// What came of a trial.
#[derive(Debug)]
pub struct Trialled {
    /// As far as the proposal fits.
    pub files: Vec<ChangedFile>,
    /// The proof, or why it is not offered.
    pub verdict: Result<Vec<String>, String>,
}

/// Links and cited places of a tree that lead nowhere.
///
/// # Errors
/// The tree cannot be read.
pub async fn dead_links(request: &Request, stop: &StopFlag) -> Result<usize, Failure> {
    let review = review::review(request, stop).await?;
    Ok(review.findings.iter().filter(|it| [DEAD_LINK.id, MISSING_CITATION.id].contains(&it.rule.id)).count())
}

impl Trial<'_> {
    /// Tries a proposal.
    ///
    /// # Errors
    /// Something fails that is no fault of the proposal.
    pub async fn of(&self, suggestion: &Suggestion) -> Result<Trialled, Failure> {
        let base = self.scratch.base();
        let files = match suggestion.patch.changed_files(|path| read(&base, path)) {
            Ok(files) => files,
            Err(refusal) => {
                return Ok(Trialled { files: Vec::new(), verdict: Err(format!("it does not apply: {refusal}")) });
            }
        };
        let verdict = self.judge(suggestion, &files).await?;
        Ok(Trialled { files, verdict })
    }

    /// The proof that a change holds, or why it does not.
    async fn judge(
        &self,
        suggestion: &Suggestion,
        files: &[ChangedFile],
    ) -> Result<Result<Vec<String>, String>, Failure> {
        let checks: Vec<Check> = self.baselines.iter().map(|it| it.check.clone()).collect();
        if files.iter().all(|it| it.old == it.new && it.renamed_from.is_none()) {
            return Ok(Err("it does nothing".to_owned()));
        }
        if let Some(objection) = judge::objection(files, &checks) {
            return Ok(Err(objection));
        }
        let held = match claim::hold(suggestion.kind, suggestion.figure, files) {
            Ok(held) => held,
            Err(why) => return Ok(Err(why)),
        };
        let claimed = match suggestion.kind {
            Kind::SpeedUp => {
                match self.baselines.iter().find(|it| it.passes && it.check.written == suggestion.command.trim()) {
                    Some(baseline) => Some(baseline),
                    None => {
                        let command = one_line(&suggestion.command, 80);
                        return Ok(Err(format!("it names no check that passes for what it makes faster: `{command}`")));
                    }
                }
            }
            _ => None,
        };
        self.apply(files.iter().map(|it| (it.path.as_str(), it.new.as_deref())), files)?;
        if let Some(why) = self.lost().await? {
            return Ok(Err(why));
        }
        let mut proof = vec![self.kept_sentence()];
        proof.extend(held);
        let more = match (suggestion.kind, suggestion.figure) {
            (Kind::BugFix, _) => self.fails_before(files).await?,
            (Kind::DeadCode, _) => self.dead(files).await?,
            (Kind::Test, _) => self.kills(&suggestion.subject, files).await?,
            (_, Some(Figure::DeadLinks)) => self.fewer_dead_links().await?,
            _ => Ok(Vec::new()),
        };
        match more {
            Ok(more) => proof.extend(more),
            Err(why) => return Ok(Err(why)),
        }
        if let Some(baseline) = claimed {
            match self.faster(baseline, files).await? {
                Ok(sentence) => proof.push(format!("`{}`: {sentence}", baseline.check.written)),
                Err(why) => return Ok(Err(why)),
            }
        }
        Ok(Ok(proof))
    }

    fn kept_sentence(&self) -> String {
        let of = |it: &Baseline| match it.results.named.len().max(it.results.passed) {
            0 => format!("`{}`", it.check.written),
            tests => format!("`{}` ({})", it.check.written, counted(tests, "test")),
        };
        let checks: Vec<String> = self.baselines.iter().filter(|it| it.says_something()).map(of).collect();
        format!("what passed before passes: {}", checks.join(", "))
    }

    /// What of what passed before does not pass any more.
    async fn lost(&self) -> Result<Option<String>, Failure> {
        for baseline in self.baselines.iter().filter(|it| it.says_something()) {
            let ran = self.run(baseline).await?;
            let name = &baseline.check.written;
            match ran.ending {
                Ending::TooLong => {
                    let limit = self.limit_of(baseline).as_secs_f64();
                    return Ok(Some(format!("`{name}` does not end within {limit:.0} s")));
                }
                Ending::Failed(status) if baseline.passes => {
                    let failed: Vec<&str> = ran.results.failed().take(3).collect();
                    let failed =
                        if failed.is_empty() { one_line(&last_lines(&ran.tail), 300) } else { failed.join(", ") };
                    return Ok(Some(format!("`{name}` passed before and fails (status {status}): {failed}")));
                }
                _ => {}
            }
            if let Some(loss) = baseline.results.losses(&ran.results).into_iter().next() {
                return Ok(Some(format!("`{name}`: {loss}")));
            }
        }
        Ok(None)
    }

    /// Whether the tests that a change brings fail on the old code.
    async fn fails_before(&self, files: &[ChangedFile]) -> Result<Result<Vec<String>, String>, Failure> {
        let tests = tests_alone(files);
        if tests.is_empty() {
            return Ok(Err("it claims to mend a fault, and brings no test that fails on the old code".to_owned()));
        }
        self.apply(tests.iter().map(|(path, text)| (path.as_str(), Some(text.as_str()))), &[])?;
        for baseline in self.baselines.iter().filter(|it| it.passes) {
            let ran = self.run(baseline).await?;
            if ran.ending == Ending::Passed {
                continue;
            }
            if let Some(mark) = NO_RUN.iter().find(|mark| ran.tail.contains(**mark)) {
                return Ok(Err(format!(
                    "the test that it brings does not run on the old code ({mark}), which says nothing of a fault"
                )));
            }
            let failed: Vec<String> = ran.results.failed().take(3).map(|it| format!("`{it}`")).collect();
            let what = match (ran.ending, failed.is_empty()) {
                (Ending::TooLong, _) => "does not end".to_owned(),
                (_, true) => "fails, by its status".to_owned(),
                (_, false) => format!("fails in {}", failed.join(", ")),
            };
            return Ok(Ok(vec![format!(
                "on the old code, with nothing but its tests, `{}` {what}",
                baseline.check.written
            )]));
        }
        Ok(Err("it claims to mend a fault, and the test that it brings passes on the old code as well".to_owned()))
    }

    async fn dead(&self, files: &[ChangedFile]) -> Result<Result<Vec<String>, String>, Failure> {
        let request = request(&self.scratch.tree(), self.stop).await?;
        let (files, stop) = (files.to_vec(), self.stop.clone());
        let look = move || {
            let context = request.snapshot.context()?;
            claim::dead(&files, &context, &stop)
        };
        let dead = tokio::task::spawn_blocking(look).await.map_err(|error| internal_failure(&error))?;
        dead.map_err(|error| context_failure(&error))
    }

    async fn fewer_dead_links(&self) -> Result<Result<Vec<String>, String>, Failure> {
        let (before, after) =
            (self.dead_links, dead_links(&request(&self.scratch.tree(), self.stop).await?, self.stop).await?);
        let what = Figure::DeadLinks.sentence();
        Ok(match after < before {
            true => Ok(vec![format!("{what}: {before} before, {after} after")]),
            false => Err(format!("it claims fewer {what}, and there are {before} before and {after} after")),
        })
    }

    /// Whether a check is faster, by runs of the old and the new tree in turn.
    async fn faster(&self, baseline: &Baseline, files: &[ChangedFile]) -> Result<Result<String, String>, Failure> {
        let aside = |name: &str| self.scratch.base().with_file_name(name);
        let (old, new) = (aside("old"), aside("new"));
        self.apply(files.iter().map(|it| (it.path.as_str(), it.new.as_deref())), files)?;
        let tree = self.scratch.tree();
        let swap = |from: &Path, to: &Path| fs::rename(from, to).map_err(|error| failed(&error));
        swap(&tree, &new)?;
        copy_tree(&self.scratch.base(), &old).map_err(|error| failed(&error))?;
        let (mut pairs, mut is_broken) = (Vec::new(), false);
        // The first pair only warms up.
        for _ in 0..=speed::PAIRS {
            let mut times = Vec::new();
            for side in [&old, &new] {
                swap(side, &tree)?;
                let ran = self.run(baseline).await?;
                swap(&tree, side)?;
                is_broken |= ran.ending != Ending::Passed;
                times.push(ran.took);
            }
            pairs.push((times[0], times[1]));
        }
        for side in [&old, &new] {
            remove_tree(side).map_err(|error| failed(&error))?;
        }
        match is_broken {
            true => Ok(Err(format!("`{}` does not pass each time that it is measured", baseline.check.written))),
            false => Ok(speed::judge(&pairs[1..])),
        }
    }

    /// The text of a file of the commit.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn text(&self, path: &str) -> Result<Option<String>, Failure> {
        read(&self.scratch.base(), path).map_err(|error| failed(&error))
    }

    /// Makes a fresh tree with these changes, and with another text of one file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn apply_all(&self, files: &[ChangedFile], other: Option<(&str, &str)>) -> Result<(), Failure> {
        let texts = files.iter().map(|it| (it.path.as_str(), it.new.as_deref()));
        self.apply(texts.chain(other.map(|(path, text)| (path, Some(text)))), files)
    }

    /// Runs a check on the tree.
    ///
    /// # Errors
    /// It cannot be run.
    pub async fn run(&self, baseline: &Baseline) -> Result<Ran, Failure> {
        self.runner.run(&baseline.check, self.limit_of(baseline)).await
    }

    fn limit_of(&self, baseline: &Baseline) -> Duration {
        (baseline.took * TIMES).max(LEAST).min(self.limit)
    }

    /// Makes a fresh tree and writes these texts into it. What `renamed` moves goes from where it was.
    fn apply<'t>(
        &self,
        texts: impl Iterator<Item = (&'t str, Option<&'t str>)>,
        renamed: &'t [ChangedFile],
    ) -> Result<(), Failure> {
        self.scratch.renew_tree()?;
        let tree = self.scratch.tree();
        let gone = renamed.iter().filter_map(|it| it.renamed_from.as_deref()).map(|path| (path, None));
        for (path, text) in gone.chain(texts) {
            write(&tree, path, text.map(str::as_bytes)).map_err(|error| failed(&error))?;
        }
        Ok(())
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(6)..].join(" ")
}

fn failed(error: &io::Error) -> Failure {
    Failure {
        kind: FailureKind::Storage,
        message: format!("the cycle's own tree cannot be written: {error}"),
        hint: None,
    }
}
