//! What a workspace takes over from one snapshot to the next, and that nobody can tell.

use super::*;
use crate::corpus::Workspace;
use proptest::prelude::*;

impl Tree {
    /// Makes a file old, so that its times can be trusted.
    fn age(&self, path: &str) {
        let file = fs::OpenOptions::new().write(true).open(self.path(path)).unwrap();
        let past = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
        file.set_modified(past).unwrap();
    }
}

/// Waits until a fingerprint of now is past the tick of the file system's clock.
fn settle(tree: &Tree) {
    let fingerprint = |name: &str| {
        tree.write(name, b"");
        fingerprint::Fingerprint::from(&fs::metadata(tree.path(name)).unwrap())
    };
    let last = fingerprint(".git/clock");
    while !last.is_settled(fingerprint::ClockTick::now()) {
        std::thread::yield_now();
    }
}

fn snapshot(workspace: &Workspace, selection: &Selection) -> Arc<Snapshot> {
    workspace.snapshot(selection, &StopFlag::default()).unwrap()
}

#[test]
fn the_same_files_make_the_same_text() {
    let tree = Tree::new(&[("a.txt", b"one"), ("b/c.txt", b"two"), ("logo.png", b"\0")]);
    settle(&tree);
    let workspace = Workspace::default();
    let first = snapshot(&workspace, &tree.selection()).context().unwrap();
    let second = snapshot(&workspace, &tree.selection()).context().unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    tree.write("a.txt", b"another");
    let third = snapshot(&workspace, &tree.selection()).context().unwrap();
    assert!(third.read(0..third.byte_len()).unwrap().contains("another"));
    assert!(first.read(0..first.byte_len()).unwrap().contains("one"), "what was taken stays");
}

#[test]
fn only_what_has_changed_is_read_again() {
    let tree = Tree::new(&[("a.txt", b"one"), ("b.txt", b"two"), ("c.txt", b"three")]);
    settle(&tree);
    let workspace = Workspace::default();
    let first = snapshot(&workspace, &tree.selection()).context().unwrap();
    tree.write("b.txt", b"deux");
    let kept = first.kept(snapshot(&workspace, &tree.selection()).files());
    assert_eq!(kept, [Some(0), None, Some(2)]);
}

#[test]
fn a_time_that_was_set_back_deceives_nobody() {
    let tree = Tree::new(&[("a.txt", b"one"), ("b.txt", b"two")]);
    tree.age("a.txt");
    settle(&tree);
    let workspace = Workspace::default();
    snapshot(&workspace, &tree.selection()).context().unwrap();
    tree.write("a.txt", b"uno");
    tree.age("a.txt");
    let context = snapshot(&workspace, &tree.selection()).context().unwrap();
    assert_eq!(context.text_in_memory(&context.segments()[0]), "uno");
}

#[test]
fn buffers_are_compared_by_their_text() {
    let tree = Tree::new(&[("a.txt", b"disk"), ("b.txt", b"two")]);
    let with = |text: &str, version| Selection {
        open: vec![OpenBuffer { path: tree.path("a.txt"), text: text.into(), version }],
        ..tree.selection()
    };
    settle(&tree);
    let workspace = Workspace::default();
    let first = snapshot(&workspace, &with("buffer", 1)).context().unwrap();
    assert!(Arc::ptr_eq(&first, &snapshot(&workspace, &with("buffer", 2)).context().unwrap()));
    // A document that was closed and opened again begins to count anew.
    let other = snapshot(&workspace, &with("edited", 1)).context().unwrap();
    assert_eq!(other.text_in_memory(&other.segments()[0]), "edited");
    let saved = snapshot(&workspace, &tree.selection()).context().unwrap();
    assert_eq!(saved.text_in_memory(&saved.segments()[0]), "disk");
}

#[derive(Debug, Clone)]
enum Edit {
    Write(usize, Vec<u8>),
    Remove(usize),
    Ignore(usize),
    Open(usize, String),
    Close(usize),
}

const NAMES: [&str; 6] = ["a.txt", "b/a.txt", "b/c/d.txt", "b.txt", "large.txt", "z"];

fn edit() -> impl Strategy<Value = Edit> {
    let content = prop_oneof![
        "[a-cé\n]{0,20}".prop_map(String::into_bytes),
        Just(b"\0binary".to_vec()),
        Just(b"bad \xff byte".to_vec()),
        Just(b"\xff\xfeu\0t\0f\0".to_vec()),
    ];
    let name = 0..NAMES.len();
    prop_oneof![
        4 => (name.clone(), content).prop_map(|(name, content)| Edit::Write(name, content)),
        1 => name.clone().prop_map(Edit::Remove),
        1 => name.clone().prop_map(Edit::Ignore),
        1 => (name.clone(), "[a-cé\n]{0,20}").prop_map(|(name, text)| Edit::Open(name, text)),
        1 => name.prop_map(Edit::Close),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_snapshot_that_was_taken_over_is_as_a_new_one(rounds in prop::collection::vec(prop::collection::vec(edit(), 0..4), 1..6)) {
        let tree = Tree::new(&[("a.txt", b"first"), ("large.txt", "long line é\n".repeat(200_000).as_bytes())]);
        let workspace = Workspace::default();
        let mut open: Vec<OpenBuffer> = Vec::new();
        for (number, edits) in rounds.into_iter().enumerate() {
            for edit in edits {
                match edit {
                    Edit::Write(name, content) => tree.write(NAMES[name], &content),
                    Edit::Remove(name) => drop(fs::remove_file(tree.path(NAMES[name]))),
                    Edit::Ignore(name) => tree.write(".gitignore", NAMES[name].as_bytes()),
                    Edit::Open(name, text) => {
                        let path = tree.path(NAMES[name]);
                        open.retain(|buffer| buffer.path != path);
                        open.push(OpenBuffer { path, text: text.as_str().into(), version: 1 });
                    }
                    Edit::Close(name) => open.retain(|buffer| buffer.path != tree.path(NAMES[name])),
                }
            }
            if number % 2 == 0 {
                settle(&tree);
            }
            let selection = Selection { open: open.clone(), ..tree.selection() };
            let all = |snapshot: Result<Arc<Snapshot>, Error>| {
                let snapshot = snapshot.map_err(|error| error.to_string())?;
                let context = snapshot.context().map_err(|error| error.to_string())?;
                let text = context.read(0..context.byte_len()).unwrap().into_owned();
                let changed = context.changed().to_vec();
                Ok::<_, String>((text, context.segments().to_vec(), changed, snapshot.exclusions(), snapshot.bytes()))
            };
            let stop = StopFlag::default();
            prop_assert_eq!(all(workspace.snapshot(&selection, &stop)), all(Snapshot::take(&selection, &stop)));
        }
    }
}

#[test]
fn of_a_large_tree_the_last_walk_is_told_until_the_disk_is_looked_at() {
    let large = vec![b'x'; 9 << 20];
    let tree = Tree::new(&[("a.txt", b"one"), ("large.txt", &large)]);
    settle(&tree);
    let workspace = Workspace::default();
    snapshot(&workspace, &tree.selection()).context().unwrap();
    tree.write("b.txt", b"new");
    fs::remove_file(tree.path("a.txt")).unwrap();
    let paths =
        |snapshot: &Snapshot| -> Vec<_> { snapshot.files().iter().map(|it| it.path.clone().unwrap()).collect() };
    let second = snapshot(&workspace, &tree.selection());
    assert_eq!(paths(&second), ["a.txt", "large.txt"]);
    let context = second.context().unwrap();
    assert_eq!(paths(&second), ["b.txt", "large.txt"]);
    assert_eq!(
        context.segments().iter().map(|it| it.path.as_deref().unwrap()).collect::<Vec<_>>(),
        ["b.txt", "large.txt"]
    );
    // What happens after that is for the next one.
    fs::remove_file(tree.path("b.txt")).unwrap();
    second.settle().unwrap();
    assert_eq!(paths(&second), ["b.txt", "large.txt"]);

    let third = snapshot(&workspace, &tree.selection());
    fs::remove_file(tree.path("large.txt")).unwrap();
    assert_eq!(third.context().unwrap_err().kind(), "empty");
}
