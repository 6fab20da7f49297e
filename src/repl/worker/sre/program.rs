//! The tree of a pattern, read from the code that Python's compiler makes of it.
//!
//! The code says what a pattern means after everything is resolved: flags, the borders of sets, the case of letters.

use super::char_set::{CharSet, category, range_or_upper};
use rustpython_sre_engine::{SreAtCode, SreCatCode, SreOpcode};

/// How deep groups may lie in each other.
const MAX_DEPTH: usize = 200;

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// One character of a set.
    Class(CharSet),
    At(SreAtCode),
    /// Where a group starts or ends.
    Mark(u32),
    Sequence(Vec<Self>),
    Branches(Vec<Self>),
    Repeat {
        body: Box<Self>,
        min: u32,
        /// [`UNLIMITED`] for no limit.
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
    /// What a group has matched once more; `opcode` says how cases are compared.
    Reference {
        opcode: SreOpcode,
        group: u32,
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

/// The largest number in code, and `re`'s way to say that a repetition has no limit.
pub const UNLIMITED: u32 = u32::MAX;

/// A pattern and what was noticed while reading it.
#[derive(Debug, Clone, PartialEq)]
pub struct Program {
    pub root: Node,
    /// Whether it asks for letters, digits or borders of words by Unicode's rules.
    pub has_unicode_classes: bool,
}

impl Program {
    /// Reads code. Code that a program made up itself may be nonsense: then there is no tree.
    pub fn decode(code: &[u32]) -> Option<Self> {
        let mut reader = Reader { code, at: 0, depth: 0, has_unicode_classes: false };
        if reader.opcode()? == SreOpcode::INFO {
            reader.at = reader.target(1)?;
        }
        let root = reader.sequence(code.len())?;
        (reader.at == code.len()).then_some(Self { root, has_unicode_classes: reader.has_unicode_classes })
    }
}

struct Reader<'a> {
    code: &'a [u32],
    at: usize,
    depth: usize,
    has_unicode_classes: bool,
}

impl Reader<'_> {
    fn word(&self, offset: usize) -> Option<u32> {
        self.code.get(self.at + offset).copied()
    }

    fn opcode(&self) -> Option<SreOpcode> {
        SreOpcode::try_from(self.word(0)?).ok()
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
                SreOpcode::JUMP => break,
                SreOpcode::SUCCESS => {
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

    fn node(&mut self, opcode: SreOpcode) -> Option<Node> {
        use SreOpcode as Op;
        let argument = self.word(1);
        Some(match opcode {
            Op::FAILURE => self.take(1, Node::Failure),
            Op::ANY => self.take(1, Node::Class(CharSet::of('\n'.into()).complement())),
            Op::ANY_ALL => self.take(1, Node::Class(CharSet::all())),
            Op::LITERAL => self.take(2, Node::Class(CharSet::of(argument?))),
            Op::NOT_LITERAL => self.take(2, Node::Class(CharSet::of(argument?).complement())),
            Op::LITERAL_IGNORE => self.take(2, Node::Class(CharSet::of(argument?).ignoring_ascii_case())),
            Op::NOT_LITERAL_IGNORE => {
                self.take(2, Node::Class(CharSet::of(argument?).ignoring_ascii_case().complement()))
            }
            Op::LITERAL_UNI_IGNORE => self.take(2, Node::Class(CharSet::of(argument?).ignoring_case())),
            Op::NOT_LITERAL_UNI_IGNORE => {
                self.take(2, Node::Class(CharSet::of(argument?).ignoring_case().complement()))
            }
            Op::CATEGORY => {
                let class = self.category(argument?)?;
                self.take(2, Node::Class(class))
            }
            Op::IN => Node::Class(self.set()?),
            Op::IN_IGNORE => Node::Class(self.set()?.ignoring_ascii_case()),
            Op::IN_UNI_IGNORE => Node::Class(self.set()?.ignoring_case()),
            Op::MARK => self.take(2, Node::Mark(argument?)),
            Op::AT => {
                let code = SreAtCode::try_from(argument?).ok()?;
                self.has_unicode_classes |= matches!(code, SreAtCode::UNI_BOUNDARY | SreAtCode::UNI_NON_BOUNDARY);
                self.take(2, Node::At(code))
            }
            Op::GROUPREF | Op::GROUPREF_IGNORE | Op::GROUPREF_UNI_IGNORE | Op::GROUPREF_LOC_IGNORE => {
                self.take(2, Node::Reference { opcode, group: argument? })
            }
            Op::BRANCH => self.branches()?,
            Op::REPEAT | Op::REPEAT_ONE | Op::MIN_REPEAT_ONE | Op::POSSESSIVE_REPEAT | Op::POSSESSIVE_REPEAT_ONE => {
                self.repeat(opcode)?
            }
            Op::ASSERT | Op::ASSERT_NOT => {
                let (back, end) = (self.word(2)?, self.target(1)?);
                Node::Assert { body: self.body(3, end)?, back, negated: opcode == Op::ASSERT_NOT }
            }
            Op::ATOMIC_GROUP => {
                let end = self.target(1)?;
                Node::Atomic(self.body(2, end)?)
            }
            Op::GROUPREF_EXISTS => self.conditional()?,
            // Locales, and what stands only inside of other nodes.
            _ => return None,
        })
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

    fn repeat(&mut self, opcode: SreOpcode) -> Option<Node> {
        let (min, max, end) = (self.word(2)?, self.word(3)?, self.target(1)?);
        let body = self.body(4, end)?;
        let kind = match opcode {
            SreOpcode::REPEAT_ONE => Repeat::Greedy,
            SreOpcode::MIN_REPEAT_ONE => Repeat::Lazy,
            SreOpcode::POSSESSIVE_REPEAT_ONE => Repeat::Possessive,
            _ => {
                // What ends a longer body says of which kind it is.
                let kind = match self.opcode()? {
                    SreOpcode::MAX_UNTIL => Repeat::Greedy,
                    SreOpcode::MIN_UNTIL => Repeat::Lazy,
                    SreOpcode::SUCCESS => Repeat::Possessive,
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
        let no = if self.at < behind_yes && self.opcode()? == SreOpcode::JUMP {
            let end = self.target(1)?;
            self.body(2, end)?
        } else {
            Box::new(Node::Sequence(Vec::new()))
        };
        Some(Node::Conditional { group, yes, no })
    }

    fn category(&mut self, code: u32) -> Option<CharSet> {
        use SreCatCode as Cat;
        let code = SreCatCode::try_from(code).ok()?;
        self.has_unicode_classes |=
            matches!(code, Cat::UNI_DIGIT | Cat::UNI_NOT_DIGIT | Cat::UNI_WORD | Cat::UNI_NOT_WORD);
        category(code)
    }

    /// The set of an opcode that is followed by a skip.
    fn set(&mut self) -> Option<CharSet> {
        let end = self.target(1)?;
        self.at += 2;
        let negated = self.opcode()? == SreOpcode::NEGATE;
        self.at += usize::from(negated);
        let mut ranges = Vec::new();
        loop {
            let words = match self.opcode()? {
                SreOpcode::FAILURE => break,
                SreOpcode::LITERAL => {
                    ranges.push((self.word(1)?, self.word(1)?));
                    2
                }
                SreOpcode::RANGE => {
                    ranges.push((self.word(1)?, self.word(2)?));
                    3
                }
                SreOpcode::RANGE_UNI_IGNORE => {
                    ranges.extend(range_or_upper(self.word(1)?, self.word(2)?));
                    3
                }
                SreOpcode::CATEGORY => {
                    let class = self.category(self.word(1)?)?;
                    ranges.extend(class.ranges());
                    2
                }
                SreOpcode::CHARSET => {
                    ranges.extend(bits(self.code.get(self.at + 1..self.at + 9)?, 0));
                    9
                }
                SreOpcode::BIGCHARSET => self.big_set(&mut ranges)?,
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

/// The numbers of the bits that are set, each with `base` added.
fn bits(words: &[u32], base: u32) -> impl Iterator<Item = (u32, u32)> {
    let positions = words.iter().zip(0..).flat_map(|(&word, number)| {
        (0..u32::BITS).filter(move |bit| word & (1 << bit) != 0).map(move |bit| number * u32::BITS + bit)
    });
    positions.map(move |position| (base + position, base + position))
}
