//! Running a program that reads a text and prints what it makes of it: a formatter.

use super::{
    Check, Runner, Walls,
    walls::{NO_PROGRAM, NO_WALLS},
};
use crate::{
    exec,
    failure::{Failure, FailureKind},
    text::one_line,
};
use std::{io, time::Duration};
use tokio::{io::AsyncReadExt, time::timeout};

/// The longest text that is taken, in bytes.
const LONGEST: u64 = 8 << 20;

/// What in a command stands for the path of the file.
const PATH: &str = "{path}";

impl Runner {
    /// What the program prints when it has read the text, which is that of the file at `path` from the root of the tree on.
    ///
    /// # Errors
    /// It does not start, fails, takes too long, or prints no text.
    pub async fn filter(&self, check: &Check, path: &str, text: &str, limit: Duration) -> Result<String, Failure> {
        let words: Vec<String> = check.words.iter().map(|word| word.replace(PATH, path)).collect();
        let walls = Walls { takes_input: true, ..self.walls(&words, &self.places.tree) };
        let failed = |why: String| Failure {
            kind: FailureKind::Program,
            message: format!("`{}` {why}", check.written),
            hint: None,
        };
        let read = async |output: tokio::process::ChildStdout| {
            let mut text = String::new();
            output.take(LONGEST + 1).read_to_string(&mut text).await?;
            Ok::<_, io::Error>(text)
        };
        let ended = timeout(limit, exec::run(&self.words(&walls), &[], text, read)).await;
        self.sweep();
        let ended = match ended {
            Err(_) => return Err(failed(format!("takes longer than {} s", limit.as_secs()))),
            Ok(ended) => ended.map_err(|error| failed(format!("prints no text: {error}")))?,
        };
        match ended.status.code() {
            Some(0) if ended.output.trim().is_empty() && !text.trim().is_empty() => {
                Err(failed("prints nothing".to_owned()))
            }
            Some(0) if ended.output.len() as u64 > LONGEST => Err(failed("prints too much".to_owned())),
            Some(0) => Ok(ended.output),
            Some(code) if code == i32::from(NO_WALLS) || code == i32::from(NO_PROGRAM) && !ended.output.is_empty() => {
                Err(failed(format!("cannot be run: {}", one_line(&ended.output, 300))))
            }
            code => {
                let said = one_line(&ended.complaint, 300);
                let status = code.map_or_else(|| "by a signal".to_owned(), |code| format!("with status {code}"));
                Err(failed(format!("ends {status}: {said}")))
            }
        }
    }
}
