//! How a line that matches is shown.

use crate::text::cut_head;

/// The most characters of a line that are shown.
pub(super) const SHOWN_LINE: usize = 300;

/// Bytes on each side of a match that hold more than is shown of them.
pub(super) const AROUND: usize = 8 * SHOWN_LINE;

/// The bytes of a line without its end.
pub(super) fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// A line without its end; of a very long one the part around the byte that `find` finds in it.
pub(super) fn whole_line(line: &[u8], find: impl FnOnce(&[u8]) -> usize) -> String {
    let line = without_end(line);
    let text = String::from_utf8_lossy(line);
    if is_short(&text) { text.into_owned() } else { around(&text, find(line), false, false) }
}

/// The part around byte `found` of a line of which `part` is known, and of which there is more before it or behind it.
pub(super) fn part_of_line(part: &[u8], found: usize, is_begun: bool, goes_on: bool) -> String {
    // The first character may have lost its beginning.
    let rest = part.iter().take(3).take_while(|&&byte| is_begun && byte & 0b1100_0000 == 0b1000_0000).count();
    let text = String::from_utf8_lossy(&part[rest..]);
    match !is_begun && !goes_on && is_short(&text) {
        true => text.into_owned(),
        false => around(&text, found.saturating_sub(rest), is_begun, goes_on),
    }
}

fn is_short(text: &str) -> bool {
    text.len() <= SHOWN_LINE || text.chars().count() <= SHOWN_LINE
}

fn around(text: &str, found: usize, is_begun: bool, goes_on: bool) -> String {
    // A third of what is shown stands before the match.
    let before_match = &text[..text.floor_char_boundary(found)];
    let lead = before_match.char_indices().rev().nth(SHOWN_LINE / 3).map_or(0, |(at, _)| at);
    let shown = cut_head(&text[lead..], SHOWN_LINE);
    let (before, after) =
        (if lead > 0 || is_begun { "…" } else { "" }, if shown.omitted > 0 || goes_on { "…" } else { "" });
    format!("{before}{}{after}", shown.shown)
}
