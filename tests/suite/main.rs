//! Tests of the whole program through the doors that its users use: the terminal, the language server, and the face of
//! the interpreter. They start real processes and real servers on the loopback interface. What can be tested without
//! those is tested beside the code.

mod acceptance;
mod aimock;
mod answers;
mod attacks;
mod binary;
#[path = "../cells/mod.rs"]
mod cells;
mod client;
mod conversations;
mod disks;
mod dogfood;
mod dogfood_cycle;
mod exact;
mod extractive;
mod files;
mod fork_server;
mod fuzz;
mod git;
mod huge;
mod known;
mod limits;
mod llama;
mod lsp;
mod lsp_contents;
mod lsp_dogfood;
mod lsp_edit;
mod lsp_edit_checks;
mod lsp_edit_everywhere;
mod lsp_ends;
mod lsp_fuzz;
mod lsp_metrics;
mod lsp_review;
mod lsp_runs;
mod lsp_sessions;
mod lsp_settings;
#[path = "../ripgrep/mod.rs"]
mod oracle;
mod otlp;
mod preview;
mod processes;
mod query;
#[path = "../questions/mod.rs"]
mod questions;
mod raw;
mod rendering;
mod repl;
mod replay;
mod review;
mod review_by_model;
mod ripgrep;
mod s3;
#[path = "../scripted/mod.rs"]
mod scripted;
mod security;
mod shards;
mod stores;
mod task_traces;
mod terminal;
mod tidy;
mod trace;
mod values;
mod wire;
mod writing;
