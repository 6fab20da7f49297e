//! One run: turns of a model, programs, observations, until there is an answer.

mod programs;

pub use programs::CellRecord;

use super::{
    answer::Termination,
    budget::Exceeded,
    context::Context,
    conversation::Conversation,
    ending::{Ending, Stop},
    event::{Delta, Event},
    overview::Overview,
    prompt,
    reply::{self, Reply},
    tree::{CallError, Cut, Tree, Turn},
};
use crate::llm::{self, Message, Model};
use programs::{Programs, output_chars};
use std::{sync::Arc, time::Duration};

/// Empty replies in a row after which a run is given up.
const EMPTY_REPLIES: usize = 3;

/// What a question is about in particular: a selection in an editor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Focus {
    pub path: String,
    /// 1-based.
    pub first_line: usize,
    /// Inclusive.
    pub last_line: usize,
    pub text: String,
}

/// A run under way.
pub struct Run<'t> {
    pub tree: &'t Tree,
    /// 0 for the root.
    pub number: u64,
    pub depth: usize,
    pub model: Arc<dyn Model>,
    conversation: Conversation,
    programs: Programs,
    iteration: u64,
    errors_in_a_row: u64,
    replies_without_program: usize,
    empty_replies: usize,
    /// Whether the model was told that its time is nearly over.
    was_hurried: bool,
}

impl<'t> Run<'t> {
    /// Prepares a run about `context`, which `overview` describes.
    pub fn new(
        tree: &'t Tree,
        depth: usize,
        model: Arc<dyn Model>,
        context: Context,
        overview: &Overview<'_>,
        focus: Option<&Focus>,
        question: &str,
    ) -> Self {
        Self {
            tree,
            number: tree.number_run(),
            depth,
            conversation: Conversation::new(prompt::SYSTEM, prompt::opening(overview, focus, question), model.window()),
            programs: Programs::new(tree, context, focus.cloned(), output_chars(model.window()), depth),
            model,
            iteration: 0,
            errors_in_a_row: 0,
            replies_without_program: 0,
            empty_replies: 0,
            was_hurried: false,
        }
    }

    /// Runs until there is an answer or a reason to end without one.
    pub async fn finish(mut self) -> Result<Ending, Stop> {
        let result = self.turns().await;
        self.programs.close().await;
        result
    }

    async fn turns(&mut self) -> Result<Ending, Stop> {
        loop {
            match self.tree.budget.begin_iteration() {
                Ok(()) => {}
                Err(Exceeded::Iterations) => return self.force().await,
                Err(exceeded) => return Err(exceeded.into()),
            }
            self.iteration += 1;
            self.tree.meter.count_iteration(self.depth);
            if let Some(ending) = self.turn().await? {
                return Ok(ending);
            }
        }
    }

    /// One turn of the model and its programs; an ending if it gave the answer.
    async fn turn(&mut self) -> Result<Option<Ending>, Stop> {
        let turn = match self.ask_model().await? {
            Ok(turn) => turn,
            Err(CallError::Model(error @ llm::Error::EmptyReply { .. })) => return self.empty_reply(error),
            Err(error) => return Err(error.into()),
        };
        self.empty_replies = 0;
        let was_cut = turn.cut.is_some();
        let reply = reply::parse(&turn.text);
        self.tree.emit(Event::Turn {
            run: self.number,
            depth: self.depth,
            iteration: self.iteration,
            text: turn.text.clone(),
        });
        if self.depth == 0 && !reply.prose.is_empty() {
            self.tree.note_said(&reply.prose);
        }

        let (cells, mut answer) = self.run_programs(&reply.programs).await?;
        let failed = cells.iter().any(|cell| cell.error.is_some());
        let mut remarks = String::new();
        if answer.is_none()
            && !was_cut
            && let Some(line) = &reply.final_line
        {
            if failed {
                remarks = prompt::FINAL_AFTER_ERROR.to_owned();
            } else {
                match self.evaluate_final(line).await? {
                    Ok(text) => answer = Some(text),
                    Err(remark) => remarks = remark,
                }
            }
        }
        if let Some(text) = answer {
            return Ok(Some(Ending { text, termination: Termination::Final }));
        }
        if cells.is_empty() && !was_cut && remarks.is_empty() {
            self.replies_without_program += 1;
            if self.replies_without_program > 1 && !reply.unclosed {
                return Ok(Some(Ending { text: reply.prose, termination: Termination::Final }));
            }
            if !reply.unclosed {
                remarks = prompt::NO_PROGRAM.to_owned();
            }
        } else {
            self.replies_without_program = 0;
        }
        self.observe(turn.text, &cells, &reply, turn.cut.as_ref(), &remarks);
        self.count_errors(!cells.is_empty(), failed)?;
        Ok(None)
    }

    /// Has the model write its turn, while the text is read and the interpreter gets ready for what it will write.
    async fn ask_model(&mut self) -> Result<Result<Turn, CallError>, Stop> {
        self.tell(&format!("{} is writing", self.model.name()));
        let (tree, messages) = (self.tree, self.conversation.messages().to_vec());
        let turn = async { Ok(tree.call(&self.model, messages, true, &mut |_| {}).await) };
        let ready = self.programs.prepare();
        let (turn, _) = tokio::try_join!(turn, ready)?;
        Ok(turn)
    }

    /// Tells what this run is doing.
    fn tell(&self, doing: &str) {
        self.tree.progress(match self.depth {
            0 => format!("turn {}: {doing}", self.iteration),
            depth => format!("depth {depth}, turn {}: {doing}", self.iteration),
        });
    }

    fn empty_reply(&mut self, error: llm::Error) -> Result<Option<Ending>, Stop> {
        self.empty_replies += 1;
        if self.empty_replies >= EMPTY_REPLIES {
            return Err(Stop::Failed(error.into()));
        }
        self.conversation.add("(nothing)".to_owned(), prompt::EMPTY_REPLY.to_owned());
        Ok(None)
    }

    fn observe(&mut self, said: String, cells: &[CellRecord], reply: &Reply, cut: Option<&Cut>, remarks: &str) {
        let mut text = prompt::observation(cells, reply, cut, &self.tree.budget.left());
        if !remarks.is_empty() {
            text = format!("{remarks}\n\n{text}");
        }
        if !self.was_hurried && is_late(self.tree.budget.left().time, self.tree.limits.timeout) {
            self.was_hurried = true;
            text = format!("{text}\n\n{}", prompt::WRAP_UP);
        }
        self.conversation.add(said, text);
    }

    fn count_errors(&mut self, ran: bool, failed: bool) -> Result<(), Stop> {
        if ran {
            self.errors_in_a_row = if failed { self.errors_in_a_row + 1 } else { 0 };
        }
        if self.errors_in_a_row >= self.tree.limits.max_errors {
            return Err(Stop::Limit(Termination::Errors));
        }
        Ok(())
    }

    /// One last call when the iterations are used up.
    async fn force(&mut self) -> Result<Ending, Stop> {
        let mut messages = self.conversation.messages().to_vec();
        messages.push(Message::user(prompt::FORCE));
        self.tree.progress("the iterations are used up: asking for the answer".to_owned());
        let streams = self.depth == 0;
        let tree = self.tree;
        let mut stream = |delta: Delta| {
            if streams {
                tree.emit(Event::Delta(delta));
            }
        };
        let refused = Stop::Limit(Termination::Iterations);
        let Ok(turn) = tree.call(&self.model, messages, true, &mut stream).await else {
            return Err(refused);
        };
        let reply = reply::parse(&turn.text);
        let text = match reply.final_line.as_deref().and_then(reply::final_text) {
            Some(text) => text.to_owned(),
            None => without_echo(&reply.prose, prompt::FORCE).to_owned(),
        };
        // A program is no answer, and half an answer is not one either.
        if !reply.programs.is_empty() || reply.unclosed || turn.cut.is_some() || text.is_empty() {
            return Err(refused);
        }
        Ok(Ending { text, termination: Termination::Forced })
    }
}

/// Whether so much of the time is over that the model should come to its end: four fifths.
fn is_late(left: Duration, all: Duration) -> bool {
    left <= all / 5
}

/// A reply without a demand that it begins by repeating, in whatever case and spacing. If it is nothing else it stays.
fn without_echo<'a>(reply: &'a str, demand: &str) -> &'a str {
    let mut rest = reply;
    for word in demand.split_whitespace() {
        match rest.trim_start().split_at_checked(word.len()) {
            Some((start, behind)) if start.eq_ignore_ascii_case(word) => rest = behind,
            _ => return reply,
        }
    }
    if rest.trim().is_empty() { reply } else { rest.trim() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_demand_is_no_part_of_the_answer() {
        let demand = "Answer now,  plainly.";
        for (reply, expected) in [
            ("Answer now, plainly. It is 7.", "It is 7."),
            ("answer NOW,\nplainly.\n\nIt is 7.", "It is 7."),
            ("Answer now, plainly.", "Answer now, plainly."),
            ("Answer now: 7", "Answer now: 7"),
            ("Ä", "Ä"),
            ("", ""),
        ] {
            assert_eq!(without_echo(reply, demand), expected);
        }
    }

    #[test]
    fn a_run_is_late_when_four_fifths_of_its_time_are_over() {
        let late = |left| is_late(Duration::from_secs(left), Duration::from_secs(100));
        assert_eq!([late(100), late(21), late(20), late(0)], [false, false, true, true]);
    }
}
