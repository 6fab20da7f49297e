//! HTML that quotes: `<pre>`, `<blockquote>`, `<code>` and the like.

use std::ops::Range;

const BLOCKS: [&str; 2] = ["pre", "blockquote"];
const INLINE: [&str; 5] = ["code", "q", "samp", "kbd", "tt"];

/// What a pair of tags holds.
pub struct Quoted {
    /// With the tags.
    pub outer: Range<usize>,
    pub inner: Range<usize>,
}

/// Finds pairs of tags. What lies in a pair is not looked at, but for further tags of its name.
#[derive(Default)]
pub struct Tags {
    open: Option<Open>,
}

struct Open {
    name: String,
    range: Range<usize>,
    depth: usize,
}

impl Tags {
    /// Where the text of the open tag begins.
    pub fn open(&self) -> Option<usize> {
        self.open.as_ref().map(|open| open.range.end)
    }

    /// Where the open tag itself begins.
    pub fn open_tag(&self) -> Option<usize> {
        self.open.as_ref().map(|open| open.range.start)
    }

    /// The pairs that end in `range` of `text`; with `inline` also those that stand in a line.
    pub fn find(&mut self, text: &str, range: Range<usize>, inline: bool) -> Vec<Quoted> {
        let mut found = Vec::new();
        let mut at = range.start;
        while let Some((tag, is_end)) = next_tag(text, at..range.end) {
            at = tag.end;
            let name = name(&text[tag.clone()]);
            match &mut self.open {
                None => {
                    let quotes = BLOCKS.contains(&name.as_str()) || inline && INLINE.contains(&name.as_str());
                    if quotes && !is_end {
                        self.open = Some(Open { name, range: tag, depth: 1 });
                    }
                }
                Some(open) if open.name == name => {
                    open.depth = if is_end { open.depth - 1 } else { open.depth + 1 };
                    if open.depth == 0 {
                        found.push(Quoted { outer: open.range.start..tag.end, inner: open.range.end..tag.start });
                        self.open = None;
                    }
                }
                Some(_) => {}
            }
        }
        found
    }
}

/// The next tag, and whether it is an end tag.
fn next_tag(text: &str, range: Range<usize>) -> Option<(Range<usize>, bool)> {
    let mut at = range.start;
    while let Some(found) = text[at..range.end].find('<') {
        let start = at + found;
        let rest = &text[start + 1..range.end];
        let is_end = rest.starts_with('/');
        if rest.strip_prefix('/').unwrap_or(rest).starts_with(|it: char| it.is_ascii_alphabetic()) {
            // A tag without an end is none, and neither is a later one in the same text.
            let length = rest.find('>')?;
            return Some((start..start + 1 + length + 1, is_end));
        }
        at = start + 1;
    }
    None
}

fn name(tag: &str) -> String {
    let name = tag.trim_start_matches(['<', '/']);
    let end = name.find(|it: char| !it.is_ascii_alphanumeric()).unwrap_or(name.len());
    name[..end].to_ascii_lowercase()
}

/// The text of HTML.
pub fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut at = 0;
    while let Some((tag, _)) = next_tag(html, at..html.len()) {
        text.push_str(&html[at..tag.start]);
        if matches!(name(&html[tag.clone()]).as_str(), "br" | "p" | "div" | "li" | "tr") {
            text.push('\n');
        }
        at = tag.end;
    }
    text.push_str(&html[at..]);
    for (entity, meant) in
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")]
    {
        if text.contains(entity) {
            text = text.replace(entity, meant);
        }
    }
    text
}
