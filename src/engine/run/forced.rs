//! The last call of a run whose iterations are used up: it demands the answer.

use crate::{
    engine::{
        answer::Termination,
        error::{CallError, RunError},
        host::{
            tool_action::{ProgramKind, ToolAction},
            tool_call, tool_output,
        },
        prompt,
        run::{Run, RunOutput, reply, reply_stream::ReplyStream},
    },
    llm::{self, Piece},
};

impl Run<'_> {
    /// One last call when the iterations are used up.
    pub(super) async fn force(&mut self) -> Result<RunOutput, RunError> {
        let forced = self.demand_answer().await;
        if self.depth == 0 && forced.is_err() {
            self.tree.progress.withdraw_answer();
        }
        forced
    }

    async fn demand_answer(&mut self) -> Result<RunOutput, RunError> {
        self.tree.say("the iterations are used up: asking for the answer".to_owned());
        let (tree, context, is_root) = (self.tree, self.interpreter.text(), self.depth == 0);
        let reply_stream = ReplyStream::new(true, false);
        let mut stream = |piece: Piece<'_>| {
            if let (Some(shown), true) = (reply_stream.push(piece), is_root) {
                tree.progress.write_answer(&shown, context.as_deref());
            }
        };
        let refused = RunError::Limit(Termination::Iterations);
        let turn = loop {
            let messages = self.transcript.asking(prompt::FORCE);
            match tree
                .call(&self.model, messages, &self.tools, Some(self.task.clone()), Some(self.number), &mut stream)
                .await
            {
                Ok(turn) => break turn,
                Err(CallError::Model(llm::Error::PromptTooLong { .. }))
                    if self.transcript.shorten(self.model.window()) => {}
                Err(_) => return Err(refused),
            }
        };
        let reply = reply_stream.end();
        let mut called = None;
        for call in &turn.calls {
            called = match tool_call::read(call, &[]) {
                Ok(ToolAction::Final(answer)) => Some(tool_output::answer_text(&answer)),
                Ok(ToolAction::Cell { code, kind: kind @ ProgramKind::FinalVar }) => {
                    self.run_call(&code, &kind, 1).await?.answer
                }
                _ => None,
            };
            if called.is_some() {
                break;
            }
        }
        if called.is_none() && !turn.calls.is_empty() {
            return Err(refused);
        }
        // A program is no answer, and half an answer is not one either, nor is a call. Without tools, whatever is tagged as
        // a program is one.
        let has_program = !reply.programs.is_empty() || reply.unclosed;
        let is_call = called.is_none() && self.written_calls(&turn.text).is_some();
        if turn.cut.is_some() || is_call || has_program && self.tools.is_empty() {
            return Err(refused);
        }
        let text = match (called, reply.final_call.as_deref()) {
            (Some(called), _) => called,
            (None, Some(call)) => match self.evaluate_final(call, 1).await? {
                Ok(text) => text,
                Err(_) => return Err(refused),
            },
            (None, None) => without_echo(turn.text.trim(), prompt::FORCE).to_owned(),
        };
        if reply::parse(&text).is_program() || text.trim().is_empty() {
            return Err(refused);
        }
        match self.validator.shape(text, &tree.config) {
            Ok(text) => Ok(RunOutput::new(text, Termination::Forced)),
            Err(_) => Err(refused),
        }
    }
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
}
