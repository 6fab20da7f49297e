//! What a host function is: its name, its typed parameters, what it does, and how programs and tools find it.

use crate::{
    corpus::{ContextText, Snapshot, StopFlag},
    engine::host::{rows::RowForm, tool_action::ToolAction},
    repl::Raised,
};
use serde_json::{Value, json};

/// Prompts that one call may hand over. Each costs memory while it waits, whether a limit lets it through or not.
pub const MOST_PROMPTS: usize = 10_000;

/// A function that the engine offers. Everything that is said of it anywhere is made from this: the instructions, the
/// schema of the tool, the Python function, the page in `docs/`, the reserved names.
#[derive(Debug)]
pub struct HostFunction {
    pub name: &'static str,
    /// What it gives, beginning in lower case and without a full stop.
    pub about: &'static str,
    pub parameters: &'static [Parameter],
    pub gives: Gives,
    pub does: Does,
    pub offered: Offered,
}

/// Who can call a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    Everywhere,
    /// Programs, whose instructions have a line about it.
    Programs,
    /// Programs; the instructions speak of it in their text.
    ProgramsUnlisted,
    Tools,
}

/// What a call comes to.
#[derive(Debug, Clone, Copy)]
pub enum Gives {
    /// A range of characters: programs get the slice of the context, tools its text.
    Part,
    /// The same, and the arguments are the ends of the slice, so that a program needs to ask nobody.
    Slice,
    Rows(&'static RowForm),
    /// Ranges of characters: programs get pieces with their places, tools the places.
    Pieces,
    /// A text or another value, as it is.
    Plain,
}

/// Answers a look: the text, the arguments in the order of the parameters, and a flag that is raised when nobody waits
/// any more.
pub type Look = fn(&ContextText, Value, &StopFlag) -> Result<Value, Raised>;

/// What calling it does.
#[derive(Debug, Clone, Copy)]
pub enum Does {
    /// Reads what it gives and nothing else.
    Read(Look),
    /// Goes through the text, and waits for a place to do so.
    Scan(Look),
    /// Calls models: the worker, or child runs. `is_batch` takes a list and gives one.
    Ask { recursive: bool, is_batch: bool },
    /// Says what is left of the budget.
    Budget,
    /// Says what the question's files are, and not what its text is.
    Tell(fn(&Snapshot) -> Value),
    /// Nothing here: the interpreter does it, by this line of Python.
    Python(&'static str),
    /// Stands for a program or for the end of the run; only tools have such functions.
    Act(fn(Value) -> Result<ToolAction, String>),
}

/// A parameter.
#[derive(Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub about: &'static str,
    pub kind: Kind,
    pub missing: Missing,
    pub in_tools: InTools,
    /// Whether the instructions show it.
    pub is_listed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Integer,
    Flag,
    /// One text or a list of texts; hands over a list.
    Texts,
    /// A prompt, in which the names of variables may stand for their texts.
    Prompt,
    /// A list of prompts.
    Prompts,
    /// Any JSON value.
    Any,
}

/// What holds if nothing is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// That is an error.
    Refused,
    /// Programs must give it, and tools are asked for it; a tool without it means this.
    Forgiven(Constant),
    Default(Constant),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constant {
    None,
    False,
    Integer(i64),
    Text(&'static str),
}

/// The name of a parameter in the schema of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InTools {
    Same,
    Named(&'static str),
    /// A tool cannot set it.
    Absent,
}

impl Constant {
    pub fn json(self) -> Value {
        match self {
            Self::None => Value::Null,
            Self::False => json!(false),
            Self::Integer(number) => json!(number),
            Self::Text(text) => json!(text),
        }
    }

    /// As Python writes it.
    pub fn python(self) -> String {
        match self {
            Self::None => "None".to_owned(),
            Self::False => "False".to_owned(),
            Self::Integer(number) => number.to_string(),
            Self::Text(text) => format!("{text:?}"),
        }
    }
}

impl Parameter {
    pub const fn of(kind: Kind, name: &'static str, about: &'static str) -> Self {
        Self { name, about, kind, missing: Missing::Refused, in_tools: InTools::Same, is_listed: true }
    }

    pub const fn text(name: &'static str, about: &'static str) -> Self {
        Self::of(Kind::Text, name, about)
    }

    pub const fn integer(name: &'static str, about: &'static str) -> Self {
        Self::of(Kind::Integer, name, about)
    }

    /// With a value for calls that do not give it.
    pub const fn or(self, value: Constant) -> Self {
        Self { missing: Missing::Default(value), ..self }
    }

    pub const fn forgiven(self, value: Constant) -> Self {
        Self { missing: Missing::Forgiven(value), ..self }
    }

    pub const fn in_tools(self, in_tools: InTools) -> Self {
        Self { in_tools, ..self }
    }

    pub const fn unlisted(self) -> Self {
        Self { is_listed: false, ..self }
    }

    /// Its name as a tool has it, if a tool can set it.
    pub fn tool_name(&self) -> Option<&'static str> {
        match self.in_tools {
            InTools::Same => Some(self.name),
            InTools::Named(name) => Some(name),
            InTools::Absent => None,
        }
    }

    /// As a definition in Python has it.
    pub fn python(&self) -> String {
        match self.missing {
            Missing::Refused | Missing::Forgiven(_) => self.name.to_owned(),
            Missing::Default(value) => format!("{}={}", self.name, value.python()),
        }
    }
}

impl HostFunction {
    pub fn is_of_programs(&self) -> bool {
        self.offered != Offered::Tools
    }

    pub fn is_of_tools(&self) -> bool {
        matches!(self.offered, Offered::Everywhere | Offered::Tools)
    }

    /// Whether it looks into the text.
    pub fn is_look(&self) -> bool {
        matches!(self.does, Does::Read(_) | Does::Scan(_))
    }

    /// Whether it calls models.
    pub fn asks(&self) -> bool {
        matches!(self.does, Does::Ask { .. })
    }

    /// The call as programs write it, with the parameters that the instructions show.
    pub fn signature(&self) -> String {
        let parameters = self.parameters.iter().filter(|it| it.is_listed).map(Parameter::python);
        format!("{}({})", self.name, parameters.collect::<Vec<_>>().join(", "))
    }
}
