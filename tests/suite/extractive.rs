//! How well the built-in model finds what people ask for in plain words.
//!
//! `tests/data/questions.toml` holds questions about the sources of crates that `Cargo.lock` pins, so the sources are
//! on every machine that can build this. Each is asked at the terminal; it counts as answered if one of the first five
//! citations holds a line that answers it and is short enough to be read at a glance. Questions that are held out were
//! not looked at while the ranking was tuned. `docs/extractive.md` is what this test measured last; `UPDATE_EXPECT=1
//! cargo test --test suite extractive` writes it anew.

use crate::{
    questions::{Answer, LONGEST, Tally, rank},
    terminal::{rlm, run},
};
use expect_test::expect_file;
use futures::StreamExt;
use serde::Deserialize;
use serde_json::Value;
use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The share of questions that must be answered.
const SHARE: f64 = 0.7;

#[derive(Deserialize)]
struct Questions {
    set: Vec<Set>,
}

#[derive(Deserialize)]
struct Set {
    package: String,
    #[serde(default)]
    held_out: bool,
    question: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    ask: String,
    #[serde(default)]
    held_out: bool,
    answers: Vec<Answer>,
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn output_of(command: &mut Command) -> String {
    let output = command.current_dir(folder()).output().expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints text")
}

/// What cargo knows about the packages that were built into this test, and so are on this machine.
pub fn packages() -> Value {
    let version = output_of(Command::new("rustc").arg("-vV"));
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a compiler has a host");
    let options = ["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host];
    serde_json::from_str(&output_of(Command::new(env!("CARGO")).args(options))).expect("cargo prints JSON")
}

/// Name and version of a package, and where its sources lie.
pub fn sources(packages: &Value, name: &str) -> (String, PathBuf) {
    let packages = packages["packages"].as_array().expect("there are packages");
    let found = packages.iter().find(|it| it["name"] == name).expect("the lock file has the package");
    let manifest = Path::new(found["manifest_path"].as_str().expect("a package has a manifest"));
    let version = found["version"].as_str().expect("a package has a version");
    (format!("{name} {version}"), manifest.parent().expect("a file has a folder").to_path_buf())
}

/// The place among the first citations, from 1, of the first that answers.
async fn ask(question: &Question, sources: &Path) -> Option<usize> {
    let path = sources.to_str().expect("the path is text");
    let ran = run(rlm(["query", &question.ask, path, "--json", "--model", "extractive"])).await;
    rank(&ran.json(), &question.answers, sources)
}

#[tokio::test]
async fn seven_of_ten_questions_are_answered_by_the_first_five_citations() {
    let text = fs::read_to_string(folder().join("tests/data/questions.toml")).expect("the questions are there");
    let questions: Questions = toml::from_str(&text).expect("the questions are TOML");
    let packages = packages();
    let (mut tuned, mut held_out, mut all) = (Tally::default(), Tally::default(), Tally::default());
    let mut sets = String::new();
    let mut details = String::new();
    for set in &questions.set {
        let (name, sources) = sources(&packages, &set.package);
        let ranks = set.question.iter().map(|question| ask(question, &sources));
        let ranks: Vec<Option<usize>> = futures::stream::iter(ranks).buffered(2).collect().await;
        let mut tally = Tally::default();
        let _ = write!(details, "\n### {name}\n\n| question | right citation | |\n|---|---|---|\n");
        for (question, rank) in set.question.iter().zip(ranks) {
            let is_held_out = set.held_out || question.held_out;
            for tally in [&mut tally, &mut all, if is_held_out { &mut held_out } else { &mut tuned }] {
                tally.add(rank);
            }
            let shown = rank.map_or_else(|| "–".to_owned(), |rank| rank.to_string());
            let note = if is_held_out { "held out" } else { "" };
            let _ = writeln!(details, "| {} | {shown} | {note} |", question.ask);
        }
        sets += &tally.row(&name);
    }
    let (tuned_row, held_out_row, all_row) =
        (tuned.row("seen while tuning"), held_out.row("held out"), all.row("**all**"));
    expect_file!["../../docs/extractive.md"].assert_eq(&format!(
        "# How well the built-in model finds things\n\
         \n\
         `extractive` answers where no model is configured. It searches, reads and quotes. This page shows what\n\
         `tests/suite/extractive.rs` measured: questions in plain English, without the identifiers, about the sources of\n\
         crates that `Cargo.lock` pins ([`tests/data/questions.toml`](../tests/data/questions.toml)), each asked as\n\
         `rlm query QUESTION SOURCES`. A question counts as answered if one of the first five citations has at most {LONGEST}\n\
         lines and holds a line that was noted as right. Most of these lines were noted before the ranking was written; 14\n\
         places were added when two judges had read what failed questions cited. Held-out questions were not looked at\n\
         while the ranking was tuned.\n\
         \n\
         | sources | questions | first citation right | one of five right |\n\
         |---|---|---|---|\n\
         {sets}{tuned_row}{held_out_row}{all_row}\n\
         ## How passages are ranked\n\
         \n\
         By BM25 over passages, with words of names, comments and paths weighed apart, and each word of the question standing for\n\
         related ones at a discount (`corpus/search`). An index and a scan give the same passages: both count how common words are in\n\
         blocks of 1 KiB (of the questions above all get the same first five either way, and all but one in a text of all packages\n\
         together). The weights were set on 280 questions: those above that are not held out, and 154 new ones about 20 other\n\
         packages, in words as far from the code as could be. The earlier ranking was tuned on the former only, and was right for 54\n\
         (one of five: 102) of those 126, and for 35 (77) of the 154; this one is for 58 (95) and 56 (108). So the earlier figures\n\
         said more about the questions than about the ranking. What each part brings, by leaving it out:\n\
         \n\
         | of 280 questions | first citation right | one of five right |\n\
         |---|---|---|\n\
         | the earlier ranking | 89 | 179 |\n\
         | **this one** | 114 | 203 |\n\
         | without the 650 new groups of related words | 98 | 187 |\n\
         | with a bonus for neighbours that fit as well | 102 | 198 |\n\
         \n\
         The new groups come from general knowledge, but whoever wrote them had written the 154 questions as well, so the\n\
         gain there is an upper bound.\n\
         Others were measured on passages before neighbours are joined, 106 first and 200 in five with all of them: without the\n\
         words around a passage 104 and 187, with the full rarity of words 100 and 195, without the share of the name that the\n\
         question has 96 and 196, without holding against a passage that a function begins before it 103 and 191, without the comment\n\
         on a method's type 103 and 196. A reward for holding much of the question (102 and 194), for words within three lines (105\n\
         and 196) and for neighbours in the question that are neighbours in the code (103 and 194) brought nothing, nor did what\n\
         callers say of a function, or fewer places of one file; so they are not there.\n\
         \n\
         ## Everyday words\n\
         \n\
         What failed most were questions in words that are in no code. What people say in several words that are everywhere (\"takes too\n\
         long\", \"left out\", \"gives up\", \"in each other's way\") is therefore a concept of its own, which stands for what code calls that:\n\
         `corpus/search/phrases.txt` has 947 such lines, from general knowledge. Words of every day stand for such of code, and not the other\n\
         way round (`everyday.txt`). A question that asks for things or an amount (\"which characters\", \"how long\") holds less against constants\n\
         and types that they are no functions. In a published package that has nothing but what was built, that counts as its own\n\
         code. Of passages that are all the same the first one comes first: an end of the file does not count against it.\n\
         \n\
         The first 460 lines were written before 67 new questions were asked (`tests/data/plain.toml`: tar, cacache, make-fetch-happen,\n\
         tracing-subscriber, rustyline, similar, Python's and Perl's libraries), 420 more by going through what programs do (retry, cache, escape,\n\
         merge, …) and what people call that who do not know its name, and the last 70 after reading which of the other 238 questions still failed, so\n\
         what those bring there says little. Passages of the ranked search, with neighbours joined as in an answer; the packages of 112 of the\n\
         137 tuning questions were at hand:\n\
         \n\
         | questions | before: first right | one of five | 880 lines: first right | one of five | all lines: first right | one of five |\n\
         |---|---|---|---|---|---|---|\n\
         | 126 above, seen while tuning | 58 | 95 | 51 | 95 | 52 | 100 |\n\
         | 112 of `tuning.toml` | 45 | 78 | 49 | 80 | 52 | 90 |\n\
         | 67 of `plain.toml` | 9 | 23 | 18 | 45 | 18 | 45 |\n\
         | all 305 | 112 | 196 | 118 | 220 | 122 | 235 |\n\
         \n\
         48 more questions were held out, and asked once of each of the two (`tests/data/plain_held_out.toml`: undici, httplib2, PyJWT, pip,\n\
         object_store, mio, xz): the ranking before was right for 10 (one of five: 22), this one is for 19 (33), which is 40 and 69 %.\n\
         \n\
         Other weights bring next to nothing: changed one at a time, each gives or takes up to four questions. Nor does a ranking that is learned: 22\n\
         features of each passage (the share of the question's words that it has, in its name, in what lies around it, its length, kind and role, and the\n\
         score itself), fitted to four fifths of the packages and asked about the rest, five times, gave 116 first and 211 in five of 307, where the score\n\
         alone gave 117 and 215. Words of the best ten passages, added to the question as pseudo relevance feedback (RM3), made it worse at every\n\
         weight: 118 and 214 of 305 at a tenth, 115 and 209 at a fifth.\n\
         \n\
         ## What is looked up, and not ranked\n\
         \n\
         A question is taken apart first (`llm/extractive/question`): what it names is looked up exactly, and only what is left goes to the\n\
         ranked search. A name is found by its definition in the syntax tree, `Class.method` by the method of that class, a file by its path\n\
         or its name, a number, version, id or quoted text as it is written, a pasted message by the line that says it (with placeholders\n\
         where the message has values), dependencies, licences, required versions and releases in the files that are there for them. Uses\n\
         are told apart from comments, strings and declarations, and counted; lines of a log are grouped by template, with the first and the\n\
         last; passages of a patch have their commit. These facts come from host functions ([functions.md](functions.md)), so programs of\n\
         every model have them.\n\
         \n\
         `tests/data/exact.toml` holds questions of each kind with what is right, which all hold (`tests/suite/exact.rs`). Beyond those,\n\
         four rounds of questions were asked of texts that had not been looked at while the code was written: express, commander, winston,\n\
         axios, semver and yargs, requests, flask, click, jinja2 and urllib3, parts of Python's library, twenty crates, and small texts in ten\n\
         languages, with logs and patches. Right at first sight, by the first citation or one of the first few, were 40 of 52, then, each time\n\
         after the kinds that had failed were mended, 44 of 50, 37 of 45 and 29 of 31. Of the 28 that failed six had asked for what is\n\
         not in the text, which the answer says, and five were right at another place than was noted.\n\
         \n\
         A fifth round had 172 questions, whose right places were noted before anything was asked. 74 were for tuning (cobra, koa, ws,\n\
         marshmallow, Lua, jq), 98 were held out and asked once (gorilla/mux, tree, Werkzeug, fastify, pino, knex, Handlebars, hiredis, libuv,\n\
         textwrap, object_store, quick-xml, rustyline, indexmap, url).\n\
         \n\
         | asked for | tuning: questions | first right | one of five | held out: questions | first right | one of five |\n\
         |---|---|---|---|---|---|---|\n\
         | message | 18 | 17 | 17 | 28 | 25 | 28 |\n\
         | definition | 17 | 17 | 17 | 21 | 21 | 21 |\n\
         | where or how, in plain words | 14 | 8 | 10 | 18 | 8 | 10 |\n\
         | uses | 5 | 5 | 5 | 5 | 3 | 5 |\n\
         | manifest, licence | 7 | 7 | 7 | 5 | 4 | 4 |\n\
         | version, change | 3 | 2 | 2 | 9 | 7 | 8 |\n\
         | number, id | 5 | 5 | 5 | 9 | 7 | 9 |\n\
         | file, count | 5 | 5 | 5 | 3 | 3 | 3 |\n\
         | all | 74 | 66 (89 %) | 68 (92 %) | 98 | 78 (80 %) | 88 (90 %) |\n\
         \n\
         Those of tuning are from the first time that they were asked, by a program that was written with them in view; the places of literals\n\
         and the keys of messages were mended after that, before the held-out ones were asked. Of these one kind was mended since, that a\n\
         question for a licence names the package. What fails most are plain words that the text does not use. New since then: among\n\
         several definitions the one that the question speaks of comes first; of a method that is named with its type, calls are told apart by\n\
         what stands before them; names that macros define and messages of formats (`\"%ss differ\"`) are found; an answer that nothing was found\n\
         says which files nobody has looked into. There are no embeddings: where a peer measured them, the right passage was found more often, and\n\
         answers became worse.\n\
         \n\
         A sixth round, `tests/data/held_out.toml`, has 285 questions about sixteen packages in ten languages, a log and a patch\n\
         (`cargo bench --locked --bench questions`). Whoever wrote them had not seen the code that answers; the places were noted from\n\
         the sources, and they were asked once:\n\
         \n\
         | asked for | questions | first right | one of five right |\n\
         |---|---|---|---|\n\
         | definition, method | 44 | 44 | 44 |\n\
         | message | 55 | 47 | 52 |\n\
         | uses | 16 | 15 | 16 |\n\
         | number, count | 22 | 19 | 21 |\n\
         | version, change | 13 | 9 | 11 |\n\
         | manifest, licence, file | 20 | 16 | 18 |\n\
         | log, patch | 21 | 18 | 20 |\n\
         | what is not there | 4 | 4 | 4 |\n\
         | where or how, in plain words | 90 | 24 (27 %) | 54 (60 %) |\n\
         | all | 285 | 196 (69 %) | 240 (84 %) |\n\
         \n\
         Before the ranking was changed, 24 and 50 of the 90 plain ones were right. So what is named is found, and plain words that the code\n\
         does not use are still what fails.\n\
         \n\
         ## Each question\n\
         \n\
         The number is the place of the first right citation among the first five.\n{details}"
    ));
    for tally in [tuned, held_out] {
        let share = tally.five as f64 / tally.asked as f64;
        assert!(share >= SHARE, "only {} of {} questions were answered", tally.five, tally.asked);
    }
}
