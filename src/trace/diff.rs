//! Two traces side by side: where they part, and what each took.

use super::{
    node::{Kind, Node, Trace},
    show::{ending, seconds},
};
use crate::text::{grouped, one_line};
use std::collections::BTreeSet;

/// Characters of a text in a column.
const COLUMN_CHARS: usize = 60;

/// Files that are named of those that only one run has read.
const FILES_TOLD: usize = 10;

/// What differs, line by line. The first line says whether anything does but times.
pub fn difference(a: &Trace, b: &Trace) -> Vec<String> {
    let (of_a, of_b) = (a.spent(), b.spent());
    let dollars = |cost: f64| format!("${cost:.4}");
    let rows = [
        ("question", a.question.clone(), b.question.clone()),
        ("model", a.model.clone(), b.model.clone()),
        ("worker", a.worker.clone(), b.worker.clone()),
        ("ended", ending(a), ending(b)),
        ("time", seconds(a.last), seconds(b.last)),
        ("calls", grouped(of_a.calls), grouped(of_b.calls)),
        ("known", grouped(of_a.served), grouped(of_b.served)),
        ("retries", grouped(of_a.retries), grouped(of_b.retries)),
        ("failed", grouped(of_a.failed), grouped(of_b.failed)),
        ("input", grouped(of_a.input), grouped(of_b.input)),
        ("output", grouped(of_a.output), grouped(of_b.output)),
        ("cost", dollars(of_a.cost), dollars(of_b.cost)),
        ("lines read", grouped(a.coverage.lines().0), grouped(b.coverage.lines().0)),
        ("answer", a.answer.clone(), b.answer.clone()),
    ];
    let short = |text: &str| one_line(text, COLUMN_CHARS);
    let mut lines: Vec<String> = rows
        .iter()
        .map(|(name, a, b)| match a == b {
            true => format!("  {name:<11} {}", short(a)),
            false => format!("≠ {name:<11} {}  →  {}", short(a), short(b)),
        })
        .collect();
    lines.extend(parting(a, b));
    lines.extend(files("only the first run has read", a, b));
    lines.extend(files("only the second run has read", b, a));
    let differs = lines.iter().any(|line| line.starts_with('≠') && !line.starts_with("≠ time"));
    let head = if differs { "the runs differ (≠)" } else { "the runs are the same but for their times" };
    lines.insert(0, head.to_owned());
    lines
}

/// The first turn or program in which the two differ.
fn parting(a: &Trace, b: &Trace) -> Vec<String> {
    let steps = |trace: &Trace| -> Vec<(String, String)> {
        let is_step = |node: &&Node| matches!(node.kind, Kind::Turn | Kind::Program | Kind::SubCall);
        trace.nodes.iter().filter(is_step).map(step).collect()
    };
    let (of_a, of_b) = (steps(a), steps(b));
    let same = of_a.iter().zip(&of_b).take_while(|(a, b)| a == b).count();
    if same == of_a.len() && same == of_b.len() {
        return vec![format!("  {:<11} {} turns, programs and sub-calls are the same", "way", grouped(same))];
    }
    let told = |steps: &[(String, String)]| match steps.get(same) {
        Some((title, text)) => format!("{title}: {}", one_line(text, COLUMN_CHARS)),
        None => "it ends there".to_owned(),
    };
    vec![
        format!("≠ {:<11} the first {} steps are the same; then", "way", grouped(same)),
        format!("    {}", told(&of_a)),
        format!("    {}", told(&of_b)),
    ]
}

fn step(node: &Node) -> (String, String) {
    let texts = ["text", "code", "output"].map(|name| node.text(name).unwrap_or_default());
    (node.title.clone(), texts.join("\n").trim().to_owned())
}

fn files(what: &str, a: &Trace, b: &Trace) -> Vec<String> {
    let read = |trace: &Trace| -> BTreeSet<String> {
        let files = trace.coverage.files.iter().filter(|(_, file)| !file.read.is_empty());
        files.map(|(path, _)| path.clone()).collect()
    };
    let (of_a, of_b) = (read(a), read(b));
    let only: Vec<&str> = of_a.difference(&of_b).map(String::as_str).collect();
    if only.is_empty() {
        return Vec::new();
    }
    let more = match only.len().saturating_sub(FILES_TOLD) {
        0 => String::new(),
        more => format!(" and {} more", grouped(more)),
    };
    let shown = only[..only.len().min(FILES_TOLD)].join(", ");
    vec![format!("≠ {what} {shown}{more}")]
}
