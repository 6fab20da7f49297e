//! What the program's file holds.

use std::{fs::File, os::unix::fs::FileExt};

/// The most bytes of constants. The parse tables of grammars (see `grammars/build.rs`) are 35 MB before compression.
const MOST_CONSTANTS: u64 = 20_000_000;

/// The size of the section `.rodata` of a file in the format ELF of 64 bits, in the order of bytes of this machine.
fn constants(path: &str) -> u64 {
    let file = File::open(path).expect("the program is there");
    let bytes = |at: u64, length: u64| {
        let mut bytes = vec![0; usize::try_from(length).expect("a part of a file")];
        file.read_exact_at(&mut bytes, at).expect("the file has this part");
        bytes
    };
    let number = |bytes: &[u8]| u64::from_ne_bytes(bytes.try_into().expect("eight bytes"));
    let short = |bytes: &[u8]| u64::from(u16::from_ne_bytes(bytes.try_into().expect("two bytes")));
    let head = bytes(0, 64);
    assert_eq!(head[..5], *b"\x7fELF\x02");
    let (table, size, count, names) =
        (number(&head[40..48]), short(&head[58..60]), short(&head[60..62]), short(&head[62..64]));
    let section = |index: u64| bytes(table + index * size, size);
    let names = section(names);
    let names = bytes(number(&names[24..32]), number(&names[32..40]));
    let is_constants = |section: &Vec<u8>| {
        let name = u32::from_ne_bytes(section[..4].try_into().expect("four bytes"));
        names[name as usize..].starts_with(b".rodata\0")
    };
    let found = (0..count).map(section).find(is_constants).expect("a program has constants");
    number(&found[32..40])
}

#[test]
fn parse_tables_are_compressed() {
    let constants = constants(env!("CARGO_BIN_EXE_rlm"));
    assert!(constants < MOST_CONSTANTS, "the program has {constants} bytes of constants");
}
