//! Edits: what a model says is to change, held against the files, and shown before anything is written.
//!
//! [`parse()`] takes a reply apart, in each of the forms in which models write changes, into a [`Proposal`]. [`place()`]
//! finds the lines that a hunk means in a text. It bears the usual slips of models where only one reading is possible,
//! and refuses with a [`Refusal`] whatever could be read in two ways: nothing is changed on a guess. A refusal says
//! what happened, where, and what to do, to a person as to the model. [`Proposal::changed_files`] has the files as they
//! would be, [`unified()`] the difference as git writes it, and [`new_syntax_errors`] what a change has broken. To bring
//! a proposal to a newer text, it is placed again. [`formatted()`] takes over what a formatter makes of a change, and [`spread()`]
//! makes a change at the other places where it belongs.
//!
//! Nothing here reads or writes a file.

mod alike;
mod changed;
mod elision;
mod everywhere;
mod lines;
mod parse;
mod path;
mod place;
mod proposal;
mod refusal;
mod replaced;
mod request;
mod syntax;
mod unified;

pub use alike::{Example, examples};
pub use changed::ChangedFile;
pub use everywhere::{Listed, Spread, Spreading, spread};
pub use parse::parse;
pub use place::{PlacedHunk, Slip, apply, place};
pub use proposal::{Change, FileChange, Hunk, Proposal};
pub use refusal::{Refusal, RefusalKind};
pub use replaced::{Formatted, formatted};
pub use request::{Edited, Request, request};
pub use syntax::{SyntaxError, new_syntax_errors};
pub use unified::unified;

#[cfg(test)]
mod tests;
