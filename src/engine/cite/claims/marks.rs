//! The places and quotations of a passage, in order.

use crate::engine::cite::{
    claims::{
        LIMIT, Weight,
        sentence::{self, Distance},
        words::Kind,
    },
    files::{Files, Place},
    page::{Passage, Span},
};
use std::ops::Range;

/// The longest text in quotation marks, in bytes.
const LONGEST: usize = 4000;

/// What stands out of a passage.
pub struct Marks {
    pub all: Vec<Marked>,
    /// From the first mark to each.
    distances: Vec<Distance>,
}

pub struct Marked {
    /// Of the answer.
    pub range: Range<usize>,
    pub mark: Mark,
}

pub enum Mark {
    /// By its number.
    Place(usize),
    Quote(Quoted),
}

/// What is set apart in a line.
pub struct Quoted {
    pub text: String,
    pub is_prose: bool,
    pub kind: Kind,
}

impl Marked {
    pub fn is_place(&self) -> bool {
        self.place().is_some()
    }

    pub fn place(&self) -> Option<usize> {
        match self.mark {
            Mark::Place(number) => Some(number),
            Mark::Quote(_) => None,
        }
    }
}

impl Marks {
    /// Finds the marks of a passage, and adds its places to those that are known.
    pub fn of<'a>(text: &str, passage: &Passage, files: &Files<'a>, known: &mut Vec<Place<'a>>) -> Self {
        let room = LIMIT.saturating_sub(known.len());
        let found: Vec<Place<'a>> = files.places(text, passage.range.clone()).take(room).collect();
        let quoted = in_quotation_marks(text, passage);
        let apart = outermost(&passage.spans, quoted);
        let mut all = Vec::new();
        let mut found = found.into_iter().peekable();
        let mut place = |place: Place<'a>, range: Range<usize>, all: &mut Vec<Marked>| {
            all.push(Marked { range, mark: Mark::Place(known.len()) });
            known.push(place);
        };
        for Apart { range, content, is_prose } in apart {
            while let Some(before) = found.next_if(|it| it.range.end <= range.start) {
                let at = before.range.clone();
                place(before, at, &mut all);
            }
            let mut inside = Vec::new();
            while let Some(it) = found.next_if(|it| it.range.start < range.end) {
                inside.push(it);
            }
            let reaches_out = inside.iter().any(|it| it.range.end > range.end || it.range.start < range.start);
            if reaches_out || !inside.is_empty() && is_all(text, &range, &inside) {
                for it in inside {
                    let at = it.range.clone();
                    place(it, at, &mut all);
                }
            } else {
                let kind = Kind::of(&content);
                all.push(Marked { range, mark: Mark::Quote(Quoted { text: content, is_prose, kind }) });
            }
        }
        for rest in found {
            let at = rest.range.clone();
            place(rest, at, &mut all);
        }
        let mut distances = vec![Distance::default(); all.len()];
        for at in 1..all.len() {
            let step = sentence::distance(between(text, &all[at - 1], &all[at]));
            let own = if all[at].is_place() { 0 } else { 2 };
            let before = distances[at - 1];
            distances[at].cost = before.cost + step.cost + own;
            distances[at].sentences = before.sentences + step.sentences;
        }
        Self { all, distances }
    }

    /// How far two marks are from each other.
    pub fn cost(&self, one: usize, other: usize) -> usize {
        self.distances[one].cost.abs_diff(self.distances[other].cost)
    }

    /// Whether nothing is said between two marks but what binds them.
    pub fn are_bound(&self, text: &str, one: usize, other: usize) -> bool {
        let (first, last) = (one.min(other), one.max(other));
        last - first == 1 && sentence::is_bond(between(text, &self.all[first], &self.all[last]))
    }

    /// What it means if a quotation does not stand at a place; nothing if it is none.
    pub fn weight(&self, text: &str, place: usize, quote: usize) -> Option<Weight> {
        let Mark::Quote(Quoted { kind, .. }) = &self.all[quote].mark else { return None };
        let (first, last) = (place.min(quote), place.max(quote));
        let gap = between(text, &self.all[first], &self.all[last]);
        let is_tight = self.are_bound(text, place, quote);
        let is_same_sentence = self.distances[first].sentences == self.distances[last].sentences;
        let weight = match kind {
            Kind::Statement if is_tight || is_same_sentence => Weight::Full,
            Kind::Statement => Weight::Middling,
            Kind::Phrase if is_tight && (place < quote || !gap.contains(char::is_alphabetic)) => Weight::Full,
            Kind::Phrase if is_same_sentence => Weight::Light,
            Kind::Name if is_tight && place < quote && sentence::is_said(gap) => Weight::Middling,
            Kind::Phrase | Kind::Name => return None,
        };
        let is_proposal = !is_tight && sentence::is_proposal(self.around(text, first, last));
        match (is_proposal, kind) {
            (false, _) => Some(weight),
            (true, Kind::Name) => None,
            (true, _) => Some(Weight::Light),
        }
    }

    /// The text between two marks and of the sentence before them, as far as it tells what they mean.
    fn around<'t>(&self, text: &'t str, first: usize, last: usize) -> &'t str {
        let (start, end) = (self.all[first].range.start, self.all[last].range.start);
        let earliest = text.ceil_char_boundary(start.saturating_sub(80));
        let before = &text[earliest..start];
        let sentence = before.rfind(['.', '\n', ';', '!', '?']).map_or(0, |at| at + 1);
        &text[earliest + sentence..end]
    }

    /// The places that are named together with one, on the side away from what is quoted.
    pub fn chain(&self, text: &str, place: usize, backward: bool, most: usize) -> Vec<usize> {
        let mut chain = Vec::new();
        let mut at = place;
        while chain.len() < most {
            let next = if backward { at.checked_sub(1) } else { Some(at + 1) };
            let Some((next, marked)) = next.and_then(|next| Some((next, self.all.get(next)?))) else { break };
            let Some(number) = marked.place() else { break };
            let (first, last) = (at.min(next), at.max(next));
            if !sentence::is_listed(between(text, &self.all[first], &self.all[last])) {
                break;
            }
            chain.push(number);
            at = next;
        }
        chain
    }
}

/// The text between two marks.
pub fn between<'t>(text: &'t str, first: &Marked, last: &Marked) -> &'t str {
    text.get(first.range.end..last.range.start).unwrap_or_default()
}

/// Whether a text says no more than places.
pub fn is_all(text: &str, range: &Range<usize>, places: &[Place<'_>]) -> bool {
    let starts = std::iter::once(range.start).chain(places.iter().map(|it| it.range.end));
    let ends = places.iter().map(|it| it.range.start).chain([range.end]);
    starts.zip(ends).all(|(start, end)| !text[start..end.max(start)].contains(char::is_alphanumeric))
}

/// What is set apart in a line, one way or the other.
struct Apart {
    range: Range<usize>,
    content: String,
    is_prose: bool,
}

/// Inline code and what stands in quotation marks, in order; what lies in another is left out.
fn outermost(spans: &[Span], quoted: Vec<Apart>) -> Vec<Apart> {
    let code =
        spans.iter().map(|span| Apart { range: span.range.clone(), content: span.text.clone(), is_prose: false });
    let mut all: Vec<Apart> = code.chain(quoted).collect();
    all.sort_by_key(|it| (it.range.start, std::cmp::Reverse(it.range.end)));
    let mut end = 0;
    all.retain(|it| {
        let is_outer = it.range.start >= end;
        end = if is_outer { it.range.end } else { end };
        is_outer
    });
    all
}

/// Pairs of quotation marks.
const PAIRS: [(char, &[char]); 8] = [
    ('"', &['"']),
    ('\'', &['\'']),
    ('“', &['”', '“']),
    ('”', &['”']),
    ('„', &['“', '”']),
    ('«', &['»']),
    ('‘', &['’']),
    ('‚', &['‘', '’']),
];

/// What stands in quotation marks, which may hold inline code but not end in it.
fn in_quotation_marks(text: &str, passage: &Passage) -> Vec<Apart> {
    let part = &text[passage.range.clone()];
    let mut closing: [Option<usize>; 8] = [None; 8];
    let marks = prose_marks(part, passage);
    // Where the last mark is that would close each kind, so that one that is never closed is told at once.
    for &(at, it) in &marks {
        for (kind, (_, closes)) in PAIRS.iter().enumerate() {
            if closes.contains(&it) && can_close(part, at, it) {
                closing[kind] = Some(at);
            }
        }
    }
    let mut found = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    for (at, it) in marks {
        if let Some((kind, start)) = open {
            if PAIRS[kind].1.contains(&it) && can_close(part, at, it) {
                let inner = start + PAIRS[kind].0.len_utf8()..at;
                if inner.len() <= LONGEST {
                    let range = passage.range.start + start..passage.range.start + at + it.len_utf8();
                    found.push(Apart { range, content: part[inner].to_owned(), is_prose: true });
                }
                open = None;
            }
            continue;
        }
        let kind = PAIRS.iter().position(|(opens, _)| *opens == it);
        open = kind
            .filter(|kind| closing[*kind].is_some_and(|last| last > at) && can_open(part, at, it))
            .map(|kind| (kind, at));
    }
    found
}

/// The quotation marks of a passage outside of its spans, with where they stand.
fn prose_marks(part: &str, passage: &Passage) -> Vec<(usize, char)> {
    let mut spans =
        passage.spans.iter().map(|it| it.range.start - passage.range.start..it.range.end - passage.range.start);
    let mut span = spans.next();
    let mut marks = Vec::new();
    for (at, it) in part.match_indices(['"', '\'', '“', '”', '„', '«', '»', '‘', '’', '‚']) {
        while span.as_ref().is_some_and(|span| span.end <= at) {
            span = spans.next();
        }
        if !span.as_ref().is_some_and(|span| span.contains(&at)) {
            marks.extend(it.chars().map(|it| (at, it)));
        }
    }
    marks
}

fn can_open(text: &str, at: usize, it: char) -> bool {
    if it == '«' {
        return true;
    }
    let follows = text[at + it.len_utf8()..].chars().next().is_some_and(|next| !next.is_whitespace());
    let before = text[..at].chars().next_back();
    follows && before.is_none_or(|before| !before.is_alphanumeric())
}

fn can_close(text: &str, at: usize, it: char) -> bool {
    if it == '»' {
        return true;
    }
    let before = text[..at].chars().next_back().is_some_and(|before| !before.is_whitespace());
    before && !text[at + it.len_utf8()..].starts_with(char::is_alphanumeric)
}
