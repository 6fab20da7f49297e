//! Lines that open and close a fenced block (CommonMark, section 4.5), as models write them.

/// Tags of blocks that are programs: the first word of what follows the fence, in any case.
const PROGRAM_TAGS: [&str; 7] = ["repl", "python", "py", "python3", "py3", "ipython", "tool_code"];

/// The widest indentation of a fence: that of a list inside of a few others.
const WIDEST: usize = 24;

/// A fence that is open.
#[derive(Debug, Clone)]
pub struct Fence {
    letter: char,
    length: usize,
    /// Bytes before it: white space, or what begins an item of a list.
    indent: usize,
    pub is_program: bool,
    /// Whether no word says what the block is.
    pub is_untagged: bool,
    /// What the block is: the first word behind the fence, in lower case.
    pub tag: String,
}

impl Fence {
    /// The fence that a line opens.
    pub fn opening(line: &str) -> Option<Self> {
        let line = line.trim_end();
        let indent = indentation(line);
        let rest = &line[indent..];
        let letter = rest.chars().next().filter(|it| "`~".contains(*it))?;
        let info = rest.trim_start_matches(letter);
        let length = rest.len() - info.len();
        if length < 3 || indent > WIDEST || letter == '`' && info.contains('`') {
            return None;
        }
        let word = info.trim().trim_start_matches(['{', '.']);
        let end = word.find(|it: char| !it.is_alphanumeric() && !"_-+#".contains(it)).unwrap_or(word.len());
        let tag = word[..end].to_lowercase();
        let is_program = PROGRAM_TAGS.contains(&tag.as_str());
        let is_untagged = matches!(tag.as_str(), "" | "text" | "txt" | "plaintext" | "markdown" | "md");
        Some(Self { letter, length, indent, is_program, is_untagged, tag })
    }

    /// Behind the fence some models write a mark that ends their turn: ` ```<end_code>`.
    pub fn is_closed_by(&self, line: &str) -> bool {
        let line = line.trim();
        let behind = line.trim_start_matches(self.letter);
        let is_mark = behind.starts_with('<') && behind.ends_with('>') && !behind.contains(char::is_whitespace);
        line.len() - behind.len() >= self.length && (behind.is_empty() || is_mark)
    }

    /// A line of the block without the indentation that the fence has.
    pub fn dedented<'l>(&self, line: &'l str) -> &'l str {
        let white = line.len() - line.trim_start_matches([' ', '\t']).len();
        &line[white.min(self.indent)..]
    }
}

/// Bytes before what a line says: white space, and what begins an item.
fn indentation(line: &str) -> usize {
    let rest = line.trim_start_matches([' ', '\t']);
    let behind = rest.strip_prefix(['-', '*', '+']).or_else(|| {
        let behind = rest.trim_start_matches(|it: char| it.is_ascii_digit());
        (1..=9).contains(&(rest.len() - behind.len())).then(|| behind.strip_prefix(['.', ')']))?
    });
    let item = behind.filter(|it| it.starts_with([' ', '\t'])).unwrap_or(rest);
    line.len() - item.trim_start_matches([' ', '\t']).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a line opens: the letter, how many of it, how far it is indented, and whether it is a program.
    #[test]
    fn lines_that_open_a_block() {
        for (line, expected) in [
            ("```repl\n", Some(('`', 3, 0, true))),
            ("```REPL", Some(('`', 3, 0, true))),
            ("``` Python title=\"look.py\"", Some(('`', 3, 0, true))),
            ("```repl python", Some(('`', 3, 0, true))),
            ("```{python, echo=false}", Some(('`', 3, 0, true))),
            ("```{.python}", Some(('`', 3, 0, true))),
            ("```py:look.py", Some(('`', 3, 0, true))),
            ("```tool_code", Some(('`', 3, 0, true))),
            ("~~~~python", Some(('~', 4, 0, true))),
            ("~~~ py `x`", Some(('~', 3, 0, true))),
            ("   ```repl", Some(('`', 3, 3, true))),
            ("\t```repl", Some(('`', 3, 1, true))),
            ("1. ```repl", Some(('`', 3, 3, true))),
            ("  - ```py", Some(('`', 3, 4, true))),
            ("```", Some(('`', 3, 0, false))),
            ("```python-repl", Some(('`', 3, 0, false))),
            ("```json python", Some(('`', 3, 0, false))),
            ("```pyx", Some(('`', 3, 0, false))),
            ("``repl", None),
            ("> ```repl", None),
            ("text ```repl", None),
            ("```x```", None),
            ("-```py", None),
            ("", None),
        ] {
            let found = Fence::opening(line).map(|it| (it.letter, it.length, it.indent, it.is_program));
            assert_eq!(found, expected, "{line}");
        }
        assert!(Fence::opening(&format!("{}```py", " ".repeat(100))).is_none());
    }

    #[test]
    fn lines_that_close_it() {
        let fence = Fence::opening("  ~~~~py").unwrap();
        for (line, closes) in [
            ("~~~~", true),
            ("   ~~~~~  \n", true),
            ("~~~~<end_code>", true),
            ("~~~~<b> x", false),
            ("~~~", false),
            ("````", false),
            ("~~~~py", false),
        ] {
            assert_eq!(fence.is_closed_by(line), closes, "{line}");
        }
        assert_eq!(fence.dedented("    x\n"), "  x\n");
        assert_eq!(fence.dedented(" x"), "x");
        assert_eq!(fence.dedented("é"), "é");
    }
}
