//! Paths in proposals, which must stay inside.

use super::refusal::{Refusal, RefusalKind};
use crate::text::{is_visible, visible_name};

/// The longest path, in bytes.
const LONGEST: usize = 1024;

/// A path as a proposal may name it: relative, `/` between its parts, inside, and not of the repository's own database.
///
/// # Errors
/// It is none.
pub(super) fn checked(path: &str) -> Result<String, Refusal> {
    let path = path.trim();
    let refuse = |why: &str| {
        let shown = crate::text::cut_head(path, 200).shown;
        let message = format!("the path `{}` {why}", visible_name(shown.as_bytes()));
        Err(Refusal::new(RefusalKind::Path, message))
    };
    let mut inner = path;
    while let Some(rest) = inner.strip_prefix("./") {
        inner = rest;
    }
    let mut letters = inner.chars();
    let is_drive = letters.next().is_some_and(|it| it.is_ascii_alphabetic()) && letters.next() == Some(':');
    if inner.is_empty() || inner.ends_with('/') {
        return refuse("names no file");
    }
    if inner.len() > LONGEST {
        return refuse("is too long");
    }
    if inner.starts_with(['/', '~']) || is_drive {
        return refuse("is not relative: name the file from the root of the repository");
    }
    if inner.contains('\\') {
        return refuse("has backslashes: write `/` between the parts");
    }
    if !is_visible(inner) {
        return refuse("has characters that cannot be seen");
    }
    for part in inner.split('/') {
        if matches!(part, "" | "." | "..") {
            return refuse(
                "has a part that is empty or leads elsewhere: name the file from the root of the repository",
            );
        }
        // As file systems see it that fold cases, drop dots and spaces at the end, or have short names.
        let folded = part.trim_end_matches(['.', ' ']).to_lowercase();
        if folded == ".git" || folded == "git~1" {
            return refuse("lies in git's own database, which is not edited");
        }
    }
    Ok(inner.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_inside_are_taken() {
        for (path, taken) in [
            ("src/a.rs", Some("src/a.rs")),
            ("./src/a.rs ", Some("src/a.rs")),
            ("ä b.txt", Some("ä b.txt")),
            (".github/x.yml", Some(".github/x.yml")),
            (".gitignore", Some(".gitignore")),
            ("", None),
            ("src/", None),
            ("/etc/passwd", None),
            ("~/x", None),
            ("C:/x", None),
            ("../x", None),
            ("a/../../x", None),
            ("a/./x", None),
            ("a//x", None),
            ("a\\x", None),
            (".git/config", None),
            ("sub/.GIT/hooks/x", None),
            (".git./config", None),
            ("git~1/config", None),
            ("a\nb", None),
            ("a\u{202E}b", None),
        ] {
            assert_eq!(checked(path).ok().as_deref(), taken, "{path:?}");
        }
    }
}
