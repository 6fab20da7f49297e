//! Which files look like secrets. They are left out unless they were asked for by name, since whatever is read may be
//! sent to a model on another machine.
//!
//! A name tells, in capital or small letters: one of a list, or the words that it is made of. A copy of a secret is one,
//! too, whatever an editor, a person or a program has put behind its name. Other files are known by how they begin.

mod beginning;
mod copies;
mod words;

use super::rules::Matcher;
pub(super) use beginning::begins_with_secret;
use copies::without_copy_mark;
use std::{borrow::Cow, os::unix::ffi::OsStrExt, path::Path, sync::LazyLock};
use words::tells_secret;

static NAMES: LazyLock<Matcher> = LazyLock::new(|| {
    let lines = include_str!("secrets/names.txt").lines().filter(|line| !line.starts_with('#'));
    let names: Vec<String> = lines.flat_map(written_out).collect();
    Matcher::new(names.join("\n").as_bytes(), usize::MAX, false).0
});

/// What source code, pages about it, and the public parts of keys end with, in order. Their names say what they are about
/// and not what they hold.
const OPEN: [&str; 118] = [
    "adoc", "asm", "astro", "awk", "bash", "bat", "bzl", "c", "c++", "cc", "cer", "cjs", "clj", "cljc", "cljs",
    "cmake", "cmd", "coffee", "cpp", "crt", "cs", "csproj", "csr", "css", "cts", "cu", "cxx", "d", "dart", "diff",
    "el", "elm", "erb", "erl", "ex", "exs", "f90", "fish", "fs", "gd", "gleam", "go", "gradle", "graphql", "groovy",
    "h", "haml", "hbs", "hh", "hpp", "hrl", "hs", "htm", "html", "hxx", "inc", "ipynb", "java", "jl", "js", "jsx",
    "kt", "kts", "less", "lisp", "lua", "m", "md", "mdx", "mjs", "ml", "mli", "mm", "mts", "nim", "nix", "org", "pas",
    "patch", "php", "phtml", "pl", "pm", "po", "proto", "ps1", "psm1", "pub", "pug", "py", "pyi", "pyx", "r", "rake",
    "rb", "rs", "rst", "s", "sass", "scala", "scm", "scss", "sh", "sol", "sql", "svelte", "svg", "swift", "tcl", "tex",
    "tf", "thrift", "ts", "tsx", "vb", "vue", "zig", "zsh",
];

/// Source code that holds secrets by its very purpose.
const OPEN_BUT_SECRET: [&str; 5] =
    ["wp-config.php", "localsettings.php", "settings.local.php", "secret_token.rb", ".mongorc.js"];

/// What the names of templates end with, before or in place of their extension.
const TEMPLATES: [&str; 9] = ["example", "examples", "sample", "template", "tmpl", "tpl", "dist", "schema", "defaults"];

/// Whether a file of this path, relative to its root, looks like a secret.
pub(super) fn looks_secret(path: &Path) -> bool {
    let path = path.as_os_str().as_bytes();
    let start = memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1);
    let (folder, mut name) = (&path[..start], Cow::Borrowed(&path[start..]));
    let mut is_secret = false;
    loop {
        match look(folder, &name) {
            Look::Open => return false,
            Look::Secret => is_secret = true,
            Look::Unknown => {}
        }
        match without_copy_mark(&name) {
            Some(original) => name = Cow::Owned(original.into_owned()),
            None => return is_secret,
        }
    }
}

enum Look {
    Secret,
    /// Whatever else its name says.
    Open,
    Unknown,
}

/// Looks at a name as it is.
fn look(folder: &[u8], name: &[u8]) -> Look {
    let lower = name.to_ascii_lowercase();
    let (stem, extension) = split(&lower);
    let extension = std::str::from_utf8(extension).unwrap_or_default();
    // Files like `.env.local` have all kinds of endings, and one of them says that there is nothing in it.
    let is_environment = lower.starts_with(b".env") && !lower[4..].first().is_some_and(u8::is_ascii_alphabetic);
    let last_word = stem.rsplit(|byte| !byte.is_ascii_alphanumeric()).next().unwrap_or_default();
    let is_template = |word: &[u8]| TEMPLATES.iter().any(|template| template.as_bytes() == word);
    if is_template(extension.as_bytes()) || is_template(last_word) && !is_key(extension) {
        return Look::Open;
    }
    if is_environment || OPEN_BUT_SECRET.iter().any(|known| known.as_bytes() == lower) {
        return Look::Secret;
    }
    if OPEN.binary_search(&extension).is_ok() && !stem.is_empty() {
        return Look::Open;
    }
    let path = [folder.to_ascii_lowercase(), lower.clone()].concat();
    match NAMES.matched(&path, false).is_ignore() || tells_secret(name, extension) {
        true => Look::Secret,
        false => Look::Unknown,
    }
}

/// Whether a file with this extension is a key, and never a template for one.
fn is_key(extension: &str) -> bool {
    matches!(extension, "pem" | "key" | "ppk" | "p8" | "p12" | "pfx" | "jks" | "keystore" | "kdbx" | "gpg")
}

/// A name without its extension, and that, without the dot.
fn split(name: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memrchr(b'.', name) {
        Some(dot) => (&name[..dot], &name[dot + 1..]),
        None => (name, b""),
    }
}

/// A pattern with braces as several without.
fn written_out(pattern: &str) -> Vec<String> {
    let braces = pattern.find('{').and_then(|start| Some((start, start + pattern[start..].find('}')?)));
    let Some((start, end)) = braces else { return vec![pattern.to_owned()] };
    let (before, after) = (&pattern[..start], &pattern[end + 1..]);
    pattern[start + 1..end].split(',').flat_map(|way| written_out(&format!("{before}{way}{after}"))).collect()
}

#[cfg(test)]
mod tests;
