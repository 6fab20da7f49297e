//! How a question is answered, beside its limits: the protocol, repairs, the shape of the answer, tools.

use crate::{
    config::{Protocol, Repair, Settings, Strategy},
    engine::{host::names, question::schema::AnswerSchema},
    failure::{Failure, FailureKind},
    llm::{Model, ReplyUse},
    tools::Toolbox,
};

/// How a question is answered. The runs of a tree share it.
#[derive(Debug)]
pub struct RunConfig {
    pub strategy: Strategy,
    pub protocol: Protocol,
    pub repairs: Vec<Repair>,
    pub reply_use: ReplyUse,
    pub schema: Option<AnswerSchema>,
    pub toolbox: Toolbox,
    /// US dollars above which the person wants to be asked before anything is spent.
    pub confirm_above: Option<f64>,
}

/// The same where the person has said nothing about money.
const CONFIRM_ABOVE: f64 = 1.0;

impl RunConfig {
    /// What the settings say.
    ///
    /// # Errors
    /// The schema is invalid, or a tool's name is reserved.
    pub fn of(settings: &Settings) -> Result<Self, Failure> {
        let taken: Vec<&str> =
            settings.tools.iter().map(|tool| tool.name.as_str()).filter(|name| names::is_reserved(name)).collect();
        if !taken.is_empty() {
            return Err(Failure {
                kind: FailureKind::Configuration,
                message: format!("tools: these names are taken by rlm or Python: {}", taken.join(", ")),
                hint: Some("give these tools other names".to_owned()),
            });
        }
        let toolbox = Toolbox::new(settings.tools.clone()).map_err(|message| Failure {
            kind: FailureKind::Configuration,
            message: format!("tools: {message}"),
            hint: Some("see https://json-schema.org".to_owned()),
        })?;
        Ok(Self {
            strategy: settings.strategy,
            protocol: settings.protocol,
            repairs: settings.repairs.clone(),
            reply_use: match (settings.no_cache, settings.refresh) {
                (true, _) => ReplyUse::Off,
                (false, true) => ReplyUse::Refresh,
                (false, false) => ReplyUse::Serve,
            },
            schema: settings.schema.as_ref().map(AnswerSchema::new).transpose()?,
            toolbox,
            // Who sets a limit on cost has agreed to that.
            confirm_above: settings.confirm_above.or(settings.limits.max_cost.is_none().then_some(CONFIRM_ABOVE)),
        })
    }

    /// How the built-in model is asked: it writes programs, and has no tools of the person's own.
    pub fn for_built_in() -> Self {
        Self {
            strategy: Strategy::Rlm,
            protocol: Protocol::Repl,
            repairs: Vec::new(),
            reply_use: ReplyUse::Off,
            schema: None,
            toolbox: Toolbox::empty(),
            confirm_above: None,
        }
    }

    /// Whether runs of a model are to be in the tools protocol.
    ///
    /// # Errors
    /// Tools are required, and the model does not support them.
    pub fn uses_tools(&self, model: &dyn Model) -> Result<bool, Failure> {
        match (self.protocol, model.calls_tools()) {
            (Protocol::Repl, _) => Ok(false),
            (Protocol::Auto, known) => Ok(known == Some(true)),
            (Protocol::Tools, Some(true) | None) => Ok(true),
            (Protocol::Tools, Some(false)) => Err(Failure {
                kind: FailureKind::Configuration,
                message: format!("{} cannot call tools", model.name()),
                hint: Some("let it write programs: --protocol repl".to_owned()),
            }),
        }
    }

    pub fn repairs(&self, repair: Repair) -> bool {
        self.repairs.contains(&repair)
    }
}
