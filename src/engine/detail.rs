//! What only a trace tells of a question: who called whom, what each call took, where was looked, and why.

use crate::{engine::origin::Origin, llm::TokenUsage};

/// Who makes a call of a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Caller {
    /// The run whose turn it is, if it is no plain call of a program.
    pub turn_of: Option<u64>,
    /// The sub-call that it is made for, if it is a plain call.
    pub sub_call: Option<u64>,
}

/// Lines of a file, both ends included and counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub path: String,
    pub first_line: usize,
    pub last_line: usize,
}

/// A file of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSize {
    pub path: String,
    /// Nothing if nobody has counted them.
    pub lines: Option<usize>,
}

/// One thing that happened, beside the events.
#[derive(Debug, Clone, PartialEq)]
pub enum Detail {
    /// How something was decided that could have gone another way.
    Decision {
        run: u64,
        choice: &'static str,
        why: String,
    },
    RunBegan {
        run: u64,
        depth: usize,
        /// The sub-call that it is made for. The root has none.
        sub_call: Option<u64>,
        model: String,
    },
    RunEnded {
        run: u64,
        /// Why there is no answer, if there is none.
        error: Option<String>,
    },
    ProgramBegan {
        origin: Origin,
        code: String,
    },
    ProgramEnded {
        origin: Origin,
        error: Option<String>,
        seconds: f64,
    },
    CallBegan {
        call: u64,
        caller: Caller,
        model: String,
        /// Of a plain call, its prompt.
        prompt: Option<String>,
        /// Whether it is a second call for one that is late.
        is_spare: bool,
    },
    /// One attempt of a call has failed.
    AttemptFailed {
        call: u64,
        why: String,
    },
    CallEnded(CallEnded),
    /// A call that was not made, since its reply is known.
    CallServed {
        call: u64,
        caller: Caller,
        model: String,
        /// What it took when it was made.
        saved: TokenUsage,
        reply: Option<String>,
    },
    Look {
        origin: Origin,
        function: &'static str,
        /// As they were given, in JSON.
        arguments: String,
        seconds: f64,
        places: Vec<Place>,
        error: Option<String>,
    },
    /// The files of the text.
    Files {
        files: Vec<FileSize>,
        /// How many more there are.
        more: usize,
    },
}

/// The end of a call, however it came.
#[derive(Debug, Clone, PartialEq)]
pub struct CallEnded {
    pub call: u64,
    pub attempts: u32,
    pub tokens: TokenUsage,
    /// US dollars, if the price is known.
    pub cost: Option<f64>,
    /// How long the model was at work on it.
    pub seconds: f64,
    /// Of a plain call, what the model has replied.
    pub reply: Option<String>,
    /// Why there is no reply, or not the whole of it.
    pub error: Option<String>,
}
