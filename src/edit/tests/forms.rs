//! Changes in the forms of models, with their slips.

use super::random::Random;
use std::fmt::Write;

/// One hunk: rows that stay (` `), go (`-`) or come (`+`), and where it begins, from 0.
#[derive(Debug, Clone)]
pub struct Written {
    pub rows: Vec<(char, String)>,
    pub old_start: usize,
    pub new_start: usize,
    /// The line above with less indentation, if there is one.
    pub anchor: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    Blocks,
    Diff,
    GitDiff,
    Patch,
    Whole,
}

pub const FORMS: [Form; 5] = [Form::Blocks, Form::Diff, Form::GitDiff, Form::Patch, Form::Whole];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slip {
    None,
    WrongNumbers,
    WrongCounts,
    NoNumbers,
    DotsForNumbers,
    LostSpaces,
    SomeLostSpaces,
    LostBlankLines,
    EmptyBlankLines,
    LessIndentation,
    MoreIndentation,
    TabsForSpaces,
    TrailingSpace,
    CarriageReturns,
    Punctuation,
    TrimmedFirst,
    Numbered,
    Elided,
    PartOfLine,
    NoFence,
    Tildes,
    Prose,
    NestedFence,
    Shuffled,
    WrongWord,
}

pub const SLIPS: [Slip; 25] = [
    Slip::None,
    Slip::WrongNumbers,
    Slip::WrongCounts,
    Slip::NoNumbers,
    Slip::DotsForNumbers,
    Slip::LostSpaces,
    Slip::SomeLostSpaces,
    Slip::LostBlankLines,
    Slip::EmptyBlankLines,
    Slip::LessIndentation,
    Slip::MoreIndentation,
    Slip::TabsForSpaces,
    Slip::TrailingSpace,
    Slip::CarriageReturns,
    Slip::Punctuation,
    Slip::TrimmedFirst,
    Slip::Numbered,
    Slip::Elided,
    Slip::PartOfLine,
    Slip::NoFence,
    Slip::Tildes,
    Slip::Prose,
    Slip::NestedFence,
    Slip::Shuffled,
    Slip::WrongWord,
];

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Makes a slip in the rows. What concerns the form is made in [`reply`].
pub fn slip_in(hunk: &mut Written, slip: Slip, random: &mut Random) {
    let solid = |row: &&mut (char, String)| !row.1.trim().is_empty();
    match slip {
        Slip::LostBlankLines => hunk.rows.retain(|row| row.0 != ' ' || !row.1.trim().is_empty()),
        Slip::LessIndentation => {
            let least = hunk.rows.iter().filter(|row| !row.1.trim().is_empty()).map(|row| indentation(&row.1)).min();
            let less = random.below(least.unwrap_or(0) + 1);
            hunk.rows.iter_mut().filter(solid).for_each(|row| drop(row.1.drain(..less)));
        }
        Slip::MoreIndentation => {
            let more = " ".repeat(1 + random.below(8));
            hunk.rows.iter_mut().filter(solid).for_each(|row| row.1.insert_str(0, &more));
        }
        Slip::TabsForSpaces => {
            for row in &mut hunk.rows {
                let spaces = indentation(&row.1);
                row.1.replace_range(..spaces / 4 * 4, &"\t".repeat(spaces / 4));
            }
        }
        Slip::TrailingSpace => {
            let mut some = hunk.rows.iter_mut().filter(|row| row.0 != '+');
            some.by_ref().for_each(|row| {
                if random.one_in(2) {
                    row.1.push_str("  ");
                }
            });
        }
        Slip::Punctuation => {
            for row in hunk.rows.iter_mut().filter(|row| row.0 != '+') {
                row.1 = row.1.replace('"', "\u{201C}").replace(" - ", " \u{2014} ");
            }
        }
        Slip::TrimmedFirst => {
            if let Some(first) = hunk.rows.first_mut().filter(|row| row.0 != '+') {
                first.1 = first.1.trim_start().to_owned();
            }
        }
        Slip::Numbered => {
            let mut number = hunk.old_start;
            for row in hunk.rows.iter_mut().filter(|row| row.0 != '+') {
                number += 1;
                row.1 = format!("{number:4}| {}", row.1);
            }
            let mut number = hunk.old_start;
            for row in hunk.rows.iter_mut().filter(|row| row.0 == '+') {
                number += 1;
                row.1 = format!("{number:4}| {}", row.1);
            }
        }
        Slip::Elided => {
            let inside = hunk.rows.iter().take_while(|row| row.0 == ' ').count();
            let dots = *random.pick(&["...", "// ... existing code ...", "# ...", "    // rest of the code"]);
            if inside >= 3 {
                hunk.rows.splice(1..inside - 1, [(' ', dots.to_owned())]);
            } else {
                hunk.rows.push(('+', dots.to_owned()));
            }
        }
        Slip::PartOfLine => {
            if let Some(last) = hunk.rows.iter_mut().rev().find(|row| row.0 != '+' && row.1.trim().len() > 3) {
                let cut = last.1.char_indices().nth(last.1.chars().count() - 2).map_or(0, |it| it.0);
                last.1.truncate(cut);
            }
        }
        Slip::WrongWord => {
            let mut olds = hunk.rows.iter_mut().filter(|row| row.0 == ' ' && row.1.contains(' '));
            if let Some(row) = olds.next() {
                row.1.push_str(" and");
            }
        }
        _ => {}
    }
}

/// The reply of a model that writes the whole file.
pub fn whole(path: &str, lines: &[String], slip: Slip, random: &mut Random) -> String {
    let mut lines = lines.to_vec();
    if slip == Slip::Elided {
        let middle = lines.len() / 2;
        lines.splice(middle..middle + 3, ["    // ... existing code ...".to_owned()]);
    }
    let body = lines.join("\n");
    let fence = match slip {
        Slip::Tildes => "~~~",
        Slip::NestedFence => "`````",
        _ => "```",
    };
    let mut reply = match random.one_in(2) {
        true => format!("{fence}rust {path}\n{body}\n{fence}\n"),
        false => format!("**{path}**\n\n{fence}\n{body}\n{fence}\n"),
    };
    if slip == Slip::Prose {
        reply = format!("This is the whole file:\n\n{reply}\nNothing else changes. Run:\n\n```sh\nmake\n```\n");
    }
    if slip == Slip::CarriageReturns { reply.replace('\n', "\r\n") } else { reply }
}

/// The reply of a model.
pub fn reply(path: &str, hunks: &[Written], form: Form, slip: Slip, random: &mut Random) -> String {
    let mut order: Vec<&Written> = hunks.iter().collect();
    if slip == Slip::Shuffled {
        order.reverse();
    }
    let body = match form {
        Form::Blocks => blocks(path, &order, slip, random),
        Form::Diff | Form::GitDiff => diff(path, &order, form, slip, random),
        Form::Patch | Form::Whole => patch(path, &order, slip, random),
    };
    let mut reply = match slip {
        Slip::NoFence => body,
        Slip::Tildes => format!("~~~~\n{body}~~~~\n"),
        Slip::NestedFence => format!("````text\n```diff\n{body}```\n````\n"),
        Slip::Prose => {
            format!("Sure! I change the file; see `other.rs` as well.\n\n{body}\nThis is it: nothing else changes.\n")
        }
        _ => format!("```{}\n{body}```\n", if form == Form::Blocks { "rust" } else { "diff" }),
    };
    if slip == Slip::CarriageReturns {
        reply = reply.replace('\n', "\r\n");
    }
    reply
}

fn blocks(path: &str, hunks: &[&Written], slip: Slip, random: &mut Random) -> String {
    let mut text = String::new();
    for (at, hunk) in hunks.iter().enumerate() {
        let side = |other: char| -> String {
            hunk.rows.iter().filter(|row| row.0 != other).flat_map(|row| [row.1.as_str(), "\n"]).collect()
        };
        let (old, new) = (side('+'), side('-'));
        if at == 0 || random.one_in(2) || slip == Slip::Prose {
            let heading = random.pick(&["{}", "`{}`", "### {}", "**{}**", "File: `{}`", "// {}"]).replace("{}", path);
            let _ = writeln!(text, "{heading}");
        }
        let _ = write!(text, "<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n");
    }
    text
}

fn row(row: &(char, String), slip: Slip, random: &mut Random) -> String {
    let is_lost = row.0 == ' ' && (slip == Slip::LostSpaces || (slip == Slip::SomeLostSpaces && random.one_in(2)));
    let is_blank = row.0 == ' ' && row.1.is_empty() && slip == Slip::EmptyBlankLines;
    match is_lost || is_blank {
        true => format!("{}\n", row.1),
        false => format!("{}{}\n", row.0, row.1),
    }
}

fn diff(path: &str, hunks: &[&Written], form: Form, slip: Slip, random: &mut Random) -> String {
    let mut text = match form {
        Form::GitDiff => format!("diff --git a/{path} b/{path}\nindex 1234567..89abcde 100644\n"),
        _ => String::new(),
    };
    let _ = match random.one_in(3) {
        true => write!(text, "--- {path}\n+++ {path}\n"),
        false => write!(text, "--- a/{path}\n+++ b/{path}\n"),
    };
    for hunk in hunks {
        let count = |other: char| hunk.rows.iter().filter(|row| row.0 != other).count();
        let (mut old, mut new) = (count('+'), count('-'));
        let (mut from, mut to) = (hunk.old_start + 1, hunk.new_start + 1);
        match slip {
            Slip::WrongNumbers => {
                from += random.below(50);
                to += random.below(50);
            }
            Slip::WrongCounts => {
                old = (old + random.below(5)).saturating_sub(2);
                new = (new + random.below(5)).saturating_sub(2);
            }
            _ => {}
        }
        let _ = match slip {
            Slip::NoNumbers => writeln!(text, "@@"),
            Slip::DotsForNumbers => writeln!(text, "@@ ... @@"),
            _ => writeln!(text, "@@ -{from},{old} +{to},{new} @@ {}", hunk.anchor.as_deref().unwrap_or("")),
        };
        hunk.rows.iter().for_each(|it| text.push_str(&row(it, slip, random)));
    }
    text
}

fn patch(path: &str, hunks: &[&Written], slip: Slip, random: &mut Random) -> String {
    let mut text = format!("*** Begin Patch\n*** Update File: {path}\n");
    for hunk in hunks {
        let _ = writeln!(text, "@@ {}", hunk.anchor.as_deref().unwrap_or(""));
        hunk.rows.iter().for_each(|it| text.push_str(&row(it, slip, random)));
    }
    text + "*** End Patch\n"
}
