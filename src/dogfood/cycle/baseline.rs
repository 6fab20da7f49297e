//! What the checks say of the commit as it is. What passes must pass with a proposal, too.

use crate::{
    dogfood::checks::{Check, Ending, Runner, results::TestResults},
    failure::{Failure, FailureKind},
    text::{counted, one_line},
};
use std::time::Duration;

/// A check on the commit.
#[derive(Debug, Clone)]
pub struct Baseline {
    pub check: Check,
    /// Whether it passes as a whole; of one that does not its tests count that pass each time.
    pub passes: bool,
    pub results: TestResults,
    pub took: Duration,
    /// Tests that came out differently in two runs; they do not count.
    pub flaky: Vec<String>,
    /// The end of what it printed, if it does not pass.
    pub complaint: String,
}

impl Baseline {
    /// What a person should know of it.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.passes {
            let counting = match self.results.named.is_empty() {
                true => "it was left aside".to_owned(),
                false => "of it only tests count that passed twice".to_owned(),
            };
            notes.push(format!(
                "`{}` does not pass on the commit as it is, and {counting}: {}",
                self.check.written,
                one_line(&self.complaint, 300)
            ));
        }
        if !self.flaky.is_empty() {
            let shown: Vec<&str> = self.flaky.iter().take(5).map(String::as_str).collect();
            notes.push(format!(
                "{} came out differently in two runs: {}",
                counted(self.flaky.len(), "test"),
                shown.join(", ")
            ));
        }
        notes
    }

    /// Whether anything of it can be lost.
    pub fn says_something(&self) -> bool {
        self.passes || self.results.named.values().any(|it| *it == crate::dogfood::checks::results::TestState::Passed)
    }
}

/// Runs each check on the tree of the commit; one that fails, twice.
///
/// # Errors
/// A check cannot be run, or none says anything that a proposal could be held against.
pub async fn measure(
    runner: &Runner,
    checks: &[Check],
    limit: Duration,
    say: &(dyn Fn(&str) + Sync),
) -> Result<Vec<Baseline>, Failure> {
    let mut baselines = Vec::new();
    for check in checks {
        say(&format!("`{}` on the commit as it is", check.written));
        let first = runner.run(check, limit).await?;
        let mut baseline = Baseline {
            check: check.clone(),
            passes: first.ending == Ending::Passed,
            results: first.results,
            took: first.took,
            flaky: Vec::new(),
            complaint: first.tail,
        };
        if first.ending == Ending::TooLong {
            baseline.complaint = format!("it did not end within {} s", limit.as_secs());
        } else if !baseline.passes {
            let second = runner.run(check, limit).await?;
            (baseline.results, baseline.flaky) = baseline.results.without_flaky(&second.results);
        }
        baselines.push(baseline);
    }
    if !baselines.iter().any(Baseline::says_something) {
        let complaint = baselines.first().map(|it| one_line(&it.complaint, 500)).filter(|it| !it.is_empty());
        let complaint = complaint.unwrap_or_else(|| "it fails without a word".to_owned());
        return Err(Failure {
            kind: FailureKind::Program,
            message: format!("no check passes on the commit as it is, so that nothing could be held against it: {complaint}"),
            hint: Some(
                "a check runs in a copy of what is committed, behind walls: without your home, and without the network unless \
                 you give --network"
                    .to_owned(),
            ),
        });
    }
    Ok(baselines)
}
