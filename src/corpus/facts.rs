//! Facts about a text, found exactly and not ranked: what defines a name and what uses it, how many lines match and what
//! kinds of lines there are, what says a message, what manifests declare, and which commit a line of a patch belongs to.
//!
//! They answer questions that people ask literally ("who calls …", "how many …", "when first …"), for
//! which a ranking is a guess.

mod count;
mod definitions;
mod group;
mod manifest;
mod message;
mod patch;
mod templates;
mod uses;

pub use count::{Count, Counts, count};
pub use definitions::{Definition, find_definitions};
pub use manifest::{Entry, manifest_entries};
pub use message::{Origin, message_origins};
pub use patch::{Revision, revision};
pub use templates::{Template, Templates, templates};
pub use uses::{Use, Uses, uses};
