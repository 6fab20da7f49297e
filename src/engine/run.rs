//! One run: turns of a model, programs, observations, until there is an answer.

use super::{
    answer::Termination,
    budget::Exceeded,
    conversation::Conversation,
    desk::Desk,
    ending::{Ending, Stop},
    event::{Delta, Event},
    prompt,
    reply::{self, Reply},
    tree::{CallError, Cut, Tree, Turn},
};
use crate::{
    corpus::ContextText,
    llm::{self, Message, Model},
    repl::{self, CellOutcome, Ended, Launch, Session, wire::Start},
    text::{cut_head, cut_middle},
};
use std::sync::Arc;
use tokio::time::Instant;

/// Characters of output that a model sees of one program, and at most of the programs of one turn together.
const OUTPUT_CHARS: usize = 20_000;

/// Characters of a program's error that a model sees.
const ERROR_CHARS: usize = 4000;

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

/// A program that has run, as the model and the events see it.
#[derive(Debug, Clone, PartialEq)]
pub struct CellRecord {
    pub output: String,
    pub output_omitted: usize,
    pub error: Option<String>,
    pub variables: Vec<(String, String)>,
    pub ended: Ended,
}

impl CellRecord {
    /// Keeps the first `room` characters of the output; returns how many it has.
    fn keep_output(&mut self, room: usize) -> usize {
        let cut = cut_head(&self.output, room);
        let (kept, omitted) = (cut.shown.len(), cut.omitted);
        self.output.truncate(kept);
        self.output_omitted += omitted;
        self.output.chars().count()
    }
}

/// A run under way.
pub struct Run<'t> {
    pub tree: &'t Tree,
    /// 0 for the root.
    pub number: u64,
    pub depth: usize,
    pub model: Arc<dyn Model>,
    pub context: Arc<ContextText>,
    conversation: Conversation,
    session: Session,
    iteration: u64,
    errors_in_a_row: u64,
    replies_without_program: usize,
    empty_replies: usize,
}

impl<'t> Run<'t> {
    /// Prepares a run; its interpreter gets ready while the model writes the first turn.
    pub async fn new(
        tree: &'t Tree,
        depth: usize,
        model: Arc<dyn Model>,
        context: Arc<ContextText>,
        focus: Option<&Focus>,
        question: &str,
    ) -> Result<Self, Stop> {
        let launch = Launch {
            program: tree.interpreter.program.clone(),
            start: start(&context, focus),
            context: context.clone(),
            memory_limit: tree.interpreter.memory_limit,
            allow_weaker_sandbox: tree.interpreter.allow_weaker_sandbox,
        };
        let limits = repl::Limits { cell_time: tree.limits.cell_timeout, output_chars: output_chars(model.window()) };
        Ok(Self {
            tree,
            number: tree.number_run(),
            depth,
            conversation: Conversation::new(prompt::SYSTEM, prompt::opening(&context, focus, question), model.window()),
            session: Session::start(launch, limits).await?,
            model,
            context,
            iteration: 0,
            errors_in_a_row: 0,
            replies_without_program: 0,
            empty_replies: 0,
        })
    }

    /// Runs until there is an answer or a reason to end without one.
    pub async fn finish(mut self) -> Result<Ending, Stop> {
        let result = self.turns().await;
        self.session.close().await;
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

    /// Has the model write its turn, while the interpreter gets ready for what it will write.
    async fn ask_model(&mut self) -> Result<Result<Turn, CallError>, Stop> {
        self.tell(&format!("{} is writing", self.model.name()));
        let (tree, messages) = (self.tree, self.conversation.messages().to_vec());
        let turn = async { Ok(tree.call(&self.model, messages, true, &mut |_| {}).await) };
        let ready = async { self.session.prepare().await.map_err(Stop::from) };
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

    /// Runs the programs of a reply in order, until one of them gives the answer.
    async fn run_programs(&mut self, programs: &[String]) -> Result<(Vec<CellRecord>, Option<String>), Stop> {
        let mut cells = Vec::new();
        let mut room = output_chars(self.model.window());
        for program in programs {
            self.tell("its program is running");
            let started = Instant::now();
            let outcome = self.run_cell(program).await?;
            let answer = outcome.report.answer.clone();
            if let (0, Some(draft)) = (self.depth, &outcome.report.draft) {
                self.tree.note_draft(draft);
            }
            let mut record = self.record(outcome);
            self.tree.emit(Event::Cell {
                run: self.number,
                depth: self.depth,
                iteration: self.iteration,
                code: program.clone(),
                output: record.output.clone(),
                error: record.error.clone(),
                seconds: started.elapsed().as_secs_f64(),
            });
            room -= record.keep_output(room);
            cells.push(record);
            if answer.is_some() {
                return Ok((cells, answer));
            }
        }
        Ok((cells, None))
    }

    async fn run_cell(&mut self, code: &str) -> Result<CellOutcome, Stop> {
        let desk = Desk { tree: self.tree, context: &self.context, depth: self.depth };
        Ok(self.session.run_cell(code, &desk).await?)
    }

    fn record(&self, outcome: CellOutcome) -> CellRecord {
        let report = outcome.report;
        let error = match outcome.ended {
            Ended::Normally => report.error,
            Ended::RolledBack(cause) | Ended::Lost(cause) => Some(prompt::ended_error(
                cause,
                self.tree.limits.cell_timeout.as_secs_f64(),
                self.tree.interpreter.memory_limit,
            )),
        };
        CellRecord {
            output: report.output,
            output_omitted: report.output_omitted,
            // An exception may hold whatever text the program had at hand.
            error: error.map(|error| cut_middle(&error, ERROR_CHARS)),
            variables: report.variables,
            ended: outcome.ended,
        }
    }

    /// The answer that a final line gives, or what to tell the model about it.
    async fn evaluate_final(&mut self, line: &str) -> Result<Result<String, String>, Stop> {
        // As an expression it would be the variable's value, which may by chance be another one's name.
        let named = reply::final_variable(line).map(|name| format!("FINAL_VAR(\"{name}\")"));
        let report = self.run_cell(named.as_deref().unwrap_or(line)).await?.report;
        if let Some(answer) = report.answer {
            return Ok(Ok(answer));
        }
        let error = cut_middle(&report.error.unwrap_or_default(), ERROR_CHARS);
        // What is no Python may still be an answer: FINAL(The parser is in a.rs:3).
        match reply::final_text(line) {
            Some(text) if error.contains("SyntaxError") => Ok(Ok(text.to_owned())),
            _ => Ok(Err(error)),
        }
    }

    fn observe(&mut self, said: String, cells: &[CellRecord], reply: &Reply, cut: Option<&Cut>, remarks: &str) {
        let mut text = prompt::observation(cells, reply, cut, &self.tree.budget.left());
        if !remarks.is_empty() {
            text = format!("{remarks}\n\n{text}");
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
            None => reply.prose.clone(),
        };
        // A program is no answer, and half an answer is not one either.
        if !reply.programs.is_empty() || reply.unclosed || turn.cut.is_some() || text.is_empty() {
            return Err(refused);
        }
        Ok(Ending { text, termination: Termination::Forced })
    }
}

/// How many characters of output a model with such a window sees at once: those of a fifth of it, at three to a token.
fn output_chars(window: Option<usize>) -> usize {
    window.map_or(OUTPUT_CHARS, |tokens| OUTPUT_CHARS.min(tokens * 3 / 5))
}

/// What the programs of a run begin with.
fn start(context: &ContextText, focus: Option<&Focus>) -> Start {
    let text = context.as_str().as_bytes();
    let chars = context.chars();
    let place = |byte| chars.char_of_byte(text, byte);
    let files = context
        .segments()
        .iter()
        .filter_map(|segment| Some((segment.path.clone()?, place(segment.text.start), place(segment.text.end))));
    Start {
        context_bytes: text.len(),
        files: files.collect(),
        variables: focus.map(|focus| ("selection".to_owned(), focus.text.clone())).into_iter().collect(),
    }
}
