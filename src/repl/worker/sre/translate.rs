//! A pattern as an expression of the crate `regex-syntax`.
//!
//! Its engines know no references to groups, no look around and no atomic groups, and end the repetition of nothing by
//! another rule. Where a pattern has those, the expression leaves a condition out: it matches more, but wherever the
//! pattern matches, it does too.

use super::{
    char_set::CharSet,
    code::UNLIMITED,
    tree::{Anchor, Letters, Node, Repeat},
};
use regex_syntax::hir::{
    Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Dot, Hir, HirKind, Look, Repetition,
};

/// What a subject is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// ASCII characters, one byte each.
    Ascii,
    /// Characters in UTF-8.
    Unicode,
    /// Bytes of any value.
    Bytes,
}

/// An expression for a pattern.
#[derive(Debug)]
pub struct Translation {
    pub expression: Hir,
    /// Whether it matches exactly what the pattern matches; else it may match more.
    pub is_exact: bool,
}

pub fn translate(root: &Node, alphabet: Alphabet) -> Translation {
    let mut translator = Translator { alphabet, is_exact: true };
    let expression = translator.expression(root);
    Translation { expression, is_exact: translator.is_exact }
}

struct Translator {
    alphabet: Alphabet,
    is_exact: bool,
}

impl Translator {
    fn expression(&mut self, node: &Node) -> Hir {
        match node {
            Node::Class(set) => Hir::class(self.class(set)),
            Node::At(at) => self.at(*at),
            Node::Mark(_) => Hir::empty(),
            Node::Sequence(nodes) => Hir::concat(nodes.iter().map(|node| self.expression(node)).collect()),
            Node::Branches(nodes) => Hir::alternation(nodes.iter().map(|node| self.expression(node)).collect()),
            Node::Repeat { body, min, max, kind } => {
                let body = self.expression(body);
                // How often nothing is repeated is decided by another rule.
                self.is_exact &= *max <= 1 || !is_nullable(&body);
                self.is_exact &= *kind != Repeat::Possessive;
                let max = (*max != UNLIMITED).then_some(*max);
                Hir::repetition(Repetition { min: *min, max, greedy: *kind != Repeat::Lazy, sub: Box::new(body) })
            }
            Node::Assert { .. } => self.without(Hir::empty()),
            Node::Atomic(body) => {
                let body = self.expression(body);
                self.without(body)
            }
            Node::Reference { .. } => {
                let anything = Hir::dot(match self.alphabet {
                    Alphabet::Unicode => Dot::AnyChar,
                    Alphabet::Ascii | Alphabet::Bytes => Dot::AnyByte,
                });
                self.without(any_number(anything))
            }
            Node::Conditional { yes, no, .. } => {
                let either = Hir::alternation(vec![self.expression(yes), self.expression(no)]);
                self.without(either)
            }
            Node::Failure => Hir::fail(),
        }
    }

    /// An expression that leaves a condition out.
    fn without(&mut self, expression: Hir) -> Hir {
        self.is_exact = false;
        expression
    }

    fn at(&mut self, at: Anchor) -> Hir {
        match at {
            Anchor::Start => Hir::look(Look::Start),
            Anchor::StartOfLine => Hir::look(Look::StartLF),
            Anchor::EndOfLine => Hir::look(Look::EndLF),
            Anchor::End => Hir::look(Look::End),
            // Only before the last line feed, not before every one.
            Anchor::EndOfLastLine => self.without(Hir::look(Look::EndLF)),
            Anchor::Boundary { letters, negated } if letters == Letters::Ascii || self.alphabet == Alphabet::Ascii => {
                Hir::look(if negated { Look::WordAsciiNegate } else { Look::WordAscii })
            }
            // The fast engines do not know borders of words outside of ASCII.
            Anchor::Boundary { .. } => self.without(Hir::empty()),
        }
    }

    fn class(&self, set: &CharSet) -> Class {
        let ranges = set.ranges().iter();
        let bytes_up_to = |largest: u8| {
            let ranges = set.ranges().iter().filter_map(|&(first, last)| {
                let first = u8::try_from(first).ok().filter(|&first| first <= largest)?;
                Some(ClassBytesRange::new(first, u8::try_from(last).unwrap_or(largest).min(largest)))
            });
            Class::Bytes(ClassBytes::new(ranges))
        };
        match self.alphabet {
            Alphabet::Ascii => bytes_up_to(0x7f),
            Alphabet::Bytes => bytes_up_to(0xff),
            // Lone surrogates are no characters and do not occur in UTF-8.
            Alphabet::Unicode => Class::Unicode(ClassUnicode::new(ranges.flat_map(|&(first, last)| {
                let below = char::from_u32(first).zip(char::from_u32(last.min(0xd7ff)));
                let above = char::from_u32(first.max(0xe000)).zip(char::from_u32(last));
                let whole = char::from_u32(first).zip(char::from_u32(last)).filter(|_| last < 0xd800 || first > 0xdfff);
                let parts = if whole.is_some() { [whole, None] } else { [below, above] };
                parts
                    .into_iter()
                    .flatten()
                    .filter(|(first, last)| first <= last)
                    .map(|(first, last)| ClassUnicodeRange::new(first, last))
            }))),
        }
    }
}

fn any_number(expression: Hir) -> Hir {
    Hir::repetition(Repetition { min: 0, max: None, greedy: true, sub: Box::new(expression) })
}

/// Whether an expression matches nothing at all.
pub fn is_nullable(expression: &Hir) -> bool {
    expression.properties().minimum_len() == Some(0)
}

/// The longest beginning of an expression that matches at most `limit` bytes: wherever the expression matches, its
/// beginning does.
pub fn bounded_head(expression: &Hir, limit: usize) -> Hir {
    head(expression, limit).0
}

/// The beginning, and whether it is everything.
fn head(expression: &Hir, limit: usize) -> (Hir, bool) {
    if is_bounded(expression, limit) {
        return (expression.clone(), true);
    }
    let head = match expression.kind() {
        HirKind::Repetition(repetition) if is_bounded(&repetition.sub, limit / (repetition.min as usize).max(1)) => {
            Hir::repetition(Repetition { max: Some(repetition.min), ..repetition.clone() })
        }
        HirKind::Concat(parts) => {
            let mut heads = Vec::new();
            let mut left = limit;
            for part in parts {
                let (head, is_everything) = head(part, left);
                left -= head.properties().maximum_len().unwrap_or(0);
                heads.push(head);
                if !is_everything {
                    break;
                }
            }
            Hir::concat(heads)
        }
        HirKind::Alternation(branches) => {
            Hir::alternation(branches.iter().map(|branch| head(branch, limit).0).collect())
        }
        _ => Hir::empty(),
    };
    (head, false)
}

/// Whether all matches have at most `limit` bytes. An expression without matches has no longest one.
pub fn is_bounded(expression: &Hir, limit: usize) -> bool {
    let properties = expression.properties();
    properties.minimum_len().is_none() || properties.maximum_len().is_some_and(|len| len <= limit)
}

/// The ASCII characters that occur in no match.
pub fn never_inside(expression: &Hir) -> [bool; 128] {
    let mut never = [true; 128];
    exclude(expression, &mut never);
    never
}

fn exclude(expression: &Hir, never: &mut [bool; 128]) {
    let mut used = |first: u32, last: u32| {
        for byte in first..=last.min(127) {
            never[byte as usize] = false;
        }
    };
    match expression.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => literal.0.iter().for_each(|&byte| used(byte.into(), byte.into())),
        HirKind::Class(Class::Unicode(class)) => {
            class.iter().for_each(|range| used(range.start().into(), range.end().into()));
        }
        HirKind::Class(Class::Bytes(class)) => {
            class.iter().for_each(|range| used(range.start().into(), range.end().into()));
        }
        HirKind::Repetition(repetition) => exclude(&repetition.sub, never),
        HirKind::Capture(capture) => exclude(&capture.sub, never),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().for_each(|part| exclude(part, never)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expression(pattern: &str) -> Hir {
        regex_syntax::parse(pattern).unwrap()
    }

    #[test]
    fn heads_are_beginnings_of_limited_length() {
        for (whole, beginning) in [
            ("abc", "abc"),
            (r#""[^"]*""#, r#"""#),
            ("<[^>]+>", "<[^>]"),
            ("(?s:a{2,4}b.*c)", "a{2,4}b"),
            ("(?s:a.*|bc)", "a|bc"),
            ("(?s:.*)a", ""),
            ("(?:ab){3,}", "(?:ab){3}"),
        ] {
            assert_eq!(bounded_head(&expression(whole), 100), expression(beginning), "{whole}");
        }
        assert_eq!(bounded_head(&expression("a{60}b{60}c"), 100), expression("a{60}"));
    }

    #[test]
    fn what_occurs_in_no_match_is_known() {
        let inside = |pattern, byte: u8| !never_inside(&expression(pattern))[usize::from(byte)];
        assert!(!inside("^.*é$", b'\n') && inside("^.*é$", b'x'));
        assert!(!inside(r"\w+", b' ') && !inside("[^,]*", b',') && inside("[^,]*", b'\n'));
        assert!(inside("abc", b'b') && !inside("abc", b'd'));
    }
}
