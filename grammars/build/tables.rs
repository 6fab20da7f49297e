//! The parse tables of a grammar, read from memory.

use flate2::{Compression, write::DeflateEncoder};
use std::io::Write;
use tree_sitter_language::LanguageFn;

/// The first fields of a `TSLanguage`, as `tree_sitter/parser.h` has them.
#[repr(C)]
struct Language {
    abi_version: u32,
    symbol_count: u32,
    alias_count: u32,
    token_count: u32,
    external_token_count: u32,
    state_count: u32,
    large_state_count: u32,
    production_id_count: u32,
    field_count: u32,
    max_alias_sequence_length: u16,
    parse_table: *const u16,
    small_parse_table: *const u16,
    small_parse_table_map: *const u32,
    parse_actions: *const [u16; 4],
}

/// The versions of that layout.
const VERSIONS: std::ops::RangeInclusive<u32> = 14..=15;

/// The tables that are large.
pub struct Tables {
    pub symbol_count: u32,
    pub state_count: u32,
    pub large_state_count: u32,
    /// What follows a state and a symbol, for states in which many symbols may come.
    pub parse_table: Vec<u16>,
    /// The same for the others: for each state groups of symbols that the same follows.
    pub small_parse_table: Vec<u16>,
    /// Where a state's groups begin.
    pub small_parse_table_map: Vec<u32>,
    /// Lists of actions, each with its length before it.
    pub parse_actions: Vec<[u16; 4]>,
}

impl Tables {
    /// The tables of a grammar as its crate has them.
    pub fn of(language: LanguageFn) -> Self {
        // SAFETY: the function returns a static `TSLanguage`, whose version says that it has this layout. What is read is
        // what tree-sitter reads for the states and symbols that the grammar says it has.
        unsafe {
            let language = language.into_raw()().cast::<Language>();
            assert!(VERSIONS.contains(&(*language).abi_version), "the layout of this version is not known");
            let language = &*language;
            let (states, large) = (language.state_count as usize, language.large_state_count as usize);
            let map = slice(language.small_parse_table_map, states - large);
            let ends = map.iter().map(|&start| group_end(language.small_parse_table, start as usize));
            let mut tables = Self {
                symbol_count: language.symbol_count,
                state_count: language.state_count,
                large_state_count: language.large_state_count,
                parse_table: slice(language.parse_table, large * language.symbol_count as usize).to_vec(),
                small_parse_table: slice(language.small_parse_table, ends.max().unwrap_or(0)).to_vec(),
                small_parse_table_map: map.to_vec(),
                parse_actions: Vec::new(),
            };
            let lists = tables.action_lists(language.token_count as usize);
            let ends =
                lists.map(|start| start + 1 + usize::from((*language.parse_actions.add(start))[0].to_ne_bytes()[0]));
            let end = ends.max().unwrap_or(0);
            tables.parse_actions = slice(language.parse_actions, end).to_vec();
            tables
        }
    }

    /// Where the lists of actions begin that the tables name. For tokens these are what the tables have; for other symbols
    /// they have states.
    fn action_lists(&self, tokens: usize) -> impl Iterator<Item = usize> {
        let rows = self.parse_table.chunks_exact(self.symbol_count as usize);
        let large = rows.flat_map(move |row| row[..tokens].iter().copied());
        let small = self.small_parse_table_map.iter().flat_map(move |&start| {
            let mut rest = &self.small_parse_table[start as usize + 1..];
            (0..self.small_parse_table[start as usize]).filter_map(move |_| {
                let (value, count) = (rest[0], usize::from(rest[1]));
                let symbols = &rest[2..2 + count];
                rest = &rest[2 + count..];
                symbols.iter().any(|&symbol| usize::from(symbol) < tokens).then_some(value)
            })
        });
        large.chain(small).map(usize::from)
    }

    /// How many words of 32 bits the tables are.
    pub fn words(&self) -> usize {
        let halves = self.parse_table.len() + self.small_parse_table.len();
        self.small_parse_table_map.len() + 2 * self.parse_actions.len() + halves.div_ceil(2)
    }

    /// The tables in the order in which `code` finds them again, compressed.
    pub fn packed(&self) -> Vec<u8> {
        let words = self.small_parse_table_map.iter().flat_map(|word| word.to_ne_bytes());
        let halves = self.parse_actions.iter().flatten().chain(&self.parse_table).chain(&self.small_parse_table);
        let mut bytes: Vec<u8> = words.chain(halves.flat_map(|half| half.to_ne_bytes())).collect();
        bytes.resize(4 * self.words(), 0);
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&bytes).and_then(|()| encoder.finish()).expect("memory can be written to")
    }
}

/// Where the groups end that begin at `start`.
unsafe fn group_end(table: *const u16, start: usize) -> usize {
    // SAFETY: the caller has the start of a state's groups, which say themselves how long they are.
    unsafe {
        let groups = *table.add(start);
        (0..groups).fold(start + 1, |at, _| at + 2 + usize::from(*table.add(at + 1)))
    }
}

/// A table of a grammar, which may have no entries and then lie nowhere.
unsafe fn slice<'a, T>(table: *const T, length: usize) -> &'a [T] {
    match length {
        0 => &[],
        // SAFETY: the caller knows how long the table is.
        _ => unsafe { std::slice::from_raw_parts(table, length) },
    }
}
