//! What reaches a terminal.
//!
//! Answers, file names, errors of servers: most of what is printed was written by others, and may hold escape sequences
//! that write the clipboard, clear the screen or draw over other lines. On a terminal they appear as what they are. A
//! pipe or a file gets every text as it is.

use crate::text::{visible_json, visible_text};
use serde_json::Value;
use std::{
    borrow::Cow,
    io::{self, IsTerminal, Write},
    panic,
};
use tracing_subscriber::fmt::MakeWriter;

/// A text as standard output may have it.
pub fn for_output(text: &str) -> Cow<'_, str> {
    if io::stdout().is_terminal() { visible_text(text) } else { Cow::Borrowed(text) }
}

/// A text as standard error may have it.
pub fn for_errors(text: &str) -> Cow<'_, str> {
    if io::stderr().is_terminal() { visible_text(text) } else { Cow::Borrowed(text) }
}

/// JSON for standard output. On a terminal it stays JSON, too.
pub fn json_for_output(value: &Value) -> String {
    let json = value.to_string();
    if io::stdout().is_terminal() { visible_json(&json).into_owned() } else { json }
}

/// The part of a streamed text that can be shown now: a carriage return at its end may be one half of the end of a
/// line.
pub fn showable(text: &str) -> &str {
    text.strip_suffix('\r').unwrap_or(text)
}

/// Has a panic say what happened in a form that a terminal can take: its message may quote anything.
pub fn guard_panics() {
    if !io::stderr().is_terminal() {
        return;
    }
    panic::set_hook(Box::new(|panic| super::say(&format!("rlm: {panic}"))));
}

/// Bytes on their way to one of the standard streams.
pub struct Guarded<W: Write> {
    stream: W,
    is_terminal: bool,
    /// The beginning of a character, or of the end of a line, of which the rest is still to come.
    begun: Vec<u8>,
}

impl<W: Write + IsTerminal> Guarded<W> {
    pub fn new(stream: W) -> Self {
        let is_terminal = stream.is_terminal();
        Self { stream, is_terminal, begun: Vec::new() }
    }
}

impl<W: Write> Write for Guarded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_terminal {
            return self.stream.write(bytes);
        }
        self.begun.extend_from_slice(bytes);
        let whole = whole(&self.begun);
        let shown = shown(&self.begun[..whole]);
        self.begun.drain(..whole);
        self.stream.write_all(shown.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl<W: Write> Drop for Guarded<W> {
    fn drop(&mut self) {
        if !self.begun.is_empty() {
            // Nobody is left who could hear of a failure.
            let _ = self.stream.write_all(shown(&self.begun).as_bytes());
        }
    }
}

/// How many of these bytes can be shown before more is known.
fn whole(bytes: &[u8]) -> usize {
    if bytes.ends_with(b"\r") {
        return bytes.len() - 1;
    }
    match bytes.utf8_chunks().last() {
        // A character that goes on lacks up to three bytes.
        Some(last) if is_begun(last.invalid()) => bytes.len() - last.invalid().len(),
        _ => bytes.len(),
    }
}

/// Whether these bytes become a character when more follow.
fn is_begun(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

fn shown(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        shown.push_str(&visible_text(chunk.valid()));
        shown.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02X}")));
    }
    shown
}

/// Where the log goes.
pub struct LogWriter;

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Guarded<io::StderrLock<'a>>;

    fn make_writer(&'a self) -> Self::Writer {
        Guarded::new(io::stderr().lock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(is_terminal: bool, pieces: &[&[u8]]) -> Vec<u8> {
        let mut written = Vec::new();
        let mut guarded = Guarded { stream: &mut written, is_terminal, begun: Vec::new() };
        pieces.iter().for_each(|piece| guarded.write_all(piece).unwrap());
        drop(guarded);
        written
    }

    #[test]
    fn a_terminal_gets_what_can_be_seen_however_the_bytes_are_cut() {
        let text = "é\u{1b}]52;c;x\u{7}\u{9b}2J\u{202e}\r\n漢\rend\n".as_bytes();
        let bytes = [text, b"\x9b\xff\xe2\x80", b"!\r"].concat();
        let shown = "é\\x1B]52;c;x\\x07\\u{9B}2J\\u{202E}\r\n漢\\x0Dend\n\\x9B\\xFF\\xE2\\x80!\\x0D".as_bytes();
        for size in 1..bytes.len() {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            assert_eq!(written(true, &pieces), shown, "{size}");
            assert_eq!(written(false, &pieces), bytes, "{size}");
        }
        // What is only begun appears at the end.
        assert_eq!(written(true, &[b"a\xe2\x80"]), b"a\\xE2\\x80");
    }
}
