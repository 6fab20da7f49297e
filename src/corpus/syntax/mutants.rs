//! Small faults that can be put into a program, by its syntax tree: what tests should notice.

use super::{grammar::Grammar, parse::parse};
use crate::corpus::{language::Language, stop::StopFlag};
use std::ops::Range;
use tree_sitter::Node;

/// Operators, and what takes their place.
const OPERATORS: [(&str, &str); 17] = [
    ("==", "!="),
    ("!=", "=="),
    ("<", "<="),
    ("<=", "<"),
    (">", ">="),
    (">=", ">"),
    ("+", "-"),
    ("-", "+"),
    ("*", "+"),
    ("/", "*"),
    ("%", "*"),
    ("&&", "||"),
    ("||", "&&"),
    ("and", "or"),
    ("or", "and"),
    ("+=", "-="),
    ("-=", "+="),
];

/// Constants, and what takes their place.
const CONSTANTS: [(&str, &str); 4] = [("true", "false"), ("false", "true"), ("True", "False"), ("False", "True")];

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    /// What is replaced.
    pub bytes: Range<usize>,
    pub replacement: String,
    /// Counted from 1.
    pub line: usize,
}

/// The faults that can be put into the functions of a text, in its order; nothing if its language has no grammar here.
pub fn mutants(text: &str, language: &Language, stop: &StopFlag) -> Vec<Mutant> {
    let Some(grammar) = Grammar::of(language) else {
        return Vec::new();
    };
    let Some(tree) = parse(text, &grammar.compiled().language, stop) else {
        return Vec::new();
    };
    let mut cursor = tree.walk();
    let mut found = Vec::new();
    // The kinds of the nodes around, and whether each is a function.
    let mut around: Vec<(&str, bool)> = Vec::new();
    loop {
        let node = cursor.node();
        if around.iter().any(|(_, is_function)| *is_function) {
            let parent = around.last().map_or("", |(kind, _)| kind);
            found.extend(replacement(text, node, parent).map(|replacement| Mutant {
                bytes: node.byte_range(),
                replacement,
                line: node.start_position().row + 1,
            }));
        }
        if cursor.goto_first_child() {
            let kind = node.kind();
            around.push((kind, kind.starts_with("function_") || kind.starts_with("method_")));
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
            around.pop();
        }
    }
}

/// What takes the place of a node without children.
fn replacement(text: &str, node: Node<'_>, parent: &str) -> Option<String> {
    if node.child_count() > 0 {
        return None;
    }
    let written = &text[node.byte_range()];
    let of = |table: &[(&str, &str)]| table.iter().find(|(old, _)| *old == written).map(|(_, new)| (*new).to_owned());
    let joins = ["binary", "comparison", "boolean_operator", "augmented_assignment", "compound_assignment"];
    match node.kind() {
        _ if !node.is_named() && joins.iter().any(|it| parent.contains(it)) => of(&OPERATORS),
        "integer" | "integer_literal" | "number" | "int_literal" => {
            written.parse::<u64>().ok()?.checked_add(1).map(|it| it.to_string())
        }
        _ => of(&CONSTANTS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_and_constants_of_functions_are_replaced() {
        for (path, text, expected) in [
            (
                "a.py",
                "X = 1\ndef f(a):\n    return a + 1 if a > 2 and True else a\n",
                "2:+>-,2:1>2,2:>>>=,2:2>3,2:and>or,2:True>False",
            ),
            (
                "a.rs",
                "const X: u8 = 1;\nfn f<T>(a: u8) -> bool {\n    a == 3 && true\n}\n",
                "2:==>!=,2:3>4,2:&&>||,2:true>false",
            ),
            ("a.go", "package a\nfunc f(a int) int { return a - 1 }\n", "1:->+,1:1>2"),
        ] {
            let found = mutants(text, Language::of_path(path).unwrap(), &StopFlag::default());
            let shown: Vec<String> = found
                .iter()
                .map(|it| format!("{}:{}>{}", it.line - 1, &text[it.bytes.clone()], it.replacement))
                .collect();
            assert_eq!(shown.join(","), expected, "{path}");
        }
    }
}
