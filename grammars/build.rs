//! Builds grammars without their parse tables, and packs the tables.
//!
//! The tables are read from the crates of the grammars, which are linked here. The rest of a grammar, which is code and
//! small tables, is compiled from the crate's sources less the four large tables, with a function that completes the
//! grammar once there are tables.

#[path = "build/code.rs"]
mod code;
#[path = "build/sources.rs"]
mod sources;
#[path = "build/tables.rs"]
mod tables;

use std::{env, fs, path::PathBuf};
use tables::Tables;
use tree_sitter_language::LanguageFn;

/// A grammar's name, as in the names of its functions in C, the folder of its parser, and the grammar.
struct Grammar {
    name: &'static str,
    folder: &'static str,
    language: LanguageFn,
}

const fn grammar(name: &'static str, folder: &'static str, language: LanguageFn) -> Grammar {
    Grammar { name, folder, language }
}

/// Folders begin with the name of a crate.
const GRAMMARS: [Grammar; 21] = [
    grammar("bash", "tree-sitter-bash/src", tree_sitter_bash::LANGUAGE),
    grammar("c", "tree-sitter-c/src", tree_sitter_c::LANGUAGE),
    grammar("c_sharp", "tree-sitter-c-sharp/src", tree_sitter_c_sharp::LANGUAGE),
    grammar("cpp", "tree-sitter-cpp/src", tree_sitter_cpp::LANGUAGE),
    grammar("dart", "tree-sitter-dart/src", tree_sitter_dart::LANGUAGE),
    grammar("elixir", "tree-sitter-elixir/src", tree_sitter_elixir::LANGUAGE),
    grammar("go", "tree-sitter-go/src", tree_sitter_go::LANGUAGE),
    grammar("haskell", "tree-sitter-haskell/src", tree_sitter_haskell::LANGUAGE),
    grammar("java", "tree-sitter-java/src", tree_sitter_java::LANGUAGE),
    grammar("javascript", "tree-sitter-javascript/src", tree_sitter_javascript::LANGUAGE),
    grammar("kotlin", "tree-sitter-kotlin-ng/src", tree_sitter_kotlin_ng::LANGUAGE),
    grammar("lua", "tree-sitter-lua/src", tree_sitter_lua::LANGUAGE),
    grammar("php", "tree-sitter-php/php/src", tree_sitter_php::LANGUAGE_PHP),
    grammar("python", "tree-sitter-python/src", tree_sitter_python::LANGUAGE),
    grammar("r", "tree-sitter-r/src", tree_sitter_r::LANGUAGE),
    grammar("ruby", "tree-sitter-ruby/src", tree_sitter_ruby::LANGUAGE),
    grammar("rust", "tree-sitter-rust/src", tree_sitter_rust::LANGUAGE),
    grammar("scala", "tree-sitter-scala/src", tree_sitter_scala::LANGUAGE),
    grammar("swift", "tree-sitter-swift/src", tree_sitter_swift::LANGUAGE),
    grammar("tsx", "tree-sitter-typescript/tsx/src", tree_sitter_typescript::LANGUAGE_TSX),
    grammar("typescript", "tree-sitter-typescript/typescript/src", tree_sitter_typescript::LANGUAGE_TYPESCRIPT),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=Cargo.toml");
    let target = env::var("CARGO_CFG_TARGET_ENDIAN").expect("cargo names the target");
    assert_eq!(target, if cfg!(target_endian = "little") { "little" } else { "big" }, "tables are those of the host");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo gives a folder"));
    let crates = sources::crates(&out);
    let mut functions = String::new();
    for Grammar { name, folder, language } in GRAMMARS {
        let (krate, below) = folder.split_once('/').expect("a folder in a crate");
        let root = crates.get(krate).unwrap_or_else(|| panic!("cargo does not say where {krate} is"));
        let tables = Tables::of(language);
        let packed = format!("{name}.tables");
        fs::write(out.join(&packed), tables.packed()).expect("the folder can be written to");
        let complete = code::compile(name, &root.join(below), &tables, &out);
        functions += &format!("grammar!({name}, {}, {packed:?}, {complete});\n", tables.words());
    }
    fs::write(out.join("grammars.rs"), functions).expect("the folder can be written to");
}
