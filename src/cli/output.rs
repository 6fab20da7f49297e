//! Standard output, and what became of it: every command writes to and nobody can write to twice.
//!
//! A command prints and goes on; what could not be written is noted here, told once at the end, and decides the exit
//! status. A reader that has gone away (`rlm … | head`) has what it wanted, and is no failure.

use super::{say, terminal};
use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
    sync::{Mutex, PoisonError},
};

/// Why something could not be written, the first time.
static FAILURE: Mutex<Option<String>> = Mutex::new(None);

/// Prints a line to standard output.
pub fn print(line: &str) {
    print_part(&format!("{line}\n"));
}

/// Prints a part of a line, or several lines.
pub fn print_part(text: &str) {
    let mut output = io::stdout().lock();
    note(write!(output, "{}", terminal::for_output(text)).and_then(|()| output.flush()));
}

/// Prints what was made for the terminal, with the escape sequences that belong to it.
pub fn print_rendered(text: &str) {
    let mut output = io::stdout().lock();
    note(output.write_all(text.as_bytes()).and_then(|()| output.flush()));
}

/// Prints a JSON value on a line of standard output.
pub fn print_json(value: &serde_json::Value) {
    print(&terminal::json_for_output(value));
}

/// Whether standard output is a terminal.
pub fn to_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Notes what came of writing something that the person has asked for.
pub fn note(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        failure(format!("cannot write the output: {error}"));
    }
}

/// Notes that something the person has asked for could not be written.
pub fn failure(message: String) {
    FAILURE.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(message);
}

/// The exit status of a command that would end with `status` if all could be written.
pub fn conclude(status: ExitCode) -> ExitCode {
    match FAILURE.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(message) => {
            say(&format!("rlm: {message}"));
            ExitCode::FAILURE
        }
        None => status,
    }
}
