//! Symbols from a syntax tree.

use super::Symbol;
use crate::corpus::language::Language;
use std::ops::ControlFlow;
use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

/// Larger files are not parsed.
const LARGEST: usize = 4 << 20;

/// The most characters of a signature that are kept.
const LONGEST_SIGNATURE: usize = 300;

/// A kind of node that defines something.
struct Rule {
    node: &'static str,
    kind: &'static str,
    name: Name,
}

/// Where the name of a definition is.
#[derive(Clone, Copy)]
enum Name {
    /// In the field `name`.
    Field,
    /// In the innermost `declarator`, as in C.
    Declarator,
    /// An implementation: of a type, or of a trait for one.
    Implementation,
}

const fn rule(node: &'static str, kind: &'static str) -> Rule {
    Rule { node, kind, name: Name::Field }
}

const RUST: &[Rule] = &[
    rule("function_item", "function"),
    rule("function_signature_item", "function"),
    rule("struct_item", "struct"),
    rule("enum_item", "enum"),
    rule("union_item", "union"),
    rule("trait_item", "trait"),
    rule("mod_item", "module"),
    rule("type_item", "type"),
    rule("const_item", "const"),
    rule("static_item", "static"),
    rule("macro_definition", "macro"),
    Rule { node: "impl_item", kind: "impl", name: Name::Implementation },
];

const PYTHON: &[Rule] = &[rule("function_definition", "function"), rule("class_definition", "class")];

const JAVASCRIPT: &[Rule] = &[
    rule("function_declaration", "function"),
    rule("generator_function_declaration", "function"),
    rule("function_signature", "function"),
    rule("class_declaration", "class"),
    rule("abstract_class_declaration", "class"),
    rule("method_definition", "method"),
    rule("method_signature", "method"),
    rule("abstract_method_signature", "method"),
    rule("interface_declaration", "interface"),
    rule("type_alias_declaration", "type"),
    rule("enum_declaration", "enum"),
    rule("internal_module", "namespace"),
    rule("variable_declarator", "function"),
    rule("public_field_definition", "method"),
    rule("field_definition", "method"),
];

const GO: &[Rule] = &[
    rule("function_declaration", "function"),
    rule("method_declaration", "method"),
    rule("type_spec", "type"),
    rule("type_alias", "type"),
];

const C: &[Rule] = &[
    Rule { node: "function_definition", kind: "function", name: Name::Declarator },
    Rule { node: "type_definition", kind: "type", name: Name::Declarator },
    rule("struct_specifier", "struct"),
    rule("union_specifier", "union"),
    rule("enum_specifier", "enum"),
    rule("preproc_function_def", "macro"),
    rule("preproc_def", "macro"),
];

const JAVA: &[Rule] = &[
    rule("class_declaration", "class"),
    rule("interface_declaration", "interface"),
    rule("enum_declaration", "enum"),
    rule("record_declaration", "record"),
    rule("annotation_type_declaration", "interface"),
    rule("method_declaration", "method"),
    rule("constructor_declaration", "constructor"),
];

/// The symbols of a file, or nothing if its language has no grammar here or it cannot be parsed within bounds.
pub(super) fn symbols(text: &str, language: &Language) -> Option<Vec<Symbol>> {
    let (grammar, rules): (tree_sitter::Language, &[Rule]) = match language.name {
        "rust" => (tree_sitter_rust::LANGUAGE.into(), RUST),
        "python" => (tree_sitter_python::LANGUAGE.into(), PYTHON),
        "javascript" => (tree_sitter_javascript::LANGUAGE.into(), JAVASCRIPT),
        "typescript" => (tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(), JAVASCRIPT),
        "tsx" => (tree_sitter_typescript::LANGUAGE_TSX.into(), JAVASCRIPT),
        "go" => (tree_sitter_go::LANGUAGE.into(), GO),
        "c" => (tree_sitter_c::LANGUAGE.into(), C),
        "java" => (tree_sitter_java::LANGUAGE.into(), JAVA),
        _ => return None,
    };
    let tree = parse(text, &grammar)?;
    Some(collect(text, &tree, rules))
}

fn parse(text: &str, grammar: &tree_sitter::Language) -> Option<Tree> {
    if text.len() > LARGEST {
        return None;
    }
    let mut parser = Parser::new();
    parser.set_language(grammar).ok()?;
    // The parser reports every hundred steps. Sane texts need less than a step for each byte; a limit on steps, unlike
    // one on time, gives the same result on every machine.
    let mut reports_left = 10_000 + text.len() / 4;
    let mut progress = |_: &ParseState| {
        reports_left = reports_left.saturating_sub(1);
        if reports_left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let bytes = text.as_bytes();
    parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), None, Some(options))
}

fn collect(text: &str, tree: &Tree, rules: &[Rule]) -> Vec<Symbol> {
    let mut symbols = Vec::new();
    // The ends of the symbols that the node lies in, and whether they have methods.
    let mut around: Vec<(usize, bool)> = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        around.retain(|&(end, _)| node.start_byte() < end);
        let found = rules.iter().find(|rule| rule.node == node.kind() && node.is_named());
        if let Some(symbol) = found.and_then(|rule| symbol(text, node, rule, &around)) {
            around.push((node.end_byte(), matches!(symbol.kind, "impl" | "trait" | "class" | "interface" | "struct")));
            symbols.push(symbol);
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return symbols;
            }
        }
    }
}

fn symbol(text: &str, node: Node<'_>, rule: &Rule, around: &[(usize, bool)]) -> Option<Symbol> {
    let kind = match (rule.kind, around.last()) {
        ("function", Some((_, true))) => "method",
        (kind, _) => kind,
    };
    let kind = refined(node, kind)?;
    let name = match rule.name {
        Name::Field => {
            text_of(text, node.child_by_field_name("name").or_else(|| node.child_by_field_name("property"))?)
        }
        Name::Declarator => declared_name(text, node)?,
        Name::Implementation => {
            let implemented = text_of(text, node.child_by_field_name("type")?);
            match node.child_by_field_name("trait") {
                Some(of) => format!("{} for {implemented}", text_of(text, of)),
                None => implemented,
            }
        }
    };
    let line = text[node.start_byte()..].lines().next().unwrap_or_default().trim();
    let signature = crate::text::cut_head(line, LONGEST_SIGNATURE).shown.to_owned();
    // A node that ends behind a line feed ends with the line before.
    let end = node.end_position();
    let last_line = if end.column == 0 { end.row.max(node.start_position().row + 1) } else { end.row + 1 };
    Some(Symbol { name, kind, first_line: node.start_position().row + 1, last_line, depth: around.len(), signature })
}

/// The kind of a node whose type alone does not tell it; nothing if it is no definition after all.
fn refined(node: Node<'_>, kind: &'static str) -> Option<&'static str> {
    match node.kind() {
        "type_spec" => Some(match node.child_by_field_name("type").map(|node| node.kind()) {
            Some("struct_type") => "struct",
            Some("interface_type") => "interface",
            _ => kind,
        }),
        // Only those that hold functions are worth a line in an outline.
        "variable_declarator" | "public_field_definition" | "field_definition" => {
            let value = node.child_by_field_name("value")?.kind();
            matches!(value, "arrow_function" | "function_expression" | "generator_function").then_some(kind)
        }
        "struct_specifier" | "union_specifier" | "enum_specifier" => {
            node.child_by_field_name("body").is_some().then_some(kind)
        }
        _ => Some(kind),
    }
}

fn declared_name(text: &str, node: Node<'_>) -> Option<String> {
    let mut declarator = node.child_by_field_name("declarator")?;
    while let Some(inner) = declarator.child_by_field_name("declarator") {
        declarator = inner;
    }
    Some(text_of(text, declarator))
}

fn text_of(text: &str, node: Node<'_>) -> String {
    crate::text::one_line(&text[node.byte_range()], LONGEST_SIGNATURE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(path: &str, text: &str, expected: Expect) {
        let language = Language::of_path(path).expect("a known language");
        let symbols = symbols(text, language).expect("a grammar for it");
        let shown: String = symbols
            .iter()
            .map(|it| {
                let indent = "  ".repeat(it.depth);
                format!("{indent}{} {} {}-{} | {}\n", it.kind, it.name, it.first_line, it.last_line, it.signature)
            })
            .collect();
        expected.assert_eq(&shown);
    }

    #[test]
    fn rust() {
        check(
            "a.rs",
            "mod m {\n    pub struct S<T>(T);\n}\nimpl<T: Copy> Iterator for S<T> {\n    fn next(&mut self)\n        -> Option<T> {\n        fn inner() {}\n        None\n    }\n}\ntrait T { fn f(); }\nmacro_rules! m { () => {} }\n",
            expect![[r#"
                module m 1-3 | mod m {
                  struct S 2-2 | pub struct S<T>(T);
                impl Iterator for S<T> 4-10 | impl<T: Copy> Iterator for S<T> {
                  method next 5-9 | fn next(&mut self)
                    function inner 7-7 | fn inner() {}
                trait T 11-11 | trait T { fn f(); }
                  method f 11-11 | fn f(); }
                macro m 12-12 | macro_rules! m { () => {} }
            "#]],
        );
    }

    #[test]
    fn python() {
        check(
            "a.py",
            "@d\nclass A:\n    def f(self):\n        pass\n\nasync def g(): pass\n",
            expect![[r#"
                class A 2-4 | class A:
                  method f 3-4 | def f(self):
                function g 6-6 | async def g(): pass
            "#]],
        );
    }

    #[test]
    fn typescript() {
        check(
            "a.tsx",
            "export class A { m(): void {} x = () => 1; y = 2 }\nconst f = async (a: B) => <div/>, n = 1;\ninterface I { g(): void }\ntype T = string;\nfunction* gen() {}\n",
            expect![[r#"
                class A 1-1 | class A { m(): void {} x = () => 1; y = 2 }
                  method m 1-1 | m(): void {} x = () => 1; y = 2 }
                  method x 1-1 | x = () => 1; y = 2 }
                function f 2-2 | f = async (a: B) => <div/>, n = 1;
                interface I 3-3 | interface I { g(): void }
                  method g 3-3 | g(): void }
                type T 4-4 | type T = string;
                function gen 5-5 | function* gen() {}
            "#]],
        );
    }

    #[test]
    fn go() {
        check(
            "a.go",
            "package a\ntype T struct{ x int }\ntype U = int\nfunc (t *T) M() {}\nfunc F() {}\n",
            expect![[r#"
                struct T 2-2 | T struct{ x int }
                type U 3-3 | U = int
                method M 4-4 | func (t *T) M() {}
                function F 5-5 | func F() {}
            "#]],
        );
    }

    #[test]
    fn c() {
        check(
            "a.h",
            "#define N 1\n#define F(x) x\nstruct s { int a; };\ntypedef struct { int b; } t;\nstatic char *name(struct s *p) {\n  return 0;\n}\nint declared(void);\n",
            expect![[r#"
                macro N 1-1 | #define N 1
                macro F 2-2 | #define F(x) x
                struct s 3-3 | struct s { int a; };
                type t 4-4 | typedef struct { int b; } t;
                function name 5-7 | static char *name(struct s *p) {
            "#]],
        );
    }

    #[test]
    fn java() {
        check(
            "A.java",
            "class A {\n  A() {}\n  <T> T get(int a) { return null; }\n  enum E { X }\n}\n",
            expect![[r#"
                class A 1-5 | class A {
                  constructor A 2-2 | A() {}
                  method get 3-3 | <T> T get(int a) { return null; }
                  enum E 4-4 | enum E { X }
            "#]],
        );
    }

    #[test]
    fn broken_code_has_the_symbols_that_can_be_made_out() {
        let rust = Language::of_path("a.rs").unwrap();
        let symbols = symbols("fn a() { ((( \n}\nfn b() {}\n\0\u{1f600} struct", rust).unwrap();
        assert_eq!(symbols.first().map(|it| it.name.as_str()), Some("a"));
    }

    #[test]
    fn a_file_that_is_too_large_is_not_parsed() {
        let rust = Language::of_path("a.rs").unwrap();
        assert_eq!(symbols(&"// x\n".repeat(LARGEST / 5 + 1), rust), None);
    }
}
