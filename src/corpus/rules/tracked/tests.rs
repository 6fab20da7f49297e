//! Indexes that git itself has written.

use super::*;
use proptest::prelude::*;
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

fn git(root: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(root).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", root).env("GIT_CONFIG_NOSYSTEM", "1").stderr(Stdio::null());
    let output = command.output();
    assert!(output.is_ok() || std::env::var_os("CI").is_none(), "tests/run installs git");
    output.ok().filter(|output| output.status.success()).map(|output| output.stdout)
}

fn read(root: &Path, hash_bytes: usize) -> io::Result<Tracked> {
    let open = |name: &str| {
        let bytes = fs::read(root.join(".git").join(name))?;
        let length = bytes.len() as u64;
        Ok((io::Cursor::new(bytes), length))
    };
    let (index, bytes) = open("index")?;
    Tracked::read(index, bytes, hash_bytes, open)
}

#[test]
fn all_versions_of_an_index_say_the_same() {
    for (format, hash_bytes) in [("sha1", 20), ("sha256", 32)] {
        for version in ["2", "3", "4"] {
            for is_split in [false, true] {
                let folder = tempfile::tempdir().unwrap();
                let root = folder.path();
                if git(root, &["init", "-q", "--object-format", format]).is_none() {
                    return;
                }
                for path in ["a", "b/c", "b/d/e f", "b/d.txt", "é", "long/way/to/a/file", "gone", "late"] {
                    fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
                    fs::write(root.join(path), path).unwrap();
                }
                git(root, &["add", "a", "b", "é", "gone", "long"]).unwrap();
                git(root, &["update-index", "--index-version", version]).unwrap();
                if is_split {
                    git(root, &["update-index", "--split-index"]).unwrap();
                }
                git(root, &["rm", "-q", "--cached", "gone"]).unwrap();
                // This one takes more room in an entry, and needs version 3.
                git(root, &["add", "-N", "late"]).unwrap();
                fs::write(root.join("a"), "other").unwrap();
                git(root, &["add", "a"]).unwrap();
                git(
                    root,
                    &["update-index", "--add", "--cacheinfo", &format!("160000,{},sub", "1".repeat(2 * hash_bytes))],
                )
                .unwrap();
                let tracked = read(root, hash_bytes).unwrap();
                let case = format!("{format} {version} {is_split}");
                for path in ["a", "b/c", "b/d/e f", "b/d.txt", "é", "long/way/to/a/file", "late"] {
                    assert_eq!(tracked.at(path.as_bytes(), false), Tracking::Whole, "{path}: {case}");
                    assert_eq!(tracked.at(path.as_bytes(), true), Tracking::Nothing, "{path}: {case}");
                }
                for path in ["b", "b/d", "long/way"] {
                    assert_eq!(tracked.at(path.as_bytes(), true), Tracking::Inside, "{path}: {case}");
                    assert_eq!(tracked.at(path.as_bytes(), false), Tracking::Nothing, "{path}: {case}");
                }
                assert_eq!(tracked.at(b"sub", true), Tracking::Whole, "{case}");
                for path in ["gone", "b/x", "sub/x", "lon", ""] {
                    assert_eq!(tracked.at(path.as_bytes(), false), Tracking::Nothing, "{path}: {case}");
                }
                let names = fs::read_dir(root.join(".git")).unwrap().map(|entry| entry.unwrap().file_name());
                let is_shared = names.into_iter().any(|name| name.to_string_lossy().starts_with("sharedindex."));
                assert_eq!(is_shared, is_split, "{case}");
            }
        }
    }
}

proptest! {
    #[test]
    fn damage_is_an_error_or_another_index(at in 0_usize..400, byte: u8, end in 0_usize..500) {
        // Two entries of version 2, an extension that means nothing, and one that leads elsewhere.
        let mut index = [&b"DIRC"[..], &2_u32.to_be_bytes(), &2_u32.to_be_bytes()].concat();
        for path in ["a/b", "a/c/d"] {
            let start = index.len();
            index.extend([0; NUMBERS_AND_FLAGS]);
            index.extend(path.as_bytes());
            index.extend(vec![0; 8 - (index.len() - start) % 8]);
        }
        index.extend([&b"TREE"[..], &3_u32.to_be_bytes(), b"abc", b"link", &28_u32.to_be_bytes(), &[7; 20], &[0; 8]].concat());
        index.extend([0; 20]);
        let read = |bytes: &[u8]| {
            Tracked::read(bytes, bytes.len() as u64, 20, |_| Err(damaged_for_test()))
        };
        prop_assert_eq!(read(&index).unwrap_err().to_string(), "there is none");
        if let Some(place) = index.get_mut(at) {
            *place = byte;
        }
        index.truncate(end);
        let _ = read(&index);
    }
}

const NUMBERS_AND_FLAGS: usize = 62;

fn damaged_for_test() -> io::Error {
    io::Error::other("there is none")
}
