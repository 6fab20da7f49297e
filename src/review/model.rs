//! Review by models: one reads the pieces of a text, in parallel, and each of its claims that stands is then given to another
//! one, cheaper and with nothing but the cited lines, which tries to refute it. What falls is kept in a ledger and not shown.

mod claim;
mod pieces;
mod prompts;

use super::{
    blocking,
    finding::{Draft, Place},
    interest::Interest,
};
use crate::{
    corpus::{Snapshot, StopFlag},
    engine::{Agreement, AnswerSchema, Consultation, Planned, Reader},
    failure::{Failure, FailureKind},
    text::counted,
};
use claim::{Claim, Claims};
use futures::{StreamExt, stream};
use pieces::{Excerpt, Piece};
use rustc_hash::FxHashSet;
use std::{collections::BTreeMap, sync::Arc};

/// Lines around those of a claim that a refuter sees.
const AROUND: usize = 3;

/// Tokens of a reviewer's reply, roughly.
const CLAIMS_TOKENS: u64 = 300;

/// A claim that was not taken for a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refuted {
    /// Where it was said to be, if there is such a place.
    pub place: Option<Place>,
    pub sentence: String,
    /// Why it fell.
    pub why: String,
}

/// What models have found.
#[derive(Debug, Default)]
pub struct Found {
    pub drafts: Vec<Draft>,
    pub refuted: Vec<Refuted>,
    /// Sentences about what was not read.
    pub not_checked: Vec<String>,
    /// Whether a piece that was to be read was not.
    pub is_cut: bool,
}

/// Has models review the pieces of a text with lines that are of interest.
///
/// # Errors
/// The text cannot be read, nobody agrees to pay for it, or no piece could be reviewed at all.
pub async fn review(
    consultation: &Consultation,
    agreement: &Agreement,
    snapshot: &Arc<Snapshot>,
    interest: Interest<'_>,
    wishes: &[String],
    stop: &StopFlag,
) -> Result<Found, Failure> {
    let (cut, stop) = (snapshot.clone(), stop.clone());
    let pieces = blocking(move || {
        let context = cut.context().map_err(|error| crate::engine::context_failure(&error))?;
        pieces::pieces(&context, &stop).map_err(|error| crate::engine::internal_failure(&error))
    });
    let (mut pieces, left_out) = pieces.await??;
    let matters = |it: &Excerpt| it.place(1, it.lines()).is_some_and(|place| interest.touches(&place));
    pieces.retain(|piece| piece.excerpts.iter().any(matters));
    let mut found = Found::default();
    if left_out > 0 {
        let files = counted(left_out, "file");
        found.not_checked.push(format!("by a model: {files} of data, or generated, or brought in from elsewhere"));
    }
    if let Some(name) = consultation.too_small() {
        found.not_checked.push(format!("what a larger model would find: {name} is too small to judge code"));
    }
    let count = pieces.len();
    let schema = AnswerSchema::new(&prompts::findings_schema())?;
    let planned =
        |at: usize| Planned::asking(prompts::REVIEWER, prompts::review(&pieces[at], wishes), &schema, CLAIMS_TOKENS);
    consultation.agreed("review", agreement, count, planned).await?;
    let schema = &schema;
    let reviewing = stream::iter(pieces.into_iter().enumerate().map(|(number, piece)| async move {
        let done = of_piece(consultation, &piece, wishes, schema).await;
        consultation.say(format!("piece {} of {count} is reviewed", number + 1));
        done
    }));
    let reviewed: Vec<Result<Found, Failure>> = reviewing.buffered(consultation.concurrency()).collect().await;
    consultation.note_files().await;
    let mut failures: BTreeMap<String, usize> = BTreeMap::new();
    let mut first = None;
    for result in reviewed {
        match result {
            Ok(Found { drafts, refuted, .. }) => {
                found.drafts.extend(drafts);
                found.refuted.extend(refuted);
            }
            Err(failure) => {
                *failures.entry(failure.message.clone()).or_default() += 1;
                first.get_or_insert(failure);
            }
        }
    }
    let failed: usize = failures.values().sum();
    match first {
        Some(failure) if failed == count && failure.kind != FailureKind::Limit => return Err(failure),
        _ => {}
    }
    found.is_cut = failed > 0;
    let told = failures.into_iter().map(|(why, failed)| format!("by a model: {failed} of {count} pieces: {why}"));
    found.not_checked.extend(told);
    let mut known = FxHashSet::default();
    found.drafts.retain(|draft| known.insert((draft.place.clone(), draft.subject.clone())));
    Ok(found)
}

/// The claims about one piece, each examined.
async fn of_piece(
    consultation: &Consultation,
    piece: &Piece,
    wishes: &[String],
    schema: &AnswerSchema,
) -> Result<Found, Failure> {
    let prompt = prompts::review(piece, wishes);
    consultation.note_read(|| piece.excerpts.iter().filter_map(Excerpt::whole).collect());
    let label = format!("review {}", piece.name());
    let reply = consultation.ask(Reader::Root, &label, prompts::REVIEWER, prompt, schema).await?;
    let Claims { findings } = serde_json::from_value(reply).map_err(|error| crate::engine::internal_failure(&error))?;
    let mut found = Found::default();
    let claims = futures::future::join_all(findings.into_iter().map(|claim| examined(consultation, piece, claim)));
    for result in claims.await {
        match result? {
            Ok(draft) => found.drafts.push(draft),
            Err(refuted) => found.refuted.push(refuted),
        }
    }
    Ok(found)
}

/// A claim as a finding, or why it is none.
async fn examined(consultation: &Consultation, piece: &Piece, claim: Claim) -> Result<Result<Draft, Refuted>, Failure> {
    let sentence = claim.sentence.clone();
    let (excerpt, place) = match claim.examine(piece) {
        Ok(there) => there,
        Err(why) => return Ok(Err(Refuted { place: None, sentence, why })),
    };
    let first = claim.first_line.saturating_sub(AROUND).max(1);
    let lines = first..(claim.last_line + AROUND).min(excerpt.lines()) + 1;
    let schema = AnswerSchema::new(&prompts::verdict_schema())?;
    let prompt = prompts::refute(&claim, excerpt, lines);
    let label = format!("refute {place}: {sentence}");
    let verdict = match consultation.ask(Reader::Worker, &label, prompts::REFUTER, prompt, &schema).await {
        Ok(verdict) => verdict,
        // What nobody could look at a second time is not shown.
        Err(failure) => {
            let why = format!("it could not be examined: {}", failure.message);
            return Ok(Err(Refuted { place: Some(place), sentence, why }));
        }
    };
    let text = |field: &str| verdict[field].as_str().unwrap_or_default().to_owned();
    Ok(match text("verdict").as_str() {
        "refuted" => Err(Refuted { place: Some(place), sentence, why: text("why") }),
        _ => Ok(claim.draft(place)),
    })
}
