//! What text the files make.

use super::*;

#[test]
fn files_come_in_path_order_each_after_its_header() {
    let tree = Tree::new(&[("b/z.txt", b"1\n2"), ("b.txt", b""), ("a.txt", b"x\r\n"), ("b-c", b"last")]);
    assert_eq!(
        text(&tree.selection()),
        "==> a.txt <==\nx\r\n==> b-c <==\nlast\n==> b.txt <==\n==> b/z.txt <==\n1\n2\n"
    );
    let context = take(&tree.selection()).unwrap().context().unwrap();
    let texts: Vec<&str> = context.segments().iter().map(|segment| context.text_in_memory(segment)).collect();
    assert_eq!(texts, ["x\r\n", "last", "", "1\n2"]);
}

#[test]
fn a_lone_file_is_exactly_its_characters() {
    let tree = Tree::new(&[("a.txt", b"no line feed"), ("logo.png", b"\x89PNG\0")]);
    let lone = Selection { roots: vec![Root::new(tree.path("a.txt"))], ..Selection::default() };
    assert_eq!(text(&lone), "no line feed");
    // Others that cannot be read do not make it a text of several files.
    let snapshot = take(&tree.selection()).unwrap();
    assert_eq!(snapshot.context().unwrap().in_memory().unwrap(), "no line feed");
    assert!(snapshot.exclusions().contains(&Exclusion { path: "logo.png".into(), reason: Reason::Binary }));
    assert_eq!(Snapshot::of_text(None, "any\0thing".into()).context().unwrap().in_memory().unwrap(), "any\0thing");
    assert_eq!(Snapshot::of_text(None, String::new()).context().unwrap().in_memory().unwrap(), "");
}

#[test]
fn what_was_converted_is_reported() {
    let tree = Tree::new(&[
        ("a-bom.txt", b"\xef\xbb\xbfa\n"),
        ("b-utf16.txt", b"\xff\xfeb\0\n\0"),
        ("c-latin.txt", b"\xe9t\xe9\n"),
        ("d.txt", b"d\n"),
    ]);
    let context = take(&tree.selection()).unwrap().context().unwrap();
    let changed: Vec<String> = context
        .changed()
        .iter()
        .map(|it| {
            format!(
                "{} {} {} {}",
                it.path.as_deref().unwrap(),
                it.changes.had_mark,
                it.changes.was_utf16,
                it.changes.replaced
            )
        })
        .collect();
    assert_eq!(changed, ["a-bom.txt true false 0", "b-utf16.txt true true 0", "c-latin.txt false false 2"]);
    assert!(context.in_memory().unwrap().ends_with("==> c-latin.txt <==\n\u{fffd}t\u{fffd}\n==> d.txt <==\nd\n"));
}

#[test]
fn large_files_flow_through_unharmed() {
    let line = "漢字 and ascii é\r\n";
    let large = line.repeat((9 << 20) / line.len());
    let tree = Tree::new(&[("a.txt", b"first"), ("b.txt", large.as_bytes()), ("c.bin", b"\0"), ("d.txt", b"last\n")]);
    let expected = format!("==> a.txt <==\nfirst\n==> b.txt <==\n{large}==> d.txt <==\nlast\n");
    assert!(text(&tree.selection()) == expected);
    // Without a final line feed and with a broken character at the end.
    tree.write("b.txt", &[large.as_bytes(), b"x\xe6\xbc"].concat());
    let expected = format!("==> a.txt <==\nfirst\n==> b.txt <==\n{large}x\u{fffd}\n==> d.txt <==\nlast\n");
    assert!(text(&tree.selection()) == expected);
}

#[test]
fn a_file_that_vanishes_or_changes_its_kind_is_left_out() {
    let tree = Tree::new(&[("a.txt", b"a"), ("b.txt", b"b"), ("c.txt", b"c"), ("d.txt", b"d")]);
    let snapshot = take(&tree.selection()).unwrap();
    fs::remove_file(tree.path("b.txt")).unwrap();
    fs::remove_file(tree.path("c.txt")).unwrap();
    symlink("/etc/passwd", tree.path("c.txt")).unwrap();
    fs::write(tree.path("d.txt"), "").unwrap();
    assert_eq!(snapshot.context().unwrap().in_memory().unwrap(), "==> a.txt <==\na\n==> d.txt <==\n");
    let unreadable: Vec<String> = snapshot
        .exclusions()
        .into_iter()
        .filter(|it| matches!(it.reason, Reason::Unreadable { .. }))
        .map(|it| it.path)
        .collect();
    assert_eq!(unreadable, ["b.txt", "c.txt"]);
}

/// What a snapshot says of the files that it could not read.
fn unread(snapshot: &Snapshot) -> Vec<String> {
    let exclusions = snapshot.exclusions().into_iter();
    let unread = exclusions.filter(|it| matches!(it.reason, Reason::Unreadable { .. } | Reason::Secret));
    unread.map(|it| format!("{}: {}", it.path, it.reason)).collect()
}

#[test]
fn what_has_taken_the_place_of_a_file_or_a_folder_is_not_read() {
    let tree = Tree::new(&[("a.txt", b"a"), ("b.txt", b"b"), ("b/c.txt", b"c"), ("d/e.txt", b"e"), ("f/g.txt", b"g")]);
    let outside = Tree::new(&[("c.txt", b"outside"), ("e.txt", b"outside"), ("g.txt", b"outside")]);
    let snapshot = take(&tree.selection()).unwrap();
    // Another file, a link to a folder, another folder, and a link to what was there.
    fs::rename(outside.path("c.txt"), tree.path("b.txt")).unwrap();
    for (folder, link) in [("b", None), ("d", Some(outside.0.path().to_owned())), ("f", Some(tree.path("kept-f")))] {
        fs::rename(tree.path(folder), tree.path(&format!("kept-{folder}"))).unwrap();
        match link {
            Some(link) => symlink(link, tree.path(folder)).unwrap(),
            None => tree.write("b/c.txt", b"another"),
        }
    }
    assert_eq!(snapshot.context().unwrap().in_memory().unwrap(), "a");
    let reason =
        |path: &str, what: &str| format!("{path}: unreadable: another {what} has taken its place since it was found");
    assert_eq!(
        unread(&snapshot),
        [reason("b.txt", "file"), reason("b/c.txt", "file"), reason("d/e.txt", "link"), reason("f/g.txt", "link")]
    );
}

#[test]
fn a_root_that_has_been_replaced_is_not_read() {
    let parent = Tree::new(&[("root/a.txt", b"first"), ("root/b.txt", b"first"), ("other/a.txt", b"other")]);
    let roots = vec![Root::new(parent.path("root"))];
    let selection = Selection { roots, ..Selection::default() };
    for link in [false, true] {
        let snapshot = take(&selection).unwrap();
        fs::rename(parent.path("root"), parent.path("kept")).unwrap();
        match link {
            true => symlink("other", parent.path("root")).unwrap(),
            false => parent.write("root/a.txt", b"another"),
        }
        let error = snapshot.context().unwrap_err().to_string();
        assert_eq!(error.matches("another folder has taken its place").count(), 2, "{error}");
        let _ = fs::remove_dir_all(parent.path("root")).or_else(|_| fs::remove_file(parent.path("root")));
        fs::rename(parent.path("kept"), parent.path("root")).unwrap();
    }
    // A root that is reached through a link, and one that ends with a slash, are read as they are.
    symlink("root", parent.path("link")).unwrap();
    for root in ["link", "link/", "root/", "./root/."] {
        let roots = vec![Root::new(parent.path(root))];
        assert_eq!(text(&Selection { roots, ..Selection::default() }), "==> a.txt <==\nfirst\n==> b.txt <==\nfirst\n");
    }
}

#[test]
fn what_begins_as_a_key_is_read_only_if_it_is_named() {
    let key = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";
    let large = key.to_owned() + &"x".repeat(9 << 20);
    let tree = Tree::new(&[
        ("a.txt", b"a\n"),
        ("b/deploy", key.as_bytes()),
        ("c", large.as_bytes()),
        ("open.txt", b""),
        ("\u{1b}", key.as_bytes()),
    ]);
    let mut selection = tree.selection();
    let open = |path: &str| OpenBuffer { path: tree.path(path), text: key.into(), version: 1 };
    selection.open = vec![open("open.txt"), open("unsaved.txt")];
    let snapshot = take(&selection).unwrap();
    assert_eq!(snapshot.context().unwrap().in_memory().unwrap(), "a\n");
    let paths = [r"\x1B", "b/deploy", "c", "open.txt", "unsaved.txt"];
    assert_eq!(unread(&snapshot), paths.map(|path| format!("{path}: secret (an include glob can name it)")));

    selection.include = paths.map(str::to_owned).into();
    assert_eq!(take(&selection).unwrap().context().unwrap().segments().len(), 5);
    selection.include = vec!["b".into(), "*.txt".into()];
    assert_eq!(take(&selection).unwrap().context().unwrap().segments().len(), 1);
    for path in ["b/deploy", "open.txt"] {
        selection.roots = vec![Root::new(tree.path(path))];
        assert_eq!(text(&selection), key);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_unreadable_file_is_left_out_with_the_words_of_the_operating_system() {
    // Even root cannot read this one.
    let roots = vec![Root::new("/proc/self/mem"), Root::new("/proc/self/comm")];
    let snapshot = take(&Selection { roots, ..Selection::default() }).unwrap();
    assert!(!snapshot.context().unwrap().in_memory().unwrap().is_empty());
    let shown: Vec<String> = snapshot.exclusions().iter().map(|it| format!("{}: {}", it.path, it.reason)).collect();
    assert_eq!(shown, ["mem: unreadable: Input/output error (os error 5)"]);
}

#[test]
fn a_large_file_that_is_binary_is_not_read() {
    let tree = Tree::new(&[("a.txt", b"text"), ("utf32.bin", b"\xff\xfe\0\0")]);
    // Reading so much would take hours, and no machine has so much memory.
    for name in ["image.bin", "utf32.bin"] {
        let file = fs::OpenOptions::new().create(true).append(true).open(tree.path(name)).unwrap();
        file.set_len(4 << 40).unwrap();
    }
    let snapshot = take(&tree.selection()).unwrap();
    assert_eq!(snapshot.context().unwrap().in_memory().unwrap(), "text");
    let shown: Vec<String> = snapshot.exclusions().iter().map(|it| format!("{}: {}", it.path, it.reason)).collect();
    assert_eq!(shown, [".git/: hidden", "image.bin: binary", "utf32.bin: binary"]);

    let lone = Selection { roots: vec![Root::new(tree.path("image.bin"))], ..Selection::default() };
    let error = take(&lone).unwrap().context().unwrap_err();
    assert_eq!(error.to_string(), "nothing to read: left out image.bin: binary");
}

#[test]
fn a_large_file_in_utf16_flows_through_too() {
    let text = "漢字 and 😀\n".repeat(1 << 20);
    let bytes: Vec<u8> = ['\u{feff}'].into_iter().chain(text.chars()).flat_map(units).collect();
    let tree = Tree::new(&[("a.txt", &bytes), ("b.txt", b"b")]);
    assert!(self::text(&tree.selection()) == format!("==> a.txt <==\n{text}==> b.txt <==\nb\n"));
}

fn units(character: char) -> Vec<u8> {
    let mut units = [0; 2];
    character.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()).collect()
}

#[test]
fn pipes_sockets_and_devices_are_left_out_without_waiting() {
    let tree = Tree::new(&[("a.txt", b"a"), ("late.txt", b"late")]);
    pipe(&tree.path("pipe"));
    let _socket = std::os::unix::net::UnixListener::bind(tree.path("socket")).unwrap();
    let mut selection = tree.selection();
    selection.roots.extend([Root::new(tree.path("pipe")), Root::new("/dev/zero")]);
    let snapshot = take(&selection).unwrap();
    // It becomes a pipe after the walk has passed.
    fs::remove_file(tree.path("late.txt")).unwrap();
    pipe(&tree.path("late.txt"));
    assert_eq!(snapshot.context().unwrap().in_memory().unwrap(), "a");
    let shown: Vec<String> = snapshot.exclusions().iter().map(|it| format!("{}: {}", it.path, it.reason)).collect();
    let expected = ["late.txt", "pipe", "socket", "zero"].map(|name| format!("{name}: not a regular file"));
    assert_eq!(shown[1..], expected);
}

#[test]
fn a_file_without_an_end_comes_to_one() {
    let tree = Tree::new(&[("log", b"")]);
    let snapshot = take(&tree.selection()).unwrap();
    tree.write("log", &b"x".repeat(5 << 20));
    assert_eq!(snapshot.context().unwrap().byte_len(), 4 << 20);
    let told: Vec<String> = snapshot.incomplete().iter().map(ToString::to_string).collect();
    assert_eq!(told, ["log was cut: it goes on after the first 4194304 bytes, and only these were read"]);
    assert!(snapshot.incomplete()[0].flaw.is_cut() && snapshot.exclusions().iter().all(|it| it.path != "log"));
}

#[test]
fn a_file_that_has_become_shorter_is_whole() {
    let large = "x".repeat(9 << 20);
    let tree = Tree::new(&[("a.txt", large.as_bytes())]);
    let snapshot = take(&tree.selection()).unwrap();
    tree.write("a.txt", &large.as_bytes()[..8 << 20]);
    assert_eq!(snapshot.context().unwrap().byte_len(), 8 << 20);
    assert_eq!(snapshot.incomplete(), []);
}

#[test]
fn the_walk_and_the_reading_can_be_stopped() {
    let tree = Tree::new(&[("a.txt", b"a"), ("b.txt", b"b")]);
    let stop = StopFlag::default();
    let snapshot = Snapshot::take(&tree.selection(), &stop).unwrap();
    let globs = Globs::new(tree.0.path(), "", &[], &[]).unwrap();
    let mut walk = walk::Tree::new(globs);
    assert!(walk.refresh(&stop).is_ok());
    drop(stop.raise_on_drop());
    assert!(matches!(snapshot.context(), Err(Error::Stopped)));
    assert!(matches!(walk.refresh(&stop), Err(Error::Stopped)));
    assert!(matches!(Snapshot::take(&tree.selection(), &stop), Err(Error::Stopped)));
}

#[test]
fn a_long_stream_can_be_stopped_between_its_pieces() {
    let tree = Tree::new(&[]);
    pipe(&tree.path("stream"));
    let roots = vec![Root { stream: true, ..Root::new(tree.path("stream")) }];
    let stop = StopFlag::default();
    let snapshot = Snapshot::take(&Selection { roots, ..Selection::default() }, &stop).unwrap();
    // Writes until nobody reads any more.
    let writer = std::thread::spawn(move || {
        let mut stream = fs::OpenOptions::new().write(true).open(tree.path("stream")).unwrap();
        let lines = b"line\n".repeat(1 << 20);
        while std::io::Write::write_all(&mut stream, &lines).is_ok() {
            stop.raise();
        }
    });
    assert!(matches!(snapshot.context(), Err(Error::Stopped)));
    writer.join().unwrap();
}

fn pipe(path: &Path) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}
