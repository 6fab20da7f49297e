//! Dogfooding: where work on a repository pays, with the evidence for each claim.
//!
//! [`analysis`] puts together what a review finds and what can be measured without a model: how hard functions are to follow,
//! what is changed often, what is not documented, what no test names, and which checks the project has. Each is a [`point`],
//! which says what it rests on, what could be done, and how it could be wrong.

pub mod analysis;
pub mod point;
mod points;
pub mod project_checks;
