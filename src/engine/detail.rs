//! What only a trace tells of a question: who called whom, what each call took, where was looked, and why.

use crate::{
    config::Price,
    engine::origin::Origin,
    llm::{Error, Finish, Model, TokenUsage, ToolCall},
    store::Key,
};

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
    /// Of what is in it; nothing of a text that is too large to be hashed.
    pub hash: Option<Key>,
}

/// What prompts and ways of answering depend on of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFacts {
    pub name: String,
    pub window: Option<usize>,
    pub parameters: Option<u64>,
    pub slots: Option<usize>,
    pub takes_shapes: bool,
    pub calls_tools: Option<bool>,
    /// The hash of where its replies come from.
    pub source: Option<Key>,
    pub price: Option<Price>,
}

impl ModelFacts {
    pub fn of(model: &dyn Model, price: Option<Price>) -> Self {
        Self {
            name: model.name().to_owned(),
            window: model.window(),
            parameters: model.parameters(),
            slots: model.slots(),
            takes_shapes: model.takes_shapes(),
            calls_tools: model.calls_tools(),
            source: model.reply_source(),
            price,
        }
    }
}

/// One thing that happened, beside the events.
#[derive(Debug, Clone, PartialEq)]
pub enum Detail {
    /// A model that the question may call.
    Model(ModelFacts),
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
        /// The hash of what is asked.
        asked: Key,
    },
    /// One attempt of a call has failed, behind the beginning of a reply.
    AttemptFailed {
        call: u64,
        error: Error,
        written: String,
    },
    CallEnded(CallEnded),
    /// A call that was not made, since its reply is known.
    CallServed {
        call: u64,
        caller: Caller,
        model: String,
        /// What it took when it was made.
        saved: TokenUsage,
        reply: String,
        calls: Vec<ToolCall>,
        /// What it is kept under.
        key: Key,
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

/// A reply, as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Replied {
    pub text: String,
    pub calls: Vec<ToolCall>,
    pub finish: Finish,
    /// What this reply took, without the attempts before it.
    pub usage: TokenUsage,
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
    pub caller: Caller,
    /// What the model has replied.
    pub reply: Option<Replied>,
    /// Why there is no reply, or not the whole of it.
    pub error: Option<String>,
}
