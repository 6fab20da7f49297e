//! `re.Match`: where a pattern was found.

pub mod substitute;

use crate::repl::worker::sre::{
    pattern::{Pattern, matcher::Found},
    subject::Subject,
};
use rustpython_vm::{
    Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, atomic_func,
    builtins::{PyDictRef, PyGenericAlias, PyInt, PyStrRef, PyTupleRef, PyTypeRef},
    common::wtf8::{Wtf8Buf, wtf8_concat},
    convert::ToPyObject,
    function::{OptionalArg, PosArgs},
    protocol::PyMappingMethods,
    pyclass,
    types::{AsMapping, Representable},
};
use std::{
    ops::Range,
    sync::{Arc, LazyLock},
};
use substitute::Template;

#[pyclass(module = "re", name = "Match")]
#[derive(Debug, PyPayload)]
pub struct Match {
    pattern: PyRef<Pattern>,
    subject: Arc<Subject>,
    /// The positions that took part in the search.
    searched: Range<usize>,
    /// The bytes of the groups; the first is the whole match.
    spans: Vec<Option<Range<usize>>>,
    last_index: Option<usize>,
}

impl Match {
    pub fn new(pattern: &PyRef<Pattern>, subject: &Arc<Subject>, searched: Range<usize>, found: &Found<'_>) -> Self {
        Self {
            pattern: pattern.clone(),
            subject: Arc::clone(subject),
            searched,
            spans: (0..=pattern.group_count()).map(|number| found.group(number)).collect(),
            last_index: found.last_group(),
        }
    }

    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The bytes of a group, if it exists and took part.
    pub fn span_of(&self, number: usize) -> Option<Range<usize>> {
        self.spans.get(number)?.clone()
    }

    /// The text of a group, or `default` if it did not take part.
    fn group_or(&self, number: usize, default: &PyObject, vm: &VirtualMachine) -> PyObjectRef {
        let range = self.span_of(number);
        range.map_or_else(|| default.to_owned(), |range| self.subject.part(range, vm))
    }

    /// The number of the group with a number or a name.
    fn number_of(&self, group: &PyObject, vm: &VirtualMachine) -> PyResult<usize> {
        let number = match group.try_index_opt(vm) {
            Some(number) => Some(number?),
            None => {
                // What has no hash is no name.
                let named = self.pattern.group_index_dict().get_item_opt(group, vm).ok().flatten();
                named.and_then(|number| number.downcast::<PyInt>().ok())
            }
        };
        let number = number.and_then(|number| number.try_to_primitive::<usize>(vm).ok());
        number.filter(|&number| number < self.spans.len()).ok_or_else(|| vm.new_index_error("no such group"))
    }

    fn span_in_python(&self, group: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyResult<(isize, isize)> {
        let number = group.into_option().map_or(Ok(0), |group| self.number_of(&group, vm))?;
        Ok(self.positions(self.spans[number].as_ref()))
    }

    /// Python's notation of a span: -1 and -1 if a group did not take part.
    fn positions(&self, span: Option<&Range<usize>>) -> (isize, isize) {
        let positions = span.map(|bytes| self.subject.positions_of(bytes));
        positions.map_or((-1, -1), |range| (range.start as isize, range.end as isize))
    }
}

#[pyclass(with(AsMapping, Representable))]
impl Match {
    #[pygetset]
    fn pos(&self) -> usize {
        self.searched.start
    }

    #[pygetset]
    fn endpos(&self) -> usize {
        self.searched.end
    }

    #[pygetset]
    fn lastindex(&self) -> Option<usize> {
        self.last_index
    }

    #[pygetset]
    fn lastgroup(&self) -> Option<PyStrRef> {
        self.pattern.group_name(self.last_index?)
    }

    #[pygetset]
    fn re(&self) -> PyRef<Pattern> {
        self.pattern.clone()
    }

    #[pygetset]
    fn string(&self) -> PyObjectRef {
        self.subject.object().clone()
    }

    #[pygetset]
    fn regs(&self, vm: &VirtualMachine) -> PyTupleRef {
        let spans = self.spans.iter().map(|span| self.positions(span.as_ref()).to_pyobject(vm));
        vm.ctx.new_tuple(spans.collect())
    }

    #[pymethod]
    fn start(&self, group: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyResult<isize> {
        Ok(self.span_in_python(group, vm)?.0)
    }

    #[pymethod]
    fn end(&self, group: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyResult<isize> {
        Ok(self.span_in_python(group, vm)?.1)
    }

    #[pymethod]
    fn span(&self, group: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyResult<(isize, isize)> {
        self.span_in_python(group, vm)
    }

    #[pymethod]
    fn group(&self, groups: PosArgs, vm: &VirtualMachine) -> PyResult {
        let none = vm.ctx.none();
        let groups = groups.into_vec();
        match groups.as_slice() {
            [] => Ok(self.group_or(0, &none, vm)),
            [group] => self.subscript(group, vm),
            groups => {
                let texts: PyResult<_> = groups.iter().map(|group| self.subscript(group, vm)).collect();
                Ok(vm.ctx.new_tuple(texts?).into())
            }
        }
    }

    #[pymethod]
    fn groups(&self, default: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyTupleRef {
        let default = default.unwrap_or_none(vm);
        vm.ctx.new_tuple((1..self.spans.len()).map(|number| self.group_or(number, &default, vm)).collect())
    }

    #[pymethod]
    fn groupdict(&self, default: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyResult<PyDictRef> {
        let default = default.unwrap_or_none(vm);
        let texts = vm.ctx.new_dict();
        for (name, number) in self.pattern.group_index_dict().clone() {
            let number = self.number_of(&number, vm)?;
            texts.set_item(&*name, self.group_or(number, &default, vm), vm)?;
        }
        Ok(texts)
    }

    #[pymethod]
    fn expand(&self, template: PyObjectRef, vm: &VirtualMachine) -> PyResult {
        Template::compile(&self.pattern, template, vm)?.expand(self, vm)
    }

    fn subscript(&self, group: &PyObject, vm: &VirtualMachine) -> PyResult {
        Ok(self.group_or(self.number_of(group, vm)?, &vm.ctx.none(), vm))
    }

    #[pymethod]
    fn __copy__(zelf: PyRef<Self>) -> PyRef<Self> {
        zelf
    }

    #[pymethod]
    fn __deepcopy__(zelf: PyRef<Self>, _memo: PyObjectRef) -> PyRef<Self> {
        zelf
    }

    #[pyclassmethod]
    fn __class_getitem__(class: PyTypeRef, arguments: PyObjectRef, vm: &VirtualMachine) -> PyGenericAlias {
        PyGenericAlias::from_args(class, arguments, vm)
    }
}

impl AsMapping for Match {
    fn as_mapping() -> &'static PyMappingMethods {
        static METHODS: LazyLock<PyMappingMethods> = LazyLock::new(|| PyMappingMethods {
            subscript: atomic_func!(|found, group, vm| Match::mapping_downcast(found).subscript(group, vm)),
            ..PyMappingMethods::NOT_IMPLEMENTED
        });
        &METHODS
    }
}

impl Representable for Match {
    fn repr_wtf8(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<Wtf8Buf> {
        let (start, end) = zelf.positions(zelf.spans[0].as_ref());
        let text = zelf.group_or(0, &vm.ctx.none(), vm).repr(vm)?;
        Ok(wtf8_concat!("<re.Match object; span=(", start, ", ", end, "), match=", text.as_wtf8(), '>'))
    }
}
