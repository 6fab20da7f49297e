//! The native module `_sre` under Python's `re`, in place of the interpreter's own.
//!
//! The interpreter's own counts all characters of a string for each search, each step of `finditer` and each `group`,
//! which is hopeless in texts of gigabytes. This one finds positions through the index of a text, searches long subjects
//! with automata, can be interrupted inside a search, and keeps to CPython where the other strays. What a pattern
//! matches is said by the same engine, the crate `rustpython-sre_engine`.
//!
//! A pattern's way: Python's compiler makes code of it ([`Pattern`](pattern::Pattern)); the code is read back as a tree
//! ([`program`]); from the tree come code by Python's rules for letters and digits ([`encode`]) and, through an
//! expression of `regex-syntax` ([`translate`]), the automata of long searches ([`finder`]).

mod bookmark;
mod builder;
pub(super) mod char_set;
mod encode;
mod finder;
mod haystack;
mod interrupt;
mod match_object;
mod matcher;
mod pattern;
mod program;
mod scanner;
mod subject;
mod substitute;
mod translate;

pub(super) use _sre::module_def;

use rustpython_vm::class::PyClassImpl;

/// Creates the classes of the module; further calls do nothing.
fn init() {
    pattern::Pattern::make_static_type();
    match_object::Match::make_static_type();
    scanner::Scanner::make_static_type();
    scanner::MatchIterator::make_static_type();
    substitute::Template::make_static_type();
}

#[rustpython_vm::pymodule]
mod _sre {
    use super::{
        pattern::{Pattern, PatternParts},
        substitute::Template,
    };
    use rustpython_sre_engine::string::{lower_ascii, lower_unicode, upper_unicode};
    use rustpython_vm::{PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, builtins::PyListRef};

    #[pyattr]
    use rustpython_sre_engine::{CODESIZE, MAXGROUPS, MAXREPEAT, SRE_MAGIC as MAGIC};

    #[pyfunction]
    fn getcodesize() -> usize {
        CODESIZE
    }

    #[pyfunction]
    fn ascii_iscased(char: u32) -> bool {
        u8::try_from(char).is_ok_and(|char| char.is_ascii_alphabetic())
    }

    #[pyfunction]
    fn unicode_iscased(char: u32) -> bool {
        char != lower_unicode(char) || char != upper_unicode(char)
    }

    #[pyfunction]
    fn ascii_tolower(char: u32) -> u32 {
        lower_ascii(char)
    }

    #[pyfunction]
    fn unicode_tolower(char: u32) -> u32 {
        lower_unicode(char)
    }

    #[pyfunction]
    fn compile(parts: PatternParts, vm: &VirtualMachine) -> PyResult<PyRef<Pattern>> {
        super::init();
        Ok(Pattern::new(parts, vm)?.into_ref(&vm.ctx))
    }

    #[pyfunction]
    fn template(_pattern: PyObjectRef, parts: PyListRef, vm: &VirtualMachine) -> PyResult<PyRef<Template>> {
        super::init();
        Ok(Template::new(&parts.borrow_vec(), vm)?.into_ref(&vm.ctx))
    }
}
