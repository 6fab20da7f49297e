//! Finds the places that an answer names, and looks whether they exist and say what is quoted from them.
//!
//! The answer is taken as its reader sees it ([`page`]): which places it names ([`files`]), and what it says to stand
//! there ([`claims`]). Each quotation is then looked for in the lines that are cited ([`lines`], [`quote`]). All of it
//! takes time in proportion to the answer and to the lines, within bounds, and ends when it is stopped; what was not
//! looked at is not said to be there.

mod claims;
mod files;
mod lines;
mod page;
mod quote;

use crate::{
    corpus::{ContextText, StopFlag},
    engine::answer::{Citation, CitationState},
    text::one_line,
};
use claims::{Claim, Weight};
pub use files::Files;
use files::Place;
use lines::Lines;
use quote::Said;
use rustc_hash::{FxHashMap, FxHashSet};
use std::{fmt, ops::Range, sync::Arc};
use tokio::task::JoinError;

/// The longest answer that is looked at, in bytes; of a longer one the beginning.
const LONGEST: usize = 16 << 20;

/// Bytes that are searched for the quotations of one answer, which takes some seconds, and of one that is being
/// written.
const MOST_READ: usize = 1 << 30;
const MOST_READ_MEANWHILE: usize = 16 << 20;

/// The mark behind a citation that does not hold.
const UNVERIFIED: &str = " [unverified]";

/// The most flaws of one place that are told.
const MOST_FLAWS: usize = 20;

/// What is wrong with a citation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Flaw {
    NoSuchFile,
    /// The file has fewer lines, or the range is none.
    NoSuchLines {
        count: usize,
    },
    /// The lines do not say what is quoted from them; what the first of them says instead.
    Misquoted {
        quoted: String,
        line: String,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchFile => f.write_str("there is no such file"),
            Self::NoSuchLines { count } => write!(f, "there are no such lines; the file has {count}"),
            Self::Misquoted { quoted, line } => {
                write!(f, "the text quoted from there ({quoted}) is not there; the first of these lines is: {line}")
            }
        }
    }
}

/// A citation that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Flawed {
    pub path: String,
    pub first_line: usize,
    pub last_line: usize,
    pub flaw: Flaw,
}

impl fmt::Display for Flawed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, first_line, last_line, flaw } = self;
        match first_line == last_line {
            true => write!(f, "{path}:{first_line}: {flaw}"),
            false => write!(f, "{path}:{first_line}-{last_line}: {flaw}"),
        }
    }
}

/// Looks something up beside the work of others; whoever no longer waits for it ends it.
///
/// # Errors
/// It panicked.
pub async fn looked_up<T: Send + 'static>(
    context: Arc<ContextText>,
    look: impl FnOnce(&ContextText, &StopFlag) -> T + Send + 'static,
) -> Result<T, JoinError> {
    let stop = StopFlag::default();
    let _ended = stop.raise_on_drop();
    tokio::task::spawn_blocking(move || look(&context, &stop)).await
}

/// The citations of `text`, in order, each once. What does not look like a file of the context and is not one either (a
/// time of day, a ratio, a port) is no citation, and neither is what stands in a text that is quoted; what looks like
/// one but does not exist, or does not say what is quoted from it, is missing.
pub fn citations(text: &str, context: &ContextText, stop: &StopFlag) -> Vec<Citation> {
    let mut found: Vec<Citation> = Vec::new();
    let mut known: FxHashMap<(String, usize, usize), usize> = FxHashMap::default();
    for (Place { path, first_line, last_line, .. }, state, _) in examined(text, context, stop, MOST_READ) {
        let number = *known.entry((path.clone(), first_line, last_line)).or_insert(found.len());
        match found.get_mut(number) {
            Some(known) => known.state = known.state.and(state),
            None => found.push(Citation { path, first_line, last_line, state }),
        }
    }
    found
}

/// The citations that do not hold, in order.
pub fn flaws(text: &str, context: &ContextText, stop: &StopFlag) -> Vec<Flawed> {
    let examined = examined(text, context, stop, MOST_READ).into_iter();
    let flawed = examined.flat_map(|(Place { path, first_line, last_line, .. }, _, flaws)| {
        flaws.into_iter().map(move |flaw| Flawed { path: path.clone(), first_line, last_line, flaw })
    });
    let mut known = FxHashSet::default();
    flawed.filter(|it| known.insert(it.clone())).collect()
}

/// Of an answer whose citations do not all hold and one that was to be better, the better one: the second if it has
/// fewer flaws, and is an answer at all, and no excuse or remark.
pub fn better_of(first: String, second: String, context: &ContextText, stop: &StopFlag) -> String {
    let (before, after) = (flaws(&first, context, stop).len(), flaws(&second, context, stop).len());
    let is_answer = second.len() * 2 >= first.len() && !citations(&second, context, stop).is_empty();
    if after < before && is_answer { second } else { first }
}

/// Whether no citation of `text`, which is still being written, is known to be missing. Looks only a little while.
pub fn holds(text: &str, context: &ContextText) -> bool {
    let examined = examined(text, context, &StopFlag::default(), MOST_READ_MEANWHILE);
    examined.iter().all(|(_, state, _)| *state != CitationState::Missing)
}

/// The text with a mark behind every citation that does not hold.
pub fn marked(text: String, context: &ContextText, stop: &StopFlag) -> String {
    let missing = examined(&text, context, stop, MOST_READ).into_iter();
    let ends = missing.filter(|(_, state, _)| *state == CitationState::Missing).map(|(place, ..)| place.range.end);
    let mut ends: Vec<usize> = ends.map(|end| behind(&text, end)).collect();
    ends.sort_unstable();
    ends.dedup();
    let mut marked = text;
    for end in ends.into_iter().rev() {
        if !marked[end..].starts_with(UNVERIFIED) {
            marked.insert_str(end, UNVERIFIED);
        }
    }
    marked
}

/// Where a mark may stand behind a place that ends here: outside of the code, the emphasis and the link that it is in.
fn behind(text: &str, end: usize) -> usize {
    let mut at = end;
    loop {
        let rest = &text[at..];
        let closing = rest.len() - rest.trim_start_matches(['`', '*', '_']).len();
        if closing > 0 {
            at += closing;
        } else if rest.starts_with("](") {
            match rest.find([')', '\n']) {
                Some(close) if rest[close..].starts_with(')') => at += close + 1,
                _ => return at,
            }
        } else if rest.starts_with(')') && text[..end].rfind("](").is_some_and(|open| !text[open..end].contains(')')) {
            at += 1;
        } else {
            return at;
        }
    }
}

/// The citations of `text`, whether they hold or not: where their lines begin to be named, and where that ends.
pub fn places(text: &str, files: &Files<'_>) -> Vec<Range<usize>> {
    let mut places = claims::claims(text, files, &StopFlag::default()).places;
    places.sort_by_key(|place| place.range.start);
    places.into_iter().map(|place| place.lines..place.range.end).collect()
}

/// Every place with what was found of it and what is wrong with it.
fn examined<'a>(
    text: &str,
    context: &'a ContextText,
    stop: &StopFlag,
    most: usize,
) -> Vec<(Place<'a>, CitationState, Vec<Flaw>)> {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let files = Files::of(context);
    let claims::Claims { places, quotes } = claims::claims(text, &files, stop);
    let mut examination = Examination { lines: Lines::of(context, stop, most), places: Vec::new() };
    for place in places {
        let flaw = examination.absent(&place);
        let state = if flaw.is_some() { CitationState::Missing } else { CitationState::Found };
        examination.places.push((place, state, Vec::from_iter(flaw)));
    }
    for claim in quotes {
        examination.look(&claim);
    }
    let mut places = examination.places;
    places.sort_by_key(|(place, ..)| place.range.start);
    places
}

struct Examination<'a, 's> {
    lines: Lines<'s>,
    places: Vec<(Place<'a>, CitationState, Vec<Flaw>)>,
}

impl Examination<'_, '_> {
    /// Why there are no such lines.
    fn absent(&self, place: &Place<'_>) -> Option<Flaw> {
        let Some(segment) = place.segment else { return Some(Flaw::NoSuchFile) };
        // What cannot be read now cannot be said to be missing.
        let count = self.lines.count(segment)?;
        let Place { first_line, last_line, .. } = *place;
        let is_there = (1..=count).contains(&first_line) && (first_line..=count).contains(&last_line);
        (!is_there).then_some(Flaw::NoSuchLines { count })
    }

    /// Looks whether a quotation stands where it is said to.
    fn look(&mut self, claim: &Claim) {
        if self.places[claim.place].2.len() >= MOST_FLAWS {
            return;
        }
        let mut said = Said::No;
        for number in std::iter::once(claim.place).chain(claim.others.iter().copied()) {
            said = self.say(number, claim);
            if said != Said::No {
                break;
            }
        }
        let is_missing = said == Said::No
            && match claim.weight {
                Weight::Full => true,
                Weight::Middling => self.is_nowhere(claim),
                Weight::Light => false,
            };
        if is_missing && let Some(flaw) = self.misquoted(claim) {
            let (_, state, flaws) = &mut self.places[claim.place];
            *state = CitationState::Missing;
            flaws.push(flaw);
        }
    }

    /// Whether the lines of a place say what is quoted; if so, the place is one that is quoted.
    fn say(&mut self, number: usize, claim: &Claim) -> Said {
        let (place, state, _) = &self.places[number];
        let (Some(segment), first) = (place.segment, place.first_line) else { return Said::Unknown };
        if *state == CitationState::Missing && self.absent(place).is_some() {
            return Said::Unknown;
        }
        let last = first + claim.quote.reach(place.last_line - first + 1) - 1;
        let Some(range) = self.lines.range(segment, first, last) else { return Said::Unknown };
        let said = self.lines.say(range, &claim.quote);
        if said == Said::Yes {
            let (_, state, _) = &mut self.places[number];
            *state = state.and(CitationState::Quoted);
        }
        said
    }

    /// Whether the whole file does not hold what is quoted.
    fn is_nowhere(&mut self, claim: &Claim) -> bool {
        let segment = self.places[claim.place].0.segment;
        segment.is_some_and(|segment| self.lines.say(segment.text.clone(), &claim.quote.core()) == Said::No)
    }

    fn misquoted(&self, claim: &Claim) -> Option<Flaw> {
        let place = &self.places[claim.place].0;
        let range = self.lines.range(place.segment?, place.first_line, place.first_line)?;
        let line = one_line(&self.lines.beginning(&range, 2000), 200);
        Some(Flaw::Misquoted { quoted: claim.quote.shown(), line })
    }
}

#[cfg(test)]
mod tests;
