//! A model writes its turn, and its programs run while it still writes.

use crate::{
    engine::{
        budget::model_call::{Cut, Turn},
        error::{CallError, RunError},
        event::Event,
        host::tool_call,
        prompt::inputs::output_chars,
        run::{Run, cell::Cell, reply::Reply, reply_stream::ReplyStream, state::Prose},
    },
    llm::{Piece, ToolCall},
};
use std::time::Duration;

/// How long the rest of a reply may be silent when one of its programs has given the answer: it has the provider's word on
/// what it costs, and may say that the program was reasoning.
const REST: Duration = Duration::from_secs(1);

/// How long the rest of such a reply is waited for in all.
const MOST_REST: Duration = Duration::from_secs(5);

/// A turn that was written, with what its programs did.
pub(super) struct TurnOutput {
    pub text: String,
    pub reply: Reply,
    pub calls: Vec<ToolCall>,
    pub cut: Option<Cut>,
    pub cells: Vec<Cell>,
}

impl Run<'_> {
    /// Has the model write its turn. Meanwhile the text is read, the interpreter gets ready, and every program runs as soon
    /// as its block is closed.
    pub(super) async fn write(&mut self) -> Result<Result<TurnOutput, CallError>, RunError> {
        self.tell(&format!("{} is writing", self.model.name()));
        let (tree, model, tools, task) = (self.tree, self.model.clone(), self.tools.clone(), self.task.clone());
        let messages = self.transcript.messages().to_vec();
        let shows_prose = !tools.is_empty() || self.state.prose() == Prose::Answer;
        let reply_stream = ReplyStream::new(shows_prose, self.reasons_unmarked);
        let is_root = self.depth == 0;
        let context = self.interpreter.context_on_its_way();
        let mut stream = |piece: Piece<'_>| {
            if let (Some(shown), true) = (reply_stream.push(piece), is_root) {
                tree.progress.write_answer(&shown, context.if_ready().as_deref());
            }
        };
        let writes_programs = tools.is_empty();
        let (turn, cells) = {
            // Put away when it is of no more use, which closes its connection.
            let mut call = Some(Box::pin(tree.call(&model, messages, &tools, Some(task), true, &mut stream)));
            let running = self.run_as_written(&reply_stream, writes_programs);
            tokio::pin!(running);
            let mut turn = None;
            let ran = loop {
                tokio::select! {
                    biased;
                    result = written_by(&mut call) => {
                        call = None;
                        let reply = reply_stream.end();
                        turn = Some(match result {
                            Ok(written) => written,
                            // What ran has happened: the conversation has to tell of it.
                            Err(CallError::Model(error)) if reply_stream.has_begun() => broken(&reply_stream, &error.to_string()),
                            Err(error) => return Ok(Err(error)),
                        });
                        // Its programs may run for long, and be the last.
                        if is_root && !reply.prose.is_empty() {
                            tree.progress.note_said(&reply.prose);
                        }
                    }
                    () = reply_stream.broken(), if turn.is_none() => {
                        call = None;
                        reply_stream.end();
                        turn = Some(broken(&reply_stream, "the connection failed"));
                    }
                    ran = &mut running => break ran?,
                }
            };
            // If the answer is there, what else the model writes changes nothing.
            let turn = turn.unwrap_or_else(|| Turn { text: reply_stream.text(), calls: Vec::new(), cut: None });
            (turn, ran)
        };
        self.reasons_unmarked |= reply_stream.reasonings() > 0;
        Ok(Ok(self.written(turn, reply_stream.end(), cells)))
    }

    /// Runs the programs of a reply in order while it is written, until one of them gives the answer.
    async fn run_as_written(
        &mut self,
        reply_stream: &ReplyStream,
        writes_programs: bool,
    ) -> Result<Vec<Cell>, RunError> {
        let mut cells: Vec<Cell> = Vec::new();
        self.interpreter.prepare().await?;
        let mut room = output_chars(self.model.window());
        if !writes_programs {
            reply_stream.ended().await;
            return Ok(cells);
        }
        let mut reasonings = reply_stream.reasonings();
        while let Some(program) = reply_stream.next().await {
            if reply_stream.reasonings() != reasonings {
                reasonings = reply_stream.reasonings();
                room = output_chars(self.model.window());
                cells.clear();
            }
            self.tell("its program is running");
            let mut cell = self.run_program(program, cells.len() as u64 + 1).await?;
            room -= cell.keep_output(room);
            let is_answered = cell.answer.is_some();
            cells.push(cell);
            if is_answered && !reply_stream.settled(reasonings, REST, MOST_REST).await {
                return Ok(cells);
            }
        }
        if reply_stream.reasonings() != reasonings {
            cells.clear();
        }
        Ok(cells)
    }

    /// Tells of the turn, and then of its programs, whichever was there first.
    fn written(&mut self, turn: Turn, reply: Reply, cells: Vec<Cell>) -> TurnOutput {
        let Turn { text, calls, cut } = turn;
        let shown: Vec<String> = calls.iter().map(tool_call::shown).collect();
        let lines = std::iter::once(text.as_str()).chain(shown.iter().map(String::as_str)).filter(|it| !it.is_empty());
        self.tree.emit(Event::Turn {
            run: self.number,
            depth: self.depth,
            iteration: self.state.iteration(),
            text: lines.collect::<Vec<_>>().join("\n"),
        });
        cells.iter().for_each(|cell| self.publish(cell));
        TurnOutput { reply, text, calls, cut, cells }
    }
}

/// The end of a call, if it is not put away.
async fn written_by<F: Future + Unpin>(call: &mut Option<F>) -> F::Output {
    match call {
        Some(call) => call.await,
        None => std::future::pending().await,
    }
}

/// What had come of a reply when it broke off.
fn broken(reply_stream: &ReplyStream, why: &str) -> Turn {
    Turn { text: reply_stream.text(), calls: Vec::new(), cut: Some(Cut::Broken(why.to_owned())) }
}
