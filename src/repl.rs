//! The sandboxed Python in which a model's programs run.
//!
//! A [`ReplSession`] is one interpreter in a process of its own: a copy of the [`ForkServer`], which is the program itself,
//! started again as a [`worker`], behind the walls of the operating system. Variables live from cell to cell, and
//! survive exceptions and even the violent end of a cell. Programs reach nothing but the host calls, which the caller
//! of [`ReplSession::run_cell`] answers ([`HostCalls`]); they run in parallel as far as the program makes them in parallel.

mod budget;
mod fork_server;
mod interpreter;
mod memory;
mod memory_service;
mod packets;
mod paging;
mod process;
mod resting;
mod session;
mod traffic;
pub mod wire;
pub mod worker;

pub use budget::Budget;
pub use fork_server::ForkServer;
pub use interpreter::{Interpreter, Interpreters, Sandbox};
pub use process::Launch;
pub use resting::{Hold, Resting};
pub use session::{CellOutcome, Ended, Limits, ReplSession};
pub use wire::{Call, Cause, FULL_LANDLOCK, Raised, SandboxLevel, Tasks};

use futures::future::BoxFuture;
use serde_json::Value;

/// Answers what programs ask of the server. Calls of one cell run concurrently; their futures are dropped when the cell
/// ends.
pub trait HostCalls: Sync {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Value, Raised>>;
}

/// Why there is no interpreter.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot start the interpreter {program}: {error}")]
    Start { program: String, error: std::io::Error },
    #[error("the interpreter refused to start: {0}")]
    Refused(String),
    #[error("the connection to the interpreter failed: {0}")]
    Connection(#[from] std::io::Error),
    #[error("the interpreter said something that makes no sense: {0}")]
    Protocol(#[from] wire::WireError),
    #[error("the interpreter ended before it was ready")]
    EndedEarly,
    #[error(
        "there is no memory for another interpreter: those that run have all that the interpreters of this server may \
         have together, {most} MiB; RLM_MEMORY sets how much that is"
    )]
    NoMemory { most: u64 },
}
