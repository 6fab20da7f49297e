//! Names that programs find, and which of them nobody else may take.

use super::functions;

/// The variables that programs find: the name, and what it is.
pub const VARIABLES: [(&str, &str); 6] = [
    (
        "context",
        "the whole text, a str: slices, `in`, find, count, split, re. If it has several files, each begins after a line \
         `==> path <==`",
    ),
    ("files", "mapping from path to text"),
    ("selection", "the text that is selected in the editor"),
    ("question", "the question, if it is too long for the prompt"),
    ("history", "earlier questions of the session with their answers, a list of dicts"),
    ("answer", "a dict: what `content` holds is the answer once `ready` is true"),
];

/// How many of the variables are there for every question; the instructions list them.
pub const ALWAYS_THERE: usize = 2;

/// Built-in functions that programs cannot do without.
const BUILT_IN: [&str; 3] = ["print", "len", "str"];

/// The words of Python that cannot be names.
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// Names that providers take for tools of their own, which are run there and paid for.
const OF_PROVIDERS: [&str; 5] = ["web_search", "googleSearch", "googleSearchRetrieval", "codeExecution", "urlContext"];

/// Whether a tool of the person's own, or a variable that a tool sets, cannot have this name.
pub fn is_reserved(name: &str) -> bool {
    functions().any(|it| it.name == name)
        || VARIABLES.iter().any(|(it, _)| *it == name)
        || [&BUILT_IN[..], &KEYWORDS, &OF_PROVIDERS].iter().any(|names| names.contains(&name))
}

/// Whether a word in what looks like code says that it is a program for the REPL: the text, or a function that looks
/// into it or calls models. `read` and the like are in every program.
pub fn tells_program(word: &str) -> bool {
    let is_function = || functions().any(|it| it.name == word && it.is_of_programs() && (it.is_look() || it.asks()));
    VARIABLES[..ALWAYS_THERE].iter().any(|(it, _)| *it == word) || word != "read" && is_function()
}

/// Whether a program that uses this name reads the text, or what earlier questions have found in it.
pub fn reads_text(word: &str) -> bool {
    matches!(word, "context" | "files" | "selection" | "history")
        || functions().any(|it| it.name == word && it.is_look())
}
