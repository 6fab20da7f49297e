//! How a question is answered, beside its limits: the dress of the protocol, repairs, the shape of the answer, tools.

use super::{answer::Failure, schema::AnswerSchema, tools};
use crate::{
    config::{Protocol, Repair, Settings, Strategy},
    tools::Toolbox,
};

/// How a question is answered. The runs of a tree share it.
#[derive(Debug)]
pub struct Manner {
    pub strategy: Strategy,
    pub protocol: Protocol,
    pub repairs: Vec<Repair>,
    pub schema: Option<AnswerSchema>,
    pub toolbox: Toolbox,
}

impl Manner {
    /// What the settings say.
    ///
    /// # Errors
    /// The schema is none, or tools have names that are taken.
    pub fn of(settings: &Settings) -> Result<Self, Failure> {
        let taken: Vec<&str> =
            settings.tools.iter().map(|tool| tool.name.as_str()).filter(|name| tools::is_reserved(name)).collect();
        if !taken.is_empty() {
            return Err(Failure {
                kind: "configuration",
                message: format!("tools: these names are taken by rlm or Python: {}", taken.join(", ")),
                hint: Some("give these tools other names".to_owned()),
            });
        }
        Ok(Self {
            strategy: settings.strategy,
            protocol: settings.protocol,
            repairs: settings.repairs.clone(),
            schema: settings.schema.as_ref().map(AnswerSchema::new).transpose()?,
            toolbox: Toolbox::new(settings.tools.clone()),
        })
    }

    pub fn repairs(&self, repair: Repair) -> bool {
        self.repairs.contains(&repair)
    }
}
