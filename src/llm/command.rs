//! A model behind a program of the person's own: it reads the prompt on its standard input and prints the reply.
//!
//! The command is split into words as a shell would, but no shell runs, so that no prompt and no file name ever means
//! anything to one. The program leads a process group of its own, and the group dies with the call, whatever it started.

use super::{BYTES_PER_TOKEN, Error, Finish, Message, Model, Piece, PieceSink, Reply, Request, Role, TokenUsage};
use crate::text::one_line;
use futures::future::BoxFuture;
use rustix::process::{Pid, Signal, kill_process_group};
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{ChildStdin, Command},
    time::timeout,
};

/// The most that a program may print where nothing else is said, in bytes.
const MOST_OUTPUT: usize = 8 << 20;
/// How much of what it complains about is kept, in bytes.
const MOST_COMPLAINT: usize = 4 << 10;

/// A program that answers.
#[derive(Debug)]
pub(super) struct CommandModel {
    name: String,
    words: Vec<String>,
    patience: Duration,
}

impl CommandModel {
    /// From a command line; `patience` bounds the whole of one call.
    ///
    /// # Errors
    /// The line holds no word, or a quotation that does not end.
    pub(super) fn new(line: &str, patience: Duration) -> Result<Self, Error> {
        let name = format!("cli:{line}");
        match shell_words::split(line) {
            Ok(words) if !words.is_empty() => Ok(Self { name, words, patience }),
            Ok(_) => Err(Error::Configuration("`cli:` wants a command, e.g. `cli:claude -p`".to_owned())),
            Err(error) => Err(Error::Configuration(format!("`{name}` is no command: {error}"))),
        }
    }

    /// The program's own name or path.
    pub(super) fn program(&self) -> &str {
        &self.words[0]
    }

    async fn answer(&self, request: &Request, pieces: PieceSink<'_>) -> Result<Reply, Error> {
        let prompt = prompt(&request.messages);
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).process_group(0).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| self.failed(&format!("it does not start: {error}")))?;
        let group = Group(child.id().and_then(|id| Pid::from_raw(id as i32)));
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(self.failed("its standard streams could not be connected"));
        };
        let ended = async {
            let status = child.wait().await;
            // What the program left behind would keep its output open for ever.
            drop(group);
            status
        };
        let most = request.max_output_tokens.map_or(MOST_OUTPUT, |tokens| tokens as usize * BYTES_PER_TOKEN);
        let ran = tokio::try_join!(
            self.output(stdout, most, pieces),
            async { Ok(head(stderr, MOST_COMPLAINT).await) },
            async {
                feed(stdin, &prompt).await;
                Ok(())
            },
            async { ended.await.map_err(|error| self.failed(&error.to_string()).into()) },
        );
        let (output, finish) = match ran {
            Ok((output, _, (), status)) if status.success() => (output, Finish::Complete),
            Ok((_, complaint, (), status)) => {
                return Err(self.failed(&format!("it ended with {status}: {complaint}")));
            }
            // Dropping the rest has ended the program.
            Err(Stop::TooLong(output)) => (output, Finish::Length),
            Err(Stop::Failed(error)) => return Err(error),
        };
        let text = output.trim_end().to_owned();
        let usage = TokenUsage::estimated(request, text.len());
        if text.trim().is_empty() {
            return Err(Error::EmptyReply { model: self.name.clone(), finish, usage, reasoning: String::new() });
        }
        Ok(Reply { text, reasoning: String::new(), finish, usage })
    }

    /// Everything the program prints, up to `most` bytes, handed on as it comes.
    async fn output(
        &self,
        mut stdout: impl AsyncRead + Unpin,
        most: usize,
        pieces: PieceSink<'_>,
    ) -> Result<String, Stop> {
        let (mut text, mut raw, mut part) = (String::new(), Vec::new(), [0; 16 << 10]);
        loop {
            let read = stdout.read(&mut part).await.map_err(|error| self.failed(&error.to_string()))?;
            raw.extend_from_slice(&part[..read]);
            // The end of what came may be the first half of a character.
            let whole = if read == 0 { raw.len() } else { raw.len() - unfinished(&raw) };
            let piece = String::from_utf8_lossy(&raw[..whole]).into_owned();
            raw.drain(..whole);
            if !piece.is_empty() {
                text.push_str(&piece);
                pieces(Piece::Text(&piece));
            }
            if text.len() > most {
                text.truncate(text.floor_char_boundary(most));
                return Err(Stop::TooLong(text));
            }
            if read == 0 {
                return Ok(text);
            }
        }
    }

    fn failed(&self, detail: &str) -> Error {
        Error::Program { model: self.name.clone(), detail: one_line(detail, 300) }
    }
}

impl Model for CommandModel {
    fn name(&self) -> &str {
        &self.name
    }

    fn window(&self) -> Option<usize> {
        None
    }

    fn call<'a>(&'a self, request: &'a Request, pieces: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(async move {
            let answer = timeout(self.patience, self.answer(request, pieces)).await;
            answer.unwrap_or_else(|_| Err(Error::TimedOut { model: self.name.clone(), after: self.patience }))
        })
    }
}

/// Why a program is not waited for any longer.
enum Stop {
    /// It has printed all that it may; this is it.
    TooLong(String),
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The program and all that it started; killed when this is dropped.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It fails when nobody is left, which is all that is wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// A conversation as one text. A single question is that question and nothing else.
fn prompt(messages: &[Message]) -> String {
    let turns = messages.iter().filter(|it| it.role != Role::System).count();
    let turn = |message: &Message| match message.role {
        Role::Assistant => format!("[assistant]\n{}", message.content),
        Role::User if turns > 1 => format!("[user]\n{}", message.content),
        Role::User | Role::System => message.content.clone(),
    };
    messages.iter().map(turn).collect::<Vec<_>>().join("\n\n")
}

/// Writes the prompt. A program that does not read all of it is free to.
async fn feed(mut stdin: ChildStdin, prompt: &str) {
    if stdin.write_all(prompt.as_bytes()).await.is_ok() {
        let _ = stdin.shutdown().await;
    }
}

/// The first part of a stream that is read to its end.
async fn head(mut stream: impl AsyncRead + Unpin, most: usize) -> String {
    let (mut kept, mut part) = (Vec::new(), [0; 4 << 10]);
    while let Ok(read @ 1..) = stream.read(&mut part).await {
        kept.extend_from_slice(&part[..read.min(most - kept.len())]);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// How many bytes at the end are the beginning of a character.
fn unfinished(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(4)..];
    match std::str::from_utf8(tail) {
        Ok(_) => 0,
        Err(_) => (1..=tail.len().min(3))
            .find(|&length| {
                let end = &tail[tail.len() - length..];
                std::str::from_utf8(end).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
            })
            .unwrap_or(0),
    }
}

#[cfg(test)]
mod tests;
