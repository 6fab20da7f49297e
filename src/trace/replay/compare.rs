//! Whether a replay came to the same: all but times, and the order of what went on at the same time.

use super::{
    super::node::{Kind, State, Trace},
    recorded::Recorded,
};
use crate::text::one_line;
use serde_json::Value;
use std::collections::BTreeMap;

/// Parts that are told, and characters of each.
const PARTS_TOLD: usize = 5;
const PART_CHARS: usize = 160;

/// How deep a trace is looked at, which may be made up.
const MOST_DEPTH: usize = 256;

/// Fields of a result that tell of times and places, and not of what came out.
const PASSING: [&str; 2] = ["trace", "earlier"];
const PASSING_USAGE: [&str; 2] = ["wallMs", "modelMs"];

/// The files whose texts are other ones, or that only one of two texts has.
pub fn differing_files(recorded: &Recorded, replayed: &Recorded) -> Vec<String> {
    let hashes = |it: &Recorded| -> BTreeMap<String, Option<String>> { it.files.iter().cloned().collect() };
    let (then, now) = (hashes(recorded), hashes(replayed));
    if then.is_empty() || now.is_empty() {
        return Vec::new();
    }
    let differs = |path: &&String| then.get(*path) != now.get(*path);
    let mut paths: Vec<&String> = then.keys().chain(now.keys()).filter(differs).collect();
    paths.sort();
    paths.dedup();
    paths.into_iter().cloned().collect()
}

/// What differs in two runs, line by line; nothing if they are the same.
pub fn differing_parts(traces: [&Trace; 2], results: [&Recorded; 2]) -> Vec<String> {
    let [then, now] = traces.map(lines);
    let short = |line: Option<&String>| line.map_or_else(|| "nothing".to_owned(), |it| one_line(it.trim(), PART_CHARS));
    let mut parts: Vec<String> = (0..then.len().max(now.len()))
        .filter(|at| then.get(*at) != now.get(*at))
        .take(PARTS_TOLD)
        .map(|at| format!("then {}, now {}", short(then.get(at)), short(now.get(at))))
        .collect();
    let [then, now] = results.map(|it| it.result.as_ref().map(lasting).unwrap_or_default());
    let names: std::collections::BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    for name in names.into_iter().filter(|name| then.get(*name) != now.get(*name)) {
        let shown =
            |it: Option<&Value>| it.map_or_else(|| "nothing".to_owned(), |it| one_line(&it.to_string(), PART_CHARS));
        parts.push(format!("{name} of the result: then {}, now {}", shown(then.get(name)), shown(now.get(name))));
    }
    parts
}

/// The result without what passes.
fn lasting(result: &Value) -> BTreeMap<String, Value> {
    let mut fields: BTreeMap<String, Value> =
        result.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect();
    if fields.get("earlier").is_some_and(|it| !it.is_null()) {
        // One of the warnings tells of it.
        fields.remove("warnings");
    }
    PASSING.iter().for_each(|name| drop(fields.remove(*name)));
    if let Some(usage) = fields.get_mut("usage").and_then(Value::as_object_mut) {
        PASSING_USAGE.iter().for_each(|name| drop(usage.remove(*name)));
    }
    fields
}

/// The tree, an entry a line, in an order that does not depend on what goes on at the same time.
fn lines(trace: &Trace) -> Vec<String> {
    let roots = (0..trace.nodes.len()).filter(|at| trace.nodes[*at].parent.is_none());
    roots.flat_map(|root| below(trace, root, 0)).collect()
}

/// A node's lines and those below it. Parents stand before their children, so that this ends.
fn below(trace: &Trace, at: usize, depth: usize) -> Vec<String> {
    let node = &trace.nodes[at];
    let title = match node.kind {
        // Runs that begin at the same time may have each other's numbers.
        Kind::Run => node.title.split_once(" of ").map_or(node.title.as_str(), |(_, model)| model),
        _ => &node.title,
    };
    let head = match (node.kind, node.state) {
        // Of calls that are the same at the same time any may be the one that is made, and has its prompt here. What was asked is
        // the same, since it has that reply; and the result tells how many were made.
        (Kind::Call, State::Served | State::Ended) => {
            let texts = node.texts.iter().filter(|(name, _)| !["saved", "prompt"].contains(name));
            format!("Call {title} {:?}", texts.collect::<Vec<_>>())
        }
        _ => format!("{:?} {title} {:?} {:?} {:?}", node.kind, node.state, node.own, node.texts),
    };
    let children = node.children.iter().filter(|it| **it > at && depth < MOST_DEPTH);
    let mut parts: Vec<Vec<String>> = children.map(|it| below(trace, *it, depth + 1)).collect();
    // What follows each other is numbered, or follows from what is below it.
    parts.sort();
    let indented = parts.into_iter().flatten().map(|line| format!("  {line}"));
    std::iter::once(head).chain(indented).collect()
}
