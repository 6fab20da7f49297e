//! What an answer says to stand at the places that it names.
//!
//! A quotation belongs to the nearest place of its passage, by words and by what parts a sentence; a block to the place
//! that leads to it, heads it, or follows it by itself. What stands in a block or in a quotation is another's text: a
//! place in it is none of the answer's, unless it is the block's header.

mod blocks;
mod marks;
mod sentence;
mod words;

use crate::{
    corpus::StopFlag,
    engine::cite::{
        files::{Files, Place},
        page::{self, Item},
        quote::Quote,
    },
};
use blocks::Lead;
use marks::{Mark, Marks};

/// The most places that are taken from one answer.
const LIMIT: usize = 1000;

/// The most other places that a quotation may be from.
const OTHERS: usize = 8;

/// What an answer claims.
#[derive(Default)]
pub struct Claims<'a> {
    /// In the order of the text, but for those that head a block.
    pub places: Vec<Place<'a>>,
    pub quotes: Vec<Claim>,
}

/// That a quotation stands at a place.
#[derive(Debug)]
pub struct Claim {
    pub quote: Quote,
    /// The number of the place.
    pub place: usize,
    /// Places that are named with it and may hold it instead.
    pub others: Vec<usize>,
    pub weight: Weight,
}

/// What it means if a quotation does not stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Nothing: it may well be said of the place and not from it.
    Light,
    /// The place is wrong if the quotation stands nowhere in its file.
    Middling,
    /// The place is wrong.
    Full,
}

/// What `text` claims, as far as it was read before `stop` was raised.
pub fn claims<'a>(text: &str, files: &Files<'a>, stop: &StopFlag) -> Claims<'a> {
    let mut claims = Claims::default();
    let mut lead: Option<Lead> = None;
    let mut unnamed: Option<&page::Block> = None;
    let items = page::items(text, stop);
    for item in &items {
        if claims.places.len() >= LIMIT || stop.is_raised() {
            break;
        }
        match item {
            Item::Passage(passage) => {
                let marks = Marks::of(text, passage, files, &mut claims.places);
                if let Some(block) = unnamed.take() {
                    blocks::name_block(block, text, passage, &marks, &mut claims);
                }
                claims.attach(text, &marks);
                lead = Lead::after(lead, text, passage, &marks, &mut claims);
            }
            Item::Block(block) => {
                let is_named = blocks::head_block(block, text, files, &mut lead, &mut claims);
                unnamed = (!is_named).then_some(block);
            }
        }
    }
    claims
}

impl Claims<'_> {
    /// Adds a claim. What is short may stand there, but need not.
    fn add(&mut self, claim: Claim) {
        let weight = if claim.quote.is_short() { Weight::Light } else { claim.weight };
        self.quotes.push(Claim { weight, ..claim });
    }

    /// Gives each quotation of a passage to a place of it.
    fn attach(&mut self, text: &str, marks: &Marks) {
        let all = &marks.all;
        let mut following: Vec<Option<usize>> = vec![None; all.len()];
        let mut next = None;
        for at in (0..all.len()).rev() {
            following[at] = next;
            next = if all[at].is_place() { Some(at) } else { next };
        }
        let mut before = None;
        for at in 0..all.len() {
            let Mark::Quote(quoted) = &all[at].mark else {
                before = Some(at);
                continue;
            };
            let cost = |place: &usize| marks.cost(*place, at);
            let sides = [before, following[at]];
            let Some(place) = sides.into_iter().flatten().min_by_key(cost) else { return };
            let Some(weight) = marks.weight(text, place, at) else { continue };
            let Some(quote) = Quote::inline(quoted.text.clone(), quoted.is_prose) else { continue };
            let mut others = marks.chain(text, place, place < at, OTHERS);
            // Unless both are bound to each other, it may be from the place on the other side.
            let is_bound = marks.are_bound(text, place, at);
            let doubtful = sides.into_iter().flatten().filter(|it| *it != place);
            others.extend(doubtful.filter(|it| !is_bound || cost(it) == cost(&place)).filter_map(|it| all[it].place()));
            if let Some(place) = all[place].place() {
                self.add(Claim { quote, place, others, weight });
            }
        }
    }
}
