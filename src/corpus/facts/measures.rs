//! How hard the functions of a text are to follow, which of its public items are documented, and which of its files no test
//! names.

use super::exports::{self, FileMeasures};
use crate::corpus::{
    context::ContextText,
    error::Error,
    language::Language,
    parallel,
    search::Role,
    segment::Segment,
    stop::StopFlag,
    syntax::{self, Measures},
};
use rustc_hash::FxHashSet;
use std::sync::OnceLock;

/// Larger files are not parsed; they hold data.
const LARGEST: usize = 1 << 20;

/// Shorter names say nothing: a test may have them by chance.
const SHORTEST_NAME: usize = 4;

/// What the files of a text say of themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measured {
    /// Those of code, but for tests, examples, and what was generated or brought in from elsewhere.
    pub files: Vec<FileMeasures>,
    /// Those of them that define functions of which no test has a name, and that have no tests in them. Nothing if there are no
    /// tests at all.
    pub named_by_no_test: Option<Vec<String>>,
}

/// What a file came to.
enum Kind {
    Code(FileMeasures),
    /// The words of its tests.
    Test(Vec<String>),
    Other,
}

/// Measures the files of a text.
///
/// # Errors
/// The text cannot be read, or it is stopped.
pub fn measures(context: &ContextText, stop: &StopFlag) -> Result<Measured, Error> {
    let segments = context.segments();
    let failure = OnceLock::new();
    let fallible = |result: Result<Vec<Kind>, Error>| result.map_err(|error| failure.set(error)).ok();
    let found = parallel::each(
        segments.len(),
        16,
        || (),
        |(), number| fallible(stop.check().and_then(|()| of_file(context, &segments[number], stop))),
    );
    let Some(found) = found else { return Err(failure.into_inner().unwrap_or(Error::Stopped)) };
    let (mut files, mut words) = (Vec::new(), FxHashSet::default());
    let mut has_tests = false;
    for kind in found.into_iter().flatten() {
        match kind {
            Kind::Code(file) => files.push(file),
            Kind::Test(own) => {
                has_tests = true;
                words.extend(own);
            }
            Kind::Other => {}
        }
    }
    exports::retain(&mut files);
    let is_named = |file: &FileMeasures| {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let stem = name.split('.').next().unwrap_or_default();
        let names = file.measures.names.iter().map(String::as_str).chain([stem]);
        names.filter(|it| it.len() >= SHORTEST_NAME).any(|it| words.contains(it))
    };
    let unnamed = files.iter().filter(|it| !it.measures.functions.is_empty() && !it.measures.has_tests);
    let unnamed = unnamed.filter(|it| !is_named(it)).map(|it| it.path.clone()).collect();
    Ok(Measured { named_by_no_test: has_tests.then_some(unnamed), files })
}

/// What is measured of a text that lies nowhere; nothing if its language has no grammar here.
pub fn measures_in(text: &str, language: &Language, stop: &StopFlag) -> Option<Measures> {
    if text.len() > LARGEST { None } else { syntax::measures(text, language, stop) }
}

fn of_file(context: &ContextText, segment: &Segment, stop: &StopFlag) -> Result<Vec<Kind>, Error> {
    let (Some(path), Some(language)) = (&segment.path, segment.language) else { return Ok(Vec::new()) };
    if segment.text.len() > LARGEST || !syntax::has_definitions(language) {
        return Ok(Vec::new());
    }
    let text = context.read(segment.text.clone())?;
    let kind = match Role::of_file(path, &text) {
        Role::Test => Kind::Test(words(&text)),
        Role::Code => match syntax::measures(&text, language, stop) {
            Some(measures) => {
                let lines = text.lines().count();
                Kind::Code(FileMeasures { path: path.clone(), lines, measures })
            }
            None => Kind::Other,
        },
        _ => Kind::Other,
    };
    // Tests of Rust stand behind the code that they are about.
    let inner = text.find("#[cfg(test)]").filter(|_| matches!(kind, Kind::Code(_)) && language.name == "rust");
    let inner = inner.map(|at| Kind::Test(words(&text[at..])));
    Ok(std::iter::once(kind).chain(inner).collect())
}

fn words(text: &str) -> Vec<String> {
    let words: FxHashSet<&str> = text.split(|it: char| !it.is_alphanumeric() && it != '_').collect();
    words.into_iter().filter(|it| it.len() >= SHORTEST_NAME).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Root, Selection, Snapshot};
    use std::fs;

    #[test]
    fn files_that_no_test_names_are_told_where_there_are_tests() {
        let folder = tempfile::tempdir().unwrap();
        let measured = |files: &[(&str, &str)]| {
            for (path, text) in files {
                fs::create_dir_all(folder.path().join(path).parent().unwrap()).unwrap();
                fs::write(folder.path().join(path), text).unwrap();
            }
            let selection = Selection { roots: vec![Root::new(folder.path().to_owned())], ..Selection::default() };
            let snapshot = Snapshot::take(&selection, &StopFlag::default()).unwrap();
            measures(&snapshot.context().unwrap(), &StopFlag::default()).unwrap()
        };
        let code = [
            ("src/parse.py", "def read_line():\n    return 1\n"),
            ("src/write.py", "def write_line():\n    return 1\n"),
            ("src/own.rs", "fn inner_work() {}\n#[cfg(test)]\nmod tests { #[test] fn works() {} }\n"),
            ("src/data.py", "LINES = 1\n"),
        ];
        let none = measured(&code[..2]);
        assert_eq!((none.files.len(), none.named_by_no_test), (2, None));
        measured(&code);
        let some = measured(&[("tests/test_all.py", "from src import read_line\n")]);
        assert_eq!(some.named_by_no_test, Some(vec!["src/write.py".to_owned()]));
    }
}
