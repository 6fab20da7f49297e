//! A glob as a person writes it, and what it means below a root.

use crate::{
    corpus::error::Error,
    text::{Part, name_of_visible, visible_parts, visible_path},
};
use std::{
    borrow::Cow,
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
};

/// A glob of a selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    /// As it is written.
    pub original: String,
    /// Relative to the root. Names of what there is have a backslash before what else would have a meaning.
    pub glob: String,
    /// The path below the root that it is, if it has no wildcards.
    pub path: Option<PathBuf>,
}

impl Given {
    /// Reads a glob. It may begin with `./`, with the root's own path, or with `label`, which shown paths begin with.
    ///
    /// # Errors
    /// It can match nothing.
    pub fn read(root: &Path, label: &str, original: &str) -> Result<Self, Error> {
        let bad = |reason: &str| Error::BadGlob { glob: original.to_owned(), reason: reason.to_owned() };
        if original.starts_with('!') {
            return Err(bad("a leading `!` has no meaning here; use the other kind of glob"));
        }
        let relative = below_root(root, label, original);
        if relative.split('/').any(|component| component == "..") {
            return Err(bad("`..` leads out of what is read; write the path from the folder that is read"));
        }
        let (glob, is_path) = as_it_is(root, &relative);
        let path = is_path.then(|| plain_path(&relative)).flatten();
        Ok(Self { original: original.to_owned(), glob, path })
    }

    /// Whether it was clearly meant to let in a file of a special kind: it is a plain path, or it reads like the name of such
    /// a file.
    pub fn names(&self, is_special: fn(&Path) -> bool) -> bool {
        let name = name_of_visible(self.glob.trim_start_matches('/'));
        self.path.is_some() || is_special(Path::new(OsStr::from_bytes(&name)))
    }
}

/// A glob from the root on. What begins with a path from somewhere else is anchored there.
fn below_root<'a>(root: &Path, label: &str, glob: &'a str) -> Cow<'a, str> {
    if matches!(glob, "." | "./") {
        return Cow::Borrowed("**");
    }
    let mut rest = glob;
    while let Some(shorter) = rest.strip_prefix("./") {
        rest = shorter.trim_start_matches('/');
    }
    let is_here = rest.len() < glob.len();
    let below = |prefix: &str| {
        let below = rest.strip_prefix(prefix)?;
        (prefix.ends_with('/') || below.is_empty() || below.starts_with('/')).then(|| below.trim_start_matches('/'))
    };
    let root_itself = visible_path(root);
    let without_links = root.canonicalize().map(|path| visible_path(&path)).unwrap_or_default();
    let roots = [root_itself.as_str(), without_links.as_str()];
    let absolute = roots.into_iter().filter(|root| root.starts_with('/')).find_map(below);
    let labelled = || below(label).filter(|rest| !label.is_empty() && !rest.is_empty());
    match absolute.or_else(labelled) {
        Some("") => Cow::Borrowed("**"),
        Some(below) => Cow::Owned(format!("/{below}")),
        None if is_here => Cow::Owned(format!("/{rest}")),
        None => Cow::Borrowed(rest),
    }
}

/// The glob with each component that is there by that very name taken for this name, and whether there are no wildcards: a
/// folder may be named `[slug]`. Stars and question marks are always wildcards.
fn as_it_is(root: &Path, glob: &str) -> (String, bool) {
    let mut folder = Some(root.to_owned());
    let mut is_path = true;
    let components = glob.split('/').map(|component| {
        let has_wildcard = has_any(component, &['*', '?', '[', '{', '\\']);
        let there = folder.take().map(|folder| folder.join(OsStr::from_bytes(&name_of_visible(component))));
        // Nothing that is looked at lies behind a wildcard.
        folder = there.filter(|_| !has_any(component, &['*', '?']));
        if !has_wildcard {
            return Cow::Borrowed(component);
        }
        if folder.as_ref().is_none_or(|there| there.symlink_metadata().is_err()) {
            (folder, is_path) = (None, false);
            return Cow::Borrowed(component);
        }
        let mut escaped = String::with_capacity(component.len() + 8);
        for part in visible_parts(component) {
            match part {
                Part::Plain(text) => text.chars().for_each(|character| match character {
                    '[' | ']' | '{' | '}' | '\\' => escaped.extend(['\\', character]),
                    character => escaped.push(character),
                }),
                Part::Byte(byte) => escaped.push_str(&format!("\\x{byte:02X}")),
                Part::Character(character) => escaped.push_str(&format!("\\u{{{:X}}}", u32::from(character))),
            }
        }
        Cow::Owned(escaped)
    });
    let components: Vec<Cow<'_, str>> = components.collect();
    (components.join("/"), is_path)
}

fn has_any(component: &str, wildcards: &[char]) -> bool {
    visible_parts(component).any(|part| matches!(part, Part::Plain(text) if text.contains(wildcards)))
}

/// The path that a glob without wildcards is.
fn plain_path(glob: &str) -> Option<PathBuf> {
    let path = name_of_visible(glob.trim_start_matches('/'));
    let path = Path::new(OsStr::from_bytes(&path));
    let inside = path.components().all(|component| matches!(component, Component::Normal(_)));
    (inside && !path.as_os_str().is_empty()).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn globs_are_understood_from_the_root_on() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for path in ["app/[slug]/[...rest]/page.tsx", "{a,b}.ts", "[x].ts", "src/a.ts"] {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), "").unwrap();
        }
        let absolute = |rest: &str| format!("{}{rest}", root.display());
        for (written, glob, path) in [
            ("a.ts", "a.ts", Some("a.ts")),
            ("./a.ts", "/a.ts", Some("a.ts")),
            (".//./src/*.ts", "/src/*.ts", None),
            ("web/src/a.ts", "/src/a.ts", Some("src/a.ts")),
            ("./web/src", "/src", Some("src")),
            (&absolute("/src/a.ts"), "/src/a.ts", Some("src/a.ts")),
            (&absolute("/**/*.ts"), "/**/*.ts", None),
            (&absolute(""), "**", None),
            (&absolute("x/a.ts"), &absolute("x/a.ts"), Some(&absolute("x/a.ts")[1..])),
            ("app/[slug]", r"app/\[slug\]", Some("app/[slug]")),
            ("app/[slug]/*/page.tsx", r"app/\[slug\]/*/page.tsx", None),
            (
                "app/[slug]/[...rest]/page.tsx",
                r"app/\[slug\]/\[...rest\]/page.tsx",
                Some("app/[slug]/[...rest]/page.tsx"),
            ),
            ("/{a,b}.ts", r"/\{a,b\}.ts", Some("{a,b}.ts")),
            ("[x].ts", r"\[x\].ts", Some("[x].ts")),
            ("[y].ts", "[y].ts", None),
            ("**/[slug]/page.tsx", "**/[slug]/page.tsx", None),
            ("*.{ts,tsx}", "*.{ts,tsx}", None),
        ] {
            let given = Given::read(root, "web", written).unwrap();
            assert_eq!((given.glob.as_str(), given.path.as_deref()), (glob, path.map(Path::new)), "{written}");
        }
        for wrong in ["!a", "../a", "a/../b", "./.."] {
            assert!(Given::read(root, "", wrong).is_err(), "{wrong}");
        }
    }
}
