//! What a question names: identifiers, files, and texts that stand in the text as they stand in the question.

use super::words::{is_neutral, is_opening};
use regex::Regex;
use serde::Serialize;
use std::sync::LazyLock;

/// The most things of a kind that are looked up.
const MOST: usize = 12;

/// The longest of them, in bytes.
const LONGEST: usize = 300;

/// What is named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Written as names are in code.
    pub names: Vec<String>,
    /// Plain words that stand where a name would; each is one if something of that name is defined.
    pub words: Vec<String>,
    pub files: Vec<String>,
    /// Lines of files: the first and the last.
    pub places: Vec<(String, usize, usize)>,
    /// Numbers, versions, ids, addresses and quoted texts.
    pub literals: Vec<String>,
}

/// Endings of files that are no names of methods.
const ENDINGS: &str = "
py pyi rs js jsx mjs cjs ts tsx go c h cc cpp cxx hpp hh java kt kts swift rb php cs scala lua r jl ex exs erl hs ml el
sh bash zsh fish ps1 bat sql html htm css scss less vue svelte xml svg json jsonl json5 yaml yml toml ini cfg conf env lock
md rst txt org adoc csv tsv log patch diff mk cmake gradle proto graphql tf nix zig dart pl pm m mm asm s ipynb pem
properties service dockerfile gitignore po
";

/// Files without an ending.
const FILES: &str = "
Makefile Dockerfile Gemfile Rakefile Procfile Jenkinsfile Vagrantfile Justfile LICENSE LICENCE COPYING README CHANGELOG
CONTRIBUTING AUTHORS NOTICE CODEOWNERS CMakeLists.txt go.mod go.sum
";

/// Words with a dot that are no names: products.
const PRODUCTS: &str = "node.js vue.js next.js react.js express.js three.js d3.js asp.net e.g i.e etc. vs.";

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("the pattern is right"));
    };
}

// Quoted text; apostrophes only where words do not go on.
pattern!(QUOTED, r#"`([^`\n]+)`|"([^"\n]{2,})"|“([^”\n]+)”|«([^»\n]+)»|(?:^|[\s(:])'([^'\n]{2,}?)'(?:[\s).,;:?!]|$)"#);
pattern!(TOKEN, r#"[^\s"“”«»`()\[\]{}<>,;!?|=]+(?:\(\))?"#);
pattern!(IDENTIFIER, r"^[A-Za-z_$][\w$]*$");
// As in Lisp.
pattern!(HYPHENATED, r"^[A-Za-z][\w$]*(?:-[\w$]+)+[?!*]?$");
pattern!(QUALIFIED, r"^(?:[A-Za-z_$][\w$]*(?:::|\.|#|->))+[A-Za-z_$][\w$]*$");
pattern!(
    CODE_LIKE,
    r"^(?:\w*[A-Za-z0-9]_\w*|_+[A-Za-z]\w*|[a-z]+[0-9]*[A-Z]\w*|[A-Z][a-z0-9]+[A-Z]\w*|[A-Z]{2,}[a-z]\w*[a-z])$"
);
pattern!(NUMBER, r"^[#$v~^]?\d[\d._,:/-]*\d%?[a-z]{0,2}$|^0x[0-9A-Fa-f]+$|^\d{4}-\d\d-\d\dT[\d:.]+Z?$");
pattern!(CODE, r"^[A-Z]{1,8}[-_]?\d{3,}[A-Z0-9-]*$|^[A-Z]{2,}(?:[-_][A-Z0-9]+)*[-_]\d{2,}(?:-\d+)*$|^[a-z]+-\d{3,}$");
pattern!(ID, r"^[0-9a-f]{7,64}$|^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$");
pattern!(ADDRESS, r"^(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?$|^[\w.+-]+@[\w-]+(?:\.[\w-]+)+$|^[a-z][a-z0-9+]*://\S+$");
// `a.py:12`, `a.py:3-9`, `line 12 of a.py`, `lines 3 to 9 in a.py`, `a.py line 12`.
pattern!(
    LINES,
    r"(?ix)\b lines? \s (?P<at>\d+) (?:\s?(?:-|–|to|and)\s? (?P<to>\d+))? \s (?:of|in|from) \s (?:the\sfile\s)? `?(?P<of>[^\s`]+) | (?P<path>[\w@~+./\\-]+\.\w+) (?: : | ,?\s(?:at\s)?lines?\s ) (?P<first>\d+) (?:[-–](?P<last>\d+))?"
);
pattern!(PRE_RELEASE, r"^v?\d+(?:\.\d+)+(?:[-.+]?[a-z]+[\w.]*)$");

impl Named {
    pub fn new(text: &str) -> Self {
        let mut named = Self::default();
        let mut rest = text.to_owned();
        for found in LINES.captures_iter(text) {
            let number = |name: &str| found.name(name).and_then(|it| it.as_str().parse::<usize>().ok());
            let path =
                found.name("path").or(found.name("of")).map_or("", |it| it.as_str().trim_end_matches(['?', '.', ',']));
            if let (Some(first), true) = (number("first").or(number("at")), is_file(path) && named.places.len() < MOST)
            {
                let last = number("last").or(number("to")).unwrap_or(first).max(first);
                named.places.push((path.to_owned(), first, last));
                let range = found.get(0).map_or(0..0, |it| it.range());
                rest.replace_range(range.clone(), &" ".repeat(range.len()));
            }
        }
        for found in QUOTED.captures_iter(&rest.clone()) {
            let (Some(whole), Some(inner)) = (found.get(0), found.iter().skip(1).flatten().next()) else { continue };
            let quoted = inner.as_str().trim();
            let is_code = whole.as_str().starts_with('`');
            match () {
                () if is_file(quoted) => add(&mut named.files, quoted),
                () if is_code && is_name(quoted) => add(&mut named.names, quoted.trim_end_matches("()")),
                () if is_name(quoted) && CODE_LIKE.is_match(quoted) => add(&mut named.names, quoted),
                () if is_name(quoted) => {
                    add(&mut named.words, quoted);
                    add(&mut named.literals, quoted);
                }
                () => add(&mut named.literals, quoted),
            }
            // What was quoted is not looked at again word by word.
            rest.replace_range(whole.range(), &" ".repeat(whole.len()));
        }
        for token in TOKEN.find_iter(&rest) {
            named.take(token.as_str(), &rest[token.end()..]);
        }
        named
    }

    fn take(&mut self, token: &str, behind: &str) {
        let token = token.trim_matches(['.', ':', '\'', '*', '-', '/']).trim_end_matches("'s").trim_end_matches('’');
        // A leading dot belongs to a hidden file, which only a path or a known ending tells.
        if token.is_empty() || PRODUCTS.split_whitespace().any(|it| it.eq_ignore_ascii_case(token)) {
            return;
        }
        let bare = token.trim_end_matches("()");
        match () {
            () if ADDRESS.is_match(bare) => add(&mut self.literals, bare),
            () if is_file(bare) => add(&mut self.files, bare),
            () if is_literal(bare) => add(&mut self.literals, bare.trim_start_matches(['#', '~', '^'])),
            () if bare != token && is_name(bare) => add(&mut self.names, bare),
            // `a call(` with arguments.
            () if behind.starts_with('(') && IDENTIFIER.is_match(bare) && !is_neutral(&bare.to_lowercase()) => {
                add(&mut self.names, bare);
            }
            () if QUALIFIED.is_match(bare) => add(&mut self.names, bare),
            () if CODE_LIKE.is_match(bare) => add(&mut self.names, bare),
            () => {}
        }
    }

    /// Adds a plain word that stands where a name would.
    pub(super) fn add_word(&mut self, word: &str) {
        let word = word.trim_matches(['`', '"', '\'']).trim_end_matches("()");
        let is_known = self.literals.iter().any(|it| it == word)
            || self.names.iter().any(|name| name == word || name.ends_with(&format!(".{word}")));
        if (IDENTIFIER.is_match(word) || HYPHENATED.is_match(word))
            && word.len() > 1
            && !is_known
            && !is_neutral(&word.to_lowercase())
            && !is_opening(word)
        {
            add(&mut self.words, word);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.files.is_empty() && self.places.is_empty() && self.literals.is_empty()
    }
}

fn add(list: &mut Vec<String>, entry: &str) {
    if !entry.is_empty() && entry.len() <= LONGEST && list.len() < MOST && !list.iter().any(|known| known == entry) {
        list.push(entry.to_owned());
    }
}

fn is_name(text: &str) -> bool {
    let text = text.trim_end_matches("()");
    IDENTIFIER.is_match(text) || QUALIFIED.is_match(text)
}

/// Whether a word is the name or the path of a file.
pub(super) fn is_file(text: &str) -> bool {
    if text.len() > 400 || text.contains("://") || text.contains(char::is_whitespace) {
        return false;
    }
    let name = text.rsplit('/').next().unwrap_or(text);
    if FILES.split_whitespace().any(|known| known == name) {
        return true;
    }
    let Some((stem, ending)) = name.rsplit_once('.') else { return is_path(text) };
    let is_known = ENDINGS.split_whitespace().any(|known| known.eq_ignore_ascii_case(ending));
    // `self.s` and `R.r` are no files: of endings of one letter the stem is a word in lower case.
    let is_stem = stem.is_empty()
        || (!stem.ends_with([':', '.'])
            && (ending.len() > 1
                || text.contains('/')
                || stem.len() > 1 && stem.chars().all(|it| it.is_lowercase() || it == '_' || it == '-')))
            && !matches!(stem, "self" | "this" | "cls");
    is_known && is_stem
}

/// Whether a word with slashes is a path, and not a pair of words: `src/a` and `./a`, but `read/write`.
fn is_path(text: &str) -> bool {
    const FOLDERS: [&str; 18] = [
        "src", "lib", "test", "tests", "docs", "doc", "app", "bin", "cmd", "pkg", "internal", "scripts", "examples",
        "include", "config", "packages", "crates", "tools",
    ];
    let first = text.split('/').next().unwrap_or_default();
    text.contains('/')
        && (text.starts_with("./")
            || FOLDERS.contains(&first)
            || text.matches('/').count() > 1 && !text.contains(|it: char| it.is_ascii_digit()))
}

/// Whether a word stands in the text as it stands here: a number of some length, a version, a code, an id, an address.
fn is_literal(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 {
        return false;
    }
    let is_number =
        NUMBER.is_match(text) && (digits > 2 || text.contains('.') || text.starts_with("0x") || text.starts_with('#'));
    is_number || CODE.is_match(text) && digits > 2 || ID.is_match(text) && (digits > 1) || PRE_RELEASE.is_match(text)
}
