//! The text that programs see as `context`, with its files, characters and lines.
//!
//! What it is read from is a [`TextSource`], so that all that looks into it works for every kind of text. Beside the text
//! itself ([`content`]) it knows its files and their lines ([`places`]), what they came from, and its index for the
//! ranked search ([`ranked_search`]).

mod build;
mod content;
mod parts;
mod places;
mod ranked_search;

pub use places::Position;
pub use ranked_search::{Passage, Way, search, search_by};

use super::{
    assemble::Outcome,
    error::Error,
    exclusion::{Exclusion, Incomplete},
    on_demand::Measured,
    segment::{Changed, Segment},
    source::Source,
    text_source::TextSource,
    value::Shape,
};
use ranked_search::RankedSearch;
use std::sync::{Arc, OnceLock};

/// One text of one or several files. It never changes. Offsets are bytes unless a name says otherwise.
#[derive(Debug)]
pub struct ContextText {
    text: Box<dyn TextSource>,
    /// In the order of the text, which is the order of their paths.
    segments: Vec<Segment>,
    parts: OnceLock<Result<Vec<Segment>, Error>>,
    origin: Origin,
    /// Of a value whose entries are the files.
    shape: Option<Shape>,
    ranked_search: RankedSearch,
}

/// What a text came from, and what became of it on the way.
#[derive(Debug, Default)]
struct Origin {
    sources: Vec<Arc<Source>>,
    /// Of each source.
    outcomes: Vec<Outcome>,
    /// What was learned of each file of a text that is put together on demand.
    measured: Option<Vec<Measured>>,
    changed: Vec<Changed>,
    exclusions: Vec<Exclusion>,
    incomplete: Vec<Incomplete>,
}

impl ContextText {
    /// What programs see of it, if that is not the text.
    pub fn shape(&self) -> Option<&Shape> {
        self.shape.as_ref()
    }

    /// Files whose text is not exactly their bytes: converted, or with invalid bytes replaced.
    pub fn changed(&self) -> &[Changed] {
        &self.origin.changed
    }

    /// What turned out to be binary or unreadable.
    pub fn exclusions(&self) -> &[Exclusion] {
        &self.origin.exclusions
    }

    /// What was read only in part, or while it changed.
    pub fn incomplete(&self) -> &[Incomplete] {
        &self.origin.incomplete
    }
}

#[cfg(test)]
mod tests;
