//! `rlm models`: what was detected, what is configured, whether it answers.

use super::{
    options::{ModelOptions, refused},
    output::print,
    say,
};
use crate::{llm::DetectedModels, setup};
use clap::Args;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub struct ModelsArguments {
    #[command(flatten)]
    models: ModelOptions,
}

pub async fn run(arguments: ModelsArguments) -> ExitCode {
    let settings = match setup::settings(arguments.models.0) {
        Ok(settings) => settings,
        Err(error) => {
            say(&format!("rlm: {}", refused(&error)));
            return ExitCode::from(super::WRONG_USAGE);
        }
    };
    let detected = setup::models(&settings, &setup::environment()).describe().await;
    print(&describe(&detected));
    let works = detected.choice.is_ok() && detected.checks.iter().all(|check| check.result.is_ok());
    if works { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The detected models in words.
pub fn describe(detected: &DetectedModels) -> String {
    let mut lines = Vec::new();
    match &detected.choice {
        Ok(choice) => {
            lines.push(format!("root model   {} ({})", choice.root.name(), choice.why));
            lines.push(format!("worker model {}", choice.worker.name()));
        }
        Err(error) => {
            lines.push(format!("no model: {error}"));
            lines.extend(error.hint().map(|hint| format!("  {hint}")));
        }
    }
    if !detected.checks.is_empty() {
        lines.push(String::new());
    }
    for check in &detected.checks {
        match &check.result {
            Ok(answer) => {
                let milliseconds = answer.after.as_millis();
                lines.push(format!("ok      {}: {} ({milliseconds} ms)", check.what, answer.note));
            }
            Err(error) => {
                lines.push(format!("problem {}: {error}", check.what));
                lines.extend(error.hint().map(|hint| format!("        {hint}")));
            }
        }
    }
    lines.extend(detected.warnings.iter().map(|warning| format!("warning {warning}")));
    lines.push(String::new());
    lines.push("detected:".to_owned());
    lines.extend(detected.keys.iter().map(|key| format!("  {} is set, for {}", key.variable, key.model)));
    lines.extend(detected.ollama.iter().map(|ollama| match ollama.models.as_slice() {
        [] => format!("  Ollama answers at {}, without a model", ollama.url),
        models => format!("  Ollama answers at {}, with {}", ollama.url, models.join(", ")),
    }));
    if detected.keys.is_empty() && detected.ollama.is_none() {
        lines.push("  no API key in the environment, and no Ollama on this machine".to_owned());
    }
    lines.push(String::new());
    lines.push(HOW_TO_CHOOSE.to_owned());
    lines.join("\n")
}

const HOW_TO_CHOOSE: &str = "choose with --model and --worker, or RLM_MODEL and RLM_WORKER_MODEL:
  provider::model   anthropic::…, openai::…, gemini::…, open_router::…, deepseek::…, ollama::…
                    with the provider's key in the environment (ANTHROPIC_API_KEY, OPENAI_API_KEY, …)
  a model's name    of a server with an OpenAI-compatible API, given by --endpoint URL or RLM_ENDPOINT
                    (its key, if it wants one, in RLM_API_KEY)
  cli:COMMAND       a program that reads the prompt and prints the reply, e.g. \"cli:claude -p\"
                    (it gets no API keys but those in the variables that RLM_CLI_ENV names)
  extractive        built in: quotes what it finds, needs no network";
