//! What the methods do, one file a method.

pub mod cancel;
pub mod code_action;
pub mod error;
pub mod execute_command;
pub mod query;
