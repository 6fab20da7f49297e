//! Where definitions begin and end, as far as single lines and their indentation tell.
//!
//! The ranked search needs this for every file of a text. Parsers ([`syntax`](super::syntax)) are exact but take five
//! seconds for 50 MB, so they are kept for what looks at few files. This looks at how lines begin, which is right for code
//! as people and formatters lay it out, works the same in thirty languages, and is wrong in harmless ways: a border in an
//! odd place. It also takes the place of parsers where there is none or a file is too large for it.

mod heading;
mod line;
mod lines;

pub(super) use lines::Lines;

use super::language::{Language, Style};
use line::Line;
use std::ops::Range;

/// A definition, a section or a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Definition<'a> {
    pub kind: &'static str,
    pub name: &'a str,
    /// The line that names it, counted from 0.
    pub line: usize,
    /// All its lines, with the comments and attributes before it.
    pub lines: Range<usize>,
    /// How many definitions it lies in.
    pub depth: usize,
    /// The innermost of them, by its number.
    pub parent: Option<usize>,
}

/// The definitions of a file in the order of their lines.
pub(super) fn definitions<'a>(lines: &Lines<'a>, language: Option<&Language>) -> Vec<Definition<'a>> {
    let Some(language) = language.filter(|language| language.style != Style::Plain) else { return Vec::new() };
    let mut scan = Scan { lines, language, found: Vec::new(), open: Vec::new(), fenced: false };
    for number in 0..lines.count() {
        scan.take(number);
    }
    scan.close_all();
    scan.found
}

/// The first of the comments, attributes and decorators that stand directly before the line `number` and belong to what
/// it defines; none before the line `least`.
pub(super) fn lead_in(lines: &Lines<'_>, language: &Language, number: usize, least: usize) -> usize {
    let mut first = number;
    let code = !heading::is_document(language.style);
    while code && first > least && Line::new(lines.line(first - 1)).is_leading(language) {
        first -= 1;
    }
    first
}

struct Scan<'l, 'a> {
    lines: &'l Lines<'a>,
    language: &'l Language,
    found: Vec<Definition<'a>>,
    /// Definitions that have not ended: their number and their level.
    open: Vec<(usize, usize)>,
    /// Whether the line is in a code block of a document.
    fenced: bool,
}

impl<'a> Scan<'_, 'a> {
    fn take(&mut self, number: usize) {
        let text = self.lines.line(number);
        if self.language.style == Style::Markdown && text.trim_start().starts_with("```") {
            self.fenced = !self.fenced;
        }
        let heading = if self.fenced { None } else { heading::of(self.language.style, text) };
        match heading {
            Some(heading) => {
                self.close_from(heading.level, number);
                self.open(number, heading.kind, heading.name, heading.level);
            }
            None if heading::is_document(self.language.style) => {}
            None => self.take_code(number, text),
        }
    }

    fn take_code(&mut self, number: usize, text: &'a str) {
        let line = Line::new(text);
        if !line.is_neutral(self.language.style) {
            let level = line.indent + usize::from(line.continues());
            self.close_from(level, number);
        }
        if let Some((kind, name)) = line.definition(self.language.style, || self.opens_body(number)) {
            self.open(number, kind, name, line.indent);
        }
    }

    /// Whether a line that looks like the beginning of a function is followed by a body rather than by a semicolon.
    fn opens_body(&self, number: usize) -> bool {
        const SIGNATURE_LINES: usize = 10;
        for next in number + 1..(number + SIGNATURE_LINES).min(self.lines.count()) {
            let line = self.lines.line(next).trim();
            if line.ends_with('{') {
                return true;
            }
            if line.is_empty() || line.ends_with([';', '}']) {
                return false;
            }
        }
        false
    }

    /// Ends what is open at `level` or deeper before the line `number`.
    fn close_from(&mut self, level: usize, number: usize) {
        let mut end = number;
        while let Some(&(definition, open_level)) = self.open.last() {
            if open_level < level {
                return;
            }
            self.open.pop();
            // One ends no later than what lies in it, whose blank lines need not be looked at again.
            end = self.close(definition, end);
        }
    }

    fn close_all(&mut self) {
        self.close_from(0, self.lines.count());
    }

    fn close(&mut self, definition: usize, end: usize) -> usize {
        let definition = &mut self.found[definition];
        let mut end = end;
        // Comments before the next definition belong to that one, and blank lines to none.
        let leads_on = |number: usize| {
            let line = Line::new(self.lines.line(number));
            line.is_blank() || (!heading::is_document(self.language.style) && line.is_leading(self.language))
        };
        while end > definition.line + 1 && leads_on(end - 1) {
            end -= 1;
        }
        definition.lines.end = end;
        end
    }

    fn open(&mut self, number: usize, kind: &'static str, name: &'a str, level: usize) {
        let begun = self.open.last().map_or(0, |&(parent, _)| self.found[parent].line + 1);
        let first = lead_in(self.lines, self.language, number, begun);
        let parent = self.open.last().map(|&(parent, _)| parent);
        self.open.push((self.found.len(), level));
        let depth = self.open.len() - 1;
        self.found.push(Definition { kind, name, line: number, lines: first..number + 1, depth, parent });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(path: &str, text: &str, expected: Expect) {
        let lines = Lines::new(text);
        let definitions = definitions(&lines, Language::of_path(path));
        let shown: String = definitions
            .iter()
            .map(|it| {
                let parent = it.parent.map(|parent| &definitions[parent]);
                assert_eq!(it.depth, parent.map_or(0, |parent| parent.depth + 1));
                assert!(parent.is_none_or(|parent| parent.lines.contains(&it.line)));
                let indent = "  ".repeat(it.depth);
                format!("{indent}{} {} {}..{}\n", it.kind, it.name, it.lines.start + 1, it.lines.end)
            })
            .collect();
        expected.assert_eq(&shown);
    }

    #[test]
    fn rust() {
        check(
            "a.rs",
            "use a;\n\n/// Doc.\n#[derive(Debug)]\npub struct A<T> {\n    x: T,\n}\n\nimpl<T> Trait for A<T>\nwhere\n    T: B,\n{\n    // why\n    pub(crate) async fn run(&self) -> u8 {\n        if x {\n        }\n    }\n\n    const fn two() {}\n}\n\nconst N: usize = 1;\nmacro_rules! m {\n}\n",
            expect![[r#"
                struct A 3..7
                impl Trait for A<T> 9..20
                  function run 13..17
                  function two 19..19
                const N 22..22
                macro m 23..24
            "#]],
        );
    }

    #[test]
    fn python() {
        check(
            "a.py",
            "import a\n\nclass A(B):\n    \"\"\"Doc.\n\n    class of things\n    \"\"\"\n\n    @property\n    def x(self):\n        def inner():\n            pass\n        return inner\n\nasync def f(a,\n            b):\n    pass\n\nX = 1\n",
            expect![[r#"
                class A 3..13
                  function x 9..13
                    function inner 11..12
                function f 15..17
            "#]],
        );
    }

    #[test]
    fn c_with_labels_and_preprocessor_lines() {
        check(
            "a.c",
            "#define MAX(a, b) \\\n\t((a) > (b))\n\nstruct foo {\n\tint x;\n};\n\nint proto(int a);\n\n/* Does it. */\nstatic struct foo *make(struct bar *b,\n\t\t\tint c)\n{\n#ifdef X\n\tif (c) {\n\t\tgoto out;\n\t}\n#endif\nout:\n\treturn call(b);\n}\n",
            expect![[r#"
                macro MAX 1..2
                struct foo 4..6
                function make 10..21
            "#]],
        );
    }

    #[test]
    fn javascript_and_java_methods() {
        check(
            "a.ts",
            "export default class A extends B {\n  constructor(x: number) {\n    super(x);\n  }\n\n  async run(): Promise<void> {\n    for (const a of b) {\n    }\n    it('x', () => {\n    });\n  }\n}\n\nexport const f = (a) => {\n};\ninterface I { x: number }\n",
            expect![[r#"
                class A 1..12
                  method constructor 2..4
                  method run 6..11
                function f 14..15
                interface I 16..16
            "#]],
        );
        check(
            "A.java",
            "@Entity\npublic final class A {\n    private int x = call(1);\n\n    /**\n     * Doc.\n     */\n    @Override\n    public <T> List<T> get(int a) throws E {\n        while (a) {\n        }\n    }\n}\n",
            expect![[r#"
                class A 1..13
                  method get 5..12
            "#]],
        );
    }

    #[test]
    fn go_and_shell() {
        check(
            "a.go",
            "package a\n\ntype T struct {\n\tx int\n}\n\n// Run runs.\nfunc (t *T) Run(a int) (\n\tint, error,\n) {\n\treturn 1\n}\n",
            expect![[r#"
                struct T 3..5
                function Run 7..12
            "#]],
        );
        check(
            "a.sh",
            "set -e\nbuild() {\n  if true; then\n    x\n  fi\n}\nfunction test_it {\n  :\n}\n",
            expect![[r#"
                function build 2..6
                function test_it 7..9
            "#]],
        );
    }

    #[test]
    fn documents_and_tables() {
        check(
            "a.md",
            "intro\n\n# One\ntext\n## Two\n```\n# no heading\n```\n# Three\n",
            expect![[r#"
                heading One 3..8
                  heading Two 5..8
                heading Three 9..9
            "#]],
        );
        check(
            "Cargo.toml",
            "[package]\nname = \"a\"\n\n[[bin]]\nx = 1\n",
            expect![[r#"
                table package 1..2
                table bin 4..5
            "#]],
        );
    }

    #[test]
    fn lisp_forms_may_hold_lines_without_indentation() {
        check(
            "a.el",
            ";;; a.el\n\n;; Why.\n(defun a-b (x)\n  \"Doc.\nSecond line (of it).\"\n  (foo))\n\n(defvar c 1)\n(cl-defmethod d ((x y))\n  z)\n",
            expect![[r#"
                defun a-b 3..7
                defvar c 9..9
                cl-defmethod d 10..11
            "#]],
        );
    }

    #[test]
    fn characters_of_any_length_may_stand_before_a_name() {
        check("a.c", "id [‘as’](x) {\n}\n# ││192.168(y) {\n│f(int x) {\n", expect![""]);
        check(
            "a.js",
            "x ‘f(a) {\n}\n",
            expect![[r#"
            function f 1..2
        "#]],
        );
    }

    #[test]
    fn nothing_is_found_where_nothing_is_known() {
        check("a.txt", "def x():\n", expect![""]);
        check("a.rs", "", expect![""]);
    }
}
