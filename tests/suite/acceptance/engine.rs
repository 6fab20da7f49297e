//! The cases, played to the engine in this process; only the interpreters are real, and come from one fork server.

use super::{
    case::{About, Case},
    grounded, looks,
    model::{Log, Scripted, is_turn_of_root},
    programs, sub_calls, tools, weak_models,
};
use futures::StreamExt;
use rlm::{
    config::{Environment, Options},
    corpus::Snapshot,
    engine::{Answer, Engine, Event, EventSink, Question, RunConfig},
    llm::{Choice, Request, RetryPolicy, Scheduler, extractive::Extractive},
    report, setup,
};
use serde_json::{Value, json};
use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Keeps events in their public form.
#[derive(Default)]
struct Kept(Mutex<Vec<Value>>);

impl EventSink for Kept {
    fn emit(&self, event: Event) {
        self.0.lock().expect("nobody panics with it").push(json!(report::event::<()>(event)));
    }
}

/// What a case came to.
struct Played {
    answer: Answer,
    requests: Vec<Request>,
    most_open: usize,
    events: Vec<Value>,
}

impl Case {
    async fn play(&self, backend: rlm::engine::Backend) -> Played {
        let mut options = json!({"strategy": "rlm"});
        for (name, value) in self.options.as_object().into_iter().flatten() {
            options[name] = value.clone();
        }
        let settings = Options::from_json(&options).expect("the options are right").resolve().expect("they make sense");
        let log = Arc::new(Log::default());
        // What is tried again is tried at once.
        let policy = RetryPolicy { first_pause: Duration::from_millis(1), ..RetryPolicy::default() };
        let model = Arc::new(Scripted { case: self.clone(), log: log.clone() });
        let engine = Engine {
            models: Arc::new(rlm::llm::Models::new(&settings, Environment::of([]), Arc::new(Extractive))),
            choice: Choice::new(model.clone(), model, "the case says so".to_owned()),
            scheduler: Arc::new(Scheduler::new(settings.limits.concurrency, policy)),
            prices: Arc::default(),
            backend,
            clock: Arc::default(),
        };
        let snapshot = match &self.about {
            About::Text(text) => Snapshot::of_text(Some("text.txt"), text.clone()),
            About::Value(json) => {
                Snapshot::of_value(serde_json::from_str(json).expect("it is JSON")).expect("there is something to read")
            }
        };
        let question = Question {
            text: self.asks.to_owned(),
            snapshot,
            focus: None,
            config: Arc::new(RunConfig::of(&settings).expect("the configuration is right")),
            limits: settings.limits,
            session: None,
        };
        let kept = Arc::new(Kept::default());
        let answer = engine.ask(question, kept.clone(), CancellationToken::new()).await;
        Played {
            answer,
            requests: log.requests.lock().expect("nobody panics with it").clone(),
            most_open: log.most_open.load(Ordering::SeqCst),
            events: kept.0.lock().expect("nobody panics with it").clone(),
        }
    }

    fn compare(&self, played: &Played) {
        let Played { answer, requests, most_open, events } = played;
        let it = &self.expected;
        let termination = serde_json::to_value(answer.termination).expect("it is a word");
        assert_eq!(termination, it.termination.unwrap_or("final"), "{:?} {}", answer.failure, answer.text);
        assert_eq!(answer.failure.as_ref().map(|failure| failure.kind.name()), it.failure);
        if let Some(expected) = &it.answer {
            assert_eq!(&answer.text, expected);
        }
        it.answer_has.iter().for_each(|part| assert!(answer.text.contains(part), "no `{part}` in {}", answer.text));
        it.answer_lacks.iter().for_each(|part| assert!(!answer.text.contains(part), "`{part}` in {}", answer.text));
        assert_eq!(answer.found_nothing, it.finds_nothing, "{}", answer.text);
        let grounded = serde_json::to_value(answer.grounded).expect("it is a word");
        assert!(it.grounded.is_none_or(|expected| grounded == expected), "{grounded}: {}", answer.text);
        let said = answer.warnings.join("\n");
        it.warns.iter().for_each(|part| assert!(said.contains(part), "no `{part}` in {said:?}"));
        assert!(it.most_calls.is_none_or(|most| requests.len() <= most), "{} calls", requests.len());
        let turns: Vec<&Request> = requests.iter().filter(|request| is_turn_of_root(request)).collect();
        let turn = |number: usize| *turns.get(number - 1).unwrap_or_else(|| panic!("there was no turn {number}"));
        let last = |number| &turn(number).messages.last().expect("there are messages").content;
        let all = |number| {
            let texts: Vec<&str> = turn(number).messages.iter().map(|message| message.content.as_str()).collect();
            texts.join("\n")
        };
        for (number, text) in &it.told {
            assert!(last(*number).contains(text), "turn {number} was not told `{text}` but {}", last(*number));
        }
        for (number, text) in &it.not_told {
            assert!(!last(*number).contains(text), "turn {number} was told `{text}`");
        }
        for (number, text) in &it.conversation {
            assert!(all(*number).contains(text), "turn {number} does not have `{text}` but {}", all(*number));
        }
        for (number, text) in &it.not_in_conversation {
            assert!(!all(*number).contains(text), "turn {number} has `{text}`");
        }
        for text in &it.never_sent {
            let sent = requests.iter().flat_map(|it| &it.messages).any(|message| message.content.contains(text));
            assert!(!sent, "`{text}` was sent");
        }
        for (number, id, text) in &it.results {
            let is_result = |of: &Option<(String, String)>| of.as_ref().is_some_and(|(of, _)| of == id);
            let result = turn(*number).messages.iter().rfind(|message| is_result(&message.result_of));
            let result = &result.expect("the call has a result").content;
            assert!(result.contains(text), "call {id} gave `{result}`, not `{text}`");
        }
        self.compare_events(events);
        let states: Vec<Value> =
            answer.citations.iter().map(|it| serde_json::to_value(it.state).expect("a word")).collect();
        assert!(it.states.as_ref().is_none_or(|expected| states == *expected), "{states:?}");
        assert!(it.tools.is_none_or(|count| requests[0].tools.len() == count), "{} tools", requests[0].tools.len());
        assert!(it.calls.is_none_or(|count| requests.len() == count), "{} calls", requests.len());
        assert!(it.most_open.is_none_or(|most| *most_open <= most), "{most_open} open");
        assert!(it.iterations.is_none_or(|count| answer.usage.iterations == count), "{:?}", answer.usage);
        assert!(it.depth.is_none_or(|depth| answer.usage.max_depth == depth), "{:?}", answer.usage);
        assert!(it.lost.is_none_or(|lost| answer.lost_count == lost), "{:?}", answer.lost);
        let most = it.longest_reply;
        assert!(most.is_none() || requests.iter().all(|it| it.max_output_tokens == most), "the limit is another one");
    }

    fn compare_events(&self, events: &[Value]) {
        let has =
            |event: &Value, part: &Value| part.as_object().expect("fields").iter().all(|(key, it)| event[key] == *it);
        for event in &self.expected.no_events {
            assert!(!events.iter().any(|it| has(it, event)), "{event} is among {events:#?}");
        }
        let mut rest = events;
        for event in &self.expected.events {
            let found = rest.iter().position(|it| has(it, event));
            let at = found.unwrap_or_else(|| panic!("no {event} in the rest of {events:#?}"));
            rest = &rest[at + 1..];
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_holds_in_the_engine() {
    let environment = Environment::of([("RLM_PROGRAM", env!("CARGO_BIN_EXE_rlm"))]);
    let backend = setup::backend(&environment).expect("there can be interpreters");
    let cases = [
        programs::cases(),
        sub_calls::cases(),
        looks::cases(),
        tools::cases(),
        weak_models::cases(),
        grounded::cases(),
    ]
    .into_iter()
    .flatten();
    let failed: Vec<String> = futures::stream::iter(cases)
        .map(|case| {
            let backend = backend.clone();
            async move {
                let played = case.play(backend).await;
                let compared = std::panic::catch_unwind(AssertUnwindSafe(|| case.compare(&played)));
                compared.is_err().then(|| format!("{}: {}", case.number, case.says))
            }
        })
        .buffer_unordered(8)
        .filter_map(async |failed| failed)
        .collect()
        .await;
    assert!(failed.is_empty(), "these do not hold (each is explained above):\n{}", failed.join("\n"));
}
