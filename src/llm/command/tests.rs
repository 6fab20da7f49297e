//! Programs that behave, and programs that do not.

use super::*;
use crate::llm::Piece;
use std::{path::Path, time::Instant};

fn request(prompt: &str) -> Request {
    Request { messages: vec![Message::user(prompt)], ..Request::default() }
}

async fn run(line: &str, prompt: &str) -> (Result<Reply, Error>, Vec<String>) {
    let model = CommandModel::new(line, Vec::new(), Duration::from_secs(20), None).unwrap();
    let mut pieces = Vec::new();
    let reply = model
        .call(&request(prompt), &mut |piece| match piece {
            Piece::Text(text) => pieces.push(text.to_owned()),
            Piece::Unseen(_) => {}
            Piece::Restart | Piece::WasReasoning | Piece::Waits { .. } => {
                unreachable!("a model never restarts by itself")
            }
        })
        .await;
    (reply, pieces)
}

#[tokio::test]
async fn the_prompt_goes_in_and_the_reply_comes_out() {
    let (reply, pieces) = run("cat", "größe $HOME `id`\n").await;
    assert_eq!(reply.unwrap().text, "größe $HOME `id`");
    assert_eq!(pieces.concat(), "größe $HOME `id`\n");
}

#[tokio::test]
async fn words_are_split_as_in_a_shell_but_no_shell_runs() {
    let (reply, _) = run(r#"printf '%s|' "a b" $HOME c\ d ';' '*'"#, "").await;
    assert_eq!(reply.unwrap().text, "a b|$HOME|c d|;|*|");
}

#[tokio::test]
async fn a_prompt_larger_than_a_pipe_and_a_program_that_reads_none_of_it_both_work() {
    let prompt = "x".repeat(1 << 20);
    assert_eq!(run("cat", &prompt).await.0.unwrap().text.len(), 1 << 20);
    assert_eq!(run("echo done", &prompt).await.0.unwrap().text, "done");
}

#[tokio::test]
async fn output_streams_as_it_is_printed_and_whole_characters_only() {
    let script = r#"sh -c 'printf "x\303"; sleep 0.05; printf "\244b\377"'"#;
    let (reply, pieces) = run(script, "").await;
    assert_eq!(reply.unwrap().text, "xäb\u{fffd}");
    assert!(pieces.len() > 1, "{pieces:?}");
}

#[tokio::test]
async fn reasoning_is_no_part_of_what_a_program_answers() {
    let (reply, pieces) = run("printf '<think>abc 41</think>The value is 42.'", "").await;
    let reply = reply.unwrap();
    assert_eq!((reply.text.as_str(), reply.reasoning.as_str()), ("The value is 42.", "abc 41"));
    assert_eq!(pieces.concat(), "The value is 42.");
    let (reply, _) = run("echo '<think>abc 41</think>'", "").await;
    assert!(matches!(reply, Err(Error::EmptyReply { reasoning, .. }) if reasoning == "abc 41"));
}

#[tokio::test]
async fn failures_tell_what_the_program_said() {
    let cases = [
        ("no-such-program-here -x", "cli:no-such-program-here -x failed: it does not start: "),
        (
            "sh -c 'echo boom >&2; exit 3'",
            "cli:sh -c 'echo boom >&2; exit 3' failed: it ended with exit status: 3: boom",
        ),
        ("true", "cli:true gave an empty reply: it ended as if it were complete"),
    ];
    for (line, expected) in cases {
        let error = run(line, "").await.0.unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
    let (reply, _) = run("sh -c 'yes complaint >&2 & sleep 0.1; kill $!; exit 1'", "").await;
    assert!(reply.unwrap_err().to_string().chars().count() < 400);
}

#[tokio::test]
async fn output_ends_where_the_reply_may_have_no_more_tokens() {
    let model = CommandModel::new("yes é", Vec::new(), Duration::from_secs(20), None).unwrap();
    let request = Request { max_output_tokens: Some(10), ..request("go on") };
    let reply = model.call(&request, &mut |_| {}).await.unwrap();
    assert_eq!((reply.finish, reply.usage.output), (Finish::Length, 10));
    assert_eq!(reply.text, format!("{}é", "é\n".repeat(12)), "40 bytes, cut between characters");
    let (reply, _) = run("yes", "").await;
    assert_eq!(reply.unwrap().text.len(), MOST_OUTPUT - 1, "without a limit, the last line feed is trimmed");
}

#[test]
fn a_line_that_is_no_command_is_refused() {
    for line in ["", "  ", "cat 'open"] {
        assert_eq!(
            CommandModel::new(line, Vec::new(), Duration::ZERO, None).unwrap_err().kind(),
            "configuration",
            "{line:?}"
        );
    }
}

#[tokio::test]
async fn what_a_program_leaves_behind_does_not_hold_the_reply_up() {
    let started = Instant::now();
    let (reply, _) = run("sh -c 'sleep 30 & echo done'", "").await;
    assert_eq!(reply.unwrap().text, "done");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_dropped_call_takes_the_whole_group_of_processes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let line = format!("sh -c 'sleep 60 & echo $! $$ >{}; echo ready; wait'", file.display());
    let model = CommandModel::new(&line, Vec::new(), Duration::from_secs(60), None).unwrap();
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    let call = tokio::spawn(async move {
        let mut ready = Some(ready);
        let mut started = |_: Piece<'_>| {
            ready.take().map(|it| it.send(()));
        };
        let _ = model.call(&request(""), &mut started).await;
    });
    is_ready.await.unwrap();
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    let pids = std::fs::read_to_string(&file).unwrap();
    for pid in pids.split_whitespace() {
        while is_alive(pid) {
            tokio::task::yield_now().await;
        }
    }
}

/// A process that was killed stays as a zombie until somebody asks after it.
fn is_alive(pid: &str) -> bool {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    status.rsplit(')').next().is_some_and(|rest| !rest.trim_start().starts_with('Z') && !rest.trim().is_empty())
}

#[tokio::test]
async fn a_program_that_never_ends_is_ended() {
    let model = CommandModel::new("sleep 60", Vec::new(), Duration::from_millis(50), None).unwrap();
    let error = model.call(&request(""), &mut |_| {}).await.unwrap_err();
    assert_eq!(error.to_string(), "cli:sleep 60 was silent for 0.05 seconds");
}

#[test]
fn a_single_question_stays_as_it_is_and_a_conversation_is_labelled() {
    assert_eq!(prompt(&[Message::user("q")]), "q");
    assert_eq!(prompt(&[Message::system("s"), Message::user("q")]), "s\n\nq");
    let conversation = [Message::system("s"), Message::user("q"), Message::assistant("a"), Message::user("r")];
    assert_eq!(prompt(&conversation), "s\n\n[user]\nq\n\n[assistant]\na\n\n[user]\nr");
}

#[test]
fn only_the_beginning_of_a_character_counts_as_unfinished() {
    let cases: [(&[u8], usize); 8] = [
        (b"", 0),
        (b"abc", 0),
        ("ä".as_bytes(), 0),
        (b"a\xc3", 1),
        (b"ab\xe6\xbc", 2),
        (b"\xf0\x9f\x98", 3),
        (b"a\xff", 0),
        (b"\x80\x80\x80", 0),
    ];
    for (bytes, expected) in cases {
        assert_eq!(unfinished(bytes), expected, "{bytes:?}");
    }
}

#[test]
fn a_program_is_another_one_once_it_or_its_script_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    let source = |line: &str| CommandModel::new(line, Vec::new(), Duration::ZERO, None).unwrap().reply_source();
    std::fs::write(&script, "one").unwrap();
    let (alone, given) = (script.display().to_string(), format!("sh {}", script.display()));
    let before = (source(&alone), source(&given));
    assert_eq!((source(&alone), source(&given)), before);
    std::fs::write(&script, "another").unwrap();
    assert!(source(&alone) != before.0 && source(&given) != before.1);
    assert!(before.0.is_some() && source("sh -c 'exit 1'") == source("sh -c 'exit 1'"));
}
