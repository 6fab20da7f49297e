//! Turns the paths of a command line into a snapshot.

use super::say;
use crate::{
    config::Settings,
    corpus::{self, Root, Selection, Snapshot, StopFlag},
    text::{name_of_visible, visible_path},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::FileType,
};
use std::{
    ffi::OsString,
    os::unix::ffi::OsStringExt,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

/// Standard input under a name of the file system.
const STANDARD_INPUT: &str = "/dev/stdin";

/// What lies here was handed over by whoever started the program, as a shell does for `<(command)`.
const DESCRIPTORS: [&str; 3] = [STANDARD_INPUT, "/dev/fd", "/proc/self/fd"];

/// How long nothing may come from a pipe that nobody has named until the person is told what is waited for.
const QUIET: Timespec = Timespec { tv_sec: 2, tv_nsec: 0 };

/// A frozen view of what lies at `paths`; `-` is standard input. Nothing at all is what is piped in, or else the current
/// folder. Blocks, and can be stopped.
pub fn snapshot(paths: &[PathBuf], settings: &Settings, stop: &StopFlag) -> Result<Arc<Snapshot>, corpus::Error> {
    let reads_input = paths.is_empty() && is_piped();
    if reads_input {
        tell_of_silence();
    }
    let unnamed = [PathBuf::from(if reads_input { "-" } else { "." })];
    let paths = if paths.is_empty() { &unnamed } else { paths };
    let paths: Vec<PathBuf> = paths.iter().map(|path| meant(path)).collect();
    let lone = paths.len() == 1;
    let roots = paths.iter().map(|path| match path.to_str() {
        Some("-") => Root {
            path: STANDARD_INPUT.into(),
            label: "stdin".to_owned(),
            base: None,
            stream: true,
            may_be_store: false,
        },
        _ => Root {
            path: path.clone(),
            label: label(path, lone),
            base: Some(".".into()),
            stream: DESCRIPTORS.iter().any(|descriptors| path.starts_with(descriptors)),
            may_be_store: !is_here(path),
        },
    });
    let selection = Selection {
        roots: roots.collect(),
        include: settings.include.clone(),
        exclude: settings.exclude.clone(),
        no_ignore: settings.no_ignore,
        open: Vec::new(),
    };
    Snapshot::take(&selection, stop)
}

/// Whether a question about these paths reads standard input.
pub fn reads_standard_input(paths: &[PathBuf]) -> bool {
    let named = |path: &PathBuf| DESCRIPTORS.iter().any(|it| path.starts_with(it)) || path.as_os_str() == "-";
    paths.iter().any(named) || paths.is_empty() && is_piped()
}

/// Whether standard input is a pipe or a file. A terminal, or `/dev/null`, is nothing to read.
pub fn is_piped() -> bool {
    let kind = rustix::fs::fstat(rustix::stdio::stdin()).map(|stat| FileType::from_raw_mode(stat.st_mode));
    matches!(kind, Ok(FileType::Fifo | FileType::Socket | FileType::RegularFile))
}

/// Says what is waited for if nothing comes: some programs start others with a pipe that they never close.
fn tell_of_silence() {
    let input = rustix::stdio::stdin();
    if poll(&mut [PollFd::new(&input, PollFlags::IN)], Some(&QUIET)) == Ok(0) {
        say("rlm: reading standard input; name a path, such as `.`, to ask about what lies there");
    }
}

/// Whether a path is the current folder, named by nothing but dots: what is meant then is what lies there.
fn is_here(path: &Path) -> bool {
    path.components().all(|component| component == Component::CurDir)
}

/// The path itself, or the one that is shown so, if only that is there.
fn meant(path: &Path) -> PathBuf {
    let meant = || Some(PathBuf::from(OsString::from_vec(name_of_visible(path.to_str()?).into_owned())));
    if path.symlink_metadata().is_ok() { None } else { meant() }
        .filter(|meant| meant.symlink_metadata().is_ok())
        .unwrap_or_else(|| path.to_owned())
}

/// What a question is about: the texts that lie at `paths`, or the value of JSON there. Blocks.
pub fn asked_about(
    paths: &[PathBuf],
    as_json: bool,
    settings: &Settings,
    stop: &StopFlag,
) -> Result<Arc<Snapshot>, corpus::Error> {
    if as_json { value(paths, settings, stop) } else { snapshot(paths, settings, stop) }
}

/// The value that a JSON file holds, or standard input (`-`): a list, a mapping, messages. Blocks.
fn value(paths: &[PathBuf], settings: &Settings, stop: &StopFlag) -> Result<Arc<Snapshot>, corpus::Error> {
    let text = snapshot(paths, settings, stop)?.context()?;
    if let files @ 2.. = text.segments().len() {
        return Err(corpus::Error::BadJson {
            reason: format!("these are {files} files, and a value is read from one"),
        });
    }
    // Half a value is none, and half of JSON Lines would look like all of them.
    if let Some(cut) = text.incomplete().iter().find(|it| it.flaw.is_cut()) {
        return Err(corpus::Error::BadJson { reason: cut.to_string() });
    }
    let value = corpus::read_json(&text.read(0..text.byte_len())?)?;
    Snapshot::of_value(value)
}

/// What shown paths begin with: nothing for a lone folder, else the path as it was written.
fn label(path: &Path, lone: bool) -> String {
    if lone && path.is_dir() {
        return String::new();
    }
    let written = visible_path(path);
    let trimmed = written.trim_end_matches('/').trim_start_matches("./");
    if trimmed.is_empty() || trimmed == "." { String::new() } else { trimmed.to_owned() }
}
