//! One glob, in a form that is small and that no path can make slow.
//!
//! Rules come with a repository, from anybody. As regular expressions some ten thousand take gigabytes, and an engine that
//! tries one way after the other may take a lifetime for one path. Here a glob takes a few bytes for each of its
//! characters, and a path is looked at once from its beginning to its end, with all places in the glob at which the match
//! may stand (Thompson's simulation), so the time is at most the product of both lengths. What a glob means is what it
//! means to git (`wildmatch`), byte by byte; a test compares them.

mod class;

use class::Class;
use std::cell::RefCell;

/// A glob that is ready to be matched.
#[derive(Debug)]
pub(in crate::corpus) struct Glob {
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
    /// Here, or this many steps further on.
    Fork(u16),
    End,
}

/// The glob makes no sense, or is too long. Nothing matches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::corpus) struct BadGlob;

impl Glob {
    /// With `ignore_case` it matches paths whose capital letters of ASCII were made small.
    pub fn new(glob: &[u8], ignore_case: bool) -> Result<Self, BadGlob> {
        // For git two stars reach over slashes if they begin a component, or follow what has no wildcard in it.
        let literal = glob.iter().position(|byte| b"*?[\\".contains(byte)).unwrap_or(glob.len());
        let (mut steps, mut classes) = (Vec::with_capacity(glob.len() + 2), Vec::new());
        let mut at = 0;
        while let Some(&byte) = glob.get(at) {
            at += 1;
            match byte {
                b'?' => steps.push(Step::Any),
                b'*' => {
                    let start = at - 1;
                    at += glob[at..].iter().take_while(|&&byte| byte == b'*').count();
                    let begins = start == literal || glob[..start].ends_with(b"/");
                    let ends = matches!(&glob[at..], [] | [b'/', ..] | [b'\\', b'/', ..]);
                    if at - start == 1 || !begins || !ends {
                        steps.push(Step::Star);
                    } else if glob.get(at) == Some(&b'/') {
                        steps.extend([Step::Fork(3), Step::DeepStar, Step::Byte(b'/')]);
                        at += 1;
                    } else {
                        steps.push(Step::DeepStar);
                    }
                }
                b'[' => {
                    let (class, length) = Class::parse(&glob[at..], ignore_case)?;
                    at += length;
                    steps.push(Step::Class(u16::try_from(classes.len()).map_err(|_| BadGlob)?));
                    classes.push(class);
                }
                byte => {
                    let literal = if byte == b'\\' { glob.get(at).copied().ok_or(BadGlob)? } else { byte };
                    at += usize::from(byte == b'\\');
                    steps.push(Step::Byte(if ignore_case { literal.to_ascii_lowercase() } else { literal }));
                }
            }
        }
        steps.push(Step::End);
        u16::try_from(steps.len()).map_err(|_| BadGlob)?;
        Ok(Self { steps: steps.into_boxed_slice(), classes: classes.into_boxed_slice() })
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
            Step::Star | Step::DeepStar | Step::Fork(_) | Step::End => false,
        }
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
