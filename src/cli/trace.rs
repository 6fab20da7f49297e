//! `rlm trace`: what a run did, as a tree in the terminal, as a page, or beside another run.

use super::{
    output::{print, print_json, print_part},
    query::QueryArguments,
    replay::{ReplayArguments, replay},
    say,
};
use crate::{
    setup,
    store::{Folder, Store},
    text::visible_path,
    trace::{self, Reader, Trace, TraceFolder},
};
use clap::{Args, Subcommand, ValueEnum};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

#[derive(Debug, Args)]
pub struct TraceArguments {
    #[command(subcommand)]
    command: TraceCommand,
}

#[derive(Debug, Subcommand)]
enum TraceCommand {
    /// Show the tree of a run: turns, programs, what they looked at and whom they called, with times, tokens and cost
    Show {
        #[command(flatten)]
        run: Named,
        /// Show all of many children that are alike
        #[arg(long)]
        all: bool,
        /// Show each thing when it has ended, until the run has
        #[arg(long, short, conflicts_with = "all")]
        follow: bool,
    },
    /// Write a run as one page that needs no network: tree, waterfall, programs and outputs, and which lines were read
    Html {
        #[command(flatten)]
        run: Named,
        /// The file of the page, or `-` for standard output; without it, `rlm-trace-RUN.html` in this folder
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Print a run in a form that other tools take
    Export {
        #[command(flatten)]
        run: Named,
        /// atif: a trajectory of the Agent Trajectory Interchange Format, version 1.7, as JSON; rlms: the log of alexzhang13/rlm,
        /// which its viewer reads, as JSON Lines
        #[arg(long, value_enum)]
        format: ExportFormat,
    },
    /// Do a run once more from its trace, without a model, and say whether it comes to the same
    Replay {
        #[command(flatten)]
        run: Named,
        #[command(flatten)]
        how: ReplayArguments,
    },
    /// Show where two runs part, and what each took
    Diff {
        #[arg(value_name = "RUN", help = RUN)]
        first: String,
        #[arg(value_name = "RUN", help = RUN)]
        second: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    Atif,
    Rlms,
}

const RUN: &str = "A number of `rlm runs`, `last`, or the file of a trace";

#[derive(Debug, Args)]
struct Named {
    #[arg(value_name = "RUN", help = RUN, default_value = LAST)]
    run: String,
}

const LAST: &str = "last";

/// How often it is looked whether there is more of a trace.
const PAUSE: Duration = Duration::from_millis(200);

/// Bytes of a trace that are taken at a time.
const PART: u64 = 1 << 20;

/// A trace that was named.
struct Source {
    path: PathBuf,
    /// The number of its run, if it is one of the store's.
    run: Option<i64>,
}

/// `parse` reads the words of a question.
pub async fn run(arguments: TraceArguments, parse: impl Fn(&[String]) -> Option<QueryArguments>) -> ExitCode {
    let done = match arguments.command {
        TraceCommand::Show { run, follow: true, .. } => match Source::named(&run.run) {
            Ok(source) => follow(&source).await,
            Err(problem) => Err(problem),
        },
        TraceCommand::Show { run, all, .. } => {
            Source::named(&run.run).and_then(|it| it.read()).map(|it| show(&it, all))
        }
        TraceCommand::Html { run, output } => Source::named(&run.run).and_then(|source| html(&source, output)),
        TraceCommand::Export { run, format } => {
            Source::named(&run.run).and_then(|it| it.read()).map(|it| match format {
                ExportFormat::Atif => print_json(&trace::atif(&it)),
                ExportFormat::Rlms => trace::rlms(&it).iter().for_each(|line| print(&line.to_string())),
            })
        }
        TraceCommand::Replay { run, how } => match Source::named(&run.run) {
            Ok(source) => match replay(&source.path, source.run.is_some(), how, parse).await {
                Ok(true) => Ok(()),
                Ok(false) => return ExitCode::FAILURE,
                Err(problem) => Err(problem),
            },
            Err(problem) => Err(problem),
        },
        TraceCommand::Diff { first, second } => [first, second]
            .iter()
            .map(|run| Source::named(run)?.read())
            .collect::<Result<Vec<_>, String>>()
            .map(|traces| trace::difference(&traces[0], &traces[1]).iter().for_each(|line| print(line))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            say(&format!("rlm: {problem}"));
            ExitCode::FAILURE
        }
    }
}

impl Source {
    /// The trace that is meant by a number, by `last`, or by a path.
    fn named(name: &str) -> Result<Self, String> {
        let number = name.parse::<i64>().ok();
        if number.is_none() && name != LAST {
            return Ok(Self { path: name.into(), run: None });
        }
        let store =
            Folder::of(&setup::environment()).ok_or("there is no store, and so no trace but those of --trace")?;
        let folder = TraceFolder::of(&store);
        let Some(run) = number.or_else(|| folder.last()) else {
            return Err("no trace is kept; each question that is asked with a store leaves one".to_owned());
        };
        let path = folder.path_of(run);
        match path.symlink_metadata() {
            Ok(_) => Ok(Self { path, run: Some(run) }),
            Err(_) => Err(format!("run {run} has no trace, or none that is still kept; `rlm runs` lists the runs")),
        }
    }

    fn read(&self) -> Result<Trace, String> {
        trace::read(&self.path)
    }

    /// Whether a process is at work on the run.
    fn is_open(&self) -> bool {
        let Some(run) = self.run else { return true };
        Store::new(Folder::of(&setup::environment())).is_run_open(run)
    }

    /// The name of the page that is made of it.
    fn page(&self) -> PathBuf {
        let stem = match self.run {
            Some(run) => run.to_string(),
            None => self.path.file_stem().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default(),
        };
        format!("rlm-trace-{stem}.html").into()
    }
}

fn show(shown: &Trace, all: bool) {
    let lines = trace::head(shown).into_iter().chain(trace::notes(shown)).chain(trace::tree(shown, all));
    print(&lines.collect::<Vec<_>>().join("\n"));
}

/// Shows what ends while the run goes on.
async fn follow(source: &Source) -> Result<(), String> {
    let unread = |error| format!("cannot read the trace {}: {error}", visible_path(&source.path));
    let file = File::open(&source.path).map_err(unread)?;
    let (mut reader, mut noted) = (Reader::default(), 0);
    loop {
        // Asked first, so that what it wrote before its end is read after that.
        let is_open = source.is_open();
        let mut part = Vec::new();
        let count = (&file).take(PART).read_to_end(&mut part).map_err(unread)?;
        reader.push(&part);
        for (node, depth) in reader.take_ended() {
            print(&format!("{}{}", "  ".repeat(depth), trace::entry(node)));
        }
        let notes = trace::notes(reader.so_far());
        notes[noted..].iter().for_each(|note| print(note));
        noted = notes.len();
        if count == 0 && (reader.so_far().is_whole() || !is_open) {
            break;
        }
        if count == 0 {
            tokio::time::sleep(PAUSE).await;
        }
    }
    trace::head(&reader.finish()).iter().for_each(|line| print(line));
    Ok(())
}

fn html(source: &Source, output: Option<PathBuf>) -> Result<(), String> {
    let page = trace::page(&source.read()?);
    match output {
        Some(output) if output == Path::new("-") => print_part(&page),
        output => {
            let output = output.unwrap_or_else(|| source.page());
            trace::write_page(&output, &page)?;
            print(&visible_path(&output));
        }
    }
    Ok(())
}
