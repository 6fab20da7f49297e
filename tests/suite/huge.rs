//! A file so large that it is read where it lies, and what happens if it changes meanwhile.

use crate::{
    processes::{below, own_memory_of},
    query::ask,
    scripted::{Action, Asked, ScriptedServer},
    terminal::{Ran, rlm},
};
use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

const LINE: &str = "2026-11-27 12:00:00 request sérved in 12 ms 😀\n";

/// Lines enough for more than 256 MiB, among them three that differ.
fn huge_file(folder: &TempDir) -> PathBuf {
    file_of(folder, 256 << 20)
}

fn file_of(folder: &TempDir, bytes: usize) -> PathBuf {
    let path = folder.path().join("server.log");
    let block = LINE.repeat(20_000);
    let blocks = bytes / block.len() + 1;
    let mut file = BufWriter::new(File::create(&path).expect("a file can be made"));
    for number in 0..blocks {
        file.write_all(block.as_bytes()).expect("the disk has room");
        if number % (blocks / 3) == 5 {
            writeln!(file, "ERROR {number}: it broke").expect("the disk has room");
        }
    }
    path
}

/// Asks about the file. Between the first program and the second `meanwhile` happens to it.
async fn ask_and(meanwhile: fn(&Path), programs: [&'static str; 2]) -> Ran {
    let folder = TempDir::new().expect("a folder can be made");
    let path = huge_file(&folder);
    let changed = path.clone();
    let script = move |asked: &Asked| {
        let turn = asked.messages.iter().filter(|(role, _)| role == "assistant").count();
        if turn == 1 {
            meanwhile(&changed);
        }
        Action::reply(format!("```repl\n{}\n```", programs[turn.min(1)]))
    };
    let server = ScriptedServer::start(script).await;
    ask(&server, &path, &[]).await
}

const LOOK: &str =
    "import re\nerrors = re.findall(r'ERROR \\d+', context)\nrows = grep('ERROR')\nprint(len(context), errors)";

#[tokio::test]
async fn a_huge_file_is_read_exactly_and_may_grow() {
    let append = |path: &Path| {
        let mut file = OpenOptions::new().append(true).open(path).expect("it can be opened");
        file.write_all(b"ERROR 999999: later\n").expect("the disk has room");
    };
    let program = "start = context.find('ERROR')\n\
        again = re.findall(r'ERROR \\d+', context)\n\
        peeked = read('server.log', rows[0].line, rows[0].line)\n\
        pieces = chunk(10_000_000)\n\
        whole = sum(len(piece) for piece in pieces) == len(context)\n\
        FINAL(f'{len(errors)} {again == errors} {context[start:start + 5]} {peeked.strip() == rows[0].text} {whole}')";
    let ran = ask_and(append, [LOOK, program]).await;
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(ran.json()["answer"], "3 True ERROR True True");
}

#[tokio::test]
async fn a_huge_file_that_is_rewritten_or_cut_ends_the_run_with_an_error() {
    let rewrite = |path: &Path| {
        let file = OpenOptions::new().write(true).open(path).expect("it can be opened");
        file.write_all_at(b"9999-99-99", 100 << 20).expect("the disk has room");
    };
    let cut = |path: &Path| {
        OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(1000)).expect("it can be cut");
    };
    for change in [rewrite as fn(&Path), cut] {
        let ran = ask_and(change, [LOOK, "FINAL(str(context.count('ERROR')))"]).await;
        assert_eq!(ran.status, 1, "{ran:?}");
        let result = ran.json();
        assert_eq!(result["error"]["kind"], "changed", "{result}");
        assert!(ran.errors.contains("server.log was changed while it was being read"), "{}", ran.errors);
    }
    // Another file in its place changes nothing.
    let replace = |path: &Path| {
        fs::write(path.with_extension("new"), "short").expect("the disk has room");
        fs::rename(path.with_extension("new"), path).expect("it can be renamed");
    };
    let ran = ask_and(replace, [LOOK, "FINAL(str(context.count('ERROR')))"]).await;
    assert_eq!((ran.status, ran.json()["answer"].as_str()), (0, Some("3")), "{ran:?}");
}

#[tokio::test]
async fn sixty_four_calls_about_a_huge_text_take_little_memory() {
    const CALLS: usize = 64;
    const PROMPT: usize = 100_000;
    const PROGRAM: &str = "at = [n * (len(context) // 64) for n in range(64)]\n\
        notes = llm_query_batched([context[it:it + 100_000] for it in at])\nFINAL(str(len(notes)))";
    let is_full = std::env::var_os("RLM_TEST_FULL").is_some();
    let folder = TempDir::new().expect("a folder can be made");
    let path = file_of(&folder, if is_full { 1_000_000_000 } else { 256 << 20 });
    let script = |asked: &Asked| match asked.messages[0].0 == "system" {
        true => Action::reply(format!("```repl\n{PROGRAM}\n```")),
        false => Action::hang(),
    };
    let server = ScriptedServer::start(script).await;
    let (url, path) = (server.url(), path.to_str().expect("text"));
    let arguments = ["query", "What is it?", path, "--strategy", "rlm", "--endpoint", &url, "--model", "scripted"];
    let mut asked = rlm(arguments.iter().chain(&["--concurrency", "64"])).spawn().expect("it starts");
    server.until("64 open calls", |log| log.open == CALLS).await;
    let id = asked.id().expect("it runs");
    let megabytes = own_memory_of(below(id).iter().map(|it| it.id).chain([id]));
    asked.kill().await.expect("it can be killed");
    let prompts: usize = server.calls().iter().map(|call| call.body.to_string().len()).sum();
    assert!(prompts > CALLS * PROMPT, "{prompts}");
    eprintln!("{megabytes} MB with prompts of {} MB", prompts >> 20);
    let most = 64 + 3 * (prompts >> 20) as u64;
    assert!(megabytes <= most, "{megabytes} MB of {most} MB");
}
