//! Whether what the documents name is there: files, and modules with what they hold.

use regex::Regex;
use std::{fs, path::Path};

/// Folders in which a module that a document names may lie.
const ROOTS: [&str; 6] = ["src", "src/engine", "src/repl", "src/corpus", "tests/suite", "tests/suite/security"];

/// What `text` names and is not there, in the repository at `root`.
pub fn missing(text: &str, root: &Path) -> Vec<String> {
    let file =
        Regex::new(r"`((?:src|grammars|tests|editors|benches|docs|examples)/[\w./-]+)`").expect("the pattern is right");
    let module = Regex::new(r"`((?:[a-z_]+::)+)(\w+)`").expect("the pattern is right");
    let files = file.captures_iter(text).map(|found| found[1].to_owned()).filter(|path| !root.join(path).exists());
    let modules = module.captures_iter(text).filter(|found| !is_there(&found[1], &found[2], root));
    files.chain(modules.map(|found| found[1].to_owned() + &found[2])).collect()
}

/// Whether there is a module `parents::name`, or a module `parents` whose file has the word. A path that begins with
/// nothing of ours is that of a crate.
fn is_there(parents: &str, name: &str, root: &Path) -> bool {
    let parents = parents.trim_end_matches("::").replace("::", "/");
    let first = parents.split('/').next().unwrap_or_default();
    let homes = || ROOTS.iter().map(|home| root.join(home));
    let exists = |path: &Path| path.is_dir() || path.with_extension("rs").exists();
    let is_ours = homes().any(|home| exists(&home.join(first)));
    let word = Regex::new(&format!(r"\b{name}\b")).expect("a name is a pattern");
    let has = |path: &Path| fs::read_to_string(path.with_extension("rs")).is_ok_and(|text| word.is_match(&text));
    !is_ours || homes().any(|home| exists(&home.join(&parents).join(name)) || has(&home.join(&parents)))
}

#[test]
fn what_is_not_there_is_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = "`src/text.rs` `src/nothing.rs` `text::counted` `text::no_such_name` `repl::budget` `repl::no_such_part` `tokio::spawn`";
    assert_eq!(missing(text, root), ["src/nothing.rs", "text::no_such_name", "repl::no_such_part"]);
}
