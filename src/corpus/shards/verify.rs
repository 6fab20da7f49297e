//! Reading everything, to see whether it is what was written.

use super::{ShardError, scan, store::ShardStore};
use std::ops::ControlFlow;

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    pub shards: usize,
    /// In the order of the text.
    pub flaws: Vec<Flaw>,
}

/// A shard that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    pub shard: usize,
    pub error: String,
}

impl ShardStore {
    /// Compares every shard with its hash. A damaged shard is part of the result; only a store that
    /// cannot be read at all is an error.
    pub fn verify(&self) -> Result<Verified, ShardError> {
        let shards: Vec<usize> = (0..self.shards()).collect();
        let mut verified = Verified::default();
        let check = |shard: usize, room: &mut Vec<u8>| match self.scan(shard, 0, room, &mut |_, _| ()) {
            Ok(()) => Ok(None),
            Err(error @ ShardError::Shard { .. }) => Ok(Some(Flaw { shard, error: error.to_string() })),
            Err(error) => Err(error),
        };
        scan::in_order(self, &shards, check, |_, flaw| {
            verified.shards += 1;
            verified.flaws.extend(flaw);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(verified)
    }
}
