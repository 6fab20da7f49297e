//! Answers on a real terminal: rendered, each once; and as they are written everywhere else.

use crate::{
    query::file,
    scripted::{Action, Asked, ScriptedServer},
    terminal::{on_terminal, rlm, run},
};
use std::time::Duration;
use tempfile::TempDir;

const ANSWER: &str = "# Birds\n\nThe *linnet* sings (`a.txt:1`):\n\n```text\nthe linnet\n```\n\n- it sings\n- it flies";

/// What a terminal shows of the answer.
const RENDERED: [&str; 5] = [
    "\u{1b}[1m\u{1b}[36mBirds\u{1b}[0m",
    "The \u{1b}[3mlinnet\u{1b}[0m sings (\u{1b}[33ma.txt:1\u{1b}[0m):",
    "\u{1b}[2m╭─ text\u{1b}[0m\r\nthe linnet\r\n\u{1b}[2m╰─\u{1b}[0m",
    "• it sings",
    "• it flies",
];

/// A model that gives this answer, as a text or as a program that says it.
async fn server(is_program: bool) -> ScriptedServer {
    ScriptedServer::start(move |_: &Asked| {
        let said = if is_program { format!("```repl\nFINAL({ANSWER:?})\n```\n") } else { ANSWER.to_owned() };
        Action::reply(said).in_parts(7, Duration::from_millis(2))
    })
    .await
}

#[tokio::test]
async fn an_answer_is_rendered_once_on_a_terminal_and_is_untouched_elsewhere() {
    let folder = TempDir::new().expect("a folder can be made");
    file(&folder, "a.txt", b"the linnet\n");
    let path = folder.path().to_str().expect("the path is text");
    for strategy in ["direct", "rlm"] {
        let server = server(strategy == "rlm").await;
        let url = server.url();
        let arguments = ["query", "?", path, "--strategy", strategy, "--endpoint", &url, "--model", "scripted"];
        let seen = String::from_utf8(on_terminal(arguments, &[]).await.stdout).expect("it is text");
        for part in RENDERED {
            assert_eq!(seen.matches(part).count(), 1, "{strategy}: {part:?} in {seen:?}");
        }
        assert!(!seen.contains("# Birds") && !seen.contains("\u{1b}]8"), "{strategy}: {seen:?}");
        let seen =
            String::from_utf8(on_terminal(arguments, &[("VTE_VERSION", "7600")]).await.stdout).expect("it is text");
        let link = format!("\u{1b}]8;;file://{path}/a.txt#1\u{1b}\\");
        assert_eq!(seen.matches(&link).count(), 1, "{strategy}: no {link:?} in {seen:?}");
        for plain in [[("NO_COLOR", "1")], [("TERM", "dumb")]] {
            let seen = String::from_utf8(on_terminal(arguments, &plain).await.stdout).expect("it is text");
            assert_eq!(seen.matches(&ANSWER.replace('\n', "\r\n")).count(), 1, "{strategy} {plain:?}: {seen:?}");
        }
        let ran = run(rlm(arguments)).await;
        assert_eq!((ran.output.as_str(), ran.status), (format!("{ANSWER}\n").as_str(), 0), "{strategy}");
        let ran = run(rlm(arguments.iter().chain(&["--color", "always"]))).await;
        assert!(ran.output.starts_with(RENDERED[0]), "{strategy}: {ran:?}");
    }
}

#[tokio::test]
async fn the_pager_is_asked_for_and_gets_what_the_terminal_would() {
    let folder = TempDir::new().expect("a folder can be made");
    file(&folder, "a.txt", b"the linnet\n");
    let path = folder.path().to_str().expect("the path is text");
    let server = server(false).await;
    let url = server.url();
    let arguments = ["query", "?", path, "--strategy", "direct", "--endpoint", &url, "--model", "scripted"];
    let pager = [("RLM_PAGER", "sed s/linnet/wren/")];
    for (more, expected) in [(&[][..], false), (&["--pager"], true)] {
        let seen = on_terminal(arguments.iter().chain(more), &pager).await.stdout;
        let seen = String::from_utf8(seen).expect("it is text");
        assert_eq!(seen.contains("wren"), expected, "{more:?}: {seen:?}");
        assert_eq!(seen.matches("it flies").count(), 1, "{more:?}: {seen:?}");
    }
}

#[tokio::test]
async fn a_model_that_the_endpoint_does_not_list_is_a_problem() {
    let server = server(false).await;
    let url = server.url();
    for command in ["models", "doctor"] {
        for (model, status, expected) in [
            ("scripted", 0, format!("ok      {url}: 1 model, `scripted` among them")),
            ("scirpted", 1, format!("scirpted is not known to its server: {url} does not list it, but scripted")),
        ] {
            let mut command = rlm([command]);
            command.env("RLM_ENDPOINT", &url).env("RLM_MODEL", model);
            let ran = run(command).await;
            assert!(ran.status == status && ran.output.contains(&expected), "{expected}: {ran:?}");
        }
    }
}
