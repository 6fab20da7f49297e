//! A trace in the terminal: what was asked and came of it, and the tree with what each part took.

use super::node::{Kind, Node, State, Trace};
use crate::text::{counted, grouped, one_line};

/// Characters of a text in a line.
const LINE_CHARS: usize = 200;

/// Of more children of the same kind than this only the first are shown.
const MOST_ALIKE: usize = 20;

/// Levels beyond which lines go no further to the right.
const MOST_LEVELS: usize = 40;

/// What was asked, what came of it, what it took, and what was read.
pub fn head(trace: &Trace) -> Vec<String> {
    let mut lines = Vec::new();
    let mut tell = |name: &str, text: String| {
        if !text.is_empty() {
            lines.push(format!("{name:<9} {}", one_line(&text, LINE_CHARS)));
        }
    };
    tell(
        "run",
        [trace.run.map(|it| it.to_string()).unwrap_or_default(), trace.began.clone()].join(" ").trim().to_owned(),
    );
    tell("question", trace.question.clone());
    tell("models", models(trace));
    tell("ended", ending(trace));
    let spent = trace.spent();
    tell("took", [vec![seconds(trace.last)], spent.told()].concat().join(", "));
    if spent.unpriced > 0 {
        tell("", format!("of {} the price is not known", counted(spent.unpriced, "call")));
    }
    tell("read", reading(trace));
    tell("failed", trace.failure.clone().unwrap_or_default());
    if trace.lacks_content {
        tell("content", "left out when the trace was written".to_owned());
    }
    if trace.damaged > 0 {
        tell("damaged", format!("{} of the trace cannot be read", counted(trace.damaged, "line")));
    }
    if trace.is_full {
        tell("cut", "the run went on when the trace had reached its size".to_owned());
    }
    lines
}

fn models(trace: &Trace) -> String {
    match (trace.model.is_empty(), trace.worker == trace.model) {
        (true, _) => String::new(),
        (false, true) => format!("{} ({})", trace.model, trace.why),
        (false, false) => format!("{}, worker {} ({})", trace.model, trace.worker, trace.why),
    }
}

/// How it has ended, for people.
pub fn ending(trace: &Trace) -> String {
    match trace.is_whole() {
        true => trace.termination.clone(),
        false if trace.doing.is_empty() => "the trace ends before the run".to_owned(),
        false => format!("the trace ends before the run; last: {}", trace.doing),
    }
}

/// What was read of the text.
pub fn reading(trace: &Trace) -> String {
    let coverage = &trace.coverage;
    let ((files, all), (lines, all_lines)) = (coverage.counts(), coverage.lines());
    if all == 0 {
        return String::new();
    }
    let own = match coverage.programs_on_their_own {
        0 => String::new(),
        count => {
            format!("; what {} may have taken from the text without a call is not known", counted(count, "program"))
        }
    };
    let of_lines = if all_lines > 0 { format!(" of {}", grouped(all_lines)) } else { String::new() };
    format!(
        "{} of {}, {}{of_lines} lines{own}",
        grouped(files),
        counted(coverage.more.saturating_add(all as u64), "file"),
        grouped(lines)
    )
}

/// How things were decided, and what else was told on the way.
pub fn notes(trace: &Trace) -> Vec<String> {
    trace.notes.iter().map(|(at, note)| format!("{:>9}  {}", seconds(*at), one_line(note, LINE_CHARS))).collect()
}

/// The tree, a node a line. Unless `all` is wanted, of many children that are alike the first are shown.
pub fn tree(trace: &Trace, all: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let roots: Vec<usize> = (0..trace.nodes.len()).filter(|at| trace.nodes[*at].parent.is_none()).collect();
    // Not by recursion: a trace of a stranger may be as deep as it is long.
    let mut open: Vec<Open> = vec![Open { nodes: shown(trace, &roots, all), next: 0, prefix: String::new(), level: 0 }];
    while let Some(last) = open.last_mut() {
        let Some(row) = last.nodes.get(last.next) else {
            open.pop();
            continue;
        };
        last.next += 1;
        let is_last = last.next == last.nodes.len();
        let (branch, below) = match (last.level, is_last) {
            (0, _) => ("", ""),
            (_, true) => ("└─ ", "   "),
            (_, false) => ("├─ ", "│  "),
        };
        match row {
            Row::Node(at) => {
                let node = &trace.nodes[*at];
                lines.push(format!("{}{branch}{}", last.prefix, entry(node)));
                let (level, prefix) = (last.level + 1, last.prefix.clone());
                let prefix = if level <= MOST_LEVELS { prefix + below } else { prefix };
                open.push(Open { nodes: shown(trace, &node.children, all), next: 0, prefix, level });
            }
            Row::More(text) => lines.push(format!("{}{branch}{text}", last.prefix)),
        }
    }
    lines
}

struct Open {
    nodes: Vec<Row>,
    next: usize,
    prefix: String,
    level: usize,
}

enum Row {
    Node(usize),
    /// What is not shown one by one.
    More(String),
}

fn shown(trace: &Trace, children: &[usize], all: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for alike in children.chunk_by(|a, b| trace.nodes[*a].kind == trace.nodes[*b].kind) {
        let most = if all || alike.len() <= MOST_ALIKE + 1 { alike.len() } else { MOST_ALIKE };
        rows.extend(alike[..most].iter().map(|at| Row::Node(*at)));
        if most < alike.len() {
            let rest = &alike[most..];
            let spent =
                rest.iter().map(|at| trace.nodes[*at].total).fold(super::totals::Spent::default(), |a, b| a + b);
            let told = spent.told().join(", ");
            let told = if told.is_empty() { told } else { format!(": {told}") };
            rows.push(Row::More(format!("… and {} more{told} (--all shows them)", grouped(rest.len()))));
        }
    }
    rows
}

/// A node in a line.
pub fn entry(node: &Node) -> String {
    let mut words = vec![node.title.clone()];
    words.extend(node.end.map(|end| seconds(end.saturating_sub(node.start))));
    match node.kind {
        Kind::Call => words.extend(node.own.told().into_iter().filter(|it| it != "1 call" && it != "1 failed")),
        Kind::Look => {}
        _ => words.extend(node.total.told()),
    }
    match node.state {
        State::Open => words.push("not ended".to_owned()),
        State::Failed => {
            words.push(format!("failed: {}", one_line(node.text("error").unwrap_or_default(), LINE_CHARS)));
        }
        State::Ended | State::Served => {}
    }
    words.join("  ")
}

/// A time as people read it.
pub fn seconds(milliseconds: u64) -> String {
    match milliseconds {
        0..10_000 => format!("{:.2} s", milliseconds as f64 / 1e3),
        10_000..100_000 => format!("{:.1} s", milliseconds as f64 / 1e3),
        _ => format!("{} s", grouped(milliseconds / 1000)),
    }
}
