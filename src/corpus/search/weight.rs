//! How many tenths of an occurrence in a passage's code an occurrence counts for, by where it is.

pub(super) const CODE: u32 = 10;
pub(super) const COMMENT: u32 = 10;
/// In an example inside of a comment, which is about everything at once.
pub(super) const EXAMPLE: u32 = 3;
/// In the name of what the passage defines.
pub(super) const NAME: u32 = 35;
/// In the name of what the passage continues or lies in.
pub(super) const OUTER_NAME: u32 = 3;
/// In the comment on the type whose method the passage is.
pub(super) const OUTER_COMMENT: u32 = 2;

/// The most times that a term is counted in one name.
const IN_NAME: u32 = 3;

/// How often a term occurs in a passage, weighted by where and in tenths, and how often in the name of what it defines.
pub(super) const fn weighed(tenths: u32, in_name: u32) -> u32 {
    tenths << 2 | if in_name < IN_NAME { in_name } else { IN_NAME }
}

/// The two numbers that `value` was made of.
pub(super) fn unweighed(value: u32) -> (u32, u32) {
    (value >> 2, value & IN_NAME)
}

/// How many of the terms of a name are counted, if one of them occurs `times` times in it.
pub(super) fn counted_in_name(times: u32) -> u32 {
    times.min(IN_NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_what_they_are_made_of() {
        assert_eq!(unweighed(weighed(12, 1)), (12, 1));
        assert_eq!(unweighed(weighed(0, 9)), (0, 3));
    }
}
