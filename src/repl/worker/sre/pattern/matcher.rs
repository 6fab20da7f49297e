//! Running searches: the first match, or one after the other.

use crate::repl::worker::sre::{
    engine::{Request, State},
    finder::Finder,
    haystack::Haystack,
    interrupt::Pulse,
    pattern::Pattern,
    subject::{Haystacks, Subject},
};
use rustpython_vm::{PyResult, VirtualMachine};
use std::ops::{ControlFlow, Range};

/// Where a match may lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Anywhere, as for `search`.
    Anywhere,
    /// At the start of the range, as for `match`.
    AtStart,
    /// From the start of the range to its end, as for `fullmatch`.
    Whole,
}

/// Where and how to look for a match.
#[derive(Debug, Clone, Copy)]
pub struct Query {
    place: Place,
    /// The bytes that take part.
    start: usize,
    end: usize,
    /// Whether an empty match at the start does not count, because the last match ended there and was empty.
    must_advance: bool,
}

impl Query {
    pub fn new(place: Place, bytes: Range<usize>) -> Self {
        Self { place, start: bytes.start, end: bytes.end, must_advance: false }
    }

    /// The same for another place.
    pub fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// What to ask after a match: the next one begins where it ended.
    pub fn after(self, last: &Range<usize>) -> Self {
        Self { start: last.end, must_advance: last.is_empty(), ..self }
    }
}

/// A match, in bytes of the subject.
#[derive(Debug)]
pub struct Found<'a> {
    pub whole: Range<usize>,
    state: &'a State,
}

impl Found<'_> {
    /// Where a group lies, if it took part; group 0 is the whole match.
    pub fn group(&self, number: usize) -> Option<Range<usize>> {
        match number.checked_sub(1) {
            Some(number) => self.state.group(number),
            None => Some(self.whole.clone()),
        }
    }

    /// The number of the group that was closed last.
    pub fn last_group(&self) -> Option<usize> {
        self.state.last_group()
    }
}

/// Looks for a match and hands it to `take`.
pub fn first<R>(
    pattern: &Pattern,
    subject: &Subject,
    query: Query,
    vm: &VirtualMachine,
    take: impl FnOnce(Found<'_>) -> R,
) -> PyResult<Option<R>> {
    let mut state = State::default();
    let found = match subject.haystack() {
        Haystacks::Narrow(haystack) => run(haystack, pattern, query, &mut state, vm),
        Haystacks::Wide(haystack) => run(haystack, pattern, query, &mut state, vm),
    };
    Ok(found?.map(|whole| take(Found { whole, state: &state })))
}

/// Hands all matches to `visit`, one behind the other, until there are no more or it breaks. Between two matches the
/// program can be interrupted.
pub fn for_each(
    pattern: &Pattern,
    subject: &Subject,
    query: Query,
    vm: &VirtualMachine,
    visit: impl FnMut(Found<'_>) -> PyResult<ControlFlow<()>>,
) -> PyResult<()> {
    match subject.haystack() {
        Haystacks::Narrow(haystack) => for_each_in(haystack, pattern, query, vm, visit),
        Haystacks::Wide(haystack) => for_each_in(haystack, pattern, query, vm, visit),
    }
}

fn for_each_in<H: Haystack>(
    haystack: H,
    pattern: &Pattern,
    mut query: Query,
    vm: &VirtualMachine,
    mut visit: impl FnMut(Found<'_>) -> PyResult<ControlFlow<()>>,
) -> PyResult<()> {
    let mut state = State::default();
    while let Some(whole) = run(haystack, pattern, query, &mut state, vm)? {
        query = query.after(&whole);
        vm.check_signals()?;
        if visit(Found { whole, state: &state })?.is_break() {
            break;
        }
    }
    Ok(())
}

/// One search.
fn run<H: Haystack>(
    haystack: H,
    pattern: &Pattern,
    query: Query,
    state: &mut State,
    vm: &VirtualMachine,
) -> PyResult<Option<Range<usize>>> {
    let Query { place, start, end, must_advance } = query;
    if start > end {
        return Ok(None);
    }
    let check = || vm.check_signals();
    let mut pulse = Pulse::new(&check);
    let request = Request { program: pattern.program(), haystack, end, is_whole: place == Place::Whole, must_advance };
    if place != Place::Anywhere {
        let found = state.match_at(&request, start, &mut pulse)?;
        return Ok(found.map(|end| start..end));
    }
    match pattern.finder_for(&haystack, end - start) {
        // By the rules of Python, nothing is no place between two characters that are no border of a word.
        Some(finder) if end > 0 => search_with(finder, pattern, request, start, state, &mut pulse),
        _ => {
            let found = state.search(&request, start, &mut pulse)?;
            pattern.add_effort(found.as_ref().map_or(end, |found| found.end) - start);
            Ok(found)
        }
    }
}

/// Searches with an automaton. The engine of `re` is asked only for what that cannot say: where the groups lie, and
/// what a pattern matches that has no exact automaton.
fn search_with<H: Haystack>(
    finder: &Finder,
    pattern: &Pattern,
    mut request: Request<'_, H>,
    mut start: usize,
    state: &mut State,
    pulse: &mut Pulse<'_>,
) -> PyResult<Option<Range<usize>>> {
    let haystack = request.haystack;
    let bytes = &haystack.bytes()[..request.end];
    if request.must_advance {
        if let Some(end) = state.match_at(&request, start, pulse)? {
            return Ok(Some(start..end));
        }
        if start == request.end {
            return Ok(None);
        }
        request.must_advance = false;
        start = haystack.next(start).1;
    }
    while let Some(found) = finder.find(bytes, start, pulse)? {
        if finder.is_exact() && pattern.group_count() == 0 {
            return Ok(Some(found));
        }
        if let Some(end) = state.match_at(&request, found.start, pulse)? {
            return Ok(Some(found.start..end));
        }
        // The next place is a character further, if there is one.
        if found.start == request.end {
            break;
        }
        start = haystack.next(found.start).1;
    }
    Ok(None)
}
