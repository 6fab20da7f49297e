//! How far what belongs to a place reaches: its paragraph, and what is quoted below it.

/// Paragraphs that may lead from a place to what is quoted from it.
const INTRODUCTIONS: usize = 3;

/// The length of the first paragraph with the quotations behind it; nothing if more of them may come.
pub fn length(text: &str) -> Option<usize> {
    let mut fence: Option<Fence> = None;
    let (mut end, mut paragraphs) = (0, 0);
    let (mut is_blank_before, mut is_open) = (false, false);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let trimmed = line.trim();
        let is_whole = line.ends_with('\n');
        let begins = Beginning::of(line);
        if let Some(open) = &fence {
            let closes = matches!(&begins, Beginning::Fence(it) if it.closes(open, trimmed));
            if closes && is_whole {
                (fence, is_blank_before, is_open) = (None, true, false);
            }
        } else if number > 0 {
            match begins {
                Beginning::Nothing => {}
                _ if !is_whole && !begins.is_certain() => return None,
                Beginning::Fence(opened) => fence = Some(opened),
                Beginning::Quotation => is_open = false,
                // A line goes on with the paragraph, unless that has ended.
                Beginning::Text if !is_blank_before => {}
                Beginning::Text | Beginning::Item => {
                    paragraphs += 1;
                    if !is_open || paragraphs > INTRODUCTIONS {
                        return Some(end);
                    }
                    // Words quote nothing by themselves, but may introduce.
                    if is_whole && matches!(begins, Beginning::Text) && !introduces(trimmed) {
                        return Some(end);
                    }
                }
            }
        }
        if !is_whole {
            return None;
        }
        if fence.is_none() {
            is_blank_before |= trimmed.is_empty();
            if !trimmed.is_empty() && !matches!(Beginning::of(line), Beginning::Quotation | Beginning::Fence(_)) {
                is_blank_before = false;
                is_open = opens(trimmed);
            }
        }
        end += line.len();
    }
    None
}

/// Whether a line leads to what follows: it ends with a colon, a place, or a quotation of one.
fn opens(line: &str) -> bool {
    let line = line.trim_end_matches(|it: char| !it.is_alphanumeric() && it != ':');
    line.ends_with(':') || line.ends_with(|it: char| it.is_ascii_digit())
}

/// Whether a line ends with a colon.
fn introduces(line: &str) -> bool {
    line.trim_end_matches(['*', '_', ' ']).ends_with(':')
}

/// What a line begins with.
enum Beginning {
    Nothing,
    Fence(Fence),
    /// A block quotation, indented code, or HTML.
    Quotation,
    /// An item, a heading, or a row of a table.
    Item,
    Text,
}

impl Beginning {
    fn of(line: &str) -> Self {
        let trimmed = line.trim_start();
        let is_indented = line.starts_with([' ', '\t']);
        match trimmed.chars().next() {
            None => Self::Nothing,
            Some(mark @ ('`' | '~')) => match trimmed.chars().take_while(|it| *it == mark).count() {
                length @ 3.. => Self::Fence(Fence { mark, length }),
                _ if is_indented => Self::Quotation,
                _ => Self::Item,
            },
            Some('>' | '<') => Self::Quotation,
            Some(_) if is_indented => Self::Quotation,
            Some('-' | '*' | '+' | '#' | '|') => Self::Item,
            Some(digit) if digit.is_ascii_digit() => Self::Item,
            Some(_) => Self::Text,
        }
    }

    /// Whether it stays what it is, whatever comes.
    fn is_certain(&self) -> bool {
        matches!(self, Self::Quotation | Self::Text)
    }
}

struct Fence {
    mark: char,
    length: usize,
}

impl Fence {
    /// Whether this line closes a fence.
    fn closes(&self, open: &Self, line: &str) -> bool {
        self.mark == open.mark && self.length >= open.length && line.chars().all(|it| it == self.mark)
    }
}
