//! What the server, the fork server and the interpreters' processes say to each other.
//!
//! Frames are JSON. They travel in packets over a sequenced-packet socket, which keeps the borders of packets: a
//! process that dies in the middle of a frame leaves whole packets behind and nothing half. Each packet names the
//! generation of the process that it comes from or goes to, so that the rest of a dead process's frame, or an answer
//! meant for it, is told apart from what its successor says ([`Assembler`]).

use crate::corpus::Shape;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Payload bytes of one packet.
pub const PACKET_PAYLOAD: usize = 32 << 10;

/// Bytes before the payload: flags and generation.
const HEADER: usize = 5;

/// The largest packet.
pub const PACKET: usize = HEADER + PACKET_PAYLOAD;

/// The largest frame that either side accepts. A prompt travels in one frame, and no model's window is near this.
pub const FRAME_LIMIT: usize = 64 << 20;

/// The most values in what a program hands over at once: each takes far more room than it has bytes on the way.
pub const MOST_VALUES: usize = 1 << 18;

const LAST: u8 = 1;

/// From the server to the interpreter's process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ToWorker {
    /// The first frame; its first packet carries the file descriptors of the context.
    Start(Start),
    Run(Run),
    /// Another [`Start`] comes, when the process says that it waits for it ([`FromWorker::Renewing`]).
    Renew,
    /// Nothing comes for a while. Memory that is not needed for that is given back.
    Rest,
    /// The answer to a [`Call`].
    Reply {
        id: u64,
        result: Result<Value, Raised>,
    },
}

/// What an interpreter begins with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    pub context: Place,
    /// The bytes and characters of one part after the other, if the text is fetched when it is looked at. Then its file
    /// is empty, and the second descriptor is the socket to ask for pages ([`paging`](super::paging)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Vec<(usize, usize)>>,
    pub names: Names,
}

/// Where the context lies in the file that came along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Bytes before it.
    pub offset: u64,
    pub bytes: usize,
    /// Whether it is known to be ASCII. If it is not, a second file may come along that holds its counted characters,
    /// two bytes for each stride, in the order of the machine.
    pub is_ascii: bool,
}

/// What programs find beside the context.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Names {
    /// The files in the context: path, first character, end.
    pub files: Vec<(String, usize, usize)>,
    /// What the context is, if it is not the text itself but a value whose entries are the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
    /// Further variables, by name.
    pub variables: Vec<(String, String)>,
    /// Earlier questions of the session, with their answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<(String, String)>,
    /// Tools of the person's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<OwnTool>,
    /// Whether an answer that is no text is shown as JSON, and not as Python shows it.
    #[serde(default)]
    pub gives_json: bool,
    /// Whether `f()()` runs as `f()`.
    #[serde(default)]
    pub collapses_doubled_calls: bool,
    /// Whether `{name}` in a prompt stands for the text of that variable.
    #[serde(default)]
    pub fills_placeholders: bool,
}

/// A tool of the person's own, as programs find it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnTool {
    pub name: String,
    pub description: String,
    /// Parameter names in positional order.
    pub parameters: Vec<String>,
    /// What it is, if it is no function.
    pub value: Option<Value>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub cell: u64,
    pub code: String,
    /// Milliseconds that the program itself may take; waiting for the server does not count.
    pub time_limit_ms: u64,
    /// Characters of output that are kept; the rest is only counted.
    pub output_limit: usize,
}

/// From the interpreter's process to the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FromWorker {
    Ready {
        level: SandboxLevel,
    },
    /// The sandbox cannot be set up; the process ends.
    Refused {
        reason: String,
    },
    /// The process waits for a [`Start`]. Its variables stay.
    Renewing,
    Call(Call),
    Done(CellReport),
    /// The process that ran the cell died; this one has the state of before it, and speaks in a new generation.
    Recovered {
        cause: Cause,
    },
}

/// From the server to the fork server: spawn a process. Its socket and the fork server's end of its handle come along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpawnRequest {
    /// Bytes of memory that the process may use beside what it is born with.
    pub memory_limit: u64,
    pub allow_weaker_sandbox: bool,
}

/// From the fork server to the server, over the handle of the process in question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FromForkServer {
    /// The process is there, and leads a group of its own with this number.
    Spawned { group: i32 },
    /// The system makes no more processes, with this number of an error.
    NotSpawned { error: i32 },
    /// The process and its group were ended. The status is what it had exited with, if it had.
    Gone { status: Option<i32> },
}

/// Which walls of the operating system stand around an interpreter. The filter of system calls and the limits on
/// resources always do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxLevel {
    /// The version of landlock that the kernel has, up to [`FULL_LANDLOCK`]; 0 without landlock.
    pub landlock: u8,
    pub tasks: Tasks,
}

/// The version of landlock that knows all that we forbid. Those before 6 know neither signals nor abstract sockets, and
/// those before 4 no network.
pub const FULL_LANDLOCK: u8 = 6;

/// What the kernel counts to limit the threads and processes of a session. The interpreter always counts its own
/// threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tasks {
    /// Those of the session.
    Own,
    /// All of the user, who keeps a quarter for other programs.
    OfUser,
    Uncounted,
}

/// A program asks the server for something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub id: u64,
    pub name: String,
    pub arguments: Value,
    /// The cell that ran, or had run last, when the call was made.
    pub cell: u64,
}

/// Why the process of a cell died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Time,
    Memory,
    Crash,
}

/// An exception that a call raises in the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    /// The name of a built-in exception class.
    pub class: String,
    pub message: String,
}

impl Raised {
    pub fn new(class: &str, message: impl Into<String>) -> Self {
        Self { class: class.to_owned(), message: message.into() }
    }

    /// What a program is told that hands over, or asks for, more than fits into a frame.
    pub fn too_long(what: &str) -> Self {
        let limit = FRAME_LIMIT >> 20;
        let message = format!("{what} is longer than {limit} MiB, the most that can be handed over at once");
        Self::new("ValueError", message)
    }
}

/// How a cell ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CellReport {
    pub cell: u64,
    /// What it printed, cut.
    pub output: String,
    /// Characters that were left out of `output`.
    pub output_omitted: usize,
    /// The traceback of the exception that ended it.
    pub error: Option<String>,
    /// The answer, if the program has declared one.
    pub answer: Option<String>,
    /// What the program has put down as its answer without declaring it ready.
    pub draft: Option<String>,
    /// Names and types of the program's own variables.
    pub variables: Vec<(String, String)>,
}

impl CellReport {
    /// The report of a cell whose own report does not fit into a frame.
    pub fn too_long(cell: u64) -> Self {
        let Raised { class, message } = Raised::too_long("the answer");
        Self { cell, error: Some(format!("{class}: {message}")), ..Self::default() }
    }
}

/// Cuts a frame into packets.
pub fn packets(generation: u32, frame: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let count = frame.len().div_ceil(PACKET_PAYLOAD).max(1);
    (0..count).map(move |number| {
        let start = number * PACKET_PAYLOAD;
        let payload = &frame[start..(start + PACKET_PAYLOAD).min(frame.len())];
        let mut packet = Vec::with_capacity(HEADER + payload.len());
        packet.push(if number + 1 == count { LAST } else { 0 });
        packet.extend_from_slice(&generation.to_le_bytes());
        packet.extend_from_slice(payload);
        packet
    })
}

/// A packet that cannot be right. The other side is broken or hostile, and the connection is given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    #[error("a packet of {0} bytes is too short or too long")]
    PacketSize(usize),
    #[error("a frame is longer than {FRAME_LIMIT} bytes")]
    FrameTooLong,
    #[error("a frame holds more than {MOST_VALUES} values")]
    TooManyValues,
    #[error("a frame is not understood: {0}")]
    Malformed(String),
}

/// A frame and the generation that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub generation: u32,
    pub bytes: Vec<u8>,
}

impl Frame {
    /// The same for the JSON of somebody who is not trusted.
    pub fn parse_bounded<T: for<'de> Deserialize<'de>>(&self) -> Result<T, WireError> {
        if signs(&self.bytes) > SIGNS_OF_VALUE * MOST_VALUES + SIGNS_OF_FRAME {
            Err(WireError::TooManyValues)
        } else {
            self.parse()
        }
    }

    /// Reads the frame's JSON.
    pub fn parse<T: for<'de> Deserialize<'de>>(&self) -> Result<T, WireError> {
        serde_json::from_slice(&self.bytes).map_err(|error| WireError::Malformed(error.to_string()))
    }
}

/// The most signs of JSON that one value takes, `,"":[`, and those of a frame that are not of a program.
const SIGNS_OF_VALUE: usize = 3;
const SIGNS_OF_FRAME: usize = 4096;

/// Counts the signs outside of strings, behind each of which there may be a value.
fn signs(json: &[u8]) -> usize {
    let (mut count, mut is_string, mut rest) = (0, false, json.iter());
    while let Some(byte) = rest.next() {
        match (byte, is_string) {
            (b'"', _) => is_string = !is_string,
            (b'\\', true) => drop(rest.next()),
            (b',' | b':' | b'[' | b'{', false) => count += 1,
            _ => {}
        }
    }
    count
}

/// Puts packets together to frames.
#[derive(Debug, Default)]
pub struct Assembler {
    generation: u32,
    partial: Vec<u8>,
}

impl Assembler {
    /// One that drops what was meant for earlier generations.
    pub fn at(generation: u32) -> Self {
        Self { generation, partial: Vec::new() }
    }

    /// Bytes of the frame under way.
    pub fn partial(&self) -> usize {
        self.partial.len()
    }

    /// Takes the next packet; returns a frame if it was the last of one. A packet of a later generation than the one
    /// under way ends that one, and packets of an earlier one are dropped.
    pub fn push(&mut self, packet: &[u8]) -> Result<Option<Frame>, WireError> {
        let size = packet.len();
        let Some((header, payload)) = packet.split_first_chunk::<HEADER>().filter(|_| size <= PACKET) else {
            return Err(WireError::PacketSize(size));
        };
        let [flags, generation @ ..] = *header;
        let generation = u32::from_le_bytes(generation);
        if generation < self.generation {
            return Ok(None);
        }
        if generation > self.generation {
            self.generation = generation;
            self.partial.clear();
        }
        if self.partial.len() + payload.len() > FRAME_LIMIT {
            return Err(WireError::FrameTooLong);
        }
        self.partial.extend_from_slice(payload);
        Ok((flags & LAST != 0).then(|| Frame { generation, bytes: std::mem::take(&mut self.partial) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assemble(assembler: &mut Assembler, packets: impl Iterator<Item = Vec<u8>>) -> Vec<Frame> {
        packets.filter_map(|packet| assembler.push(&packet).expect("the packet is right")).collect()
    }

    #[test]
    fn frames_of_any_size_survive_the_way() {
        for size in [0, 1, PACKET_PAYLOAD - 1, PACKET_PAYLOAD, PACKET_PAYLOAD + 1, 5 * PACKET_PAYLOAD] {
            let bytes: Vec<u8> = (0..size).map(|byte| byte as u8).collect();
            let frames = assemble(&mut Assembler::default(), packets(3, &bytes));
            assert_eq!(frames, [Frame { generation: 3, bytes }]);
        }
    }

    #[test]
    fn a_later_generation_ends_the_frame_under_way() {
        let mut assembler = Assembler::default();
        let old: Vec<_> = packets(0, &[7; 3 * PACKET_PAYLOAD]).collect();
        assert_eq!(assemble(&mut assembler, old[..2].iter().cloned()), []);
        let frames = assemble(&mut assembler, packets(1, b"new"));
        assert_eq!(frames, [Frame { generation: 1, bytes: b"new".to_vec() }]);
        assert_eq!(assemble(&mut assembler, old[2..].iter().cloned()), [], "the rest of the old frame is dropped");
    }

    #[test]
    fn values_are_counted_before_there_are_any() {
        let check = |json: &str, expected| assert_eq!(signs(json.as_bytes()), expected, "{json}");
        for (json, expected) in [("1", 0), ("[]", 1), ("[1,2]", 2), (r#"{"a":[1],"b":""}"#, 5), (r#"",[{:\",\\""#, 0)] {
            check(json, expected);
        }
        let frame = |bytes: String| Frame { generation: 0, bytes: bytes.into() };
        let many = frame(format!("[{}1]", "1,".repeat(SIGNS_OF_VALUE * MOST_VALUES + SIGNS_OF_FRAME)));
        assert_eq!(many.parse_bounded::<Value>(), Err(WireError::TooManyValues));
        for most in [format!("{{{}}}", r#""":[],"#.repeat(MOST_VALUES)), format!("\"{}\"", ",".repeat(4 * MOST_VALUES))]
        {
            assert_ne!(frame(most).parse_bounded::<Value>(), Err(WireError::TooManyValues));
        }
    }

    #[test]
    fn impossible_packets_are_refused() {
        let mut assembler = Assembler::default();
        assert_eq!(assembler.push(&[1, 0]), Err(WireError::PacketSize(2)));
        assert_eq!(assembler.push(&vec![0; PACKET + 1]), Err(WireError::PacketSize(PACKET + 1)));
        let endless = std::iter::repeat_n(vec![0; PACKET], FRAME_LIMIT / PACKET_PAYLOAD + 1);
        let results: Vec<_> = endless.map(|packet| assembler.push(&packet)).collect();
        assert_eq!(results.last(), Some(&Err(WireError::FrameTooLong)));
    }
}
