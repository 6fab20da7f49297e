//! The modules under test; the files are links to those of the crate.

#![allow(dead_code)]

pub mod corpus;
pub mod text;

pub mod config {
    mod tools;

    pub use tools::{Deed, ToolSpec, tools};

    /// What the option reader fails with, as in the crate.
    #[derive(Debug)]
    pub struct SettingsError;

    impl SettingsError {
        fn new(_: &str, _: String) -> Self {
            Self
        }
    }
}

pub mod engine {
    pub mod reply;
    pub mod tools;
}

pub mod llm {
    mod tool;

    pub use tool::{Assembling, CallPiece, Tool, ToolCall};
}

pub mod lsp {
    pub mod position;
}

pub mod repl {
    pub mod wire;
}
