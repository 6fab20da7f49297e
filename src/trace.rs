//! What a run did: written line by line while it happens, kept within bounds, read back, and shown.
//!
//! `docs/trace.md` has the form of a trace. Whoever reads one believes nothing of it: a trace may be damaged, cut off at any
//! byte, or made up.

mod atif;
mod coverage;
mod diff;
mod file;
mod folder;
mod html;
mod line;
mod node;
mod noted_run;
mod otlp;
mod reader;
mod recording;
mod replay;
mod rlms;
mod show;
mod task_run;
mod totals;
mod tracks;
mod tree;
mod value;

pub use atif::atif;
pub use diff::difference;
pub use file::TraceFile;
pub use folder::{KeptTraces, TraceFolder};
pub use html::{page, write_page};
pub use node::Trace;
pub use noted_run::NotedRun;
pub use otlp::Exporter;
pub use reader::{Reader, read};
pub use recording::Recording;
pub use replay::{Recorded, Replay, differing_files, differing_parts};
pub use rlms::rlms;
pub use show::{entry, head, notes, tree};
pub use task_run::{Task, TaskEnd, TaskRun};
