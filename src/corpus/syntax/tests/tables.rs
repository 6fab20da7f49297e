//! Grammars without their tables, completed when they are used, parse as the grammars of the crates do.

use super::super::grammar;
use tree_sitter::{Language, Parser, TreeCursor};

/// For each language the grammar as its crate has it, and a text.
fn known() -> [(&'static str, Language, &'static str); 21] {
    [
        (
            "rust",
            tree_sitter_rust::LANGUAGE.into(),
            "impl<'a, T: Copy> S<'a, T> where T: 'a { async fn f(&self) -> r#x { let [a, ..] = b?; a.0 as u8 | !c } }",
        ),
        (
            "python",
            tree_sitter_python::LANGUAGE.into(),
            "@d(1)\nclass A(B, c=1):\n    async def f(self, *a: int, **k) -> x:\n        return [f'{y!r:>{z}}' for y in a if (b := y)]\n",
        ),
        (
            "javascript",
            tree_sitter_javascript::LANGUAGE.into(),
            "export default class A extends B { static #x = `${a ?? b}`; get [c]() { return /r[/]/g.test(<d e={...f}/>) } }",
        ),
        (
            "typescript",
            tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            "declare module 'm' { type A<T extends keyof B> = T extends `a${infer U}` ? U : never; let x = <A>y satisfies z! }",
        ),
        (
            "tsx",
            tree_sitter_typescript::LANGUAGE_TSX.into(),
            "const A: FC<P> = async ({ a, ...b }) => <><B<C> {...b}>{a as string}text</B></>;\nabstract class D<in out T> {}",
        ),
        (
            "go",
            tree_sitter_go::LANGUAGE.into(),
            "package a\nfunc (s *S[T]) F(x ...int) (<-chan int, error) {\n\tselect { case y := <-c: go func() {}() }\n\treturn\n}\n",
        ),
        (
            "c",
            tree_sitter_c::LANGUAGE.into(),
            "#if defined(A) && B > 1\nstatic int (*f)(struct s *p, ...) = &(t){ .x = 1, [2] = 'c' };\n#else\nenum { X = sizeof(int) };\n#endif\n",
        ),
        (
            "cpp",
            tree_sitter_cpp::LANGUAGE.into(),
            "template <typename... T> requires C<T...> auto A::operator<=>(const A&) const noexcept -> B { return [&]{ co_await R\"(x)\"; }(); }",
        ),
        (
            "java",
            tree_sitter_java::LANGUAGE.into(),
            "sealed interface I<T extends @N A & B> permits C { default int f(T... a) { return switch (a) { case R(var x) when x > 1 -> 1; }; } }",
        ),
        (
            "csharp",
            tree_sitter_c_sharp::LANGUAGE.into(),
            "#nullable enable\nrecord struct R<T>(int X) where T : new() { int P { get; init; } = x switch { > 1 and not 3 => $\"{y:N}\", _ => await z }; }",
        ),
        (
            "php",
            tree_sitter_php::LANGUAGE_PHP.into(),
            "<b><?= $a ?></b><?php\nenum E: string { case A = <<<X\n  {$b->c['d']}\n  X; }\nfn(?int ...$x): static => match(true) { default => $y?->z };\n",
        ),
        (
            "ruby",
            tree_sitter_ruby::LANGUAGE.into(),
            "class A < B\n  def f(a, *b, c: 1, &d) = puts <<~X, %w[a b]\n    #{a} text\n  X\n  case y in { z: Integer => q } then q end\nend\n",
        ),
        (
            "swift",
            tree_sitter_swift::LANGUAGE.into(),
            "@A final class B<T>: C where T: D { init?(_ x: Int = 1) async throws { guard let y = try? await z else { return nil } }\n  var p: some E { get { \"\\(q)\" } } }",
        ),
        (
            "kotlin",
            tree_sitter_kotlin_ng::LANGUAGE.into(),
            "sealed class A<out T : Any>(private val x: Int?) : B by c {\n  suspend inline fun <reified U> f() = when (x) { is Int -> \"${y!!}\" else -> z?.w ?: { it } }\n}\n",
        ),
        (
            "scala",
            tree_sitter_scala::LANGUAGE.into(),
            "enum A[+T](x: Int) extends B:\n  case C(y: T) extends A[T](1)\n  def f(using z: D): Int =\n    for a <- b if a > 1 yield s\"${a}\" match\n      case _: E => ???\n",
        ),
        (
            "dart",
            tree_sitter_dart::LANGUAGE.into(),
            "abstract class A<T extends B?> with C { const A.n({required this.x, super.y}) : z = 1;\n  Stream<int> f() async* { yield* g?..h(); } }",
        ),
        (
            "shell",
            tree_sitter_bash::LANGUAGE.into(),
            "f() { local a=(1 \"${b[@]:-x}\"); for i in {1..3}; do cat <<-E | sort >&2 &\n\t$((i + 1)) $(g)\n\tE\n done; }\n[[ $c =~ ^a+$ ]] && h\n",
        ),
        (
            "lua",
            tree_sitter_lua::LANGUAGE.into(),
            "local a <const> = { [1] = [==[x]] ]==], b = function(...) return ... end; }\n::l:: for k, v in pairs(a) do goto l end -- c\n",
        ),
        (
            "r",
            tree_sitter_r::LANGUAGE.into(),
            "f <- function(x, ...) { if (x %in% y) r\"(a)\" else z[[1]]$w |> g(~ b + c) }\n\\(q) q -> h\n",
        ),
        (
            "haskell",
            tree_sitter_haskell::LANGUAGE.into(),
            "{-# LANGUAGE GADTs #-}\nmodule A (f) where\n\ndata T a where\n  C :: forall b. b => { x :: !Int } -> T b\n\nf y | Just z <- y = do\n  let w = \\case { _ -> 1 }\n  pure [w ..]\n",
        ),
        (
            "elixir",
            tree_sitter_elixir::LANGUAGE.into(),
            "defmodule A do\n  @spec f(x :: integer) :: {:ok, any}\n  def f(%B{c: d} = e, _ \\\\ nil) when d in ~w(a b), do: e |> g(&(&1 + 1))\nend\n",
        ),
    ]
}

/// The grammar of the program for a language.
fn completed(name: &str) -> Language {
    let (grammar, _) = grammar::all().find(|(_, language)| language.name == name).expect("a language with a grammar");
    grammar.compiled().language.clone()
}

/// The nodes of a text with all that the tables have to do with.
fn nodes(text: &str, language: &Language) -> Vec<String> {
    fn node(cursor: &TreeCursor<'_>) -> String {
        let (it, field) = (cursor.node(), cursor.field_name());
        let (id, states) = (it.kind_id(), (it.parse_state(), it.next_parse_state()));
        format!("{field:?} {it:?} {id} {} {states:?} {}", it.grammar_id(), it.is_extra())
    }
    let mut parser = Parser::new();
    parser.set_language(language).expect("a grammar that this tree-sitter knows");
    let tree = parser.parse(text, None).expect("nothing stops the parser");
    let mut cursor = tree.walk();
    let mut nodes = vec![node(&cursor)];
    loop {
        if !cursor.goto_first_child() {
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return nodes;
                }
            }
        }
        nodes.push(node(&cursor));
    }
}

#[test]
fn every_text_has_the_tree_that_the_grammar_of_the_crate_gives_it() {
    let known = known();
    assert!(grammar::all().all(|(_, language)| known.iter().any(|(name, ..)| *name == language.name)));
    for (name, whole, own) in &known {
        let completed = completed(name);
        let expected = nodes(own, whole);
        assert!(!expected[0].contains("(ERROR"), "{name}: {own}");
        // Texts of other languages take the ways on which a parser recovers.
        for (_, _, text) in &known {
            assert_eq!(nodes(text, &completed), nodes(text, whole), "{name}: {text}");
        }
    }
}

#[test]
fn every_state_is_followed_by_the_states_that_the_grammar_of_the_crate_has() {
    for (name, whole, _) in known() {
        let completed = completed(name);
        assert_eq!(completed.parse_state_count(), whole.parse_state_count(), "{name}");
        let states = 0..u16::try_from(whole.parse_state_count()).expect("states are numbers of 16 bits");
        for state in states {
            let next = |language: &Language| -> Vec<(u16, u16)> {
                let symbols = language.lookahead_iterator(state).expect("a state of the grammar");
                symbols.map(|symbol| (symbol, language.next_state(state, symbol))).collect()
            };
            assert_eq!(next(&completed), next(&whole), "{name}, state {state}");
        }
    }
}
