//! Rules of the house that a compiler does not know.

mod circles;
mod documents;
mod imports;

use circles::{Unit, circles};
use imports::imports;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The layers of `docs/architecture.md`, from the top down: each may use only those below it.
const LAYERS: [&[&str]; 17] = [
    &["cli"],
    &["lsp"],
    &["trace"],
    &["setup", "report"],
    &["dogfood"],
    &["review"],
    &["edit"],
    &["engine"],
    &["repl"],
    &["llm"],
    &["tools"],
    &["corpus"],
    &["store"],
    &["config"],
    &["exec"],
    &["failure"],
    &["text"],
];

/// Crates and the only places that may name them.
const HOMES: [(&str, &[&str]); 18] = [
    ("tower_lsp", &["lsp"]),
    ("lsp_types", &["lsp"]),
    ("genai", &["llm"]),
    ("reqwest", &["llm", "corpus/shards/objects"]),
    ("rustpython", &["repl/worker"]),
    ("ignore::", &["corpus"]),
    ("grep_", &["corpus"]),
    ("object_store", &["corpus/shards"]),
    ("rusqlite", &["store"]),
    ("similar::{", &["edit"]),
    ("memmap2", &["corpus", "repl/worker"]),
    ("clap", &["cli", "config"]),
    ("jsonschema", &["engine", "tools"]),
    ("pulldown_cmark", &["engine/cite", "cli/render", "review/checks"]),
    ("quick_xml", &["dogfood/reports"]),
    ("rustyline", &["cli"]),
    ("rlm_grammars", &["corpus/syntax"]),
    // The crates of grammars, with all of their tables, are there for tests.
    ("tree_sitter_", &["corpus/syntax/tests"]),
];

/// Files that may be unsafe, each with the reason beside the code.
const UNSAFE: [&str; 12] = [
    "corpus/storage.rs",
    "repl/packets.rs",
    "repl/worker/arenas.rs",
    "repl/worker/checkpoint.rs",
    "repl/worker/faults.rs",
    "repl/worker/pages.rs",
    "repl/worker/memory.rs",
    "repl/worker/process.rs",
    "repl/worker/reservation.rs",
    "repl/worker/stack.rs",
    "repl/worker/text.rs",
    "repl/worker/text_store.rs",
];

/// Words that only this project knew for what has a usual name.
const PRIVATE_WORDS: [&str; 37] = [
    "nursery",
    "Nursery",
    "leash",
    "Leash",
    "newborn",
    "Newborn",
    "Workshop",
    "Bookmark",
    "surroundings",
    "lane",
    "Lane",
    "Patience",
    "Trials",
    "Habits",
    "Peer",
    "Gate",
    "Desk",
    "desk",
    "Manner",
    "manner",
    "OpenCall",
    "Spoken",
    "spoken",
    "Judge",
    "Dialogue",
    "dialogue",
    "dress",
    "Farewell",
    "Strangers",
    "strangers",
    "Door",
    "Gatherer",
    "Gathered",
    "Crew",
    "crew",
    "foreseen",
    "Walked",
];

/// Modules whose parts, each with all that lies below it, use each other in circles. Single files do so nowhere.
const CIRCULAR_PARTS: [&str; 2] = ["engine", "repl/worker"];

/// The longest a file may be.
const LONGEST: usize = 450;

/// Every source file with its path below `src`.
fn sources() -> Vec<(String, String)> {
    fn visit(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("an entry can be read").path();
            match path.is_dir() {
                true => visit(&path, files),
                false if path.extension().is_some_and(|it| it == "rs") => files.push(path),
                false => {}
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    visit(&root, &mut files);
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).expect("it lies below").display().to_string();
            (name, fs::read_to_string(&path).expect("the file is text"))
        })
        .collect()
}

/// The top-level module of a file.
fn module(name: &str) -> &str {
    name.split(['/', '.']).next().unwrap_or(name)
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The code of a file without comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")).map(|(at, line)| (at + 1, line))
}

fn complain(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn modules_use_only_what_lies_below_them() {
    let mut complaints = Vec::new();
    for (name, text) in sources() {
        let Some(own) = layer(module(&name)) else { continue };
        let text: String = code(&text).map(|(_, line)| format!("{line}\n")).collect();
        let uses = text.split("crate::").skip(1).flat_map(|rest| {
            let group = rest.strip_prefix('{').and_then(|group| group.split_once("};")).map(|(group, _)| group);
            let first = |item: &str| {
                item.trim().split(|it: char| !it.is_alphanumeric() && it != '_').next().unwrap_or("").to_owned()
            };
            match group {
                // The items of a group at its own depth.
                Some(group) => {
                    let mut depth = 0;
                    let items = group.split(|it: char| {
                        depth += i32::from(it == '{') - i32::from(it == '}');
                        it == ',' && depth == 0
                    });
                    items.map(first).collect::<Vec<_>>()
                }
                None => vec![first(rest)],
            }
        });
        for used in uses {
            if layer(&used).is_some_and(|used| used < own) {
                complaints.push(format!("src/{name} uses {used}, which lies above it"));
            }
        }
    }
    complain(&complaints);
}

#[test]
fn modules_use_each_other_in_no_circle() {
    let sources = sources();
    let imports = imports(&sources);
    complain(&circles(&sources, &imports, Unit::Module, &CIRCULAR_PARTS));
    complain(&circles(&sources, &imports, Unit::File, &[]));
}

#[test]
fn documents_name_what_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = fs::read_dir(root.join("docs")).expect("there are documents");
    let pages = pages.map(|entry| entry.expect("an entry can be read").path());
    let mut complaints = Vec::new();
    for page in pages.chain(["README.md", "CONTRIBUTING.md"].map(|name| root.join(name))) {
        let text = fs::read_to_string(&page).expect("a document is text");
        let missing = documents::missing(&text, root).into_iter();
        complaints.extend(missing.map(|name| format!("{} names `{name}`, which is not there", page.display())));
    }
    complain(&complaints);
}

#[test]
fn crates_stay_at_home() {
    let mut complaints = Vec::new();
    for (name, text) in sources() {
        for (krate, homes) in HOMES {
            let at_home =
                homes.iter().any(|home| name.starts_with(&format!("{home}/")) || name == format!("{home}.rs"));
            let names = |line: &str| {
                let before = |at: usize| line[..at].chars().next_back();
                let is_path = |at: usize| before(at).is_none_or(|it| !it.is_alphanumeric() && it != '_' && it != '"');
                line.match_indices(krate).any(|(at, _)| is_path(at)) && (line.contains("use ") || line.contains("::"))
            };
            if let Some((number, line)) = code(&text).find(|(_, line)| names(line)).filter(|_| !at_home) {
                complaints.push(format!("src/{name}:{number} names {krate}: {}", line.trim()));
            }
        }
    }
    complain(&complaints);
}

#[test]
fn every_file_says_what_it_is_for_and_is_short() {
    let mut complaints = Vec::new();
    for (name, text) in sources() {
        if !text.starts_with("//! ") {
            complaints.push(format!("src/{name} does not begin with `//! `"));
        }
        let lines = text.lines().count();
        if lines > LONGEST {
            complaints.push(format!("src/{name} has {lines} lines"));
        }
        if name.ends_with("/mod.rs") {
            complaints.push(format!("src/{name} should have the name of its folder"));
        }
    }
    complain(&complaints);
}

#[test]
fn nothing_is_left_unfinished_or_unsafe_without_reason() {
    let mut complaints = Vec::new();
    for (name, text) in sources() {
        if name.ends_with("/tests.rs") || name.contains("/tests/") {
            continue;
        }
        let body = text.split("#[cfg(test)]").next().unwrap_or(&text);
        for (number, line) in code(body) {
            for word in ["todo!", "unimplemented!", "dbg!(", ".unwrap()", "println!"] {
                let is_terminal = name.starts_with("cli") || name.starts_with("repl/worker");
                if line.contains(word) && !(word == "println!" && is_terminal) {
                    complaints.push(format!("src/{name}:{number}: {word}"));
                }
            }
            if line.contains("unsafe ") && !UNSAFE.contains(&name.as_str()) {
                complaints.push(format!("src/{name}:{number} is unsafe"));
            }
        }
    }
    complain(&complaints);
}

#[test]
fn names_are_those_that_others_use() {
    let mut complaints = Vec::new();
    for (name, text) in sources() {
        for (number, line) in text.lines().enumerate() {
            let words = line.split(|it: char| !it.is_alphanumeric() && it != '_');
            let private = words.filter(|word| PRIVATE_WORDS.contains(word));
            complaints.extend(private.map(|word| format!("src/{name}:{}: {word}", number + 1)));
        }
    }
    complain(&complaints);
}
