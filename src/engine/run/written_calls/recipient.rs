//! Calls in the way of Functionary, which names on a line of its own whom the text behind it is for: `>>>grep`, and the
//! arguments on the next line. `>>>all` stands before what is said to the person.

use super::{RUNS_PYTHON, WrittenCall, program, python};

const MARK: &str = ">>>";

/// Whom a text is for that the person reads.
const PERSON: &str = ">>>all\n";

/// The longest name.
const LONGEST: usize = 100;

/// Whether a call stands at the start of a text. A session of Python that is shown has a blank behind its mark.
pub fn is_mark(text: &str) -> bool {
    named(text).is_some_and(|(name, length)| is_python(name) || text[length..].trim_start().starts_with('{'))
}

/// The call at the start of a text, and its length.
pub fn read(text: &str) -> Option<(Vec<WrittenCall>, usize)> {
    let (name, length) = named(text)?;
    let behind = &text[length..];
    if is_python(name) {
        let end = behind.find("\n>>>").unwrap_or(behind.len());
        return Some((vec![program(&behind[..end])], length + end));
    }
    let arguments = behind.trim_start();
    let (given, end) = python::arguments(arguments)?;
    let call = WrittenCall { name: name.to_owned(), arguments: given };
    Some((vec![call], text.len() - arguments.len() + end))
}

/// What is said to the person before a call, without the mark before it.
pub fn without_mark(said: &str) -> &str {
    said.strip_prefix(PERSON).unwrap_or(said).trim()
}

/// The name at the start of a text, and the length of its line.
fn named(text: &str) -> Option<(&str, usize)> {
    let behind = text.strip_prefix(MARK)?;
    let (name, _) = behind[..behind.floor_char_boundary(LONGEST)].split_once('\n')?;
    let is_name = |name: &str| {
        name.starts_with(|it: char| it.is_ascii_alphabetic())
            && name.chars().all(|it| it.is_ascii_alphanumeric() || matches!(it, '_' | '.' | '-'))
    };
    is_name(name.trim_end()).then(|| (name.trim_end(), MARK.len() + name.len() + 1))
}

fn is_python(name: &str) -> bool {
    matches!(name, "python" | RUNS_PYTHON)
}
