//! Lists of small numbers by term, in little room: what an inverted index is made of.
//!
//! All lists lie in one row of bytes: how many entries there are, and for each entry its distance from the one before and
//! its value, in as many groups of seven bits as they need (Manning, Raghavan and Schütze, *Introduction to Information
//! Retrieval*, 2008, section 5.3). A short distance and a common value share one byte.

use super::{
    key::Key,
    weight::{self, weighed},
};
use std::ops::{Range, RangeInclusive};

/// Values that have a sign of their own, from 1; others follow their entry, whose sign is 0.
const COMMON: [u32; 3] =
    [weighed(weight::CODE, 0), weighed(weight::COMMENT, 0), weighed(weight::CODE + weight::NAME, 1)];

/// The lowest bits of an entry's first byte are the distance; with all of them set, the rest of it follows.
const DISTANCE: u32 = 0x3f;

/// The bits above are the sign of the value.
const SIGN: u32 = 6;

/// For each of some terms, numbers in ascending order, each with a value.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    /// In ascending order.
    keys: Box<[Key]>,
    /// Where the list of each key ends.
    ends: Box<[u32]>,
    bytes: Box<[u8]>,
}

impl Table {
    /// Where the lists of these keys are.
    pub fn positions(&self, keys: &RangeInclusive<Key>) -> Range<usize> {
        let start = self.keys.partition_point(|key| key < keys.start());
        let count = self.keys[start..].iter().take_while(|key| *key <= keys.end()).count();
        start..start + count
    }

    pub fn key(&self, position: usize) -> Key {
        self.keys[position]
    }

    /// How many entries the list at `position` has.
    pub fn count(&self, position: usize) -> usize {
        take(&mut self.bytes_of(position)) as usize
    }

    /// The numbers and values of the list at `position`.
    pub fn list(&self, position: usize) -> impl Iterator<Item = (u32, u32)> {
        let mut bytes = self.bytes_of(position);
        let count = take(&mut bytes);
        let mut number = 0;
        (0..count).map(move |_| {
            let (distance, value) = take_entry(&mut bytes);
            number += distance;
            (number, value)
        })
    }

    fn bytes_of(&self, position: usize) -> &[u8] {
        let start = position.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start as usize..self.ends[position] as usize]
    }
}

/// What becomes a table, in the order in which it was found.
#[derive(Debug, Default)]
pub(super) struct Log(Vec<Row>);

#[derive(Debug, Clone, Copy)]
struct Row {
    term: u32,
    number: u32,
    value: u32,
}

impl Log {
    /// Notes that `term` has `number`, which is no less than any that was noted before.
    pub fn note(&mut self, term: u32, number: u32, value: u32) {
        self.0.push(Row { term, number, value });
    }

    /// The table of what was noted, and an empty log. `keys` are those of the terms, and `order` the terms in the order
    /// of their keys.
    pub fn take_table(&mut self, keys: &[Key], order: &[u32]) -> Table {
        let mut ends = vec![0_u32; keys.len() + 1];
        for row in &self.0 {
            ends[row.term as usize + 1] += 1;
        }
        for term in 0..keys.len() {
            ends[term + 1] += ends[term];
        }
        // The end of the term before is where the next row of a term goes, until all are in their places.
        let mut sorted = vec![(0, 0); self.0.len()];
        for row in self.0.drain(..) {
            let place = &mut ends[row.term as usize];
            sorted[*place as usize] = (row.number, row.value);
            *place += 1;
        }
        let mut draft = (Vec::new(), Vec::new(), Vec::with_capacity(sorted.len() * 3));
        for &term in order {
            let start = (term as usize).checked_sub(1).map_or(0, |before| ends[before]);
            let rows = &sorted[start as usize..ends[term as usize] as usize];
            if rows.is_empty() {
                continue;
            }
            let (table_keys, table_ends, bytes) = &mut draft;
            put(bytes, rows.len() as u32);
            let mut before = 0;
            for &(number, value) in rows {
                put_entry(bytes, number - before, value);
                before = number;
            }
            table_keys.push(keys[term as usize]);
            table_ends.push(bytes.len() as u32);
        }
        let (keys, ends, bytes) = draft;
        Table { keys: keys.into(), ends: ends.into(), bytes: bytes.into() }
    }
}

fn put_entry(bytes: &mut Vec<u8>, distance: u32, value: u32) {
    let sign = COMMON.iter().position(|&common| common == value).map_or(0, |at| at as u32 + 1);
    bytes.push((sign << SIGN | distance.min(DISTANCE)) as u8);
    if distance >= DISTANCE {
        put(bytes, distance - DISTANCE);
    }
    if sign == 0 {
        put(bytes, value);
    }
}

fn take_entry(bytes: &mut &[u8]) -> (u32, u32) {
    let Some((&first, rest)) = bytes.split_first() else { return (0, 0) };
    *bytes = rest;
    let (sign, mut distance) = (u32::from(first) >> SIGN, u32::from(first) & DISTANCE);
    if distance == DISTANCE {
        distance += take(bytes);
    }
    let value = if sign == 0 { take(bytes) } else { COMMON[sign as usize - 1] };
    (distance, value)
}

/// Appends a number, its lowest bits first. A byte that another one follows has its highest bit set.
fn put(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes the number that `bytes` begin with.
fn take(bytes: &mut &[u8]) -> u32 {
    let mut number = 0;
    let mut shift = 0;
    while let Some((&byte, rest)) = bytes.split_first() {
        *bytes = rest;
        number |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
        shift += 7;
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_table_has_what_was_noted(rows in prop::collection::vec((0_u32..5, 0_u32..1000, prop_oneof![any::<u32>(), prop::sample::select(&COMMON)]), 0..50)) {
            let mut rows = rows;
            rows.sort_by_key(|&(_, number, _)| number);
            let keys: Vec<Key> = ["a", "b", "c", "d", "e"].map(Key::whole).to_vec();
            let mut order: Vec<u32> = (0..5).collect();
            order.sort_by_key(|&term| keys[term as usize]);
            let mut log = Log::default();
            rows.iter().for_each(|&(term, number, value)| log.note(term, number, value));
            let table = log.take_table(&keys, &order);
            for (term, &key) in keys.iter().enumerate() {
                let expected: Vec<(u32, u32)> =
                    rows.iter().filter(|row| row.0 as usize == term).map(|&(_, number, value)| (number, value)).collect();
                let positions = table.positions(&(key..=key));
                let found: Vec<(u32, u32)> = positions.clone().flat_map(|position| table.list(position)).collect();
                prop_assert_eq!(&found, &expected);
                prop_assert_eq!(positions.map(|position| table.count(position)).sum::<usize>(), expected.len());
            }
        }
    }
}
