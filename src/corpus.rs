//! The workspace as one huge text that nobody loads into a prompt.
//!
//! A [`Snapshot`] is a frozen view of what a question is about: the files of a repository (open buffers over disk), one
//! file, or a text. Its [`ContextText`] is the text that programs see as `context`: of one file exactly its characters,
//! of several the files in path order, each after a header line. It lies in a private file that never changes, which
//! the interpreter's process maps, so nothing is copied into it. Everything else here (search by pattern, ranked
//! search, chunks, outlines, line numbers) reads that one text, so that all of them agree on what it says.

mod assemble;
mod beneath;
mod chunk;
mod collect;
mod context;
mod decode;
mod editor_files;
mod error;
mod exclusion;
mod facts;
mod fingerprint;
mod globs;
mod grep;
mod in_place;
mod language;
mod on_demand;
mod open;
mod outline;
mod parallel;
mod path_lookup;
mod presence;
mod repo_map;
mod repository_files;
mod rules;
mod search;
mod secrets;
mod segment;
mod selection;
pub mod shards;
mod snapshot;
mod source;
mod stop;
mod storage;
mod structure;
mod symbol;
mod syntax;
mod text_cache;
mod text_source;
mod threads;
mod value;
mod walk;
mod walk_cache;
mod workspace;

pub use chunk::{ChunkError, Unit, chunk};
pub use context::{ContextText, Passage, Position, Way, search, search_by};
pub use decode::Changes;
pub use error::{Error, GrepError, LookupError, PathError};
pub use exclusion::{Exclusion, Flaw, Incomplete, Reason, Tally};
pub use facts::{
    Block, BlockPlace, Count, Counts, Definition, Duplicates, Entry, FileMeasures, Measured, Origin, Revision,
    Template, Templates, UnusedDefinition, Use, Uses, comments, count, duplicates, find_definitions, manifest_entries,
    measures, measures_in, message_origins, revision, templates, unused_definitions, uses,
};
pub use fingerprint::{ClockTick, Fingerprint};
pub use grep::{GrepOptions, GrepResult, GrepRow, grep};
pub use language::Language;
pub use outline::{definitions_in, outline};
pub use presence::Presence;
pub use repo_map::{FocusError, MapError, repo_map};
pub use repository_files::{FOLDER, Report, changed_at, read_report, read_repository_file, write_repository_file};
pub(crate) use search::Role;
pub use search::{rate_lines, stem};
pub use segment::{Changed, Segment};
pub use selection::{OpenBuffer, Root, Selection};
pub use snapshot::Snapshot;
pub use source::Source;
pub use stop::{StopFlag, StopOnDrop};
pub use symbol::Symbol;
pub use syntax::{
    FunctionMeasure, Measures, Mutant, PublicItem, PythonProgram, UseKind, mutants, python_program, syntax_errors,
};
pub use text_source::Access;
pub use value::{Shape, read_json};
pub use walk::{FileEntry, Tree, WalkResult};
pub use workspace::Workspace;
