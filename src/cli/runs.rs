//! `rlm runs`, and `rlm query --resume`: runs that were begun in the terminal, and how one of them goes on.
//!
//! A run that goes on is asked once more, in the folder and with the words of its first time. Every call that had come to its
//! end is served from the store, so it gets to where it was without a call, and its limits count only what is new.

use super::{output::print, request::Request};
use crate::{
    setup,
    store::{EndedRun, Folder, KeptRun, Store},
    text::{counted, grouped, visible_path},
};
use clap::Args;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    process::ExitCode,
    time::{Duration, UNIX_EPOCH},
};

#[derive(Debug, Args)]
pub struct RunsArguments {
    /// Add up what was spent, day by day
    #[arg(long)]
    cost: bool,
}

const RESUME: &str = "--resume";

/// The command line that is meant by one with `--resume RUN`: that of the run, and what else stands on this one behind it, so
/// that what is said anew counts. Goes to the folder of the run. Any other command line stays.
///
/// # Errors
/// There is no such run, or it cannot go on; a sentence.
pub fn resumed(mut arguments: Vec<OsString>) -> Result<Vec<OsString>, String> {
    let is = |it: &OsString, word: &str| it.to_str() == Some(word);
    if !arguments.get(1).is_some_and(|it| is(it, "query")) {
        return Ok(arguments);
    }
    let end = arguments.iter().position(|it| is(it, "--")).unwrap_or(arguments.len());
    let prefix = format!("{RESUME}=");
    let named = |it: &OsString| it.to_str().and_then(|it| it.strip_prefix(&prefix)).map(str::to_owned);
    let Some(at) = arguments[..end].iter().position(|it| is(it, RESUME) || named(it).is_some()) else {
        return Ok(arguments);
    };
    let word = arguments.remove(at);
    let number = match named(&word) {
        Some(number) => number,
        None if at < arguments.len() => arguments.remove(at).to_string_lossy().into_owned(),
        None => String::new(),
    };
    let unknown = || format!("{RESUME}: there is no run {number:?}; `rlm runs` lists them");
    let number: i64 = number.parse().map_err(|_| unknown())?;
    let store = Store::new(Folder::of(&setup::environment()));
    let run = store.kept_run(number)?.ok_or_else(unknown)?;
    if store.is_run_open(number) {
        return Err(format!("{RESUME}: run {number} is still at work"));
    }
    let request = Request::read(&run.begun.request).ok_or_else(|| {
        format!("{RESUME}: run {number} was asked in an editor, which goes on with it, or in words that are not kept; ask the same again")
    })?;
    request.check(&arguments, &format!("{RESUME}: "), &format!("run {number}"))?;
    let folder = visible_path(&request.folder);
    std::env::set_current_dir(&request.folder)
        .map_err(|error| format!("{RESUME}: cannot go to {folder}, where run {number} was: {error}"))?;
    let more = arguments.split_off(2);
    arguments.extend(request.arguments.into_iter().map(OsString::from));
    arguments.extend(more);
    Ok(arguments)
}

pub fn run(arguments: &RunsArguments) -> ExitCode {
    let store = Store::new(Folder::of(&setup::environment()));
    let runs = match store.kept_runs() {
        Ok(runs) => runs,
        Err(problem) => {
            super::say(&format!("rlm: {problem}"));
            return ExitCode::FAILURE;
        }
    };
    if runs.is_empty() {
        super::say("rlm: no run is kept");
    } else if arguments.cost {
        costs(&runs).iter().for_each(|line| print(line));
    } else {
        runs.iter().for_each(|run| print(&line(run, store.is_run_open(run.number))));
    }
    ExitCode::SUCCESS
}

/// A run in one line: number, beginning, state, time, cost, calls, question.
fn line(run: &KeptRun, is_open: bool) -> String {
    let KeptRun { number, begun, started, ended } = run;
    let (state, spent) = match ended {
        Some((at, EndedRun { state, calls, cached_calls, cost, .. })) => {
            let cost = cost.map_or_else(|| "-".to_owned(), |cost| format!("${cost:.4}"));
            let seconds = format!("{} s", grouped(at - started));
            let calls = counted(*calls, "call");
            (state.as_str(), format!("{seconds:>8} {cost:>9} {calls:>12} {cached_calls:>6} known"))
        }
        None if is_open => ("at work", String::new()),
        None => ("stopped", String::new()),
    };
    format!("{number:>5}  {}  {state:<10} {spent:<42}  {}", time(*started), begun.question)
}

/// What was spent by day, the newest first, and in all.
fn costs(runs: &[KeptRun]) -> Vec<String> {
    let mut days: BTreeMap<String, (f64, u64, u64)> = BTreeMap::new();
    for (run, (_, ended)) in runs.iter().filter_map(|run| Some((run, run.ended.as_ref()?))) {
        let (cost, calls, unpriced) = days.entry(time(run.started)[..10].to_owned()).or_default();
        *cost += ended.cost.unwrap_or_default();
        *calls += ended.calls;
        *unpriced += u64::from(ended.cost.is_none());
    }
    let all = days.values().fold((0.0, 0, 0), |sum, day| (sum.0 + day.0, sum.1 + day.1, sum.2 + day.2));
    let shown = |name: &str, (cost, calls, unpriced): (f64, u64, u64)| {
        let unknown = match unpriced {
            0 => String::new(),
            count => format!(", and {} whose price is not known", counted(count, "run")),
        };
        format!("{name:<10}  ${cost:.4}  {}{unknown}", counted(calls, "call"))
    };
    days.iter().rev().map(|(day, spent)| shown(day, *spent)).chain([shown("in all", all)]).collect()
}

fn time(seconds: i64) -> String {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    humantime::format_rfc3339_seconds(UNIX_EPOCH + since).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::BegunRun;

    #[test]
    fn days_are_added_up() {
        let run = |number, started, cost| {
            let ended = EndedRun {
                state: "final".to_owned(),
                model: "m".to_owned(),
                calls: 2,
                cached_calls: 1,
                tokens: 3,
                cost,
            };
            let begun = BegunRun { question: "q".to_owned(), request: String::new() };
            KeptRun { number, begun, started, ended: Some((started + 5, ended)) }
        };
        let runs = [run(3, 90_000, None), run(2, 90_000, Some(0.25)), run(1, 0, Some(0.5))];
        let expected = [
            "1970-01-02  $0.2500  4 calls, and 1 run whose price is not known",
            "1970-01-01  $0.5000  2 calls",
            "in all      $0.7500  6 calls, and 1 run whose price is not known",
        ];
        assert_eq!(costs(&runs), expected);
        let open = KeptRun { ended: None, ..run(4, 0, None) };
        assert!(line(&open, true).contains("at work") && line(&open, false).contains("stopped"));
        assert!(line(&runs[2], false).contains("final") && line(&runs[2], false).contains("$0.5000"));
    }
}
