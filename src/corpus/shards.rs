//! A text larger than a machine, as objects of a fixed size in a folder or an object store.
//!
//! [`ingest()`] writes a text or a repository as *shards*, each valid UTF-8 by itself, and when all of them are there a
//! *manifest* that says how many bytes, characters and lines each has, how its hash reads, and where the files are. A
//! [`ShardStore`] reads the manifest and from then on knows every length without a request; the text itself is fetched
//! where it is asked for. `docs/shards.md` describes the format.
//!
//! What lies in a store is untrusted: someone else may have written it, a disk may have lost a part of it. A manifest is
//! bounded and checked before it is believed, names of shards are computed and never read, and a shard that was read
//! whole is compared with its hash.
//!
//! Everything here blocks. Requests to object stores run on threads of their own ([`driver`]), so that whoever waits may
//! be any thread.

mod cache;
mod count;
mod driver;
mod find;
mod folder;
mod grep;
mod ingest;
mod input;
mod layout;
mod loaded;
mod location;
mod manifest;
mod objects;
mod place;
mod scan;
mod sources;
mod store;
mod text;
mod verify;

pub use super::error::{ShardError, Trouble};
pub use find::{FindResult, Found};
pub use ingest::{DEFAULT_SHARD_SIZE, IngestOptions, Ingested, ingest};
pub use location::{NamedStore, local_folder};
pub use manifest::{Extent, LARGEST_SHARD};
pub use sources::IngestSource;
pub use store::{DEFAULT_CACHE, ShardStore};
pub(super) use text::ShardText;
pub use verify::{Flaw, Verified};

#[cfg(test)]
mod tests;
