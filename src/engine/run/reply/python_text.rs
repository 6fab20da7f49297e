//! Where a text of Python stands: in a string, a comment, brackets, or in none of these.
//!
//! Read as it comes. Nothing else is known of the language here: this says where a program ends, and not whether it is
//! right.

/// What was read of a text of Python.
#[derive(Debug, Clone, Default)]
pub struct PythonText {
    string: Option<Quotes>,
    /// Brackets that are open.
    open: usize,
    is_comment: bool,
    /// Whether a short string did not end on its line, so that nothing is certain any more.
    is_broken: bool,
}

/// The quotes that a string ends with.
#[derive(Debug, Clone, Copy)]
struct Quotes {
    letter: u8,
    is_long: bool,
}

impl PythonText {
    /// Takes whole lines.
    pub fn read(&mut self, text: &str) {
        let mut at = 0;
        while at < text.len() {
            at = self.step(text.as_bytes(), at);
        }
    }

    /// Takes a text up to where its last bracket closes; gives the place behind that.
    pub fn read_to_end_of_brackets(&mut self, text: &str) -> Option<usize> {
        let mut at = 0;
        while at < text.len() {
            let before = self.open;
            at = self.step(text.as_bytes(), at);
            if before == 1 && self.open == 0 {
                return Some(at);
            }
        }
        None
    }

    /// Takes what stands at a place; gives the place behind it.
    fn step(&mut self, text: &[u8], at: usize) -> usize {
        let byte = text[at];
        if self.is_comment {
            self.is_comment = byte != b'\n';
            return at + 1;
        }
        let Some(quotes) = self.string else {
            match byte {
                b'#' => self.is_comment = true,
                b'(' | b'[' | b'{' => self.open += 1,
                b')' | b']' | b'}' => self.open = self.open.saturating_sub(1),
                b'"' | b'\'' => {
                    let is_long = text[at..].starts_with(&[byte; 3]);
                    self.string = Some(Quotes { letter: byte, is_long });
                    return at + if is_long { 3 } else { 1 };
                }
                _ => {}
            }
            return at + 1;
        };
        match byte {
            b'\\' => return (at + 2).min(text.len()),
            b'\n' if !quotes.is_long => (self.string, self.is_broken) = (None, true),
            byte if byte == quotes.letter && !quotes.is_long => self.string = None,
            byte if byte == quotes.letter && text[at..].starts_with(&[byte; 3]) => {
                self.string = None;
                return at + 3;
            }
            _ => {}
        }
        at + 1
    }

    /// Whether the next line belongs to a string.
    pub fn is_in_long_string(&self) -> bool {
        self.string.is_some()
    }

    /// Whether all that was opened is closed.
    pub fn is_whole(&self) -> bool {
        self.string.is_none() && self.open == 0 && !self.is_broken
    }

    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    pub fn open_brackets(&self) -> usize {
        self.open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_comments_and_brackets_are_known() {
        for (text, in_string, is_whole) in [
            ("x = 1\n", false, true),
            ("x = '''a\n", true, false),
            ("x = '''a\n'''\n", false, true),
            ("x = \"\"\"it's 'quoted' \\\"\"\"\n", true, false),
            ("# don't\n", false, true),
            ("x = '#'\n", false, true),
            ("x = 'a\\\nb'\n", false, true),
            ("x = 'a\nb = 2\n", false, false),
            ("f(\"(\", [1,\n", false, false),
            ("f('\\\\')\n", false, true),
            ("'' + ''\n", false, true),
            ("x = ')' )\n", false, true),
        ] {
            let mut read = PythonText::default();
            text.split_inclusive('\n').for_each(|line| read.read(line));
            assert_eq!((read.is_in_long_string(), read.is_whole()), (in_string, is_whole), "{text}");
        }
    }

    #[test]
    fn the_end_of_a_call_is_found() {
        for (text, expected) in [
            ("('a)') b", Some(6)),
            ("(\"\"\"a\n)\n\"\"\") b", Some(12)),
            ("(f(1), [2]) b", Some(11)),
            ("(a # )\n)", Some(8)),
            ("(a", None),
        ] {
            assert_eq!(PythonText::default().read_to_end_of_brackets(text), expected, "{text}");
        }
    }
}
