//! A call that people can follow: they hear when it begins, and how it ends, however it does.

use super::{
    event::{Event, SubCallState},
    origin::Origin,
    query_context::QueryContext,
};

/// The error of one that was dropped: cancelled, because its program or run ended.
const NOBODY_WAITS: &str = "ended before its answer came";

/// A call that is told of.
pub struct TrackedCall<'a> {
    tree: &'a QueryContext,
    pub id: u64,
    origin: Origin,
    pub label: String,
    has_ended: bool,
}

impl<'a> TrackedCall<'a> {
    pub fn begin(tree: &'a QueryContext, origin: Origin, label: String) -> Self {
        let call = Self { tree, id: tree.ledger.number_sub_call(), origin, label, has_ended: false };
        call.tell(SubCallState::Started);
        call
    }

    pub fn end(&mut self, state: SubCallState) {
        self.has_ended = true;
        self.tell(state);
    }

    fn tell(&self, state: SubCallState) {
        let Self { id, origin, ref label, .. } = *self;
        self.tree.emit(Event::SubCall { id, origin, label: label.clone(), state });
    }
}

impl Drop for TrackedCall<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.end(SubCallState::Failed(NOBODY_WAITS.to_owned()));
        }
    }
}
