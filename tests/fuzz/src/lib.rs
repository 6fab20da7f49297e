//! The modules under test; the files are links to those of the crate.

#![allow(dead_code)]

pub mod corpus;
pub mod text;

pub mod engine {
    pub mod reply;
}

pub mod lsp {
    pub mod position;
}

pub mod repl {
    pub mod wire;
}
