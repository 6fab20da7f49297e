//! An answer appears once on a terminal, however it came about.

use crate::{
    processes::below,
    scripted::{Action, Asked, ScriptedServer},
};
use std::{fs, path::Path, process::Stdio, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::AsyncReadExt,
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// How long a test waits for what must come. Generous, since machines are slow at times.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program on a terminal of its own, which `script` makes.
pub struct Terminal {
    child: Child,
    output: ChildStdout,
    shown: String,
}

impl Terminal {
    /// Runs the program with these arguments.
    pub async fn start<S: AsRef<str>>(arguments: impl IntoIterator<Item = S>) -> Self {
        let quoted = |argument: &str| format!("'{}'", argument.replace('\'', r"'\''"));
        let words: Vec<String> = arguments.into_iter().map(|it| quoted(it.as_ref())).collect();
        let command = format!("exec {} {}", quoted(env!("CARGO_BIN_EXE_rlm")), words.join(" "));
        let mut child = Command::new("script")
            .args(["--quiet", "--return", "--flush", "--command", &command, "/dev/null"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("OLLAMA_HOST", "127.0.0.1:9")
            .env("RLM_STORE", "off")
            .env("TERM", "xterm")
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("`script` is part of every Debian");
        let output = child.stdout.take().expect("the output is piped");
        Self { child, output, shown: String::new() }
    }

    /// The number of the program's process.
    pub async fn program(&self) -> u32 {
        let id = self.child.id().expect("it runs");
        below(id).first().expect("the program runs").id
    }

    /// Waits until this is on the terminal.
    pub async fn until(&mut self, text: &str) {
        let search = async {
            while !self.shown.contains(text) {
                assert!(self.read().await, "no {text:?} in {}", self.shown);
            }
        };
        timeout(PATIENCE, search).await.expect("it comes in time");
    }

    /// Waits for the end. Returns all that was on the terminal, and the status.
    pub async fn end(mut self) -> (String, i32) {
        let rest = async { while self.read().await {} };
        timeout(PATIENCE, rest).await.expect("it ends in time");
        let status = self.child.wait().await.expect("it can be waited for");
        (self.shown, status.code().expect("no signal ended it"))
    }

    async fn read(&mut self) -> bool {
        let mut part = [0; 4096];
        let size = self.output.read(&mut part).await.expect("the output can be read");
        self.shown.push_str(&String::from_utf8_lossy(&part[..size]).replace('\r', ""));
        size > 0
    }
}

/// A model that is a program: it says these texts, one after the other, and the last one again and again.
fn model(folder: &Path, texts: &[&str]) -> String {
    for (number, text) in texts.iter().enumerate() {
        fs::write(folder.join(format!("said{number}")), text).expect("a file can be written");
    }
    let script = format!(
        "cat >/dev/null\ncd '{}'\nfor text in said*; do\n  [ -e \"was-$text\" ] || break\ndone\n\
         : > \"was-$text\"\ncat \"$text\"\n",
        folder.display()
    );
    let path = folder.join("model.sh");
    fs::write(&path, script).expect("a file can be written");
    format!("cli:sh {}", path.display())
}

/// Asks on a terminal, and returns what is there at the end.
async fn on_terminal(texts: &[&str], options: &[&str]) -> String {
    let folder = TempDir::new().expect("a folder can be made");
    let text = folder.path().join("a.txt");
    fs::write(&text, "the linnet\nthe wren\n").expect("a file can be written");
    let schema = folder.path().join("schema.json");
    fs::write(&schema, r#"{"type": "object", "required": ["bird"]}"#).expect("a file can be written");
    let scratch = folder.path().join("model");
    fs::create_dir(&scratch).expect("a folder can be made");
    let model = model(&scratch, texts);
    let mut arguments = vec!["query", "what?", text.to_str().expect("text"), "--model", &model];
    for option in options {
        arguments.push(if *option == "SCHEMA" { schema.to_str().expect("text") } else { option });
    }
    let (shown, status) = Terminal::start(arguments).await.end().await;
    assert!(status == 0 || status == 3, "{status}: {shown}");
    shown
}

/// Says what is shown once, and what is not shown at all.
async fn check(texts: &[&str], options: &[&str], once: &[&str], never: &[&str]) {
    let shown = on_terminal(texts, options).await;
    for text in once {
        assert_eq!(shown.matches(text).count(), 1, "{text:?} of {texts:?} in\n{shown}");
    }
    for text in never {
        assert!(!shown.contains(text), "{text:?} of {texts:?} in\n{shown}");
    }
}

const DIRECT: [&str; 2] = ["--strategy", "direct"];
const RLM: [&str; 2] = ["--strategy", "rlm"];

#[tokio::test]
async fn a_direct_answer_appears_once() {
    for text in ["it sings\n", "it sings", "\n\n  it sings\n\n\n", "it sings\nand sings on\n", "it sings (a.txt:1)\n"] {
        check(&[text], &DIRECT, &["it sings"], &[]).await;
    }
}

#[tokio::test]
async fn an_answer_of_programs_appears_once() {
    for text in [
        "```repl\nrows = grep('linnet')\nFINAL('it' + ' sings')\n```\n",
        "```repl\nFINAL(\"\"\"\nit sings\n\"\"\")\n```\n",
        "```repl\nFINAL(\"\"\"\n  it sings\n\"\"\".strip())\n```\n",
        "```repl\nFINAL('it \\x73ings')\n```\n",
        "```repl\nanswer['content'] = 'it sings'\nanswer['ready'] = True\n```\n",
        "I know.\nFINAL(it sings)\n",
        "```repl\nx = 'it sings'\n```\nFINAL_VAR(x)\n",
    ] {
        check(&[text], &RLM, &["it sings"], &[]).await;
    }
    check(&["it sings\n"], &RLM, &["it sings"], &[]).await;
}

#[tokio::test]
async fn an_answer_that_was_mended_appears_once() {
    let better = "it sings.\nSee a.txt:1.\nThe end.\n";
    for first in ["it sings.\nSee a.txt:99.\nThe end.\n", "it sings.\nSee a.txt:1\n```\nthe crow\n```\nThe end.\n"] {
        check(&[first, better], &DIRECT, &["it sings", "See a.txt", "The end"], &["99", "crow"]).await;
        // The first one stands if the second is no better.
        check(&[first, first], &DIRECT, &["it sings", "See a.txt", "The end"], &[]).await;
        let [first, better] = [first, better].map(|it| format!("```repl\nFINAL('''{it}''')\n```\n"));
        check(&[&first, &better], &RLM, &["it sings", "See a.txt", "The end"], &["99", "crow"]).await;
    }
}

#[tokio::test]
async fn an_answer_with_a_schema_appears_once() {
    let text = "```json\n{\n  \"bird\":   \"linnet\"\n}\n```\n";
    let direct = ["--strategy", "direct", "--schema", "SCHEMA"];
    check(&[text], &direct, &["{\"bird\":\"linnet\"}"], &["\"bird\":   "]).await;
    check(&["it is no JSON", text], &direct, &["linnet"], &["it is no JSON"]).await;
    let program = "```repl\nFINAL({'bird': 'lin' + 'net'})\n```\n";
    check(
        &["```repl\nFINAL('no JSON')\n```\n", program],
        &["--strategy", "rlm", "--schema", "SCHEMA"],
        &["linnet"],
        &["no JSON"],
    )
    .await;
}

#[tokio::test]
async fn a_partial_answer_appears_once() {
    let draft = "```repl\nanswer['content'] = 'it sings'\n```\n";
    check(&[draft], &["--strategy", "rlm", "--max-iterations", "2"], &["it sings", "is partial"], &[]).await;
    check(&[draft, "it sings on\n"], &["--strategy", "rlm", "--max-iterations", "1"], &["it sings"], &[]).await;
}

#[tokio::test]
async fn an_answer_whose_call_is_made_again_appears_once() {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("a.txt"), "the linnet\n").expect("a file can be written");
    let script = |asked: &Asked| match asked.nth {
        1 => Action::reply("it sings, and it").cut(),
        _ => Action::reply("it sings, and it flies"),
    };
    let server = ScriptedServer::start(script).await;
    let (url, path) = (server.url(), folder.path().to_str().expect("text"));
    let arguments = ["query", "?", path, "--strategy", "direct", "--endpoint", &url, "--model", "scripted"];
    let (shown, status) = Terminal::start(arguments).await.end().await;
    assert_eq!((status, shown.matches("it sings").count(), shown.matches("flies").count()), (0, 1, 1), "{shown}");
}
