//! Running `rlm` as a person at a terminal does.

use serde_json::Value;
use std::{
    ffi::OsStr,
    process::{Output, Stdio},
};
use tokio::process::Command;

/// What a run of the program came to.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub output: String,
    pub errors: String,
}

impl Ran {
    /// The JSON object of `--json`.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.output).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }
}

/// The program with its arguments, and with nothing of the environment but a search path.
pub fn rlm<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rlm"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        // Where no Ollama answers.
        .env("OLLAMA_HOST", "127.0.0.1:9")
        // What other tests were told is no answer here.
        .env("RLM_STORE", "off")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// What a person at a real terminal gets to see of a run, byte for byte, as its output, with the run's status. `script`
/// of Debian's essential package `bsdutils` lends the terminal.
pub async fn on_terminal<S: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = S>,
    environment: &[(&str, &str)],
) -> Output {
    let mut command = lent_terminal(arguments);
    command.envs(environment.iter().copied()).stdin(Stdio::null());
    command.output().await.expect("`script` starts")
}

/// The program at such a terminal, whose keys are the input of the command.
pub fn lent_terminal<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut words = vec![env!("CARGO_BIN_EXE_rlm").to_owned()];
    words.extend(arguments.into_iter().map(|it| it.as_ref().to_str().expect("the argument is text").to_owned()));
    let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
    let mut command = Command::new("script");
    command
        .args(["-qec", &format!("exec {}", quoted.join(" ")), "/dev/null"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm-256color")
        .env("OLLAMA_HOST", "127.0.0.1:9")
        .env("RLM_STORE", "off")
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    command
}

/// Runs a command to its end. What goes elsewhere than into a pipe is not in the result.
pub async fn run(mut command: Command) -> Ran {
    let child = command.spawn().expect("the program starts");
    let Output { status, stdout, stderr } = child.wait_with_output().await.expect("the program ends");
    Ran {
        status: status.code().expect("no signal ended it"),
        output: String::from_utf8(stdout).expect("the output is text"),
        errors: String::from_utf8(stderr).expect("the errors are text"),
    }
}
