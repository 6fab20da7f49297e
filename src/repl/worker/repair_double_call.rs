//! A repair: a call without arguments of the result of a call without arguments, `f()()`, runs as `f()`.
//!
//! Models sometimes write `f()()`. It can be legitimate, so this is opt-in, and the model is told.

use rustpython_vm::compiler::{
    ast::{self, Expr, visitor::Visitor},
    parser,
};
use std::borrow::Cow;

/// The program with its doubled calls taken for one; borrowed if it has none, or is no program.
pub fn collapse(code: &str) -> Cow<'_, str> {
    let Ok(module) = parser::parse_module(code) else { return Cow::Borrowed(code) };
    let mut found = Doubled::default();
    found.visit_body(&module.syntax().body);
    // In `(f())()` a parenthesis that belongs to something else lies between.
    found.0.retain(|&(start, end)| {
        let inside = code[start..end].trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        inside.is_some_and(|inside| inside.trim().is_empty())
    });
    if found.0.is_empty() {
        return Cow::Borrowed(code);
    }
    let mut collapsed = code.to_owned();
    found.0.sort_unstable();
    found.0.dedup();
    for (start, end) in found.0.into_iter().rev() {
        collapsed.replace_range(start..end, "");
    }
    Cow::Owned(collapsed)
}

/// Where the second pairs of parentheses stand.
#[derive(Default)]
struct Doubled(Vec<(usize, usize)>);

impl<'a> Visitor<'a> for Doubled {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(outer) = expression
            && let Expr::Call(inner) = &*outer.func
            && outer.arguments.is_empty()
            && inner.arguments.is_empty()
        {
            self.0.push((inner.range.end().to_usize(), outer.range.end().to_usize()));
        }
        ast::visitor::walk_expr(self, expression);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_empty_calls_of_empty_calls_are_taken_for_one() {
        for (code, expected) in [
            ("s.lower()()", "s.lower()"),
            ("x = [f()()() for i in g()()]", "x = [f() for i in g()]"),
            ("f()\ng(1)()\nh()(2)", "f()\ng(1)()\nh()(2)"),
            ("print('f()()')  # f()()", "print('f()()')  # f()()"),
            ("f()(", "f()("),
            ("x = (f())()", "x = (f())()"),
        ] {
            assert_eq!(collapse(code), expected, "{code}");
        }
    }
}
