//! Calls as elements of a markup language: `<function=grep><parameter=pattern>x</parameter></function>`,
//! `<invoke name="grep">…`, `grep<arg_key>pattern</arg_key><arg_value>x</arg_value>`, `<grep><pattern>x</pattern></grep>`.

use super::{Known, MOST_VALUES, WrittenCall, python};
use crate::llm::whole_value;
use serde_json::{Map, Value};

/// Elements that calls lie in, and such as say what is called.
const AROUND: [&str; 7] =
    ["tool_call", "tool_calls", "toolcall", "function_call", "function_calls", "functioncall", "tool_use"];
const NAMING: [&str; 2] = ["function", "invoke"];
const ARGUMENT: [&str; 2] = ["parameter", "param"];

/// The beginning of an argument, and the end of a call, as nobody writes them by chance. A model may leave out the rest.
const PARTS: [&str; 3] = ["<parameter=", "</function>", "</invoke>"];

/// The mark that DeepSeek puts before names of elements.
const DSML: &str = "｜DSML｜";

/// The longest tag.
const LONGEST: usize = 300;

/// A tag at the start of a text.
struct Tag<'t> {
    closes: bool,
    name: &'t str,
    /// What is said of it: `=grep`, `name="grep"`.
    said: &'t str,
    length: usize,
}

impl<'t> Tag<'t> {
    fn at(text: &'t str) -> Option<Self> {
        let inside = text.strip_prefix('<')?;
        let closes = inside.starts_with('/');
        let inside = inside.strip_prefix('/').unwrap_or(inside);
        let end = inside[..inside.floor_char_boundary(LONGEST)].find('>')?;
        let length = text.len() - inside.len() + end + 1;
        let inside = &inside[..end];
        let inside = inside.strip_prefix(DSML).unwrap_or(inside);
        let named = inside.find(|it: char| !it.is_alphanumeric() && it != '_' && it != '-').unwrap_or(inside.len());
        let (name, said) = match inside[named..].strip_prefix(':') {
            // A prefix that stands for a vendor.
            Some(rest) => {
                let named = rest.find(|it: char| !it.is_alphanumeric() && it != '_' && it != '-').unwrap_or(rest.len());
                (&rest[..named], &rest[named..])
            }
            None => (&inside[..named], &inside[named..]),
        };
        (!name.is_empty()).then_some(Self { closes, name, said, length })
    }

    fn is_one_of(&self, names: &[&str]) -> bool {
        names.iter().any(|it| self.name.eq_ignore_ascii_case(it))
    }

    /// The value behind the name of the element, or of its attribute `name`.
    fn value(&self) -> &'t str {
        let said = self.said.trim();
        let value = said.strip_prefix('=').or_else(|| said.split_once("name=").map(|(_, value)| value));
        let value = value.unwrap_or_default().trim_start();
        match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].split(quote).next().unwrap_or_default(),
            _ => value.split_whitespace().next().unwrap_or_default(),
        }
    }
}

/// The length of a tag at the start of a text that calls lie in.
pub fn around(text: &str) -> Option<usize> {
    Tag::at(text).filter(|tag| tag.is_one_of(&AROUND) && tag.said.trim().is_empty()).map(|tag| tag.length)
}

/// Whether a text begins with a tag that says what is called.
pub fn is_naming(text: &str) -> bool {
    Tag::at(text).is_some_and(|tag| !tag.closes && tag.is_one_of(&NAMING) && !tag.value().is_empty())
}

/// Whether a text begins with a part of a call whose beginning is missing.
pub fn is_part(text: &str) -> bool {
    PARTS.iter().any(|it| text.starts_with(it))
}

/// The length of a tag at the start of a text that some models put around JSON, whatever its name, or behind it.
pub fn around_json(text: &str) -> Option<usize> {
    let tag = Tag::at(text).filter(|tag| tag.said.trim().is_empty())?;
    (tag.closes || text[tag.length..].trim_start().starts_with(['{', '['])).then_some(tag.length)
}

/// A call at the start of a text, and its length.
pub fn read(text: &str) -> Option<(Vec<WrittenCall>, usize)> {
    if !text.starts_with('<') {
        return keys(text);
    }
    let tag = Tag::at(text).filter(|tag| !tag.closes && tag.is_one_of(&NAMING) && !tag.value().is_empty())?;
    let (mut fields, mut rest) = (Map::new(), &text[tag.length..]);
    loop {
        let trimmed = rest.trim_start();
        if let Some((Value::Object(given), end)) = python::arguments(trimmed) {
            fields.extend(given);
            rest = &trimmed[end..];
            continue;
        }
        match Tag::at(trimmed) {
            Some(next) if !next.closes && next.is_one_of(&ARGUMENT) && !next.value().is_empty() => {
                let value = &trimmed[next.length..];
                let (end, length) = end_of_argument(value);
                let text = value[..end].strip_prefix('\n').unwrap_or(&value[..end]);
                let text = text.strip_suffix('\n').unwrap_or(text);
                let is_json = next.said.contains("string=\"false\"");
                let json = is_json.then(|| whole_value(text, MOST_VALUES)).flatten();
                fields.insert(next.value().to_owned(), json.unwrap_or_else(|| Value::from(text)));
                rest = &value[end + length..];
            }
            Some(next) if next.closes && next.is_one_of(&NAMING) => {
                rest = &trimmed[next.length..];
                break;
            }
            _ => break,
        }
    }
    let call = WrittenCall { name: tag.value().to_owned(), arguments: Value::Object(fields) };
    Some((vec![call], text.len() - rest.len()))
}

/// Where the value of an argument ends, and how long the tag is that ends it. Models forget that tag.
fn end_of_argument(text: &str) -> (usize, usize) {
    for (at, _) in text.match_indices('<') {
        let Some(tag) = Tag::at(&text[at..]) else { continue };
        match (tag.is_one_of(&ARGUMENT), tag.is_one_of(&NAMING)) {
            (true, _) if tag.closes => return (at, tag.length),
            (true, _) if !tag.value().is_empty() => return (at, 0),
            (_, true) if tag.closes => return (at, 0),
            _ => {}
        }
    }
    (text.len(), 0)
}

/// A name with pairs of keys and values behind it.
fn keys(text: &str) -> Option<(Vec<WrittenCall>, usize)> {
    let end = text.find(|it: char| !it.is_alphanumeric() && !"_-.".contains(it))?;
    let mut rest = text[end..].trim_start();
    if end == 0 || !rest.starts_with("<arg_key>") {
        return None;
    }
    let mut fields = Map::new();
    while let Some(behind) = rest.trim_start().strip_prefix("<arg_key>") {
        let (key, behind) = behind.split_once("</arg_key>")?;
        let (value, behind) = behind.trim_start().strip_prefix("<arg_value>")?.split_once("</arg_value>")?;
        fields.insert(key.trim().to_owned(), Value::from(value));
        rest = behind;
    }
    let call = WrittenCall { name: text[..end].to_owned(), arguments: Value::Object(fields) };
    Some((vec![call], text.len() - rest.len()))
}

/// A call whose element has the name of a tool, and in it JSON, or an element for each argument.
pub fn by_name(text: &str, known: &dyn Known) -> Option<(Vec<WrittenCall>, usize)> {
    let tag = Tag::at(text).filter(|tag| !tag.closes && tag.said.is_empty())?;
    let parameters = known.parameters(tag.name)?;
    let (mut fields, mut rest) = (Map::new(), text[tag.length..].trim_start());
    if let Some((Value::Object(given), end)) = python::arguments(rest) {
        fields = given;
        rest = rest[end..].trim_start();
    }
    loop {
        let next = Tag::at(rest)?;
        let behind = &rest[next.length..];
        if next.closes {
            let call = WrittenCall { name: tag.name.to_owned(), arguments: Value::Object(fields) };
            return (next.name == tag.name).then(|| (vec![call], text.len() - behind.len()));
        }
        if !parameters.iter().any(|it| it == next.name) {
            return None;
        }
        let (value, behind) = behind.split_once(&format!("</{}>", next.name))?;
        fields.insert(next.name.to_owned(), Value::from(value.trim_matches('\n')));
        rest = behind.trim_start();
    }
}
