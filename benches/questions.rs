//! How many questions about packages that nobody had looked at the built-in model answers.
//!
//! `cargo bench --locked --bench questions` asks the built program each question of `tests/data/held_out.toml` once, about
//! the sources of its package, and prints how many were answered, by what was asked for and by package, and what the
//! answers cited that were wrong. `-- PROGRAM` asks another build of it, `-- FILE.toml` asks other questions. The sources
//! are fetched once, into `questions` of the cache of the tests (`RLM_TEST_CACHE`).

#[path = "../tests/questions/mod.rs"]
mod questions;

use questions::{Answer, LONGEST, LOOKED_AT, Tally, rank};
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    env,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

#[derive(Deserialize)]
struct Questions {
    set: Vec<Set>,
}

/// A package, and what is asked about its sources.
#[derive(Deserialize)]
struct Set {
    package: String,
    registry: String,
    name: String,
    version: String,
    question: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    /// What is asked for.
    kind: String,
    ask: String,
    #[serde(default)]
    answers: Vec<Answer>,
    /// What the answer shows as words of their own, if no place answers.
    #[serde(default)]
    shows: Vec<String>,
    /// Whether the right answer is that nothing was found.
    #[serde(default)]
    finds_nothing: bool,
}

impl Question {
    /// The place of the first citation that answers, or the first if the answer itself is right.
    fn rank(&self, result: &Value, sources: &Path) -> Option<usize> {
        let is_right = if self.finds_nothing {
            result["nothingFound"] == true
        } else {
            let answer = result["answer"].as_str().unwrap_or_default();
            let words: Vec<&str> = answer.split(|it: char| !it.is_alphanumeric()).collect();
            !self.shows.is_empty() && self.shows.iter().all(|it| words.contains(&it.as_str()))
        };
        if is_right { Some(1) } else { rank(result, &self.answers, sources) }
    }
}

/// The folder of the fetched sources, which is made a cache of the tests.
fn cache() -> PathBuf {
    let base = || env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cache")));
    let cache = env::var_os("RLM_TEST_CACHE").map(PathBuf::from).or_else(|| Some(base()?.join("rlm-tests")));
    let cache = cache.expect("there is a home, or RLM_TEST_CACHE names a folder");
    let own = r#"source "$1" && own_cache "$2""#;
    let owned = Command::new("bash")
        .args(["-c", own, "-", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cache.sh")])
        .arg(&cache)
        .status();
    assert!(owned.expect("bash starts").success(), "{} cannot be the cache", cache.display());
    let folder = cache.canonicalize().expect("it was made").join("questions");
    fs::create_dir_all(&folder).expect("a folder can be made in the cache");
    folder
}

/// The sources of a package, fetched if they are not there, or why they cannot be fetched.
fn sources(set: &Set, cache: &Path) -> Result<PathBuf, String> {
    let folder = cache.join(format!("{}-{}", set.name, set.version));
    if !folder.exists() {
        eprintln!("fetching {} {} ({})", set.name, set.version, set.registry);
        let fetched = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/questions/fetch"))
            .args([&set.registry, &set.name, &set.version])
            .arg(&folder)
            .env("CARGO", env!("CARGO"))
            .stdin(Stdio::null())
            .output()
            .expect("the script starts");
        if !fetched.status.success() {
            return Err(String::from_utf8_lossy(&fetched.stderr).trim().to_owned());
        }
    }
    Ok(folder)
}

/// The result of a question, asked with nothing configured.
fn ask(program: &Path, question: &Question, sources: &Path) -> Value {
    let mut command = Command::new(program);
    command.args(["query", &question.ask]).arg(sources).args(["--json", "--model", "extractive"]);
    command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
    let output = command.output().expect("the program starts");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{:?}: no JSON ({error}): {}", question.ask, String::from_utf8_lossy(&output.stderr))
    })
}

/// What was asked in vain, and what was cited.
fn failure(package: &str, question: &Question, result: &Value) -> String {
    let mut text = format!("- {package}, {}: {:?}\n", question.kind, question.ask);
    let citations = result["citations"].as_array().map(Vec::as_slice).unwrap_or_default();
    for citation in citations.iter().take(LOOKED_AT) {
        let path = citation["path"].as_str().unwrap_or_default();
        let _ = writeln!(text, "  - {path}:{}–{}", citation["startLine"], citation["endLine"]);
    }
    if citations.is_empty() {
        text += "  - no citation\n";
    }
    text
}

fn table(head: &str, rows: impl IntoIterator<Item = (String, Tally)>) {
    println!("\n| {head} | questions | first right | one of five right |\n|---|---|---|---|");
    for (name, tally) in rows {
        print!("{}", tally.row(&name));
    }
}

fn main() -> ExitCode {
    let mut program = PathBuf::from(env!("CARGO_BIN_EXE_rlm"));
    let mut file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/held_out.toml"));
    for argument in env::args_os().skip(1).filter(|it| it != "--bench").map(PathBuf::from) {
        match argument.extension().is_some_and(|it| it == "toml") {
            true => file = argument,
            false => program = argument,
        }
    }
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let questions: Questions = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let cache = cache();
    let (mut kinds, mut packages, mut all) = (BTreeMap::<String, Tally>::new(), Vec::new(), Tally::default());
    let (mut failures, mut missing) = (String::new(), 0);
    for set in &questions.set {
        let sources = match sources(set, &cache) {
            Ok(sources) => sources,
            Err(why) => {
                eprintln!("the sources of {} {} cannot be fetched: {why}", set.name, set.version);
                missing += set.question.len();
                continue;
            }
        };
        let mut package = Tally::default();
        for question in &set.question {
            let result = ask(&program, question, &sources);
            let rank = question.rank(&result, &sources);
            for tally in [kinds.entry(question.kind.clone()).or_default(), &mut package, &mut all] {
                tally.add(rank);
            }
            if rank.is_none() {
                failures += &failure(&set.package, question, &result);
            }
        }
        packages.push((format!("{} {}", set.package, set.version), package));
    }
    println!("A citation is right if it has at most {LONGEST} lines and holds a line that was noted.");
    table("asked for", kinds);
    table("package", packages.into_iter().chain([("**all**".to_owned(), all)]));
    if !failures.is_empty() {
        println!("\nNone of five right:\n\n{failures}");
    }
    if missing > 0 {
        eprintln!("Questions that were not asked, since their sources cannot be fetched: {missing}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
