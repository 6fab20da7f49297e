//! A class of bytes, as git reads it: `[a-z]`, `[!0-9]`, `[[:alpha:]_]`.

use super::BadGlob;

/// The bytes of a class, one bit each. A slash is never among them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Class([u64; 4]);

/// What may stand in a class.
enum Item {
    Byte(u8),
    Range(u8, u8),
    Named(fn(u8) -> bool),
    /// Letters of one case, which are of both where case does not matter.
    Upper,
}

impl Class {
    /// Reads a class behind its opening bracket, and says how long it is with the closing one.
    pub fn parse(glob: &[u8], ignore_case: bool) -> Result<(Self, usize), BadGlob> {
        let negated = matches!(glob.first(), Some(b'!' | b'^'));
        let mut at = usize::from(negated);
        let mut items = Vec::new();
        // The first bracket closes nothing. Nothing begins a range that is itself the end of one, or a name.
        let (mut is_first, mut before) = (true, None);
        loop {
            let rest = glob.get(at..).filter(|rest| !rest.is_empty()).ok_or(BadGlob)?;
            let (item, length) = match rest {
                [b']', ..] if !is_first => break,
                [b'\\', byte, ..] => (Item::Byte(*byte), 2),
                [b'\\'] => return Err(BadGlob),
                [b'-', b'\\', last, ..] if before.is_some() => (Item::Range(before.unwrap_or(0), *last), 3),
                [b'-', last, ..] if before.is_some() && *last != b']' => (Item::Range(before.unwrap_or(0), *last), 2),
                [b'[', b':', name @ ..] => match name.split(|&byte| byte == b']').next() {
                    Some(inside) if inside.len() == name.len() => return Err(BadGlob),
                    Some([inside @ .., b':']) => (named(inside)?, inside.len() + 4),
                    _ => (Item::Byte(b'['), 1),
                },
                [byte, ..] => (Item::Byte(*byte), 1),
                [] => return Err(BadGlob),
            };
            before = if let Item::Byte(byte) = item { Some(byte) } else { None };
            items.push(item);
            at += length;
            is_first = false;
        }
        let mut bits = [0; 4];
        for byte in (0..=u8::MAX).filter(|&byte| byte != b'/') {
            if items.iter().any(|item| item.has(byte, ignore_case)) != negated {
                bits[usize::from(byte >> 6)] |= 1_u64 << (byte & 63);
            }
        }
        Ok((Self(bits), at + 1))
    }

    pub fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }
}

impl Item {
    fn has(&self, byte: u8, ignore_case: bool) -> bool {
        match self {
            Self::Byte(own) => *own == byte,
            Self::Range(first, last) => {
                let has = |byte| (*first..=*last).contains(&byte);
                has(byte) || ignore_case && byte.is_ascii_lowercase() && has(byte.to_ascii_uppercase())
            }
            Self::Named(has) => has(byte),
            Self::Upper => byte.is_ascii_uppercase() || ignore_case && byte.is_ascii_lowercase(),
        }
    }
}

fn named(name: &[u8]) -> Result<Item, BadGlob> {
    Ok(Item::Named(match name {
        b"alnum" => |byte| byte.is_ascii_alphanumeric(),
        b"alpha" => |byte| byte.is_ascii_alphabetic(),
        b"blank" => |byte| matches!(byte, b' ' | b'\t'),
        b"cntrl" => |byte| byte.is_ascii_control(),
        b"digit" => |byte| byte.is_ascii_digit(),
        b"graph" => |byte| byte.is_ascii_graphic(),
        b"lower" => |byte| byte.is_ascii_lowercase(),
        b"print" => |byte| matches!(byte, b' '..=b'~'),
        b"punct" => |byte| byte.is_ascii_punctuation(),
        b"space" => |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'),
        b"upper" => return Ok(Item::Upper),
        b"xdigit" => |byte| byte.is_ascii_hexdigit(),
        _ => return Err(BadGlob),
    }))
}
