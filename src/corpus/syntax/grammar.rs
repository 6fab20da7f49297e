//! The languages that can be parsed, and what defines something in them.
//!
//! The twenty most used languages whose grammars are well kept and build in seconds. Left out are Julia (a parser of
//! 53 MB of C), Perl (bound to another version of the parser), SQL and Objective-C (large for what they add).
//!
//! A query for each language says what a definition is, in the vocabulary of the `tags.scm` files that grammars bring
//! along: `@definition.KIND` around a `@name`. We write these queries ourselves, because those of the grammars differ
//! too much: some languages have none (Kotlin, Haskell, shells), those of C and C++ mark heads without bodies, that of
//! Swift marks the class for each of its methods, several lump kinds together, and those that gather comments take time
//! that grows with the square of a comment's lines.

use crate::corpus::language::Language;
use std::sync::OnceLock;
use tree_sitter::Query;

/// A parser and a query.
pub(super) struct Grammar {
    /// As [`Language`] names it.
    name: &'static str,
    language: fn() -> tree_sitter::Language,
    query: &'static str,
    /// Whether a function is written as several clauses, one after the other.
    pub has_clauses: bool,
    compiled: OnceLock<Compiled>,
}

/// A grammar that is ready for use.
pub(super) struct Compiled {
    pub language: tree_sitter::Language,
    pub query: Query,
    /// For each capture of the query what it marks.
    pub marks: Vec<Mark>,
    /// For each kind of node whether it is an identifier.
    pub identifiers: Vec<bool>,
}

/// What a capture marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Definition(&'static str),
    Name,
    /// Holds the name innermost, as declarators of C do.
    Declarator,
    /// Is only there for a condition.
    Other,
}

macro_rules! query {
    ($($name:literal),+) => { concat!($(include_str!(concat!("queries/", $name, ".scm"))),+) };
}

const fn grammar(name: &'static str, language: fn() -> tree_sitter::Language, query: &'static str) -> Grammar {
    Grammar { name, language, query, has_clauses: false, compiled: OnceLock::new() }
}

const fn with_clauses(mut grammar: Grammar) -> Grammar {
    grammar.has_clauses = true;
    grammar
}

static GRAMMARS: [Grammar; 21] = [
    grammar("rust", rlm_grammars::rust, query!("rust")),
    grammar("python", rlm_grammars::python, query!("python")),
    grammar("javascript", rlm_grammars::javascript, query!("ecmascript", "javascript")),
    grammar("typescript", rlm_grammars::typescript, query!("ecmascript", "typescript")),
    grammar("tsx", rlm_grammars::tsx, query!("ecmascript", "typescript")),
    grammar("go", rlm_grammars::go, query!("go")),
    grammar("c", rlm_grammars::c, query!("c")),
    grammar("cpp", rlm_grammars::cpp, query!("c", "cpp")),
    grammar("java", rlm_grammars::java, query!("java")),
    grammar("csharp", rlm_grammars::c_sharp, query!("csharp")),
    grammar("php", rlm_grammars::php, query!("php")),
    grammar("ruby", rlm_grammars::ruby, query!("ruby")),
    grammar("swift", rlm_grammars::swift, query!("swift")),
    grammar("kotlin", rlm_grammars::kotlin, query!("kotlin")),
    grammar("scala", rlm_grammars::scala, query!("scala")),
    grammar("dart", rlm_grammars::dart, query!("dart")),
    grammar("shell", rlm_grammars::bash, query!("bash")),
    grammar("lua", rlm_grammars::lua, query!("lua")),
    grammar("r", rlm_grammars::r, query!("r")),
    with_clauses(grammar("haskell", rlm_grammars::haskell, query!("haskell"))),
    with_clauses(grammar("elixir", rlm_grammars::elixir, query!("elixir"))),
];

impl Grammar {
    /// The grammar of a language, if there is one here.
    pub fn of(language: &Language) -> Option<&'static Self> {
        GRAMMARS.iter().find(|grammar| grammar.name == language.name)
    }

    /// The grammar made ready, which happens when it is first asked for.
    pub fn compiled(&'static self) -> &'static Compiled {
        self.compiled.get_or_init(|| {
            let language = (self.language)();
            let query = Query::new(&language, self.query).expect("a test compiles the queries of all grammars");
            let marks = query.capture_names().iter().map(|name| mark(name, self.query)).collect();
            let kinds = 0..u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX);
            let identifiers = kinds.map(|kind| {
                language.node_kind_is_named(kind) && language.node_kind_for_id(kind).is_some_and(is_identifier)
            });
            Compiled { identifiers: identifiers.collect(), marks, query, language }
        })
    }
}

/// What the capture `name` marks. Kinds are taken from the text of the query, which lives as long as the program.
fn mark(name: &str, query: &'static str) -> Mark {
    match (name, name.strip_prefix("definition.")) {
        ("name", _) => Mark::Name,
        ("declarator", _) => Mark::Declarator,
        (_, Some(kind)) => query.find(&format!("@{name}")).map_or(Mark::Other, |at| {
            let end = at + 1 + name.len();
            Mark::Definition(&query[end - kind.len()..end])
        }),
        _ => Mark::Other,
    }
}

/// Whether nodes of this kind are names, by the names that grammars give to such nodes.
fn is_identifier(kind: &str) -> bool {
    kind.ends_with("identifier")
        || matches!(kind, "name" | "constant" | "constructor" | "variable" | "word" | "alias" | "package_identifier")
}

#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = (&'static Grammar, &'static Language)> {
    GRAMMARS.iter().map(|grammar| {
        let known = Language::of_name(grammar.name).expect("the grammar of a known language");
        (grammar, known)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grammar_compiles_and_says_what_its_captures_mark() {
        for (grammar, language) in all() {
            let compiled = grammar.compiled();
            assert!(compiled.marks.iter().any(|it| matches!(it, Mark::Definition(_))), "{}", language.name);
            assert!(compiled.identifiers.contains(&true), "{}", language.name);
        }
        assert_eq!(mark("definition.class", "x @definition.class"), Mark::Definition("class"));
    }
}
