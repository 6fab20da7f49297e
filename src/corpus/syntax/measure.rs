//! How hard functions are to follow, and which public items say what they are for, by the syntax tree.
//!
//! The measure is *cognitive complexity* (Campbell, 2018) as far as trees of twenty grammars tell it in the same way: each
//! branch, loop and handler counts one, and one more for each that it lies in; a chain of conditions counts one for each change
//! of its operator; a closure counts nothing, and what lies in it counts as lying deeper. A `match` or `switch` is one branch,
//! however many arms it has.

use super::{Found, found, grammar::Grammar, parse::parse};
use crate::corpus::{language::Language, stop::StopFlag};
use rustc_hash::{FxHashMap, FxHashSet};
use tree_sitter::{Node, Tree};

/// Nodes that branch, and in which everything lies one deeper.
const BRANCHES: [&str; 41] = [
    "if_statement",
    "if_expression",
    "if",
    "if_modifier",
    "unless",
    "unless_modifier",
    "for_statement",
    "for_expression",
    "for_in_statement",
    "for_range_loop",
    "for_numeric_clause",
    "enhanced_for_statement",
    "foreach_statement",
    "for_each_statement",
    "for",
    "while_statement",
    "while_expression",
    "while",
    "while_modifier",
    "until",
    "until_modifier",
    "loop_expression",
    "do_statement",
    "do_while_statement",
    "repeat_statement",
    "repeat_while_statement",
    "match_expression",
    "match_statement",
    "switch_statement",
    "switch_expression",
    "expression_switch_statement",
    "type_switch_statement",
    "select_statement",
    "when_expression",
    "guard_statement",
    "catch_clause",
    "except_clause",
    "rescue",
    "conditional_expression",
    "ternary_expression",
    "ternary",
];

/// Functions without a name, in which everything lies one deeper.
const CLOSURES: [&str; 8] = [
    "closure_expression",
    "lambda",
    "lambda_expression",
    "lambda_literal",
    "arrow_function",
    "function_expression",
    "func_literal",
    "anonymous_function",
];

/// A function with what it takes to follow it. Lines count from 1, both included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionMeasure {
    pub name: String,
    pub first_line: usize,
    pub last_line: usize,
    /// Its cognitive complexity.
    pub complexity: usize,
    /// How many branches lie in one another.
    pub nesting: usize,
}

/// An item that others may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicItem {
    pub kind: &'static str,
    pub name: String,
    /// The type that it belongs to.
    pub owner: Option<String>,
    /// Counted from 1.
    pub line: usize,
    pub is_documented: bool,
}

/// What is measured of a file, but for its tests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measures {
    pub functions: Vec<FunctionMeasure>,
    /// Of Rust and Python; other languages say in other ways what is public.
    pub public: Vec<PublicItem>,
    /// The names that the file defines.
    pub names: Vec<String>,
    /// Whether there are tests in it.
    pub has_tests: bool,
    /// Of Rust, the modules that it declares for itself alone, and the names that it hands on from others: of all that a module
    /// has, the name of the module.
    pub own_modules: Vec<String>,
    pub handed_on: Vec<String>,
}

/// The measures of a file; nothing if its language has no grammar here or it cannot be parsed within bounds.
pub(in crate::corpus) fn measures(text: &str, language: &Language, stop: &StopFlag) -> Option<Measures> {
    let grammar = Grammar::of(language)?;
    let compiled = grammar.compiled();
    let tree = parse(text, &compiled.language, stop)?;
    let definitions = found(text, &tree, compiled, stop);
    let hidden = hidden_types(text, language, &definitions);
    let definitions = definitions.into_iter().map(|it| (it.node.id(), it)).collect();
    let mut walk = Walk { text, language, tree: &tree, definitions, hidden, measures: Measures::default() };
    walk.all();
    Some(walk.measures)
}

/// A way through all nodes of a file, in which the nodes around each are known: to ask the tree for them takes long.
struct Walk<'t> {
    text: &'t str,
    language: &'t Language,
    tree: &'t Tree,
    /// By their nodes.
    definitions: FxHashMap<usize, Found<'t>>,
    hidden: FxHashSet<String>,
    measures: Measures,
}

/// What holds of all that lies in a node.
#[derive(Debug, Clone, Copy, Default)]
struct Around<'t> {
    is_test: bool,
    is_function: bool,
    is_hidden: bool,
    /// The type that is implemented.
    owner: Option<&'t str>,
}

/// What stands before a node and belongs to it.
#[derive(Debug, Clone, Copy, Default)]
struct Lead {
    is_test: bool,
    documents: bool,
    /// Decorators of Python mark a function as a variant of another one.
    is_variant: bool,
}

impl<'t> Walk<'t> {
    fn all(&mut self) {
        let mut cursor = self.tree.walk();
        let mut around: Vec<Around> = Vec::new();
        // Of each level what stands before the next node.
        let mut leads = vec![Lead::default()];
        loop {
            let node = cursor.node();
            let lead = leads.last().copied().unwrap_or_default();
            let outer = around.last().copied().unwrap_or_default();
            if let Some(more) = self.lead(node) {
                let it = leads.last_mut().expect("each level has one");
                it.is_test |= more.is_test;
                it.documents |= more.documents;
                it.is_variant |= more.is_variant;
            } else {
                let passes_on = node.kind() == "decorated_definition";
                *leads.last_mut().expect("each level has one") = Lead::default();
                let inner = self.visit(node, outer, lead);
                if cursor.goto_first_child() {
                    around.push(inner);
                    leads.push(if passes_on { lead } else { Lead::default() });
                    continue;
                }
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
                around.pop();
                leads.pop();
            }
        }
    }

    /// What an attribute, a comment or a decorator says of the node behind it.
    fn lead(&self, node: Node<'t>) -> Option<Lead> {
        let written = &self.text[node.byte_range()];
        let starts = |marks: &[&str]| marks.iter().any(|it| written.starts_with(it));
        match node.kind() {
            "attribute_item" => Some(Lead {
                is_test: written.contains("cfg(test)") || written.ends_with("test]") || written.contains("::test("),
                documents: starts(&["#[doc", "#[cfg_attr"]),
                is_variant: false,
            }),
            "line_comment" | "block_comment" => Some(Lead { documents: starts(&["///", "/**"]), ..Lead::default() }),
            "decorator" => {
                let marks = ["overload", ".setter", ".deleter", "override"];
                Some(Lead { is_variant: marks.iter().any(|it| written.contains(it)), ..Lead::default() })
            }
            _ => None,
        }
    }

    /// Takes a node, and says what holds of all that lies in it.
    fn visit(&mut self, node: Node<'t>, outer: Around<'t>, lead: Lead) -> Around<'t> {
        let is_test = outer.is_test || lead.is_test && self.language.name == "rust";
        let kind = node.kind();
        let is_function = kind.starts_with("function_") && kind != "function_expression" || kind == "method_definition";
        let inner = Around {
            is_test,
            is_function: outer.is_function || is_function,
            is_hidden: outer.is_hidden || is_function || self.hides(node),
            owner: self.owner(node).or(outer.owner),
        };
        if self.language.name == "rust" && !is_test {
            self.take_module(node);
        }
        let Some(Found { kind, name, .. }) = self.definitions.remove(&node.id()) else { return inner };
        if is_test {
            self.measures.has_tests = true;
            return inner;
        }
        let own = super::text_of(self.text, name);
        if matches!(kind, "function" | "method" | "macro") && !outer.is_function {
            let (complexity, nesting) = complexity(self.text, node);
            let (first_line, last_line) = (node.start_position().row + 1, node.end_position().row + 1);
            let measure = FunctionMeasure { name: own.clone(), first_line, last_line, complexity, nesting };
            self.measures.functions.push(measure);
        }
        let is_documented = match self.language.name {
            "rust" if is_item(kind) && is_public(self.text, node) => Some(lead.documents),
            "python" if !own.starts_with('_') && !lead.is_variant => has_docstring(node),
            _ => None,
        };
        if let Some(is_documented) = is_documented.filter(|_| !outer.is_hidden) {
            let line = name.start_position().row + 1;
            let owner = outer.owner.map(str::to_owned);
            self.measures.public.push(PublicItem { kind, name: own.clone(), owner, line, is_documented });
        }
        if kind != "impl" {
            self.measures.names.push(own);
        }
        inner
    }

    /// The type that an implementation or a class is about.
    fn owner(&self, node: Node<'t>) -> Option<&'t str> {
        let field = match node.kind() {
            "impl_item" => "type",
            "class_definition" => "name",
            _ => return None,
        };
        let written = &self.text[node.child_by_field_name(field)?.byte_range()];
        written.split('<').next()
    }

    /// Takes a module of a file of its own, or names that are handed on.
    fn take_module(&mut self, node: Node<'t>) {
        let written = &self.text[node.byte_range()];
        match node.kind() {
            "mod_item" if node.child_by_field_name("body").is_none() && !is_public(self.text, node) => {
                let name = node.child_by_field_name("name").map(|it| self.text[it.byte_range()].to_owned());
                self.measures.own_modules.extend(name);
            }
            "use_declaration" if is_public(self.text, node) => {
                let words = written.split(|it: char| !it.is_alphanumeric() && it != '_');
                let words = words.filter(|it| !matches!(*it, "" | "pub" | "use" | "crate" | "self" | "super"));
                self.measures.handed_on.extend(words.map(str::to_owned));
            }
            _ => {}
        }
    }

    /// Whether what lies in a node is not public, whatever it says itself.
    fn hides(&self, node: Node<'t>) -> bool {
        let field = |name: &str| node.child_by_field_name(name).map(|it| &self.text[it.byte_range()]);
        match node.kind() {
            "mod_item" => !is_public(self.text, node),
            "impl_item" => {
                field("type").is_some_and(|of| self.hidden.contains(of.split('<').next().unwrap_or_default()))
            }
            // What a class takes over from another one may be documented there.
            "class_definition" => {
                field("name").is_some_and(|name| name.starts_with('_')) || field("superclasses").is_some()
            }
            // Of what stands under a condition in Python, another form stands elsewhere.
            kind => matches!(kind, "if_statement" | "try_statement"),
        }
    }
}

/// The complexity of a function, and how deep its branches lie in one another.
fn complexity(text: &str, function: Node<'_>) -> (usize, usize) {
    let mut cursor = function.walk();
    let (mut sum, mut depth, mut deepest) = (0, 0, 0);
    // The nodes around, and whether each has made those in it lie deeper.
    let mut open: Vec<(Node<'_>, bool)> = Vec::new();
    loop {
        let node = cursor.node();
        let parent = open.last().map(|(parent, _)| *parent);
        let is_else = parent.is_some_and(|it| matches!(it.kind(), "else_clause" | "else"));
        let (adds, deeper) = match node.kind() {
            // `else if` is no deeper than what it goes on with.
            kind if node.is_named() && BRANCHES.contains(&kind) => {
                match is_else || cursor.field_name() == Some("alternative") {
                    true => (1, false),
                    false => (1 + depth, true),
                }
            }
            "elif_clause" | "elsif" => (1, false),
            kind if CLOSURES.contains(&kind) => (0, !open.is_empty()),
            kind if kind.contains("binary") || kind == "boolean_operator" => {
                let own = joined_by(text, node);
                (usize::from(own.is_some() && own != parent.and_then(|it| joined_by(text, it))), false)
            }
            _ => (0, false),
        };
        sum += adds;
        if cursor.goto_first_child() {
            open.push((node, deeper));
            depth += usize::from(deeper);
            deepest = deepest.max(depth);
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return (sum, deepest);
            }
            depth -= usize::from(open.pop().is_some_and(|(_, deeper)| deeper));
        }
    }
}

/// The operator that joins two conditions.
fn joined_by<'t>(text: &'t str, node: Node<'_>) -> Option<&'t str> {
    let written = &text[node.child_by_field_name("operator")?.byte_range()];
    matches!(written, "&&" | "||" | "and" | "or").then_some(written)
}

/// The types of a file of Rust that are not public.
fn hidden_types(text: &str, language: &Language, definitions: &[Found<'_>]) -> FxHashSet<String> {
    let types = definitions.iter().filter(|it| {
        language.name == "rust" && matches!(it.kind, "struct" | "enum" | "union" | "trait") && !is_public(text, it.node)
    });
    types.map(|it| super::text_of(text, it.name)).collect()
}

/// Whether a kind of definition of Rust has a documentation of its own; that of a module stands in its file.
fn is_item(kind: &str) -> bool {
    matches!(kind, "function" | "struct" | "enum" | "union" | "trait" | "type" | "const" | "static")
}

fn is_public(text: &str, node: Node<'_>) -> bool {
    let mut children = (0..node.child_count().min(3)).filter_map(|it| node.child(it));
    children.any(|it| it.kind() == "visibility_modifier" && &text[it.byte_range()] == "pub")
}

/// Whether a definition of Python says what it is for; nothing if there is nothing in it.
fn has_docstring(node: Node<'_>) -> Option<bool> {
    let first = node.child_by_field_name("body")?.named_child(0)?;
    let inner = first.named_child(0).map_or("", |it| it.kind());
    match (first.kind(), inner) {
        ("pass_statement", _) | (_, "ellipsis") => None,
        ("expression_statement", "string" | "concatenated_string") => Some(true),
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, text: &str) -> Measures {
        measures(text, Language::of_path(path).unwrap(), &StopFlag::default()).unwrap()
    }

    #[test]
    fn complexity_counts_branches_by_their_depth() {
        for (path, text, complexity, nesting) in [
            ("a.rs", "fn f() { g(1); }", 0, 0),
            ("a.rs", "fn f() { if a { } else if b { } else { } }", 2, 1),
            ("a.rs", "fn f() { for x in y { if x { while z { } } } }", 6, 3),
            ("a.rs", "fn f() { match x { 1 => 2, 3 => 4, _ => 5 } }", 1, 1),
            ("a.rs", "fn f() { if a && b && c || d { } }", 3, 1),
            ("a.rs", "fn f() { x.map(|y| if y { 1 } else { 2 }) }", 2, 2),
            ("a.py", "def f():\n    if a:\n        pass\n    elif b:\n        pass\n    else:\n        pass\n", 2, 1),
            (
                "a.py",
                "def f():\n    for x in y:\n        try:\n            g()\n        except E:\n            pass\n",
                3,
                2,
            ),
            ("a.js", "function f() { if (a) { } else if (b) { } return a && b ? c : d; }", 4, 1),
            ("a.go", "package a\nfunc f() { for { if a { } else if b { } } }", 4, 2),
            ("a.java", "class A { void f() { while (a) { if (b) { } } } }", 3, 2),
        ] {
            let functions = of(path, text).functions;
            let found: Vec<(usize, usize)> = functions.iter().map(|it| (it.complexity, it.nesting)).collect();
            assert_eq!(found, [(complexity, nesting)], "{text}");
        }
    }

    #[test]
    fn public_items_are_those_that_others_can_name() {
        let public = |path: &str, text: &str| -> Vec<String> {
            let mark = |it: &PublicItem| format!("{}{}", it.name, if it.is_documented { "" } else { "?" });
            of(path, text).public.iter().map(mark).collect()
        };
        let rust = "/// A.\n#[derive(Debug)]\npub struct A;\npub struct B;\nstruct C;\nimpl C { pub fn d() {} }\n\
                    impl A {\n    /// E.\n    #[must_use]\n    pub fn e() {}\n    pub fn f() { pub fn g() {} }\n    fn h() {}\n}\n\
                    pub(crate) fn i() {}\nmod j { pub fn k() {} }\n#[doc(hidden)]\npub fn l() {}\n\
                    #[cfg(test)]\nmod tests { pub fn m() {} }\nimpl T for A { fn n() {} }\n";
        assert_eq!(public("a.rs", rust), ["A", "B?", "e", "f?", "l"]);
        assert!(of("a.rs", rust).has_tests);
        let root = of("a.rs", "mod own;\npub mod open;\npub use own::{One, two::Three};\nuse own::Four;\n");
        assert_eq!(
            (root.own_modules, root.handed_on),
            (vec!["own".to_owned()], ["own", "One", "two", "Three"].map(str::to_owned).to_vec())
        );
        let python = "class A:\n    \"\"\"A.\"\"\"\n    def b(self):\n        return 1\n    def _c(self):\n        return 1\n\
                      class _D:\n    def e(self):\n        return 1\nclass K(A):\n    \"\"\"K.\"\"\"\n    def b(self):\n        return 1\ndef f():\n    'F.'\n    def g():\n        return 1\n\
                      @overload\ndef h(): ...\n@x.setter\ndef i(self, y):\n    self.y = y\ndef j():\n    pass\n";
        assert_eq!(public("a.py", python), ["A", "b?", "K", "f"]);
    }
}
