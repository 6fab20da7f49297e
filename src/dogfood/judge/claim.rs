//! What a change claims to be, and what of that the texts alone can show.

use super::{
    figures::{self, Figure},
    kept_tests::{inner_tests, is_test},
};
use crate::{
    corpus::{ContextText, Error, Language, StopFlag, comments, measures_in},
    edit::ChangedFile,
};
use rustc_hash::{FxHashMap, FxHashSet};

/// What a change claims to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    BugFix,
    SpeedUp,
    DeadCode,
    Refactoring,
    Documentation,
    /// New tests, and nothing else.
    Test,
}

impl Kind {
    pub const ALL: [Self; 6] =
        [Self::BugFix, Self::SpeedUp, Self::DeadCode, Self::Refactoring, Self::Documentation, Self::Test];

    /// As models write it and reports show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::BugFix => "bug-fix",
            Self::SpeedUp => "speed-up",
            Self::DeadCode => "dead-code",
            Self::Refactoring => "refactoring",
            Self::Documentation => "documentation",
            Self::Test => "test",
        }
    }

    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// Holds the texts of a change against what it claims, without a figure that takes the whole tree.
///
/// # Errors
/// Why it is not what it claims to be.
pub fn hold(kind: Kind, figure: Option<Figure>, files: &[ChangedFile]) -> Result<Vec<String>, String> {
    match kind {
        Kind::BugFix => {
            let code = files.iter().any(|it| !is_test(&it.path, it.new.as_deref().unwrap_or_default()));
            match code {
                true => Ok(Vec::new()),
                false => Err("it claims to mend a fault, and changes nothing but tests".to_owned()),
            }
        }
        Kind::SpeedUp => Ok(Vec::new()),
        Kind::Test => only_tests(files).map(|()| Vec::new()),
        Kind::DeadCode => only_removes(files).map(|()| Vec::new()),
        Kind::Refactoring => match figure {
            Some(figure) if figure.is_of_code() => better(figure, files),
            _ => Err("a refactoring must name the figure that it makes better: lines or complexity".to_owned()),
        },
        Kind::Documentation => {
            same_code(files)?;
            match figure {
                // It is counted on the whole tree.
                Some(Figure::DeadLinks) => Ok(Vec::new()),
                Some(Figure::Undocumented) => better(Figure::Undocumented, files),
                _ => Err(
                    "a change of documentation must name the figure that it makes better: undocumented or dead-links"
                        .to_owned(),
                ),
            }
        }
    }
}

/// Whether nothing but tests is changed.
fn only_tests(files: &[ChangedFile]) -> Result<(), String> {
    let code = |path: &str, text: Option<&str>| {
        let text = text.unwrap_or_default();
        if is_test(path, text) {
            String::new()
        } else {
            text[..inner_tests(path, text).unwrap_or(text.len())].trim_end().to_owned()
        }
    };
    match files.iter().find(|it| code(&it.path, it.old.as_deref()) != code(&it.path, it.new.as_deref())) {
        Some(file) => Err(format!("it claims to add tests alone, and changes the code of {}", file.path)),
        None => Ok(()),
    }
}

fn better(figure: Figure, files: &[ChangedFile]) -> Result<Vec<String>, String> {
    let (before, after) = figures::of(figure, files);
    match after < before {
        true => Ok(vec![format!("{}: {before} before, {after} after", figure.sentence())]),
        false => Err(format!("it claims fewer {}, and there are {before} before and {after} after", figure.sentence())),
    }
}

/// Whether nothing but lines is taken out.
fn only_removes(files: &[ChangedFile]) -> Result<(), String> {
    for file in files {
        let mut rest = file.old.as_deref().unwrap_or_default().lines();
        let new = file.new.as_deref().unwrap_or_default();
        let added = new.lines().find(|line| !rest.any(|it| it.trim_end() == line.trim_end()));
        if let Some(line) = added.filter(|it| !it.trim().is_empty()) {
            let line = crate::text::one_line(line, 80);
            return Err(format!("it claims to take out what is dead, and adds `{line}` to {}", file.path));
        }
    }
    Ok(())
}

/// The names that a change takes out, each shown to be written nowhere in the tree that it makes.
///
/// # Errors
/// Why it is not dead; or the text cannot be read.
pub fn dead(files: &[ChangedFile], after: &ContextText, stop: &StopFlag) -> Result<Result<Vec<String>, String>, Error> {
    let names = |text: Option<&str>, path: &str| -> FxHashSet<String> {
        let measures = Language::of_path(path).and_then(|language| measures_in(text?, language, stop));
        measures.map(|it| it.names.into_iter().collect()).unwrap_or_default()
    };
    let mut removed: Vec<String> = Vec::new();
    for file in files {
        let new = names(file.new.as_deref(), &file.path);
        removed.extend(names(file.old.as_deref(), &file.path).into_iter().filter(|it| !new.contains(it)));
    }
    removed.sort();
    removed.dedup();
    if removed.is_empty() {
        return Ok(Err("it claims to take out what is dead, and takes out no definition".to_owned()));
    }
    let mut places: FxHashMap<&str, Option<String>> = removed.iter().map(|name| (name.as_str(), None)).collect();
    for segment in after.segments() {
        stop.check()?;
        let text = after.read(segment.text.clone())?;
        for word in text.split(|it: char| !it.is_alphanumeric() && it != '_') {
            if let Some(place) = places.get_mut(word) {
                place.get_or_insert_with(|| segment.path.clone().unwrap_or_default());
            }
        }
    }
    Ok(match removed.iter().find_map(|name| Some((name, places[name.as_str()].clone()?))) {
        Some((name, path)) => Err(format!("it claims that `{name}` is dead, and {path} has that name")),
        None => {
            let names: Vec<String> = removed.iter().take(10).map(|it| format!("`{it}`")).collect();
            Ok(vec![format!("no file has the name {} any more", names.join(" or "))])
        }
    })
}

/// Whether the code is the same but for comments and what stands in a function for its readers.
fn same_code(files: &[ChangedFile]) -> Result<(), String> {
    let is_same = |file: &ChangedFile| {
        let language = Language::of_path(&file.path);
        let prose = language.is_none_or(|it| matches!(it.name, "markdown" | "org"));
        prose || code_of(&file.path, file.old.as_deref()) == code_of(&file.path, file.new.as_deref())
    };
    match files.iter().find(|it| !is_same(it)) {
        Some(file) => Err(format!("it claims to change documentation alone, and changes the code of {}", file.path)),
        None => Ok(()),
    }
}

/// The lines of code of a file.
fn code_of(path: &str, text: Option<&str>) -> Vec<String> {
    let text = text.unwrap_or_default();
    let (mut code, mut end) = (String::new(), 0);
    for comment in comments(text, Language::of_path(path), &StopFlag::default()) {
        code.push_str(&text[end..comment.start.max(end)]);
        // The line feed at the end of a comment belongs to the line.
        if text[comment.clone()].ends_with('\n') {
            code.push('\n');
        }
        end = comment.end.max(end);
    }
    code.push_str(&text[end..]);
    let lines = code.lines().map(|it| it.trim_end().to_owned()).filter(|it| !it.is_empty());
    if path.ends_with(".py") { without_docstrings(lines) } else { lines.collect() }
}

/// The lines of Python but for texts in three quotation marks that stand alone.
fn without_docstrings(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut open: Option<&str> = None;
    let mut kept = Vec::new();
    for line in lines {
        let trimmed = line.trim();
        match open {
            Some(mark) => {
                if trimmed.ends_with(mark) {
                    open = None;
                }
            }
            None => match ["\"\"\"", "'''"].into_iter().find(|mark| trimmed.starts_with(mark)) {
                Some(mark) if trimmed.len() >= 6 && trimmed.ends_with(mark) => {}
                Some(mark) if !trimmed[3..].contains(mark) => open = Some(mark),
                _ => kept.push(line),
            },
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;

    fn file(path: &str, old: &str, new: &str) -> ChangedFile {
        ChangedFile {
            path: path.to_owned(),
            old: Some(old.to_owned()),
            new: Some(new.to_owned()),
            renamed_from: None,
            hunks: Vec::new(),
        }
    }

    #[test]
    fn a_change_is_held_against_its_claim() {
        let bare = "class A:\n    def b(self):\n        return 1\n";
        let told = "class A:\n    \"\"\"A.\n\n    More.\n    \"\"\"\n    def b(self):\n        \"\"\"B.\"\"\"\n        return 1  # one\n";
        for (kind, figure, path, old, new, holds) in [
            (Kind::Documentation, Some(Figure::Undocumented), "a.py", bare, told, true),
            (
                Kind::Documentation,
                Some(Figure::Undocumented),
                "a.py",
                bare,
                &told.replace("return 1", "return 2"),
                false,
            ),
            (Kind::Documentation, Some(Figure::Undocumented), "a.py", bare, &format!("# note\n{bare}"), false),
            (Kind::Documentation, None, "a.py", bare, told, false),
            (Kind::Documentation, Some(Figure::DeadLinks), "a.md", "[a](b.md)\n", "[a](c.md)\n", true),
            (Kind::DeadCode, None, "a.rs", "fn a() {}\nfn b() {}\n", "fn a() {}\n", true),
            (Kind::DeadCode, None, "a.rs", "fn a() {}\nfn b() {}\n", "fn a() {}\nfn c() {}\n", false),
            (Kind::Refactoring, Some(Figure::Lines), "a.rs", "fn a() {\n    b();\n}\n", "fn a() { b(); }\n", true),
            (Kind::Refactoring, Some(Figure::Lines), "a.rs", "fn a() { b(); }\n", "fn a() {\n    b();\n}\n", false),
            (Kind::Refactoring, None, "a.rs", "fn a() {\n    b();\n}\n", "fn a() { b(); }\n", false),
            (Kind::BugFix, None, "tests/a.rs", "", "fn a() {}\n", false),
            (Kind::BugFix, None, "src/a.rs", "", "fn a() {}\n", true),
            (Kind::Test, None, "tests/a.rs", "", "fn a() {}\n", true),
            (
                Kind::Test,
                None,
                "src/a.rs",
                "fn a() {}\n",
                "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n",
                true,
            ),
            (Kind::Test, None, "src/a.rs", "fn a() {}\n", "fn b() {}\n", false),
        ] {
            let held = hold(kind, figure, &[file(path, old, new)]);
            assert_eq!(held.is_ok(), holds, "{kind:?} {new:?}: {held:?}");
        }
        assert!(Kind::ALL.into_iter().all(|kind| Kind::of_name(kind.name()) == Some(kind)));
    }

    #[test]
    fn what_is_dead_is_named_nowhere_else() {
        let removed = [file("a.rs", "fn used() {}\nfn lonely() {}\n", "fn used() {}\n")];
        let context = |text: &str| Snapshot::of_text(Some("b.rs"), text.to_owned()).context().unwrap();
        let stop = StopFlag::default();
        assert_eq!(
            dead(&removed, &context("fn main() { used() }\n"), &stop).unwrap(),
            Ok(vec!["no file has the name `lonely` any more".to_owned()])
        );
        let named = dead(&removed, &context("fn main() { call(\"lonely\") }\n"), &stop).unwrap();
        assert_eq!(named, Err("it claims that `lonely` is dead, and b.rs has that name".to_owned()));
    }
}
