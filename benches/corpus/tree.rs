//! A large tree of real files: the sources of Linux as Debian packs them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const ARCHIVE: &str = "/usr/src/linux-source-6.1.tar.xz";

/// The tree, unpacked when it is first asked for.
pub fn linux() -> PathBuf {
    let cache = env::var_os("RLM_BENCH_CACHE").map(PathBuf::from).unwrap_or_else(|| {
        let home = env::var_os("HOME").expect("there is a home");
        Path::new(&home).join(".cache/rlm-bench")
    });
    let tree = cache.join("linux-source-6.1");
    if tree.join(".gitignore").is_file() && !tree.join(".unpacking").exists() {
        return tree;
    }
    assert!(Path::new(ARCHIVE).is_file(), "{ARCHIVE} is missing: apt-get install linux-source-6.1");
    fs::create_dir_all(&tree).expect("the cache can be made");
    fs::write(tree.join(".unpacking"), "").expect("the cache can be written");
    let status = Command::new("tar").arg("-xJf").arg(ARCHIVE).arg("-C").arg(&cache).status().expect("tar runs");
    assert!(status.success(), "{ARCHIVE} cannot be unpacked into {}", cache.display());
    // As Debian packs it, it ignores all of itself.
    let rules = fs::read_to_string(tree.join(".gitignore")).expect("the tree has rules");
    let kept: Vec<&str> = rules.lines().filter(|line| *line != "/*").collect();
    fs::write(tree.join(".gitignore"), kept.join("\n") + "\n").expect("the cache can be written");
    fs::remove_file(tree.join(".unpacking")).expect("the cache can be written");
    tree
}
