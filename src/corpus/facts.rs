//! Facts about a text, found exactly and not ranked: what defines a name and what uses it, how many lines match and what
//! kinds of lines there are, what says a message, what manifests declare, which commit a line of a patch belongs to,
//! where comments lie, what nothing uses, what is there twice, and how hard functions are to follow.
//!
//! They answer questions that people ask literally ("who calls …", "how many …", "when first …"), for
//! which a ranking is a guess.

mod comments;
mod count;
mod definitions;
mod duplicates;
mod exports;
mod group;
mod manifest;
mod measures;
mod message;
mod patch;
mod templates;
mod unused;
mod uses;

pub use comments::comments;
pub use count::{Count, Counts, count};
pub use definitions::{Definition, find_definitions};
pub use duplicates::{Block, BlockPlace, Duplicates, duplicates};
pub use exports::FileMeasures;
pub use manifest::{Entry, manifest_entries};
pub use measures::{Measured, measures, measures_in};
pub use message::{Origin, message_origins};
pub use patch::{Revision, revision};
pub use templates::{Template, Templates, templates};
pub use unused::{UnusedDefinition, unused_definitions};
pub use uses::{Use, Uses, uses};
