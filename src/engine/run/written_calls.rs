//! Calls of tools that came as the text of a message.
//!
//! A server turns the text of a model into calls only if it knows the model's way of writing them. If it does not, the text
//! arrives as it was written, and each family writes in a way of its own. Two things are told apart here: a text between
//! marks that nobody writes by chance ([`MARKS`]) is a call, or is meant to be one; JSON or Python without a mark is one if it
//! names a tool that there is and is all that the message says. What stands in code that a message shows is no call.
//!
//! All of it is read in time linear in the text, up to [`MOST_CALLS`].

mod json;
mod python;
mod recipient;
mod tagged;

use super::reply::Fence;
use crate::llm::ToolCall;
use serde_json::{Value, json};
use std::ops::Range;

/// The most calls that are read from one message.
const MOST_CALLS: usize = 128;

/// The most values in the arguments of one call.
const MOST_VALUES: usize = 20_000;

/// Characters that may announce a call without a mark.
const MOST_WORDS: usize = 200;

/// Marks of templates that begin, divide and end calls; elements of the like are in [`tagged`]. Behind each of them a call may
/// stand.
const MARKS: [&str; 25] = [
    // The form in which calls are told to a model that goes on in programs.
    "[called]",
    // Granite, Phi.
    "<|tool_call|>",
    "<|/tool_call|>",
    "<|tool_calls|>",
    "<|/tool_calls|>",
    // LFM, Kimi, Gemma.
    "<|tool_call_start|>",
    "<|tool_call_begin|>",
    "<|tool_call_end|>",
    "<|tool_calls_section_begin|>",
    "<|tool_calls_section_end|>",
    "<|tool_call>",
    "<tool_call|>",
    "<start_function_call>",
    "<end_function_call>",
    // Mistral, Llama, Command, InternLM.
    "[TOOL_CALLS]",
    "<|python_tag|>",
    "<|START_ACTION|>",
    "<|END_ACTION|>",
    "<|action_start|>",
    "<|action_end|>",
    "<|plugin|>",
    // DeepSeek.
    "<｜tool▁calls▁begin｜>",
    "<｜tool▁call▁begin｜>",
    // Harmony.
    "<|channel|>commentary",
    "<|call|>",
];

/// What ends calls, and begins none.
const ENDS: [&str; 2] = ["<｜tool▁calls▁end｜>", "<｜tool▁call▁end｜>"];

/// Harmony's recipient of a call, which is left where a tokenizer has taken the marks out, and what Phi writes.
const WORDS: [&str; 2] = ["to=functions.", "functools["];

/// What Llama writes before Python as well as before JSON.
const PYTHON_MARK: &str = "<|python_tag|>";

/// A block of Gemma's that holds Python.
const PYTHON_TAG: &str = "tool_code";

/// The tool that runs a program.
const RUNS_PYTHON: &str = "exec_python";

/// Tags of blocks that hold calls, or a program that makes them.
const CALLING_TAGS: [&str; 5] = ["tool_code", "tool_call", "tool_calls", "json", "xml"];

/// A call as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenCall {
    pub name: String,
    /// Most often an object; a text if it could not be read as one.
    pub arguments: Value,
}

impl From<WrittenCall> for ToolCall {
    fn from(WrittenCall { name, arguments }: WrittenCall) -> Self {
        Self { id: String::new(), name, arguments, signatures: None }
    }
}

/// What a message says, and what it calls.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WrittenCalls {
    /// The words before the first call.
    pub said: String,
    /// None, if it is plain that a call was meant, and not which.
    pub calls: Vec<WrittenCall>,
}

/// The tools that can be called.
pub trait Known {
    /// The parameters of a tool, in their order; nothing if there is no such tool.
    fn parameters(&self, name: &str) -> Option<Vec<String>>;
}

/// The calls that a message consists of; nothing if it is something else.
pub fn find(text: &str, known: &dyn Known) -> Option<WrittenCalls> {
    let code = Code::of(text);
    if let Some(at) = code.first_mark(text) {
        let calls = marked(&text[at..], known);
        return Some(WrittenCalls { said: recipient::without_mark(text[..at].trim()).to_owned(), calls });
    }
    let (said, body) = code.only_block(text).unwrap_or_else(|| split_words(text));
    let program = || (code.is_python && !body.trim().is_empty()).then(|| vec![program(body)]);
    let calls = unmarked(body, known).or_else(program)?;
    (said.is_empty() || announces(said)).then(|| WrittenCalls { said: said.to_owned(), calls })
}

/// Calls behind a mark: whatever can be read, up to what cannot.
fn marked(text: &str, known: &dyn Known) -> Vec<WrittenCall> {
    let (mut calls, mut rest, mut is_python) = (Vec::new(), text, false);
    loop {
        let trimmed = rest.trim_start_matches(|it: char| it.is_whitespace() || it == ',' || it == ';');
        let trimmed = trimmed.strip_prefix("functools").unwrap_or(trimmed);
        let mark = MARKS.iter().chain(&ENDS).find(|mark| begins(trimmed, mark)).map(|mark| mark.len());
        if let Some(length) = mark.or_else(|| tagged::around(trimmed)) {
            is_python = begins(trimmed, PYTHON_MARK);
            rest = &trimmed[length..];
            continue;
        }
        if calls.len() >= MOST_CALLS {
            return calls;
        }
        match one(trimmed, known).or_else(|| tagged::by_name(trimmed, known)) {
            Some((read, end)) if end > 0 => {
                calls.extend(read);
                rest = &trimmed[end..];
            }
            _ if is_python && !trimmed.is_empty() => {
                calls.push(program(trimmed));
                return calls;
            }
            _ => return calls,
        }
    }
}

/// The call that runs a text of Python.
fn program(code: &str) -> WrittenCall {
    WrittenCall { name: RUNS_PYTHON.to_owned(), arguments: json!({"code": code.trim()}) }
}

/// The calls at the start of a text, in whatever form, and how much of it they take.
fn one(text: &str, known: &dyn Known) -> Option<(Vec<WrittenCall>, usize)> {
    recipient::read(text)
        .or_else(|| tagged::read(text))
        .or_else(|| json::read(text))
        .or_else(|| python::read(text, known))
}

/// Calls without a mark: all of a text, of tools that there are.
fn unmarked(text: &str, known: &dyn Known) -> Option<Vec<WrittenCall>> {
    let (mut calls, mut rest) = (Vec::new(), text.trim());
    while !rest.is_empty() && calls.len() < MOST_CALLS {
        let read = json::read(rest)
            .or_else(|| python::read_listed(rest, known))
            .or_else(|| python::react(rest))
            .or_else(|| tagged::by_name(rest, known));
        let end = match read {
            Some((read, end)) => {
                calls.extend(read);
                end
            }
            None => heading(rest).or_else(|| tagged::around_json(rest))?,
        };
        rest = rest[end..].trim_start_matches(|it: char| it.is_whitespace() || it == ',' || it == ';');
    }
    let all_known = calls.iter().all(|call| known.parameters(bare_name(&call.name)).is_some());
    (!calls.is_empty() && all_known).then_some(calls)
}

/// The length of a heading that says in capitals that a call begins or ends: `### TOOL_CALL_START ###`, `[TOOL_REQUEST]`.
fn heading(text: &str) -> Option<usize> {
    const WORDS: [&str; 3] = ["TOOL", "CALL", "FUNCTION"];
    let end = text.find(['{', '\n']).unwrap_or(text.len());
    let head = &text[..end];
    let is_heading = !head.contains(char::is_lowercase) && WORDS.iter().any(|word| head.contains(word));
    (is_heading && head.chars().nth(MOST_WORDS).is_none()).then_some(end)
}

/// A name without what some models put around it: `functions.grep:0`.
pub fn bare_name(name: &str) -> &str {
    let name = name.trim();
    let name = ["functions.", "function.", "tools.", "default_api.", "tool."]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name);
    name.split_once(':')
        .filter(|(_, number)| number.bytes().all(|it| it.is_ascii_digit()))
        .map_or(name, |(name, _)| name)
}

fn begins(text: &str, mark: &str) -> bool {
    text.as_bytes().get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark.as_bytes()))
}

/// The words of a message and what follows them from the first line that may be a call.
fn split_words(text: &str) -> (&str, &str) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let begun = line.trim_start();
        if begun.starts_with(['{', '[', '<']) || begun.starts_with("Action:") || heading(begun).is_some() {
            break;
        }
        at += line.len();
    }
    if at == text.len() { ("", text) } else { (text[..at].trim(), &text[at..]) }
}

/// Whether words announce what the writer is about to do.
fn announces(words: &str) -> bool {
    const FIRST: [&str; 12] =
        ["i ", "i'll", "i’ll", "let me", "let's", "let’s", "let us", "we ", "calling", "ich ", "je ", "yo "];
    const ANYWHERE: [&str; 6] =
        ["is the function call", "is the tool call", "'s the function call", "'s the tool call", "我", "调用"];
    let words = words.to_lowercase();
    let is_first =
        |it: &&str| words.starts_with(*it) || words.contains(&format!(" {it}")) || words.contains(&format!("\n{it}"));
    words.chars().nth(MOST_WORDS).is_none()
        && (FIRST.iter().any(is_first) || ANYWHERE.iter().any(|it| words.contains(it)))
}

/// Which parts of a message are code that it shows.
struct Code {
    /// Bytes of fenced blocks and spans, in order.
    shown: Vec<Range<usize>>,
    /// The block at the end of the message, if it is the only one and its tag fits calls: its fence and what it holds.
    last: Option<(usize, Range<usize>)>,
    /// Whether that block holds Python.
    is_python: bool,
}

impl Code {
    fn of(text: &str) -> Self {
        let (mut shown, mut last, mut blocks, mut is_python) = (Vec::new(), None, 0, false);
        let mut open: Option<(Fence, usize, usize, bool)> = None;
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let begin = at;
            at += line.len();
            match &open {
                None => match Fence::opening(line) {
                    Some(fence) => {
                        is_python = fence.tag == PYTHON_TAG;
                        let fits = fence.is_untagged || CALLING_TAGS.contains(&fence.tag.as_str());
                        open = Some((fence, begin, at, fits));
                        blocks += 1;
                        last = None;
                    }
                    None => spans(line, begin, &mut shown),
                },
                Some((fence, start, inside, fits)) => {
                    if fence.is_closed_by(line) {
                        shown.push(*start..at);
                        last = (*fits && text[at..].trim().is_empty()).then_some((*start, *inside..begin));
                        open = None;
                    }
                }
            }
        }
        if let Some((_, start, inside, fits)) = open {
            shown.push(start..text.len());
            last = fits.then_some((start, inside..text.len()));
        }
        let last = last.filter(|_| blocks == 1);
        Self { shown, is_python: is_python && last.is_some(), last }
    }

    /// Where the first mark stands that is no code, or that begins the only block of a message.
    fn first_mark(&self, text: &str) -> Option<usize> {
        if let Some((start, inside)) = &self.last
            && text[..*start].trim().is_empty()
            && let Some(at) = self.mark_in(text, inside.clone(), false)
        {
            return Some(at);
        }
        self.mark_in(text, 0..text.len(), true)
    }

    fn mark_in(&self, text: &str, range: Range<usize>, skips_code: bool) -> Option<usize> {
        let mut shown = self.shown.iter().peekable();
        let mut at = range.start;
        while let Some(found) = text[at..range.end].find(['<', '[', 't', 'f', '>']) {
            at += found;
            while shown.peek().is_some_and(|code| code.end <= at) {
                shown.next();
            }
            if let Some(code) = shown.peek().filter(|code| skips_code && code.contains(&at)) {
                at = code.end.min(range.end);
                continue;
            }
            let rest = &text[at..];
            let is_quoted = text[..at].ends_with(['"', '\'', '`']);
            let is_mark = match rest.starts_with(['t', 'f']) {
                true => WORDS.iter().any(|it| rest.starts_with(it)),
                false => {
                    MARKS.iter().any(|mark| begins(rest, mark))
                        || tagged::around(rest).is_some()
                        || tagged::is_naming(rest)
                        || tagged::is_part(rest)
                        || recipient::is_mark(rest)
                }
            };
            if is_mark && !is_quoted {
                return Some(at);
            }
            at += 1;
        }
        None
    }

    /// The words before the only block of a message that ends with it, and what the block holds.
    fn only_block<'t>(&self, text: &'t str) -> Option<(&'t str, &'t str)> {
        let (start, inside) = self.last.clone()?;
        Some((text[..start].trim(), &text[inside]))
    }
}

/// The code spans of a line.
fn spans(line: &str, begin: usize, shown: &mut Vec<Range<usize>>) {
    let mut open: Option<(usize, usize)> = None;
    let mut at = 0;
    while let Some(found) = line[at..].find('`') {
        at += found;
        let length = line[at..].len() - line[at..].trim_start_matches('`').len();
        match open {
            Some((start, ticks)) if ticks == length => {
                shown.push(begin + start..begin + at + length);
                open = None;
            }
            None => open = Some((at, length)),
            Some(_) => {}
        }
        at += length;
    }
}

#[cfg(test)]
mod tests;
