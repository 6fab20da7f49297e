//! In which way the lines of a hunk fit lines of a text that say the same.

use crate::edit::{
    lines::{Lines, indentation},
    proposal::Hunk,
};
use similar::{Algorithm, DiffTag, capture_diff_slices};
use std::ops::Range;

/// Lines around a hunk that are looked at for how they are indented.
const FAR: usize = 1000;

/// A slip of a model that was borne.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    /// White space at the ends of lines.
    TrailingSpace,
    /// All lines are indented more or less than in the file, by as much.
    Indentation,
    /// Tabs in place of spaces, or spaces in place of tabs.
    Tabs,
    /// White space before lines that stay.
    ContextSpace,
    /// Blank lines between lines that stay.
    BlankLines,
    /// Quotation marks, dashes or spaces that are drawn in another way, in lines that stay.
    Punctuation,
    /// The numbers of lines were copied along with them.
    Numbers,
    /// The hunk names another line than the one where it fits.
    Line,
}

/// What happens to the lines of a hunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A line stays: its places among the old lines and the new ones.
    Keep(usize, usize),
    /// An old line goes.
    Remove(usize),
    /// A new line comes.
    Add(usize),
}

/// A hunk with what happens to each of its lines.
#[derive(Debug)]
pub(super) struct Aligned<'h> {
    pub old: &'h [String],
    pub new: &'h [String],
    pub steps: Vec<Step>,
    /// For each old line whether it stays.
    kept: Vec<bool>,
    pub is_diff: bool,
    pub last_newline: Option<bool>,
}

impl<'h> Aligned<'h> {
    pub fn new(hunk: &'h Hunk) -> Self {
        let (old, new) = (&hunk.old[..], &hunk.new[..]);
        let mut steps = Vec::with_capacity(old.len() + new.len());
        let mut kept = vec![false; old.len()];
        for op in capture_diff_slices(Algorithm::Myers, old, new) {
            let (tag, from, to) = op.as_tag_tuple();
            if tag == DiffTag::Equal {
                steps.extend(from.clone().zip(to).map(|(from, to)| Step::Keep(from, to)));
                kept[from].fill(true);
            } else {
                steps.extend(from.map(Step::Remove));
                steps.extend(to.map(Step::Add));
            }
        }
        Self { old, new, steps, kept, is_diff: hunk.is_diff, last_newline: hunk.last_newline }
    }

    /// The steps from the first change to the last.
    pub fn changed(&self) -> Range<usize> {
        let is_change = |step: &Step| !matches!(step, Step::Keep(..));
        let first = self.steps.iter().position(is_change).unwrap_or(self.steps.len());
        let last = self.steps.iter().rposition(is_change).map_or(first, |at| at + 1);
        first..last
    }

    /// How many lines are the same at the beginning, and at the end, each taken for itself.
    pub fn same_at_ends(&self) -> (usize, usize) {
        let same = |(a, b): &(&String, &String)| a == b;
        let first = self.old.iter().zip(self.new).take_while(same).count();
        (first, self.old.iter().rev().zip(self.new.iter().rev()).take_while(same).count())
    }

    /// Whether lines repeat so that it is not known which of them came or went, which matters where the text has them
    /// otherwise.
    pub fn is_ambiguous(&self) -> bool {
        let (first, last) = self.same_at_ends();
        first + last > self.old.len().min(self.new.len())
    }

    pub fn stays(&self, old: usize) -> bool {
        self.kept[old]
    }
}

/// How a hunk fits, and what has to be borne for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Fit {
    pub shift: Shift,
    pub slips: Vec<Slip>,
}

/// What is done to the indentation of new lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Shift {
    #[default]
    None,
    Add(String),
    Remove(String),
    /// So many spaces become a tab.
    ToTabs(usize),
    ToSpaces(usize),
}

impl Shift {
    /// A new line as the text would have it; nothing if that cannot be told.
    pub fn apply(&self, line: &str) -> Option<String> {
        let own = indentation(line);
        let rest = &line[own.len()..];
        if rest.is_empty() && *self != Self::None {
            return Some(String::new());
        }
        match self {
            Self::None => Some(line.to_owned()),
            Self::Add(more) => Some(format!("{more}{line}")),
            Self::Remove(less) => line.strip_prefix(less.as_str()).map(str::to_owned),
            Self::ToTabs(width) => {
                let is_whole = own.bytes().all(|it| it == b' ') && own.len().is_multiple_of(*width);
                is_whole.then(|| format!("{}{rest}", "\t".repeat(own.len() / width)))
            }
            Self::ToSpaces(width) => {
                own.bytes().all(|it| it == b'\t').then(|| format!("{}{rest}", " ".repeat(own.len() * width)))
            }
        }
    }
}

/// How a hunk fits lines with the same keys; nothing if it could be read in two ways, or only by changing what it says.
pub(super) fn fit(lines: &Lines<'_>, start: usize, aligned: &Aligned<'_>) -> Option<Fit> {
    let there = &lines.lines[start..start + aligned.old.len()];
    let mut slips = Vec::new();
    let mut heads: Vec<Head<'_>> = Vec::new();
    for (at, (line, old)) in there.iter().zip(aligned.old).enumerate() {
        if line.content.trim() != old.trim() {
            // Drawn otherwise: the line must stay, since what a new one should look like is not known.
            if !aligned.stays(at) {
                return None;
            }
            note(&mut slips, Slip::Punctuation);
        }
        if line.content.trim_end().len() != line.content.len() || old.trim_end().len() != old.len() {
            let differs = line.content[line.content.trim_end().len()..] != old[old.trim_end().len()..];
            if differs {
                note(&mut slips, Slip::TrailingSpace);
            }
        }
        if !old.trim().is_empty() {
            heads.push(Head { text: indentation(line.content), own: indentation(old), stays: aligned.stays(at) });
        }
    }
    if heads.iter().all(|it| it.text == it.own) {
        if brings_other_indentation(lines, start, aligned) || (!slips.is_empty() && aligned.is_ambiguous()) {
            return None;
        }
        return Some(Fit { shift: Shift::None, slips });
    }
    if aligned.is_ambiguous() {
        return None;
    }
    if has_lost_space(&heads, aligned) {
        note(&mut slips, Slip::ContextSpace);
        return Some(Fit { shift: Shift::None, slips });
    }
    let shift = shift(&heads)?;
    if !may_shift(&shift, &heads, aligned) || !aligned.new.iter().all(|line| shift.apply(line).is_some()) {
        return None;
    }
    note(&mut slips, if matches!(shift, Shift::Add(_) | Shift::Remove(_)) { Slip::Indentation } else { Slip::Tabs });
    Some(Fit { shift, slips })
}

/// Whether new lines begin with tabs where the lines around begin with spaces, or with spaces where these begin with
/// tabs.
fn brings_other_indentation(lines: &Lines<'_>, start: usize, aligned: &Aligned<'_>) -> bool {
    let first = |line: &str| line.chars().next().filter(|it| it.is_whitespace() && !line.trim().is_empty());
    let added = aligned.steps.iter().filter_map(|step| match step {
        Step::Add(line) => first(&aligned.new[*line]),
        _ => None,
    });
    let added: Vec<char> = added.collect();
    if added.is_empty() {
        return false;
    }
    let end = start + aligned.old.len();
    let above = lines.lines[..end].iter().rev().take(FAR).find_map(|line| first(line.content));
    let below = lines.lines[start..].iter().take(FAR).find_map(|line| first(line.content));
    let around = [above, below];
    around.iter().any(Option::is_some) && added.iter().any(|it| !around.contains(&Some(*it)))
}

/// The indentation of a line in the text, and of what the hunk has for it.
struct Head<'l> {
    text: &'l str,
    own: &'l str,
    stays: bool,
}

/// Whether some lines that stay have lost white space before them, while the hunk's own lines are known to be right.
fn has_lost_space(heads: &[Head<'_>], aligned: &Aligned<'_>) -> bool {
    let is_exact = |it: &Head<'_>| it.text == it.own;
    if aligned.is_diff {
        // Before a line of a diff that stays there is a space, which this one has not.
        let has_lost = |it: &Head<'_>| it.stays && it.text.strip_prefix(' ') == Some(it.own);
        return heads.iter().all(|it| is_exact(it) || has_lost(it)) && heads.iter().any(is_exact);
    }
    // A block that was trimmed as a whole.
    let Some((first, rest)) = heads.split_first() else { return false };
    let is_trimmed = first.own.is_empty() && matches!(aligned.steps.first(), Some(Step::Keep(0, 0)));
    is_trimmed && !aligned.old[0].is_empty() && !rest.is_empty() && rest.iter().all(is_exact)
}

/// The one shift that makes all lines fit.
fn shift(heads: &[Head<'_>]) -> Option<Shift> {
    let first = heads.first()?;
    if let Some(more) = first.text.strip_suffix(first.own).filter(|more| !more.is_empty())
        && heads.iter().all(|it| it.text.strip_prefix(more) == Some(it.own))
    {
        return Some(Shift::Add(more.to_owned()));
    }
    if let Some(less) = first.own.strip_suffix(first.text).filter(|less| !less.is_empty())
        && heads.iter().all(|it| it.own.strip_prefix(less) == Some(it.text))
    {
        return Some(Shift::Remove(less.to_owned()));
    }
    let only = |text: &str, byte: u8| text.bytes().all(|it| it == byte);
    let width = |tabs: &str, spaces: &str| {
        (only(tabs, b'\t') && only(spaces, b' ') && !tabs.is_empty() && spaces.len().is_multiple_of(tabs.len()))
            .then(|| spaces.len() / tabs.len())
            .filter(|width| (2..=16).contains(width))
    };
    let all = |width: usize, tabs: fn(&Head<'_>) -> usize, spaces: fn(&Head<'_>) -> usize| {
        heads.iter().all(|it| tabs(it) * width == spaces(it))
    };
    let text_has_tabs = heads.iter().all(|it| only(it.text, b'\t') && only(it.own, b' '));
    if text_has_tabs && let Some(width) = heads.iter().find_map(|it| width(it.text, it.own)) {
        return all(width, |it| it.text.len(), |it| it.own.len()).then_some(Shift::ToTabs(width));
    }
    let own_has_tabs = heads.iter().all(|it| only(it.own, b'\t') && only(it.text, b' '));
    if own_has_tabs && let Some(width) = heads.iter().find_map(|it| width(it.own, it.text)) {
        return all(width, |it| it.own.len(), |it| it.text.len()).then_some(Shift::ToSpaces(width));
    }
    None
}

/// Whether the new lines are known to be shifted as the old ones are.
fn may_shift(shift: &Shift, heads: &[Head<'_>], aligned: &Aligned<'_>) -> bool {
    let is_insertion = heads.iter().all(|it| it.stays);
    // One line that was trimmed says nothing of the others.
    let solid_new = aligned.new.iter().filter(|line| !line.trim().is_empty()).count();
    if let ([only], Shift::Add(_)) = (heads, shift)
        && only.own.is_empty()
        && solid_new > 1
    {
        return false;
    }
    // All lines of a diff that stay may have lost the space before them, and then the new ones are right.
    if aligned.is_diff && is_insertion && *shift == Shift::Add(" ".to_owned()) {
        return false;
    }
    let least = |lines: &[String]| {
        lines.iter().filter(|line| !line.trim().is_empty()).map(|line| indentation(line).len()).min()
    };
    let least_new = least(aligned.new);
    heads.iter().any(|it| it.stays) || least_new.is_none() || least_new == least(aligned.old)
}

fn note(slips: &mut Vec<Slip>, slip: Slip) {
    if !slips.contains(&slip) {
        slips.push(slip);
    }
}
