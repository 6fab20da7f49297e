//! What is proposed: by a model that has read a file with what is known of it, and, without one, by findings that carry a mending.

mod prompts;

use super::{
    judge::{claim::Kind, figures::Figure},
    point::Point,
};
use crate::{
    corpus::{ContextText, Role},
    edit::{self, Change, FileChange, Hunk, Proposal},
    engine::{AnswerSchema, Planned, Reader, internal_failure},
    failure::Failure,
    review::Reviewers,
    text::{one_line, visible_line},
};
use futures::{StreamExt, stream};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Files that a model is given, one call for each.
const MOST_FILES: usize = 8;

/// Tokens of a reply, roughly.
const REPLY_TOKENS: u64 = 3000;

/// The longest title and reason of a proposal that are kept.
const LONGEST_TITLE: usize = 120;
const LONGEST_WHY: usize = 600;

/// Something that is proposed.
#[derive(Debug, Clone)]
pub struct Suggestion {
    pub title: String,
    pub why: String,
    pub kind: Kind,
    pub figure: Option<Figure>,
    /// The check that is to be faster.
    pub command: String,
    pub patch: Proposal,
    /// The file that it was asked for.
    pub subject: String,
    /// Of its changes, whatever it is called.
    pub digest: String,
}

/// What a model has written that is no proposal, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    pub title: String,
    pub kind: String,
    pub why: String,
    pub digest: String,
}

/// What is wanted of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Whatever pays.
    Patches,
    /// Tests that are missing.
    Tests,
}

/// A file that a model is asked about.
#[derive(Debug, Clone)]
pub struct Subject {
    pub path: String,
    /// What is known of it.
    pub points: Vec<Point>,
    /// Faults that no test notices, each in a sentence.
    pub faults: Vec<String>,
}

#[derive(Deserialize)]
struct Written {
    proposals: Vec<WrittenProposal>,
}

#[derive(Deserialize)]
struct WrittenProposal {
    title: String,
    kind: String,
    why: String,
    figure: String,
    command: String,
    patch: String,
}

/// What findings say by themselves how to mend.
pub fn of_fixes(points: &[Point], context: &ContextText) -> Vec<Suggestion> {
    let suggestion = |point: &Point| {
        let fix = point.fix.as_ref()?;
        let segment = context.segment_of_path(&point.place.path).ok()?;
        let text = context.read(segment.text.clone()).ok()?;
        let lines = point.place.last_line - point.place.first_line + 1;
        let old: Vec<String> = text.lines().skip(point.place.first_line - 1).take(lines).map(str::to_owned).collect();
        let hunk = Hunk {
            old,
            new: fix.lines.lines().map(str::to_owned).collect(),
            line: Some(point.place.first_line),
            ..Hunk::default()
        };
        let change = FileChange { path: point.place.path.clone(), change: Change::Edit(vec![hunk]) };
        let patch = Proposal { files: vec![change] };
        Some(Suggestion {
            title: one_line(&format!("{} in {}", fix.sentence, point.place.path), LONGEST_TITLE),
            why: point.sentence.clone(),
            kind: Kind::Documentation,
            figure: Some(Figure::DeadLinks),
            command: String::new(),
            digest: digest(&patch),
            patch,
            subject: point.place.path.clone(),
        })
    };
    points.iter().filter_map(suggestion).collect()
}

/// The files that are most worth a look: those with points, by the worth of these, and then `others`.
pub fn subjects(points: &[Point], others: impl Iterator<Item = String>, context: &ContextText) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = Vec::new();
    let named = points.iter().map(|it| (it.place.path.clone(), Some(it)));
    for (path, point) in named.chain(others.map(|path| (path, None))) {
        match subjects.iter_mut().find(|it| it.path == path) {
            Some(subject) => subject.points.extend(point.cloned()),
            None => {
                let (points, faults) = (point.cloned().into_iter().collect(), Vec::new());
                subjects.push(Subject { path, points, faults });
            }
        }
    }
    let is_code = |subject: &Subject| {
        context.segment_of_path(&subject.path).is_ok_and(|it| it.language.is_some())
            && matches!(Role::of_file(&subject.path, ""), Role::Code | Role::Document)
    };
    subjects.retain(is_code);
    subjects.truncate(MOST_FILES);
    subjects
}

/// What a model proposes for each of these files. `rejected` are titles of what was proposed before and not taken.
///
/// # Errors
/// Nobody agrees to pay for it, or no file could be asked about at all.
pub async fn of_model(
    models: &Reviewers,
    wanted: Wanted,
    context: &ContextText,
    subjects: &[Subject],
    rejected: &[String],
    wishes: &[String],
    checks: &[String],
) -> Result<(Vec<Result<Suggestion, Unread>>, Vec<String>), Failure> {
    let Reviewers { consultation, agreement } = models;
    let schema = AnswerSchema::new(&prompts::schema(wanted))?;
    let mut prompts = Vec::new();
    for subject in subjects {
        let prompt = prompts::file(subject, context, rejected, wishes, checks);
        prompts.push((subject.path.clone(), prompt.map_err(|error| internal_failure(&error))?));
    }
    let count = prompts.len();
    let planned = |at: usize| Planned::asking(prompts::system(wanted), prompts[at].1.clone(), &schema, REPLY_TOKENS);
    consultation.agreed("cycle", agreement, count, planned).await?;
    let asking = stream::iter(prompts.into_iter().enumerate().map(|(number, (path, prompt))| {
        let schema = &schema;
        async move {
            consultation.say(format!("asking for patches: file {} of {count}", number + 1));
            let label = format!("propose patches of {path}");
            let reply = consultation.ask(Reader::Root, &label, prompts::system(wanted), prompt, schema).await;
            (path, reply)
        }
    }));
    let replies: Vec<_> = asking.buffered(consultation.concurrency()).collect().await;
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    let mut first = None;
    for (path, reply) in replies {
        match reply {
            Ok(reply) => {
                let written: Written = serde_json::from_value(reply).map_err(|error| internal_failure(&error))?;
                found.extend(written.proposals.into_iter().map(|it| read(it, &path)));
            }
            Err(failure) => {
                notes.push(format!("no patches were asked for {path}: {}", failure.message));
                first.get_or_insert(failure);
            }
        }
    }
    match first {
        Some(failure) if notes.len() == count => Err(failure),
        _ => Ok((found, notes)),
    }
}

/// A proposal as it is meant, or why it cannot be read.
fn read(written: WrittenProposal, subject: &str) -> Result<Suggestion, Unread> {
    let title = visible_line(&one_line(&written.title, LONGEST_TITLE)).into_owned();
    let unread = |why: String| Unread {
        title: title.clone(),
        kind: one_line(&written.kind, 40),
        why,
        digest: hash(&[&written.patch]),
    };
    let kind =
        Kind::of_name(&written.kind).ok_or_else(|| unread("it claims nothing that can be measured".to_owned()))?;
    let patch = edit::parse(&written.patch).map_err(|refusal| unread(refusal.to_string()))?;
    Ok(Suggestion {
        title: title.clone(),
        why: one_line(&written.why, LONGEST_WHY),
        kind,
        figure: Figure::of_name(&written.figure),
        command: written.command,
        digest: digest(&patch),
        patch,
        subject: subject.to_owned(),
    })
}

/// By what a proposal is known again: what it changes, wherever that stands.
fn digest(patch: &Proposal) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for file in &patch.files {
        parts.push(&file.path);
        match &file.change {
            Change::Create(text) | Change::Rewrite(text) => parts.extend(["text", text]),
            Change::Delete => parts.push("removed"),
            Change::Edit(hunks) => parts.extend(of_hunks(hunks)),
            Change::Rename { to, hunks } => {
                parts.extend(["to", to]);
                parts.extend(of_hunks(hunks));
            }
        }
    }
    hash(&parts)
}

fn of_hunks(hunks: &[Hunk]) -> impl Iterator<Item = &str> {
    hunks.iter().flat_map(|hunk| {
        let old = std::iter::once("old").chain(hunk.old.iter().map(String::as_str));
        old.chain(std::iter::once("new")).chain(hunk.new.iter().map(String::as_str))
    })
}

fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
