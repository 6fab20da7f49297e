//! `rlm store`: what is kept, where, and how to be rid of it.

use super::{output::print, say};
use crate::{
    dogfood::scratch,
    engine, setup,
    store::{self, Folder, KeptAnswer, Store, Summary, Table},
    text::{age, counted, grouped, visible_path},
    trace::{KeptTraces, TraceFolder},
};
use clap::{Args, Subcommand};
use std::{
    process::ExitCode,
    time::{Duration, UNIX_EPOCH},
};

#[derive(Debug, Args)]
pub struct StoreArguments {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    /// Show where the store is, and how much of what is in it
    Show,
    /// Take everything out of it
    Clear,
    /// Print its folder
    Path,
    /// Print an answer that is kept, by its number
    Answer { number: i64 },
}

pub fn run(arguments: &StoreArguments) -> ExitCode {
    let Some(folder) = Folder::of(&setup::environment()) else {
        say("rlm: there is no store: RLM_STORE says `off`, or neither it nor HOME says where one could be");
        return ExitCode::FAILURE;
    };
    let (store, traces) = (Store::new(Some(folder.clone())), TraceFolder::of(&folder));
    let trees = scratch::home(Some(folder.path()));
    let done = match arguments.command {
        StoreCommand::Path => Ok(visible_path(folder.path())),
        StoreCommand::Show => {
            store.summary().map(|summary| describe(&folder, &summary, &traces.summary(), scratch::count(&trees)))
        }
        StoreCommand::Answer { number } => answer(&store, number),
        StoreCommand::Clear => store
            .clear()
            .and_then(|()| traces.clear())
            .and_then(|()| scratch::clear(&trees).map_err(|error| error.to_string()))
            .map(|used| {
                let path = visible_path(folder.path());
                match used {
                    0 => format!("the store {path} is empty"),
                    used => format!("the store {path} is empty but for {} in use", counted(used, "tree")),
                }
            }),
    };
    match done {
        Ok(text) => {
            print(&text);
            ExitCode::SUCCESS
        }
        Err(problem) => {
            say(&format!("rlm: {problem}"));
            ExitCode::FAILURE
        }
    }
}

/// A question with its answer, as that was then.
fn answer(store: &Store, number: i64) -> Result<String, String> {
    let kept = store.kept_answer(number)?;
    let known = kept.and_then(|it| Some((engine::kept_text(&it.answer)?, it)));
    let Some((text, KeptAnswer { question, stored, .. })) = known else {
        return Err(format!("no answer {number} is kept"));
    };
    let ago = age(u64::try_from(store::now() - stored).unwrap_or_default());
    Ok(format!("# {question}\n\n*This was the answer {ago} ago. The text may have changed since.*\n\n{text}"))
}

fn describe(folder: &Folder, summary: &Summary, traces: &KeptTraces, trees: usize) -> String {
    let mut lines = vec![
        format!("folder         {}", visible_path(folder.path())),
        format!(
            "size           {}, of at most {}",
            counted(folder.bytes(), "byte"),
            counted(summary.most_bytes, "byte")
        ),
    ];
    for Table { name, holds, entries, oldest, newest } in &summary.tables {
        let times = match (oldest, newest) {
            (Some(oldest), Some(newest)) => format!(", from {} to {}", time(*oldest), time(*newest)),
            _ => String::new(),
        };
        lines.push(format!("{name:<14} {entries}{times}"));
        lines.push(format!("               {holds}"));
    }
    let KeptTraces { traces, bytes, most_traces, most_bytes } = traces;
    lines.push(format!(
        "traces         {}, {}, of at most {} and {}; the oldest go first",
        grouped(traces),
        counted(bytes, "byte"),
        grouped(most_traces),
        counted(most_bytes, "byte")
    ));
    lines.push("               what each run did, with the texts that models were shown; `rlm trace show`".to_owned());
    lines.push(format!("trees          {}", grouped(trees)));
    lines
        .push("               copies of a repository in which a cycle or a check works, or has been killed".to_owned());
    lines.push(format!(
        "kept           {} at most; what was not used for longest goes first",
        counted(summary.most_days, "day")
    ));
    lines.join("\n")
}

fn time(seconds: i64) -> String {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    humantime::format_rfc3339_seconds(UNIX_EPOCH + since).to_string()
}
