//! What the built-in model answers exactly: what a question names, counts, times, manifests, patches.
//!
//! `tests/data/exact.toml` holds small texts with questions as people ask them (pasted messages, numbers, names of files
//! and methods) and what is right. Each is asked at the terminal, with nothing configured and a home of its own.

use crate::terminal::{rlm, run};
use futures::StreamExt;
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Longer citations show nothing at a glance.
const LONGEST: u64 = 60;

#[derive(Deserialize)]
struct Inputs {
    input: Vec<Input>,
}

/// Files, and what is asked about them.
#[derive(Deserialize)]
struct Input {
    name: String,
    files: BTreeMap<String, Content>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Text(String),
    /// A text for each number, which stands there for `{}`.
    Each {
        each: String,
        from: u64,
        to: u64,
    },
}

#[derive(Deserialize)]
struct Case {
    ask: String,
    /// What to ask about, if it is not the whole folder.
    #[serde(default)]
    about: Option<String>,
    /// `PATH: TEXT`: among the first citations one holds a line of this file with this text.
    #[serde(default)]
    cites: Vec<String>,
    /// How many citations are looked at.
    #[serde(default = "one")]
    within: usize,
    #[serde(default)]
    shows: Vec<String>,
    #[serde(default)]
    hides: Vec<String>,
    /// Whether the answer is that nothing was found.
    #[serde(default)]
    finds_nothing: bool,
}

fn one() -> usize {
    1
}

impl Content {
    fn text(&self) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Each { each, from, to } => (*from..=*to).map(|at| each.replace("{}", &at.to_string())).collect(),
        };
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => parts.iter().map(part).collect(),
        }
    }
}

fn write(input: &Input, folder: &Path) {
    for (path, content) in &input.files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder can be made");
        fs::write(path, content.text()).expect("a file can be written");
    }
}

/// What is wrong with the answer.
async fn complaints(input: &str, case: &Case, folder: PathBuf, home: &Path) -> Vec<String> {
    let about = case.about.as_ref().map_or(folder.clone(), |path| folder.join(path));
    let mut command =
        rlm(["query", &case.ask, about.to_str().expect("the path is text"), "--json", "--model", "extractive"]);
    command.env("HOME", home);
    let ran = run(command).await;
    let result = ran.json();
    let answer = result["answer"].as_str().unwrap_or_default();
    let citations = result["citations"].as_array().cloned().unwrap_or_default();
    let mut complaints = Vec::new();
    for cited in &case.cites {
        let (path, line) = cited.split_once(": ").expect("a path and a text");
        let text = fs::read_to_string(folder.join(path)).expect("the file is text");
        let holds = |citation: &Value| holds(citation, path, line, &text);
        if !citations.iter().take(case.within).any(holds) {
            complaints.push(format!("no citation of the first {} is {cited}", case.within));
        }
    }
    complaints
        .extend(case.shows.iter().filter(|it| !answer.contains(*it)).map(|it| format!("it does not show {it:?}")));
    complaints.extend(case.hides.iter().filter(|it| answer.contains(*it)).map(|it| format!("it shows {it:?}")));
    let status = i32::from(case.finds_nothing);
    if ran.status != status || result["nothingFound"].as_bool().unwrap_or_default() != case.finds_nothing {
        complaints.push(format!("the status is {}, and nothingFound {}", ran.status, result["nothingFound"]));
    }
    if !complaints.is_empty() {
        complaints.insert(0, format!("\n{input}: {}\n{answer}", case.ask));
    }
    complaints
}

fn holds(citation: &Value, path: &str, line: &str, text: &str) -> bool {
    let number = |name: &str| citation[name].as_u64().unwrap_or_default();
    let (first, last) = (number("startLine"), number("endLine"));
    let is_there = citation["path"].as_str().is_none_or(|it| it == path || it.ends_with(&format!("/{path}")));
    is_there && first > 0 && last - first < LONGEST && {
        let lines = text.lines().skip(first as usize - 1).take((last + 1 - first) as usize);
        lines.into_iter().any(|it| it.contains(line))
    }
}

#[tokio::test]
async fn what_is_named_is_looked_up() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/exact.toml"))
        .expect("the cases are there");
    let inputs: Inputs = toml::from_str(&text).expect("the cases are TOML");
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    fs::create_dir(&home).expect("a folder can be made");
    let mut asked = Vec::new();
    for input in &inputs.input {
        let place = folder.path().join(&input.name);
        write(input, &place);
        asked.extend(input.case.iter().map(|case| complaints(&input.name, case, place.clone(), &home)));
    }
    let found: Vec<Vec<String>> = futures::stream::iter(asked).buffered(2).collect().await;
    let failed = found.iter().filter(|it| !it.is_empty()).count();
    let complaints: Vec<String> = found.concat();
    assert!(complaints.is_empty(), "{failed} of {} questions:\n{}", found.len(), complaints.join("\n"));
}
