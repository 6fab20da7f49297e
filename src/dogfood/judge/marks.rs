//! Marks with which code turns off what checks it. A change may take some away, and add none.

use crate::edit::ChangedFile;

/// The marks: of tests that are skipped, of linters, compilers and measures of coverage that look away, and of a process that ends
/// before its tests do.
const MARKS: [&str; 53] = [
    "#[ignore",
    "#[allow(",
    "#![allow(",
    "#[expect(",
    "#![expect(",
    "#[should_panic",
    "cfg(not(test))",
    "coverage(off)",
    "#[rustfmt::skip",
    "noqa",
    "type: ignore",
    "pyright: ignore",
    "pylint: disable",
    "pragma: no cover",
    "nosec",
    "fmt: off",
    "mypy: ignore",
    "pytest.mark.skip",
    "mark.skipif",
    "mark.xfail",
    "pytest.skip",
    "pytest.xfail",
    "importorskip",
    "collect_ignore",
    "unittest.skip",
    "skipTest(",
    "expectedFailure",
    "eslint-disable",
    "@ts-ignore",
    "@ts-nocheck",
    "@ts-expect-error",
    "biome-ignore",
    "prettier-ignore",
    "istanbul ignore",
    "v8 ignore",
    "c8 ignore",
    ".skip(",
    ".only(",
    ".todo(",
    "xit(",
    "xdescribe(",
    "xtest(",
    "nolint",
    "t.Skip",
    "@SuppressWarnings",
    "@Disabled",
    "@Ignore",
    "NOSONAR",
    "rubocop:disable",
    "os._exit",
    "sys.exit",
    "process.exit",
    "std::process::exit",
];

/// Why a change is not offered that adds a mark.
pub(super) fn objection(files: &[ChangedFile]) -> Option<String> {
    let count = |text: Option<&str>, mark: &str| text.map_or(0, |text| text.matches(mark).count());
    MARKS.iter().find_map(|mark| {
        let sum =
            |texts: fn(&ChangedFile) -> Option<&str>| files.iter().map(|it| count(texts(it), mark)).sum::<usize>();
        let (before, after) = (sum(|it| it.old.as_deref()), sum(|it| it.new.as_deref()));
        (after > before).then(|| format!("it adds `{}`, which turns off what checks it", mark.trim_end_matches('(')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_may_go_and_move_but_not_come() {
        let file = |path: &str, old: &str, new: &str| ChangedFile {
            path: path.to_owned(),
            old: Some(old.to_owned()),
            new: Some(new.to_owned()),
            renamed_from: None,
            hunks: Vec::new(),
        };
        let added = [file("a.rs", "fn a() {}\n", "#[allow(dead_code)]\nfn a() {}\n")];
        assert_eq!(objection(&added).as_deref(), Some("it adds `#[allow`, which turns off what checks it"));
        assert_eq!(objection(&[file("a.rs", "#[ignore]\nfn a() {}\n", "fn a() {}\n")]), None);
        let moved = [file("a.py", "x = 1  # noqa\n", "\n"), file("b.py", "\n", "x = 1  # noqa\n")];
        assert_eq!(objection(&moved), None);
    }
}
