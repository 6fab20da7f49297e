//! Runs with a scripted model and an interpreter that is none: what a run does with what cells come to.
//!
//! A program of these tests is one command a line: `print TEXT`, `answer TEXT`, `fail TEXT`, `call NAME JSON` (a host
//! call, whose result is printed), `crash` (all variables are lost).

use crate::{
    config::{Environment, Options},
    corpus::{ContextText, Snapshot},
    engine::{Answer, Backend, Engine, Event, EventSink, Places, Question, RunConfig},
    llm::{
        self, Choice, Finish, Model, Models, Piece, PieceSink, Replies, Reply, Request, RetryPolicy, Role, Scheduler,
        TokenUsage, extractive::Extractive,
    },
    repl::{
        Call, Cause, CellOutcome, Ended, Error, FULL_LANDLOCK, HostCalls, Interpreter, Interpreters, Limits,
        ReplSession, Resting, SandboxLevel, Tasks,
        wire::{CellReport, Names},
    },
};
use futures::{FutureExt, future::BoxFuture};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Starts [`Commands`].
struct Scripted;

/// Runs the commands of a program.
#[derive(Default)]
struct Commands {
    cells: u64,
}

impl Interpreters for Scripted {
    fn warm(&self) -> Result<(), Error> {
        Ok(())
    }

    fn start(&self, _: Arc<ContextText>, _: Names, _: Limits) -> BoxFuture<'_, Result<Box<dyn Interpreter>, Error>> {
        async { Ok(Box::<Commands>::default() as Box<dyn Interpreter>) }.boxed()
    }

    fn renew(
        &self,
        _: ReplSession,
        _: Arc<ContextText>,
        _: Names,
        _: Limits,
    ) -> BoxFuture<'_, Option<Box<dyn Interpreter>>> {
        async { None }.boxed()
    }

    fn memory_limit(&self) -> u64 {
        1 << 30
    }
}

impl Interpreter for Commands {
    fn prepare(&mut self) -> BoxFuture<'_, Result<SandboxLevel, Error>> {
        async { Ok(SandboxLevel { landlock: FULL_LANDLOCK, tasks: Tasks::Own }) }.boxed()
    }

    fn run_cell<'a>(&'a mut self, code: &'a str, host: &'a dyn HostCalls) -> BoxFuture<'a, Result<CellOutcome, Error>> {
        self.cells += 1;
        let mut report = CellReport { cell: self.cells, ..CellReport::default() };
        async move {
            for line in code.lines() {
                let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
                match command {
                    "print" => report.output += &format!("{rest}\n"),
                    "answer" => report.answer = Some(rest.to_owned()),
                    "fail" => report.error = Some(rest.to_owned()),
                    "crash" => return Ok(CellOutcome { report, ended: Ended::Lost(Cause::Crash) }),
                    "call" => {
                        let (name, given) = rest.split_once(' ').expect("a name and arguments");
                        let arguments: Value = serde_json::from_str(given).expect("they are JSON");
                        let call = Call { id: 1, name: name.to_owned(), arguments, cell: self.cells };
                        report.output += &match host.call(call).await {
                            Ok(value) => format!("{value}\n"),
                            Err(raised) => format!("{}: {}\n", raised.class, raised.message),
                        };
                    }
                    _ => panic!("there is no command {command:?}"),
                }
            }
            Ok(CellOutcome { report, ended: Ended::Normally })
        }
        .boxed()
    }

    fn is_idle(&self) -> bool {
        true
    }

    fn rest(self: Box<Self>) -> Option<Resting> {
        None
    }
}

/// Says its replies turn by turn; plain calls get their prompt back, in brackets. One that begins with a number takes so many
/// seconds the first time, and a second after that.
#[derive(Debug, Default)]
struct Turns {
    root: Vec<String>,
    child: Vec<String>,
    waited: Mutex<Vec<String>>,
    /// What each turn of the root was told last.
    told: Mutex<Vec<String>>,
}

impl Model for Turns {
    fn name(&self) -> &str {
        "turns"
    }

    fn window(&self) -> Option<usize> {
        None
    }

    fn call<'a>(&'a self, request: &'a Request, pieces: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, llm::Error>> {
        let last = request.messages.last().map(|it| it.content.clone()).unwrap_or_default();
        let turn = request.messages.iter().filter(|it| it.role == Role::Assistant).count();
        let is_turn = request.messages[0].role == Role::System;
        let is_child = is_turn && request.messages[1].content.contains("another program wrote for you");
        let text = match (is_turn, is_child) {
            (false, _) => format!("[{last}]"),
            (true, true) => self.child[turn].clone(),
            (true, false) => {
                self.told.lock().expect("nobody panics with it").push(last);
                self.root.get(turn).cloned().unwrap_or_else(|| "nothing more".to_owned())
            }
        };
        let seconds = text.strip_prefix('[').and_then(|it| it.split_once(' ')?.0.parse().ok());
        async move {
            if let Some(seconds) = seconds {
                let is_first = {
                    let mut waited = self.waited.lock().expect("nobody panics with it");
                    waited.push(text.clone());
                    waited.iter().filter(|it| **it == text).count() == 1
                };
                tokio::time::sleep(Duration::from_secs(if is_first { seconds } else { 1 })).await;
            }
            pieces(Piece::Text(&text));
            let usage = TokenUsage::estimated(request, text.len());
            Ok(Reply { text, calls: Vec::new(), reasoning: String::new(), finish: Finish::Complete, usage })
        }
        .boxed()
    }
}

struct Silence;

impl EventSink for Silence {
    fn emit(&self, _: Event) {}
}

/// What a run comes to whose replies are these, and what its turns were told.
async fn ask(root: &[&str], child: &[&str], options: Value) -> (Answer, Vec<String>) {
    let fenced = |codes: &[&str]| codes.iter().map(|code| format!("```repl\n{code}\n```\n")).collect();
    let model = Arc::new(Turns { root: fenced(root), child: fenced(child), ..Turns::default() });
    let mut given = json!({"strategy": "rlm"});
    given.as_object_mut().into_iter().for_each(|it| it.extend(options.as_object().cloned().unwrap_or_default()));
    let settings = Options::from_json(&given).unwrap().resolve().unwrap();
    let engine = Engine {
        models: Arc::new(Models::new(&settings, Environment::of([]), Arc::new(Extractive))),
        choice: Choice::new(model.clone(), model.clone(), String::new()),
        scheduler: Arc::new(Scheduler::new(4, RetryPolicy::default())),
        prices: Arc::default(),
        backend: Backend {
            interpreters: Arc::new(Scripted),
            places: Places::default(),
            replies: Arc::new(Replies::off()),
        },
        clock: Arc::default(),
    };
    let question = Question {
        text: "What?".to_owned(),
        snapshot: Snapshot::of_text(None, "one two\nthree\n".to_owned()),
        focus: None,
        config: Arc::new(RunConfig::of(&settings).unwrap()),
        limits: settings.limits,
        session: None,
    };
    let answer = engine.ask(question, Arc::new(Silence), CancellationToken::new()).await;
    let told = model.told.lock().expect("nobody panics with it").clone();
    (answer, told)
}

#[tokio::test]
async fn programs_run_until_one_gives_the_answer() {
    let (answer, told) = ask(&["print found", "answer 42"], &[], json!({})).await;
    assert_eq!((answer.text.as_str(), answer.usage.iterations), ("42", 2));
    assert!(told[1].starts_with("Output:\nfound\n"), "{}", told[1]);
}

#[tokio::test]
async fn a_crash_is_told_and_the_run_goes_on() {
    let (answer, told) = ask(&["crash", "answer on"], &[], json!({})).await;
    assert_eq!(answer.text, "on");
    assert!(told[1].contains("The interpreter crashed") && told[1].contains("All variables are gone"), "{}", told[1]);
}

#[tokio::test]
async fn turns_that_fail_in_a_row_end_the_run() {
    let (answer, told) = ask(&["fail a", "fail b", "fail c"], &[], json!({"maxErrors": 2})).await;
    assert_eq!((answer.termination, told.len()), (crate::engine::Termination::Errors, 2));
}

#[tokio::test]
async fn host_calls_reach_the_text_the_models_and_the_budget() {
    let program = "call grep [\"t\", null, false, 5]\n\
                   call peek_lines [1, 2]\n\
                   call llm_query_batched [[\"a\", \"b\"], null]\n\
                   call nothing []\n\
                   call grep [7]";
    let (answer, told) = ask(&[program, "answer ok"], &[], json!({})).await;
    assert_eq!((answer.text.as_str(), answer.usage.sub_calls), ("ok", 2));
    let expected = "Output:\n\
        {\"columns\":{\"path\":[null,null],\"line\":[1,2],\"text\":[\"one two\",\"three\"]},\"more\":false}\n\
        [8,14]\n\
        [\"[a]\",\"[b]\"]\n\
        RuntimeError: there is no host call \"nothing\"\n\
        TypeError: wrong arguments: ";
    assert!(told[1].starts_with(expected), "{}", told[1]);
}

#[tokio::test]
async fn a_child_is_a_run_one_level_deeper_and_its_answer_a_text() {
    let program = "call rlm_query [[\"below\"], null]";
    let child = ["call peek_lines [0, 1]", "answer deep"];
    let (answer, told) = ask(&[program, "answer ok"], &child, json!({"maxDepth": 1})).await;
    assert_eq!((answer.text.as_str(), answer.usage.max_depth, answer.usage.iterations), ("ok", 1, 4));
    assert!(told[1].starts_with("Output:\n[\"deep\"]\n"), "{}", told[1]);
}

/// The seconds that a batch takes, and the calls that it costs.
async fn batch(prompts: &[&str], options: Value) -> (u64, u64) {
    let started = tokio::time::Instant::now();
    let program = format!("call llm_query_batched {}", json!([prompts, null]));
    let (answer, told) = ask(&[&program, "answer ok"], &[], options).await;
    let expected: Vec<String> = prompts.iter().map(|it| format!("[{it}]")).collect();
    assert!(told[1].starts_with(&format!("Output:\n{}\n", json!(expected))), "{}", told[1]);
    (started.elapsed().as_secs(), answer.usage.sub_calls)
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_several_times_as_long_as_its_siblings_is_made_a_second_time() {
    let prompts = ["1 a", "1 b", "2 c", "1 d", "300 e"];
    // Four go out at once. The fifth is late after five seconds, and its second call takes one.
    let (seconds, calls) = batch(&prompts, json!({})).await;
    assert_eq!((seconds, calls), (7, 6));
    // Of siblings that take long themselves nobody is late so soon.
    let (seconds, calls) = batch(&["10 a", "20 b", "20 c", "70 d"], json!({})).await;
    assert_eq!((seconds, calls), (70, 4));
    let (seconds, calls) = batch(&["10 a", "20 b", "20 c", "300 d"], json!({})).await;
    assert_eq!((seconds, calls), (81, 5));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_made_a_second_time_where_there_is_no_plenty() {
    let prompts = ["1 a", "1 b", "300 c"];
    for options in [
        // The last calls are for others.
        json!({"maxCalls": 9}),
        json!({"maxTokens": 60_000}),
        // Somebody would have to wait.
        json!({"concurrency": 1}),
    ] {
        let (seconds, calls) = batch(&prompts, options.clone()).await;
        assert!(seconds >= 300 && calls == 3, "{options}: {seconds} s, {calls} calls");
    }
    // Nobody knows how long they take.
    let (seconds, calls) = batch(&["1 a", "300 b", "300 c"], json!({})).await;
    assert_eq!((seconds, calls), (300, 3));
    assert_eq!(batch(&["300 a"], json!({})).await.1, 1);
}
