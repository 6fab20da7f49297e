//! Where the sources of the grammars' crates are.

use serde_json::Value;
use std::{
    collections::HashMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The folder of each crate of a grammar that this build depends on, and of what those depend on.
///
/// Cargo is asked about a package that has these dependencies and nothing else. For more than that it might want crates
/// that are not on this machine, such as those of the program's tests, which an installation does not fetch.
pub fn crates(out: &Path) -> HashMap<String, PathBuf> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo gives the package's folder"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("the manifest can be read");
    let grammars: Vec<&str> = manifest.lines().filter(|line| line.starts_with("tree-sitter-")).collect();
    let package = out.join("sources");
    fs::create_dir_all(&package).expect("the folder can be written to");
    let asked = "[package]\nname = \"sources\"\nedition = \"2024\"\n\n[lib]\npath = \"lib.rs\"\n\n[workspace]\n\n[dependencies]\n";
    let write = |name, text: &str| fs::write(package.join(name), text).expect("the folder can be written to");
    write("lib.rs", "");
    write("Cargo.toml", &(asked.to_owned() + &grammars.join("\n")));
    let mut cargo = Command::new(env::var_os("CARGO").expect("cargo names itself"));
    let host = env::var("HOST").expect("cargo names the host");
    cargo.args(["metadata", "--offline", "--format-version=1", "--filter-platform", &host]);
    cargo.arg("--manifest-path").arg(package.join("Cargo.toml"));
    // Where a configuration of this folder says that crates come from elsewhere, it holds.
    let output = cargo.current_dir(&root).output().expect("cargo can be started");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo does not say where the grammars are:\n{complaint}");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let packages = metadata["packages"].as_array().expect("cargo lists packages");
    let folder = |package: &Value| {
        let manifest = Path::new(package["manifest_path"].as_str()?);
        Some((package["name"].as_str()?.to_owned(), manifest.parent()?.to_owned()))
    };
    packages.iter().filter_map(folder).collect()
}
