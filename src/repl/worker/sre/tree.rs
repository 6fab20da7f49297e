//! The tree of a pattern, read from the code that Python's compiler makes of it.
//!
//! The code says what a pattern means after everything is resolved: flags, the borders of sets, the case of letters.

use super::{
    case::Case,
    char_set::{CharSet, category, range_or_upper},
    code::{AtCode, CategoryCode, Opcode},
};

/// How deep parts of a pattern may lie in each other. Python's compiler comes less deep before it raises
/// `RecursionError`.
const MAX_DEPTH: usize = 500;

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// One character of a set.
    Class(CharSet),
    At(Anchor),
    /// Where a group starts or ends.
    Mark(u32),
    Sequence(Vec<Self>),
    Branches(Vec<Self>),
    Repeat {
        body: Box<Self>,
        min: u32,
        /// [`UNLIMITED`](super::code::UNLIMITED) for no limit.
        max: u32,
        kind: Repeat,
    },
    /// Looks ahead, or `back` characters behind.
    Assert {
        body: Box<Self>,
        back: u32,
        negated: bool,
    },
    Atomic(Box<Self>),
    /// What a group has matched once more.
    Reference {
        group: u32,
        case: Case,
    },
    /// One of two, depending on whether a group has matched.
    Conditional {
        group: u32,
        yes: Box<Self>,
        no: Box<Self>,
    },
    Failure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    Greedy,
    Lazy,
    Possessive,
}

/// A place without characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Start,
    StartOfLine,
    /// The end of the text, or the line feed that it ends with.
    EndOfLastLine,
    EndOfLine,
    End,
    /// Between a letter and something else, or not.
    Boundary {
        letters: Letters,
        negated: bool,
    },
}

/// What the letters are whose borders are borders of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    Ascii,
    Unicode,
}

/// Reads code. Code that a program made up itself may be nonsense: then there is no tree.
pub fn decode(code: &[u32]) -> Option<Node> {
    let mut reader = Reader { code, at: 0, depth: 0 };
    if reader.opcode()? == Opcode::Info {
        reader.at = reader.target(1)?;
    }
    let root = reader.sequence(code.len())?;
    (reader.at == code.len()).then_some(root)
}

struct Reader<'a> {
    code: &'a [u32],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn word(&self, offset: usize) -> Option<u32> {
        self.code.get(self.at + offset).copied()
    }

    fn opcode(&self) -> Option<Opcode> {
        Opcode::of(self.word(0)?)
    }

    /// Where the skip that lies `offset` words ahead leads to.
    fn target(&self, offset: usize) -> Option<usize> {
        let target = (self.at + offset).checked_add(usize::try_from(self.word(offset)?).ok()?)?;
        (target <= self.code.len()).then_some(target)
    }

    /// Everything up to `end`, or up to the jump that ends a branch.
    fn sequence(&mut self, end: usize) -> Option<Node> {
        self.depth += 1;
        let mut nodes = Vec::new();
        while self.at < end {
            match self.opcode()? {
                Opcode::Jump => break,
                Opcode::Success => {
                    self.at += 1;
                    break;
                }
                opcode => nodes.push(self.node(opcode).filter(|_| self.depth <= MAX_DEPTH)?),
            }
        }
        self.depth -= 1;
        Some(match nodes.len() {
            1 => nodes.swap_remove(0),
            _ => Node::Sequence(nodes),
        })
    }

    /// The sequence that begins `offset` words ahead and reaches to `end`.
    fn body(&mut self, offset: usize, end: usize) -> Option<Box<Node>> {
        self.at += offset;
        if self.at > end || self.depth > MAX_DEPTH {
            return None;
        }
        let body = self.sequence(end)?;
        (self.at == end).then_some(Box::new(body))
    }

    fn node(&mut self, opcode: Opcode) -> Option<Node> {
        use Opcode as Op;
        let argument = self.word(1);
        let single = || argument.map(CharSet::of);
        Some(match opcode {
            Op::Failure => self.take(1, Node::Failure),
            Op::Any => self.take(1, Node::Class(CharSet::of('\n'.into()).complement())),
            Op::AnyAll => self.take(1, Node::Class(CharSet::all())),
            Op::Literal => self.class(single()?),
            Op::NotLiteral => self.class(single()?.complement()),
            Op::LiteralIgnore => self.class(single()?.ignoring_ascii_case()),
            Op::NotLiteralIgnore => self.class(single()?.ignoring_ascii_case().complement()),
            Op::LiteralUniIgnore => self.class(single()?.ignoring_case()),
            Op::NotLiteralUniIgnore => self.class(single()?.ignoring_case().complement()),
            Op::LiteralLocIgnore => self.class(single()?.ignoring_locale_case()),
            Op::NotLiteralLocIgnore => self.class(single()?.ignoring_locale_case().complement()),
            Op::Category => self.class(category(CategoryCode::of(argument?)?)?),
            Op::In => Node::Class(self.set()?),
            Op::InIgnore => Node::Class(self.set()?.ignoring_ascii_case()),
            Op::InUniIgnore => Node::Class(self.set()?.ignoring_case()),
            Op::InLocIgnore => Node::Class(self.set()?.ignoring_locale_case()),
            Op::Mark => self.take(2, Node::Mark(argument?)),
            Op::At => self.take(2, Node::At(anchor(AtCode::of(argument?)?))),
            Op::GroupRef => self.take(2, Node::Reference { group: argument?, case: Case::Exact }),
            Op::GroupRefIgnore | Op::GroupRefLocIgnore => {
                self.take(2, Node::Reference { group: argument?, case: Case::IgnoredInAscii })
            }
            Op::GroupRefUniIgnore => self.take(2, Node::Reference { group: argument?, case: Case::Ignored }),
            Op::Branch => self.branches()?,
            Op::Repeat | Op::RepeatOne | Op::MinRepeatOne | Op::PossessiveRepeat | Op::PossessiveRepeatOne => {
                self.repeat(opcode)?
            }
            Op::Assert | Op::AssertNot => {
                let (back, end) = (self.word(2)?, self.target(1)?);
                Node::Assert { body: self.body(3, end)?, back, negated: opcode == Op::AssertNot }
            }
            Op::AtomicGroup => {
                let end = self.target(1)?;
                Node::Atomic(self.body(2, end)?)
            }
            Op::GroupRefExists => self.conditional()?,
            // What stands only inside of other nodes.
            _ => return None,
        })
    }

    /// A class of an opcode with one argument.
    fn class(&mut self, set: CharSet) -> Node {
        self.take(2, Node::Class(set))
    }

    fn take(&mut self, words: usize, node: Node) -> Node {
        self.at += words;
        node
    }

    fn branches(&mut self) -> Option<Node> {
        let mut branches = Vec::new();
        self.at += 1;
        while self.word(0)? != 0 {
            // Each branch ends with a jump of two words.
            let next = self.target(0)?;
            branches.push(*self.body(1, next.checked_sub(2)?)?);
            self.at = next;
        }
        self.at += 1;
        Some(Node::Branches(branches))
    }

    fn repeat(&mut self, opcode: Opcode) -> Option<Node> {
        let (min, max, end) = (self.word(2)?, self.word(3)?, self.target(1)?);
        if min > max {
            return None;
        }
        let body = self.body(4, end)?;
        let kind = match opcode {
            Opcode::RepeatOne => Repeat::Greedy,
            Opcode::MinRepeatOne => Repeat::Lazy,
            Opcode::PossessiveRepeatOne => Repeat::Possessive,
            _ => {
                // What ends a longer body says of which kind it is.
                let kind = match self.opcode()? {
                    Opcode::MaxUntil => Repeat::Greedy,
                    Opcode::MinUntil => Repeat::Lazy,
                    Opcode::Success => Repeat::Possessive,
                    _ => return None,
                };
                self.at += 1;
                kind
            }
        };
        Some(Node::Repeat { body, min, max, kind })
    }

    fn conditional(&mut self) -> Option<Node> {
        let (group, behind_yes) = (self.word(1)?, self.target(2)?.checked_sub(1)?);
        self.at += 3;
        let yes = Box::new(self.sequence(behind_yes)?);
        let no = if self.at < behind_yes && self.opcode()? == Opcode::Jump {
            let end = self.target(1)?;
            self.body(2, end)?
        } else {
            Box::new(Node::Sequence(Vec::new()))
        };
        Some(Node::Conditional { group, yes, no })
    }

    /// The set of an opcode that is followed by a skip.
    fn set(&mut self) -> Option<CharSet> {
        let end = self.target(1)?;
        self.at += 2;
        let negated = self.opcode()? == Opcode::Negate;
        self.at += usize::from(negated);
        let mut ranges = Vec::new();
        loop {
            let words = match self.opcode()? {
                Opcode::Failure => break,
                Opcode::Literal => {
                    ranges.push((self.word(1)?, self.word(1)?));
                    2
                }
                Opcode::Range => {
                    ranges.push((self.word(1)?, self.word(2)?));
                    3
                }
                Opcode::RangeUniIgnore => {
                    ranges.extend(range_or_upper(self.word(1)?, self.word(2)?));
                    3
                }
                Opcode::Category => {
                    let class = category(CategoryCode::of(self.word(1)?)?)?;
                    ranges.extend(class.ranges());
                    2
                }
                Opcode::Charset => {
                    ranges.extend(bits(self.code.get(self.at + 1..self.at + 9)?, 0));
                    9
                }
                Opcode::BigCharset => self.big_set(&mut ranges)?,
                _ => return None,
            };
            self.at += words;
        }
        self.at += 1;
        let set = CharSet::new(ranges);
        (self.at == end).then(|| if negated { set.complement() } else { set })
    }

    /// A set of characters below 0x10000 in blocks of 256: the number of blocks, a byte for each upper half of a
    /// character that names its block, the blocks.
    fn big_set(&self, ranges: &mut Vec<(u32, u32)>) -> Option<usize> {
        let blocks = usize::try_from(self.word(1)?).ok()?;
        let names = self.code.get(self.at + 2..self.at + 66)?.iter().flat_map(|word| word.to_ne_bytes());
        for (upper, block) in names.enumerate() {
            let start = self.at + 66 + usize::from(block) * 8;
            ranges.extend(bits(self.code.get(start..start + 8)?, upper as u32 * 256));
        }
        blocks.checked_mul(8)?.checked_add(66)
    }
}

/// The places of the code. Locales are those that know the letters of ASCII.
fn anchor(code: AtCode) -> Anchor {
    let boundary = |letters, negated| Anchor::Boundary { letters, negated };
    match code {
        AtCode::Beginning | AtCode::BeginningString => Anchor::Start,
        AtCode::BeginningLine => Anchor::StartOfLine,
        AtCode::End => Anchor::EndOfLastLine,
        AtCode::EndLine => Anchor::EndOfLine,
        AtCode::EndString => Anchor::End,
        AtCode::Boundary | AtCode::LocBoundary => boundary(Letters::Ascii, false),
        AtCode::NonBoundary | AtCode::LocNonBoundary => boundary(Letters::Ascii, true),
        AtCode::UniBoundary => boundary(Letters::Unicode, false),
        AtCode::UniNonBoundary => boundary(Letters::Unicode, true),
    }
}

/// The numbers of the bits that are set, each with `base` added.
fn bits(words: &[u32], base: u32) -> impl Iterator<Item = (u32, u32)> {
    let positions = words.iter().zip(0..).flat_map(|(&word, number)| {
        (0..u32::BITS).filter(move |bit| word & (1 << bit) != 0).map(move |bit| number * u32::BITS + bit)
    });
    positions.map(move |position| (base + position, base + position))
}
