//! The literal text that all matches of a pattern begin with.
//!
//! The engine looks for it one character at a time; a search with vector instructions is some ten times faster.

use super::haystack::Haystack;
use memchr::memmem::Finder;
use rustpython_sre_engine::{Request, SreInfo, SreOpcode, State};

/// Finds where a match may begin.
///
/// The finder is boxed because its vectors are aligned to 32 bytes: the interpreter finds the weak references of an
/// object at a fixed distance before it, which fails for payloads that are aligned above 8.
#[derive(Debug)]
pub struct LiteralPrefix(Box<Finder<'static>>);

impl LiteralPrefix {
    /// Reads the prefix from the information block at the start of a compiled pattern:
    /// `INFO skip flags min max prefix_length prefix_skip prefix...`.
    pub fn of_pattern(code: &[u32], is_bytes: bool) -> Option<Self> {
        let &[info, _skip, flags, _min, _max, length, _prefix_skip, ref rest @ ..] = code else {
            return None;
        };
        if info != SreOpcode::INFO as u32 || !SreInfo::from_bits_truncate(flags).contains(SreInfo::PREFIX) {
            return None;
        }
        let prefix = rest.get(..usize::try_from(length).ok()?)?;
        let bytes: Vec<u8> = if is_bytes {
            prefix.iter().map(|&byte| u8::try_from(byte).ok()).collect::<Option<_>>()?
        } else {
            prefix.iter().map(|&char| char::from_u32(char)).collect::<Option<String>>()?.into_bytes()
        };
        (!bytes.is_empty()).then(|| Self(Box::new(Finder::new(&bytes).into_owned())))
    }

    /// Like [`State::search`], but tries the pattern only where the prefix occurs.
    pub fn search<H: Haystack>(&self, mut request: Request<'_, H>, state: &mut State) -> bool {
        // A match that begins with the prefix is not empty, so it always advances.
        request.must_advance = false;
        let haystack = request.string;
        let end = haystack.byte_of(request.end);
        let mut start = haystack.byte_of(request.start);
        while let Some(offset) = self.0.find(&haystack.bytes()[start..end]) {
            let candidate = start + offset;
            request.start = haystack.position_of(candidate);
            state.cursor = haystack.cursor_at(candidate, request.start);
            state.reset(&request, request.start);
            if state.py_match(&request) {
                return true;
            }
            // A prefix never begins inside a character, so going on behind its first byte misses nothing.
            start = candidate + 1;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(flags: u32, prefix: &[u32]) -> Vec<u32> {
        let header = [SreOpcode::INFO as u32, 0, flags, 1, 9, prefix.len() as u32, 0];
        [&header, prefix].concat()
    }

    #[test]
    fn the_prefix_is_read_in_the_encoding_of_the_subject() {
        let code = info(SreInfo::PREFIX.bits(), &[0xe9, 0x61]);
        let needle = |is_bytes| LiteralPrefix::of_pattern(&code, is_bytes).unwrap().0.needle().to_vec();
        assert_eq!(needle(false), "éa".as_bytes());
        assert_eq!(needle(true), [0xe9, 0x61]);
    }

    #[test]
    fn damaged_code_has_no_prefix() {
        let mut too_long = info(SreInfo::PREFIX.bits(), &[0x61]);
        too_long[5] = 7;
        let surrogate = info(SreInfo::PREFIX.bits(), &[0xd800]);
        for code in [vec![], too_long, surrogate, info(0, &[0x61]), info(SreInfo::PREFIX.bits(), &[])] {
            assert!(LiteralPrefix::of_pattern(&code, false).is_none(), "{code:?}");
        }
    }
}
