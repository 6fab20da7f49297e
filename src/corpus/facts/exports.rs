//! Which of the items that are marked as public others can reach.
//!
//! In Rust a module may be for its parent alone; then only what is handed on from there (`pub use`) is public. In Python a file is
//! part of a package if there is an `__init__.py` beside it, and what begins with an underscore is for its package alone.

use crate::corpus::syntax::{Measures, PublicItem};
use rustc_hash::{FxHashMap, FxHashSet};

/// What is measured of a file of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMeasures {
    pub path: String,
    pub lines: usize,
    pub measures: Measures,
}

/// Leaves the items that others can reach.
pub(super) fn retain(files: &mut [FileMeasures]) {
    let own_modules: FxHashMap<String, Vec<String>> = files
        .iter()
        .filter(|it| !it.measures.own_modules.is_empty())
        .map(|it| (it.path.clone(), it.measures.own_modules.clone()))
        .collect();
    let handed_on: FxHashSet<String> = files.iter().flat_map(|it| it.measures.handed_on.iter().cloned()).collect();
    let packages: FxHashSet<String> =
        files.iter().filter_map(|it| it.path.strip_suffix("__init__.py")).map(str::to_owned).collect();
    for file in files {
        let path = file.path.as_str();
        if path.ends_with(".py") {
            let folder = &path[..path.rfind('/').map_or(0, |at| at + 1)];
            let is_open =
                packages.contains(folder) && path.split('/').all(|it| !it.starts_with('_') || it == "__init__.py");
            file.measures.public.retain(|_| is_open);
        } else if is_own_module(path, &own_modules) {
            let named = |it: &PublicItem| it.owner.clone().unwrap_or_else(|| it.name.clone());
            file.measures.public.retain(|it| handed_on.contains(&named(it)));
        }
    }
}

/// Whether a file of Rust is a module that one above it has for itself alone.
fn is_own_module(path: &str, own_modules: &FxHashMap<String, Vec<String>>) -> bool {
    let Some(mut module) = path.strip_suffix(".rs").map(|it| it.strip_suffix("/mod").unwrap_or(it)) else {
        return false;
    };
    while let Some((folder, name)) = module.rsplit_once('/') {
        let parents = ["lib.rs", "main.rs", "mod.rs"].map(|it| format!("{folder}/{it}"));
        let mut parents = parents.into_iter().chain([format!("{folder}.rs")]);
        if parents.any(|it| own_modules.get(&it).is_some_and(|own| own.iter().any(|it| it == name))) {
            return true;
        }
        module = folder;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_own_modules_are_public_only_if_they_are_handed_on() {
        let item = |name: &str, owner: Option<&str>| PublicItem {
            kind: "function",
            name: name.to_owned(),
            owner: owner.map(str::to_owned),
            line: 1,
            is_documented: false,
        };
        let file = |path: &str, public: Vec<PublicItem>, own: &[&str], handed: &[&str]| FileMeasures {
            path: path.to_owned(),
            lines: 1,
            measures: Measures {
                public,
                own_modules: own.iter().map(|&it| it.to_owned()).collect(),
                handed_on: handed.iter().map(|&it| it.to_owned()).collect(),
                ..Measures::default()
            },
        };
        let items = || vec![item("given", None), item("kept", None), item("of", Some("Given"))];
        let mut files = vec![
            file("src/lib.rs", items(), &["inner"], &["inner", "given", "Given"]),
            file("src/inner.rs", items(), &[], &[]),
            file("src/inner/deep.rs", items(), &[], &[]),
            file("src/open/mod.rs", items(), &["low"], &[]),
            file("src/open/low/mod.rs", items(), &[], &[]),
            file("package/__init__.py", items(), &[], &[]),
            file("package/open.py", items(), &[], &[]),
            file("package/_own.py", items(), &[], &[]),
            file("script.py", items(), &[], &[]),
        ];
        retain(&mut files);
        let counts: Vec<usize> = files.iter().map(|it| it.measures.public.len()).collect();
        assert_eq!(counts, [3, 2, 2, 3, 2, 3, 3, 0, 0]);
    }
}
