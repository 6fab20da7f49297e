//! Whether a text is a program of Python, and what it would do.

use super::{grammar::Grammar, parse::parse};
use crate::corpus::{language::Language, stop::StopFlag};
use tree_sitter::Node;

/// Longer texts are not looked at.
const LONGEST: usize = 64 << 10;

/// A text that is a program.
#[derive(Debug, PartialEq, Eq)]
pub struct PythonProgram<'t> {
    /// The names that it uses.
    pub names: Vec<&'t str>,
    /// Whether it calls anything.
    pub calls: bool,
    /// Whether it is nothing but a function with the names of its parameters, as people write it.
    pub is_signature: bool,
}

/// The program that a text is; nothing if it has no statement, or is not Python.
pub fn python_program(text: &str) -> Option<PythonProgram<'_>> {
    if text.len() > LONGEST {
        return None;
    }
    let compiled = Grammar::of(Language::of_path("program.py")?)?.compiled();
    let tree = parse(text, &compiled.language, &StopFlag::default())?;
    let root = tree.root_node();
    let statements: Vec<Node<'_>> =
        root.named_children(&mut root.walk()).filter(|node| node.kind() != "comment").collect();
    if root.has_error() || statements.is_empty() {
        return None;
    }
    let mut program = PythonProgram { names: Vec::new(), calls: false, is_signature: is_signature(&statements) };
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        match node.kind() {
            "identifier" => program.names.push(&text[node.byte_range()]),
            "call" => program.calls = true,
            // They were statements once.
            "print_statement" | "exec_statement" => return None,
            _ => {}
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return Some(program);
            }
        }
    }
}

fn is_signature(statements: &[Node<'_>]) -> bool {
    let [statement] = statements else { return false };
    let call = statement.named_child(0).filter(|_| statement.kind() == "expression_statement");
    let Some(call) = call.filter(|node| node.kind() == "call") else { return false };
    let (Some(function), Some(arguments)) =
        (call.child_by_field_name("function"), call.child_by_field_name("arguments"))
    else {
        return false;
    };
    let is_parameter = |node: Node<'_>| match node.kind() {
        "keyword_argument" => true,
        kind => kind == "identifier",
    };
    function.kind() == "identifier" && arguments.named_children(&mut arguments.walk()).all(is_parameter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_from_other_texts() {
        for text in [
            "import context from a.txt:1",
            "context (a.txt:1)",
            "# search\n\n# grep",
            "It is so.",
            "print 'x'",
            "x = (",
            "",
            "| a | b |\n|---|---|",
        ] {
            assert_eq!(python_program(text), None, "{text}");
        }
        for (text, calls, is_signature, names) in [
            ("Yes", false, false, vec!["Yes"]),
            ("x = grep('a')\nprint(x)", true, false, vec!["x", "grep", "print", "x"]),
            ("# look\nprint(1)", true, false, vec!["print"]),
            ("search(query, k=10)", true, true, vec!["search", "query", "k"]),
            ("search('x')", true, false, vec!["search"]),
            ("grep()", true, true, vec!["grep"]),
        ] {
            assert_eq!(python_program(text), Some(PythonProgram { names, calls, is_signature }), "{text}");
        }
        assert_eq!(python_program(&format!("f({})", "(".repeat(LONGEST))), None);
        assert_eq!(python_program(&"((((".repeat(1000)), None);
    }
}
