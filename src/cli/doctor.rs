//! `rlm doctor`: checks the set-up, piece by piece, and says how to mend what is broken.

use crate::{
    cli::{
        models,
        options::{ModelOptions, refused},
        output::print,
    },
    config::Settings,
    corpus::Snapshot,
    engine::internal_failure,
    failure::Failure,
    repl::{Call, FULL_LANDLOCK, HostCalls, Limits, Raised, ReplSession, SandboxLevel, Tasks, wire::Names},
    setup,
};
use clap::Args;
use futures::{FutureExt, future::BoxFuture};
use serde_json::Value;
use std::{process::ExitCode, time::Duration};
use tokio::time::Instant;

#[derive(Debug, Args)]
pub struct DoctorArguments {
    #[command(flatten)]
    models: ModelOptions,
}

/// How long the interpreter may take; it needs a fraction of a second.
const TIMEOUT: Duration = Duration::from_secs(20);

pub async fn run(arguments: DoctorArguments) -> ExitCode {
    print(&format!("rlm {} on {} {}", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH));
    let settings = match setup::settings(arguments.models.0) {
        Ok(settings) => settings,
        Err(error) => {
            print(&format!("problem settings: {}", refused(&error)));
            return ExitCode::FAILURE;
        }
    };
    print("ok      settings");
    let interpreter_works = tell("interpreter in its sandbox", check_interpreter(&settings).await);
    let detected = setup::models(&settings, &setup::environment()).describe().await;
    print(&format!("\n{}", models::describe(&detected)));
    let models_work = detected.choice.is_ok() && detected.checks.iter().all(|check| check.result.is_ok());
    if interpreter_works && models_work { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell(what: &str, result: Result<String, Failure>) -> bool {
    match result {
        Ok(note) => {
            print(&format!("ok      {what}: {note}"));
            true
        }
        Err(failure) => {
            print(&format!("problem {what}: {}", failure.message));
            if let Some(hint) = failure.hint {
                print(&format!("        {hint}"));
            }
            false
        }
    }
}

/// Runs a program, and looks whether the walls stand.
async fn check_interpreter(settings: &Settings) -> Result<String, Failure> {
    const PROGRAM: &str = "print(len(context))";
    let sandbox = setup::sandbox(&setup::environment())?;
    let started = Instant::now();
    let context = Snapshot::of_text(None, "four".to_owned()).context().map_err(|error| internal_failure(&error))?;
    let launch = sandbox.launch(context, Names::default());
    let limits = Limits { cell_time: settings.limits.cell_timeout, output_chars: 1000 };
    let check = async {
        let mut session = ReplSession::start(launch, limits).await?;
        let level = session.prepare().await?;
        let outcome = session.run_cell(PROGRAM, &NoCalls).await?;
        session.close().await;
        Ok::<_, crate::repl::Error>((outcome, level))
    };
    match tokio::time::timeout(TIMEOUT, check).await {
        Ok(Ok((outcome, level))) if outcome.report.output == "4\n" => {
            Ok(format!("ran a program within {} ms, behind {}", started.elapsed().as_millis(), describe(level)))
        }
        Ok(Ok((outcome, _))) => Err(internal_failure(&format!("unexpected result: {:?}", outcome.report))),
        Ok(Err(error)) => Err(internal_failure(&error)),
        Err(_) => Err(internal_failure(&format!("no answer within {} s", TIMEOUT.as_secs()))),
    }
}

/// The walls in words: what stands, and what the kernel does not offer.
fn describe(level: SandboxLevel) -> String {
    const FILTER: &str = "a filter of system calls";
    let mut text = match level.landlock {
        0 => format!("{FILTER} alone, as RLM_ALLOW_WEAK_SANDBOX allows"),
        FULL_LANDLOCK => format!("landlock and {FILTER}"),
        version => format!("landlock {version} and {FILTER}"),
    };
    match level.landlock {
        1..4 => text.push_str("; this kernel's landlock knows no network, no signals and no abstract sockets"),
        4..FULL_LANDLOCK => text.push_str("; this kernel's landlock knows no signals and no abstract sockets"),
        _ => {}
    }
    if matches!(level.landlock, 1..FULL_LANDLOCK) {
        text.push_str(", from which the filter alone keeps programs (Linux 6.12 has all)");
    }
    text.push_str(match level.tasks {
        Tasks::Own => "; the kernel bounds the threads and processes of each session",
        Tasks::OfUser => "; the kernel bounds threads and processes of the user only, a quarter of which stays free",
        Tasks::Uncounted => "; no bound of the kernel on threads and processes, since it has none for root",
    });
    text
}

/// The check's program calls nobody.
struct NoCalls;

impl HostCalls for NoCalls {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Value, Raised>> {
        let refusal = Raised::new("RuntimeError", format!("{} is not available here", call.name));
        std::future::ready(Err(refusal)).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walls_that_are_lower_are_said_to_be() {
        let check = |landlock, tasks, expected: &[&str], unexpected: &[&str]| {
            let text = describe(SandboxLevel { landlock, tasks });
            assert!(expected.iter().all(|it| text.contains(it)), "{text}");
            assert!(!unexpected.iter().any(|it| text.contains(it)), "{text}");
        };
        check(6, Tasks::Own, &["landlock and a filter", "of each session"], &["signals", "network"]);
        check(5, Tasks::OfUser, &["landlock 5", "no signals", "quarter"], &["network"]);
        check(4, Tasks::Own, &["landlock 4", "no signals"], &["network"]);
        check(3, Tasks::Own, &["landlock 3", "no network", "no signals"], &[]);
        check(0, Tasks::Uncounted, &["alone", "RLM_ALLOW_WEAK_SANDBOX", "no bound"], &["landlock"]);
    }
}
