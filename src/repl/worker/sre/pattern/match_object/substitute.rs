//! `sub`, `subn` and the templates of their replacements.

use crate::repl::worker::sre::{
    builder::Builder,
    pattern::{
        Pattern,
        match_object::Match,
        matcher::{Place, Query, for_each},
    },
};
use rustpython_vm::{
    FromArgs, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, TryFromBorrowedObject, VirtualMachine,
    builtins::{PyInt, PyStr},
    function::ArgBytesLike,
    pyclass,
};
use std::{ops::ControlFlow, sync::Arc};

#[derive(FromArgs)]
pub struct SubArguments {
    #[pyarg(any)]
    repl: PyObjectRef,
    #[pyarg(any)]
    string: PyObjectRef,
    #[pyarg(any, default = 0)]
    count: isize,
}

/// What a match is replaced with.
enum Replacement {
    Literal(PyObjectRef),
    Template(PyRef<Template>),
    Function(PyObjectRef),
}

impl Replacement {
    fn new(pattern: &PyRef<Pattern>, repl: PyObjectRef, vm: &VirtualMachine) -> PyResult<Self> {
        if repl.is_callable() {
            return Ok(Self::Function(repl));
        }
        if is_literal(&repl, vm) {
            return Ok(Self::Literal(repl));
        }
        Ok(Self::Template(Template::compile(pattern, repl, vm)?))
    }
}

/// Whether a replacement has nothing to expand.
fn is_literal(repl: &PyObject, vm: &VirtualMachine) -> bool {
    let is_plain = |bytes: &[u8]| !bytes.contains(&b'\\');
    match repl.downcast_ref::<PyStr>() {
        Some(string) => is_plain(string.as_bytes()),
        None => ArgBytesLike::try_from_borrowed_object(vm, repl).is_ok_and(|bytes| bytes.with_ref(is_plain)),
    }
}

/// The subject with its matches replaced, and how many there were.
pub fn substitute(
    pattern: &PyRef<Pattern>,
    arguments: SubArguments,
    vm: &VirtualMachine,
) -> PyResult<(PyObjectRef, isize)> {
    let replacement = Replacement::new(pattern, arguments.repl, vm)?;
    let subject = Arc::new(pattern.subject(arguments.string, vm)?);
    let mut result = Builder::new(&subject);
    let (mut count, mut last_end) = (0, 0);
    if arguments.count >= 0 {
        let everything = Query::new(Place::Anywhere, 0..subject.byte_len());
        for_each(pattern, &subject, everything, vm, |found| {
            result.push_range(last_end..found.whole.start);
            let matched = || Match::new(pattern, &subject, 0..subject.len(), &found);
            let text = match &replacement {
                Replacement::Literal(literal) => literal.clone(),
                Replacement::Template(template) => template.expand(&matched(), vm)?,
                Replacement::Function(function) => function.call((matched().into_pyobject(vm),), vm)?,
            };
            if !vm.is_none(&text) {
                result.push(&text, vm)?;
            }
            last_end = found.whole.end;
            count += 1;
            Ok(if count == arguments.count { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
    }
    if count == 0 {
        return Ok((subject.copy(vm), 0));
    }
    result.push_range(last_end..subject.byte_len());
    Ok((result.finish(vm), count))
}

/// A replacement with references to groups, compiled by `re`.
#[pyclass(module = "_sre", name = "SRE_Template")]
#[derive(Debug, PyPayload)]
pub struct Template {
    literal: PyObjectRef,
    /// Numbers of groups, each with the literal behind it.
    items: Vec<(usize, PyObjectRef)>,
}

#[pyclass]
impl Template {}

impl Template {
    /// Takes a literal, then numbers of groups and literals in turn.
    pub fn new(parts: &[PyObjectRef], vm: &VirtualMachine) -> PyResult<Self> {
        let invalid = || vm.new_type_error("invalid template");
        let (literal, rest) = parts.split_first().ok_or_else(invalid)?;
        let (pairs, []) = rest.as_chunks::<2>() else {
            return Err(invalid());
        };
        let item = |[group, literal]: &[PyObjectRef; 2]| {
            let group = group.downcast_ref::<PyInt>().ok_or_else(invalid)?;
            Ok((group.try_to_primitive(vm)?, literal.clone()))
        };
        Ok(Self { literal: literal.clone(), items: pairs.iter().map(item).collect::<PyResult<_>>()? })
    }

    pub fn compile(pattern: &PyRef<Pattern>, template: PyObjectRef, vm: &VirtualMachine) -> PyResult<PyRef<Self>> {
        let compile = vm.import("re", 0)?.get_attr("_compile_template", vm)?;
        let compiled = compile.call((pattern.clone(), template), vm)?;
        compiled.downcast().map_err(|_| vm.new_type_error("the replacement's template is invalid"))
    }

    /// The template with the groups of a match filled in.
    pub fn expand(&self, found: &Match, vm: &VirtualMachine) -> PyResult {
        if self.items.is_empty() {
            return Ok(self.literal.clone());
        }
        let mut result = Builder::new(found.subject());
        result.push(&self.literal, vm)?;
        for (group, literal) in &self.items {
            if let Some(range) = found.span_of(*group) {
                result.push_range(range);
            }
            result.push(literal, vm)?;
        }
        Ok(result.finish(vm))
    }
}
