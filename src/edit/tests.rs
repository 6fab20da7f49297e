//! Proposals as models write them, against real texts.

mod cases;
mod forms;
mod generated;
mod mangled;
pub(super) mod random;
mod with_git;
