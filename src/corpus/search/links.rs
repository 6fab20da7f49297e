//! From calls that comments are about to the functions that are called, across all files.
//!
//! The comment above a call often tells in plain words what the called function is for, where the function itself has
//! none, as the text of a link tells what lies behind it (Brin and Page, *The Anatomy of a Large-Scale Hypertextual Web
//! Search Engine*, 1998, section 2.2).

use super::{
    collector::CALLS,
    part::{NameHash, Part},
};
use rustc_hash::FxHashMap;

/// A name that more functions have says little about any of them.
const NAMESAKES: usize = 2;

/// How many tenths of an occurrence in code a word of a comment at a call counts for, and all of them together.
pub(super) const WEIGHT: u32 = 6;
pub(super) const MOST: u32 = 20;

/// A passage, by its part and its number there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub part: u32,
    pub passage: u32,
}

/// The functions that calls lead to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Links {
    /// For each call of each part where its functions are in `targets`, or [`NOWHERE`].
    calls: Vec<Box<[u32]>>,
    targets: Vec<Target>,
}

const NOWHERE: u32 = u32::MAX;

/// The functions of one name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Target {
    places: [Place; NAMESAKES],
    /// More than there are places for if the name says nothing.
    functions: usize,
    /// How many calls lead here.
    calls: u8,
}

impl Links {
    pub fn new<'a>(parts: impl Iterator<Item = &'a Part> + Clone) -> Self {
        let mut numbers = FxHashMap::<NameHash, u32>::default();
        for name in parts.clone().flat_map(|part| part.calls.iter()) {
            let next = numbers.len() as u32;
            numbers.entry(*name).or_insert(next);
        }
        let mut targets = vec![Target::default(); numbers.len()];
        for (number, part) in (0..).zip(parts.clone()) {
            for (passage, name) in part.defined() {
                let Some(&target) = numbers.get(&name) else { continue };
                let target = &mut targets[target as usize];
                if let Some(place) = target.places.get_mut(target.functions) {
                    *place = Place { part: number, passage };
                }
                target.functions += 1;
            }
        }
        let link = |name: &NameHash, targets: &mut Vec<Target>| {
            let number = numbers[name];
            let target = &mut targets[number as usize];
            let leads = (1..=NAMESAKES).contains(&target.functions) && target.calls < CALLS;
            target.calls += u8::from(leads);
            if leads { number } else { NOWHERE }
        };
        let calls = parts.map(|part| part.calls.iter().map(|name| link(name, &mut targets)).collect()).collect();
        Self { calls, targets }
    }

    /// The passages with the functions that a call of a part leads to.
    pub fn of_call(&self, part: usize, call: u32) -> &[Place] {
        match self.calls[part][call as usize] {
            NOWHERE => &[],
            target => {
                let target = &self.targets[target as usize];
                &target.places[..target.functions]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::search::{
        part::{Entry, Kind, Shape},
        role::Role,
    };

    const SKIP: NameHash = 1;
    const NEW: NameHash = 2;
    const UNKNOWN: NameHash = 3;

    fn part(definitions: &[NameHash], calls: &[NameHash]) -> Part {
        let shape = Shape::new(Kind::Function, true, true);
        let entry = Entry { first_line: 0, words: 0, lines: 1, name: 0, role: Role::Code, shape };
        let entries = definitions.iter().map(|_| entry).collect();
        Part { calls: calls.into(), definitions: definitions.into(), entries, ..Part::default() }
    }

    #[test]
    fn calls_lead_to_functions_with_rare_names_up_to_a_number() {
        let parts = [part(&[NEW, NEW], &[SKIP, UNKNOWN, NEW]), part(&[SKIP, NEW], &[SKIP; CALLS as usize])];
        let links = Links::new(parts.iter());
        let skip = [Place { part: 1, passage: 0 }];
        assert_eq!(links.of_call(0, 0), skip);
        assert!(links.of_call(0, 1).is_empty());
        assert!(links.of_call(0, 2).is_empty());
        assert_eq!(links.of_call(1, 0), skip);
        assert_eq!(links.of_call(1, u32::from(CALLS) - 2), skip);
        assert!(links.of_call(1, u32::from(CALLS) - 1).is_empty());
    }
}
