//! What a question asks of what it names.

use super::{
    named::Named,
    words::{is_neutral, only, words},
};
use regex::Regex;
use serde::Serialize;
use std::sync::LazyLock;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "asks", rename_all = "snake_case")]
pub enum Ask {
    /// Passages that fit.
    Passages,
    /// What uses or calls what is named.
    Uses { calls: bool },
    /// What is named, itself: where it is defined, what it does, how it works.
    Definition,
    /// What the whole is.
    Summary,
    /// What a manifest, a licence or a list of changes says: `dependency`, `licence`, `runtime`, `version`,
    /// `release`, `feature`, `command`.
    Manifest { about: &'static str },
    /// How many there are of something, by something.
    Count { of: String, by: Option<String> },
    /// When something was first or last, in a log.
    When { last: bool },
    /// Which kinds of lines a log has.
    Repeats { of: String },
    /// What is in a file, or which things of a kind there are.
    List { of: String },
}

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("the pattern is right"));
    };
}

const VERBS: &str = r"calls?|called|calling|uses?|used|using|references?|referenced|invokes?|invoked|imports?|imported|instantiates?|instantiated|extends?|subclass(?:es)?|implements?|inherits?\sfrom|overrid(?:es|den)|raises?|raised|throws?|thrown|catch(?:es)?|caught";
pattern!(
    ACTIVE,
    &format!(
        r"(?ix)^\W*(?:and\s)?(?:who|what|which(?:\s\w+){{0,3}}|(?:list|find|show)(?:\s(?:me|all|every|everything|the|that|which|what|who|code|functions?|places|where))*)\s(?:else\s|all\s)?(?P<verb>{VERBS}|depends\son|relies\son)\s(?:to\s)?(?P<name>.+?)[\s?.!]*$"
    )
);
pattern!(
    PASSIVE,
    r"(?ix)\b(?:where|how\soften|how\smany\stimes|is|are|by\swhom)\s(?:(?:else\s)?(?:is|are|was|does|do|gets?)\s)?(?P<name>.+?)\s(?:get\s|being\s|still\s|ever\s|actually\s)?(?P<verb>called|used|referenced|invoked|imported|instantiated|subclassed|implemented\sby|overridden|raised|thrown|caught)\b"
);
pattern!(
    NOUN,
    r"(?ix)\b(?:(?P<verb>callers?|calls)|usages?|uses|references|users)\s(?:of|to|for)\s(?P<name>.+?)[\s?.!]*$"
);
pattern!(
    DEFINED,
    r"(?ix)
    \bwhere\s(?:is|are|was)\s(?P<a>.+?)\s(?:defined|declared|implemented|coming\sfrom)\b
  | \b(?:definition|declaration|implementation|signature|parameters|arguments|source|body|docstring)\s(?:and\s\w+\s)?of\s(?P<b>.+?)[\s?.!]*$
  | ^\W*(?:explain|describe|show(?:\sme)?|define|find|print)\s(?:how\s)?(?P<c>\S+(?:\s\S+){0,2}?(?:\s(?:in|of|from|on|within|inside)\s\S+(?:\s\S+){0,2}?)?)[\s?.!]*(?:\sworks)?[\s?.!]*$
  | ^\W*what\s(?:does|do|is|are)\s(?P<d>\S+(?:\s\S+){0,2}?)(?:\s(?:do|for|return|returns|take|accept|mean|raise|used\sfor))*[\s?.!]*$
  | ^\W*how\s(?:does|do|is)\s(?P<e>\S+(?:\s\S+){0,2}?)\s(?:work|works|implemented|defined)[\s?.!]*$
  | ^\W*what\s(?:does|do)\s(?P<f>\S+(?:\s\S+){0,2}?)\s(?:do|return|take|accept|raise|throw|call|mean)\b
  | ^\W*(?:what|which)\s(?:arguments|parameters|options|fields|methods|attributes)\s(?:does|do|has|have)\s(?P<g>\S+(?:\s\S+){0,2}?)\b"
);
pattern!(
    HOW_MANY,
    r"(?ix)^\W*(?:(?:and\s)?how\s(?:many|often)|count(?:\s(?:all|the|of))*|(?:what\sis\s)?(?:the\s)?(?:total\s)?number\sof)\s+(?:times\s)?(?P<of>.+?)[\s?.!]*$"
);
pattern!(
    BY,
    r"(?ix)\b(?:per|by|for\seach|in\seach|of\seach|grouped\sby|for\severy|in\severy)\s(?:the\s)?(?P<by>[\w.-]+)[\s?.!]*$"
);
pattern!(
    WHEN,
    r"(?ix)\bwhen\b.*\b(?:first|last|begin|began|start(?:ed)?|stop(?:ped)?|end(?:ed)?|happen(?:ed)?|occur(?:red)?|earliest|latest|fail(?:ed)?) \b | \b(?:first|last|earliest|latest|most\srecent|oldest|newest)\s(?:time|occurrence|line|entry|error|warning|message|event|failure|request)\b | \bsince\swhen\b | ^\W*when\s(?:was|were|did)\b"
);
pattern!(LAST, r"(?i)\b(?:last|latest|most recent|newest|stop(?:ped)?|end(?:ed)?)\b");
pattern!(
    REPEATS,
    r"(?ix)\b(?:repeat(?:s|ed|ing)?|recur(?:s|ring)?|most\s(?:common|frequent|often)|what\skinds?\sof|which\skinds?\sof|types?\sof|templates?|top\s\d*\s*)\b.*?\b(?P<of>errors?|warnings?|lines?|messages?|events?|failures?|requests?|exceptions?|logs?)\b | \b(?P<of2>errors?|warnings?|lines?|messages?|events?|failures?|exceptions?)\b.*\b(?:repeat(?:s|ed|ing)?|recur|most\s(?:often|common|frequent(?:ly)?)|are\sthere|occur)\b"
);
pattern!(
    CONTENTS,
    r"(?ix)^\W*(?:what(?:'s|\sis|\sare)?\s(?:all\s)?(?:in|inside|set\sin|defined\sin|configured\sin|written\sin|the\scontents?\sof)|show(?:\sme)?|print|open|display|contents?\sof|list|which|what)\b"
);
pattern!(
    KINDS,
    r"(?ix)\b(?P<of>functions?|methods?|class(?:es)?|structs?|traits?|enums?|interfaces?|modules?|tests?|types?|macros?|constants?|exceptions?|headings?|sections?)\b"
);
pattern!(PACKAGE, r"(?i)\b(?:of|does|do|is|has|for|by|with)\s(?:the\s)?(?P<name>[\w-]+)\b");
pattern!(
    RUNTIME,
    r"(?ix)\b(?:msrv|(?:node(?:\.?js)?|python|rust|rustc|go|golang|ruby|php|java|jdk|kotlin|swift|dart|flutter|elixir|julia|perl|typescript|npm|compiler|toolchain|interpreter|runtime|edition|\.net|dotnet|scala)\b.*\bversions?|versions?\b.*\b(?:node(?:\.?js)?|python|rust|rustc|go|golang|ruby|php|java|jdk|kotlin|swift|dart|elixir|julia|compiler|toolchain|interpreter|runtime))\b"
);
pattern!(
    RELEASE,
    r"(?ix)\b(?:last|latest|newest|most\srecent|current|recent)\s(?:\w+\s)?(?:release|version)\b | \bwhat(?:'s|\sis)\snew\b | \bchange\s?log\b | \brelease\snotes\b | \bnew\sin\b"
);

const OF_SUMMARIES: &str = "
summary summaries summarise summarize overview outline architecture structure structured organised organized laid out
describe description introduction introduce introducing purpose point main idea ideas gist general high level short brief
briefly quick quickly few two three sentence sentences word words paragraph whole entire document documents text website
does do text use used s service server game script plugin extension website framework log book paper article story
";
const OF_DEPENDENCIES: &str = "dependency dependencies dependence version versions direct external third party third-party libraries runtime dev development build need needs required require requires used uses use depend depends declared installed pinned other";
const OF_LICENCES: &str = "licence license licensed licenced licences licenses terms copyright released distributed published used kind sort type legal text free open available say says permitted allowed mit apache gpl lgpl agpl mpl bsd copyleft source compatible";
const OF_VERSIONS: &str = "version versions number current latest newest release released now today last recent most";
const OF_RELEASES: &str = "last latest newest most recent release releases released version versions changed change changes changelog new news notes fixed added removed current between happened difference different since introduced log what's";
const OF_RUNTIMES: &str = "node nodejs js python python3 rust rustc go golang ruby php java jdk kotlin swift dart flutter elixir julia perl typescript npm compiler toolchain interpreter runtime edition net dotnet scala version versions required require requires requirement need needs needed minimum minimal lowest oldest least supported support supports supporting run runs running build builds compile compiles msrv minimally work works expected use used uses target targets least engine engines start older newer";

impl Ask {
    /// What `text` asks; names in plain words are added to what is named.
    pub fn new(text: &str, named: &mut Named) -> Self {
        let words = words(text);
        let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
        let names_nothing = named.is_empty();
        if names_nothing && is_summary(text, &words) {
            return Self::Summary;
        }
        if let Some(about) = manifest(text, &words, named) {
            return Self::Manifest { about };
        }
        if let Some(calls) = uses(text, named) {
            return Self::Uses { calls };
        }
        if REPEATS.is_match(text)
            && has(&[
                "repeat",
                "repeats",
                "repeated",
                "repeating",
                "recur",
                "common",
                "frequent",
                "frequently",
                "often",
                "kinds",
                "kind",
                "types",
                "top",
                "templates",
            ])
            && names_nothing
        {
            let found = REPEATS.captures(text);
            let of = found
                .as_ref()
                .and_then(|found| found.name("of").or(found.name("of2")))
                .map_or("lines", |it| it.as_str());
            return Self::Repeats { of: of.trim_end_matches('s').to_lowercase() };
        }
        if let Some(found) = HOW_MANY.captures(text) {
            if words.iter().any(|word| word == "dependencies") && names_nothing {
                return Self::Manifest { about: "dependency" };
            }
            let by = BY.captures(&found["of"]).map(|by| by["by"].to_lowercase());
            let of = if by.is_some() { BY.replace(&found["of"], "").into_owned() } else { found["of"].to_owned() };
            return Self::Count { of: of.trim().to_owned(), by };
        }
        if WHEN.is_match(text) {
            return Self::When { last: LAST.is_match(text) && !words.iter().any(|it| it == "first") };
        }
        let is_listing = CONTENTS.is_match(text);
        if let (true, Some(found)) = (is_listing, KINDS.captures(text)) {
            let rest: Vec<String> = words
                .iter()
                .filter(|word| {
                    !KINDS.is_match(word) && !named.files.iter().any(|file| file.to_lowercase().contains(word.as_str()))
                })
                .cloned()
                .collect();
            if only(&rest, "defined exist exists there public") {
                return Self::List { of: found["of"].to_lowercase() };
            }
        }
        if is_listing && names_nothing && has(&["files"]) && only(&words, "exist exists contain contains") {
            return Self::List { of: "files".to_owned() };
        }
        if let Some(found) = DEFINED.captures(text) {
            let name = ["a", "b", "d", "e", "f", "g"].iter().find_map(|group| found.name(group));
            let name = name.and_then(|name| plain_name(name.as_str()));
            let several = || name_of_several(found.name("c")?.as_str());
            if let Some(name) = name.or_else(several) {
                named.add_word(&name);
            }
            if !(named.names.is_empty() && named.words.is_empty()) {
                return Self::Definition;
            }
        }
        if is_listing && !named.files.is_empty() && named.names.is_empty() && named.literals.is_empty() {
            return Self::List { of: String::new() };
        }
        Self::Passages
    }
}

/// Whether the whole is asked about, and nothing in it.
fn is_summary(text: &str, words: &[String]) -> bool {
    const SIGNS: [&str; 20] = [
        "summary",
        "summarise",
        "summarize",
        "overview",
        "describe",
        "description",
        "architecture",
        "structure",
        "structured",
        "organised",
        "organized",
        "outline",
        "introduction",
        "introduce",
        "introducing",
        "purpose",
        "about",
        "explain",
        "gist",
        "laid",
    ];
    const WHOLES: [&str; 24] = [
        "project",
        "repo",
        "repository",
        "crate",
        "package",
        "library",
        "program",
        "code",
        "codebase",
        "file",
        "text",
        "tool",
        "document",
        "workspace",
        "application",
        "app",
        "software",
        "module",
        "service",
        "this",
        "it",
        "log",
        "plugin",
        "script",
    ];
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let asks_what = words.first().is_some_and(|first| matches!(first.as_str(), "what" | "whats"));
    let is_short = words.len() <= 2 && has(&SIGNS[..4]);
    let speaks = has(&SIGNS) || asks_what;
    !text.chars().any(|it| it.is_ascii_digit()) && speaks && (is_short || has(&WHOLES) || has(&SIGNS[5..10])) && only(words, OF_SUMMARIES)
        // "What is the file?" asks for a file.
        && (has(&SIGNS) || text.to_lowercase().contains("this") || has(&["does", "do"]) || has(&["it"]))
}

fn manifest(text: &str, words: &[String], named: &Named) -> Option<&'static str> {
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let names_nothing = named.names.is_empty() && named.literals.is_empty() && named.files.is_empty();
    // "the licence of pino" may name the package.
    let only = |words: &[String], known: &str| only(words, known) || only_beside_a_name(text, words, known);
    let names_licence = has(&["mit", "gpl", "lgpl", "agpl", "apache", "bsd", "mpl", "copyleft"]);
    if names_licence && only(words, OF_LICENCES) && names_nothing {
        return Some("licence");
    }
    if has(&["licence", "license", "licensed", "licenced", "licences", "licenses", "copyright"])
        && only(words, OF_LICENCES)
        && names_nothing
    {
        return Some("licence");
    }
    let without_numbers: Vec<String> =
        words.iter().filter(|word| !word.chars().any(|it| it.is_ascii_digit())).cloned().collect();
    if (RUNTIME.is_match(text) || has(&["msrv"])) && only(&without_numbers, OF_RUNTIMES) && named.files.is_empty() {
        return Some("runtime");
    }
    if has(&["dependencies", "dependency", "requirements"]) && only(words, OF_DEPENDENCIES) && names_nothing {
        return Some("dependency");
    }
    let depends = has(&["depend", "depends", "need", "needs", "require", "requires"])
        && (has(&["packages", "libraries", "crates", "gems", "modules"]) || text.to_lowercase().contains("depend on"));
    if depends && only(words, &format!("{OF_DEPENDENCIES} crates gems modules")) && names_nothing {
        return Some("dependency");
    }
    let is_of_versions = !named.literals.is_empty()
        && named
            .literals
            .iter()
            .all(|it| it.starts_with(|it: char| it.is_ascii_digit() || it == 'v') && it.contains('.'));
    if named.names.is_empty()
        && named.files.is_empty()
        && (is_of_versions
            && has(&["changed", "change", "changes", "new", "fixed", "added", "removed", "released", "release"])
            || names_nothing && RELEASE.is_match(text))
    {
        let asks_number = self::only(words, OF_VERSIONS) && !has(&["changed", "new"]) && has(&["version"]);
        if asks_number && names_nothing {
            return Some("version");
        }
        if only(&without_numbers, OF_RELEASES) {
            return Some("release");
        }
    }
    if names_nothing
        && has(&["features", "extras"])
        && only(words, "feature extra optional cargo default flag available enable enabled")
    {
        return Some("feature");
    }
    if names_nothing
        && has(&["scripts", "commands"])
        && only(words, "script command npm yarn make run available define defined")
    {
        return Some("command");
    }
    (names_nothing && has(&["version"]) && self::only(words, OF_VERSIONS)).then_some("version")
}

/// Whether all words but one are known, and that one stands where the name of a package would.
fn only_beside_a_name(text: &str, words: &[String], known: &str) -> bool {
    PACKAGE.captures_iter(text).any(|found| {
        let name = found["name"].to_lowercase();
        let rest: Vec<String> = words.iter().filter(|word| **word != name).cloned().collect();
        rest.len() + 1 == words.len() && !is_neutral(&name) && only(&rest, known)
    })
}

/// Whether it is asked what uses something, and then whether calls are meant. What is used is added to what is named.
fn uses(text: &str, named: &mut Named) -> Option<bool> {
    for pattern in [&*ACTIVE, &*PASSIVE, &*NOUN] {
        let Some(found) = pattern.captures(text) else { continue };
        let verb = found.name("verb").map_or("", |it| it.as_str()).to_lowercase();
        let calls = ["call", "invoke", "instantiate"].iter().any(|it| verb.starts_with(it));
        let name = &found["name"];
        let is_named = named.names.iter().any(|known| name.contains(known.as_str()));
        if is_named {
            return Some(calls);
        }
        if let Some(word) = plain_name(name) {
            let before = named.words.len();
            named.add_word(&word);
            if named.words.len() > before || named.words.contains(&word) {
                return Some(calls);
            }
        }
    }
    None
}

/// The name in "explain onerror in the context", where the rest says which one is meant.
fn name_of_several(text: &str) -> Option<String> {
    const WITHIN: [&str; 6] = [" in ", " of ", " from ", " on ", " within ", " inside "];
    let end = WITHIN.iter().filter_map(|it| text.find(it)).min().unwrap_or(text.len());
    plain_name(&text[..end])
}

/// The one word that a few words name: `ripen`, `the function ripen`, `the ripen method`. With an article and nothing that
/// says what it is, a word is no name.
fn plain_name(text: &str) -> Option<String> {
    const KINDS: [&str; 16] = [
        "function",
        "method",
        "class",
        "struct",
        "trait",
        "macro",
        "type",
        "variable",
        "constant",
        "module",
        "enum",
        "interface",
        "field",
        "option",
        "setting",
        "decorator",
    ];
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|word| word.trim_matches(['?', '.', '!', ',', '`', '"', '\'']))
        .filter(|word| !word.is_empty())
        .collect();
    let is_kind = |word: &str| KINDS.contains(&word.to_lowercase().as_str());
    let has_article = words.first().is_some_and(|first| {
        matches!(first.to_lowercase().as_str(), "a" | "an" | "the" | "this" | "all" | "any" | "our")
    });
    let rest: Vec<&str> = words.iter().copied().skip(usize::from(has_article)).collect();
    match rest.as_slice() {
        [one] if !has_article && !is_neutral(&one.to_lowercase()) => Some((*one).to_owned()),
        [kind, one] if is_kind(kind) => Some((*one).to_owned()),
        [one, kind] if is_kind(kind) => Some((*one).to_owned()),
        _ => None,
    }
}
