//! What one line of code tells: its indentation, whether it begins a definition, whether it goes on with one.

use crate::corpus::language::{Language, Style};

/// Keywords that begin a definition, and what they define.
const KEYWORDS: &[(&str, &str)] = &[
    ("fn", "function"),
    ("func", "function"),
    ("fun", "function"),
    ("function", "function"),
    ("def", "function"),
    ("defp", "function"),
    ("sub", "function"),
    ("proc", "function"),
    ("rpc", "function"),
    ("macro", "macro"),
    ("macro_rules!", "macro"),
    ("defmacro", "macro"),
    ("class", "class"),
    ("struct", "struct"),
    ("union", "union"),
    ("enum", "enum"),
    ("record", "record"),
    ("trait", "trait"),
    ("interface", "interface"),
    ("protocol", "protocol"),
    ("extension", "extension"),
    ("impl", "impl"),
    ("object", "object"),
    ("actor", "actor"),
    ("mod", "module"),
    ("module", "module"),
    ("defmodule", "module"),
    ("namespace", "namespace"),
    ("message", "message"),
    ("service", "service"),
    ("type", "type"),
    ("typealias", "type"),
    ("const", "const"),
    ("static", "static"),
    ("var", "variable"),
    ("let", "variable"),
    ("val", "variable"),
];

/// Words that may stand before the keyword.
const MODIFIERS: &[&str] = &[
    "pub",
    "async",
    "unsafe",
    "extern",
    "default",
    "export",
    "declare",
    "abstract",
    "public",
    "private",
    "protected",
    "internal",
    "final",
    "sealed",
    "override",
    "virtual",
    "inline",
    "partial",
    "readonly",
    "open",
    "data",
    "case",
    "implicit",
    "lazy",
    "local",
    "suspend",
    "operator",
    "fileprivate",
    "mutating",
    "indirect",
    "companion",
    "inner",
    "synchronized",
    "native",
    "strictfp",
    "annotation",
    "global",
    "static",
    "const",
];

/// What may follow the name of a definition, where a word follows it at all.
const FOLLOWERS: &[&str] = &[
    "extends",
    "implements",
    "struct",
    "interface",
    "where",
    "for",
    "func",
    "map",
    "chan",
    "do",
    "with",
    "of",
    "returns",
    "is",
    "permits",
    "begin",
];

/// Words before a parenthesis that do not name a function.
const CONTROL: &[&str] = &[
    "if", "else", "for", "while", "switch", "do", "return", "case", "goto", "catch", "try", "finally", "throw", "new",
    "delete", "sizeof", "typeof", "await", "yield", "using", "lock", "foreach", "elseif", "elif", "until", "when",
    "match", "assert", "function", "super", "in", "and", "or", "not", "echo", "then", "defined",
];

/// A line of code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Columns before the text; a tab counts as one.
    pub indent: usize,
    /// Without white space around it.
    text: &'a str,
}

impl<'a> Line<'a> {
    pub fn new(line: &'a str) -> Self {
        let text = line.trim_ascii_start();
        Self { indent: line.len() - text.len(), text: text.trim_ascii_end() }
    }

    pub fn is_blank(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether the line says nothing about where definitions end, wherever it begins.
    pub fn is_neutral(&self, style: Style) -> bool {
        let Some(first) = self.text.bytes().next() else { return true };
        match style {
            // Strings of Lisp may begin in the first column.
            Style::Lisp => !(self.indent == 0 && (first == b'(' || self.text.starts_with(";;"))),
            Style::Braces if first == b'#' => !self.text.starts_with("#define"),
            Style::Braces => self.indent == 0 && self.is_label(),
            _ => false,
        }
    }

    /// Whether the line still belongs to a definition that is indented as far as the line: it closes the body, or goes
    /// on with a signature.
    pub fn continues(&self) -> bool {
        self.text.starts_with(['}', ')', ']', '{'])
            || matches!(self.first_word(), "end" | "where" | "then" | "begin" | "fi" | "done")
    }

    /// Whether the line is a comment, an attribute or a decorator, which belongs to the definition that follows.
    pub fn is_leading(&self, language: &Language) -> bool {
        let text = self.text;
        if language.style == Style::Braces && text.starts_with('#') && language.name != "shell" {
            return false;
        }
        language.comments.iter().any(|mark| text.starts_with(mark.trim_end()))
            || text.starts_with("#[")
            || (text.starts_with('@') && language.style != Style::Lisp)
            || text.starts_with("template<")
            || text.starts_with("template <")
    }

    /// What the line defines: a kind and a name. `opens_body` looks at the lines that follow.
    pub fn definition(&self, style: Style, opens_body: impl FnOnce() -> bool) -> Option<(&'static str, &'a str)> {
        if style == Style::Lisp {
            return self.lisp_form();
        }
        if !self.text.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | '#' | '~')) {
            return None;
        }
        if let Some(found) = self.keyword_definition(style) {
            return Some(found);
        }
        if style == Style::Braces { self.braced_function(opens_body) } else { None }
    }

    fn first_word(&self) -> &'a str {
        let end = self.text.find(|it: char| !it.is_ascii_alphanumeric() && it != '_').unwrap_or(self.text.len());
        &self.text[..end]
    }

    fn is_label(&self) -> bool {
        let word = self.first_word();
        !word.is_empty() && self.text[word.len()..].trim_start() == ":"
    }

    fn lisp_form(&self) -> Option<(&'static str, &'a str)> {
        const FORMS: &[&str] = &[
            "defun",
            "defmacro",
            "defsubst",
            "defvar",
            "defvar-local",
            "defcustom",
            "defconst",
            "defface",
            "defgroup",
            "defalias",
            "cl-defun",
            "cl-defmethod",
            "cl-defgeneric",
            "cl-defstruct",
            "cl-defmacro",
            "defclass",
            "define-minor-mode",
            "define-derived-mode",
            "define-key",
            "ert-deftest",
            "use-package",
            "defn",
            "defn-",
            "def",
            "defmethod",
            "defmulti",
            "defprotocol",
            "defrecord",
            "deftype",
            "defstruct",
            "defgeneric",
            "defparameter",
            "define",
            "ns",
        ];
        if self.indent > 0 {
            return None;
        }
        let (form, rest) = self.text.strip_prefix('(')?.split_once(' ')?;
        let kind = FORMS.iter().find(|&&known| known == form)?;
        let rest = rest.trim_start().trim_start_matches(['\'', '(']);
        let name = rest.split([' ', '(', ')', '"']).next()?;
        (!name.is_empty()).then_some((kind, name))
    }

    fn keyword_definition(&self, style: Style) -> Option<(&'static str, &'a str)> {
        if let Some(rest) = self.text.strip_prefix("#define ").filter(|_| style == Style::Braces) {
            return identifier(rest.trim_start()).map(|name| ("macro", name));
        }
        let mut rest = self.text;
        let (word, after) = loop {
            let (word, after) = split_word(rest)?;
            // `const` and `static` are modifiers or keywords; so are a few others that are names elsewhere.
            let keyword_follows =
                || split_word(after).is_some_and(|(next, _)| keyword(next).is_some() || is_modifier(next));
            if !is_modifier(word) || (keyword(word).is_some() && !keyword_follows()) {
                break (word, after);
            }
            rest = after;
        };
        let kind = keyword(word)?;
        match kind {
            "impl" | "extension" => return Some((kind, implementation(after)?)),
            "const" | "static" | "variable" if self.indent > 0 && !(kind == "const" && style == Style::Keywords) => {
                return None;
            }
            _ => {}
        }
        let after = receiver_skipped(after.trim_start_matches(['*', '&', ' ']));
        let name = identifier(after)?;
        let follower = after[name.len()..].trim_start();
        let kind = match (kind, split_word(follower).map(|(word, _)| word)) {
            ("type", Some("struct")) => "struct",
            ("type", Some("interface")) => "interface",
            ("const" | "variable", _) if follower.contains("=>") || follower.contains("= function") => "function",
            _ => kind,
        };
        may_follow(kind, follower, style).then_some((kind, name))
    }

    /// A function of the family of C: a name before parentheses, and then a brace.
    fn braced_function(&self, opens_body: impl FnOnce() -> bool) -> Option<(&'static str, &'a str)> {
        // Most lines of code end here.
        if self.indent > 0 && !self.text.contains('{') {
            return None;
        }
        let (head, tail) = self.text.split_once('(')?;
        let head = head.trim_end();
        let start = head
            .char_indices()
            .rfind(|&(_, it)| !(it.is_alphanumeric() || matches!(it, '_' | ':' | '~' | '$')))
            .map_or(0, |(at, it)| at + it.len_utf8());
        let name = head[start..].trim_start_matches(':');
        let called = head[..start].trim_end().ends_with(['.', '>', '=', '!', '(', '&', '|', '+', '?'])
            && !head[..start].trim_end().ends_with("&>")
            && !head[..start].ends_with("> ");
        if !name.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | '~' | '$'))
            || called
            || head.contains('=')
            || CONTROL.contains(&name)
            || CONTROL.contains(&self.first_word())
            || tail.starts_with(['"', '\'', '`'])
        {
            return None;
        }
        let kind = if self.indent > 0 { "method" } else { "function" };
        let code = self.text.split(" //").next().unwrap_or(self.text).trim_end();
        if let Some(before) = code.strip_suffix('{') {
            let plain = |it: char| it.is_alphanumeric() || " _:,<>[]&*|?.-".contains(it);
            let (_, between) = before.rsplit_once(')')?;
            return (between.chars().all(plain) && !tail.contains("=> ")).then_some((kind, name));
        }
        let unfinished = code.ends_with([')', ',', '(']) || code.ends_with("const");
        (self.indent == 0 && unfinished && opens_body()).then_some((kind, name))
    }
}

fn keyword(word: &str) -> Option<&'static str> {
    const LOOKS: Looks = {
        let (mut looks, mut at) = (Looks::NONE, 0);
        while at < KEYWORDS.len() {
            looks = looks.with(KEYWORDS[at].0);
            at += 1;
        }
        looks
    };
    let known = || KEYWORDS.iter().find(|&&(known, _)| known == word).map(|&(_, kind)| kind);
    LOOKS.fit(word).then(known)?
}

fn is_modifier(word: &str) -> bool {
    const LOOKS: Looks = {
        let (mut looks, mut at) = (Looks::NONE, 0);
        while at < MODIFIERS.len() {
            looks = looks.with(MODIFIERS[at]);
            at += 1;
        }
        looks
    };
    LOOKS.fit(word) && MODIFIERS.contains(&word)
}

/// The first letters and lengths of some words, by which nearly all others are told from them at once.
struct Looks([u32; 128]);

impl Looks {
    const NONE: Self = Self([0; 128]);

    const fn with(mut self, word: &str) -> Self {
        self.0[word.as_bytes()[0] as usize] |= 1 << word.len();
        self
    }

    fn fit(&self, word: &str) -> bool {
        let first = word.bytes().next().map_or(0, usize::from);
        self.0.get(first).is_some_and(|lengths| lengths.checked_shr(word.len() as u32).unwrap_or(0) & 1 == 1)
    }
}

/// The first word of a text and what follows it and its parentheses or quotes, as in `pub(crate)` and `extern "C"`.
fn split_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(|it: char| !(it.is_ascii_alphanumeric() || matches!(it, '_' | '!'))).unwrap_or(text.len());
    let (word, mut rest) = text.split_at(end);
    if matches!(word, "pub" | "extern" | "private" | "protected") {
        let closing = match rest.trim_start().bytes().next() {
            Some(b'(') => Some(')'),
            Some(b'"') => Some('"'),
            Some(b'[') => Some(']'),
            _ => None,
        };
        if let Some(closing) = closing {
            let opened = rest.trim_start();
            let close = opened[1..].find(closing)? + 2;
            rest = &opened[close..];
        }
    }
    (!word.is_empty()).then_some((word, rest))
}

/// The name at the beginning of `text`, with what joins names in one language or another.
fn identifier(text: &str) -> Option<&str> {
    let end = text
        .find(|it: char| !(it.is_alphanumeric() || matches!(it, '_' | '$' | '?' | '!' | '.' | '-')))
        .unwrap_or(text.len());
    let name = text[..end].trim_end_matches(['.', '-', '?', '!']);
    name.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | '$')).then_some(name)
}

/// What is implemented: the text after `impl<…>` up to its body.
fn implementation(text: &str) -> Option<&str> {
    let mut text = text.trim_start();
    if text.starts_with('<') {
        let mut depth = 0_usize;
        let close = text.char_indices().find_map(|(at, it)| {
            match it {
                '<' => depth += 1,
                // The arrow of a function type closes nothing.
                '>' if !text[..at].ends_with(['-', '=']) => depth -= 1,
                _ => {}
            }
            (depth == 0).then_some(at + 1)
        })?;
        text = text[close..].trim_start();
    }
    let end = text.find(" where ").or_else(|| text.find(['{', ';'])).unwrap_or(text.len());
    let name = text[..end].trim_end().trim_end_matches(" where").trim_end();
    (!name.is_empty()).then_some(name)
}

/// Leaves out the receiver of a method of Go and the type parameters before a name.
fn receiver_skipped(text: &str) -> &str {
    let closing = match text.bytes().next() {
        Some(b'(') => ')',
        Some(b'<') => '>',
        _ => return text,
    };
    text.split_once(closing).map_or(text, |(_, rest)| rest.trim_start())
}

/// Whether `follower` can come after the name of a definition; prose that begins with a keyword goes on otherwise.
fn may_follow(kind: &str, follower: &str, style: Style) -> bool {
    match follower.bytes().next() {
        None => true,
        Some(b';') => style == Style::Keywords,
        Some(b'(' | b'{' | b'<' | b':' | b'=' | b'[') => true,
        Some(b'*') => false,
        Some(first) if first.is_ascii_alphabetic() => {
            matches!(kind, "type" | "const" | "variable") && style == Style::Keywords
                || split_word(follower).is_some_and(|(word, _)| FOLLOWERS.contains(&word))
        }
        Some(_) => kind == "function",
    }
}
