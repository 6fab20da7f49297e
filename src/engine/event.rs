//! What a run tells the world while it works.

use crate::{
    corpus::Tally,
    engine::{budget::usage::Usage, detail::Detail, origin::Origin},
};

/// Takes events. It must not block: the run waits for it.
pub trait EventSink: Send + Sync {
    fn emit(&self, event: Event);

    /// Whether it takes details as well, which nobody collects otherwise.
    fn takes_details(&self) -> bool {
        false
    }

    fn note(&self, _: Detail) {}
}

/// One thing that happened. `run` numbers the runs of a tree, 0 being the root; `depth` is 0 for it as well.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Started(Started),
    /// A model has written a whole turn of a run.
    Turn {
        run: u64,
        depth: usize,
        iteration: u64,
        text: String,
        /// Why it is not all that the model would have written.
        cut: Option<String>,
    },
    /// A program has run.
    Cell {
        origin: Origin,
        code: String,
        output: String,
        error: Option<String>,
        seconds: f64,
    },
    /// A model has summed up what its run has found, since its window was nearly full.
    Summary {
        run: u64,
        depth: usize,
        text: String,
    },
    /// A plain call that a program made, or a child run; one level below its origin.
    SubCall {
        id: u64,
        origin: Origin,
        label: String,
        state: SubCallState,
    },
    /// A piece of the answer.
    Delta(Delta),
    /// What the run is doing now.
    Progress {
        message: String,
        usage: Usage,
    },
}

/// What the run works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    pub question: String,
    pub model: String,
    pub worker: String,
    /// How the models were chosen.
    pub why: String,
    pub context: ContextSize,
}

/// How large the context is. Before it was read that is what the walk has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContextSize {
    pub files: usize,
    pub bytes: u64,
    /// Known when the text was read.
    pub characters: Option<usize>,
    /// Files and folders that were left out.
    pub left_out: Tally,
    /// The shard store that was read, as people name it.
    pub store: Option<String>,
    /// Files and streams of which only the beginning was read.
    pub cut: usize,
}

impl ContextSize {
    /// Adds another text, which is read beside this one.
    pub fn add(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.characters = self.characters.zip(other.characters).map(|(own, more)| own + more);
        self.left_out.add(other.left_out);
        self.store = self.store.take().or(other.store);
        self.cut += other.cut;
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubCallState {
    Started,
    Ended,
    Failed(String),
}

/// The answer's text grows, or begins anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    Append(String),
    /// What was shown so far is replaced by this.
    Reset(String),
}
