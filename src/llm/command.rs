//! A model behind a program of the person's own: it reads the prompt on its standard input and prints the reply.
//!
//! The command is split into words as a shell would, but no shell runs; see [`exec`].

use super::{
    BYTES_PER_TOKEN, Error, Finish, Message, Model, PieceSink, Reply, Request, Role, TokenUsage,
    thinking::{Split, Thinking},
};
use crate::{
    exec::{self, Ended},
    store::Key,
    text::one_line,
};
use futures::future::BoxFuture;
use std::{fs::Metadata, io, os::unix::fs::MetadataExt, path::PathBuf, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::timeout,
};

/// The most that a program may print where nothing else is said, in bytes.
const MOST_OUTPUT: usize = 8 << 20;

/// A program that answers.
#[derive(Debug)]
pub(super) struct CommandModel {
    name: String,
    words: Vec<String>,
    /// The variables with keys that the program inherits.
    lent: Vec<String>,
    timeout: Duration,
    window: Option<usize>,
}

impl CommandModel {
    /// From a command line. The program inherits no keys but those in the variables that are `lent` to it; `timeout`
    /// bounds the whole of one call.
    ///
    /// # Errors
    /// The line holds no word, or a quotation that does not end.
    pub(super) fn new(line: &str, lent: Vec<String>, timeout: Duration, window: Option<usize>) -> Result<Self, Error> {
        let name = format!("cli:{line}");
        match shell_words::split(line) {
            Ok(words) if !words.is_empty() => Ok(Self { name, words, lent, timeout, window }),
            Ok(_) => Err(Error::Configuration("`cli:` wants a command, e.g. `cli:claude -p`".to_owned())),
            Err(error) => Err(Error::Configuration(format!("`{name}` is no command: {error}"))),
        }
    }

    /// The program's own name or path.
    pub(super) fn program(&self) -> &str {
        &self.words[0]
    }

    async fn answer(&self, request: &Request, pieces: PieceSink<'_>) -> Result<Reply, Error> {
        let most = request.max_output_tokens.map_or(MOST_OUTPUT, |tokens| tokens as usize * BYTES_PER_TOKEN);
        let read = async |stdout| self.output(stdout, most, pieces).await;
        let (output, finish) = match exec::run(&self.words, &self.lent, &prompt(&request.messages), read).await {
            Ok(ended) if ended.status.success() => (ended.output, Finish::Complete),
            Ok(Ended { status, complaint, .. }) => {
                return Err(self.failed(&format!("it ended with {status}: {complaint}")));
            }
            Err(Stop::TooLong(output)) => (output, Finish::Length),
            Err(Stop::Failed(error)) => return Err(self.failed(&error.to_string())),
        };
        let Printed { text, reasoning } = output;
        let text = text.trim_end().to_owned();
        let usage = TokenUsage::estimated(request, text.len() + reasoning.len());
        if text.trim().is_empty() {
            return Err(Error::EmptyReply { model: self.name.clone(), finish, usage, reasoning });
        }
        Ok(Reply { text, calls: Vec::new(), reasoning, finish, usage })
    }

    /// Everything the program prints, up to `most` bytes, handed on as it comes.
    async fn output(
        &self,
        mut stdout: impl AsyncRead + Unpin,
        most: usize,
        pieces: PieceSink<'_>,
    ) -> Result<Printed, Stop> {
        let (mut printed, mut thinking) = (Printed::default(), Thinking::default());
        let (mut raw, mut part, mut bytes) = (Vec::new(), [0; 16 << 10], 0);
        loop {
            let read = stdout.read(&mut part).await?;
            raw.extend_from_slice(&part[..read]);
            // The end of what came may be the first half of a character.
            let whole = if read == 0 { raw.len() } else { raw.len() - unfinished(&raw) };
            let piece = String::from_utf8_lossy(&raw[..whole]);
            let piece = &piece[..piece.floor_char_boundary(most - bytes)];
            printed.take(thinking.split(piece), pieces);
            let is_cut = bytes + whole > most;
            bytes += piece.len();
            raw.drain(..whole);
            if is_cut || read == 0 {
                printed.take(thinking.rest(), pieces);
                return if is_cut { Err(Stop::TooLong(printed)) } else { Ok(printed) };
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

    /// Its command line is no name.
    fn parameters(&self) -> Option<u64> {
        None
    }

    fn window(&self) -> Option<usize> {
        self.window
    }

    /// A program may read what lies where it is started, and is another one once its file or a script that it is given has
    /// changed.
    fn reply_source(&self) -> Option<Key> {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let program = exec::program_file(&self.words[0], &folders);
        let files = program.into_iter().chain(self.words[1..].iter().map(PathBuf::from));
        let state = |file: PathBuf| {
            let metadata = file.metadata().ok().filter(Metadata::is_file)?;
            Some((metadata.ino(), metadata.size(), metadata.mtime(), metadata.mtime_nsec()))
        };
        let states: Vec<_> = files.filter_map(state).collect();
        Some(Key::of(&(&self.words, states, std::env::current_dir().ok()?.as_os_str().as_encoded_bytes())))
    }

    fn call<'a>(&'a self, request: &'a Request, pieces: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(async move {
            let answer = timeout(self.timeout, self.answer(request, pieces)).await;
            answer.unwrap_or_else(|_| Err(Error::TimedOut { model: self.name.clone(), after: self.timeout }))
        })
    }
}

/// What a program has printed.
#[derive(Default)]
struct Printed {
    text: String,
    reasoning: String,
}

impl Printed {
    fn take(&mut self, split: Split, pieces: PieceSink<'_>) {
        split.add_to(&mut self.text, &mut self.reasoning, pieces);
    }
}

/// Why a program is not waited for any longer.
enum Stop {
    /// It has printed all that it may; this is it.
    TooLong(Printed),
    Failed(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// A conversation as one text. A single question is that question and nothing else.
fn prompt(messages: &[Message]) -> String {
    let turns = messages.iter().filter(|it| it.role != Role::System).count();
    let turn = |message: &Message| match message.role {
        Role::Assistant => format!("[assistant]\n{}", message.content),
        Role::User if turns > 1 => format!("[user]\n{}", message.content),
        Role::User | Role::System | Role::Tool => message.content.clone(),
    };
    messages.iter().map(turn).collect::<Vec<_>>().join("\n\n")
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
