//! A model writes its turn, and its programs run while it still writes.

use crate::{
    engine::{
        budget::model_call::{Cut, Turn},
        error::{CallError, RunError},
        event::Event,
        host::tool_call,
        prompt::inputs::output_chars,
        query_context::QueryContext,
        run::{Run, cell::Cell, refusal, reply::Reply, reply_stream::ReplyStream, state::Prose},
    },
    llm::{Piece, ToolCall},
};
use std::time::Duration;

/// How long the rest of a reply may be silent when one of its programs has given the answer: it has the provider's word on
/// what it costs, and may say that the program was reasoning.
const REST: Duration = Duration::from_secs(1);

/// How long the rest of such a reply is waited for in all.
const MOST_REST: Duration = Duration::from_secs(5);
/// What is said of a reply that declines.
pub(super) const DECLINED: &str = "it declined to answer";

/// A turn that was written, with what its programs did.
pub(super) struct TurnOutput {
    pub text: String,
    pub reply: Reply,
    pub calls: Vec<ToolCall>,
    pub cut: Option<Cut>,
    pub cells: Vec<Cell>,
    /// Why the reply is worth nothing, if it is.
    pub waste: Option<String>,
}

impl TurnOutput {
    /// What was said, and what its programs came to.
    pub fn said_and_done(&self) -> String {
        let calls = self.calls.iter().map(tool_call::shown);
        let cells = self.cells.iter().map(|it| it.output.clone() + it.error.as_deref().unwrap_or_default());
        std::iter::once(self.text.clone()).chain(calls).chain(cells).collect::<Vec<_>>().join("\n")
    }

    /// Whether an answer in it is declared, by a program or a call.
    pub fn declares(&self) -> bool {
        !self.calls.is_empty() || self.reply.final_call.is_some() || self.cells.iter().any(|it| it.answer.is_some())
    }
}

impl Run<'_> {
    /// Has the model write its turn. Meanwhile the text is read, the interpreter gets ready, and every program runs as soon
    /// as its block is closed.
    pub(super) async fn write(&mut self) -> Result<Result<TurnOutput, CallError>, RunError> {
        self.tell(&format!("{} is writing", self.model.name()));
        let (tree, number, model) = (self.tree, self.number, self.model.clone());
        let (tools, task) = (self.tools.clone(), self.task.clone());
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
        let mut unheard = Unheard {
            tree,
            place: (self.number, self.depth, self.state.iteration()),
            reply: &reply_stream,
            why: "the run ended first".to_owned(),
            is_over: false,
        };
        let (turn, cells) = {
            // Put away when it is of no more use, which closes its connection.
            let mut call = Some(Box::pin(tree.call(&model, messages, &tools, Some(task), Some(number), &mut stream)));
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
                            Err(error) => {
                                unheard.why = error.to_string();
                                return Ok(Err(error));
                            }
                        });
                        // Its programs may run for long, and be the last. What was cut off or declines is no part of an
                        // answer.
                        // That of the built-in model only says what its program is about to do.
                        let is_said = turn.as_ref().is_some_and(|turn| !turn.is_waste()) && !model.prefers_programs();
                        if is_root && is_said && !reply.prose.is_empty() {
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
        unheard.is_over = true;
        drop(unheard);
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
        // What ran before the end has happened.
        let waste = turn.waste().filter(|_| cells.is_empty());
        let Turn { text, calls, cut } = turn;
        let shown: Vec<String> = calls.iter().map(tool_call::shown).collect();
        let lines = std::iter::once(text.as_str()).chain(shown.iter().map(String::as_str)).filter(|it| !it.is_empty());
        self.tree.emit(Event::Turn {
            run: self.number,
            depth: self.depth,
            iteration: self.state.iteration(),
            text: lines.collect::<Vec<_>>().join("\n"),
            cut: cut.as_ref().map(ToString::to_string),
        });
        cells.iter().for_each(|cell| self.publish(cell));
        TurnOutput { reply, text, calls, cut, cells, waste }
    }
}

impl Turn {
    /// Why nothing of this reply is worth keeping but its beginning: it was cut off by its model or its provider, or
    /// declines. A limit of the run ends that, and a connection that broke is another matter.
    pub(super) fn waste(&self) -> Option<String> {
        match &self.cut {
            _ if !self.calls.is_empty() => None,
            Some(cut @ (Cut::Length { .. } | Cut::Looping | Cut::Provider(_))) => Some(cut.to_string()),
            None if refusal::is_refusal(&self.text) => Some(DECLINED.to_owned()),
            _ => None,
        }
    }

    fn is_waste(&self) -> bool {
        self.waste().is_some()
    }
}

/// A turn that is being written. If it never gets to its end, people are told what there was of it.
struct Unheard<'a> {
    tree: &'a QueryContext,
    /// The run, its depth and the iteration.
    place: (u64, usize, u64),
    reply: &'a ReplyStream,
    why: String,
    is_over: bool,
}

impl Drop for Unheard<'_> {
    fn drop(&mut self) {
        let text = self.reply.text();
        if !self.is_over && !text.trim().is_empty() {
            let ((run, depth, iteration), cut) = (self.place, Some(std::mem::take(&mut self.why)));
            self.tree.emit(Event::Turn { run, depth, iteration, text, cut });
        }
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
