//! A trace as a tree: runs, their turns, the programs of these, what the programs looked at and whom they called.

use super::{coverage::Coverage, totals::Spent};

/// All that a trace tells.
#[derive(Debug, Default)]
pub struct Trace {
    /// The version of its form; 0 if it does not say so, as those of earlier programs did not.
    pub version: u64,
    pub program: String,
    /// When it began, as the trace has it.
    pub began: String,
    /// Its number, if it has one.
    pub run: Option<u64>,
    /// Whether it has no texts, by the wish of whoever ran it.
    pub lacks_content: bool,
    pub question: String,
    pub model: String,
    pub worker: String,
    /// How the models were chosen.
    pub why: String,
    /// Parents stand before their children.
    pub nodes: Vec<Node>,
    /// How things were decided, and what else was told on the way, each with its time.
    pub notes: Vec<(u64, String)>,
    /// What was being done last.
    pub doing: String,
    pub coverage: Coverage,
    /// What there was of the answer, or all of it.
    pub answer: String,
    pub warnings: Vec<String>,
    /// How the run has ended; empty if the trace ends before it.
    pub termination: String,
    pub failure: Option<String>,
    /// Its kind, in one word for programs.
    pub failure_kind: Option<String>,
    /// The time of the last line.
    pub last: u64,
    /// Lines that could not be read.
    pub damaged: usize,
    /// Whether it was too long to be written to its end.
    pub is_full: bool,
}

impl Trace {
    /// Whether the trace has its last line.
    pub fn is_whole(&self) -> bool {
        !self.termination.is_empty()
    }

    /// What all of it took.
    pub fn spent(&self) -> Spent {
        let roots = self.nodes.iter().filter(|node| node.parent.is_none());
        roots.fold(Spent::default(), |sum, node| sum + node.total)
    }

    pub fn milliseconds(&self, node: &Node) -> u64 {
        node.end.unwrap_or(self.last).saturating_sub(node.start)
    }
}

/// What a node stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Run,
    Turn,
    /// Of a model.
    Call,
    /// A program, or a call of a tool.
    Program,
    SubCall,
    Look,
}

/// Whether it has ended, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    Ended,
    Failed,
    /// Its reply was known.
    Served,
}

/// One thing that was done.
#[derive(Debug)]
pub struct Node {
    pub parent: Option<usize>,
    pub kind: Kind,
    pub title: String,
    /// The model of a run or a call, or the function of a look.
    pub subject: String,
    /// In milliseconds.
    pub start: u64,
    pub end: Option<u64>,
    pub state: State,
    /// The kind of what its last attempt has failed with, in one word for programs.
    pub failure: Option<String>,
    /// How the reply of a call has ended, in the words that most providers have for it; empty if that is not told.
    pub finish: &'static str,
    /// How long the model was at work on a call.
    pub seconds: f64,
    /// What it took itself, and with all below it.
    pub own: Spent,
    pub total: Spent,
    /// Its texts, each with its name.
    pub texts: Vec<(&'static str, String)>,
    pub children: Vec<usize>,
}

impl Node {
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.iter().find(|(it, _)| *it == name).map(|(_, text)| text.as_str())
    }
}
