//! The scripted model server of the tests as a program, for the tests of editors and shells and for benchmarks.
//!
//! It prints its base URL on one line as soon as it listens. The form of a script: `tests/scripted/rules.rs`.

#[path = "../tests/scripted/mod.rs"]
mod scripted;

use anyhow::Context;
use clap::Parser;
use scripted::{Action, Rules, Setup};
use std::{path::PathBuf, time::Duration};

/// An OpenAI-compatible server that answers by a script.
#[derive(Debug, Parser)]
struct Arguments {
    /// The port on the loopback interface; any free one by default.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How long every call takes.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    latency_ms: u64,
    /// A file of rules; without one, every reply is the last message of the user.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// The key that callers must have.
    #[arg(long)]
    key: Option<String>,
    /// Stop when standard input ends, so that no server outlives the test that started it.
    #[arg(long)]
    until_stdin_ends: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut setup = Setup::new().port(arguments.port).latency(Duration::from_millis(arguments.latency_ms));
    if let Some(key) = &arguments.key {
        setup = setup.key(key);
    }
    let rules = match &arguments.script {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            Some(Rules::parse(&text).with_context(|| format!("{} is no script", path.display()))?)
        }
    };
    let script = move |asked: &scripted::Asked| match &rules {
        Some(rules) => rules.action(asked),
        None => Action::reply(asked.last()),
    };
    let server = setup.start(script).await;
    println!("{}", server.url());
    if arguments.until_stdin_ends {
        tokio::io::copy(&mut tokio::io::stdin(), &mut tokio::io::sink()).await?;
    } else {
        tokio::signal::ctrl_c().await?;
    }
    Ok(())
}
