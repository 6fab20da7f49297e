//! Telling a collector of OpenTelemetry of what the terminal does.

use super::say;
use crate::{config::Environment, trace::Exporter};
use std::{sync::Arc, time::Duration};

/// How long what waits is sent when the work is done, and when somebody waits for the end of the process.
const AT_END: Duration = Duration::from_secs(3);
const AT_ONCE: Duration = Duration::from_millis(300);

/// The one that the person wants.
///
/// # Errors
/// What is wrong with what names it, as a sentence.
pub fn named(option: Option<&str>, environment: &Environment) -> Result<Option<Arc<Exporter>>, String> {
    let name = if option.is_some() { "--otlp" } else { "RLM_OTLP" };
    Exporter::named(option, environment).map_err(|problem| format!("{name}: {problem}"))
}

/// Sends what waits, and says what was not delivered.
pub async fn end(exporter: Option<&Arc<Exporter>>, is_cancelled: bool) {
    let Some(exporter) = exporter else { return };
    if let Some(problem) = exporter.end(if is_cancelled { AT_ONCE } else { AT_END }).await {
        say(&format!("rlm: warning: {problem}"));
    }
}
