//! Asking a model for a change of a file.
//!
//! The model gets the file, cut around the place if it is long, and what is wanted, and writes blocks to search for and
//! replace: a plain text, which models write better than a patch in JSON. What comes is placed in the texts of the
//! snapshot. What is refused, or would break the syntax, is given back once.

pub(super) mod prompt;

use super::{
    changed::ChangedFile,
    parse::{introduction, parse},
    proposal::Proposal,
    refusal::{Refusal, RefusalKind},
    syntax::{SyntaxError, new_syntax_errors},
};
use crate::{
    corpus::{ContextText, Snapshot},
    engine::{Agreement, Consultation, Planned, Reader, context_failure, internal_failure},
    failure::{Failure, FailureKind},
    llm::Message,
    text::one_line,
};
use std::{ops::Range, sync::Arc};

/// How often a model may write.
const ATTEMPTS: usize = 2;

/// Tokens of a reply, roughly.
const REPLY_TOKENS: u64 = 1500;

/// The longest piece of a reply that is told, in characters.
const SHOWN: usize = 300;

/// A change that is wanted.
#[derive(Debug, Clone)]
pub struct Request {
    pub snapshot: Arc<Snapshot>,
    /// The file, as the snapshot names it.
    pub path: String,
    /// The lines that it is about, from 0, if not the whole file.
    pub lines: Option<Range<usize>>,
    /// What is wanted, in the person's words.
    pub instruction: String,
}

/// What a model proposes, and what it is worth.
#[derive(Debug, Clone)]
pub struct Edited {
    /// What is proposed: for each file a change.
    pub proposal: Proposal,
    /// The files as they would be, in the same order.
    pub files: Vec<ChangedFile>,
    /// What the model says of it.
    pub summary: String,
    /// Errors in the syntax that it brings, each with its file.
    pub broken: Vec<(String, SyntaxError)>,
}

/// Has the root model write a change.
///
/// # Errors
/// The model only quotes, the file cannot be read, nobody agrees to pay for it, a call failed, or what came twice cannot be
/// taken.
pub async fn request(consultation: &Consultation, agreement: &Agreement, request: &Request) -> Result<Edited, Failure> {
    if !consultation.can_write() {
        return Err(cannot_write(consultation.models().0));
    }
    let snapshot = request.snapshot.clone();
    let context =
        tokio::task::spawn_blocking(move || snapshot.context()).await.map_err(|error| internal_failure(&error))?;
    let context = context.map_err(|error| context_failure(&error))?;
    let text = read(&context, &request.path)?.ok_or_else(|| Failure {
        kind: FailureKind::NoFile,
        message: format!("there is no file {} in the text that is read", request.path),
        hint: None,
    })?;
    let wanted = prompt::wanted(&request.path, &text, request.lines.clone(), &request.instruction);
    consultation.agreed("change", agreement, 1, |_| planned(&wanted)).await?;
    consultation.say(format!("a change of {} is written", request.path));
    written(consultation, &context, &request.path, wanted).await
}

/// The call that has a change written.
pub(super) fn planned(wanted: &str) -> Planned {
    Planned { messages: messages(wanted), shape: None, reply_tokens: REPLY_TOKENS }
}

fn messages(wanted: &str) -> Vec<Message> {
    vec![Message::system(prompt::SYSTEM), Message::user(wanted)]
}

/// What the root model writes if it is told what is wanted of a file.
///
/// # Errors
/// A call failed, or what came twice cannot be taken.
pub(super) async fn written(
    consultation: &Consultation,
    context: &Arc<ContextText>,
    path: &str,
    wanted: String,
) -> Result<Edited, Failure> {
    let (mut messages, label) = (messages(&wanted), format!("change {path}"));
    let mut attempt = 1;
    loop {
        let reply = consultation.write(Reader::Root, &label, messages.clone()).await?;
        let (texts, written) = (context.clone(), reply.clone());
        let outcome = tokio::task::spawn_blocking(move || taken(&texts, &written)).await;
        let outcome = outcome.map_err(|error| internal_failure(&error))?;
        let problem = match &outcome {
            Ok(edited) if edited.broken.is_empty() => return outcome.map_err(|refusal| refused(&refusal, &reply)),
            // A model that writes no code at all has something to say instead.
            Err(refusal) if refusal.kind == RefusalKind::Nothing && !reply.contains("```") => {
                return Err(refused(refusal, &reply));
            }
            Ok(edited) => prompt::broken(&edited.broken),
            Err(refusal) => prompt::refused(refusal),
        };
        if attempt == ATTEMPTS {
            return outcome.map_err(|refusal| refused(&refusal, &reply));
        }
        attempt += 1;
        messages.push(Message::assistant(reply));
        messages.push(Message::user(problem));
    }
}

/// The changes of a reply.
fn taken(context: &ContextText, reply: &str) -> Result<Edited, Refusal> {
    let proposal = parse(reply)?;
    let files = proposal.changed_files(|path| read(context, path).map_err(|failure| failure.message))?;
    let mut broken = Vec::new();
    for file in &files {
        if let Some(new) = &file.new {
            let errors = new_syntax_errors(&file.path, file.old.as_deref().unwrap_or_default(), new);
            broken.extend(errors.into_iter().map(|error| (file.path.clone(), error)));
        }
    }
    Ok(Edited { proposal, files, summary: introduction(reply), broken })
}

/// The text of a file; nothing if there is none.
pub(super) fn read(context: &ContextText, path: &str) -> Result<Option<String>, Failure> {
    // A path is looked up in other ways as well, which a change must not be led by.
    let Some(segment) = context.segment_of_path(path).ok().filter(|it| it.path.as_deref() == Some(path)) else {
        return Ok(None);
    };
    let text = context.read(segment.text.clone()).map_err(|error| context_failure(&error))?;
    Ok(Some(text.into_owned()))
}

pub(super) fn cannot_write(model: &str) -> Failure {
    Failure {
        kind: FailureKind::Unsuitable,
        message: format!("a change needs a model that writes, and {model} only quotes what it finds"),
        hint: Some(
            "set a key such as ANTHROPIC_API_KEY or OPENAI_API_KEY, start Ollama, or name a model with --model; \
             `rlm doctor` says what there is"
                .to_owned(),
        ),
    }
}

/// Why no change comes, with what the model has said where it has proposed none.
fn refused(refusal: &Refusal, reply: &str) -> Failure {
    let message = match refusal.kind {
        RefusalKind::Nothing => format!("the model proposes no change: {}", one_line(reply, SHOWN)),
        _ => format!("what the model proposes cannot be taken: {refusal}"),
    };
    Failure {
        kind: FailureKind::NoAnswer,
        message,
        hint: Some("say more exactly what is to change, or select less".to_owned()),
    }
}
