//! `rlm` answers questions about texts that no prompt can hold.
//!
//! A whole repository, or one enormous file, lies outside the model as the variable `context` of a sandboxed
//! Python REPL. The root model writes small programs that look into it and call cheaper models on the pieces,
//! recursively: a Recursive Language Model (Zhang, Kraska and Khattab, arXiv 2512.24601).
//!
//! # One question's way through the code
//!
//! ```text
//! editor / terminal
//!   → lsp | cli              turns the request into a question and owns the connection
//!   → corpus::Snapshot       a frozen view: open buffers over disk
//!   → engine::run            root turn → cells → observations → … → Answer; emits events; obeys one budget, one token
//!       → repl::Session      the child process in which the model's programs run; host calls come back to the engine
//!       → llm::Scheduler     every model call of every run: bounded, retried, metered
//!   → Answer                 citations checked against the snapshot
//!   → lsp | cli              progress, deltas, the answer
//! ```
//!
//! # Layers
//!
//! Each module may use only those below it; `tests/suite/tidy.rs` enforces it.
//!
//! | module | knows |
//! |---|---|
//! | `cli`, `lsp` | the terminal; the Language Server Protocol |
//! | `engine` | how a question becomes an answer; no protocol, no HTTP, no disk |
//! | `repl` | the sandboxed interpreter: the host's side, and the worker's side in the child process |
//! | `llm` | models, and how to call many of them |
//! | `corpus` | the workspace as one huge text that nobody loads into a prompt |
//! | `tools` | commands and values that the person lends to a model |
//! | `config` | options (wire, all optional) and settings (resolved, total) |
//! | `exec` | running a program of the person's own |
//! | `text` | lines, characters and bytes of a text; no dependencies |

pub mod cli;
pub mod config;
pub mod corpus;
pub mod engine;
pub mod exec;
pub mod llm;
pub mod lsp;
pub mod repl;
pub mod report;
pub mod setup;
pub mod text;
pub mod tools;
