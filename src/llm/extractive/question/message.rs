//! Messages and traces that were pasted into a question.

use super::{
    named::is_file,
    words::{is_opening, words},
};
use crate::text::cut_head;
use regex::Regex;
use std::sync::LazyLock;

/// The most messages and places that are looked up.
const MOST: usize = 6;
const MOST_FRAMES: usize = 20;

/// Characters of a message that are looked up.
const LONGEST: usize = 400;

/// The fewest words of a message that stands in a sentence.
const LEAST_WORDS: usize = 3;

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("the pattern is right"));
    };
}

// `File "a.py", line 3`, `(a.js:10:5)`, `A.java:12`, `--> src/a.rs:1:2`, `a.cs:line 3`.
pattern!(FRAME, r#"File "([^"]+)", line (\d+)|([\w@~+./\\-]+\.[A-Za-z]\w{0,9}):(?:line )?(\d+)(?::\d+)?"#);
pattern!(
    IS_FRAME,
    r#"^\s*(?:File ".*", line \d+|at .+|-->|\d+:\s+(?:0x|\w+::)|from .+:\d+:in |goroutine \d+|.*\.go:\d+|in .+:\d+|\.{3} \d+ more|Traceback \(most recent|stack backtrace|note: run with|\^+~*$|During handling of|The above exception)"#
);
// What stands before a message: a time, a level, the class of an error.
pattern!(
    PREFIX,
    r"^(?:\[?\d{4}-\d\d-\d\d[T ][\d:.,]+Z?\]?\s*)?(?:\[?\b(?:ERROR|WARN(?:ING)?|INFO|DEBUG|FATAL|CRITICAL|TRACE)\b\]?[:\s]+)?(?:(?:Uncaught|Unhandled|Caused by:|Exception in thread \S+|error|fatal|panic|warning|E|thrown)(?:\[\w+\])?:?\s+)?(?:(?:(?:[\w$]+(?:\.|::))*(?:[A-Z]\w*)?(?:Error|Exception|Warning|Panic|Fault|Failure|Exit|Interrupt)(?: \[\w+\])?|(?:\w+\.)+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*):\s*)?"
);
pattern!(
    CLASS,
    r"^(?:(?:[\w$]+(?:\.|::))*(?:[A-Z]\w*)?(?:Error|Exception|Warning|Failure|Exit|Interrupt)\b.*:|(?:\w+\.)+[A-Z]\w*: |[A-Z][a-z]+[A-Z]\w*: |(?:error|fatal|panic|warning)(?:\[\w+\])?:|.* panicked at |Caused by:|Exception in thread|\[?\b(?:ERROR|FATAL|CRITICAL|WARN(?:ING)?)\b)"
);
// Sentences around a message.
pattern!(
    ASKED,
    r"(?ix)
    ^\s* why \s (?:do|does|did|am|are|is) \s (?:i|we|it|one)? \s* (?:get|getting|got|see|seeing|saw|say|saying|print|log|fail\s with)? \s* (?P<a>.+?) [?.!\s]* $
  | ^\s* what \s (?:do|does|did) \s (?P<b>.+?) \s mean [?.!\s]* $
  | ^\s* where \s (?:is|are|was|does|do|did) \s (?P<c>.+?) \s (?:raised|thrown|printed|logged|emitted|produced|reported|written|shown|coming\sfrom|come\sfrom) [?.!\s]* $
  | ^\s* (?:what|who|which\s\w+) \s (?:causes?|raises?|throws?|prints?|logs?|emits?|reports?|says?|said|writes?|shows?) \s (?P<d>.+?) [?.!\s]* $
  | (?:comes?\sfrom|raised|thrown|mean|error|message|this|following|says?|got|get|see|saw) \s* : \s* (?P<e>.+?) \s* $
  | ^\s* (?:i|we) \s (?:get|got|see|saw|am\sgetting|keep\sgetting) \s (?P<f>.+?) [.!]* (?:\s(?:why|what|how|where)\b.*)? $"
);
pattern!(
    LEAD,
    r"(?i)^(?:(?:the|this|an?|that|following)\s+)*(?:error|warning|exception|message|log\s?line|line|text|failure)s?\b\s*(?:message|saying|says|that\s+says)?[:\s]*"
);

/// What was pasted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pasted {
    pub messages: Vec<String>,
    pub is_message: bool,
    pub frames: Vec<(String, usize)>,
    /// Whether there are places of a trace, or several lines of an error.
    pub is_trace: bool,
    /// Whether something says that it is a message: a trace, or the class of an error.
    is_certain: bool,
    /// What is asked beside a trace.
    pub question: String,
}

impl Pasted {
    pub fn new(text: &str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let is_frame = |line: &&str| IS_FRAME.is_match(line);
        let is_trace = lines.len() > 1 && lines.iter().any(|line| is_frame(line) || CLASS.is_match(line.trim()))
            || lines.len() == 1 && IS_FRAME.is_match(text) && FRAME.is_match(text);
        if is_trace { Self::of_trace(&lines) } else { Self::of_sentence(text) }
    }

    fn of_trace(lines: &[&str]) -> Self {
        let mut pasted = Self { is_trace: true, is_message: true, is_certain: true, ..Self::default() };
        for line in lines {
            for found in FRAME.captures_iter(line) {
                let (path, number) = (found.get(1).or(found.get(3)), found.get(2).or(found.get(4)));
                if let (Some(path), Some(Ok(number))) = (path, number.map(|it| it.as_str().parse()))
                    && pasted.frames.len() < MOST_FRAMES
                    && (found.get(1).is_some() || is_file(path.as_str()))
                {
                    pasted.frames.push((path.as_str().to_owned(), number));
                }
            }
        }
        // What is no place and no line of source: those that begin like an error are the surest, the last one first.
        let (mut sure, mut others, mut asked) = (Vec::new(), Vec::new(), Vec::new());
        let mut after_frame = false;
        for line in lines {
            let is_source = after_frame && line.starts_with([' ', '\t']);
            after_frame = IS_FRAME.is_match(line);
            let plain = line.trim();
            let panicked = plain.split_once(" panicked at ").map(|(_, behind)| behind);
            let quoted =
                panicked.and_then(|behind| behind.strip_prefix('\'')).and_then(|behind| behind.split('\'').next());
            let first = plain.split_whitespace().next().unwrap_or_default();
            match () {
                () if plain.is_empty() || is_source => {}
                () if quoted.is_some() => sure.extend(quoted.map(str::to_owned)),
                () if panicked.is_some() || IS_FRAME.is_match(line) => {}
                () if CLASS.is_match(plain) => sure.push(bare(plain)),
                () if is_opening(first.trim_end_matches([',', ':'])) || plain.ends_with(['?', ':']) => {
                    asked.push(plain);
                }
                () => others.push(bare(plain)),
            }
        }
        sure.reverse();
        others.reverse();
        sure.extend(others);
        pasted.question = asked.join(" ");
        pasted.add(sure);
        pasted
    }

    fn of_sentence(text: &str) -> Self {
        let mut pasted = Self::default();
        let first = text.split_whitespace().next().unwrap_or_default();
        let first = first.trim_matches(|it: char| !it.is_alphanumeric());
        let is_asked = is_opening(first) || text.trim_end().ends_with('?');
        let has_class = text.lines().next().is_some_and(|line| CLASS.is_match(line.trim()));
        pasted.is_certain = has_class;
        pasted.is_message = has_class || !is_asked && words(text).len() >= LEAST_WORDS;
        let found = ASKED.captures(text).and_then(|found| {
            let named = ["a", "b", "c", "d", "e", "f"].iter().find_map(|name| found.name(name));
            named.map(|it| it.as_str().trim_matches(['"', '\'', '`', '“', '”', ' ']).to_owned())
        });
        let mut messages = Vec::new();
        if pasted.is_message {
            messages.push(bare(text));
        }
        messages.extend(found.map(|found| bare(LEAD.replace(&found, "").trim())));
        pasted.add(messages);
        pasted
    }

    fn add(&mut self, messages: Vec<String>) {
        for message in messages {
            let message = cut_head(message.trim_matches(['"', '\'', '`', ' ']), LONGEST).shown.to_owned();
            let is_long_enough =
                words(&message).len() >= LEAST_WORDS || self.is_certain && message.split_whitespace().count() > 1;
            if is_long_enough && self.messages.len() < MOST && !self.messages.contains(&message) {
                self.messages.push(message);
            }
        }
    }
}

/// A message without its time, its level and its class.
fn bare(line: &str) -> String {
    let line = line.trim();
    let prefix = PREFIX.find(line).map_or(0, |found| found.end());
    // A prefix that is all there is says something after all.
    let rest = line[prefix..].trim();
    if rest.is_empty() { line.to_owned() } else { rest.to_owned() }
}
