//! The line above a hunk of a diff: `@@ -1,2 +3,4 @@ fn name`, or what models make of it.

/// What it says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    /// The first old line, from 1.
    pub line: Option<usize>,
    /// How many old lines and new ones there are.
    pub counts: Option<(usize, usize)>,
    /// A line above.
    pub anchor: Option<String>,
}

pub(super) fn begins(line: &str) -> bool {
    line.starts_with("@@") && !line.starts_with("@@@")
}

impl Header {
    pub fn of(line: &str) -> Self {
        let rest = line.trim_start_matches('@').trim();
        let Some((old, behind)) = rest.strip_prefix('-').and_then(range) else {
            return Self { anchor: anchor(rest), ..Self::default() };
        };
        let behind = behind.trim_start();
        let (new, behind) = match behind.strip_prefix('+').and_then(range) {
            Some((new, behind)) => (Some(new), behind),
            None => (None, behind),
        };
        let section = behind.trim_start().strip_prefix("@@").unwrap_or_default();
        Self {
            line: Some(old.0).filter(|&line| line > 0),
            counts: new.map(|new| (old.1, new.1)),
            anchor: anchor(section.trim()),
        }
    }
}

/// `12,3` or `12`, which is one line.
fn range(text: &str) -> Option<((usize, usize), &str)> {
    let digits = |text: &str| text.len() - text.trim_start_matches(|it: char| it.is_ascii_digit()).len();
    let (first, rest) = text.split_at(digits(text));
    let first = first.parse().ok()?;
    let Some(count) = rest.strip_prefix(',') else { return Some(((first, 1), rest)) };
    let (count, rest) = count.split_at(digits(count));
    Some(((first, count.parse().ok()?), rest))
}

fn anchor(text: &str) -> Option<String> {
    let text = text.trim_end_matches('@').trim();
    let says_something = text.chars().any(char::is_alphanumeric) && !text.starts_with("...");
    says_something.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_as_far_as_they_go() {
        for (line, number, counts, anchor) in [
            ("@@ -1,2 +3,4 @@", Some(1), Some((2, 4)), None),
            ("@@ -10 +12 @@ fn a() {", Some(10), Some((1, 1)), Some("fn a() {")),
            ("@@ -0,0 +1,5 @@", None, Some((0, 5)), None),
            ("@@ -7,2 +7,3", Some(7), Some((2, 3)), None),
            ("@@ -7 @@", Some(7), None, None),
            ("@@ ... @@", None, None, None),
            ("@@", None, None, None),
            ("@@ @@", None, None, None),
            ("@@ class A", None, None, Some("class A")),
            ("@@ def f(self): @@", None, None, Some("def f(self):")),
            ("@@ -x,y +z @@", None, None, Some("-x,y +z")),
            ("@@ -99999999999999999999999 +1 @@", None, None, Some("-99999999999999999999999 +1")),
        ] {
            let expected = Header { line: number, counts, anchor: anchor.map(str::to_owned) };
            assert_eq!(Header::of(line), expected, "{line}");
        }
    }
}
