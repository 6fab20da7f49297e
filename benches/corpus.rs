//! How fast the corpus is beside its peers, on the sources of Linux.
//!
//! `cargo bench --bench corpus` unpacks Debian's package `linux-source-6.1` into a cache once and takes turns with
//! `ripgrep` there: the table has the median of the runs of each, and their ratio. Then it checks that both find the same
//! files, and the same lines for all patterns of `tests/data/patterns.txt`. Everything is in the page cache, and `ripgrep`
//! gets two threads; on a machine with more cores run it under `taskset --cpu-list 0,1`.

#[path = "../tests/ripgrep/mod.rs"]
mod oracle;
#[path = "corpus/questions.rs"]
mod questions;
#[path = "corpus/tree.rs"]
mod tree;

use oracle::{Oracle, PATTERNS, compare_files, is_installed};
use rlm::corpus::{ContextText, GrepOptions, Root, Selection, Snapshot, StopFlag, Tree, grep};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const RUNS: usize = 7;

/// What is searched for.
const SEARCHES: [(&str, &str); 6] = [
    ("literal, absent", "no such text anywhere"),
    ("literal, rare", "spin_lock_irqsave_nested"),
    ("literal, frequent", "kmalloc"),
    ("literal, any case", "(?i)copy_from_user"),
    ("regex with a literal", r"\w+_SUSPEND\b"),
    ("regex without a literal", r"[a-z]+_[0-9]+_[a-z]+"),
];

/// One line of the table: what is measured, what it is compared with, and the times of both.
struct Row {
    name: String,
    peer: &'static str,
    times: Vec<(Duration, Duration)>,
}

impl Row {
    /// Runs both in turns, after one run that is not counted.
    fn measure(name: impl Into<String>, peer: &'static str, mut ours: impl FnMut(), mut theirs: impl FnMut()) -> Self {
        let mut timed = |run: usize| {
            let time = |work: &mut dyn FnMut()| {
                let began = Instant::now();
                work();
                began.elapsed()
            };
            // Whoever comes second finds the caches as the other left them.
            if run.is_multiple_of(2) {
                let own = time(&mut ours);
                (own, time(&mut theirs))
            } else {
                let other = time(&mut theirs);
                (time(&mut ours), other)
            }
        };
        let mut times: Vec<_> = (0..=RUNS).map(&mut timed).collect();
        times.remove(0);
        Self { name: name.into(), peer, times }
    }

    fn print(&self) {
        let sorted = |pick: fn(&(Duration, Duration)) -> Duration| {
            let mut times: Vec<f64> = self.times.iter().map(|it| pick(it).as_secs_f64() * 1e3).collect();
            times.sort_by(f64::total_cmp);
            times
        };
        let (ours, theirs) = (sorted(|it| it.0), sorted(|it| it.1));
        let (own, other) = (ours[RUNS / 2], theirs[RUNS / 2]);
        let range = format!("{:.1} – {:.1}", ours[0], ours[RUNS - 1]);
        println!("| {} | {own:.1} | {range} | {} | {other:.1} | {:.2} |", self.name, self.peer, own / other);
    }
}

fn main() {
    assert!(is_installed(), "`rg` is missing: apt-get install ripgrep");
    let root = tree::linux();
    compare_files(&root);
    let stop = StopFlag::default();
    let selection = Selection { roots: vec![Root::new(&root)], ..Selection::default() };
    let snapshot = Snapshot::take(&selection, &stop).expect("the tree can be read");
    let context = snapshot.context().expect("the tree has a text");
    println!("| what | median ms | min – max ms | beside | median ms | ratio |");
    println!("|---|---|---|---|---|---|");
    walks(&root, &stop).iter().for_each(Row::print);
    searches(&root, &context).for_each(|row| row.print());
    questions::measure(&root);
    let oracle = Oracle::new(&root, &context, "kernel");
    let lines: usize = PATTERNS.lines().map(|pattern| oracle.compare_lines(pattern)).sum();
    let (files, patterns) = (snapshot.files().len(), PATTERNS.lines().count());
    println!("\n{files} files, and {lines} lines that {patterns} patterns match, are those of ripgrep.");
}

fn ripgrep(root: &Path, arguments: &[&str]) {
    let mut command = Command::new("rg");
    command.args(["--no-config", "--no-require-git", "-j2"]).args(arguments).arg("./");
    let output = command.current_dir(root).stdin(Stdio::null()).output().expect("ripgrep runs");
    assert!(output.status.code() <= Some(1), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A walk, and another after one file was edited.
fn walks(root: &Path, stop: &StopFlag) -> Vec<Row> {
    let tree = || Tree::of(root, &[], &[]).expect("there are no globs");
    let walk = || {
        let mut tree = tree();
        tree.refresh(stop).expect("the root can be read");
        // As by a process that ends, nothing is given back.
        std::mem::forget(tree);
    };
    let mut kept = tree();
    kept.refresh(stop).expect("the root can be read");
    let edited = root.join("kernel/fork.c");
    let text = fs::read(&edited).expect("the tree has this file");
    let renew = || {
        fs::write(&edited, &text).expect("the tree is our own");
        kept.refresh(stop).expect("the root can be read");
    };
    let files = || ripgrep(root, &["--files"]);
    vec![
        Row::measure("walk, with sizes and reasons", "`rg -j2 --files`", walk, files),
        Row::measure("walk again after one edit", "`rg -j2 --files`", renew, files),
    ]
}

/// All lines that match, as rows.
fn searches(root: &Path, context: &ContextText) -> impl Iterator<Item = Row> {
    let options = GrepOptions { max_results: usize::MAX, ..GrepOptions::default() };
    SEARCHES.into_iter().map(move |(name, pattern)| {
        let ours = || drop(grep(context, pattern, &options, &StopFlag::default()).expect("the pattern is good"));
        let theirs = || ripgrep(root, &["--crlf", "--count", "-e", pattern]);
        Row::measure(format!("search: {name}"), "`rg -j2 --count`", ours, theirs)
    })
}
