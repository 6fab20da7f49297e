//! What is offered in the tools protocol: names, descriptions, schemas; and which names are taken.

use crate::{
    config::{Deed, ToolSpec},
    llm::Tool,
};
use serde_json::{Value, json};

/// The tools that every run has.
pub(super) const NAMES: [&str; 13] = [
    "peek",
    "peek_lines",
    "read",
    "grep",
    "search",
    "outline",
    "chunk",
    "sub_llm",
    "exec_python",
    "set_variable",
    "get_variable",
    "final",
    "final_var",
];

/// Names that programs find, or that a tool of one's own would hide.
const TAKEN: [&str; 20] = [
    "context",
    "files",
    "selection",
    "question",
    "history",
    "answer",
    "llm_query",
    "llm_query_batched",
    "rlm_query",
    "rlm_query_batched",
    "repo_map",
    "tokens",
    "peek_output",
    "print",
    "BUDGET",
    "SHOW_VARS",
    "FINAL",
    "FINAL_VAR",
    "len",
    "str",
];

/// The words of Python that cannot be names.
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// Names that providers take for tools of their own, which are run there and paid for.
const OF_PROVIDERS: [&str; 5] = ["web_search", "googleSearch", "googleSearchRetrieval", "codeExecution", "urlContext"];

/// Whether a tool of one's own cannot have this name.
pub fn is_reserved(name: &str) -> bool {
    [&NAMES[..], &TAKEN, &KEYWORDS, &OF_PROVIDERS].iter().any(|names| names.contains(&name))
}

/// Everything that a model in the tools protocol may call.
pub fn all_tools(own: &[&ToolSpec]) -> Vec<Tool> {
    let integer = |description: &str| json!({"type": "integer", "description": description});
    let string = |description: &str| json!({"type": "string", "description": description});
    let tool = |name: &str, description: &str, properties: Value, required: &[&str]| Tool {
        name: name.to_owned(),
        description: description.to_owned(),
        parameters: json!({"type": "object", "properties": properties, "required": required}),
    };
    let mut tools = vec![
        tool(
            "peek",
            "Characters start..end of the text, by the rules of a Python slice.",
            json!({"start": integer("first character, from 0"), "end": integer("end, excluded")}),
            &["start", "end"],
        ),
        tool(
            "peek_lines",
            "Lines start..end of the text, counted from 0, end excluded.",
            json!({"start": integer("first line, from 0"), "end": integer("end, excluded")}),
            &["start", "end"],
        ),
        tool(
            "read",
            "Lines of one file, counted from 1, both ends included.",
            json!({"path": string("the file"), "first_line": integer("default 1"), "last_line": integer("default: the last")}),
            &["path"],
        ),
        tool(
            "grep",
            "Lines that match a regular expression (Rust's syntax), as `path:line: text`.",
            json!({"pattern": string("the expression"), "path": string("a file, folder or glob to look in"),
                   "ignore_case": {"type": "boolean"}, "max_results": integer("default 50")}),
            &["pattern"],
        ),
        tool(
            "search",
            "The k passages that fit the words best (BM25).",
            json!({"query": string("words"), "k": integer("default 10")}),
            &["query"],
        ),
        tool("outline", "The definitions in a file.", json!({"path": string("the file")}), &["path"]),
        tool(
            "chunk",
            "Cuts the text into pieces of at most so many characters, which end at structure or lines; gives [start, end] \
             of each.",
            json!({"chunk_size": integer("characters")}),
            &["chunk_size"],
        ),
        tool(
            "sub_llm",
            "Another model works on the characters start..end of the text and answers the query. Call it several times in \
             one message for several parts: they run in parallel.",
            json!({"query": string("what to find out"), "start": integer("first character, default 0"),
                   "end": integer("end, excluded; default: all")}),
            &["query"],
        ),
        tool(
            "exec_python",
            "Runs a program in the REPL and gives what it prints. Variables stay.",
            json!({"code": string("Python")}),
            &["code"],
        ),
        tool(
            "set_variable",
            "Sets a variable of the REPL.",
            json!({"name": string("its name"), "value": {"description": "a text, or any JSON value"}}),
            &["name", "value"],
        ),
        tool("get_variable", "The value of a variable of the REPL.", json!({"name": string("its name")}), &["name"]),
        tool(
            "final",
            "Gives the answer and ends the work.",
            json!({"answer": {"description": "the answer: Markdown, or the JSON value that was asked for"}}),
            &["answer"],
        ),
        tool(
            "final_var",
            "Gives the value of a variable as the answer and ends the work.",
            json!({"name": string("the variable")}),
            &["name"],
        ),
    ];
    tools.extend(own.iter().map(|spec| Tool {
        name: spec.name.clone(),
        description: spec.description.clone(),
        parameters: match &spec.deed {
            Deed::Command { parameters, .. } => parameters.clone(),
            Deed::Value(_) => json!({"type": "object", "properties": {}}),
        },
    }));
    tools
}
