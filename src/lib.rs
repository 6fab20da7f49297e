//! `rlm` answers questions about texts that no prompt can hold.
//!
//! A whole repository, or one enormous file, lies outside the model as the variable `context` of a sandboxed
//! Python REPL. The root model writes small programs that look into it and call cheaper models on the pieces,
//! recursively: a Recursive Language Model (Zhang, Kraska and Khattab, arXiv 2512.24601).
//!
//! `docs/architecture.md` tells one question's way through the modules, the layers that these are in, and what always
//! holds.

pub mod cli;
pub mod config;
pub mod corpus;
pub mod dogfood;
pub mod edit;
pub mod engine;
pub mod exec;
pub mod failure;
pub mod llm;
pub mod lsp;
pub mod repl;
pub mod report;
pub mod review;
pub mod setup;
pub mod store;
pub mod text;
pub mod tools;
pub mod trace;
