//! The engine that has the last word on what a pattern matches.
//!
//! It does what CPython's does, also where that keeps the groups of attempts that failed: what is saved before an
//! attempt and brought back behind it follows `Modules/_sre/sre_lib.h` of CPython 3.11, and the way to run it without
//! recursion follows the crate `rustpython-sre_engine` (MIT). In two things it differs from both. It runs [`program`]s
//! of its own, [`compile`]d from the tree of a pattern, in which all sets and cases are resolved. And a success does
//! not go back through everything that led to it: the stack holds only what remains to be tried.
//!
//! Places are bytes of the subject; only [`super::subject`] counts characters.

mod backtrack;
mod compile;
mod places;
mod program;
mod run;
mod set;
mod state;
#[cfg(test)]
mod tests;

pub use program::Program;
pub use run::Request;
pub use state::State;
