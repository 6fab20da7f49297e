//! The include and exclude globs of a selection, as matchers for one root.

use super::{error::Error, secrets::looks_secret};
use ignore::{
    gitignore::{Gitignore, GitignoreBuilder},
    overrides::{Override, OverrideBuilder},
};
use std::path::Path;

/// The globs of a selection for one root.
#[derive(Debug)]
pub(super) struct Globs {
    /// What a walk must obey, one after the other; their results are put together. There are two if everything is
    /// included and something hidden is named besides, since one matcher can either narrow or not.
    pub passes: Vec<Override>,
    exclude: Gitignore,
    /// Include globs that may let in a secret.
    names_secrets: Gitignore,
}

impl Globs {
    /// `label` is what shown paths of the root begin with; globs may begin with it, too.
    pub fn new(root: &Path, label: &str, include: &[String], exclude: &[String]) -> Result<Self, Error> {
        let include: Vec<&str> = include.iter().map(|glob| below_label(glob, label)).collect();
        let exclude: Vec<&str> = exclude.iter().map(|glob| below_label(glob, label)).collect();
        let (universal, named): (Vec<&str>, Vec<&str>) = include.into_iter().partition(|glob| is_universal(glob));

        let mut passes = Vec::new();
        if !named.is_empty() {
            passes.push(overrides(root, &named, &exclude)?);
        }
        if named.is_empty() || !universal.is_empty() {
            passes.push(overrides(root, &[], &exclude)?);
        }
        let secret_globs: Vec<&str> = named.iter().copied().filter(|glob| names_a_secret(glob)).collect();
        Ok(Self { passes, exclude: matcher(root, &exclude)?, names_secrets: matcher(root, &secret_globs)? })
    }

    /// Whether an include glob asks for this very secret.
    pub fn lets_in_secret(&self, path: &Path) -> bool {
        self.names_secrets.matched(path, false).is_ignore()
    }

    /// The exclude glob that matches `path` itself.
    pub fn excluding(&self, path: &Path, is_dir: bool) -> Option<String> {
        match self.exclude.matched(path, is_dir) {
            ignore::Match::Ignore(glob) => Some(glob.original().to_owned()),
            _ => None,
        }
    }

    /// Whether include globs leave out the file `path`.
    pub fn leaves_out(&self, path: &Path) -> bool {
        self.passes.iter().all(|pass| pass.num_whitelists() > 0 && pass.matched(path, false).is_ignore())
    }
}

fn below_label<'a>(glob: &'a str, label: &str) -> &'a str {
    let rest = glob.strip_prefix(label).and_then(|rest| rest.strip_prefix('/'));
    rest.filter(|rest| !label.is_empty() && !rest.is_empty()).unwrap_or(glob)
}

fn is_universal(glob: &str) -> bool {
    matches!(glob, "*" | "**" | "**/*" | "/**" | "/*" | "." | "./")
}

fn has_wildcard(glob: &str) -> bool {
    glob.contains(['*', '?', '[', '{'])
}

/// A glob lets in a secret only if it was clearly meant to: it is a plain path, or it reads like a secret's name.
fn names_a_secret(glob: &str) -> bool {
    !has_wildcard(glob) || looks_secret(Path::new(glob.trim_start_matches('/')))
}

fn overrides(root: &Path, include: &[&str], exclude: &[&str]) -> Result<Override, Error> {
    let mut builder = OverrideBuilder::new(root);
    for glob in include {
        let mut add = |pattern: &str| builder.add(pattern).map(drop).map_err(|error| bad_glob(glob, &error));
        refuse_negation(glob)?;
        add(glob)?;
        // A glob that names a directory means what is in it.
        add(&format!("{}/**", glob.trim_end_matches('/')))?;
        for directory in directories_on_the_way(glob) {
            add(&directory)?;
        }
    }
    for glob in exclude {
        refuse_negation(glob)?;
        builder.add(&format!("!{glob}")).map_err(|error| bad_glob(glob, &error))?;
    }
    builder.build().map_err(|error| bad_glob("", &error))
}

/// The directories that must be entered, hidden or ignored as they may be, to get at what `glob` names.
fn directories_on_the_way(glob: &str) -> Vec<String> {
    let components: Vec<&str> = glob.trim_start_matches('/').split('/').collect();
    let named = components.iter().take(components.len() - 1).take_while(|component| !has_wildcard(component)).count();
    (1..=named).map(|depth| format!("/{}/", components[..depth].join("/"))).collect()
}

fn matcher(root: &Path, globs: &[&str]) -> Result<Gitignore, Error> {
    let mut builder = GitignoreBuilder::new(root);
    for glob in globs {
        builder.add_line(None, glob).map_err(|error| bad_glob(glob, &error))?;
    }
    builder.build().map_err(|error| bad_glob("", &error))
}

fn refuse_negation(glob: &str) -> Result<(), Error> {
    if glob.starts_with('!') {
        let reason = "a leading `!` has no meaning here; use the other kind of glob".into();
        return Err(Error::BadGlob { glob: glob.to_owned(), reason });
    }
    Ok(())
}

fn bad_glob(glob: &str, error: &ignore::Error) -> Error {
    let reason = match error {
        ignore::Error::Glob { err, .. } => err.clone(),
        other => other.to_string(),
    };
    Error::BadGlob { glob: glob.to_owned(), reason }
}
