//! The texts as models read them. A change of one is a change of behaviour, and shall be seen as one.

use crate::{
    config::Options,
    corpus::{OpenBuffer, Root, Selection, Snapshot, StopFlag},
    engine::{
        budget::{Left, model_call::Cut},
        prompt::{inputs::PromptInputs, overview::Overview, *},
        question::{
            Focus, Question,
            config::RunConfig,
            session::{Earlier, memory::Exchange},
        },
        run::{cell::Cell, reply},
    },
    llm::{self, Model, PieceSink, Reply, Request},
    repl::{Cause, Ended},
};
use expect_test::{Expect, expect, expect_file};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::time::Duration;

fn check(text: &str, expected: &Expect) {
    expected.assert_eq(text);
}

#[test]
fn instructions_in_both_dresses() {
    let tools = json!([{"name": "ticket", "description": "A ticket's text", "command": ["x"], "parameters":
        {"type": "object", "properties": {"number": {"type": "integer"}}}}, {"name": "glossary", "value": {}}]);
    let tools = Options::from_json(&json!({ "tools": tools })).unwrap().tools.unwrap();
    let own: Vec<_> = tools.iter().collect();
    expect_file!["snapshots/programs.txt"].assert_eq(&instructions(false, &[]));
    expect_file!["snapshots/tools.txt"].assert_eq(&instructions(true, &own));
    let with_own = instructions(false, &own);
    check(
        &with_own[instructions(false, &[]).len()..],
        &expect![[r#"


            For this question there is also:
            - `ticket(...)`, a function with the arguments {"type":"object","properties":{"number":{"type":"integer"}}}: A ticket's text
            - `glossary`, a value"#]],
    );
}

fn repository() -> std::sync::Arc<Snapshot> {
    let directory = tempfile::tempdir().unwrap();
    let files = [("src/main.rs", "fn main() {}\n"), ("src/é {x}.py", "pass\n"), ("README.md", "# {0} %s\n")];
    let open =
        files.map(|(path, text)| OpenBuffer { path: directory.path().join(path), text: text.into(), version: 0 });
    let roots = vec![Root::new(directory.path())];
    let selection = Selection { roots, open: open.into(), ..Selection::default() };
    Snapshot::take(&selection, &StopFlag::default()).unwrap()
}

fn asked(text: &str, focus: Option<Focus>, schema: &Value) -> Question {
    let settings = Options::from_json(&json!({ "schema": schema })).unwrap().resolve().unwrap();
    Question {
        text: text.to_owned(),
        snapshot: Snapshot::of_text(None, String::new()),
        focus,
        config: RunConfig::of(&settings).unwrap().into(),
        limits: settings.limits,
        session: None,
    }
}

/// A model with a window, which is never called.
#[derive(Debug)]
struct Windowed(Option<usize>);

impl Model for Windowed {
    fn name(&self) -> &str {
        "windowed"
    }

    fn window(&self) -> Option<usize> {
        self.0
    }

    fn call<'a>(&'a self, _: &'a Request, _: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, llm::Error>> {
        unreachable!("prompts are made without it")
    }
}

fn opens(
    question: &Question,
    overview: &Overview<'_>,
    [window, worker_window]: [Option<usize>; 2],
    exchanges: &[Exchange],
    earlier: &Earlier,
) -> String {
    let (model, worker) = (&Windowed(window), &Windowed(worker_window));
    opening(&PromptInputs { question, overview, model, worker, by_tools: false, depth: 0 }, exchanges, earlier)
}

#[test]
fn openings() {
    let context = repository().context().unwrap();
    let overview = Overview::of_text(&context);
    let exchanges = [Exchange { question: "Who?".into(), answer: "{me}".into() }];
    let earlier = Earlier { variables: vec![("x".to_owned(), "int".to_owned())], ..Earlier::default() };
    let selection = Focus { path: "src/main.rs".into(), first_line: 1, last_line: 1, text: "fn main() {}".into() };
    let question = asked(" What is {0}? ", None, &json!(null));
    let plain = |question: &Question| opens(question, &overview, [None, None], &[], &Earlier::default());
    check(
        &plain(&question),
        &expect![[r#"
        `context` holds 3 files, 86 characters.
        Files by language: markdown 1, python 1, rust 1.
        What is where (files, bytes):
          README.md (9)
          src/ (2, 18)

        You have not looked at the text yet.

        # Question
        What is {0}?"#]],
    );
    let full = asked(" What is {0}? ", Some(selection), &json!({"type": "array"}));
    let windows = [Some(32_000), Some(8192)];
    check(
        &opens(&full, &overview, windows, &exchanges, &earlier),
        &expect![[r#"
            `context` holds 3 files, 86 characters.
            Files by language: markdown 1, python 1, rust 1.
            What is where (files, bytes):
              README.md (9)
              src/ (2, 18)
            Your window has 32000 tokens; of what is printed in one turn you see 19200 characters.
            A model that reads for you has a window of 8192 tokens: at most some 18432 characters in one prompt.

            The question is about a selection: src/main.rs:1-1, 12 characters, in the variable `selection`.

            The answer must be one JSON value that satisfies this JSON Schema, with nothing before or after it: {"type":"array"}

            This question follows 1 earlier question; `history` is a list of dicts with "question" and "answer". The text may have changed since. The last one:
            Question: Who?
            Answer: {me}
            Variables of earlier programs are still there: x: int.

            You have not looked at the text yet.

            # Question
            What is {0}?"#]],
    );
    let gone = Earlier { are_gone: true, ..Earlier::default() };
    let gone = opens(&full, &overview, windows, &exchanges, &gone);
    assert!(gone.contains("are gone") && gone.contains("`history`") && !gone.contains("still there: x"), "{gone}");
    let text = Snapshot::of_text(None, "one text".to_owned()).context().unwrap();
    let overview = Overview::of_text(&text);
    let long = "start ".to_owned() + &"x".repeat(9000) + " end?";
    let long = opens(&asked(&long, None, &json!(null)), &overview, [None, None], &[], &Earlier::default());
    check(
        &long.replace(&"x".repeat(100), "X"),
        &expect![[r#"
        `context` is one text of 8 characters.

        You have not looked at the text yet.

        # Question
        (It has 9011 characters; this is its beginning and its end. All of it is the variable `question`.)
        start XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx … [1011 characters left out] … XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx end?"#]],
    );
    check(
        &direct(&context, full.focus.as_ref(), "What is {0}?", Some("{\"type\":\"array\"}"), &exchanges).unwrap(),
        &expect![[r#"
            ==> README.md <==
            1	# {0} %s
            ==> src/main.rs <==
            1	fn main() {}
            ==> src/é {x}.py <==
            1	pass

            The question is about the selection src/main.rs:1-1.

            Earlier questions, with your answers:
            Question: Who?
            Answer: {me}

            The answer must be one JSON value that satisfies this JSON Schema, with nothing before or after it: {"type":"array"}

            # Question
            What is {0}?"#]],
    );
}

fn left() -> Left {
    Left { iterations: 3, calls: 20, tokens: Some(1000), cost: Some(0.25), time: Duration::from_secs(60) }
}

#[test]
fn observations() {
    let cell = |output: &str, error: Option<&str>, ended| Cell {
        output: output.to_owned(),
        output_omitted: 0,
        error: error.map(str::to_owned),
        variables: vec![("x".to_owned(), "int".to_owned())],
        ended,
        ..Cell::default()
    };
    let reply = reply::parse("```repl\na\n```\n```repl\nb\n```\n```repl\nc\n```\n```repl\nd");
    let cells = [
        Cell { output_omitted: 7, ..cell("7\n", None, Ended::Normally) },
        cell("", Some("It took too long."), Ended::RolledBack(Cause::Time)),
    ];
    check(
        &(observation(&cells, &reply, None) + &super::left(&left())),
        &expect![[r#"
            Output of program 1:
            7
            … [7 characters of output left out; peek_output has them]
            Output of program 2:
            It took too long.
            The variables are what they were before this program.
            1 further program did not run.
            The last block has no closing fence, so it did not run.
            Variables: x: int.
            Left: 3 turns, 20 calls, 60 s, 1000 tokens, $0.2500."#]],
    );
    let lost = [cell("", Some("It crashed."), Ended::Lost(Cause::Crash))];
    let cut = Cut::Length { tokens: 8192 };
    check(
        &(observation(&lost, &reply::parse("x"), Some(&cut))
            + &super::left(&Left { tokens: None, cost: None, ..left() })),
        &expect![[r#"
            Output:
            It crashed.
            All variables are gone; the REPL has been started again.
            Your reply was cut off (a reply may have 8192 tokens); what was cut did not count. Write less in one turn.
            Variables: x: int.
            Left: 3 turns, 20 calls, 60 s."#]],
    );
    check(
        &(observation(&[], &reply::parse("x"), None) + &super::left(&left())),
        &expect!["Left: 3 turns, 20 calls, 60 s, 1000 tokens, $0.2500."],
    );
    check(
        &clean_retry(&[cell("", Some("NameError: x"), Ended::Normally)]),
        &expect![[r#"
        A program that you wrote next failed, and was taken out of this conversation. Do NOT reconstruct it; go about it another way. What it failed with:
        NameError: x"#]],
    );
}

#[test]
fn summaries_follow_the_question() {
    check(
        &with_summary("# Question\nWhat is it?", "Found: {x}.\n"),
        &expect![[r#"
        # Question
        What is it?

        # Your summary of the work so far
        Found: {x}."#]],
    );
}

#[test]
fn reasoning_is_cut_from_its_end() {
    assert_eq!(reasoning_only(&("é".repeat(2000) + "so 7")).chars().filter(|it| *it == 'é').count(), 1496);
}
