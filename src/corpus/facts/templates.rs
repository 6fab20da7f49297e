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
        |(lines, template, groups): &mut (usize, String, FxHashMap<String, Group>), line| {
            *lines += 1;
            mask(line.text, template);
            Group::add(groups, template, line.start, MOST);
        },
    )?;
    let lines = parts.iter().map(|(lines, ..)| lines).sum();
    let groups = parts.into_iter().map(|(.., groups)| groups).collect();
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
    Ok(Templates { lines, rows, more })
}

/// Writes a line to `masked`, with `#` for whatever has digits in it: numbers, ids, addresses, versions, times.
fn mask(line: &str, masked: &mut String) {
    masked.clear();
    let mut rest = line[..line.floor_char_boundary(LONGEST)].trim();
    while !rest.is_empty() {
        let (word, behind) = rest.split_at(word_len(rest));
        if let Some(behind) = after_uuid(rest) {
            mask_number(masked);
            rest = behind;
        } else if word.is_empty() {
            let between = rest.len() - rest.trim_start_matches(|it: char| !is_in_word(it)).len();
            masked.push_str(&rest[..between]);
            rest = &rest[between..];
        } else {
            mask_word(word, masked);
            rest = behind;
        }
    }
}

/// How many bytes the word has that a text begins with, if it begins with one.
fn word_len(text: &str) -> usize {
    let ascii = text.bytes().position(|it| !is_in_ascii_word(it)).unwrap_or(text.len());
    match text.as_bytes().get(ascii) {
        Some(byte) if !byte.is_ascii() => text.find(|it| !is_in_word(it)).unwrap_or(text.len()),
        _ => ascii,
    }
}

fn is_in_ascii_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_in_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// What follows the UUID that a text begins with.
fn after_uuid(text: &str) -> Option<&str> {
    const LENGTH: usize = 36;
    let is_dash = |place| matches!(place, 8 | 13 | 18 | 23);
    let (uuid, behind) = text.as_bytes().split_at_checked(LENGTH)?;
    let is_uuid =
        uuid.iter().enumerate().all(|(place, it)| if is_dash(place) { *it == b'-' } else { it.is_ascii_hexdigit() });
    (is_uuid && !behind.first().is_some_and(|it| is_in_ascii_word(*it))).then(|| &text[LENGTH..])
}

fn mask_word(word: &str, masked: &mut String) {
    let is_first = || masked.bytes().all(|it| matches!(it, b' ' | b'[' | b'(' | b'#'));
    if is_name_of_time(word) && is_first() || is_id(word) {
        return mask_number(masked);
    }
    // Digits within a word: `worker7`, `v2`.
    let mut rest = word;
    while let Some(digit) = rest.bytes().position(|it| it.is_ascii_digit()) {
        masked.push_str(&rest[..digit]);
        mask_number(masked);
        rest = rest[digit..].trim_start_matches(|it: char| it.is_ascii_digit());
    }
    masked.push_str(rest);
}

/// Writes `#`, unless one is there that this belongs to: what stands between numbers is a part of them, as in
/// `10.0.0.1:80` and `2026-04-01T10:00:00`.
fn mask_number(masked: &mut String) {
    match masked.as_bytes() {
        [.., b'#'] => {}
        [.., b'#', b'.' | b':' | b'-' | b'/' | b',' | b'+'] => {
            masked.pop();
        }
        _ => masked.push('#'),
    }
}

/// Whether a word is data: mostly digits, or a hash. A name with its number (`mx14`) is none.
fn is_id(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let is_numbered = || {
        let name = word.trim_end_matches(|it: char| it.is_ascii_digit());
        !name.is_empty() && word.len() - name.len() == digits
    };
    // Eight letters of hexadecimal numbers and no other make hardly any word.
    let is_hex = (word.len() >= 6 && digits > 0 || word.len() >= 8)
        && word.strip_prefix("0x").unwrap_or(word).bytes().all(|it| it.is_ascii_hexdigit());
    digits > 0 && digits * 2 >= word.len() && !is_numbered() || is_hex || digits > 1 && word.starts_with("0x")
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
            ("worker7 took 1.5s, v2", "worker# took #, v#"),
            ("May we go on? May 3", "# we go on? May #"),
            ("mx5 and mx14: b7, cafe12, f3a91c, größe12", "mx# and mx#: b#, #, #, größe#"),
            ("3f2a9c1e-abcd-fade-dead-aabbccddeeff.log, 2026-04-01T10:00:00+02:00", "#.log, #"),
            ("", ""),
        ] {
            let mut masked = "what was there before".to_owned();
            mask(line, &mut masked);
            assert_eq!(masked, template, "{line}");
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
