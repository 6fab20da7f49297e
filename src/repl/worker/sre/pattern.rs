//! `re.Pattern`: a compiled regular expression.

use super::{
    encode::encode,
    finder::Finder,
    haystack::Haystack,
    match_object::Match,
    matcher::{Place, Query, first, for_each},
    program::Program,
    scanner::{MatchIterator, Scanner},
    subject::Subject,
    substitute::{SubArguments, substitute},
    translate::Alphabet,
};
use rustpython_sre_engine::SreFlag;
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
use std::{
    ops::ControlFlow,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// How many positions a pattern must have searched before its automaton is built, which takes as long as that.
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
    flags: SreFlag,
    /// As Python's compiler made it.
    code: Vec<u32>,
    /// Code for subjects that are not ASCII, if it has to differ.
    unicode_code: OnceLock<Option<Vec<u32>>>,
    /// Automata for the alphabets.
    finders: [OnceLock<Option<Finder>>; 3],
    /// Positions searched up to now.
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
        Ok(Self {
            source: parts.pattern,
            flags: SreFlag::from_bits_truncate(parts.flags),
            groups: parts.groups,
            group_index: parts.groupindex,
            group_names: parts.indexgroup.try_to_value(vm)?,
            unicode_code: OnceLock::new(),
            finders: [const { OnceLock::new() }; 3],
            effort: AtomicUsize::new(0),
            is_bytes,
            code,
        })
    }

    /// The code for a subject.
    pub fn code_for(&self, haystack: &impl Haystack) -> &[u32] {
        if matches!(haystack.alphabet(), Some(Alphabet::Ascii | Alphabet::Bytes)) {
            return &self.code;
        }
        let exact = || Program::decode(&self.code).filter(|program| program.has_unicode_classes);
        let code = self.unicode_code.get_or_init(|| exact().map(|program| encode(&program.root)));
        code.as_ref().unwrap_or(&self.code)
    }

    /// What to search `positions` of a subject with, unless the engine of `re` is as good.
    pub fn finder_for(&self, haystack: &impl Haystack, positions: usize) -> Option<&Finder> {
        if self.effort.load(Relaxed).saturating_add(positions) < MIN_EFFORT {
            return None;
        }
        let alphabet = haystack.alphabet()?;
        let finder = &self.finders[alphabet as usize];
        let build = || Program::decode(&self.code).and_then(|program| Finder::new(&program.root, alphabet));
        finder.get_or_init(build).as_ref()
    }

    /// Counts positions that the engine of `re` has searched.
    pub fn add_effort(&self, positions: usize) {
        self.effort.fetch_add(positions, Relaxed);
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

    /// The subject and the query that the arguments stand for. Positions outside are moved to the nearest inside.
    fn prepare(
        &self,
        arguments: SearchArguments,
        place: Place,
        vm: &VirtualMachine,
    ) -> PyResult<(Arc<Subject>, Query)> {
        let subject = Arc::new(self.subject(arguments.string, vm)?);
        let inside = |position: isize| usize::try_from(position).unwrap_or(0).min(subject.len());
        let query = Query::new(place, &(inside(arguments.pos)..inside(arguments.endpos)));
        Ok((subject, query))
    }

    fn find(
        zelf: &PyRef<Self>,
        arguments: SearchArguments,
        place: Place,
        vm: &VirtualMachine,
    ) -> PyResult<Option<Match>> {
        let (subject, query) = zelf.prepare(arguments, place, vm)?;
        first(zelf, &subject, query, |found| Match::new(zelf, &subject, query.start..query.end, &found))
    }

    /// A scanner of one search after the other.
    fn scan(zelf: PyRef<Self>, arguments: SearchArguments, vm: &VirtualMachine) -> PyResult<Scanner> {
        let (subject, query) = zelf.prepare(arguments, Place::Anywhere, vm)?;
        Ok(Scanner::new(zelf, subject, query))
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
        let (subject, query) = self.prepare(arguments, Place::Anywhere, vm)?;
        let mut items = Vec::new();
        for_each(self, &subject, query.start..query.end, vm, |found| {
            let group = |number| match found.group(number) {
                Some(range) => subject.substring(range, vm),
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
            for_each(self, &subject, 0..subject.len(), vm, |found| {
                items.push(subject.substring(last_end..found.whole.start, vm));
                let groups = (1..=self.groups).map(|number| found.group(number));
                items.extend(groups.map(|range| range.map(|range| subject.substring(range, vm)).to_pyobject(vm)));
                last_end = found.whole.end;
                splits += 1;
                Ok(if splits == arguments.maxsplit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
        }
        items.push(subject.substring(last_end..subject.len(), vm));
        Ok(items)
    }

    #[pygetset]
    fn flags(&self) -> u16 {
        self.flags.bits()
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
        Ok(zelf.source.hash(vm)? ^ PyHash::from(zelf.flags.bits()))
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
        let mut flags = zelf.flags;
        if zelf.is_bytes != Some(true) && !flags.intersects(SreFlag::LOCALE | SreFlag::ASCII) {
            // Strings are matched by Unicode's rules anyway.
            flags.remove(SreFlag::UNICODE);
        }
        let source = zelf.source.repr(vm)?;
        let source: Wtf8Buf = source.as_wtf8().code_points().take(MAX_SOURCE_CHARS).collect();
        let names = flags.iter_names().map(|(name, _)| format!("re.{name}")).collect::<Vec<_>>().join("|");
        let separator = if names.is_empty() { "" } else { ", " };
        Ok(wtf8_concat!("re.compile(", source, separator, names, ')'))
    }
}
