//! The words of the code that Python's compiler makes of patterns: `Lib/re/_constants.py` for this program.

/// An enumeration whose variants stand for the numbers from 0 on.
macro_rules! numbered {
    ($(#[$about:meta])* $name:ident { $($variant:ident),* $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($variant),*
        }

        impl $name {
            /// What a word of code stands for.
            pub fn of(word: u32) -> Option<Self> {
                const ALL: &[$name] = &[$($name::$variant),*];
                ALL.get(usize::try_from(word).ok()?).copied()
            }
        }
    };
}

numbered! {
    /// What to do.
    Opcode {
        Failure,
        Success,
        Any,
        AnyAll,
        Assert,
        AssertNot,
        At,
        Branch,
        Category,
        Charset,
        BigCharset,
        GroupRef,
        GroupRefExists,
        In,
        Info,
        Jump,
        Literal,
        Mark,
        MaxUntil,
        MinUntil,
        NotLiteral,
        Negate,
        Range,
        Repeat,
        RepeatOne,
        Subpattern,
        MinRepeatOne,
        AtomicGroup,
        PossessiveRepeat,
        PossessiveRepeatOne,
        GroupRefIgnore,
        InIgnore,
        LiteralIgnore,
        NotLiteralIgnore,
        GroupRefLocIgnore,
        InLocIgnore,
        LiteralLocIgnore,
        NotLiteralLocIgnore,
        GroupRefUniIgnore,
        InUniIgnore,
        LiteralUniIgnore,
        NotLiteralUniIgnore,
        RangeUniIgnore,
    }
}

numbered! {
    /// A place without characters.
    AtCode {
        Beginning,
        BeginningLine,
        BeginningString,
        Boundary,
        NonBoundary,
        End,
        EndLine,
        EndString,
        LocBoundary,
        LocNonBoundary,
        UniBoundary,
        UniNonBoundary,
    }
}

numbered! {
    /// A class of characters.
    CategoryCode {
        Digit,
        NotDigit,
        Space,
        NotSpace,
        Word,
        NotWord,
        LineBreak,
        NotLineBreak,
        LocWord,
        LocNotWord,
        UniDigit,
        UniNotDigit,
        UniSpace,
        UniNotSpace,
        UniWord,
        UniNotWord,
        UniLineBreak,
        UniNotLineBreak,
    }
}

/// The version of the code.
pub const MAGIC: usize = 20_230_612;

/// The bytes of a word.
pub const CODESIZE: usize = size_of::<u32>();

/// The largest number in code, and `re`'s way to say that a repetition has no limit.
pub const UNLIMITED: u32 = u32::MAX;

/// The flags of a pattern, each a bit, in ascending order; there is none for the first bit.
pub const FLAGS: [(u16, &str); 8] = [
    (2, "IGNORECASE"),
    (LOCALE, "LOCALE"),
    (8, "MULTILINE"),
    (16, "DOTALL"),
    (UNICODE, "UNICODE"),
    (64, "VERBOSE"),
    (128, "DEBUG"),
    (ASCII, "ASCII"),
];
pub const LOCALE: u16 = 4;
pub const UNICODE: u16 = 32;
pub const ASCII: u16 = 256;
