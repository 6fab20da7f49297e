//! What makes points: each file here looks at one kind of fact, and makes a point only of what a person should act on.

pub mod complexity;
pub mod documentation;
pub mod findings;
pub mod large_files;
pub mod uncovered;
pub mod untested;
