//! Calls of programs, noted while they are made, and answered from the notes when the programs run again.
//!
//! Looks into the text are not noted: the text says the same again. What is noted is what costs, has effects, or differs from
//! time to time: calls of models, tools of the person's own, and the budget.

use super::{
    dispatch::{HostFunctions, OWN_TOOL},
    function::Does,
    functions,
};
use crate::{
    engine::question::session::memory::{CameTo, RecordedCall},
    repl::{Call, HostCalls, Raised},
    store::Key,
};
use futures::{FutureExt, future::BoxFuture};
use serde_json::Value;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Answers the calls of a program, and notes them.
pub struct Recording<'a> {
    host: HostFunctions<'a>,
    calls: Mutex<Vec<RecordedCall>>,
}

impl<'a> Recording<'a> {
    pub fn new(host: HostFunctions<'a>) -> Self {
        Self { host, calls: Mutex::default() }
    }

    /// What was noted.
    pub fn take_calls(&self) -> Vec<RecordedCall> {
        std::mem::take(&mut lock(&self.calls))
    }
}

impl HostCalls for Recording<'_> {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Value, Raised>> {
        let asked = is_noted(&call.name).then(|| key(&call));
        async move {
            let result = self.host.call(call).await;
            if let Some(asked) = asked {
                let came_to = match &result {
                    Ok(value) => CameTo::Value(value.clone()),
                    Err(raised) => CameTo::Raised(raised.clone()),
                };
                lock(&self.calls).push(RecordedCall { asked, came_to });
            }
            result
        }
        .boxed()
    }
}

/// Answers the calls of a program that runs again. What is not noted is not asked anew.
pub struct Replaying<'a> {
    host: HostFunctions<'a>,
    calls: Mutex<Vec<RecordedCall>>,
}

impl<'a> Replaying<'a> {
    pub fn new(host: HostFunctions<'a>, calls: Vec<RecordedCall>) -> Self {
        Self { host, calls: Mutex::new(calls) }
    }
}

impl HostCalls for Replaying<'_> {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Value, Raised>> {
        if !is_noted(&call.name) {
            return self.host.call(call);
        }
        let asked = key(&call);
        let mut calls = lock(&self.calls);
        let found = calls.iter().position(|it| it.asked == asked).map(|at| calls.remove(at));
        drop(calls);
        let result = match found.map(|it| it.came_to) {
            Some(CameTo::Value(value)) => Ok(value),
            Some(CameTo::Raised(raised)) => Err(raised),
            None => Err(Raised::new("RuntimeError", format!("what {} came to is not known any more", call.name))),
        };
        async move { result }.boxed()
    }
}

fn is_noted(name: &str) -> bool {
    let is_noted = |does| matches!(does, Does::Ask { .. } | Does::Budget);
    name == OWN_TOOL || functions().any(|it| it.name == name && is_noted(it.does))
}

fn key(call: &Call) -> Key {
    Key::of(&(&call.name, &call.arguments))
}

/// No code panics while it holds the lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
