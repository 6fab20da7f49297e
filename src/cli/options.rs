//! The options that commands share, as the terminal writes them.

use crate::{
    config::{Named, Options, Protocol, Repair, Settings, SettingsError, Strategy, tools},
    engine::RunConfig,
    setup,
    text::visible_path,
};
use clap::Args;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A question and what it is about.
#[derive(Debug, Args)]
pub struct Subject {
    /// What you want to know
    #[arg(value_parser = question)]
    pub question: String,
    /// Repository, file, shard store (folder or s3://bucket/prefix), or `-` for standard input [default: what is piped in, else
    /// the current folder]
    pub path: Vec<PathBuf>,
    /// The file, or standard input, holds JSON (or JSON Lines): programs get that list, mapping or messages as `context`
    #[arg(long, help_heading = "Context")]
    pub as_json: bool,
}

/// Models, limits, and what belongs to the context.
#[derive(Debug, Default, Args)]
pub struct CommonOptions {
    #[command(flatten)]
    pub models: ModelOptions,

    /// Whether programs are written, or the whole text is put into one prompt [default: auto]
    #[arg(long, value_name = "auto|direct|rlm", help_heading = "How")]
    pub strategy: Option<Strategy>,
    /// Whether models write programs in their text, or call tools; by what they can, if it is left open [default: auto]
    #[arg(long, value_name = "auto|repl|tools", help_heading = "How")]
    pub protocol: Option<Protocol>,
    /// A JSON Schema that the answer must satisfy; what does not is given back to the model
    #[arg(long, value_name = "FILE", help_heading = "How")]
    pub schema: Option<PathBuf>,
    /// Commands and values that models may use, in JSON
    #[arg(long, value_name = "FILE", help_heading = "How")]
    pub tools: Option<PathBuf>,
    /// Mend what may be a slip of the model, at the risk that it was none; may be given several times
    #[arg(long, value_name = "doubled-calls|placeholders|clean-retry", value_parser = repair, help_heading = "How")]
    pub repair: Vec<Repair>,

    /// Turns of models that write programs [default: 60]
    #[arg(long, value_name = "N", help_heading = "Limits, for the whole tree of a run")]
    pub max_iterations: Option<u64>,
    /// Levels of child runs [default: 2]
    #[arg(long, value_name = "N", help_heading = "Limits, for the whole tree of a run")]
    pub max_depth: Option<u64>,
    /// Calls of models [default: 1000]
    #[arg(long, value_name = "N", help_heading = "Limits, for the whole tree of a run")]
    pub max_calls: Option<u64>,
    /// Tokens, in and out [default: unlimited]
    #[arg(long, value_name = "N", help_heading = "Limits, for the whole tree of a run")]
    pub max_tokens: Option<u64>,
    /// US dollars; the prices of the models must be known (`RLM_PRICE`) [default: unlimited]
    #[arg(long, value_name = "USD", help_heading = "Limits, for the whole tree of a run")]
    pub max_cost: Option<f64>,
    /// Seconds for the whole run [default: 600]
    #[arg(long, value_name = "SECONDS", help_heading = "Limits, for the whole tree of a run")]
    pub timeout: Option<f64>,
    /// Seconds for one program, calls not counted [default: 30]
    #[arg(long, value_name = "SECONDS", help_heading = "Limits, for the whole tree of a run")]
    pub cell_timeout: Option<f64>,
    /// Turns in a row whose programs fail [default: 5]
    #[arg(long, value_name = "N", help_heading = "Limits, for the whole tree of a run")]
    pub max_errors: Option<u64>,
    /// Calls that are open at once [default: 16]
    #[arg(long, value_name = "N", help_heading = "Limits, for the whole tree of a run")]
    pub concurrency: Option<u64>,

    /// Only files that match; may be given several times
    #[arg(long, value_name = "GLOB", help_heading = "Context")]
    pub include: Vec<String>,
    /// No files that match; may be given several times
    #[arg(long, value_name = "GLOB", help_heading = "Context")]
    pub exclude: Vec<String>,
}

/// Which models answer.
#[derive(Debug, Default, Args)]
pub struct ModelOptions {
    /// The root model: `provider::model`, a model's name, `cli:COMMAND`, or `extractive` [env: RLM_MODEL]
    #[arg(long, value_name = "SPEC", help_heading = "Models")]
    pub model: Option<String>,
    /// The model of sub-calls; the root model if absent [env: RLM_WORKER_MODEL]
    #[arg(long, value_name = "SPEC", help_heading = "Models")]
    pub worker: Option<String>,
    /// OpenAI-compatible base URL, e.g. http://127.0.0.1:8000/v1; several form a pool [env: RLM_ENDPOINT, key: RLM_API_KEY]
    #[arg(long, value_name = "URL", help_heading = "Models")]
    pub endpoint: Vec<String>,
}

impl ModelOptions {
    pub fn into_options(self) -> Options {
        Options { model: self.model, worker: self.worker, endpoint: given(self.endpoint), ..Options::default() }
    }
}

impl CommonOptions {
    /// The settings, and how to answer.
    ///
    /// # Errors
    /// What is wrong with an option, in words.
    pub fn resolve(self) -> Result<(Settings, RunConfig), String> {
        let settings = setup::settings(self.into_options()?).map_err(|error| refused(&error))?;
        let config = RunConfig::of(&settings).map_err(|failure| failure.message)?;
        Ok((settings, config))
    }

    /// # Errors
    /// A file that an option names cannot be read, or is not what it should be.
    fn into_options(self) -> Result<Options, String> {
        let own_tools = |path: PathBuf| {
            let refused = |error: SettingsError| format!("{} ({})", refused(&error), visible_path(&path));
            tools(&json("--tools", &path)?).map_err(refused)
        };
        Ok(Options {
            strategy: self.strategy,
            protocol: self.protocol,
            schema: self.schema.map(|path| json("--schema", &path)).transpose()?,
            tools: self.tools.map(own_tools).transpose()?,
            repair: given(self.repair),
            max_iterations: self.max_iterations,
            max_depth: self.max_depth,
            max_calls: self.max_calls,
            max_tokens: self.max_tokens,
            max_cost: self.max_cost,
            timeout: self.timeout,
            cell_timeout: self.cell_timeout,
            max_errors: self.max_errors,
            concurrency: self.concurrency,
            include: given(self.include),
            exclude: given(self.exclude),
            ..self.models.into_options()
        })
    }
}

/// The largest file that an option may name.
const MOST_BYTES: u64 = 1 << 20;

/// The JSON in a file that an option names.
fn json(option: &str, path: &Path) -> Result<Value, String> {
    let shown = visible_path(path);
    let unreadable = |error: std::io::Error| format!("{option}: cannot read {shown}: {error}");
    if std::fs::metadata(path).map_err(unreadable)?.len() > MOST_BYTES {
        return Err(format!("{option}: {shown} has more than {} MiB", MOST_BYTES >> 20));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    serde_json::from_str(&text).map_err(|error| format!("{option}: {shown} is no JSON: {error}"))
}

/// A question that asks something.
fn question(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() { Err("the question is empty") } else { Ok(text.to_owned()) }
}

/// A repair as the terminal writes it.
fn repair(written: &str) -> Result<Repair, String> {
    let spelled = |it: &Repair| spelled(it.name()).trim_start_matches('-').to_owned();
    let names = || Repair::ALL.iter().map(spelled).collect::<Vec<_>>().join(", ");
    let found = Repair::ALL.iter().copied().find(|it| spelled(it) == written);
    found.ok_or_else(|| format!("expected one of {}", names()))
}

/// The error with its option as the terminal writes it. Environment variables keep their names.
pub fn refused(error: &SettingsError) -> String {
    let SettingsError { option, problem } = error;
    // Prices have no option there.
    if option == "price" {
        return format!("RLM_PRICE: {problem}");
    }
    if option.starts_with("RLM_") {
        return error.to_string();
    }
    format!("{}: {problem}", spelled(option))
}

/// An option's name on the wire as the terminal writes it: `--max-calls` for `maxCalls`.
pub fn spelled(option: &str) -> String {
    option.chars().fold(String::from("--"), |mut kebab, letter| {
        if letter.is_ascii_uppercase() {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
        kebab
    })
}

fn given<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args, Command};

    #[test]
    fn the_help_tells_the_defaults() {
        let Settings { limits, strategy, protocol, .. } = Settings::default();
        let command = CommonOptions::augment_args(Command::new("test"));
        for (option, default) in [
            ("strategy", strategy.to_string()),
            ("protocol", protocol.to_string()),
            ("max_iterations", limits.max_iterations.to_string()),
            ("max_depth", limits.max_depth.to_string()),
            ("max_calls", limits.max_calls.to_string()),
            ("max_tokens", limits.max_tokens.map_or("unlimited".to_owned(), |it| it.to_string())),
            ("max_cost", limits.max_cost.map_or("unlimited".to_owned(), |it| it.to_string())),
            ("timeout", limits.timeout.as_secs().to_string()),
            ("cell_timeout", limits.cell_timeout.as_secs().to_string()),
            ("max_errors", limits.max_errors.to_string()),
            ("concurrency", limits.concurrency.to_string()),
        ] {
            let argument = command.get_arguments().find(|it| it.get_id() == option).expect("the option exists");
            let help = argument.get_help().expect("the option has a help").to_string();
            assert!(help.contains(&format!("[default: {default}]")), "{option}: {help}");
        }
    }
}
