//! Which language a file is written in, as its name tells.

use rustc_hash::FxHashMap;
use std::{path::Path, sync::LazyLock};

/// How definitions and comments look in a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Definitions begin with a keyword (`fn`, `def`, `class`).
    Keywords,
    /// As before, but functions may also be a name, parameters and an opening brace.
    Braces,
    /// Headings that begin with number signs.
    Markdown,
    /// Headings that begin with asterisks.
    Org,
    /// Tables in brackets.
    Tables,
    /// Top-level forms that begin with `(def`.
    Lisp,
    /// No structure that is known here.
    Plain,
}

/// A language that is known by name.
#[derive(Debug, PartialEq, Eq)]
pub struct Language {
    /// Lower case, as in a Markdown fence.
    pub name: &'static str,
    pub(super) style: Style,
    /// What a comment line begins with.
    pub(super) comments: &'static [&'static str],
    /// Endings and whole names of files.
    endings: &'static [&'static str],
}

const SLASHES: &[&str] = &["//", "/*", "*/", "* ", "*\n"];
const HASH: &[&str] = &["#"];
const DASHES: &[&str] = &["--"];
const SEMICOLONS: &[&str] = &[";"];
const PERCENT: &[&str] = &["%"];
const EXCLAMATION: &[&str] = &["!"];
const NONE: &[&str] = &[];

const fn language(
    name: &'static str,
    style: Style,
    comments: &'static [&'static str],
    endings: &'static [&'static str],
) -> Language {
    Language { name, style, comments, endings }
}

static LANGUAGES: &[Language] = &[
    language("rust", Style::Keywords, SLASHES, &["rs"]),
    language("python", Style::Keywords, HASH, &["py", "pyi", "pyw", "pyx", "SConstruct"]),
    language("javascript", Style::Braces, SLASHES, &["js", "mjs", "cjs", "jsx"]),
    language("typescript", Style::Braces, SLASHES, &["ts", "mts", "cts"]),
    language("tsx", Style::Braces, SLASHES, &["tsx"]),
    language("go", Style::Keywords, SLASHES, &["go"]),
    language("c", Style::Braces, SLASHES, &["c", "h"]),
    language(
        "cpp",
        Style::Braces,
        SLASHES,
        &["cc", "cpp", "cxx", "c++", "hh", "hpp", "hxx", "h++", "ipp", "tpp", "inl", "ino", "cu", "cuh"],
    ),
    language("java", Style::Braces, SLASHES, &["java"]),
    language("csharp", Style::Braces, SLASHES, &["cs", "csx"]),
    language("kotlin", Style::Keywords, SLASHES, &["kt", "kts"]),
    language("swift", Style::Keywords, SLASHES, &["swift"]),
    language("scala", Style::Keywords, SLASHES, &["scala", "sc", "sbt"]),
    language("dart", Style::Braces, SLASHES, &["dart"]),
    language("php", Style::Braces, SLASHES, &["php", "phtml", "php5"]),
    language("zig", Style::Keywords, SLASHES, &["zig"]),
    language(
        "ruby",
        Style::Keywords,
        HASH,
        &["rb", "rake", "gemspec", "ru", "Rakefile", "Gemfile", "Podfile", "Vagrantfile"],
    ),
    language("perl", Style::Keywords, HASH, &["pl", "pm"]),
    language("elixir", Style::Keywords, HASH, &["ex", "exs"]),
    language("julia", Style::Keywords, HASH, &["jl"]),
    language(
        "shell",
        Style::Braces,
        HASH,
        &["sh", "bash", "zsh", "ksh", "fish", "bashrc", "zshrc", "profile", "PKGBUILD"],
    ),
    language("powershell", Style::Keywords, HASH, &["ps1", "psm1"]),
    language("r", Style::Plain, HASH, &["r", "R"]),
    language("lua", Style::Keywords, DASHES, &["lua", "luau"]),
    language("objectivec", Style::Braces, SLASHES, &["m", "mm"]),
    language("groovy", Style::Braces, SLASHES, &["groovy", "gradle", "Jenkinsfile"]),
    language("solidity", Style::Keywords, SLASHES, &["sol"]),
    language("fsharp", Style::Keywords, SLASHES, &["fs", "fsi", "fsx"]),
    language("ocaml", Style::Keywords, NONE, &["ml", "mli"]),
    language("erlang", Style::Plain, PERCENT, &["erl", "hrl"]),
    language("fortran", Style::Plain, EXCLAMATION, &["f90", "f95", "f03", "f08"]),
    language("pascal", Style::Keywords, SLASHES, &["pas", "dpr"]),
    language("verilog", Style::Keywords, SLASHES, &["v", "vh", "sv", "svh"]),
    language("vhdl", Style::Plain, DASHES, &["vhd", "vhdl"]),
    language("ada", Style::Plain, DASHES, &["adb", "ads"]),
    language("assembly", Style::Plain, HASH, &["s", "S", "asm"]),
    language("haskell", Style::Plain, DASHES, &["hs", "hsc"]),
    language("sql", Style::Plain, DASHES, &["sql"]),
    language("elisp", Style::Lisp, SEMICOLONS, &["el"]),
    language("lisp", Style::Lisp, SEMICOLONS, &["lisp", "cl", "scm", "rkt"]),
    language("clojure", Style::Lisp, SEMICOLONS, &["clj", "cljs", "cljc", "edn"]),
    language("markdown", Style::Markdown, NONE, &["md", "markdown", "mdx"]),
    language("org", Style::Org, NONE, &["org"]),
    language("rst", Style::Plain, NONE, &["rst"]),
    language("text", Style::Plain, NONE, &["txt", "log", "README", "LICENSE", "CHANGELOG"]),
    language("toml", Style::Tables, HASH, &["toml"]),
    language("ini", Style::Tables, SEMICOLONS, &["ini", "cfg", "conf", "editorconfig", "gitconfig"]),
    language("yaml", Style::Plain, HASH, &["yaml", "yml"]),
    language("json", Style::Plain, NONE, &["json", "jsonl", "json5", "ipynb"]),
    language("xml", Style::Plain, NONE, &["xml", "svg", "xsd"]),
    language("html", Style::Plain, NONE, &["html", "htm", "vue", "svelte"]),
    language("css", Style::Plain, SLASHES, &["css", "scss", "less"]),
    language("protobuf", Style::Keywords, SLASHES, &["proto"]),
    language("graphql", Style::Keywords, HASH, &["graphql", "gql"]),
    language("thrift", Style::Keywords, HASH, &["thrift"]),
    language("nix", Style::Plain, HASH, &["nix"]),
    language("terraform", Style::Plain, HASH, &["tf", "hcl"]),
    language("make", Style::Plain, HASH, &["mk", "Makefile", "makefile", "GNUmakefile"]),
    language("cmake", Style::Plain, HASH, &["cmake", "CMakeLists.txt"]),
    language("dockerfile", Style::Plain, HASH, &["Dockerfile", "dockerfile", "Containerfile"]),
];

/// The first language that has an ending, for trees of very many files.
static BY_ENDING: LazyLock<FxHashMap<&str, &Language>> = LazyLock::new(|| {
    let endings = LANGUAGES.iter().rev().flat_map(|language| language.endings.iter().map(move |&it| (it, language)));
    endings.collect()
});

impl Language {
    /// The language of a file of this path, if it is known.
    pub fn of_path(path: &str) -> Option<&'static Self> {
        let path = Path::new(path);
        let name = path.file_name()?.to_str()?.trim_start_matches('.');
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or(name);
        let of = |ending: &str| BY_ENDING.get(ending).copied();
        of(name).or_else(|| of(extension)).or_else(|| of(&extension.to_ascii_lowercase()))
    }

    #[cfg(test)]
    pub(super) fn of_name(name: &str) -> Option<&'static Self> {
        LANGUAGES.iter().find(|language| language.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_languages() {
        for (path, name) in [
            ("src/a.rs", Some("rust")),
            ("A.PY", Some("python")),
            ("Makefile", Some("make")),
            ("x/CMakeLists.txt", Some("cmake")),
            ("notes.txt", Some("text")),
            ("LICENSE", Some("text")),
            ("a/.editorconfig", Some("ini")),
            ("weird.zzz", None),
            ("", None),
        ] {
            assert_eq!(Language::of_path(path).map(|language| language.name), name, "{path}");
        }
    }

    #[test]
    fn no_ending_has_two_languages() {
        let mut endings: Vec<&str> = LANGUAGES.iter().flat_map(|language| language.endings).copied().collect();
        let count = endings.len();
        endings.sort_unstable();
        endings.dedup();
        assert_eq!(endings.len(), count);
    }
}
