//! A trace as one page that needs nothing else: no server, no network, no other file.
//!
//! Whatever was written by a model or stands in a file reaches the page as JSON in a block of data, of which the page's
//! script makes text and nothing but text. The policy of the page lets no other script and no other style work, and
//! nothing be fetched or sent.

use super::{
    coverage::File,
    file::create,
    node::{Kind, Node, State, Trace},
    show::ending,
    tracks::tracks,
};
use crate::text::{cut_middle, visible_path};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{io::Write, path::Path};

const FRAME: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// How each page begins.
const BEGINNING: &str = "<!doctype html>\n<!-- A trace of rlm -->\n";

/// Nodes of a page. With more it would be slow.
const MOST_NODES: usize = 50_000;

/// Files and ranges of lines that a page tells of.
const MOST_FILES: usize = 5_000;
const MOST_RANGES: usize = 20_000;

/// Bytes that the texts of nodes may have in the page, and those of runs, turns and programs among them. The others are
/// those that there are many of.
const MOST_TEXT: usize = 2_900_000;
const MOST_OF_FEW: usize = 1_200_000;
const MANY: [&str; 4] = ["prompt", "reply", "arguments", "places"];

/// How many bytes one of them may have: the most of these with which all fit.
const LONGEST: [usize; 7] = [100_000, 20_000, 5_000, 1_500, 500, 150, 60];

/// Characters of the answer and the question.
const ANSWER_CHARS: usize = 100_000;

/// The page.
pub fn page(trace: &Trace) -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    // Within a block of data a text could only end it.
    let data = data(trace).to_string().replace('<', "\\u003c");
    let parts = [
        ("{{style-hash}}", hash(STYLE)),
        ("{{script-hash}}", hash(SCRIPT)),
        ("{{style}}", STYLE.to_owned()),
        ("{{data}}", data),
        ("{{script}}", SCRIPT.to_owned()),
    ];
    let mut page = String::with_capacity(FRAME.len() + parts.iter().map(|(_, part)| part.len()).sum::<usize>());
    let mut rest = FRAME;
    // In the order of the frame, so that nothing is replaced in what was put in.
    for (mark, part) in &parts {
        let (before, behind) = rest.split_once(mark).unwrap_or((rest, ""));
        page.push_str(before);
        page.push_str(part);
        rest = behind;
    }
    page + rest
}

/// Writes a page, to a new file or over an earlier page. Only its owner may read it, as a trace.
///
/// # Errors
/// It cannot be written; a sentence.
pub fn write_page(path: &Path, page: &str) -> Result<(), String> {
    let written =
        create(path, BEGINNING.as_bytes(), "a page of a trace").and_then(|mut file| file.write_all(page.as_bytes()));
    written.map_err(|error| format!("cannot write the page {}: {error}", visible_path(path)))
}

/// What the script makes the page of. Lists instead of objects where there is much.
fn data(trace: &Trace) -> Value {
    let (track_of, tracks) = tracks(trace);
    let shown = &trace.nodes[..trace.nodes.len().min(MOST_NODES)];
    let (few, few_cut) = texts(shown, MOST_OF_FEW, |name| !MANY.contains(&name));
    let (many, many_cut) = texts(shown, MOST_TEXT.saturating_sub(few.to_string().len()), |name| MANY.contains(&name));
    let nodes: Vec<Value> = shown.iter().zip(track_of).map(|(node, track)| row(trace, node, track)).collect();
    let (files, left_out) = files(trace);
    json!({
        "run": trace.run, "began": trace.began, "program": trace.program, "question": cut_middle(&trace.question, ANSWER_CHARS),
        "model": trace.model, "worker": trace.worker, "why": trace.why, "ended": ending(trace), "isWhole": trace.is_whole(),
        "failure": trace.failure, "lacksContent": trace.lacks_content, "damaged": trace.damaged, "isFull": trace.is_full,
        "answer": cut_middle(&trace.answer, ANSWER_CHARS), "warnings": trace.warnings, "notes": trace.notes, "last": trace.last,
        "nodes": nodes, "nodesLeftOut": trace.nodes.len() - shown.len(), "tracks": tracks,
        "texts": [few, many], "textsCutAt": [few_cut, many_cut], "files": files, "filesLeftOut": trace.coverage.more.saturating_add(left_out),
        "programsOnTheirOwn": trace.coverage.programs_on_their_own,
    })
}

/// A node: parent, kind, title, start, end, state, track, and if it took something itself what that was.
fn row(trace: &Trace, node: &Node, track: Option<usize>) -> Value {
    let kind = match node.kind {
        Kind::Run => 0,
        Kind::Turn => 1,
        Kind::Call => 2,
        Kind::Program => 3,
        Kind::SubCall => 4,
        Kind::Look => 5,
    };
    let state = match node.state {
        State::Open => 0,
        State::Ended => 1,
        State::Failed => 2,
        State::Served => 3,
    };
    let number = |it: Option<usize>| it.map_or(-1, |it| i64::try_from(it).unwrap_or(-1));
    let end = node.end.unwrap_or(trace.last).max(node.start);
    let mut row = json!([number(node.parent), kind, node.title, node.start, end, state, number(track)]);
    let own = &node.own;
    if let (Value::Array(row), true) = (&mut row, *own != super::totals::Spent::default()) {
        let cost = (own.cost * 1e6).round() / 1e6;
        let counts = [own.calls, own.served, own.retries, own.failed, own.input, own.output, own.cached_input];
        row.extend(counts.map(Value::from));
        row.extend([Value::from(cost), own.unpriced.into()]);
    }
    row
}

/// The texts of these names, by their nodes, and how many bytes are left of each for all of them to take at most `bytes`.
fn texts(nodes: &[Node], bytes: usize, is_wanted: impl Fn(&str) -> bool) -> (Value, usize) {
    let fits = |most: &usize| {
        let mut room = bytes;
        // Looked at only as far as there is room.
        nodes.iter().flat_map(|node| &node.texts).filter(|(name, _)| is_wanted(name)).all(|(name, text)| {
            let size = name.len() + FRAME_OF_TEXT + bytes_in_json(shortened(text, *most));
            room.checked_sub(size).map(|rest| room = rest).is_some()
        })
    };
    let most = LONGEST.into_iter().find(fits).unwrap_or(0);
    if most == 0 {
        return (json!({}), 0);
    }
    let of_node = |(at, node): (usize, &Node)| {
        let texts = node.texts.iter().filter(|(name, _)| is_wanted(name)).map(|(name, text)| {
            let shown = shortened(text, most);
            json!([name, if shown.len() < text.len() { format!("{shown}…") } else { text.clone() }])
        });
        let texts: Vec<Value> = texts.collect();
        (!texts.is_empty()).then(|| (at.to_string(), Value::Array(texts)))
    };
    (Value::Object(nodes.iter().enumerate().filter_map(of_node).collect()), most)
}

/// What a text takes in the page beside itself.
const FRAME_OF_TEXT: usize = 20;

fn shortened(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// How long a text is in the page's block of data.
fn bytes_in_json(text: &str) -> usize {
    let size = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
        b'<' | 0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(size).sum()
}

/// Files with their lines and the ranges that were read, those that were read first; and how many are left out.
fn files(trace: &Trace) -> (Vec<Value>, u64) {
    let coverage = &trace.coverage;
    let mut files: Vec<(&String, &File)> = coverage.files.iter().collect();
    files.sort_by_key(|(_, file)| file.read.is_empty());
    let left_out = files.len().saturating_sub(MOST_FILES) as u64;
    let mut ranges = MOST_RANGES;
    let row = |(path, file): &(&String, &File)| {
        let shown = &file.read[..file.read.len().min(ranges)];
        ranges -= shown.len();
        json!([path, file.lines, file.lines_read(), shown])
    };
    (files.iter().take(MOST_FILES).map(row).collect(), left_out)
}

#[cfg(test)]
mod tests {
    use super::{super::Reader, *};

    /// What would do something if it were markup.
    const HOSTILE: &str =
        "</script><script>alert(1)</script><img src=x onerror=alert(2)><style>*{display:none}</style>{{script}}";

    #[test]
    fn texts_are_inert_and_the_policy_names_the_pages_own_parts() {
        let mut reader = Reader::default();
        let started = json!({"kind": "started", "query": HOSTILE, "model": HOSTILE});
        let cell = json!({"kind": "cell", "run": 0, "iteration": 1, "cell": 1, "code": HOSTILE, "output": HOSTILE});
        let files = json!({"kind": "files", "files": [[HOSTILE, 3]]});
        [started, cell, files].iter().for_each(|line| reader.push(format!("{line}\n").as_bytes()));
        let page = page(&reader.finish());
        assert_eq!(page.matches("</script>").count(), 2, "the block of data, and the script");
        assert_eq!((page.matches("<img").count(), page.matches("</style>").count()), (0, 1));
        for (tag, part) in [("script-src", SCRIPT), ("style-src", STYLE)] {
            let policy = format!("{tag} 'sha256-{}'", STANDARD.encode(Sha256::digest(part)));
            assert!(page.contains(&policy) && page.contains(part), "{tag}");
        }
        assert!(page.starts_with(BEGINNING) && page.contains("default-src 'none'"));
        let data = page.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!((&data["question"], &data["files"][0][0]), (&json!(HOSTILE), &json!(HOSTILE)));
        assert_eq!(data["texts"][0]["2"][0][1], HOSTILE);
    }

    #[test]
    fn ten_thousand_calls_fit_into_five_megabytes() {
        let mut reader = Reader::default();
        let mut push = |line: Value| reader.push(format!("{line}\n").as_bytes());
        let text = "<a> \"line\"\n".repeat(40);
        for call in 0..10_000 {
            push(
                json!({"kind": "subcall", "id": call, "run": 0, "iteration": call / 100, "cell": 1, "state": "started",
                        "label": "Sum up the following piece of the text in one sentence: lorem ipsum dolor sit amet…"}),
            );
            push(
                json!({"kind": "call", "state": "started", "call": call, "subcall": call, "model": "provider::some-model",
                        "prompt": text}),
            );
            push(json!({"kind": "call", "state": "ended", "call": call, "attempts": 1, "inputTokens": 12345,
                        "outputTokens": 678, "costUsd": 0.012345, "reply": text, "ms": call * 50}));
            push(json!({"kind": "subcall", "id": call, "state": "ended", "ms": call * 50}));
        }
        let page = page(&reader.finish());
        assert!(page.len() <= 5 << 20, "{} bytes", page.len());
    }
}
