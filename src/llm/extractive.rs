//! The built-in model: it needs no weights and no network, and it only quotes.
//!
//! It goes through the same engine as every other model. As a root it writes real programs: it looks at what kind of
//! question is asked, and searches, greps, outlines and makes batched sub-calls accordingly. As a worker it reads a
//! passage and gives back the lines of it that fit the question. It makes nothing up, so its answers are labelled as
//! extracted, and end with how to configure a model that reasons.
//!
//! It is deterministic: the same messages give the same reply.

mod program;
mod question;
mod reader;

use super::{
    BYTES_PER_TOKEN, EXTRACTIVE, Error, Finish, Message, Model, Piece, PieceSink, Reply, Request, Role, TokenUsage,
};
use futures::future::BoxFuture;
use question::Question;

/// What stands above the question in the first message to a root model.
pub const QUESTION_HEADING: &str = "# Question";

/// The model.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extractive;

impl Model for Extractive {
    fn name(&self) -> &str {
        EXTRACTIVE
    }

    fn window(&self) -> Option<usize> {
        None
    }

    fn prefers_programs(&self) -> bool {
        true
    }

    fn call<'a>(&'a self, request: &'a Request, pieces: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(async move {
            let messages = request.messages.clone();
            // Reading takes some milliseconds of work, which the transport must not wait for.
            let failed = |detail| Error::Program { model: EXTRACTIVE.to_owned(), detail };
            let text = tokio::task::spawn_blocking(move || reply(&messages));
            let mut text = text.await.map_err(|error| failed(error.to_string()))?.map_err(failed)?;
            let most = request.max_output_tokens.map_or(usize::MAX, |tokens| tokens as usize * BYTES_PER_TOKEN);
            let finish = if text.len() > most { Finish::Length } else { Finish::Complete };
            text.truncate(text.floor_char_boundary(most));
            pieces(Piece::Text(&text));
            let usage = TokenUsage::estimated(request, text.len());
            Ok(Reply { text, calls: Vec::new(), reasoning: String::new(), finish, usage })
        })
    }
}

/// What it says to a conversation.
///
/// # Errors
/// Its program has failed, for which it knows no other way.
fn reply(messages: &[Message]) -> Result<String, String> {
    let users: Vec<&str> = messages.iter().filter(|it| it.role == Role::User).map(|it| it.content.as_str()).collect();
    let Some((first, later)) = users.split_first() else { return Ok(reader::NOTHING.to_owned()) };
    let Some((description, question)) = first.rsplit_once(QUESTION_HEADING) else {
        return Ok(reader::read(first));
    };
    let is_root = messages.iter().any(|it| it.role == Role::System && it.content.contains("```repl"));
    match (is_root, later.last()) {
        (false, _) => Ok(reader::read_whole(description, question)),
        (true, None) => Ok(program::write(&Question::new(description, question.trim()))),
        (true, Some(observation)) => Err(program::failure(observation)),
    }
}
