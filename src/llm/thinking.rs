//! Reasoning that a model writes into its text.
//!
//! Servers with a parser for the model at hand send it apart; those without send it as it was written, between marks
//! that each family has of its own ([`forms`]). It is not the answer, and a program in it is not meant to run. Marks
//! that stand in code, or in the middle of a sentence, are what the text is about.
//!
//! Some templates open the reasoning in the prompt, so that a reply has nothing but its end. Then all that came before
//! turns out to be reasoning, some of which was streamed as text already ([`Split::was_reasoning`]).

mod forms;

use super::{Piece, PieceSink};
use forms::{FORMS, Form, IDLE, Opens};

/// Bytes of white space at the start behind which no reasoning is expected any more.
const MOST_SPACE: usize = 1000;

/// Splits a reply while it streams.
#[derive(Debug, Default)]
pub struct Thinking {
    place: Place,
    /// What came and is not told yet: the end as long as it may be the start of a mark, or reasoning that may turn out
    /// to be text.
    held: String,
    /// Up to here, `held` was searched for the end of the reasoning.
    searched: usize,
    line: Line,
    /// Whether the text has begun.
    has_text: bool,
    /// White space with which the text would begin.
    lead: String,
    /// The last letter of the text.
    last: Option<char>,
    /// Whether white space is left out: reasoning has just ended.
    is_between: bool,
    /// Marks that were left in the text, as what it is about: their ends belong to them.
    quoted: usize,
    /// Whether an end came alone, and no text behind it yet.
    ended_alone: bool,
}

#[derive(Debug, Default, Clone, Copy)]
enum Place {
    #[default]
    Text,
    /// In reasoning of this form. What is `unsure` is text unless its end comes.
    Inside { form: &'static Form, unsure: bool },
}

/// The line of the text that is being read.
#[derive(Debug, Default)]
struct Line {
    has_begun: bool,
    /// The backticks that a code span on it began with.
    span: usize,
    /// The letter and length of the fence that is open.
    fence: Option<(char, usize)>,
}

/// What a part of the reply adds.
#[derive(Debug, Default, PartialEq)]
pub struct Split {
    /// All the text before this part was reasoning.
    pub was_reasoning: bool,
    pub reasoning: String,
    pub text: String,
}

impl Split {
    /// Adds it to what there is of the reply, and tells of it.
    pub fn add_to(self, text: &mut String, reasoning: &mut String, pieces: PieceSink<'_>) {
        if self.was_reasoning {
            reasoning.push_str(&std::mem::take(text));
            pieces(Piece::WasReasoning);
        }
        reasoning.push_str(&self.reasoning);
        if !self.text.is_empty() {
            text.push_str(&self.text);
            pieces(Piece::Text(&self.text));
        }
    }
}

/// What stands at a place of the text.
enum Mark {
    Open(&'static Form),
    Close(&'static str),
    Idle(&'static str),
    /// It may become a mark.
    Unfinished,
}

impl Thinking {
    /// Takes the next part of the reply.
    pub fn split(&mut self, part: &str) -> Split {
        let mut split = Split::default();
        self.held.push_str(part);
        self.read(&mut split, false);
        split
    }

    /// Bytes that are held back.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// What was held back, when nothing more comes.
    pub fn rest(&mut self) -> Split {
        let mut split = Split::default();
        self.read(&mut split, true);
        split
    }

    fn read(&mut self, split: &mut Split, is_last: bool) {
        let mut all = std::mem::take(&mut self.held);
        let mut at = 0;
        while at < all.len() {
            let rest = &all[at..];
            let (taken, goes_on) = match self.place {
                Place::Text => self.read_text(rest, split, is_last),
                Place::Inside { form, unsure } => self.read_reasoning(rest, form, unsure, split, is_last),
            };
            at += taken;
            if !goes_on {
                break;
            }
        }
        if is_last && !self.has_text {
            split.text.push_str(&std::mem::take(&mut self.lead));
        }
        // What may turn out to be text is long, and stays where it is.
        if at > 0 {
            all.drain(..at);
        }
        self.held = all;
    }

    /// Reads text up to reasoning, or to what may be a mark. Gives how much was taken, and whether something follows.
    fn read_text(&mut self, text: &str, split: &mut Split, is_last: bool) -> (usize, bool) {
        let mut at = 0;
        while let Some(letter) = text[at..].chars().next() {
            let rest = &text[at..];
            match self.mark(rest, is_last) {
                Some(Mark::Unfinished) => break,
                Some(Mark::Open(form)) => {
                    let unsure = self.has_text || !form.needs_no_end;
                    self.place = Place::Inside { form, unsure };
                    self.searched = if unsure { form.open.len() } else { 0 };
                    self.lead.clear();
                    // What may be text is kept with its mark.
                    return (if unsure { at } else { at + form.open.len() }, true);
                }
                Some(Mark::Close(mark)) if self.quoted > 0 || self.last.is_some_and(|it| "\"'(“‘«".contains(it)) =>
                {
                    self.quoted = self.quoted.saturating_sub(1);
                    self.give(&rest[..mark.len()], split);
                    at += mark.len();
                    continue;
                }
                Some(Mark::Close(mark)) => {
                    self.ended_alone = self.has_text;
                    self.is_between = true;
                    self.lead.clear();
                    self.line = Line::default();
                    at += mark.len();
                    continue;
                }
                Some(Mark::Idle(mark)) => {
                    at += mark.len();
                    continue;
                }
                None => {}
            }
            let length = match letter {
                '`' | '~' => match self.ticks(rest, letter, is_last) {
                    0 => break,
                    length => length,
                },
                _ => letter.len_utf8(),
            };
            self.give(&rest[..length], split);
            at += length;
        }
        (at, false)
    }

    /// Adds to the text.
    fn give(&mut self, piece: &str, split: &mut Split) {
        let is_space = piece.trim().is_empty();
        if piece == "\n" {
            self.line = Line { fence: self.line.fence, ..Line::default() };
        } else if !is_space {
            self.line.has_begun = true;
        }
        if self.is_between && is_space {
            return;
        }
        self.is_between &= is_space;
        if !is_space && std::mem::take(&mut self.ended_alone) {
            split.was_reasoning = true;
            let text = std::mem::take(&mut split.text);
            split.reasoning.push_str(&text);
        }
        self.last = piece.chars().next_back();
        self.has_text |= !is_space || self.lead.len() > MOST_SPACE;
        if self.has_text {
            split.text.push_str(&std::mem::take(&mut self.lead));
            split.text.push_str(piece);
        } else {
            self.lead.push_str(piece);
        }
    }

    /// The mark that a text begins with.
    fn mark(&mut self, text: &str, is_last: bool) -> Option<Mark> {
        let may_begin = |it: char| "<[◁".contains(it) || !self.has_text && "aAhH".contains(it);
        if !text.starts_with(may_begin) || self.line.span > 0 {
            return None;
        }
        let mut is_unfinished = false;
        let mut is_here = |mark: &str| match begins(text, mark) {
            Begins::Whole => true,
            Begins::Partly => {
                is_unfinished |= !is_last;
                false
            }
            Begins::Not => false,
        };
        if self.line.fence.is_some() {
            // In a block a mark is one at most if it has a line to itself.
            let is_line = |mark: &str| text[mark.len()..].trim_start_matches([' ', '\r']).starts_with('\n');
            if self.line.has_begun {
                return None;
            }
            for form in FORMS.iter().filter(|form| form.ends_alone) {
                if is_here(form.open) {
                    self.quoted += 1;
                    return None;
                }
                if let Some(mark) = form.close.iter().find(|mark| is_here(mark)) {
                    if text.len() == mark.len() && !is_last {
                        return Some(Mark::Unfinished);
                    }
                    return (text.len() == mark.len() || is_line(mark)).then_some(Mark::Close(mark));
                }
            }
            return is_unfinished.then_some(Mark::Unfinished);
        }
        for form in &FORMS {
            if is_here(form.open) {
                let may_open = match form.opens {
                    Opens::Anywhere => true,
                    Opens::Line => !self.line.has_begun,
                    Opens::Reply => !self.has_text,
                };
                if !may_open {
                    self.quoted += usize::from(form.ends_alone);
                    continue;
                }
                // `analysis` with its channel's mark taken out has no space behind it, unlike the word.
                if form.opens == Opens::Reply && form.open == "analysis" {
                    match text[form.open.len()..].chars().next() {
                        None if !is_last => return Some(Mark::Unfinished),
                        Some(next) if next.is_uppercase() => {}
                        _ => continue,
                    }
                }
                return Some(Mark::Open(form));
            }
        }
        for form in FORMS.iter().filter(|form| form.ends_alone) {
            if let Some(mark) = form.close.iter().find(|mark| is_here(mark)) {
                return Some(Mark::Close(mark));
            }
        }
        if let Some(mark) = IDLE.iter().find(|mark| is_here(mark)) {
            // A longer one is looked for first.
            return Some(if is_unfinished { Mark::Unfinished } else { Mark::Idle(mark) });
        }
        is_unfinished.then_some(Mark::Unfinished)
    }

    /// Takes a run of backticks or tildes, which may begin or end code. Gives its length, or 0 if more of it may come.
    fn ticks(&mut self, text: &str, letter: char, is_last: bool) -> usize {
        let length = text.len() - text.trim_start_matches(letter).len();
        if length == text.len() && !is_last {
            return 0;
        }
        let is_alone = text[length..].chars().next().is_none_or(char::is_whitespace);
        match self.line.fence {
            Some((open, least)) if is_alone && !self.line.has_begun && open == letter && length >= least => {
                self.line.fence = None;
            }
            Some(_) => {}
            None if !self.line.has_begun && length >= 3 => self.line.fence = Some((letter, length)),
            None if letter == '`' && self.line.span == length => self.line.span = 0,
            None if letter == '`' && self.line.span == 0 => self.line.span = length,
            None => {}
        }
        length
    }

    /// Reads reasoning up to its end. Gives how much was taken, and whether something follows.
    fn read_reasoning(
        &mut self,
        text: &str,
        form: &'static Form,
        unsure: bool,
        split: &mut Split,
        is_last: bool,
    ) -> (usize, bool) {
        let begin = self.searched.min(text.len());
        let end = form.close.iter().filter_map(|mark| Some((find(text, begin, mark, is_last)?, mark))).min();
        if let Some((end, mark)) = end {
            let reasoning = &text[if unsure { form.open.len() } else { 0 }..end];
            split.reasoning.push_str(reasoning);
            self.place = Place::Text;
            (self.is_between, self.line, self.searched) = (true, Line::default(), 0);
            return (end + mark.len(), true);
        }
        let longest = form.close.iter().map(|mark| mark.len()).max().unwrap_or_default();
        // A mark that may still come whole stays, with the letters around it, which may quote it.
        let kept = text.floor_char_boundary(text.len().saturating_sub(longest + 2));
        let inside = match (unsure, is_last) {
            (false, true) => text,
            (false, false) => {
                // What stands at the place that is kept first was looked at.
                self.searched = if kept > 0 { 1 } else { begin };
                &text[..kept]
            }
            (true, false) => {
                self.searched = kept.max(begin);
                return (0, false);
            }
            // A mark that has a line to itself opens reasoning, and the model has not come to its end.
            (true, true) if form.needs_no_end && text[form.open.len()..].starts_with(['\n', '\r']) => {
                &text[form.open.len()..]
            }
            (true, true) => {
                self.place = Place::Text;
                self.give(text, split);
                return (text.len(), false);
            }
        };
        split.reasoning.push_str(inside);
        (if is_last { text.len() } else { inside.len() }, false)
    }
}

/// How far a text begins with a mark, in whatever case.
enum Begins {
    Whole,
    /// The text ends inside of it.
    Partly,
    Not,
}

fn begins(text: &str, mark: &str) -> Begins {
    let length = text.len().min(mark.len());
    match text.as_bytes()[..length].eq_ignore_ascii_case(&mark.as_bytes()[..length]) {
        true if length == mark.len() => Begins::Whole,
        true => Begins::Partly,
        false => Begins::Not,
    }
}

/// Where a mark stands from a place on, in whatever case. One in quotes is what the reasoning is about.
fn find(text: &str, begin: usize, mark: &str, is_last: bool) -> Option<usize> {
    let (text, mark) = (text.as_bytes(), mark.as_bytes());
    memchr::memchr_iter(mark[0], &text[begin..]).map(|at| begin + at).find(|&at| {
        let (before, behind) = (at.checked_sub(1).and_then(|at| text.get(at)), text.get(at + mark.len()));
        let may_be_quoted = before.is_some_and(|it| b"`\"'".contains(it));
        let is_here = text.get(at..at + mark.len()).is_some_and(|here| here.eq_ignore_ascii_case(mark));
        is_here && !(may_be_quoted && (behind == before || behind.is_none() && !is_last))
    })
}

#[cfg(test)]
mod tests;
