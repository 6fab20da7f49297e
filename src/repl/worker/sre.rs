//! The native module `_sre` under Python's `re`, in place of the interpreter's own.
//!
//! The interpreter's own counts all characters of a string for each search, each step of `finditer` and each `group`,
//! which is hopeless in texts of gigabytes. This one finds positions through the index of a text, searches long
//! subjects with automata, can be interrupted inside a search, and keeps to CPython where the other strays. RustPython 0.6.0
//! has an index for each string, but can still not be interrupted inside a search, so this is not among the
//! [`corrections`](super::corrections).
//!
//! A pattern's way: Python's compiler makes code of it ([`Pattern`](pattern::Pattern)); the code is read back as a tree
//! ([`tree`]); from the tree come a program for the [`engine`], which says what a pattern matches, and, through an
//! expression of `regex-syntax` ([`translate`]), the automata of long searches ([`finder`]).

mod builder;
mod case;
mod char_cursor;
pub(super) mod char_set;
mod code;
mod engine;
mod finder;
mod haystack;
mod interrupt;
mod pattern;
mod subject;
mod translate;
mod tree;

pub(super) use _sre::module_def;

use rustpython_vm::class::PyClassImpl;

/// Creates the classes of the module; further calls do nothing.
fn init() {
    pattern::Pattern::make_static_type();
    pattern::match_object::Match::make_static_type();
    pattern::scanner::Scanner::make_static_type();
    pattern::scanner::MatchIterator::make_static_type();
    pattern::match_object::substitute::Template::make_static_type();
}

#[rustpython_vm::pymodule]
mod _sre {
    use super::{
        case::{lower_ascii, lower_unicode, upper_unicode},
        code,
        pattern::{Pattern, PatternParts, match_object::substitute::Template},
    };
    use rustpython_vm::{PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, builtins::PyListRef};

    #[pyattr]
    use code::{CODESIZE, MAGIC, UNLIMITED as MAXREPEAT};

    #[pyattr]
    const MAXGROUPS: u32 = MAXREPEAT / 2;

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
