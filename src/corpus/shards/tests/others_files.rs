//! What is not the store's stays, and is not read as if it were.

use super::*;
use std::{
    collections::BTreeMap,
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
};

const SHARD: &str = "00000000-0123456789abcdef0123456789abcdef.txt";

/// Everything below a folder: files with their bytes, links with where they lead.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let kind = fs::symlink_metadata(&path).unwrap().file_type();
            let content = match () {
                () if kind.is_symlink() => fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes(),
                () if kind.is_file() => fs::read(&path).unwrap(),
                () => Vec::new(),
            };
            if kind.is_dir() {
                folders.push(path.clone());
            }
            found.insert(path, content);
        }
    }
    found
}

/// A folder `store` in which `prepare` puts something, and one beside it with letters.
fn beside_letters(prepare: &dyn Fn(&Path)) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("letters/1988")).unwrap();
    fs::write(folder.path().join("letters/manifest.json"), "dear").unwrap();
    fs::write(folder.path().join("letters/1988").join(SHARD), "tape").unwrap();
    fs::create_dir(folder.path().join("store")).unwrap();
    prepare(&folder.path().join("store"));
    folder
}

#[test]
fn a_folder_with_anything_else_is_left_as_it_is() {
    let file = |name: &'static str| {
        move |store: &Path| {
            fs::create_dir_all(store.join(name).parent().unwrap()).unwrap();
            fs::write(store.join(name), "mine").unwrap();
        }
    };
    let link = |name: &'static str, target: &'static str| {
        move |store: &Path| {
            fs::create_dir_all(store.join(name).parent().unwrap()).unwrap();
            symlink(target, store.join(name)).unwrap();
        }
    };
    let whole = |more: fn(&Path)| {
        move |store: &Path| {
            write("a text", store, 2, false).unwrap();
            more(store);
        }
    };
    type Prepare = Box<dyn Fn(&Path)>;
    let cases: [(&str, Prepare); 16] = [
        ("otherFiles", Box::new(file("letter.txt"))),
        ("otherFiles", Box::new(file(".hidden"))),
        ("otherFiles", Box::new(file("manifest.json"))),
        ("otherFiles", Box::new(file("manifest.json.part"))),
        ("otherFiles", Box::new(file("shards/1988/tape.wav"))),
        ("otherFiles", Box::new(file("shards/1/tape.wav"))),
        ("otherFiles", Box::new(file("shards/05/list.md"))),
        ("otherFiles", Box::new(link("manifest.json.part", "../letters/manifest.json"))),
        ("badStore", Box::new(link("manifest.json", "../letters/manifest.json"))),
        ("badStore", Box::new(link("shards", "../letters"))),
        ("badStore", Box::new(link("shards/1", "../../letters/1988"))),
        ("badStore", Box::new(link("shards/1988", "../../letters/1988"))),
        ("badStore", Box::new(file("shards"))),
        ("otherFiles", Box::new(whole(|store| fs::write(store.join("shards/1/notes"), "mine").unwrap()))),
        ("otherFiles", Box::new(whole(|store| fs::create_dir(store.join("shards/later")).unwrap()))),
        (
            "badStore",
            Box::new(whole(|store| {
                symlink("../../../letters/manifest.json", store.join("shards/1").join(SHARD)).unwrap();
            })),
        ),
    ];
    for (number, (kind, prepare)) in cases.iter().enumerate() {
        let folder = beside_letters(prepare);
        let before = tree(folder.path());
        for replace in [false, true] {
            let error = write("another text", &folder.path().join("store"), 3, replace).unwrap_err();
            assert_eq!(error.kind(), *kind, "{number}: {error}");
            assert!(error.hint().is_some());
            assert_eq!(tree(folder.path()), before, "{number}");
        }
    }
}

#[test]
fn only_shards_of_this_and_former_generations_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    write("the first text", folder.path(), 4, false).unwrap();
    // One ingest was killed while it wrote another text, and one that is to come has begun, as far as anyone knows.
    for generation in ["shards/2", "shards/3"] {
        fs::create_dir(path(generation)).unwrap();
        fs::write(path(generation).join(SHARD), "half").unwrap();
    }
    for unfinished in [".rlm-0123456789abcdef.part", "shards/2/.rlm-fedcba9876543210.part"] {
        fs::write(path(unfinished), "ha").unwrap();
    }
    write("the second text", folder.path(), 4, true).unwrap();
    assert_eq!(open(folder.path()).unwrap().slice(0..99).unwrap(), "the second text");
    let names: Vec<_> = tree(folder.path()).into_keys().filter(|it| it.is_file()).collect();
    let of = |generation: &str| names.iter().filter(|it| it.parent() == Some(&path(generation))).count();
    assert_eq!((of("shards/1"), of("shards/2"), of("shards/3"), names.len()), (0, 4, 1, 6), "{names:?}");
    assert!(!path("shards/1").exists());
}

#[test]
fn without_its_manifest_a_store_goes_on_in_its_generation() {
    let folder = tempfile::tempdir().unwrap();
    for (text, replace) in [("one text", false), ("another text", true)] {
        write(text, folder.path(), 4, replace).unwrap();
    }
    fs::remove_file(folder.path().join("manifest.json")).unwrap();
    // An empty folder that somebody has made says nothing.
    fs::create_dir(folder.path().join("shards/1988")).unwrap();
    assert_eq!(write("another text", folder.path(), 4, false).unwrap().written, 0);
    assert_eq!(open(folder.path()).unwrap().generation(), 2);
    assert!(folder.path().join("shards/1988").exists());
}

#[test]
fn a_store_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("new/store");
    write("a text", &store, 4, false).unwrap();
    for (path, content) in tree(folder.path()) {
        let metadata = fs::metadata(&path).unwrap();
        let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(metadata.permissions().mode() & 0o777, expected, "{path:?}: {content:?}");
    }
}

#[test]
fn a_manifest_of_a_store_can_be_replaced_whatever_became_of_it() {
    for manifest in [
        "{\"format\":\"rlm-shards\",\"vers",
        "{\"format\": \"rlm-shards\", \"version\": 7}",
        "{\"version\": 2, \"format\": \"rlm-shards\"}",
    ] {
        let folder = tempfile::tempdir().unwrap();
        write("a text", folder.path(), 4, false).unwrap();
        fs::write(folder.path().join("manifest.json"), manifest).unwrap();
        let error = write("another text", folder.path(), 4, false).unwrap_err();
        assert_eq!(error.kind(), "badManifest", "{manifest}: {error}");
        write("another text", folder.path(), 4, true).unwrap();
        let store = open(folder.path()).unwrap();
        assert_eq!((store.slice(0..99).unwrap().as_str(), store.generation()), ("another text", 2), "{manifest}");
    }
}

#[test]
fn no_link_in_a_store_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (store, secret) = (folder.path().join("store"), folder.path().join("secret"));
    write("0123456789", &store, 10, false).unwrap();
    fs::write(&secret, "SECRET KEY").unwrap();
    let reader = open(&store).unwrap();
    let shard = &shard_files(&store)[0];
    fs::remove_file(shard).unwrap();
    symlink(&secret, shard).unwrap();
    for error in [reader.slice(2..8).unwrap_err(), reader.slice(0..10).unwrap_err(), reader.find("E", 1).unwrap_err()] {
        assert!(error.to_string().contains("is a link or something else"), "{error}");
    }
    let error = open(&store).unwrap_err();
    assert!(error.kind() == "badStore" && error.to_string().contains("is a symbolic link"), "{error}");
    // Nor where the link is further up.
    fs::rename(store.join("shards"), folder.path().join("elsewhere")).unwrap();
    symlink("../elsewhere", store.join("shards")).unwrap();
    assert!(reader.slice(2..8).is_err());
    assert_eq!(open(&store).unwrap_err().kind(), "badStore");
}

#[test]
fn a_reader_stays_in_the_folder_that_it_has_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    write("0123456789", &path("store"), 5, false).unwrap();
    write("abcdefghij", &path("other"), 5, false).unwrap();
    let reader = open(&path("store")).unwrap();
    fs::rename(path("store"), path("moved")).unwrap();
    symlink("other", path("store")).unwrap();
    assert_eq!(reader.slice(0..10).unwrap(), "0123456789");
    assert_eq!(open(&path("store")).unwrap().slice(0..10).unwrap(), "abcdefghij");
}

/// What a folder with these files is as a text that a person has named, and as one that nobody has.
fn check(files: &[(&str, &str)], expected: Result<bool, &str>) {
    let folder = tempfile::tempdir().unwrap();
    write("the text", folder.path(), 8, false).unwrap();
    for (path, content) in files {
        let path = folder.path().join(path);
        match *content {
            "" => fs::remove_file(path).unwrap(),
            content => {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, content).unwrap();
            }
        }
    }
    let take = |may_be_store| {
        let roots = vec![Root { may_be_store, ..Root::new(folder.path()) }];
        Snapshot::take(&Selection { roots, ..Selection::default() }, &StopFlag::default())
    };
    let named = take(true).map(|it| it.store().is_some());
    assert_eq!(named.as_ref().map_err(|error| error.kind().name()), expected.as_ref().map_err(|it| *it), "{files:?}");
    let other = take(false).unwrap();
    assert!(other.store().is_none() && other.files().iter().all(|it| it.path.as_deref() != Some("a.txt")));
}

#[test]
fn a_folder_is_a_store_if_a_person_named_it_and_it_holds_nothing_else() {
    check(&[], Ok(true));
    check(&[("src/pier.rs", "fn pier() {}")], Ok(false));
    check(&[(".git/HEAD", "ref: refs/heads/main")], Ok(false));
    check(&[("shards/src/pier.rs", "fn pier() {}")], Ok(false));
    check(&[("shards/1/pier.rs", "fn pier() {}")], Ok(false));
    check(&[("manifest.json", "")], Err("halfWritten"));
    check(&[("manifest.json", "{\"format\": \"rlm-shards\", \"ver")], Err("badManifest"));
    check(&[("manifest.json", "{\"name\": \"an app\"}")], Err("otherFiles"));
}
