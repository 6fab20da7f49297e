//! `rlm shards ingest`.

use super::{
    super::{
        options::{ContextOptions, refused},
        output::print_json,
        say, scope,
    },
    Failure, Outcome,
    size::parse,
};
use crate::{
    config::Options,
    corpus::{
        StopFlag,
        shards::{self, IngestOptions, IngestSource, Ingested, LARGEST_SHARD, ShardError},
    },
    setup,
    text::{counted, grouped, visible_path},
};
use clap::Args;
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

/// Below this a manifest grows large in comparison with its text.
const SMALLEST_SHARD: usize = 1 << 10;

#[derive(Debug, Args)]
pub struct IngestArguments {
    /// Repository, file, or `-` for standard input
    source: PathBuf,
    /// Folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix
    store: String,

    /// Bytes of a shard, such as 64K or 4M [default: that of the store, or 4M]
    #[arg(long, value_name = "SIZE", value_parser = parse)]
    shard_size: Option<usize>,
    /// Put the text in the place of another
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    context: ContextOptions,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

pub fn run(arguments: IngestArguments) -> Outcome {
    if let Some(size) = arguments.shard_size
        && !(SMALLEST_SHARD..=LARGEST_SHARD).contains(&size)
    {
        let (least, most) = (grouped(SMALLEST_SHARD), grouped(LARGEST_SHARD));
        return Err(Failure::Usage(format!("--shard-size: shards have {least} to {most} bytes")));
    }
    let began = Instant::now();
    let stop = StopFlag::default();
    let options = IngestOptions { shard_size: arguments.shard_size, replace: arguments.replace };
    let write = |source: IngestSource<'_>| shards::ingest(source, &arguments.store, options, &stop);
    let given = &arguments.context.0;
    let is_folder = arguments.source.is_dir();
    if *given != Options::default() && !is_folder {
        let problem = "--include, --exclude and --no-ignore are about the files of a folder";
        return Err(Failure::Usage(problem.to_owned()));
    }
    let ingested = if is_folder {
        let mut options = given.clone();
        if let Some(store) = store_within(&arguments.source, &arguments.store) {
            options.exclude.get_or_insert_default().push(store);
        }
        let settings = setup::settings(options).map_err(|error| Failure::Usage(refused(&error)))?;
        let snapshot = scope::snapshot(std::slice::from_ref(&arguments.source), &settings, &stop);
        let snapshot = snapshot.map_err(ShardError::from)?;
        if let Some(store) = snapshot.store() {
            say(&format!("the text is that of the shard store {store}"));
        }
        let context = snapshot.context().map_err(ShardError::from)?;
        context.incomplete().iter().for_each(|it| say(&format!("rlm: {it}")));
        write(IngestSource::Context(&context))?
    } else if arguments.source.as_os_str() == "-" {
        write(IngestSource::standard_input())?
    } else {
        let shown = visible_path(&arguments.source);
        write(IngestSource::file(&arguments.source, shown)?)?
    };
    tell(&arguments, &ingested, began.elapsed().as_secs_f64());
    Ok(ExitCode::SUCCESS)
}

/// A glob for the store, if it lies in the folder that is read: a store is no part of its own text.
fn store_within(source: &Path, store: &str) -> Option<String> {
    let store = shards::local_folder(store)?.canonicalize().ok()?;
    let below = store.strip_prefix(source.canonicalize().ok()?).ok()?;
    (!below.as_os_str().is_empty()).then(|| format!("/{}", visible_path(below)))
}

fn tell(arguments: &IngestArguments, ingested: &Ingested, seconds: f64) {
    let Ingested { total, lines, files, shards, written, changed } = ingested;
    if arguments.json {
        let object = json!({
            "store": arguments.store,
            "bytes": total.bytes,
            "characters": total.characters,
            "lines": lines,
            "files": files,
            "shards": shards,
            "written": written,
            "changedFiles": changed.len(),
            "seconds": seconds,
        });
        print_json(&object);
        return;
    }
    let there = if written < shards { format!(", {} of them anew", grouped(*written)) } else { String::new() };
    let (shards, bytes, files) = (counted(*shards, "shard"), counted(total.bytes, "byte"), counted(*files, "file"));
    say(&format!("{}: {shards}{there}, {bytes}, {files} ({seconds:.2} s)", arguments.store));
    if !changed.is_empty() {
        let count = counted(changed.len(), "file");
        say(&format!("{count} converted to UTF-8, or with bytes replaced that are none: `rlm shards info` lists them"));
    }
}
