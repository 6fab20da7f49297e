//! Comments that say that work was left open.

use super::File;
use crate::{
    corpus::Role,
    review::{
        finding::{Draft, Place},
        git::Blame,
        rule::OPEN_TODO,
    },
    text::one_line,
};
use regex::Regex;
use std::{
    ops::Range,
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How long such a comment must have been there to be worth a word.
const LEAST_AGE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The most characters of it that are shown.
const SHOWN: usize = 120;

static MARKED: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"^[\s/*#;%!<>-]*\b(TODO|FIXME|XXX|HACK)\b(?:\(([^()\n]{1,60})\))?(?:\s*[:-]|\s|$)\s*(.*)";
    Regex::new(pattern).expect("the pattern is right")
});

/// A marked comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Todo {
    pub place: Place,
    mark: String,
    /// Who is named behind the mark.
    owner: Option<String>,
    text: String,
}

/// The marked comments of a file of code.
pub(super) fn look(file: &File<'_>, comments: &[Range<usize>]) -> Vec<Todo> {
    if file.role != Role::Code || file.is_markdown() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for comment in comments {
        let mut start = comment.start;
        for line in file.text[comment.clone()].split_inclusive('\n') {
            if let Some(marked) = MARKED.captures(line) {
                let text = marked.get(3).map_or("", |it| it.as_str()).trim_end_matches("*/").trim();
                found.push(Todo {
                    place: Place::line(file.path, file.line_of(start)),
                    mark: marked[1].to_owned(),
                    owner: marked.get(2).map(|it| it.as_str().trim().to_owned()),
                    text: one_line(text, SHOWN),
                });
            }
            start += line.len();
        }
    }
    found
}

/// The findings that marked comments come to: with git, the old ones, the oldest first, and without, those that name their
/// owner. Of those that git says nothing about nothing is known.
pub fn drafts(todos: Vec<(Todo, Option<Blame>)>, has_git: bool, now: SystemTime) -> Vec<Draft> {
    let mut old: Vec<(Duration, Draft)> = Vec::new();
    for (todo, blame) in todos {
        let (since, age) = match (&blame, has_git) {
            (Some(blame), _) => {
                let age = now.duration_since(blame.time).unwrap_or_default();
                if age < LEAST_AGE {
                    continue;
                }
                (Some(date(blame.time)), age)
            }
            (None, false) if todo.owner.as_deref().is_some_and(is_name) => (None, Duration::ZERO),
            (None, _) => continue,
        };
        let Todo { place, mark, owner, text } = todo;
        let author = blame.map(|it| it.author).filter(|author| !author.is_empty());
        let whose = owner.clone().or_else(|| author.clone()).map(|it| format!(" of {it}")).unwrap_or_default();
        let open = since.map(|since| format!(", open since {since}")).unwrap_or_default();
        let says = if text.is_empty() { String::new() } else { format!(": {text}") };
        let reason = match (owner, author) {
            (Some(_), Some(author)) => format!("the comment names its owner; git says that {author} wrote the line"),
            (Some(_), None) => "the comment names its owner".to_owned(),
            (None, _) => "git says who wrote the line, and when".to_owned(),
        };
        let draft = Draft {
            rule: &OPEN_TODO,
            severity: OPEN_TODO.severity,
            doubt: None,
            place,
            subject: format!("{mark} {text}"),
            sentence: format!("{mark}{whose}{open}{says}"),
            reason,
            evidence: Vec::new(),
            fix: None,
            missing: None,
        };
        old.push((age, draft));
    }
    old.sort_by_key(|(age, _)| std::cmp::Reverse(*age));
    old.into_iter().map(|(_, draft)| draft).collect()
}

/// Whether what stands in the brackets is a person, and not the number of an issue or a version.
fn is_name(owner: &str) -> bool {
    owner.chars().any(char::is_alphabetic) && owner.chars().all(|it| it.is_alphabetic() || " @._-".contains(it))
}

fn date(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let whole = UNIX_EPOCH + Duration::from_secs(since.as_secs());
    humantime::format_rfc3339_seconds(whole).to_string().chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Language, Segment, StopFlag, comments};

    fn todos(path: &str, text: &str) -> Vec<Todo> {
        let language = Language::of_path(path);
        let segment = Segment { path: Some(path.to_owned()), header: 0..0, text: 0..text.len(), language };
        let file = File { path, segment: &segment, role: Role::of_file(path, text), text: text.into() };
        look(&file, &comments(text, language, &StopFlag::default()))
    }

    #[test]
    fn marks_count_at_the_beginning_of_a_comment() {
        for (path, text, expected) in [
            (
                "a.rs",
                "// TODO: one\nlet a = \"TODO: two\"; // FIXME(ann) three\n",
                &["1 TODO: one", "2 FIXME(ann): three"][..],
            ),
            ("a.c", "/* XXX four */\n/*\n * HACK: five\n */\n", &["1 XXX: four", "3 HACK: five"]),
            ("a.py", "# This is no TODO: six\n# todo: seven\n# TODOS: eight\n", &[]),
            ("tests/a.py", "# TODO: nine\n", &[]),
            ("a.md", "# TODO: ten\n", &[]),
        ] {
            let shown = |it: &Todo| {
                let owner = it.owner.as_ref().map(|owner| format!("({owner})")).unwrap_or_default();
                format!("{} {}{owner}: {}", it.place.first_line, it.mark, it.text)
            };
            assert_eq!(todos(path, text).iter().map(shown).collect::<Vec<_>>(), expected, "{path}");
        }
    }

    #[test]
    fn the_old_ones_are_told_and_without_git_those_with_an_owner() {
        let day = Duration::from_secs(24 * 60 * 60);
        let now = UNIX_EPOCH + day * 10_000;
        let mut found = todos("a.rs", "// TODO: one\n// TODO(bob): two\n// FIXME(#12): three\n");
        let blame = |days| Some(Blame { author: "Ann".to_owned(), time: now - day * days });
        let sentences =
            |todos, has_git| -> Vec<String> { drafts(todos, has_git, now).into_iter().map(|it| it.sentence).collect() };
        let blamed = found.clone().into_iter().zip([blame(400), blame(800), blame(10)]).collect();
        let expected = ["TODO of bob, open since 1995-03-11: two", "TODO of Ann, open since 1996-04-14: one"];
        assert_eq!(sentences(blamed, true), expected);
        let bare = found.drain(..).map(|todo| (todo, None)).collect::<Vec<_>>();
        assert_eq!(sentences(bare.clone(), false), ["TODO of bob: two"]);
        assert_eq!(sentences(bare, true), Vec::<String>::new());
    }
}
