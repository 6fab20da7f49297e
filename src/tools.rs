//! Tools of the person's own, as a run uses them: see [`ToolSpec`] for what they are.
//!
//! Commands come from whoever started the program, never from a workspace or a model; a model only chooses among them,
//! and says with which arguments.

use crate::{
    config::{Deed, ToolSpec},
    exec,
    text::one_line,
};
use jsonschema::Validator;
use serde_json::Value;
use std::io;
use tokio::{io::AsyncReadExt, process::ChildStdout, sync::Semaphore, time::timeout};

/// The most that a tool may print, in bytes.
const MOST_OUTPUT: usize = 4 << 20;

/// Commands of one run that may be open at once.
const OPEN_AT_ONCE: usize = 8;

/// Characters of a complaint that a model is told.
const COMPLAINT_CHARS: usize = 1000;

/// The tools of a run.
#[derive(Debug)]
pub struct Toolbox {
    /// With what the arguments of commands must satisfy.
    tools: Vec<(ToolSpec, Option<Validator>)>,
    places: Semaphore,
}

/// Why a tool brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    #[error("there is no tool {0:?}")]
    Unknown(String),
    #[error("wrong arguments for {name}: {problem}")]
    Arguments { name: String, problem: String },
    #[error("{name} failed: {problem}")]
    Failed { name: String, problem: String },
}

impl Toolbox {
    /// No tools.
    pub fn empty() -> Self {
        Self { tools: Vec::new(), places: Semaphore::new(OPEN_AT_ONCE) }
    }

    /// # Errors
    /// What is given as the parameters of a command is no JSON Schema.
    pub fn new(tools: Vec<ToolSpec>) -> Result<Self, String> {
        let with_validator = |tool: ToolSpec| {
            let validator = match &tool.deed {
                Deed::Command { parameters, .. } => {
                    let validator = jsonschema::validator_for(parameters);
                    let wrong = |error| format!("{}: its parameters are no JSON Schema: {error}", tool.name);
                    Some(validator.map_err(wrong)?)
                }
                Deed::Value(_) => None,
            };
            Ok((tool, validator))
        };
        let tools = tools.into_iter().map(with_validator).collect::<Result<_, String>>()?;
        Ok(Self { tools, places: Semaphore::new(OPEN_AT_ONCE) })
    }

    /// The tools of a run at some depth; 0 is the root.
    pub fn at_depth(&self, depth: usize) -> impl Iterator<Item = &ToolSpec> {
        self.tools.iter().map(|(tool, _)| tool).filter(move |tool| depth == 0 || tool.for_children)
    }

    /// Runs a tool. A value is what it is, whatever the arguments. Dropping the future ends a command.
    ///
    /// # Errors
    /// A run at this depth has no such tool, the arguments do not fit, or it failed.
    pub async fn run(&self, name: &str, arguments: &Value, depth: usize) -> Result<Value, ToolError> {
        let found = self.tools.iter().find(|(tool, _)| tool.name == name && (depth == 0 || tool.for_children));
        let (tool, validator) = found.ok_or_else(|| ToolError::Unknown(name.to_owned()))?;
        let (words, lent, patience) = match &tool.deed {
            Deed::Value(value) => return Ok(value.clone()),
            Deed::Command { words, env, timeout, .. } => (words, env, *timeout),
        };
        if let Some(Err(problem)) = validator.as_ref().map(|validator| check(validator, arguments)) {
            return Err(ToolError::Arguments { name: name.to_owned(), problem });
        }
        let failed = |problem: String| ToolError::Failed { name: name.to_owned(), problem };
        let _place = self.places.acquire().await.map_err(|error| failed(error.to_string()))?;
        let input = arguments.to_string();
        let ran = timeout(patience, exec::run(words, lent, &input, output)).await;
        let ended = match ran {
            Ok(ended) => ended.map_err(|error| failed(error.to_string()))?,
            Err(_) => return Err(failed(format!("it took longer than {} s", patience.as_secs_f64()))),
        };
        match ended.status.success() {
            true => Ok(Value::String(ended.output)),
            false => Err(failed(format!("{}: {}", ended.status, one_line(&ended.complaint, COMPLAINT_CHARS)))),
        }
    }
}

/// Whether the arguments fit; what does not, if not.
fn check(validator: &Validator, arguments: &Value) -> Result<(), String> {
    validator.validate(arguments).map_err(|error| match error.instance_path().as_str() {
        "" => error.to_string(),
        place => format!("{place}: {error}"),
    })
}

async fn output(stdout: ChildStdout) -> io::Result<String> {
    let mut bytes = Vec::new();
    stdout.take(MOST_OUTPUT as u64 + 1).read_to_end(&mut bytes).await?;
    if bytes.len() > MOST_OUTPUT {
        return Err(io::Error::other(format!("it printed more than {} MiB", MOST_OUTPUT >> 20)));
    }
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Options;
    use serde_json::json;

    fn toolbox() -> Toolbox {
        let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]});
        let command = |name: &str, line: &str| json!({"name": name, "command": ["sh", "-c", line]});
        let tools = json!({"tools": {"tools": [
            {"name": "echo", "command": ["cat"], "parameters": schema},
            command("fails", "echo on no account >&2; exit 3"),
            {"name": "slow", "command": ["sleep", "30"], "timeout": 0.05},
            command("floods", "yes"),
            {"name": "missing", "command": ["/no/such/program"]},
            {"name": "value", "value": {"a": 1}},
        ], "subTools": ["value"]}});
        Toolbox::new(Options::from_json(&tools).unwrap().tools.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn what_a_command_prints_is_its_result_and_failures_say_why() {
        let toolbox = toolbox();
        let run = async |name: &str, arguments: Value, depth| {
            toolbox.run(name, &arguments, depth).await.map_err(|error| error.to_string())
        };
        assert_eq!(run("echo", json!({"n": 7}), 0).await, Ok(json!("{\"n\":7}")));
        assert_eq!(run("value", json!({}), 1).await, Ok(json!({"a": 1})));
        for (name, arguments, depth, expected) in [
            ("echo", json!({"n": "x"}), 0, "wrong arguments for echo: /n: "),
            ("echo", json!({}), 0, "wrong arguments for echo: \"n\" is a required property"),
            ("fails", json!({}), 0, "fails failed: exit status: 3: on no account"),
            ("slow", json!({}), 0, "slow failed: it took longer than 0.05 s"),
            ("floods", json!({}), 0, "floods failed: it printed more than 4 MiB"),
            ("missing", json!({}), 0, "missing failed: it does not start"),
            ("echo", json!({"n": 1}), 1, "there is no tool \"echo\""),
        ] {
            let error = run(name, arguments, depth).await.unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
