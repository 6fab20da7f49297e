//! `re.Pattern`: a compiled regular expression.

pub mod match_object;
mod matcher;
pub mod scanner;

use crate::repl::worker::sre::{
    code, engine::Program, finder::Finder, haystack::Haystack, subject::Subject, tree::decode,
};
use match_object::{
    Match,
    substitute::{SubArguments, substitute},
};
use matcher::{Place, Query, first, for_each};
use rustpython_vm::{
    FromArgs, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine,
    builtins::{PyDictRef, PyGenericAlias, PyMappingProxy, PyStr, PyStrRef, PyTypeRef},
    common::{
        hash::PyHash,
        wtf8::{Wtf8Buf, wtf8_concat},
    },
    convert::ToPyObject,
    function::PyComparisonValue,
    pyclass,
    types::{Comparable, Hashable, PyComparisonOp, Representable},
};
use scanner::{MatchIterator, Scanner};
use std::{
    ops::{ControlFlow, Range},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// How many bytes a pattern must have searched before its automaton is built, which takes as long as that.
const MIN_EFFORT: usize = 16 << 10;

/// What Python's compiler hands over: the arguments of `_sre.compile`.
#[derive(FromArgs)]
pub struct PatternParts {
    #[pyarg(any)]
    pattern: PyObjectRef,
    #[pyarg(any)]
    flags: u16,
    #[pyarg(any)]
    code: PyObjectRef,
    #[pyarg(any)]
    groups: usize,
    #[pyarg(any)]
    groupindex: PyDictRef,
    #[pyarg(any)]
    indexgroup: PyObjectRef,
}

/// The arguments of `match`, `search` and their relatives.
#[derive(FromArgs)]
pub struct SearchArguments {
    #[pyarg(any)]
    string: PyObjectRef,
    #[pyarg(any, default = 0)]
    pos: isize,
    #[pyarg(any, default = isize::MAX)]
    endpos: isize,
}

#[derive(FromArgs)]
struct SplitArguments {
    #[pyarg(any)]
    string: PyObjectRef,
    #[pyarg(any, default = 0)]
    maxsplit: isize,
}

#[pyclass(module = "re", name = "Pattern")]
#[derive(Debug, PyPayload)]
pub struct Pattern {
    source: PyObjectRef,
    flags: u16,
    /// As Python's compiler made it.
    code: Vec<u32>,
    /// As the engine runs it.
    program: Program,
    /// Automata for the alphabets.
    finders: [OnceLock<Option<Finder>>; 3],
    /// Bytes searched up to now.
    effort: AtomicUsize,
    groups: usize,
    group_index: PyDictRef,
    group_names: Vec<Option<PyStrRef>>,
    /// Absent for the patterns of `re.Scanner`, which have no source and search strings as well as bytes.
    is_bytes: Option<bool>,
}

impl Pattern {
    pub fn new(parts: PatternParts, vm: &VirtualMachine) -> PyResult<Self> {
        let is_bytes = (!vm.is_none(&parts.pattern)).then(|| !parts.pattern.downcastable::<PyStr>());
        let code: Vec<u32> = parts.code.try_to_value(vm)?;
        let program = decode(&code).and_then(|root| Program::new(&root, parts.groups));
        Ok(Self {
            source: parts.pattern,
            flags: parts.flags,
            program: program.ok_or_else(|| vm.new_runtime_error("invalid SRE code"))?,
            groups: parts.groups,
            group_index: parts.groupindex,
            group_names: parts.indexgroup.try_to_value(vm)?,
            finders: [const { OnceLock::new() }; 3],
            effort: AtomicUsize::new(0),
            is_bytes,
            code,
        })
    }

    pub fn program(&self) -> &Program {
        &self.program
    }

    /// What to search this many bytes of a subject with, unless the engine of `re` is as good.
    pub fn finder_for(&self, haystack: &impl Haystack, bytes: usize) -> Option<&Finder> {
        if self.effort.load(Relaxed).saturating_add(bytes) < MIN_EFFORT {
            return None;
        }
        let alphabet = haystack.alphabet()?;
        let finder = &self.finders[alphabet as usize];
        let build = || decode(&self.code).and_then(|root| Finder::new(&root, alphabet));
        finder.get_or_init(build).as_ref()
    }

    /// Counts bytes that the engine of `re` has searched.
    pub fn add_effort(&self, bytes: usize) {
        self.effort.fetch_add(bytes, Relaxed);
    }

    /// How many groups the pattern has, group 0 not counted.
    pub fn group_count(&self) -> usize {
        self.groups
    }

    pub fn group_index_dict(&self) -> &PyDictRef {
        &self.group_index
    }

    pub fn group_name(&self, number: usize) -> Option<PyStrRef> {
        self.group_names.get(number)?.clone()
    }

    pub fn subject(&self, object: PyObjectRef, vm: &VirtualMachine) -> PyResult<Subject> {
        Subject::new(object, self.is_bytes, vm)
    }

    /// The subject, the positions that take part, and the query that the arguments stand for. Positions outside are
    /// moved to the nearest inside.
    fn prepare(
        &self,
        arguments: SearchArguments,
        place: Place,
        vm: &VirtualMachine,
    ) -> PyResult<(Arc<Subject>, Range<usize>, Query)> {
        let subject = Arc::new(self.subject(arguments.string, vm)?);
        let inside = |position: isize| usize::try_from(position).unwrap_or(0).min(subject.len());
        let positions = inside(arguments.pos)..inside(arguments.endpos);
        let query = Query::new(place, subject.byte_of(positions.start)..subject.byte_of(positions.end));
        Ok((subject, positions, query))
    }

    fn find(
        zelf: &PyRef<Self>,
        arguments: SearchArguments,
        place: Place,
        vm: &VirtualMachine,
    ) -> PyResult<Option<Match>> {
        let (subject, positions, query) = zelf.prepare(arguments, place, vm)?;
        first(zelf, &subject, query, vm, |found| Match::new(zelf, &subject, positions, &found))
    }

    /// A scanner of one search after the other.
    fn scan(zelf: PyRef<Self>, arguments: SearchArguments, vm: &VirtualMachine) -> PyResult<Scanner> {
        let (subject, positions, query) = zelf.prepare(arguments, Place::Anywhere, vm)?;
        Ok(Scanner::new(zelf, subject, positions, query))
    }
}

#[pyclass(with(Hashable, Comparable, Representable), flags(HAS_WEAKREF))]
impl Pattern {
    #[pymethod(name = "match")]
    fn py_match(zelf: PyRef<Self>, arguments: SearchArguments, vm: &VirtualMachine) -> PyResult<Option<Match>> {
        Self::find(&zelf, arguments, Place::AtStart, vm)
    }

    #[pymethod]
    fn fullmatch(zelf: PyRef<Self>, arguments: SearchArguments, vm: &VirtualMachine) -> PyResult<Option<Match>> {
        Self::find(&zelf, arguments, Place::Whole, vm)
    }

    #[pymethod]
    fn search(zelf: PyRef<Self>, arguments: SearchArguments, vm: &VirtualMachine) -> PyResult<Option<Match>> {
        Self::find(&zelf, arguments, Place::Anywhere, vm)
    }

    #[pymethod]
    fn findall(&self, arguments: SearchArguments, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
        let (subject, _, query) = self.prepare(arguments, Place::Anywhere, vm)?;
        let mut items = Vec::new();
        for_each(self, &subject, query, vm, |found| {
            let group = |number| match found.group(number) {
                Some(range) => subject.part(range, vm),
                None => subject.empty(vm),
            };
            items.push(match self.groups {
                0 => group(0),
                1 => group(1),
                _ => vm.ctx.new_tuple((1..=self.groups).map(group).collect()).into(),
            });
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(items)
    }

    #[pymethod]
    fn finditer(zelf: PyRef<Self>, arguments: SearchArguments, vm: &VirtualMachine) -> PyResult<MatchIterator> {
        Ok(MatchIterator::new(Self::scan(zelf, arguments, vm)?))
    }

    #[pymethod]
    fn scanner(zelf: PyRef<Self>, arguments: SearchArguments, vm: &VirtualMachine) -> PyResult<Scanner> {
        Self::scan(zelf, arguments, vm)
    }

    #[pymethod]
    fn sub(zelf: PyRef<Self>, arguments: SubArguments, vm: &VirtualMachine) -> PyResult {
        Ok(substitute(&zelf, arguments, vm)?.0)
    }

    #[pymethod]
    fn subn(zelf: PyRef<Self>, arguments: SubArguments, vm: &VirtualMachine) -> PyResult {
        Ok(substitute(&zelf, arguments, vm)?.to_pyobject(vm))
    }

    #[pymethod]
    fn split(&self, arguments: SplitArguments, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
        let subject = self.subject(arguments.string, vm)?;
        let mut items = Vec::new();
        let (mut splits, mut last_end) = (0, 0);
        if arguments.maxsplit >= 0 {
            for_each(self, &subject, Query::new(Place::Anywhere, 0..subject.byte_len()), vm, |found| {
                items.push(subject.part(last_end..found.whole.start, vm));
                let groups = (1..=self.groups).map(|number| found.group(number));
                items.extend(groups.map(|range| range.map(|range| subject.part(range, vm)).to_pyobject(vm)));
                last_end = found.whole.end;
                splits += 1;
                Ok(if splits == arguments.maxsplit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
        }
        items.push(subject.part(last_end..subject.byte_len(), vm));
        Ok(items)
    }

    #[pygetset]
    fn flags(&self) -> u16 {
        self.flags
    }

    #[pygetset]
    fn groups(&self) -> usize {
        self.groups
    }

    #[pygetset]
    fn groupindex(&self) -> PyMappingProxy {
        self.group_index.clone().into()
    }

    #[pygetset]
    fn pattern(&self) -> PyObjectRef {
        self.source.clone()
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

impl Hashable for Pattern {
    fn hash(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyHash> {
        Ok(zelf.source.hash(vm)? ^ PyHash::from(zelf.flags))
    }
}

impl Comparable for Pattern {
    fn cmp(zelf: &Py<Self>, other: &PyObject, op: PyComparisonOp, vm: &VirtualMachine) -> PyResult<PyComparisonValue> {
        if let Some(same) = op.identical_optimization(zelf, other) {
            return Ok(same.into());
        }
        op.eq_only(|| match other.downcast_ref::<Self>() {
            None => Ok(PyComparisonValue::NotImplemented),
            Some(other) => {
                let alike = zelf.flags == other.flags && zelf.is_bytes == other.is_bytes && zelf.code == other.code;
                Ok((alike && vm.bool_eq(&zelf.source, &other.source)?).into())
            }
        })
    }
}

impl Representable for Pattern {
    fn repr_wtf8(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<Wtf8Buf> {
        const MAX_SOURCE_CHARS: usize = 200;
        // Strings are matched by Unicode's rules anyway.
        let is_implied = zelf.is_bytes != Some(true) && zelf.flags & (code::LOCALE | code::ASCII) == 0;
        let named = zelf.flags & if is_implied { !code::UNICODE } else { u16::MAX };
        let source = zelf.source.repr(vm)?;
        let source: Wtf8Buf = source.as_wtf8().code_points().take(MAX_SOURCE_CHARS).collect();
        let names = code::FLAGS.iter().filter(|(bit, _)| named & bit != 0).map(|(_, name)| format!("re.{name}"));
        let names = names.collect::<Vec<_>>().join("|");
        let separator = if names.is_empty() { "" } else { ", " };
        Ok(wtf8_concat!("re.compile(", source, separator, names, ')'))
    }
}
