//! Proposals as models write them, against real texts.

mod cases;
mod forms;
mod generated;
mod mangled;
mod random;
mod with_git;
