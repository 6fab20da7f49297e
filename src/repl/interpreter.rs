//! What runs programs, as the engine sees it: one interpreter, and where interpreters come from.
//!
//! Outside of tests there is one of each: [`ReplSession`] and [`Sandbox`].

use super::{
    CellOutcome, Error, ForkServer, HostCalls, Limits, ReplSession, Resting, SandboxLevel, process::Launch, wire::Names,
};
use crate::corpus::ContextText;
use futures::{FutureExt, future::BoxFuture};
use std::sync::Arc;

/// An interpreter with its variables.
pub trait Interpreter: Send + Sync {
    /// Waits until it is ready for a cell.
    fn prepare(&mut self) -> BoxFuture<'_, Result<SandboxLevel, Error>>;

    /// Runs a cell and answers its host calls. If this is dropped in the middle the interpreter is of no use any more.
    fn run_cell<'a>(&'a mut self, code: &'a str, host: &'a dyn HostCalls) -> BoxFuture<'a, Result<CellOutcome, Error>>;

    /// Whether no cell is under way, and none was left in the middle.
    fn is_idle(&self) -> bool;

    /// Lays it to rest until a further question wakes it; nothing if it cannot rest.
    fn rest(self: Box<Self>) -> Option<Resting>;
}

/// Where interpreters come from.
pub trait Interpreters: Send + Sync {
    /// Gets ready to start some, in the background.
    ///
    /// # Errors
    /// None can be started.
    fn warm(&self) -> Result<(), Error>;

    /// Starts one, which gets ready by itself.
    fn start(
        &self,
        context: Arc<ContextText>,
        names: Names,
        limits: Limits,
    ) -> BoxFuture<'_, Result<Box<dyn Interpreter>, Error>>;

    /// Gives the programs of `kept` another text and other names; nothing if that cannot be done.
    fn renew(
        &self,
        kept: ReplSession,
        context: Arc<ContextText>,
        names: Names,
        limits: Limits,
    ) -> BoxFuture<'_, Option<Box<dyn Interpreter>>>;

    /// Bytes that one may use beside the context and itself.
    fn memory_limit(&self) -> u64;
}

/// Interpreters in sandboxed processes.
#[derive(Debug, Clone)]
pub struct Sandbox {
    pub fork_server: Arc<ForkServer>,
    /// Bytes that one interpreter may use beside the context and itself.
    pub memory_limit: u64,
    /// Whether programs may run on a kernel without landlock.
    pub allow_weaker_sandbox: bool,
}

impl Sandbox {
    /// What one of its interpreters is started with.
    pub fn launch(&self, context: Arc<ContextText>, names: Names) -> Launch {
        Launch {
            fork_server: self.fork_server.clone(),
            names,
            context,
            memory_limit: self.memory_limit,
            allow_weaker_sandbox: self.allow_weaker_sandbox,
        }
    }
}

impl Interpreters for Sandbox {
    fn warm(&self) -> Result<(), Error> {
        self.fork_server.warm()
    }

    fn start(
        &self,
        context: Arc<ContextText>,
        names: Names,
        limits: Limits,
    ) -> BoxFuture<'_, Result<Box<dyn Interpreter>, Error>> {
        let launch = self.launch(context, names);
        async move {
            let session: Box<dyn Interpreter> = Box::new(ReplSession::start(launch, limits).await?);
            Ok(session)
        }
        .boxed()
    }

    fn renew(
        &self,
        mut kept: ReplSession,
        context: Arc<ContextText>,
        names: Names,
        limits: Limits,
    ) -> BoxFuture<'_, Option<Box<dyn Interpreter>>> {
        let launch = self.launch(context, names);
        async move {
            // An interpreter that cannot go on, for whatever reason, is no reason not to answer.
            let renewed = matches!(kept.renew(launch, limits).await, Ok(true));
            renewed.then(|| Box::new(kept) as Box<dyn Interpreter>)
        }
        .boxed()
    }

    fn memory_limit(&self) -> u64 {
        self.memory_limit
    }
}

impl Interpreter for ReplSession {
    fn prepare(&mut self) -> BoxFuture<'_, Result<SandboxLevel, Error>> {
        self.prepare().boxed()
    }

    fn run_cell<'a>(&'a mut self, code: &'a str, host: &'a dyn HostCalls) -> BoxFuture<'a, Result<CellOutcome, Error>> {
        self.run_cell(code, host).boxed()
    }

    fn is_idle(&self) -> bool {
        self.is_idle()
    }

    fn rest(self: Box<Self>) -> Option<Resting> {
        (*self).rest()
    }
}
