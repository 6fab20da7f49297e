//! Dogfooding: where work on a repository pays, and patches that prove what they claim.
//!
//! [`analysis`] puts together what a review finds and what can be measured without a model: how hard functions are to follow,
//! what is changed often, what is not documented, what no test names, and which checks the project has. Each is a [`point`],
//! which says what it rests on, what could be done, and how it could be wrong.
//!
//! A [`cycle`] goes on from there. What is [proposed](suggestion) is applied alone to a tree [of its own](scratch), the project's
//! [checks] run there behind walls, a [judge] that no proposal can reach holds it against what it claims, and what holds is
//! offered. Only what a person approves becomes a [branch]. Loops that improve code are known to cheat, so nothing is taken on
//! anybody's word: the rule is that who judges lies outside of what the loop can write to.

pub mod analysis;
mod branch;
pub mod checks;
pub mod cycle;
pub mod history;
mod judge;
pub mod point;
mod points;
pub mod project_checks;
pub mod reports;
pub mod scratch;
mod suggestion;
pub mod trust;
pub mod vetting;
