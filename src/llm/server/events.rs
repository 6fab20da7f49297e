//! Splitting the body of a reply into messages: the events of a stream, lines of JSON, or one JSON text.
//!
//! What a body is shows with its first byte and not in its headers, which gateways get wrong. Only the form is read
//! here; a protocol says what a message means.

use super::{MOST_BYTES, Protocol, TooLong, lines::Lines};

/// The most bytes of a web page that are looked at.
const MOST_PAGE: usize = 16 << 10;

const BYTE_ORDER_MARK: [u8; 3] = *b"\xef\xbb\xbf";

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// The name of an event; most have none.
    pub(super) name: String,
    pub(super) data: String,
}

/// A body while it arrives.
#[derive(Debug)]
pub(super) struct Messages {
    protocol: Protocol,
    /// Bytes of a byte order mark that have come.
    marks: usize,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// Nothing but white space has come.
    Unknown,
    /// Server-sent events.
    Events(Events),
    /// A JSON text on each line.
    Lines(Lines),
    /// JSON texts that may extend over lines.
    Whole(Vec<u8>),
    Page(Vec<u8>),
}

impl Messages {
    pub(super) fn new(protocol: Protocol) -> Self {
        Self { protocol, marks: 0, form: Form::Unknown }
    }

    /// The next message, and takes it off `bytes`; at the end of the body also what has come of the last one.
    ///
    /// # Errors
    /// A message is longer than any that makes sense.
    pub(super) fn next(&mut self, bytes: &mut &[u8], is_last: bool) -> Result<Option<Event>, TooLong> {
        self.look_at_start(bytes);
        let unnamed = |data: Vec<u8>| Event { name: String::new(), data: text(data) };
        match &mut self.form {
            Form::Unknown => Ok(None),
            Form::Events(events) => match events.next(bytes)? {
                None if is_last => events.rest(),
                event => Ok(event),
            },
            Form::Lines(lines) => loop {
                match lines.next(bytes)? {
                    Some(line) if line.trim_ascii().is_empty() => {}
                    None if is_last => return Ok(lines.rest().map(unnamed)),
                    line => return Ok(line.map(unnamed)),
                }
            },
            Form::Whole(whole) => {
                if whole.len() + bytes.len() > MOST_BYTES {
                    return Err(TooLong);
                }
                whole.extend_from_slice(std::mem::take(bytes));
                Ok((is_last && !whole.is_empty()).then(|| unnamed(std::mem::take(whole))))
            }
            Form::Page(page) => {
                let taken = std::mem::take(bytes);
                page.extend_from_slice(&taken[..taken.len().min(MOST_PAGE - page.len())]);
                Ok(None)
            }
        }
    }

    /// Bytes that are kept of a message that is under way.
    pub(super) fn bytes(&self) -> usize {
        match &self.form {
            Form::Unknown => 0,
            Form::Events(events) => events.lines.bytes() + events.data.as_ref().map_or(0, Vec::len),
            Form::Lines(lines) => lines.bytes(),
            Form::Whole(bytes) | Form::Page(bytes) => bytes.len(),
        }
    }

    /// The page of the web that came in place of a reply, when enough of it has come.
    pub(super) fn page(&self, is_last: bool) -> Option<String> {
        match &self.form {
            Form::Page(page) => {
                let page = String::from_utf8_lossy(page).into_owned();
                let has_title = page.to_ascii_lowercase().contains("</title");
                (is_last || has_title || page.len() >= MOST_PAGE).then_some(page)
            }
            _ => None,
        }
    }

    fn look_at_start(&mut self, bytes: &mut &[u8]) {
        while let (Form::Unknown, Some((first, rest))) = (&self.form, bytes.split_first()) {
            if BYTE_ORDER_MARK.get(self.marks) == Some(first) {
                (self.marks, *bytes) = (self.marks + 1, rest);
            } else if first.is_ascii_whitespace() {
                *bytes = rest;
            } else {
                self.form = match (first, self.protocol) {
                    (b'<', _) => Form::Page(Vec::new()),
                    (_, Protocol::Ollama) => Form::Lines(Lines::default()),
                    (b'{' | b'[', Protocol::OpenAi) => Form::Whole(Vec::new()),
                    (_, Protocol::OpenAi) => Form::Events(Events::default()),
                };
            }
        }
    }
}

/// Server-sent events, as the HTML standard has them.
#[derive(Debug, Default)]
struct Events {
    lines: Lines,
    name: Vec<u8>,
    data: Option<Vec<u8>>,
}

impl Events {
    fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Event>, TooLong> {
        while let Some(line) = self.lines.next(bytes)? {
            match line.is_empty() {
                true => {
                    if let Some(event) = self.finished() {
                        return Ok(Some(event));
                    }
                }
                false => self.take(line)?,
            }
        }
        Ok(None)
    }

    /// An event that the end of the body cuts off counts: not every server ends its last one.
    fn rest(&mut self) -> Result<Option<Event>, TooLong> {
        if let Some(line) = self.lines.rest() {
            self.take(line)?;
        }
        Ok(self.finished())
    }

    fn take(&mut self, mut line: Vec<u8>) -> Result<(), TooLong> {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let after = (colon + 1).min(line.len());
        let start = after + usize::from(line.get(after) == Some(&b' '));
        match line[..colon].trim_ascii().to_ascii_lowercase().as_slice() {
            // What a gateway adds to a stream of another server comes without a name.
            [b'{' | b'[', ..] => self.add(line)?,
            b"data" => {
                line.drain(..start);
                self.add(line)?;
            }
            b"event" => {
                line.drain(..start);
                self.name = line;
            }
            // Comments, numbers of events and times to wait.
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, line: Vec<u8>) -> Result<(), TooLong> {
        match &mut self.data {
            None => self.data = Some(line),
            Some(data) if data.len() + line.len() >= MOST_BYTES => return Err(TooLong),
            Some(data) => {
                data.push(b'\n');
                data.extend_from_slice(&line);
            }
        }
        Ok(())
    }

    /// The event that an empty line ends. One without data is none.
    fn finished(&mut self) -> Option<Event> {
        let name = std::mem::take(&mut self.name);
        self.data.take().map(|data| Event { name: text(name).trim().to_owned(), data: text(data) })
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(protocol: Protocol, pieces: &[&[u8]]) -> Result<Vec<(String, String)>, TooLong> {
        let mut messages = Messages::new(protocol);
        let mut found = Vec::new();
        for (at, piece) in pieces.iter().chain([&&b""[..]]).enumerate() {
            let mut bytes = *piece;
            while let Some(event) = messages.next(&mut bytes, at == pieces.len())? {
                found.push((event.name, event.data));
            }
        }
        Ok(found)
    }

    /// Whether a body, at once and byte by byte, has these messages: of an event that has a name, `NAME|DATA`.
    fn check(protocol: Protocol, body: &str, expected: &[&str]) {
        let bytes: Vec<&[u8]> = body.as_bytes().chunks(1).collect();
        for pieces in [&[body.as_bytes()][..], &bytes] {
            let shown = |(name, data): (String, String)| if name.is_empty() { data } else { format!("{name}|{data}") };
            let found: Vec<String> = read(protocol, pieces).unwrap().into_iter().map(shown).collect();
            assert_eq!(found, expected, "{body:?}");
        }
    }

    #[test]
    fn events_are_read_in_every_spelling() {
        let check = |body, expected: &[&str]| check(Protocol::OpenAi, body, expected);
        check("data: a\n\ndata: b\n\n", &["a", "b"]);
        check("data:a\r\n\r\ndata:  b\r\n\r\n", &["a", " b"]);
        check("data: a\r\rdata: b\r\r", &["a", "b"]);
        check("\u{feff}data: a\n\n", &["a"]);
        check("\n\n  \ndata: a\n\n", &["a"]);
        check(": comment\n\nretry: 3\nevent: message\nid: 7\ndata: a\n\n:\n\ndata: b\n\n", &["message|a", "b"]);
        check("event: error\ndata: a\n\nevent: ping\n\ndata: b\n\n", &["error|a", "b"]);
        check("data: {\ndata: }\ndata\n\n", &["{\n}\n"]);
        check("data: a", &["a"]);
        check("data: a\n", &["a"]);
        check("Data: a\n\nDATA:b\n\n", &["a", "b"]);
        check("data: a\n\n{\"error\": 1}\n\n[DONE]\n\n", &["a", "{\"error\": 1}", "[DONE]"]);
        check("nothing of this\nis an event", &[]);
        check("", &[]);
    }

    #[test]
    fn a_body_that_is_json_is_one_message() {
        check(Protocol::OpenAi, " {\n\"a\": 1\n}\n", &["{\n\"a\": 1\n}\n"]);
        check(Protocol::OpenAi, "\u{feff}[]", &["[]"]);
        check(Protocol::Ollama, "{\"a\": 1}\n\n{\"b\": 2}\r\n{\"c\"", &["{\"a\": 1}", "{\"b\": 2}", "{\"c\""]);
    }

    #[test]
    fn bytes_that_are_no_text_become_replacement_characters() {
        let found = read(Protocol::OpenAi, &[b"data: a\xff\xe6", b"\xbc\xa2\n\n"]).unwrap();
        assert_eq!(found, [(String::new(), "a\u{fffd}漢".to_owned())]);
    }

    #[test]
    fn a_page_is_told_apart() {
        let page = |body: &[u8], is_last| {
            let mut messages = Messages::new(Protocol::OpenAi);
            messages.next(&mut &*body, is_last).unwrap();
            messages.page(is_last).is_some()
        };
        assert!(page(b"<html>", true) && !page(b"<html>", false) && page(b"\n<title>x</TITLE>", false));
        assert!(page(&b"<".repeat(MOST_PAGE + 1), false) && !page(b"data: x", true));
    }

    #[test]
    fn no_message_is_longer_than_16_mib() {
        let block = vec![b'\n'; 1 << 20];
        let many_lines = b"data:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n".repeat(20_000);
        for start in [&b"{"[..], b"data: x\n", b"data: "] {
            let block = match start {
                b"{" => block.as_slice(),
                b"data: " => &[b'x'; 1 << 20],
                _ => many_lines.as_slice(),
            };
            let pieces: Vec<&[u8]> = std::iter::once(start).chain(std::iter::repeat_n(block, 20)).collect();
            assert_eq!(read(Protocol::OpenAi, &pieces), Err(TooLong), "{start:?}");
        }
    }
}
