//! The case of characters, one for one, as `re` compares them.

/// Which characters are the same when a group is matched once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    Exact,
    /// The letters of ASCII in both cases.
    IgnoredInAscii,
    /// All letters in both cases.
    Ignored,
}

impl Case {
    /// What stands for a character and for those that are the same.
    pub fn fold(self, char: u32) -> u32 {
        match self {
            Self::Exact => char,
            Self::IgnoredInAscii => lower_ascii(char),
            Self::Ignored => lower_unicode(char),
        }
    }
}

pub fn lower_ascii(char: u32) -> u32 {
    u8::try_from(char).map_or(char, |byte| byte.to_ascii_lowercase().into())
}

pub fn upper_ascii(char: u32) -> u32 {
    u8::try_from(char).map_or(char, |byte| byte.to_ascii_uppercase().into())
}

pub fn lower_unicode(char: u32) -> u32 {
    char::from_u32(char).and_then(|char| char.to_lowercase().next()).map_or(char, u32::from)
}

pub fn upper_unicode(char: u32) -> u32 {
    char::from_u32(char).and_then(|char| char.to_uppercase().next()).map_or(char, u32::from)
}
