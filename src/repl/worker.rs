//! The worker's side of the REPL: what runs in the sandboxed child process.

mod sre;
mod str_fixes;
pub mod text;
mod text_arguments;
mod text_iterator;
mod text_methods;
mod text_search;
mod text_split;
pub mod text_store;
pub mod text_view;
pub mod vm;
