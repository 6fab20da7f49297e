//! The syntax of git's configuration.

/// One variable, as a file sets it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Variable {
    /// In small letters.
    pub section: String,
    pub subsection: Vec<u8>,
    /// In small letters.
    pub name: String,
    /// Nothing if there is a name and nothing else, which means yes.
    pub value: Option<Vec<u8>>,
}

impl Variable {
    pub fn is_true(&self) -> bool {
        match &self.value {
            None => true,
            Some(value) => match value.to_ascii_lowercase().as_slice() {
                b"true" | b"yes" | b"on" => true,
                number => std::str::from_utf8(number).is_ok_and(|it| it.parse().is_ok_and(|it: i64| it != 0)),
            },
        }
    }
}

/// Hands over all variables of a file, in their order, up to the first mistake.
pub(super) fn variables(text: &[u8], take: &mut dyn FnMut(Variable)) {
    let mut cursor = Cursor { rest: text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text) };
    let (mut section, mut subsection) = (String::new(), Vec::new());
    loop {
        cursor.skip(|byte| byte.is_ascii_whitespace());
        match cursor.next() {
            None => return,
            Some(b'#' | b';') => cursor.skip(|byte| byte != b'\n'),
            Some(b'[') => match cursor.header() {
                Some(header) => (section, subsection) = header,
                None => return,
            },
            Some(first) if first.is_ascii_alphabetic() => {
                let mut name = String::from(char::from(first.to_ascii_lowercase()));
                name.push_str(&cursor.word(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
                cursor.skip(|byte| byte == b' ' || byte == b'\t');
                let value = match cursor.rest.first() {
                    Some(b'=') => {
                        cursor.next();
                        match cursor.value() {
                            Some(value) => Some(value),
                            None => return,
                        }
                    }
                    None | Some(b'\n' | b'\r' | b'#' | b';') => None,
                    Some(_) => return,
                };
                take(Variable { section: section.clone(), subsection: subsection.clone(), name, value });
            }
            Some(_) => return,
        }
    }
}

struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) {
        let length = self.rest.iter().take_while(|&&byte| is_skipped(byte)).count();
        self.rest = &self.rest[length..];
    }

    /// In small letters.
    fn word(&mut self, is_part: impl Fn(u8) -> bool) -> String {
        let start = self.rest;
        self.skip(is_part);
        let word = &start[..start.len() - self.rest.len()];
        String::from_utf8_lossy(word).to_ascii_lowercase()
    }

    /// `[section]`, `[section "subsection"]` or, as it was written once, `[section.subsection]`.
    fn header(&mut self) -> Option<(String, Vec<u8>)> {
        let word = self.word(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
        self.skip(|byte| byte == b' ' || byte == b'\t');
        match self.next()? {
            b']' => Some(match word.split_once('.') {
                Some((section, subsection)) => (section.to_owned(), subsection.as_bytes().to_vec()),
                None => (word, Vec::new()),
            }),
            b'"' => {
                let mut subsection = Vec::new();
                loop {
                    match self.next()? {
                        b'"' => break,
                        b'\n' => return None,
                        b'\\' => subsection.push(self.next()?),
                        byte => subsection.push(byte),
                    }
                }
                (self.next()? == b']').then_some((word, subsection))
            }
            _ => None,
        }
    }

    /// What stands behind `=`, up to the end of the line.
    fn value(&mut self) -> Option<Vec<u8>> {
        self.skip(|byte| byte == b' ' || byte == b'\t');
        let mut value = Vec::new();
        let (mut is_quoted, mut end) = (false, 0);
        loop {
            match self.next() {
                None | Some(b'\n') if is_quoted => return None,
                None | Some(b'\n') => break,
                Some(b'#' | b';') if !is_quoted => self.skip(|byte| byte != b'\n'),
                Some(b'"') => {
                    is_quoted = !is_quoted;
                    end = value.len();
                }
                Some(b'\\') => {
                    let byte = match self.next()? {
                        b'\r' if self.rest.first() == Some(&b'\n') => {
                            self.next();
                            continue;
                        }
                        b'\n' => continue,
                        b'n' => b'\n',
                        b't' => b'\t',
                        b'b' => 8,
                        byte @ (b'"' | b'\\') => byte,
                        _ => return None,
                    };
                    value.push(byte);
                    end = value.len();
                }
                Some(byte) => {
                    value.push(byte);
                    if is_quoted || !byte.is_ascii_whitespace() {
                        end = value.len();
                    }
                }
            }
        }
        // Blanks at the end do not belong to it, unless they are quoted.
        value.truncate(end);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_as_git_reads_them() {
        let read = |text: &str| {
            let mut all = Vec::new();
            variables(text.as_bytes(), &mut |it| {
                let value = it.value.map_or("(yes)".to_owned(), |value| value.escape_ascii().to_string());
                all.push(format!("{}|{}|{} = {value}", it.section, it.subsection.escape_ascii(), it.name));
            });
            all
        };
        for (text, expected) in [
            ("[core]\n\tignoreCase = true\n", &["core||ignorecase = true"][..]),
            ("# c\n[Core] ignorecase ; c\n x=1 # c\n", &["core||ignorecase = (yes)", "core||x = 1"]),
            ("[core]\nexcludesFile = \"~/a # b\"  ; c\n", &["core||excludesfile = ~/a # b"]),
            ("[a \"B\\\"c\"]\nk = x\\\n  y\\tz  \n", &["a|B\\\"c|k = x  y\\tz"]),
            ("[a.B]\r\nk = v\r\nl=\r\n", &["a|b|k = v", "a|b|l = "]),
            ("[a]\nk = \"x\n[b]\nl = 1\n", &[]),
            ("[a]\nk = 1\n[b\nl = 1\n", &["a||k = 1"]),
            ("[a]\n1 = 1\nk = 2", &[]),
        ] {
            assert_eq!(read(text), expected, "{text:?}");
        }
        let mut truths = Vec::new();
        variables(b"[a]\na\nb=\nc=yes\nd=0\ne=2\nf=No\ng=ON\n", &mut |it| truths.push(it.is_true()));
        assert_eq!(truths, [true, false, true, false, true, false, true]);
    }
}
