//! Answers what programs and tools ask.

use super::{
    function::{Does, HostFunction, Look},
    functions,
    tool_output::{self, answer_text},
};
use crate::{
    corpus::{ContextText, StopFlag},
    engine::{coverage, detail::Detail, origin::Origin, query_context::QueryContext},
    repl::{Call, HostCalls, Raised},
    text::cut_middle,
};
use futures::{FutureExt, future::BoxFuture};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{sync::Arc, time::Instant};

/// The call that runs a tool of the person's own.
pub(super) const OWN_TOOL: &str = "tool";

/// Characters of the arguments of a look that a trace tells.
const ARGUMENT_CHARS: usize = 500;

/// The host calls of one program, or of one call of a tool.
pub struct HostFunctions<'a> {
    pub tree: &'a QueryContext,
    pub context: &'a Arc<ContextText>,
    pub origin: Origin,
}

impl HostCalls for HostFunctions<'_> {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Value, Raised>> {
        self.answer(call).boxed()
    }
}

/// Reads the arguments of a call, which a program has made up.
pub(super) fn arguments<T: DeserializeOwned>(arguments: Value) -> Result<T, Raised> {
    serde_json::from_value(arguments).map_err(|error| Raised::new("TypeError", format!("wrong arguments: {error}")))
}

impl HostFunctions<'_> {
    async fn answer(&self, call: Call) -> Result<Value, Raised> {
        let Call { name, arguments: given, .. } = call;
        if name == OWN_TOOL {
            let (name, given): (String, Value) = arguments(given)?;
            let ran = self.tree.config.toolbox.run(&name, &given, self.origin.depth).await;
            return ran.map_err(|error| Raised::new("RuntimeError", error.to_string()));
        }
        let Some(function) = functions().find(|it| it.name == name) else {
            return Err(Raised::new("RuntimeError", format!("there is no host call {name:?}")));
        };
        match function.does {
            Does::Ask { recursive, .. } => self.batch(given, recursive).await,
            Does::Budget => Ok(self.budget()),
            Does::Tell(tell) => Ok(tell(&self.tree.snapshot)),
            Does::Read(look) | Does::Scan(look) => self.looked(function, look, given, |_, found| found).await,
            Does::Python(_) | Does::Act(_) => Err(Raised::new("RuntimeError", format!("{name} is no host call"))),
        }
    }

    /// A look into the text, in the tools protocol, with at most about `room` characters.
    pub async fn look(&self, name: &str, given: Value, room: usize) -> Result<String, String> {
        let Some(function) = functions().find(|it| it.name == name) else {
            return Err(format!("there is no function {name:?}"));
        };
        let (Does::Read(look) | Does::Scan(look)) = function.does else {
            return Err(format!("{name} does not look into the text"));
        };
        self.note_look();
        let show = move |context: &ContextText, found| tool_output::answer(context, function, found, room);
        self.looked(function, look, given, show).await.unwrap_or_else(|raised| Err(raised.message))
    }

    /// What a look comes to, in the form in which `show` puts what it found. A trace is told of it.
    async fn looked<T: Send + 'static>(
        &self,
        function: &'static HostFunction,
        look: Look,
        given: Value,
        show: impl FnOnce(&ContextText, Value) -> T + Send + 'static,
    ) -> Result<T, Raised> {
        let (since, is_told) = (Instant::now(), self.tree.takes_details());
        let arguments = if is_told { cut_middle(&given.to_string(), ARGUMENT_CHARS) } else { String::new() };
        let look = move |context: &ContextText, stop: &StopFlag| {
            let found = look(context, given, stop);
            let places = match &found {
                Ok(found) if is_told => coverage::of_found(context, function.gives, found),
                _ => Vec::new(),
            };
            (found.map(|found| show(context, found)), places)
        };
        let (found, places) = match self.blocking(function, look).await {
            Ok(looked) => looked,
            Err(error) => (Err(Raised::new("RuntimeError", error)), Vec::new()),
        };
        self.tree.note(|| Detail::Look {
            origin: self.origin,
            function: function.name,
            arguments,
            seconds: since.elapsed().as_secs_f64(),
            places,
            error: found.as_ref().err().map(|raised| raised.message.clone()),
        });
        found
    }

    /// A tool of the person's own, in the tools protocol.
    pub async fn own_tool(&self, name: &str, given: &Value) -> Result<String, String> {
        self.note_look();
        let ran = self.tree.config.toolbox.run(name, given, self.origin.depth).await;
        ran.map(|value| answer_text(&value)).map_err(|error| error.to_string())
    }

    /// The root has looked at something that is not its own.
    pub(super) fn note_look(&self) {
        if self.origin.depth == 0 {
            self.tree.note_look();
        }
    }

    fn budget(&self) -> Value {
        let left = self.tree.ledger.budget.left();
        let depth = self.tree.limits.max_depth.saturating_sub(self.origin.depth);
        json!({
            "calls": left.calls, "tokens": left.tokens, "cost": left.cost, "seconds": left.time.as_secs(),
            "iterations": left.iterations, "depth": depth,
        })
    }

    /// Looks into the text on a thread that may block. What goes through the text waits for a place.
    async fn blocking<T: Send + 'static>(
        &self,
        function: &HostFunction,
        look: impl FnOnce(&ContextText, &StopFlag) -> T + Send + 'static,
    ) -> Result<T, String> {
        let context = self.context.clone();
        let stop = StopFlag::default();
        // A run that ends does not wait for its looks, which must not keep the processors busy for nobody.
        let _ended = stop.raise_on_drop();
        let place = match function.does {
            Does::Scan(_) => self.tree.places.take().await,
            _ => None,
        };
        // The place is kept until the look has really ended, and until what it found is taken: a look that began meanwhile
        // would have its rows in the memory beside these.
        let look = move || (look(&context, &stop), place);
        let (found, _place) = tokio::task::spawn_blocking(look).await.map_err(|error| error.to_string())?;
        Ok(found)
    }
}
