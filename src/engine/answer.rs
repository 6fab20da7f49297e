//! What a question comes to.

pub mod grounding;
pub mod kept;
pub mod stream;

use crate::{
    engine::{budget::usage::Usage, event::ContextSize},
    failure::Failure,
    text::{age, one_line},
};
use grounding::Grounded;

/// Characters of an error that a person is told of a call that failed.
const LOSS_CHARS: usize = 200;

/// The result of a run. There always is one; `termination` tells how far it can be trusted.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Markdown; partial, or empty, if a limit, a failure or a cancellation ended the run.
    pub text: String,
    pub termination: Termination,
    /// What the answer rests on.
    pub grounded: Grounded,
    /// Whether the answer is that nothing was found, as far as the model says so for programs.
    pub found_nothing: bool,
    /// Places that the text names, in order, each once.
    pub citations: Vec<Citation>,
    /// How large the text was.
    pub context: ContextSize,
    /// Sentences about what is not as the person may think.
    pub warnings: Vec<String>,
    /// The first thousand of the sub-calls that failed for good.
    pub lost: Vec<Lost>,
    /// How many failed for good.
    pub lost_count: usize,
    pub usage: Usage,
    /// What failed, if `termination` is [`Termination::Failed`].
    pub failure: Option<Failure>,
    /// How long ago it was given, if it is known from then.
    pub seconds_ago: Option<u64>,
    /// What was answered before that has to do with the question.
    pub earlier: Option<Earlier>,
}

/// An answer that is offered, and not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// By which the store knows it.
    pub number: i64,
    pub question: String,
    pub seconds_ago: u64,
    pub state: EarlierState,
}

/// How an earlier answer has to do with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum EarlierState {
    /// It answers the same about another state of the text, in which the lines that it cites are the same.
    Unchanged,
    /// It answers the same about another state of the text, and lines that it cites have changed since.
    Was,
    /// It answers a question that is near to this one.
    Similar,
}

/// Characters of an earlier question that are told.
const EARLIER_CHARS: usize = 100;

impl Earlier {
    /// The sentence that offers it.
    pub fn sentence(&self) -> String {
        let Self { number, question, seconds_ago, state } = self;
        let (ago, show) = (age(*seconds_ago), format!("`rlm store answer {number}` shows that answer"));
        match state {
            EarlierState::Unchanged => format!(
                "this question was answered {ago} ago about another state of the text, in which the cited lines are the same; {show}"
            ),
            EarlierState::Was => format!(
                "this question was answered {ago} ago about another state of the text, and cited lines have changed since, so that \
                 it says what was; {show}"
            ),
            EarlierState::Similar => {
                format!("a similar question was answered {ago} ago: {}; {show}", one_line(question, EARLIER_CHARS))
            }
        }
    }
}

impl Answer {
    /// The answer of a question that failed before there was a run.
    pub fn failed(failure: Failure) -> Self {
        Self { failure: Some(failure), ..Self::without_text(Termination::Failed) }
    }

    /// The answer of a question that ended before there was a run.
    pub fn without_text(termination: Termination) -> Self {
        Self {
            text: String::new(),
            termination,
            grounded: Grounded::None,
            found_nothing: false,
            citations: Vec::new(),
            context: ContextSize::default(),
            warnings: Vec::new(),
            lost: Vec::new(),
            lost_count: 0,
            usage: Usage::none(),
            failure: None,
            seconds_ago: None,
            earlier: None,
        }
    }

    /// What a person should know of it: warnings, how old it is if it was known, and what was answered before.
    pub fn remarks(&self) -> Vec<String> {
        let served = self.seconds_ago.map(|seconds| {
            format!("this is the answer of {} ago: the text has not changed since; --refresh asks anew", age(seconds))
        });
        self.warnings.iter().cloned().chain(served).chain(self.earlier.as_ref().map(Earlier::sentence)).collect()
    }

    /// The sentence that tells a person what is missing from the answer.
    pub fn loss(&self) -> Option<String> {
        let first = self.lost.first()?;
        let error = one_line(&first.error, LOSS_CHARS);
        Some(match self.lost_count {
            1 => format!("a sub-call failed: {error}"),
            count => format!("{count} sub-calls failed, the first with: {error}"),
        })
    }
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Termination {
    /// The root model declared its answer.
    Final,
    /// The model answered in one call, without programs: from the whole text if that is small, or from passages of it.
    Direct,
    /// The iterations were used up, and the model answered when it was told to.
    Forced,
    Iterations,
    Calls,
    Tokens,
    Cost,
    Timeout,
    /// Too many programs in a row raised an exception.
    Errors,
    Cancelled,
    Failed,
}

impl Termination {
    /// Whether the text is an answer that a model meant as one.
    pub fn is_answer(self) -> bool {
        matches!(self, Self::Final | Self::Direct | Self::Forced)
    }

    /// The sentence that tells a person why the answer is partial; `None` for an answer.
    pub fn explanation(self) -> Option<&'static str> {
        Some(match self {
            Self::Final | Self::Direct | Self::Forced => return None,
            Self::Iterations => "ended by the limit on iterations before the model gave an answer",
            Self::Calls => "ended by the limit on calls before the model gave an answer",
            Self::Tokens => "ended by the limit on tokens before the model gave an answer",
            Self::Cost => "ended by the limit on cost before the model gave an answer",
            Self::Timeout => "ended by the time limit before the model gave an answer",
            Self::Errors => "ended because too many programs in a row failed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        })
    }

    /// The option that sets the limit which ended the run, by its name on the wire.
    pub fn limit(self) -> Option<&'static str> {
        Some(match self {
            Self::Iterations => "maxIterations",
            Self::Calls => "maxCalls",
            Self::Tokens => "maxTokens",
            Self::Cost => "maxCost",
            Self::Timeout => "timeout",
            Self::Errors => "maxErrors",
            Self::Final | Self::Direct | Self::Forced | Self::Cancelled | Self::Failed => return None,
        })
    }
}

/// A place in a file that the answer names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    pub path: String,
    /// 1-based.
    pub first_line: usize,
    /// Inclusive.
    pub last_line: usize,
    pub state: CitationState,
}

/// What was found of a citation when it was looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum CitationState {
    /// The snapshot has these lines, and they say what the answer quotes from them.
    Quoted,
    /// The snapshot has these lines; that they say what the answer claims was not looked at, since it quotes nothing of them.
    Found,
    /// There are no such lines, or they do not say what the answer quotes from them.
    Missing,
}

impl CitationState {
    /// What holds of a place that is named twice: one wrong quotation is enough, and so is one right quotation otherwise.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Missing, _) | (_, Self::Missing) => Self::Missing,
            (Self::Quoted, _) | (_, Self::Quoted) => Self::Quoted,
            (Self::Found, Self::Found) => Self::Found,
        }
    }
}

/// A sub-call without a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    pub depth: usize,
    /// The beginning of its prompt.
    pub label: String,
    pub error: String,
}
