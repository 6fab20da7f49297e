//! A run once more, from its trace: the same engine with models that reply what they have replied.
//!
//! A reply belongs to a hash of what was asked, and comes when all that came before it has come. The clock stands at the moment of the
//! last one. So a replay needs no model, no network and no time, and where it asks what was never asked it says so and ends.

mod compare;
mod model;
mod recorded;

pub use compare::{differing_files, differing_parts};
pub use model::Replay;
pub use recorded::Recorded;
