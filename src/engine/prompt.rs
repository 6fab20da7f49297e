//! Every text that the engine says to a model, in one place.
//!
//! Texts are put together from parts; nothing is passed through a format string that a question or a file could break.
//! What stays the same comes first, the question last, so that a provider's prompt cache can serve the beginning.

mod feedback;
pub mod initial;
pub mod inputs;
mod instructions;
mod opening;
pub mod overview;
pub mod passages;

pub use feedback::*;
pub use instructions::{CHILD_QUESTION, DIRECT_SYSTEM, instructions};
use opening::{QUESTION_HEADING, shaped};
pub use opening::{about_part, direct, direct_task, is_long, opening, task};

#[cfg(test)]
mod tests;
