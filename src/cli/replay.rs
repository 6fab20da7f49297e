//! `rlm trace replay`: a run once more from its trace, without a model; or with another one from a turn on.

use super::{
    output::print,
    query::{Parts, QueryArguments},
    request::Request,
    scope,
};
use crate::{
    config::{Deed, Environment, TraceContent},
    corpus::StopFlag,
    engine::{Answer, Backend, Clock, Detail, Engine, Event, EventSink, Places, Question, Started, not_confirmed},
    llm::{Replies, RetryPolicy, Scheduler},
    report::{self, Circumstances},
    setup,
    store::{Folder, Store},
    text::{counted, visible_path},
    trace::{self, Recorded, Recording, Replay, TraceFile, differing_files, differing_parts},
};
use clap::Args;
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Files that are named of those whose texts are other ones.
const FILES_TOLD: usize = 10;

/// The longest pause between two attempts of a replay: what is tried again is known.
const PAUSE: Duration = Duration::from_millis(1);

#[derive(Debug, Args)]
pub struct ReplayArguments {
    /// Go on differently: from this turn of the root on, what the trace does not have is asked of --model
    #[arg(long, value_name = "TURN", value_parser = clap::value_parser!(u64).range(1..), requires = "model")]
    from: Option<u64>,
    /// The model that goes on
    #[arg(long, value_name = "SPEC", requires = "from")]
    model: Option<String>,
    /// The model of further sub-calls [default: the one that goes on]
    #[arg(long, value_name = "SPEC", requires = "from")]
    worker: Option<String>,
}

/// Replays the trace in a file, which is one of the person's own or may be anybody's, and prints what came of it. Says whether it came to the same, or to an answer at all if
/// another model was to go on.
///
/// # Errors
/// It cannot be replayed; a sentence.
pub async fn replay(
    path: &Path,
    is_own: bool,
    arguments: ReplayArguments,
    parse: impl Fn(&[String]) -> Option<QueryArguments>,
) -> Result<bool, String> {
    let mut recorded = Recorded::read(path)?;
    let whole = trace::read(path)?;
    let (subject, common) = asked(&recorded, parse)?;
    let ReplayArguments { from, model, worker } = arguments;
    if from.is_some() && !is_own {
        // Its words may name the server of somebody else.
        return Err("--from goes on with a run of your own: name it by its number in `rlm runs`".to_owned());
    }
    let (mut settings, config) = common.resolve()?;
    if settings.tools.iter().any(|tool| matches!(tool.deed, Deed::Command { .. })) {
        return Err("the question had commands of its own (--tools), which are not run again".to_owned());
    }
    if let Some(first) = from {
        recorded.forget_from(first);
    }
    let environment = setup::environment();
    let others = match model {
        Some(model) => {
            settings.worker = Some(worker.unwrap_or_else(|| model.clone()));
            settings.model = Some(model);
            Some(setup::models(&settings, &environment).choose().await.map_err(|error| error.to_string())?)
        }
        None => None,
    };
    let snapshot = {
        let settings = settings.clone();
        let walk = move || scope::asked_about(&subject.1, subject.2, &settings, &StopFlag::default());
        tokio::task::spawn_blocking(walk)
            .await
            .map_err(|error| error.to_string())?
            .map_err(|error| error.to_string())?
    };
    let folder = tempfile::tempdir().map_err(|error| format!("cannot make a folder for the replay: {error}"))?;
    // Only what was known then is known now.
    let replies = Replies::new(Store::new(Some(Folder::new(folder.path().join("store")))));
    for (key, reply, _) in &recorded.served {
        replies.keep(*key, reply).await;
    }
    let clock = Arc::<Clock>::default();
    let replay = Replay::new(&recorded, clock.clone(), others.is_some());
    let prices = recorded.models.iter().filter_map(|it| Some((it.name.clone(), it.price?)));
    let models = match &others {
        // No other model is reached.
        None => setup::models(&crate::config::Settings::default(), &Environment::of([])),
        Some(_) => setup::models(&settings, &environment),
    };
    let policy = RetryPolicy { first_pause: PAUSE, longest_pause: PAUSE, ..RetryPolicy::default() };
    let engine = Engine {
        models: Arc::new(models.given(replay.models(&recorded))),
        choice: replay.choice(&recorded, others.as_ref()),
        scheduler: Arc::new(Scheduler::new(settings.limits.concurrency, policy)),
        prices: Arc::new(settings.prices.clone().into_iter().chain(prices).collect()),
        backend: Backend {
            interpreters: Arc::new(setup::sandbox(&environment).map_err(|failure| failure.message)?),
            places: Places::default(),
            replies: Arc::new(replies),
        },
        clock,
    };
    let file = folder.path().join("replay.jsonl");
    let sink = Arc::new(Sink { recording: Recording::new(TraceContent::Full, None, None), started: Mutex::default() });
    sink.recording.add(TraceFile::create(file.clone())?);
    let question = Question {
        text: subject.0,
        snapshot,
        focus: None,
        config: Arc::new(config),
        limits: settings.limits.clone(),
        session: None,
    };
    if others.is_some()
        && let Some(cost) = engine.cost_to_confirm(&question).await
    {
        return Err(not_confirmed("question", cost).message);
    }
    let cancel = replay.cancel.clone();
    if let Err(error) = setup::end_on_signal(move || cancel.cancel()) {
        return Err(format!("cannot handle signals: {error}"));
    }
    let answer = engine.ask(question, sink.clone(), replay.cancel.clone()).await;
    sink.finish(&answer);
    let (now, now_whole) = (Recorded::read(&file)?, trace::read(&file)?);
    if from.is_some() {
        print(answer.text.trim_end());
        trace::difference(&whole, &now_whole).iter().for_each(|line| print(line));
        return Ok(answer.termination.is_answer());
    }
    Ok(tell(&whole, &recorded, &now_whole, &now, &replay))
}

/// What the question was, and with which options.
fn asked(recorded: &Recorded, parse: impl Fn(&[String]) -> Option<QueryArguments>) -> Result<Parts, String> {
    let Some(request) = recorded.request.as_deref() else {
        return Err(
            "the trace does not say how the question was asked: a follow-up, a line of a chat, or words that are \
                    not kept cannot be replayed"
                .to_owned(),
        );
    };
    let Some(request) = Request::read(request) else {
        return Err("the question was asked in an editor; only those of `rlm query` can be replayed".to_owned());
    };
    if request.is_piped && !scope::is_piped() {
        return Err("the text was piped in; pipe it in again".to_owned());
    }
    let folder = visible_path(&request.folder);
    std::env::set_current_dir(&request.folder)
        .map_err(|error| format!("cannot go to {folder}, where the question was asked: {error}"))?;
    let asked = parse(&request.arguments).ok_or("the words of the question make no sense to this version of rlm")?;
    Ok(asked.parts())
}

/// Says what came of a replay, and whether that is the same.
fn tell(whole: &trace::Trace, recorded: &Recorded, now_whole: &trace::Trace, now: &Recorded, replay: &Replay) -> bool {
    let files = differing_files(recorded, now);
    if !files.is_empty() {
        let (count, named) = (files.len(), files.into_iter().take(FILES_TOLD).collect::<Vec<_>>().join(", "));
        let verb = if count == 1 { "differs" } else { "differ" };
        print(&format!("the text is not what it was: {} {verb}: {named}", counted(count, "file")));
    }
    if let Some(parting) = replay.parting() {
        print(&format!("the replay parts from the trace: {parting}"));
        return false;
    }
    if recorded.result.is_none() {
        let left = replay.left();
        print(&match left {
            0 => "the trace ends before the run did; up to there the replay is the same".to_owned(),
            left => format!("the trace ends before the run did; {} of it were not made", counted(left, "call")),
        });
        return left == 0;
    }
    let parts = differing_parts([whole, now_whole], [recorded, now]);
    let steps = counted(whole.nodes.len(), "step");
    match parts.is_empty() {
        true => print(&format!("the replay is the same, byte for byte: {steps}, and the answer")),
        false => print(&format!("the replay differs\n{}", parts.join("\n"))),
    }
    parts.is_empty()
}

/// Writes the trace of the replay.
struct Sink {
    recording: Recording,
    started: Mutex<Option<Started>>,
}

impl Sink {
    fn finish(&self, answer: &Answer) {
        let started = self.started.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let circumstances = started.map_or_else(Circumstances::default, |it| Circumstances {
            model: it.model,
            worker: it.worker,
            trace: None,
        });
        self.recording.finish(report::answer(answer, &circumstances));
    }
}

impl EventSink for Sink {
    fn emit(&self, event: Event) {
        self.recording.event(&event);
        if let Event::Started(started) = event {
            *self.started.lock().unwrap_or_else(PoisonError::into_inner) = Some(started);
        }
    }

    fn takes_details(&self) -> bool {
        true
    }

    fn note(&self, detail: Detail) {
        self.recording.detail(&detail);
    }
}
