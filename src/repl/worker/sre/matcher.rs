//! Running the engine: the first match, or one after the other.

use super::{
    finder::Finder,
    haystack::Haystack,
    interrupt::{check_signals, interruptible},
    pattern::Pattern,
    subject::{Haystacks, Subject},
};
use rustpython_sre_engine::{Request, State, engine::Marks};
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
    pub place: Place,
    /// The positions that take part.
    pub start: usize,
    pub end: usize,
    /// Whether an empty match at the start does not count, because the last match ended there and was empty.
    pub must_advance: bool,
}

impl Query {
    pub fn new(place: Place, range: &Range<usize>) -> Self {
        Self { place, start: range.start, end: range.end, must_advance: false }
    }

    /// What to ask after a match: the next one begins where it ended.
    pub fn after(self, last: &Range<usize>) -> Self {
        Self { start: last.end, must_advance: last.is_empty(), ..self }
    }

    fn request<'a, H: Haystack>(&self, pattern: &'a Pattern, haystack: H) -> Request<'a, H> {
        let match_all = self.place == Place::Whole;
        let mut request = Request::new(haystack, self.start, self.end, pattern.code_for(&haystack), match_all);
        request.must_advance = self.must_advance;
        request
    }
}

/// A match as the engine reports it, in positions of the subject.
#[derive(Debug)]
pub struct Found<'a> {
    pub whole: Range<usize>,
    marks: &'a Marks,
}

impl Found<'_> {
    /// Where a group lies, if it took part; group 0 is the whole match.
    pub fn group(&self, number: usize) -> Option<Range<usize>> {
        let Some(number) = number.checked_sub(1) else {
            return Some(self.whole.clone());
        };
        let (start, end) = self.marks.get(number);
        let range = start.into_option()?..end.into_option()?;
        (range.start <= range.end).then_some(range)
    }

    /// The number of the group that was closed last.
    pub fn last_group(&self) -> Option<usize> {
        usize::try_from(self.marks.last_index()).ok()
    }
}

/// Looks for a match and hands it to `take`.
pub fn first<R>(
    pattern: &Pattern,
    subject: &Subject,
    query: Query,
    take: impl FnOnce(Found<'_>) -> R,
) -> PyResult<Option<R>> {
    match subject.haystack() {
        Haystacks::Characters(haystack) => first_in(haystack, pattern, query, take),
        Haystacks::Bytes(haystack) => first_in(haystack, pattern, query, take),
    }
}

fn first_in<H: Haystack, R>(
    haystack: H,
    pattern: &Pattern,
    query: Query,
    take: impl FnOnce(Found<'_>) -> R,
) -> PyResult<Option<R>> {
    if query.start > query.end {
        return Ok(None);
    }
    let mut state = State::default();
    let found = run(haystack, pattern, query, &mut state)?;
    Ok(found.map(|whole| take(Found { whole, marks: &state.marks })))
}

/// Hands all matches to `visit`, one behind the other, until there are no more or it breaks. Between two matches the
/// program can be interrupted.
pub fn for_each(
    pattern: &Pattern,
    subject: &Subject,
    range: Range<usize>,
    vm: &VirtualMachine,
    visit: impl FnMut(Found<'_>) -> PyResult<ControlFlow<()>>,
) -> PyResult<()> {
    match subject.haystack() {
        Haystacks::Characters(haystack) => for_each_in(haystack, pattern, range, vm, visit),
        Haystacks::Bytes(haystack) => for_each_in(haystack, pattern, range, vm, visit),
    }
}

fn for_each_in<H: Haystack>(
    haystack: H,
    pattern: &Pattern,
    range: Range<usize>,
    vm: &VirtualMachine,
    mut visit: impl FnMut(Found<'_>) -> PyResult<ControlFlow<()>>,
) -> PyResult<()> {
    let mut query = Query::new(Place::Anywhere, &range);
    // The cursor stays in the state, so that the next search finds its start at once.
    let mut state = State::default();
    while query.start <= query.end {
        let Some(whole) = run(haystack, pattern, query, &mut state)? else {
            break;
        };
        query = query.after(&whole);
        vm.check_signals()?;
        if visit(Found { whole, marks: &state.marks })?.is_break() {
            break;
        }
    }
    Ok(())
}

/// One run of the engine. After a failure or an interrupt the state must not be used again: its cursor may lie nowhere.
fn run<H: Haystack>(haystack: H, pattern: &Pattern, query: Query, state: &mut State) -> PyResult<Option<Range<usize>>> {
    let request = query.request(pattern, haystack);
    let matches = interruptible(|| match query.place {
        Place::Anywhere => match pattern.finder_for(&haystack, query.end - query.start) {
            // By the rules of Python, nothing is no place between two characters that are no border of a word.
            Some(finder) if query.end > 0 => search_with(finder, pattern, request, state),
            _ => search(pattern, request, state),
        },
        Place::AtStart | Place::Whole => match_at(&request, request.start, state),
    })?;
    Ok(matches.then_some(state.start..state.cursor.position))
}

/// Searches with the engine of `re` alone.
fn search<H: Haystack>(pattern: &Pattern, request: Request<'_, H>, state: &mut State) -> bool {
    state.reset(&request, request.start);
    let matches = state.search(request);
    let end = if matches { state.cursor.position } else { request.end };
    pattern.add_effort(end - request.start);
    matches
}

/// Searches with an automaton. The engine of `re` is asked only for what that cannot say: where the groups lie, and
/// what a pattern matches that has no exact automaton.
fn search_with<H: Haystack>(
    finder: &Finder,
    pattern: &Pattern,
    mut request: Request<'_, H>,
    state: &mut State,
) -> bool {
    let haystack = request.string;
    if request.must_advance {
        if match_at(&request, request.start, state) {
            return true;
        }
        request.must_advance = false;
        request.start += 1;
    }
    if request.start > request.end {
        return false;
    }
    let is_whole = request.end == haystack.count();
    let end = if is_whole { haystack.bytes().len() } else { haystack.byte_of(request.end) };
    let bytes = &haystack.bytes()[..end];
    let mut start = haystack.byte_of(request.start);
    while let Some(found) = finder.find(bytes, start, check_signals) {
        let position = haystack.position_of(found.start);
        if finder.is_exact() && pattern.group_count() == 0 {
            let end = haystack.position_of(found.end);
            state.start = position;
            state.cursor = haystack.cursor_at(found.end, end);
            return true;
        }
        state.cursor = haystack.cursor_at(found.start, position);
        if match_at(&request, position, state) {
            return true;
        }
        // The next place is a character further, if there is one.
        if position == request.end {
            return false;
        }
        start = haystack.byte_of(position + 1);
    }
    false
}

/// Whether the pattern matches at a position.
fn match_at<H: Haystack>(request: &Request<'_, H>, position: usize, state: &mut State) -> bool {
    let request = Request { start: position, ..*request };
    state.reset(&request, position);
    state.py_match(&request)
}
