//! Whether a new test notices faults that no other test notices.
//!
//! Faults are put one by one into the file that the test is about. Those that the project's checks let pass as they are *survive*; a test is
//! worth having if it kills one of these. What one test has killed counts for no later one.

use super::{Baseline, survivors::UnnoticedFault, trial::Trial};
use crate::{
    corpus::{Language, Mutant, StopFlag, mutants},
    dogfood::{checks::Ending, judge::kept_tests::inner_tests},
    edit::ChangedFile,
    failure::Failure,
    text::counted,
};

/// Faults of one file that are tried, spread over it.
const MOST: usize = 12;

/// How often a new test must pass in a row.
const TIMES: usize = 10;

impl Trial<'_> {
    /// The proof that new tests are worth having, or why they are not.
    ///
    /// # Errors
    /// A tree cannot be made, or a check not be run.
    pub async fn kills(&self, subject: &str, files: &[ChangedFile]) -> Result<Result<Vec<String>, String>, Failure> {
        let Some(text) = self.text(subject)? else {
            return Ok(Err(format!("there is no {subject} that they could be about")));
        };
        for _ in 0..TIMES {
            self.apply_all(files, None)?;
            if self.fails().await? {
                return Ok(Err(format!("they do not pass {TIMES} times in a row")));
            }
        }
        let survivors = self.survivors(subject, &text).await?;
        if survivors.is_empty() {
            return Ok(Err(format!("no fault that was put into {subject} is unnoticed by the tests that there are")));
        }
        let (mut killed, mut left) = (Vec::new(), Vec::new());
        for mutant in survivors.iter().cloned() {
            self.apply_all(files, Some((subject, &mutated(&text, &mutant))))?;
            match self.fails().await? {
                true => killed.push(mutant),
                false => left.push(mutant),
            }
        }
        let Some(first) = killed.first() else {
            let faults = counted(survivors.len(), "fault");
            return Ok(Err(format!("of {faults} of {subject} that no test notices, they notice none")));
        };
        let sentence = format!(
            "they notice {} of {} of {subject} that no other test notices, such as {}",
            killed.len(),
            counted(survivors.len(), "fault"),
            UnnoticedFault::new(subject, &text, first).sentence()
        );
        self.survivors.keep(subject, left);
        Ok(Ok(vec![format!("they pass {TIMES} times in a row"), sentence]))
    }

    /// The faults of a file that the checks let pass as they are.
    ///
    /// # Errors
    /// A tree cannot be made, or a check not be run.
    pub async fn survivors(&self, subject: &str, text: &str) -> Result<Vec<Mutant>, Failure> {
        if let Some(known) = self.survivors.of(subject) {
            return Ok(known);
        }
        let mut survivors = Vec::new();
        for mutant in chosen(subject, text, self.stop) {
            self.apply_all(&[], Some((subject, &mutated(text, &mutant))))?;
            if !self.fails().await? {
                survivors.push(mutant);
            }
        }
        self.survivors.keep(subject, survivors.clone());
        Ok(survivors)
    }

    /// Whether a check that passed on the commit fails on the tree.
    async fn fails(&self) -> Result<bool, Failure> {
        let passing: Vec<&Baseline> = self.baselines.iter().filter(|it| it.passes).collect();
        for baseline in passing {
            if self.run(baseline).await?.ending != Ending::Passed {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The faults that are tried: spread over the code of a file, and none in its tests.
fn chosen(subject: &str, text: &str, stop: &StopFlag) -> Vec<Mutant> {
    let Some(language) = Language::of_path(subject) else {
        return Vec::new();
    };
    let end = inner_tests(subject, text).unwrap_or(text.len());
    let all: Vec<Mutant> = mutants(text, language, stop).into_iter().filter(|it| it.bytes.end <= end).collect();
    let step = all.len().div_ceil(MOST).max(1);
    all.into_iter().step_by(step).collect()
}

fn mutated(text: &str, mutant: &Mutant) -> String {
    format!("{}{}{}", &text[..mutant.bytes.start], mutant.replacement, &text[mutant.bytes.end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_spread_over_the_code_and_spare_its_tests() {
        let functions: String =
            (0..40).map(|number| format!("fn f{number}(a: u8) -> bool {{ a > {number} }}\n")).collect();
        let text = format!("{functions}\n#[cfg(test)]\nmod tests {{ fn t() {{ 1 + 1; }} }}\n");
        let chosen = chosen("src/a.rs", &text, &StopFlag::default());
        assert!(chosen.len() <= MOST && chosen.last().is_some_and(|it| it.line > 30), "{chosen:?}");
        assert_eq!(mutated("a > 1", &Mutant { bytes: 2..3, replacement: ">=".to_owned(), line: 1 }), "a >= 1");
    }
}
