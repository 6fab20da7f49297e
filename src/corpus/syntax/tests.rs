//! What the rows of an outline are in each language.

mod hostile;
mod tables;

use super::*;
use expect_test::{Expect, expect};

fn check(path: &str, text: &str, expected: Expect) {
    let language = Language::of_path(path).expect("a known language");
    let symbols = symbols(text, language, &StopFlag::default()).expect("a grammar for it");
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
fn cpp() {
    check(
        "a.hpp",
        "namespace n {\ntemplate <class T>\nclass A : B {\n public:\n  A(int x);\n  virtual int f(T a) const = 0;\n  int g() { return 1; }\n};\n}\nint& n::A<int>::h(int x) {\n  return x;\n}\nusing U = int;\n",
        expect![[r#"
            namespace n 1-9 | namespace n {
              class A 3-8 | class A : B {
                method f 6-6 | virtual int f(T a) const = 0;
                method g 7-7 | int g() { return 1; }
            function n::A<int>::h 10-12 | int& n::A<int>::h(int x) {
            type U 13-13 | using U = int;
        "#]],
    );
}

#[test]
fn csharp() {
    check(
        "a.cs",
        "namespace N {\n  [X] public class A : B {\n    public int P { get; set; }\n    public A() {}\n    void M<T>(T x) where T : C {}\n  }\n  interface I { void F(); }\n  record R(int X);\n  enum E { A }\n}\n",
        expect![[r#"
            namespace N 1-10 | namespace N {
              class A 2-6 | [X] public class A : B {
                property P 3-3 | public int P { get; set; }
                constructor A 4-4 | public A() {}
                method M 5-5 | void M<T>(T x) where T : C {}
              interface I 7-7 | interface I { void F(); }
                method F 7-7 | void F(); }
              record R 8-8 | record R(int X);
              enum E 9-9 | enum E { A }
        "#]],
    );
}

#[test]
fn php() {
    check(
        "a.php",
        "<html><?php\ninterface I { function f(); }\nabstract class A implements I {\n  public function f() {\n  }\n}\ntrait T {}\nfunction g($x) { return $x; }\n",
        expect![[r#"
            interface I 2-2 | interface I { function f(); }
              method f 2-2 | function f(); }
            class A 3-6 | abstract class A implements I {
              method f 4-5 | public function f() {
            trait T 7-7 | trait T {}
            function g 8-8 | function g($x) { return $x; }
        "#]],
    );
}

#[test]
fn ruby() {
    check(
        "a.rb",
        "module M\n  class A < B\n    def self.make(x)\n      new(x)\n    end\n    def run?; end\n  end\nend\ndef f = 1\n",
        expect![[r#"
            module M 1-8 | module M
              class A 2-7 | class A < B
                method make 3-5 | def self.make(x)
                method run? 6-6 | def run?; end
            method f 9-9 | def f = 1
        "#]],
    );
}

#[test]
fn swift() {
    check(
        "a.swift",
        "protocol P { func f() }\npublic final class A: P {\n  init(x: Int) {}\n  func f() {\n  }\n}\nstruct S {}\nenum E { case a }\nextension A {\n  func g() {}\n}\nfunc h() {}\ntypealias T = Int\n",
        expect![[r#"
            protocol P 1-1 | protocol P { func f() }
              method f 1-1 | func f() }
            class A 2-6 | public final class A: P {
              constructor init 3-3 | init(x: Int) {}
              method f 4-5 | func f() {
            struct S 7-7 | struct S {}
            enum E 8-8 | enum E { case a }
            extension A 9-11 | extension A {
              method g 10-10 | func g() {}
            function h 12-12 | func h() {}
            type T 13-13 | typealias T = Int
        "#]],
    );
}

#[test]
fn kotlin() {
    check(
        "a.kt",
        "package a\ninterface I { fun f() }\ndata class A(val x: Int) : I {\n  override fun f() {\n  }\n  companion object {\n    fun make() = A(1)\n  }\n}\nenum class E { X }\nobject O\nfun String.g(): Int = 1\ntypealias T = Int\n",
        expect![[r#"
            interface I 2-2 | interface I { fun f() }
              method f 2-2 | fun f() }
            class A 3-9 | data class A(val x: Int) : I {
              method f 4-5 | override fun f() {
              method make 7-7 | fun make() = A(1)
            enum E 10-10 | enum class E { X }
            object O 11-11 | object O
            function g 12-12 | fun String.g(): Int = 1
            type T 13-13 | typealias T = Int
        "#]],
    );
}

#[test]
fn scala() {
    check(
        "a.scala",
        "package a\ntrait T { def f: Int }\ncase class A(x: Int) extends T {\n  def f = {\n    x\n  }\n}\nobject A {\n  type U = Int\n}\nenum E { case X }\n",
        expect![[r#"
            trait T 2-2 | trait T { def f: Int }
              method f 2-2 | def f: Int }
            class A 3-7 | case class A(x: Int) extends T {
              method f 4-6 | def f = {
            object A 8-10 | object A {
              type U 9-9 | type U = Int
            enum E 11-11 | enum E { case X }
        "#]],
    );
}

#[test]
fn dart() {
    check(
        "a.dart",
        "class A extends B {\n  A(this.x);\n  final int x;\n  int get y => 1;\n  void run() {\n  }\n  int later();\n}\nmixin M {}\nenum E { a }\nvoid main() {\n}\ntypedef F = int;\n",
        expect![[r#"
            class A 1-8 | class A extends B {
              constructor A 2-2 | A(this.x);
              method y 4-4 | int get y => 1;
              method run 5-6 | void run() {
              method later 7-7 | int later();
            mixin M 9-9 | mixin M {}
            enum E 10-10 | enum E { a }
            function main 11-12 | void main() {
            type F 13-13 | typedef F = int;
        "#]],
    );
}

#[test]
fn shells() {
    check(
        "a.sh",
        "set -e\nbuild() {\n  x\n}\nfunction run-it {\n  :\n}\n",
        expect![[r#"
            function build 2-4 | build() {
            function run-it 5-7 | function run-it {
        "#]],
    );
}

#[test]
fn lua() {
    check(
        "a.lua",
        "local function f(x)\n  return x\nend\nfunction M.g() end\nfunction M:h() end\nM.i = function() end\n",
        expect![[r#"
            function f 1-3 | local function f(x)
            function M.g 4-4 | function M.g() end
            function M:h 5-5 | function M:h() end
            function M.i 6-6 | M.i = function() end
        "#]],
    );
}

#[test]
fn r() {
    check(
        "a.R",
        "f <- function(x) {\n  x\n}\ng = function() 1\nx <- 1\n",
        expect![[r#"
        function f 1-3 | f <- function(x) {
        function g 4-4 | g = function() 1
    "#]],
    );
}

#[test]
fn haskell_clauses_are_one_function() {
    check(
        "a.hs",
        "module A where\n\ndata T = A | B\nnewtype N = N Int\ntype S = String\nclass C a where\n  m :: a -> Int\n\ninstance C T where\n  m A = 1\n  m B = 2\n\nf :: Int -> Int\nf 0 = 1\nf n = n\n\ng = 1\n",
        expect![[r#"
            type T 3-3 | data T = A | B
            type N 4-4 | newtype N = N Int
            type S 5-5 | type S = String
            class C 6-7 | class C a where
              method m 7-7 | m :: a -> Int
            instance C 9-11 | instance C T where
              method m 10-11 | m A = 1
            function f 13-15 | f :: Int -> Int
            function g 17-17 | g = 1
        "#]],
    );
}

#[test]
fn elixir_clauses_are_one_function() {
    check(
        "a.ex",
        "defmodule A.B do\n  @doc \"x\"\n  def f(0), do: 1\n  def f(n) when n > 0 do\n    n\n  end\n  defp g, do: 1\n  defmacro m(x) do\n    x\n  end\nend\n",
        expect![[r#"
            module A.B 1-11 | defmodule A.B do
              function f 3-6 | def f(0), do: 1
              function g 7-7 | defp g, do: 1
              macro m 8-10 | defmacro m(x) do
        "#]],
    );
}

#[test]
fn names_are_those_of_the_tree() {
    let rust = Language::of_path("a.rs").unwrap();
    let tags = tags("// not this\nfn a(b: Thing) { a(b.field); \"nor this\"; }\n", rust, &StopFlag::default()).unwrap();
    let mut names: Vec<(&str, u32)> = tags.names.into_iter().collect();
    names.sort_unstable();
    assert_eq!(names, [("Thing", 1), ("a", 2), ("b", 2), ("field", 1)]);
}
