//! How the program is linked.
//!
//! Four in a hundred of its bytes are addresses that the loader adds its place to at every start. In the packed form they
//! take a tenth of that. A loader knows it from glibc 2.36 on, so a program that is built beside an older one goes without.

use std::{env, process::Command};

/// The first glibc whose loader reads packed relocations, as its `getconf` writes it.
const FIRST: (u32, u32) = (2, 36);

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is_for_this_machine = env::var("TARGET") == env::var("HOST");
    if is_for_this_machine && glibc().is_some_and(|version| version >= FIRST) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of this machine's C library, if it is glibc.
fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
