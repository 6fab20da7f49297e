//! Reads a root model's reply: which programs it holds, and whether its prose ends the run.
//!
//! A program is a fenced block ([`fence`]) whose tag says that it is one. It ends with its fence, or rather with the first one
//! that is no part of its text: a string of three quotes may hold blocks of its own ([`python_text`]). The same holds for an
//! answer in prose, `FINAL(…)` ([`final_call`]). Where such a text never ends, the reply is read by its fences alone.
//!
//! Everything is told line by line, so that a program can run while the rest is written, and in linear time.

mod fence;
mod final_call;
mod python_text;

use crate::{corpus::python_program, engine::host::names::tells_program};
pub use fence::Fence;
use final_call::{FinalCall, Line};
pub use final_call::{
    is_named as names_final, is_placeholder, is_sentence, text as final_text, variable as final_variable,
};
use python_text::PythonText;

/// What a reply says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// The programs, in order.
    pub programs: Vec<String>,
    /// Whether the last block was never closed; it is not among the programs.
    pub unclosed: bool,
    /// What lies outside the programs, trimmed.
    pub prose: String,
    /// `FINAL(…)` or `FINAL_VAR(…)` that stands by itself in the prose.
    pub final_call: Option<String>,
}

/// Characters of prose beside a program that make it an answer that shows code.
const ANSWER_CHARS: usize = 200;

/// Lines at which a program without a fence may begin, behind words that announce it.
const MOST_BEGINNINGS: usize = 4;

impl Reply {
    /// Whether a message that should be an answer is a program: all of it, or with a few words that announce one. Answers
    /// may well show Python.
    pub fn is_program(&self) -> bool {
        let announces = || self.prose.chars().nth(ANSWER_CHARS).is_none();
        let looks = || self.programs.iter().any(|program| looks_into_the_text(program));
        let has_program = !self.programs.is_empty() || self.unclosed;
        is_unfenced_program(&self.prose) || has_program && (self.prose.is_empty() || looks() && announces())
    }
}

/// Takes a reply apart.
pub fn parse(text: &str) -> Reply {
    let mut scanner = Scanner::default();
    text.split_inclusive('\n').for_each(|line| scanner.line(line));
    scanner.end();
    scanner.reply()
}

/// Takes a reply apart line by line, as it is written.
#[derive(Default)]
pub struct Scanner {
    reply: Reply,
    open: Open,
    /// Whether fences alone count: a text in which another one lay never came to its end.
    by_fences: bool,
}

/// What the next line belongs to.
#[derive(Default)]
enum Open {
    #[default]
    Prose,
    Block(Fence),
    Program(Program),
    Final {
        call: FinalCall,
        /// Bytes of prose up to the end of its first line, and the lines behind that.
        prose: usize,
        behind: String,
    },
}

/// A program that is being read.
struct Program {
    fence: Fence,
    body: String,
    read: PythonText,
    /// Blocks that are open in it.
    inner: usize,
    /// The length of the body at the first fence that could close it, and the lines behind that.
    closable: Option<(usize, String)>,
}

impl Program {
    fn new(fence: Fence) -> Self {
        Self { fence, body: String::new(), read: PythonText::default(), inner: 0, closable: None }
    }
}

impl Scanner {
    /// Takes the next line, with its end.
    pub fn line(&mut self, line: &str) {
        let Self { reply, open, by_fences } = self;
        match open {
            Open::Prose => {
                let call = if *by_fences { None } else { FinalCall::begin(line) };
                match (call, Fence::opening(line)) {
                    (Some((call, _, Line::Open)), _) => {
                        reply.prose.push_str(line);
                        *open = Open::Final { call, prose: reply.prose.len(), behind: String::new() };
                    }
                    (None, Some(fence)) if fence.is_program => *open = Open::Program(Program::new(fence)),
                    (None, Some(fence)) => {
                        reply.prose.push_str(line);
                        *open = Open::Block(fence);
                    }
                    _ => reply.prose.push_str(line),
                }
            }
            Open::Block(fence) => {
                reply.prose.push_str(line);
                if fence.is_closed_by(line) {
                    *open = Open::Prose;
                }
            }
            Open::Final { call, behind, .. } => {
                reply.prose.push_str(line);
                behind.push_str(line);
                if call.line(line) != Line::Open {
                    *open = Open::Prose;
                }
            }
            Open::Program(program) => {
                if let Some(next) = program.line(line, *by_fences) {
                    reply.programs.push(std::mem::take(&mut program.body));
                    *open = next;
                }
            }
        }
    }

    /// Nothing more comes.
    pub fn end(&mut self) {
        loop {
            let behind = match std::mem::take(&mut self.open) {
                Open::Program(Program { mut body, closable: Some((length, behind)), .. }) => {
                    body.truncate(length);
                    self.reply.programs.push(body);
                    behind
                }
                Open::Program(_) => {
                    self.reply.unclosed = true;
                    return;
                }
                Open::Final { prose, behind, .. } if !self.reply.prose.trim_end().ends_with([')', '*', '`']) => {
                    self.reply.prose.truncate(prose);
                    behind
                }
                Open::Prose | Open::Block(_) | Open::Final { .. } => return,
            };
            self.by_fences = true;
            behind.split_inclusive('\n').for_each(|line| self.line(line));
        }
    }

    /// The programs that are whole so far.
    pub fn programs(&self) -> &[String] {
        &self.reply.programs
    }

    /// Whether the next line belongs to a program, to another block, or to neither.
    pub fn inside(&self) -> Option<Inside> {
        match &self.open {
            Open::Prose | Open::Final { .. } => None,
            Open::Block(_) => Some(Inside::OtherBlock),
            Open::Program(_) => Some(Inside::Program),
        }
    }

    /// The reply, if this is all of it.
    pub fn reply(&self) -> Reply {
        let mut reply = self.reply.clone();
        reply.prose = reply.prose.trim().to_owned();
        reply.final_call = final_call::find(&reply.prose).map(str::to_owned);
        reply
    }
}

impl Program {
    /// Takes the next line; gives what follows the program, if that is whole.
    fn line(&mut self, line: &str, by_fences: bool) -> Option<Open> {
        let closes = self.fence.is_closed_by(line);
        if by_fences {
            match closes {
                true => return Some(Open::Prose),
                false => self.body.push_str(self.fence.dedented(line)),
            }
            return None;
        }
        if let Some((_, behind)) = &mut self.closable {
            behind.push_str(line);
        }
        let is_text = self.read.is_in_long_string();
        match (closes, is_text) {
            (true, false) if self.inner == 0 => return Some(Open::Prose),
            (true, _) => {
                self.inner -= usize::from(!is_text);
                let length = self.body.len();
                self.closable.get_or_insert((length, String::new()));
            }
            (false, false) => {
                if let Some(inner) = Fence::opening(line) {
                    if inner.is_program && self.read.is_whole() {
                        // The fence that should have closed this one was forgotten.
                        return Some(Open::Program(Self::new(inner)));
                    }
                    self.inner += 1;
                }
            }
            (false, true) => {}
        }
        let line = self.fence.dedented(line);
        self.body.push_str(line);
        self.read.read(line);
        None
    }
}

/// What a line is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inside {
    Program,
    OtherBlock,
}

/// Whether a reply that holds no program is one all the same, without its fence or under another tag, perhaps behind a few
/// words that announce it: then it is no answer.
pub fn is_unfenced_program(prose: &str) -> bool {
    let is_code = |line: &&str| Fence::opening(line).is_none();
    let text: String = prose.split_inclusive('\n').filter(is_code).collect();
    if looks_into_the_text(&text) {
        return true;
    }
    let ends = text.match_indices('\n').map(|(at, _)| at + 1);
    let begins = ends.filter(|&at| text[..at].trim_end().ends_with(':') || text[..at].ends_with("\n\n"));
    let near = begins.take(MOST_BEGINNINGS).filter(|&at| text[..at].chars().nth(ANSWER_CHARS).is_none());
    near.into_iter().any(|at| looks_into_the_text(&text[at..]))
}

/// Whether a text is a program that looks into the text or calls models. The name of a function with its parameters is not.
fn looks_into_the_text(text: &str) -> bool {
    python_program(text).is_some_and(|it| {
        let is_signature = it.is_signature && it.names.first().is_some_and(|name| tells_program(name));
        it.calls && !is_signature && it.names.iter().any(|name| tells_program(name))
    })
}

#[cfg(test)]
mod tests;
