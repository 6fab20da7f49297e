//! Reads a trace, line by line. What a line says that was cut off, damaged or made up is taken as far as it makes sense.

use super::{
    node::{Kind, Node, State, Trace},
    totals::Spent,
    tree::Tree,
    value::Fields,
};
use crate::text::{one_line, visible_path};
use serde_json::Value;
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// The most bytes of a trace that are read.
const MOST_BYTES: u64 = 256 << 20;

/// The most bytes of an answer that is put together of its pieces.
const MOST_ANSWER: usize = 16 << 20;

/// How deep a node is said to lie at most.
const MOST_DEPTH: usize = 64;

/// The last moment, in milliseconds, that a line may name: some thousand years.
const LATEST: u64 = 1 << 45;

/// The most notes.
const MOST_NOTES: usize = 1000;

/// The longest name of a model, a function or a kind of failure.
const NAME_CHARS: usize = 200;

/// How messages begin that say only what goes on.
const ROUTINE: [&str; 3] = ["turn ", "depth ", "reading the context"];

/// Reads the trace in a file.
///
/// # Errors
/// It cannot be read, or is no trace; a sentence.
pub fn read(path: &Path) -> Result<Trace, String> {
    let unread = |error: io::Error| format!("cannot read the trace {}: {error}", visible_path(path));
    let file = File::options().read(true).open(path).map_err(unread)?;
    if !file.metadata().map_err(unread)?.is_file() {
        return Err(unread(io::Error::other("it is not a regular file")));
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(unread)?;
    let mut reader = Reader::default();
    reader.push(&bytes);
    match reader.is_trace() || bytes.is_empty() {
        true => Ok(reader.finish()),
        false => Err(format!("{} is no trace", visible_path(path))),
    }
}

/// Puts a trace together.
#[derive(Debug, Default)]
pub struct Reader {
    trace: Trace,
    /// What came behind the last line feed.
    rest: Vec<u8>,
    lines: usize,
    tree: Tree,
}

impl Reader {
    /// Takes the next bytes of a trace.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
        for line in &mut lines {
            let Some(end) = line.strip_suffix(b"\n") else {
                self.rest.extend_from_slice(line);
                return;
            };
            if self.rest.is_empty() {
                self.line(end);
            } else {
                let mut whole = std::mem::take(&mut self.rest);
                whole.extend_from_slice(end);
                self.line(&whole);
            }
        }
    }

    /// Whether any line was one of a trace.
    pub fn is_trace(&self) -> bool {
        self.lines > 0
    }

    /// What is there by now, without its nodes.
    pub fn so_far(&self) -> &Trace {
        &self.trace
    }

    /// The nodes that have ended since the last time, each with how deep it lies.
    pub fn take_ended(&mut self) -> Vec<(&Node, usize)> {
        let ended = std::mem::take(&mut self.tree.ended);
        let depth = |at: usize| {
            std::iter::successors(self.tree.nodes[at].parent, |it| self.tree.nodes[*it].parent).take(MOST_DEPTH).count()
        };
        ended.into_iter().map(|at| (&self.tree.nodes[at], depth(at))).collect()
    }

    /// The trace.
    pub fn finish(mut self) -> Trace {
        if !self.rest.is_empty() {
            // It was cut off in a line, which may yet be whole.
            let rest = std::mem::take(&mut self.rest);
            self.line(&rest);
        }
        self.trace.nodes = self.tree.finish();
        self.trace.coverage.settle();
        self.trace
    }

    fn line(&mut self, line: &[u8]) {
        match serde_json::from_slice(line) {
            Ok(value @ Value::Object(_)) => self.take(&value),
            _ => self.trace.damaged += usize::from(!line.trim_ascii().is_empty()),
        }
    }

    /// Takes a line that was read.
    pub fn take(&mut self, line: &Value) {
        let line = Fields(line);
        let Some(kind) = line.some_text("kind") else {
            self.trace.damaged += 1;
            return;
        };
        self.lines += 1;
        let now = line.some_number("ms").unwrap_or(self.trace.last).min(LATEST);
        self.trace.last = self.trace.last.max(now);
        match kind {
            "trace" => self.header(line),
            "started" => self.started(line),
            "decision" => self.note(now, format!("{}: {}", line.text("choice"), line.text("why"))),
            "progress" => self.progress(line, now),
            "run" => self.run(line, now),
            "call" => self.call(line, now),
            "attempt" => self.attempt(line),
            "program" => self.program(line, now),
            "cell" => self.cell(line, now),
            "look" => self.look(line, now),
            "subcall" => self.sub_call(line, now),
            "turn" => self.turn(line, now),
            "summary" => self.summary(line, now),
            "delta" => self.delta(line),
            "files" => self.files(line),
            "full" => self.trace.is_full = true,
            "done" => self.done(line.of("result"), now),
            // A later version may tell more.
            _ => {}
        }
    }

    fn header(&mut self, line: Fields<'_>) {
        let trace = &mut self.trace;
        trace.version = line.number("version");
        line.text("program").clone_into(&mut trace.program);
        line.text("started").clone_into(&mut trace.began);
        trace.run = line.some_number("run");
        trace.lacks_content = line.text("content") == "none";
    }

    fn started(&mut self, line: Fields<'_>) {
        let trace = &mut self.trace;
        line.text("query").clone_into(&mut trace.question);
        line.text("model").clone_into(&mut trace.model);
        line.text("worker").clone_into(&mut trace.worker);
        line.text("why").clone_into(&mut trace.why);
    }

    fn note(&mut self, now: u64, note: String) {
        if self.trace.notes.len() < MOST_NOTES {
            self.trace.notes.push((now, note));
        }
    }

    fn progress(&mut self, line: Fields<'_>, now: u64) {
        let message = line.text("message");
        if message == self.trace.doing {
            // Only what was used so far is told once more.
            return;
        }
        message.clone_into(&mut self.trace.doing);
        if !ROUTINE.iter().any(|it| message.starts_with(it)) {
            self.note(now, message.to_owned());
        }
    }

    fn run(&mut self, line: Fields<'_>, now: u64) {
        let run = line.number("run");
        if line.text("state") == "ended" {
            let at = self.tree.run_node(run, now);
            return self.tree.end(at, now, line.some_text("error"));
        }
        if self.tree.runs.contains_key(&run) {
            return;
        }
        let parent = line.some_number("subcall").and_then(|id| self.tree.sub_calls.get(&id).copied());
        let at = self.tree.add(parent, Kind::Run, format!("run {run} of {}", line.text("model")), now);
        self.tree.nodes[at].subject = one_line(line.text("model"), NAME_CHARS);
        self.tree.runs.insert(run, at);
    }

    fn call(&mut self, line: Fields<'_>, now: u64) {
        let id = line.number("call");
        if line.text("state") == "ended" {
            let Some(at) = self.tree.calls.get(&id).copied() else { return };
            let attempts = line.number("attempts");
            let cost = line.some_float("costUsd");
            self.tree.nodes[at].own = Spent {
                calls: u64::from(attempts > 0),
                served: 0,
                retries: attempts.saturating_sub(1),
                failed: u64::from(line.some_text("error").is_some()),
                input: line.number("inputTokens"),
                output: line.number("outputTokens"),
                cached_input: line.number("cachedInputTokens"),
                cost: cost.unwrap_or_default(),
                unpriced: u64::from(cost.is_none() && attempts > 0),
            };
            let node = &mut self.tree.nodes[at];
            node.seconds = line.some_float("seconds").unwrap_or_default();
            node.finish = finish(line.of("finish"));
            self.tree.text(at, "reply", line.some_text("reply"));
            return self.tree.end(at, now, line.some_text("error"));
        }
        let parent = match (line.some_number("subcall"), line.some_number("run")) {
            (Some(id), _) => self.tree.sub_calls.get(&id).copied(),
            (None, Some(run)) => Some(self.tree.open_turn(run, now)),
            (None, None) => None,
        };
        let spare = if line.0["spare"] == true { " (again, since it is late)" } else { "" };
        let at = self.tree.add(parent, Kind::Call, format!("{}{spare}", line.text("model")), now);
        self.tree.nodes[at].subject = one_line(line.text("model"), NAME_CHARS);
        self.tree.text(at, "prompt", line.some_text("prompt"));
        self.tree.calls.insert(id, at);
        if line.text("state") == "served" {
            self.tree.text(at, "reply", line.some_text("reply"));
            self.tree.end(at, now, None);
            let node = &mut self.tree.nodes[at];
            (node.state, node.own.served) = (State::Served, 1);
            let saved = format!("{} tokens", line.number("savedTokens"));
            self.tree.text(at, "saved", Some(&saved));
        }
    }

    fn attempt(&mut self, line: Fields<'_>) {
        if let Some(at) = self.tree.calls.get(&line.number("call")).copied() {
            self.tree.text(at, "failed attempt", line.some_text("error"));
            self.tree.nodes[at].failure = line.some_text("class").map(|it| one_line(it, NAME_CHARS));
        }
    }

    fn program(&mut self, line: Fields<'_>, now: u64) {
        let [run, iteration, cell] = ["run", "iteration", "cell"].map(|name| line.number(name));
        if line.text("state") == "ended" {
            let at = self.tree.program_node(line, now);
            return self.tree.end(at, now, line.some_text("error"));
        }
        let parent = self.tree.turn_node(run, iteration, now);
        let code = line.text("code");
        let first = code.lines().find(|it| !it.trim().is_empty()).unwrap_or_default();
        let at = self.tree.add(Some(parent), Kind::Program, format!("program {cell}: {}", first.trim()), now);
        self.tree.text(at, "code", Some(code));
        self.trace.coverage.add_program(code);
        self.tree.programs.insert((run, iteration, cell), at);
    }

    /// A program, or a call of a tool, with what it has printed. Earlier programs told of it in this way alone.
    fn cell(&mut self, line: Fields<'_>, now: u64) {
        let start = now.saturating_sub(line.milliseconds("seconds"));
        let at = self.tree.program_node(line, start);
        self.tree.text(at, "output", line.some_text("output"));
        if self.tree.nodes[at].text("code").is_none() {
            let code = line.text("code");
            self.tree.text(at, "code", Some(code));
            self.trace.coverage.add_program(code);
            let title = format!("program {}: {}", line.number("cell"), code.lines().next().unwrap_or_default());
            self.tree.set_title(at, &title);
        }
        if self.tree.nodes[at].end.is_none() {
            self.tree.end(at, start + line.milliseconds("seconds"), line.some_text("error"));
        }
    }

    fn look(&mut self, line: Fields<'_>, now: u64) {
        let start = now.saturating_sub(line.milliseconds("seconds"));
        let parent = self.tree.program_node(line, start);
        let mut shown = Vec::new();
        for place in line.items("places") {
            let Some([path, first, last]) = place.as_array().and_then(|it| it.first_chunk()) else { continue };
            if let (Some(path), Some(first), Some(last)) = (path.as_str(), first.as_u64(), last.as_u64()) {
                self.trace.coverage.add(path, first, last);
                shown.push(format!("{path}:{first}-{last}"));
            }
        }
        let count = match shown.len() {
            0 => String::new(),
            1 => ": 1 place".to_owned(),
            count => format!(": {count} places"),
        };
        let title = format!("{} {}{count}", line.text("function"), line.text("arguments"));
        let at = self.tree.add(Some(parent), Kind::Look, title, start);
        self.tree.nodes[at].subject = one_line(line.text("function"), NAME_CHARS);
        self.tree.text(at, "arguments", line.some_text("arguments"));
        self.tree.text(at, "places", Some(&shown.join("\n")));
        self.tree.end(at, now, line.some_text("error"));
    }

    fn sub_call(&mut self, line: Fields<'_>, now: u64) {
        let id = line.number("id");
        if line.text("state") == "started" {
            let parent = self.tree.program_node(line, now);
            let at = self.tree.add(Some(parent), Kind::SubCall, format!("sub-call: {}", line.text("label")), now);
            self.tree.sub_calls.insert(id, at);
        } else if let Some(at) = self.tree.sub_calls.get(&id).copied() {
            self.tree.end(at, now, line.some_text("error"));
        }
    }

    fn turn(&mut self, line: Fields<'_>, now: u64) {
        let (run, iteration) = (line.number("run"), line.number("iteration"));
        let at = self.tree.turn_node(run, iteration, now);
        self.tree.text(at, "text", line.some_text("text"));
        self.tree.end(at, now, line.some_text("cut"));
        if let Some(node) = self.tree.open_turns.get(&run).copied().filter(|it| *it != at) {
            // The reply of another turn came first.
            self.tree.nodes[node].title = "turn that was given up".to_owned();
            self.tree.open_turns.remove(&run);
        }
    }

    fn summary(&mut self, line: Fields<'_>, now: u64) {
        let run = line.number("run");
        let at = self.tree.open_turn(run, now);
        self.tree.open_turns.remove(&run);
        self.tree.nodes[at].title = "summary".to_owned();
        self.tree.text(at, "text", line.some_text("text"));
        self.tree.end(at, now, None);
    }

    fn delta(&mut self, line: Fields<'_>) {
        let answer = &mut self.trace.answer;
        if line.0["reset"] == true {
            answer.clear();
        }
        if answer.len() + line.text("text").len() <= MOST_ANSWER {
            answer.push_str(line.text("text"));
        }
    }

    fn files(&mut self, line: Fields<'_>) {
        let coverage = &mut self.trace.coverage;
        coverage.more = line.number("more");
        for file in line.items("files") {
            let Some([path, lines]) = file.as_array().and_then(|it| it.first_chunk()) else { continue };
            if let Some(path) = path.as_str() {
                coverage.add_file(path, lines.as_u64());
            }
        }
    }

    fn done(&mut self, result: Fields<'_>, now: u64) {
        let trace = &mut self.trace;
        result.some_text("termination").unwrap_or("ended").clone_into(&mut trace.termination);
        result.text("answer").clone_into(&mut trace.answer);
        trace.failure_kind = result.of("error").some_text("kind").map(|it| one_line(it, NAME_CHARS));
        trace.failure = result.of("error").some_text("message").map(str::to_owned);
        let warnings = result.items("warnings").iter().filter_map(Value::as_str);
        trace.warnings = warnings.map(str::to_owned).collect();
        if let Some(root) = self.tree.runs.get(&0).copied()
            && self.tree.nodes[root].end.is_none()
        {
            self.tree.end(root, now, None);
        }
    }
}

/// How a reply has ended, in the words that most providers have for it.
fn finish(told: Fields<'_>) -> &'static str {
    match told.0.as_str() {
        Some("Complete") => "stop",
        Some("Length") => "length",
        Some("Looping") => "looping",
        _ if told.0.is_object() => "other",
        _ => "",
    }
}
