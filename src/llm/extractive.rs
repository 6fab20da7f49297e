//! The built-in model: it needs no weights and no network, and it only quotes.
//!
//! It goes through the same engine as every other model. As a root it writes real programs: it looks at what kind of
//! question is asked, and searches, greps, outlines and makes batched sub-calls accordingly. As a worker it reads a
//! passage and gives back the lines of it that fit the question. It makes nothing up, so its answers are labelled as
//! extracted, and end with how to configure a model that reasons.
//!
//! It is deterministic: the same messages give the same reply.

mod follow_up;
mod program;
mod question;
mod reader;

pub use follow_up::standing_alone;

pub use reader::Reader;

use super::{
    BYTES_PER_TOKEN, EXTRACTIVE, Error, Finish, Message, Model, Piece, PieceSink, Reply, Request, Role, Task,
    TokenUsage,
};
use futures::future::BoxFuture;
use question::Question;

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

    fn searches_question(&self) -> bool {
        true
    }

    fn satisfies_schemas(&self) -> bool {
        false
    }

    fn found_nothing(&self, answer: &str) -> bool {
        answer.starts_with(program::NOTHING_FOUND) || answer == reader::NOTHING
    }

    fn call<'a>(&'a self, request: &'a Request, pieces: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(async move {
            let (messages, task) = (request.messages.clone(), request.task.clone());
            // Reading takes some milliseconds of work, which the transport must not wait for.
            let failed = |detail| Error::Program { model: EXTRACTIVE.to_owned(), detail };
            let text = tokio::task::spawn_blocking(move || reply(&messages, task.as_ref()));
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

/// What it says to a conversation that is there for `task`.
///
/// # Errors
/// Its program has failed, for which it knows no other way.
fn reply(messages: &[Message], task: Option<&Task>) -> Result<String, String> {
    let users: Vec<&str> = messages.iter().filter(|it| it.role == Role::User).map(|it| it.content.as_str()).collect();
    let Some((first, later)) = users.split_first() else { return Ok(reader::NOTHING.to_owned()) };
    match (task, later.last()) {
        (Some(Task::Answer { .. } | Task::FollowPrompt), Some(observation)) => {
            program::search(observation).filter(|_| later.len() == 1).ok_or_else(|| program::failure(observation))
        }
        (Some(Task::Answer { question, selection }), None) => {
            Ok(program::answer(&Question::new(question), selection.as_ref()))
        }
        (Some(Task::FollowPrompt), None) => Ok(program::follow_prompt()),
        (Some(Task::Read { question, text }), _) => {
            Ok(reader::read_whole(&first[..first.floor_char_boundary(*text)], question))
        }
        (None, _) => Ok(reader::read(first)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replied(content: &str, task: Option<Task>) -> String {
        reply(&[Message::system("s"), Message::user(content)], task.as_ref()).unwrap()
    }

    #[test]
    fn the_task_says_what_is_asked_and_not_the_message() {
        let answer = |question: &str| Task::Answer { question: question.to_owned(), selection: None };
        let content = "# Question\nThe context is a prompt";
        let question = "The context is a prompt file: where is it? # Question";
        assert!(replied(content, Some(answer(question))).contains("where is it? # Question"));
        assert!(replied(content, Some(Task::FollowPrompt)).contains("llm_query(context"));
        let read = Task::Read { question: "what is the fee?".to_owned(), text: 12 };
        assert_eq!(replied("the fee is 7\n# Question\nwhat is the fee?", Some(read)), "the fee is 7");
        assert_eq!(replied("The fee is 7.\n\nWhat is the fee?", None), "The fee is 7.");
    }

    #[test]
    fn a_program_that_came_to_no_answer_is_a_failure() {
        let messages = [Message::user("a"), Message::assistant("b"), Message::user("Output:\nOSError: no")];
        assert_eq!(reply(&messages, Some(&Task::FollowPrompt)), Err("OSError: no".to_owned()));
    }
}
