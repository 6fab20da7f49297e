//! Whether ranked search by a scan finds what an index of everything finds, and how long it takes on a large tree.
//!
//! `cargo bench --bench scan` asks the questions of `tests/data/questions.toml` in both ways: about each crate alone, and
//! about the sources of all crates on this machine together. Then it asks `rlm query` five questions about the sources of
//! Linux, unpacked into a cache once, each in a process of its own and in turns with `rg -c` for the words of the
//! question, and looks at the memory of all processes of the question meanwhile.

#[path = "shared/memory.rs"]
mod memory;
#[path = "shared/spread.rs"]
mod spread;
#[path = "corpus/tree.rs"]
mod tree;

use rlm::corpus::{ContextText, Passage, Root, Selection, Snapshot, StopFlag, Way, search_by};
use serde::Deserialize;
use spread::Spread;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Instant,
};

const RUNS: usize = 5;

/// Passages that are looked at.
const LOOKED_AT: usize = 5;

/// What is asked about Linux, and the words that `rg` counts.
const QUESTIONS: [(&str, &[&str]); 5] = [
    (
        "How does the kernel handle a page fault of a user process?",
        &["kernel", "handle", "page", "fault", "user", "process"],
    ),
    (
        "Where are network packets queued before the driver sends them?",
        &["network", "packets", "queued", "driver", "sends"],
    ),
    ("How is the next task chosen by the fair scheduler?", &["next", "task", "chosen", "fair", "scheduler"]),
    ("What happens when memory runs out and a victim is killed?", &["memory", "runs", "out", "victim", "killed"]),
    (
        "Where is the superblock of an ext4 file system checked when it is mounted?",
        &["superblock", "ext4", "file", "system", "checked", "mounted"],
    ),
];

#[derive(Deserialize)]
struct Questions {
    set: Vec<Set>,
}

#[derive(Deserialize)]
struct Set {
    package: String,
    question: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    ask: String,
    answers: Vec<Answer>,
}

/// A place that answers: a file, and a text that occurs on one of its lines.
#[derive(Deserialize)]
struct Answer {
    file: String,
    line: String,
}

fn main() {
    rankings();
    linux();
}

/// Compares the two ways.
fn rankings() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(folder.join("tests/data/questions.toml")).expect("the questions are there");
    let questions: Questions = toml::from_str(&text).expect("the questions are TOML");
    let manifests = manifests(folder);
    let manifest = |set: &Set| {
        let of = |(name, manifest): &(String, PathBuf)| (*name == set.package).then(|| manifest.clone());
        manifests.iter().find_map(of).expect("the lock file has the package")
    };
    println!("| text | questions | hits by an index, first / of five | hits by a scan | index s | scan s |");
    println!("|---|---|---|---|---|---|");
    let mut alone = Tally::default();
    for set in &questions.set {
        let context = context(vec![manifest(set)]);
        set.question.iter().for_each(|question| alone.ask(&context, question, ""));
    }
    println!("| each package alone {alone}");
    let packages: BTreeSet<PathBuf> = manifests.iter().map(|(_, manifest)| manifest.clone()).collect();
    let folders: BTreeSet<&Path> = packages.iter().filter_map(|package| package.parent()).collect();
    // Where most packages lie: those that are not of this repository.
    let most = folders.into_iter().max_by_key(|folder| packages.iter().filter(|it| it.starts_with(folder)).count());
    let most = most.expect("there are packages");
    let context = context(vec![most.to_path_buf()]);
    let mut together = Tally::default();
    for set in questions.set.iter().filter(|set| manifest(set).starts_with(most)) {
        let manifest = manifest(set);
        let name = manifest.file_name().expect("it has a name").to_string_lossy().into_owned();
        set.question.iter().for_each(|question| together.ask(&context, question, &format!("{name}/")));
    }
    println!("| all packages together, {} MB {together}", context.byte_len() >> 20);
}

/// Name and folder of each package.
fn manifests(folder: &Path) -> Vec<(String, PathBuf)> {
    let options = ["metadata", "--format-version", "1", "--locked", "--offline"];
    let output = Command::new(env!("CARGO")).args(options).current_dir(folder).output().expect("cargo runs");
    let packages: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let of = |package: &serde_json::Value| {
        let manifest = Path::new(package["manifest_path"].as_str()?);
        Some((package["name"].as_str()?.to_owned(), manifest.parent()?.to_owned()))
    };
    packages["packages"]
        .as_array()
        .expect("there are packages")
        .iter()
        .filter_map(of)
        .filter(|it| it.1.exists())
        .collect()
}

fn context(roots: Vec<PathBuf>) -> Arc<ContextText> {
    let selection = Selection { roots: roots.into_iter().map(Root::new).collect(), ..Selection::default() };
    let snapshot = Snapshot::take(&selection, &StopFlag::default()).expect("the sources are there");
    snapshot.context().expect("they can be read")
}

/// What both ways came to: hits of the first passage, and of the first five; and seconds.
#[derive(Default)]
struct Tally {
    asked: usize,
    hits: [[usize; 2]; 2],
    seconds: [f64; 2],
}

impl Tally {
    fn ask(&mut self, context: &ContextText, question: &Question, folder: &str) {
        self.asked += 1;
        for (number, way) in [Way::Index, Way::Scan].into_iter().enumerate() {
            let began = Instant::now();
            let found = search_by(way, context, &question.ask, LOOKED_AT, &StopFlag::default()).expect("it searches");
            self.seconds[number] += began.elapsed().as_secs_f64();
            let hits = |it: &Passage| {
                let path = it.path.as_deref().unwrap_or_default();
                let is_it =
                    |answer: &Answer| path.strip_prefix(folder) == Some(&answer.file) && it.text.contains(&answer.line);
                question.answers.iter().any(is_it)
            };
            self.hits[number][0] += usize::from(found.first().is_some_and(hits));
            self.hits[number][1] += usize::from(found.iter().any(hits));
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { asked, hits: [index, scan], seconds } = self;
        let [by_index, by_scan] = seconds;
        let (of_index, of_scan) = (format!("{} / {}", index[0], index[1]), format!("{} / {}", scan[0], scan[1]));
        write!(formatter, "| {asked} | {of_index} | {of_scan} | {by_index:.1} | {by_scan:.1} |")
    }
}

/// Asks about the tree, in turns with `ripgrep`.
fn linux() {
    let tree = tree::linux();
    println!(
        "\n| question about Linux | `rlm query` s | min – max | `rg -c` s | ratio | memory MB |\n|---|---|---|---|---|---|"
    );
    for (question, words) in QUESTIONS {
        let (mut own, mut theirs, mut most) = (Vec::new(), Vec::new(), 0);
        for run in 0..=RUNS {
            // Whoever comes second finds the caches as the other left them.
            if run % 2 == 0 {
                theirs.push(ripgrep(&tree, words));
            }
            let (seconds, bytes) = ask(&tree, question);
            own.push(seconds);
            most = most.max(bytes);
            if run % 2 == 1 {
                theirs.push(ripgrep(&tree, words));
            }
        }
        let (own, theirs) = (Spread::of(own.split_off(1)), Spread::of(theirs.split_off(1)));
        println!("| {question} | {own} | {:.2} | {:.2} | {} |", theirs.median, own.median / theirs.median, most >> 20);
    }
}

/// How long a question takes, and the most memory of its processes.
fn ask(tree: &Path, question: &str) -> (f64, u64) {
    let began = Instant::now();
    let mut asked = Command::new(env!("CARGO_BIN_EXE_rlm"))
        .args(["query", question, "--model", "extractive", "--json"])
        .arg(tree)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let watch = memory::Watch::start(asked.id(), &["Pss:"]);
    let status = asked.wait().expect("it ends");
    let seconds = began.elapsed().as_secs_f64();
    assert!(status.success(), "{question}: {status}");
    (seconds, watch.end())
}

fn ripgrep(tree: &Path, words: &[&str]) -> f64 {
    let began = Instant::now();
    let patterns = words.iter().flat_map(|word| ["-e", word]);
    let status = Command::new("rg")
        .args(["--no-config", "--count"])
        .args(patterns)
        .arg(tree)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .expect("ripgrep runs");
    assert!(status.success(), "{words:?} are somewhere");
    began.elapsed().as_secs_f64()
}
