//! The kinds of lines that a log has: lines that differ only in numbers, ids, addresses and times.

use super::group::{Group, Place};
use crate::{
    corpus::{
        context::ContextText,
        error::GrepError,
        grep::{self, Pattern},
        stop::StopFlag,
    },
    text::cut_head,
};
use rustc_hash::FxHashMap;

/// The most templates that are told apart.
const MOST: usize = 20_000;

/// With more templates than these, those are joined that differ in few words as well.
const MANY: usize = 200;

/// The most bytes of a line that make its template, and the most characters of one that are shown.
const LONGEST: usize = 400;
const SHOWN: usize = 300;

/// Lines of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The line with `#` for what has digits in it, and `*` for other words that differ.
    pub template: String,
    pub lines: usize,
    pub first: Place,
    pub last: Place,
    /// The first such line, and the last.
    pub first_text: String,
    pub last_text: String,
}

/// All kinds of lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates {
    pub lines: usize,
    /// The most frequent first.
    pub rows: Vec<Template>,
    /// Whether there are more kinds than rows.
    pub more: bool,
}

/// Groups the lines that match `pattern` by their templates, of which at most `most` are given.
///
/// # Errors
/// The pattern is invalid, the path does not exist, the text cannot be read, or the search is stopped.
pub fn templates(
    context: &ContextText,
    pattern: &str,
    path: Option<&str>,
    ignore_case: bool,
    most: usize,
    stop: &StopFlag,
) -> Result<Templates, GrepError> {
    let filter = grep::filter(context, path)?;
    let compiled = Pattern::of_lines(pattern, ignore_case)?;
    let parts = grep::fold(
        context,
        &compiled,
        |segment| filter.as_ref().is_none_or(|filter| filter.accepts(segment)),
        stop,
        |(lines, groups): &mut (usize, FxHashMap<String, Group>), line| {
            *lines += 1;
            Group::add(groups, &masked(line.text), line.start, MOST);
        },
    )?;
    let (lines, groups): (Vec<usize>, Vec<_>) = parts.into_iter().unzip();
    let (mut groups, mut more) = Group::merged(groups, MOST);
    if groups.len() > MANY {
        groups = joined(groups, stop);
    }
    more |= groups.len() > most;
    let mut rows = Vec::with_capacity(groups.len().min(most));
    for (template, group) in groups.into_iter().take(most) {
        stop.check().map_err(GrepError::Text)?;
        let (first, last) = group.places(context).map_err(GrepError::Text)?;
        let text = |start: usize| -> Result<String, GrepError> {
            let end = context.byte_len().min(start + 4 * SHOWN);
            let end = context.floor_char(end).map_err(GrepError::Text)?;
            let text = context.read(start..end.max(start)).map_err(GrepError::Text)?;
            Ok(cut_head(text.lines().next().unwrap_or_default().trim_end(), SHOWN).shown.to_owned())
        };
        let (first_text, last_text) = (text(group.first)?, text(group.last)?);
        rows.push(Template { template, lines: group.lines, first, last, first_text, last_text });
    }
    Ok(Templates { lines: lines.into_iter().sum(), rows, more })
}

/// A line with `#` for whatever has digits in it: numbers, ids, addresses, versions, times.
fn masked(line: &str) -> String {
    let line = line[..line.floor_char_boundary(LONGEST)].trim();
    let mut masked = String::with_capacity(line.len());
    let is_word = |it: char| it.is_alphanumeric() || it == '_';
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = if is_word(first) { rest.find(|it| !is_word(it)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (word, behind) = rest.split_at(end);
        rest = behind;
        match is_word(first) {
            true if is_name_of_time(word)
                && (masked.is_empty() || masked.trim_end_matches([' ', '[', '(', '#']).is_empty()) =>
            {
                masked.push('#');
            }
            true if is_id(word) => masked.push('#'),
            true => {
                // Digits within a word: `worker7`, `v2`.
                let mut was_digit = false;
                for it in word.chars() {
                    if !it.is_ascii_digit() {
                        masked.push(it);
                    } else if !was_digit {
                        masked.push('#');
                    }
                    was_digit = it.is_ascii_digit();
                }
            }
            false => masked.push_str(word),
        }
    }
    // What stands between numbers belongs to them: `10.0.0.1:80`, `2026-04-01T10:00:00`.
    let mut short = String::with_capacity(masked.len());
    let mut characters = masked.chars().peekable();
    while let Some(it) = characters.next() {
        short.push(it);
        if it != '#' {
            continue;
        }
        let mut ahead = characters.clone();
        loop {
            let between = ahead.next();
            let joins = matches!(between, Some('.' | ':' | '-' | '/' | ',' | '+')) && ahead.next() == Some('#')
                || between == Some('#');
            if !joins {
                break;
            }
            characters = ahead.clone();
        }
    }
    short
}

/// Whether a word is data: mostly digits, or a hash.
fn is_id(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    // Eight letters of hexadecimal numbers and no other make hardly any word.
    let is_hex = (word.len() >= 6 && digits > 0 || word.len() >= 8)
        && word.strip_prefix("0x").unwrap_or(word).bytes().all(|it| it.is_ascii_hexdigit());
    digits * 2 >= word.len() && digits > 0 || is_hex || word.starts_with("0x") && digits > 1
}

fn is_name_of_time(word: &str) -> bool {
    const NAMES: &str = "jan feb mar apr may jun jul aug sep oct nov dec mon tue wed thu fri sat sun";
    word.len() == 3 && NAMES.split(' ').any(|name| name.eq_ignore_ascii_case(word))
}

/// Templates of as many words that differ in a quarter of them at most become one, with `*` for those.
fn joined(groups: Vec<(String, Group)>, stop: &StopFlag) -> Vec<(String, Group)> {
    let mut known: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
    let mut joined: Vec<(Vec<String>, Group)> = Vec::new();
    for (template, group) in groups {
        let words: Vec<String> = template.split(' ').map(str::to_owned).collect();
        let same_length = known.entry(words.len()).or_default();
        let most = words.len() / 4;
        let near = same_length.iter().copied().filter(|_| most > 0 && !stop.is_raised()).find(|&at| {
            joined[at].0.iter().zip(&words).filter(|(a, b)| a != b && *a != "*").count() <= most
                && joined[at].0.iter().zip(&words).filter(|(a, b)| *a == "*" || a != b).count() <= most
        });
        match near {
            Some(at) => {
                joined[at].0.iter_mut().zip(&words).filter(|(a, b)| a != b).for_each(|(a, _)| *a = "*".to_owned());
                joined[at].1.join(&group);
            }
            None => {
                // Comparing everything with everything has to end somewhere.
                if same_length.len() < 500 {
                    same_length.push(joined.len());
                }
                joined.push((words, group));
            }
        }
    }
    joined.sort_by_key(|(_, group)| (std::cmp::Reverse(group.lines), group.first));
    joined.into_iter().map(|(words, group)| (words.join(" "), group)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;

    #[test]
    fn what_differs_from_line_to_line_is_masked() {
        for (line, template) in [
            (
                "2026-04-01T10:02:03Z ERROR [rope] knot on line-7 slipped after 12 ms",
                "# ERROR [rope] knot on line-# slipped after # ms",
            ),
            ("Apr  1 10:02:03 host sshd[123]: from 10.0.0.7 port 22", "#  # # host sshd[#]: from # port #"),
            ("[Mon 03] ok", "[# #] ok"),
            ("id 3f2a9c1e-77aa-4b1c-9f00-aabbccddeeff, at 0xdeadbeef", "id #, at #"),
            ("worker7 took 1.5s, v2", "worker# took #, #"),
            ("May we go on? May 3", "# we go on? May #"),
            ("", ""),
        ] {
            assert_eq!(masked(line), template, "{line}");
        }
    }

    fn rows(text: &str, pattern: &str, most: usize) -> (usize, Vec<String>, bool) {
        let context = Snapshot::of_text(Some("a.log"), text.to_owned()).context().unwrap();
        let found = templates(&context, pattern, None, false, most, &StopFlag::default()).unwrap();
        let row =
            |it: &Template| format!("{} {} {}-{} {}", it.lines, it.template, it.first.1, it.last.1, it.first_text);
        (found.lines, found.rows.iter().map(row).collect(), found.more)
    }

    #[test]
    fn lines_of_a_kind_are_counted_with_the_first_and_the_last() {
        let text = "1 WARN a\n2 ERROR no x 7\n3 ERROR no x 8\n4 INFO\n5 ERROR no y\n";
        let expected = ["2 # ERROR no x # 2-3 2 ERROR no x 7", "1 # ERROR no y 5-5 5 ERROR no y"].map(str::to_owned);
        assert_eq!(rows(text, "ERROR", 10), (3, expected.to_vec(), false));
        assert_eq!(rows(text, "", 1), (5, vec![expected[0].clone()], true));
    }

    #[test]
    fn many_kinds_are_joined_by_what_they_share() {
        let words =
            ["ab", "bc", "cd", "de", "ef", "fg", "gh", "hi", "ij", "jk", "kl", "lm", "mn", "no", "op", "pq", "qr"];
        let users = words.iter().flat_map(|a| words.map(|b| format!("user {a}{b} has logged in\n")));
        let (lines, rows, _) = rows(&users.collect::<String>(), "", 10);
        assert_eq!((lines, rows.len()), (289, 1));
        assert!(rows[0].starts_with("289 user * has logged in 1-289"), "{rows:?}");
    }
}
