//! What became of standard output, which every command writes to and nobody can write to twice.
//!
//! A command prints and goes on; what could not be written is noted here, told once at the end, and decides the exit
//! status. A reader that has gone away (`rlm … | head`) has what it wanted, and is no failure.

use super::say;
use std::{
    io,
    process::ExitCode,
    sync::{Mutex, PoisonError},
};

/// Why something could not be written, the first time.
static FAILURE: Mutex<Option<String>> = Mutex::new(None);

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
