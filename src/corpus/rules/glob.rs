//! One glob, in a form that is small and that no path can make slow.
//!
//! Rules come with a repository, from anybody. As regular expressions, which is what the `ignore` crate makes of them,
//! some ten thousand take gigabytes. Here a glob takes a few bytes for each of its characters, and a path is looked at
//! once from its beginning to its end, with all places in the glob at which the match may stand (Thompson's
//! simulation), so the time is at most the product of both lengths. What a glob means is what it means to that crate; a
//! test compares them.

use std::{cell::RefCell, iter::Peekable, str::Chars};

/// A glob that is ready to be matched.
#[derive(Debug)]
pub(super) struct Glob {
    steps: Box<[Step]>,
    classes: Box<[Class]>,
}

/// What the next byte of a path may be, or where to go on without one.
#[derive(Debug, Clone, Copy)]
enum Step {
    Byte(u8),
    /// Any byte but a slash.
    Any,
    /// One of a class, by its number.
    Class(u16),
    /// Any number of bytes other than slashes.
    Star,
    /// Any number of bytes.
    DeepStar,
    /// Here, or further on by so many steps.
    Fork(u16),
    /// Further on by so many steps.
    Skip(u16),
    End,
}

/// Ranges of bytes.
#[derive(Debug, PartialEq, Eq)]
struct Class {
    negated: bool,
    ranges: Vec<(u8, u8)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Literal(char),
    Any,
    ZeroOrMore,
    /// `**/` at the beginning.
    RecursivePrefix,
    /// `/**` at the end.
    RecursiveSuffix,
    /// `/**/` between others.
    RecursiveBetween,
    Class(Class),
    Alternatives(Vec<Vec<Token>>),
}

/// The glob makes no sense, or is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadGlob;

impl Glob {
    pub fn new(glob: &str) -> Result<Self, BadGlob> {
        let tokens = Parser::new(glob).parse()?;
        let (mut steps, mut classes) = (Vec::with_capacity(glob.len() + 2), Vec::new());
        // Alone it matches everything.
        if tokens == [Token::RecursivePrefix] {
            steps.push(Step::DeepStar);
        } else {
            compile(tokens, &mut steps, &mut classes)?;
        }
        steps.push(Step::End);
        u16::try_from(steps.len()).map_err(|_| BadGlob)?;
        Ok(Self { steps: steps.into_boxed_slice(), classes: classes.into_boxed_slice() })
    }

    /// Whether some class of it may be a slash.
    pub fn has_wide_class(&self) -> bool {
        self.classes.iter().any(|class| class.has(b'/'))
    }

    pub fn matches(&self, path: &[u8]) -> bool {
        thread_local! {
            static PLACES: RefCell<(Places, Places)> = RefCell::default();
        }
        PLACES.with_borrow_mut(|(now, next)| {
            now.clear(self.steps.len());
            next.clear(self.steps.len());
            self.enter(0, now);
            for &byte in path {
                for at in 0..now.list.len() {
                    let place = now.list[at];
                    match self.steps[usize::from(place)] {
                        Step::Star if byte != b'/' => self.enter(place, next),
                        Step::DeepStar => self.enter(place, next),
                        step if self.takes(step, byte) => self.enter(place + 1, next),
                        _ => {}
                    }
                }
                std::mem::swap(now, next);
                next.clear(self.steps.len());
                if now.list.is_empty() {
                    return false;
                }
            }
            now.list.iter().any(|&place| matches!(self.steps[usize::from(place)], Step::End))
        })
    }

    /// Adds a place, and those that are reached from it without a byte.
    fn enter(&self, place: u16, places: &mut Places) {
        let mut open = Some(place);
        while let Some(place) = open.take().or_else(|| places.open.pop()) {
            if !places.add(place) {
                continue;
            }
            match self.steps[usize::from(place)] {
                Step::Star | Step::DeepStar => open = Some(place + 1),
                Step::Skip(length) => open = Some(place + length),
                Step::Fork(length) => {
                    places.open.push(place + length);
                    open = Some(place + 1);
                }
                _ => {}
            }
        }
    }

    /// Whether a step is done with this byte.
    fn takes(&self, step: Step, byte: u8) -> bool {
        match step {
            Step::Byte(own) => own == byte,
            Step::Any => byte != b'/',
            Step::Class(number) => self.classes[usize::from(number)].has(byte),
            Step::Star | Step::DeepStar | Step::Fork(_) | Step::Skip(_) | Step::End => false,
        }
    }
}

impl Class {
    fn has(&self, byte: u8) -> bool {
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&byte)) != self.negated
    }
}

/// Places in a glob, each once.
#[derive(Debug, Default)]
struct Places {
    list: Vec<u16>,
    /// For each place the round in which it was added last.
    added: Vec<u32>,
    round: u32,
    open: Vec<u16>,
}

impl Places {
    fn clear(&mut self, length: usize) {
        self.list.clear();
        if self.added.len() < length || self.round == u32::MAX {
            self.added.clear();
            self.added.resize(length.max(self.added.capacity()), 0);
            self.round = 0;
        }
        self.round += 1;
    }

    fn add(&mut self, place: u16) -> bool {
        let added = &mut self.added[usize::from(place)];
        let is_new = *added != self.round;
        if is_new {
            *added = self.round;
            self.list.push(place);
        }
        is_new
    }
}

fn compile(tokens: Vec<Token>, steps: &mut Vec<Step>, classes: &mut Vec<Class>) -> Result<(), BadGlob> {
    for token in tokens {
        match token {
            Token::Literal(character) => {
                steps.extend(character.encode_utf8(&mut [0; 4]).bytes().map(Step::Byte));
            }
            Token::Any => steps.push(Step::Any),
            Token::ZeroOrMore => steps.push(Step::Star),
            Token::RecursivePrefix => steps.extend([Step::Fork(3), Step::DeepStar, Step::Byte(b'/')]),
            Token::RecursiveSuffix => steps.extend([Step::Byte(b'/'), Step::DeepStar]),
            Token::RecursiveBetween => {
                steps.extend([Step::Byte(b'/'), Step::Fork(3), Step::DeepStar, Step::Byte(b'/')]);
            }
            Token::Class(class) => {
                steps.push(Step::Class(u16::try_from(classes.len()).map_err(|_| BadGlob)?));
                classes.push(class);
            }
            Token::Alternatives(alternatives) => either(alternatives, steps, classes)?,
        }
    }
    Ok(())
}

/// Alternatives that are nothing do not count.
fn either(alternatives: Vec<Vec<Token>>, steps: &mut Vec<Step>, classes: &mut Vec<Class>) -> Result<(), BadGlob> {
    let length = |from: usize, to: usize| u16::try_from(to - from).map_err(|_| BadGlob);
    let mut ways = Vec::new();
    for alternative in alternatives {
        let mut way = Vec::new();
        compile(alternative, &mut way, classes)?;
        if !way.is_empty() {
            ways.push(way);
        }
    }
    let Some(last) = ways.pop() else { return Ok(()) };
    let mut ends = Vec::new();
    for way in ways {
        steps.push(Step::Fork(length(0, way.len() + 2)?));
        steps.extend(way);
        ends.push(steps.len());
        steps.push(Step::Skip(0));
    }
    steps.extend(last);
    for end in ends {
        steps[end] = Step::Skip(length(end, steps.len())?);
    }
    Ok(())
}

/// Reads globs as `globset` does.
struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
    before: Option<char>,
    current: Option<char>,
    /// The alternatives that are open, and where in them those of each pair of braces begin.
    branches: Vec<Vec<Token>>,
    braces: Vec<usize>,
    /// Whether a bracket was found that nothing closes. From then on brackets are letters.
    has_open_bracket: bool,
}

impl<'a> Parser<'a> {
    fn new(glob: &'a str) -> Self {
        Self {
            rest: glob.chars().peekable(),
            before: None,
            current: None,
            branches: vec![Vec::new()],
            braces: Vec::new(),
            has_open_bracket: false,
        }
    }

    fn parse(mut self) -> Result<Vec<Token>, BadGlob> {
        while let Some(character) = self.next() {
            match character {
                '?' => self.push(Token::Any),
                '*' => self.star(),
                '[' if !self.has_open_bracket => self.class()?,
                '{' => {
                    self.braces.push(self.branches.len());
                    self.branches.push(Vec::new());
                }
                '}' => {
                    let start = self.braces.pop().ok_or(BadGlob)?;
                    let alternatives = self.branches.drain(start..).collect();
                    self.push(Token::Alternatives(alternatives));
                }
                ',' if !self.braces.is_empty() => self.branches.push(Vec::new()),
                '\\' => {
                    let escaped = self.next().ok_or(BadGlob)?;
                    self.push(Token::Literal(escaped));
                }
                character => self.push(Token::Literal(character)),
            }
        }
        let tokens = self.branches.pop().unwrap_or_default();
        if self.branches.is_empty() { Ok(tokens) } else { Err(BadGlob) }
    }

    fn next(&mut self) -> Option<char> {
        self.before = self.current;
        self.current = self.rest.next();
        self.current
    }

    fn branch(&mut self) -> &mut Vec<Token> {
        self.branches.last_mut().expect("the outermost branch stays to the end")
    }

    fn push(&mut self, token: Token) {
        self.branch().push(token);
    }

    fn star(&mut self) {
        let before = self.before;
        if self.rest.peek() != Some(&'*') {
            return self.push(Token::ZeroOrMore);
        }
        self.next();
        let next = self.rest.peek().copied();
        if self.branch().is_empty() {
            if next.is_none_or(|next| next == '/') {
                self.next();
                return self.push(Token::RecursivePrefix);
            }
            return self.branch().extend([Token::ZeroOrMore, Token::ZeroOrMore]);
        }
        let is_inside = self.branches.len() > 1;
        let begins = before == Some('/') || is_inside && matches!(before, Some(',' | '{'));
        let is_suffix = match next {
            None => true,
            Some(',' | '}') if is_inside => true,
            Some('/') => false,
            Some(_) => return self.branch().extend([Token::ZeroOrMore, Token::ZeroOrMore]),
        };
        if !begins {
            return self.branch().extend([Token::ZeroOrMore, Token::ZeroOrMore]);
        }
        if next.is_none_or(|next| next == '/') {
            self.next();
        }
        // In place of the slash before it.
        let token = match self.branch().pop() {
            Some(Token::RecursivePrefix) => Token::RecursivePrefix,
            Some(Token::RecursiveSuffix) => Token::RecursiveSuffix,
            _ if is_suffix => Token::RecursiveSuffix,
            _ => Token::RecursiveBetween,
        };
        self.push(token);
    }

    fn class(&mut self) -> Result<(), BadGlob> {
        let (rest, before, current) = (self.rest.clone(), self.before, self.current);
        let negated = matches!(self.rest.peek(), Some('!' | '^'));
        if negated {
            self.next();
        }
        let mut ranges: Vec<(char, char)> = Vec::new();
        let (mut is_first, mut is_range) = (true, false);
        loop {
            let Some(character) = self.next() else {
                (self.rest, self.before, self.current) = (rest, before, current);
                self.has_open_bracket = true;
                self.push(Token::Literal('['));
                return Ok(());
            };
            match character {
                ']' if !is_first => break,
                '-' if !is_first && !is_range => is_range = true,
                character => {
                    match ranges.last_mut().filter(|_| is_range) {
                        Some(last) => last.1 = character,
                        None => ranges.push((character, character)),
                    }
                    if ranges.last().is_some_and(|(first, last)| last < first) {
                        return Err(BadGlob);
                    }
                    is_range = false;
                }
            }
            is_first = false;
        }
        if is_range {
            ranges.push(('-', '-'));
        }
        let mut bytes = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            push_range(&mut bytes, first, last)?;
        }
        self.push(Token::Class(Class { negated, ranges: bytes }));
        Ok(())
    }
}

/// A class is one of bytes: of a character beyond ASCII it has each byte, and a range reaches from the last byte of its
/// first character to the first byte of its last one.
fn push_range(ranges: &mut Vec<(u8, u8)>, first: char, last: char) -> Result<(), BadGlob> {
    let (mut first_bytes, mut last_bytes) = ([0; 4], [0; 4]);
    let (first_bytes, last_bytes) =
        (first.encode_utf8(&mut first_bytes).bytes(), last.encode_utf8(&mut last_bytes).bytes());
    if first == last {
        ranges.extend(first_bytes.map(|byte| (byte, byte)));
        return Ok(());
    }
    let mut all: Vec<u8> = first_bytes.collect();
    let start = all.pop().unwrap_or_default();
    all.extend(last_bytes.clone().skip(1));
    let end = last_bytes.clone().next().unwrap_or_default();
    if end < start {
        return Err(BadGlob);
    }
    ranges.extend(all.into_iter().map(|byte| (byte, byte)));
    ranges.push((start, end));
    Ok(())
}
