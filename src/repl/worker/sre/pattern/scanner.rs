//! The objects behind `finditer` and `re.Scanner`: they find one match after the other.

use crate::repl::worker::sre::{
    pattern::{
        Pattern,
        match_object::Match,
        matcher::{Place, Query, first},
    },
    subject::Subject,
};
use rustpython_vm::{
    Py, PyPayload, PyRef, PyResult, VirtualMachine,
    common::lock::PyMutex,
    protocol::PyIterReturn,
    pyclass,
    types::{IterNext, Iterable, SelfIter},
};
use std::{ops::Range, sync::Arc};

#[pyclass(module = "_sre", name = "SRE_Scanner")]
#[derive(Debug, PyPayload)]
pub struct Scanner {
    pattern: PyRef<Pattern>,
    subject: Arc<Subject>,
    /// The positions that take part.
    searched: Range<usize>,
    /// What to ask next; nothing once a search has failed.
    next: PyMutex<Option<Query>>,
}

impl Scanner {
    pub fn new(pattern: PyRef<Pattern>, subject: Arc<Subject>, searched: Range<usize>, query: Query) -> Self {
        Self { pattern, subject, searched, next: PyMutex::new(Some(query)) }
    }

    fn advance(&self, place: Place, vm: &VirtualMachine) -> PyResult<Option<Match>> {
        let Some(query) = self.next.lock().take() else {
            return Ok(None);
        };
        let outcome = first(&self.pattern, &self.subject, query.at(place), vm, |found| {
            let next = query.after(&found.whole);
            (next, Match::new(&self.pattern, &self.subject, self.searched.clone(), &found))
        });
        *self.next.lock() = match &outcome {
            Ok(found) => found.as_ref().map(|&(next, _)| next),
            // An interrupted search is made again.
            Err(_) => Some(query),
        };
        Ok(outcome?.map(|(_, found)| found))
    }
}

#[pyclass]
impl Scanner {
    #[pygetset]
    fn pattern(&self) -> PyRef<Pattern> {
        self.pattern.clone()
    }

    #[pymethod(name = "match")]
    fn py_match(&self, vm: &VirtualMachine) -> PyResult<Option<Match>> {
        self.advance(Place::AtStart, vm)
    }

    #[pymethod]
    fn search(&self, vm: &VirtualMachine) -> PyResult<Option<Match>> {
        self.advance(Place::Anywhere, vm)
    }
}

/// All matches, one for each step. (Python's own iterator calls `search` by name and compares what it returns, which
/// takes longer than to find a match.)
#[pyclass(module = false, name = "callable_iterator")]
#[derive(Debug, PyPayload)]
pub struct MatchIterator(Scanner);

impl MatchIterator {
    pub fn new(scanner: Scanner) -> Self {
        Self(scanner)
    }
}

#[pyclass(with(IterNext, Iterable))]
impl MatchIterator {}

impl SelfIter for MatchIterator {}

impl IterNext for MatchIterator {
    fn next(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
        let found = zelf.0.advance(Place::Anywhere, vm)?;
        Ok(found.map_or(PyIterReturn::StopIteration(None), |found| PyIterReturn::Return(found.into_pyobject(vm))))
    }
}
