//! What a cycle's proposals are about: the files that are most worth a look, and the faults of them that no test notices.

use super::{Plan, survivors::UnnoticedFault, trial::Trial};
use crate::{
    corpus::{ContextText, StopFlag},
    dogfood::{
        analysis,
        point::{Point, Topic},
        suggestion::{self, Subject, Suggestion, Unread, Wanted},
    },
    engine::context_failure,
    failure::Failure,
    review::{Request, Reviewers},
    store::KeptProposal,
    text::counted,
};
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// Files for which tests are asked for, and files in which it is looked for faults that no test notices: each fault is a run of
/// the checks.
const MOST_TESTED: usize = 3;
const MOST_SEARCHED: usize = 5;

/// Proposals of before that were not taken and that a model is told.
const MOST_REJECTED_TOLD: usize = 20;

/// What proposals are about.
pub struct Subjects {
    points: Vec<Point>,
    context: Arc<ContextText>,
    files: Vec<Subject>,
}

impl Subjects {
    pub async fn of(plan: &Plan<'_>, request: &Request, stop: &StopFlag) -> Result<Self, Failure> {
        let analysis = analysis::analyze(request, usize::MAX, stop).await?;
        let context = request.snapshot.context().map_err(|error| context_failure(&error))?;
        let hard = analysis.facts.hard.iter().map(|(place, ..)| place.path.clone());
        let others = hard.chain(analysis.facts.hot.iter().map(|(path, ..)| path.clone()));
        // What no test names comes first where tests are wanted; documents need none.
        let (bare, named): (Vec<Point>, Vec<Point>) =
            analysis.points.iter().cloned().partition(|it| it.kind == "no-test-names-it");
        let points = match plan.wanted {
            Wanted::Patches => analysis.points.clone(),
            Wanted::Tests => bare.into_iter().chain(named).filter(|it| it.topic != Topic::Documentation).collect(),
        };
        let files = suggestion::subjects(&points, others, &context);
        Ok(Self { points: analysis.points, context, files })
    }

    /// Looks for faults that no test notices, and keeps the files that have some.
    pub async fn unnoticed(
        &mut self,
        plan: &Plan<'_>,
        trial: &Trial<'_>,
        notes: &mut Vec<String>,
    ) -> Result<Vec<UnnoticedFault>, Failure> {
        let (mut found, mut kept, mut whole) = (Vec::new(), Vec::new(), Vec::new());
        for mut file in std::mem::take(&mut self.files).into_iter().take(MOST_SEARCHED) {
            if kept.len() == MOST_TESTED {
                break;
            }
            let Some(text) = trial.text(&file.path)? else { continue };
            (plan.say)(&format!("looking for faults of {} that no test notices", file.path));
            let survivors = trial.survivors(&file.path, &text).await?;
            if survivors.is_empty() {
                whole.push(file.path);
                continue;
            }
            let faults: Vec<UnnoticedFault> =
                survivors.iter().map(|it| UnnoticedFault::new(&file.path, &text, it)).collect();
            file.faults = faults.iter().map(UnnoticedFault::sentence).collect();
            found.extend(faults);
            kept.push(file);
        }
        if !whole.is_empty() {
            notes.push(format!("the tests notice each fault that was put into {}", whole.join(", ")));
        }
        self.files = kept;
        Ok(found)
    }
}

/// What is proposed: first what needs no model, at most as many as are wanted, and nothing that was rejected before.
pub async fn suggest(
    plan: &Plan<'_>,
    subjects: &Subjects,
    models: Option<&Reviewers>,
    earlier: &[KeptProposal],
    notes: &mut Vec<String>,
) -> Result<Vec<Result<Suggestion, Unread>>, Failure> {
    let Subjects { points, context, files } = subjects;
    let mut suggested: Vec<Result<Suggestion, Unread>> = match plan.wanted {
        Wanted::Patches => suggestion::of_fixes(points, context).into_iter().map(Ok).collect(),
        Wanted::Tests => Vec::new(),
    };
    if models.is_none() && plan.wanted == Wanted::Patches {
        let unused = points.iter().filter(|it| it.kind == "unused-definition");
        notes.extend(unused.map(|it| format!("{}: {}; a person or a model may take it out", it.place, it.sentence)));
    }
    if let Some(models) = models {
        match (files.is_empty(), plan.wanted) {
            (false, _) => {}
            (true, Wanted::Patches) => {
                notes.push("no model was asked, since no file of code or text was found that is worth it".to_owned());
            }
            (true, Wanted::Tests) => {
                notes.push("no model was asked, since no fault was found that no test notices".to_owned());
            }
        }
        notes.extend(
            models.consultation.too_small().map(|name| format!("{name} is too small to write changes that hold")),
        );
        let rejected = earlier.iter().filter(|it| it.state == "rejected").take(MOST_REJECTED_TOLD);
        let rejected: Vec<String> = rejected.map(|it| format!("{} ({})", it.title, it.why)).collect();
        let wishes: Vec<String> = plan.instructions.iter().cloned().collect();
        let checks: Vec<String> = plan.checks.iter().map(|it| it.written.clone()).collect();
        let (found, told) =
            suggestion::of_model(models, plan.wanted, context, files, &rejected, &wishes, &checks).await?;
        suggested.extend(found);
        notes.extend(told);
    }
    let digest = |it: &Result<Suggestion, Unread>| match it {
        Ok(suggestion) => suggestion.digest.clone(),
        Err(unread) => unread.digest.clone(),
    };
    let known: FxHashSet<&str> =
        earlier.iter().filter(|it| it.state != "offered").map(|it| it.digest.as_str()).collect();
    let before = suggested.len();
    let mut seen = FxHashSet::default();
    suggested.retain(|it| !known.contains(digest(it).as_str()) && seen.insert(digest(it)));
    if let left @ 1.. = before - suggested.len() {
        notes.push(format!("left out, since it was there before: {}", counted(left, "proposal")));
    }
    if let left @ 1.. = suggested.len().saturating_sub(plan.most) {
        notes.push(format!("not tried: {} (--max-proposals)", counted(left, "proposal")));
        suggested.truncate(plan.most);
    }
    Ok(suggested)
}
