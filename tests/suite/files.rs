//! What the program makes of the files and pipes that it is given.

use crate::{
    query::file,
    terminal::{Ran, rlm, run},
};
use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::Path,
    process::Stdio,
};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("a folder can be made");
        file(&folder, name, bytes);
    }
    folder
}

/// Runs the program in a folder.
async fn program(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = rlm(arguments);
    command.current_dir(folder);
    run(command).await
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

#[tokio::test]
async fn what_is_named_is_read_whatever_it_is() {
    let lines = "the lantern height is nine\r\n".repeat(20);
    let folder = folder(&[
        ("key.ts", b"export const lanternKey = (a, b) => `${a}\0${b}`;\n"),
        ("list", b"one\0lanternKey\0three\0"),
        ("little.txt", &utf16(&lines, u16::to_le_bytes)),
        ("big.txt", &utf16(&lines, u16::to_be_bytes)),
        ("cyrillic.txt", &utf16("высота фонаря lantern девять\n", u16::to_le_bytes)),
        ("program", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0\x01\0\0\0lanternKey"),
    ]);
    for (question, name, expected) in [
        ("where is the lanternKey made?", "key.ts", "lanternKey"),
        ("where is lanternKey?", "list", "lanternKey"),
        ("what is the lantern height?", "little.txt", "nine"),
        ("what is the lantern height?", "big.txt", "nine"),
        ("lantern", "cyrillic.txt", "девять"),
    ] {
        let ran = program(folder.path(), &["query", question, name]).await;
        assert!(ran.status == 0 && ran.output.contains(expected), "{name}: {ran:?}");
    }
    let ran = program(folder.path(), &["query", "lanternKey", "program"]).await;
    assert!(ran.status == 1 && ran.errors.contains("program: binary"), "{ran:?}");
    assert!(!ran.errors.contains("name a file"), "it was named: {ran:?}");
    // What nobody named is binary, unless it is UTF-16.
    let preview = program(folder.path(), &["preview", "q", ".", "--json"]).await.json();
    let left_out: Vec<&str> =
        preview["leftOut"].as_array().unwrap().iter().filter_map(|it| it["path"].as_str()).collect();
    assert_eq!(left_out, ["key.ts", "list", "program"], "{preview}");
}

#[tokio::test]
async fn copies_of_editors_stay_out_and_are_told() {
    let text = b"def lantern_pool():\n    return 1\n";
    let names = ["a.py", "#a.py#", "a.py~", "a.py.~2~", ".a.py.swp", ".a.py.kate-swp"];
    let folder = folder(&names.map(|name| (name, &text[..])));
    symlink("someone@host.1:2", folder.path().join(".#a.py")).expect("a link can be made");
    let preview = program(folder.path(), &["preview", "q", ".", "--json"]).await.json();
    let left_out = preview["leftOut"].as_array().unwrap();
    assert_eq!((left_out.len(), &preview["context"]["files"]), (names.len(), &1.into()), "{preview}");
    assert!(left_out.iter().all(|it| it["reason"] == "an editor's backup, swap or lock file"), "{preview}");
    for glob in ["a.py~", "*~", "./#a.py#"] {
        let preview = program(folder.path(), &["preview", "q", ".", "--json", "--include", glob]).await.json();
        assert!(preview["context"]["files"].as_u64() >= Some(1), "{glob}: {preview}");
    }
    let ran = program(folder.path(), &["query", "lantern_pool", "a.py~"]).await;
    assert!(ran.output.contains("a.py~:1"), "{ran:?}");
}

#[tokio::test]
async fn globs_are_taken_as_people_write_them() {
    let text = b"The saffron ration is weighed here\n";
    let paths = ["a.ts", "b.ts", "sub/a.ts", "app/[slug]/page.tsx", "app/s/page.tsx", "x{1,2}.ts"];
    let folder = folder(&paths.map(|path| (path, &text[..])));
    let absolute = |path: &str| folder.path().join(path).to_str().expect("text").to_owned();
    let count = async |globs: &[&str]| {
        let globs = globs.iter().flat_map(|&glob| ["--include", glob]);
        let arguments: Vec<&str> = ["preview", "q", ".", "--json"].into_iter().chain(globs).collect();
        let ran = program(folder.path(), &arguments).await;
        if ran.status == 0 { Ok(ran.json()["context"]["files"].as_u64().unwrap()) } else { Err(ran.errors) }
    };
    for (glob, expected) in [
        ("./a.ts", 1),
        ("a.ts", 2),
        ("./*.ts", 3),
        (&absolute("a.ts"), 1),
        (&absolute("sub"), 1),
        (&absolute("**/a.ts"), 2),
        ("app/[slug]/page.tsx", 1),
        ("./app/[slug]", 1),
        ("app/[slug]/*.tsx", 1),
        ("app/[s]/page.tsx", 1),
        ("x{1,2}.ts", 1),
        ("{a,b}.ts", 3),
    ] {
        assert_eq!(count(&[glob]).await, Ok(expected), "{glob}");
    }
    for (glob, why) in [
        ("*.ts,*.tsx", "a comma is a part of `*.ts,*.tsx`"),
        ("src/*.ts", "globs are relative to the folder that is read"),
        ("../a.ts", "`..` leads out of what is read"),
    ] {
        let told = count(&[glob]).await.expect_err("it matches nothing");
        assert!(told.contains(why), "{glob}: {told}");
    }
    let ran =
        program(folder.path(), &["preview", "q", ".", "--json", "--exclude", "./a.ts", "--exclude", "app/[slug]"])
            .await;
    assert_eq!(ran.json()["context"]["files"], 4, "{ran:?}");
}

#[tokio::test]
async fn ignore_files_can_be_left_aside() {
    let folder = folder(&[(".ignore", b"*.log\n"), ("a.txt", b"one\n"), ("b.log", b"two\n"), (".hidden", b"three\n")]);
    for (arguments, files) in [(&[][..], 1), (&["--no-ignore"], 2), (&["--no-ignore", "--timeout", "1h30m"], 2)] {
        let ran = program(folder.path(), &[&["preview", "q", ".", "--json"], arguments].concat()).await;
        assert_eq!(ran.json()["context"]["files"], files, "{arguments:?}");
    }
    let ran = program(folder.path(), &["shards", "ingest", ".", "st", "--no-ignore", "--json"]).await;
    assert_eq!(ran.json()["files"], 2, "{ran:?}");
    let ran = program(folder.path(), &["preview", "q", ".", "--timeout", "soon"]).await;
    assert!(ran.status == 2 && ran.errors.contains("1h30m"), "{ran:?}");
}

#[tokio::test]
async fn a_name_with_a_line_feed_can_be_cited() {
    for name in ["new\nline.txt", "a\\b.txt", "tab\there.txt", "a\\x41.txt"] {
        let folder = folder(&[(name, b"The quince value is 1\n")]);
        let ran = program(folder.path(), &["query", "quince value", ".", "--json"]).await;
        let answer = ran.json();
        let citations = answer["citations"].as_array().expect("a list");
        assert!(!citations.is_empty() && citations.iter().all(|it| it["status"] != "missing"), "{name:?}: {answer}");
    }
}

#[tokio::test]
async fn where_there_is_nothing_to_read_that_is_an_error() {
    let folder = folder(&[("empty.txt", b""), ("none/.hidden", b""), ("two/a", b""), ("two/b", b"")]);
    fs::create_dir(folder.path().join("folder")).expect("a folder can be made");
    for (path, why) in [
        ("empty.txt", "nothing to read: empty.txt is empty"),
        ("folder", "nothing to read: there are no files"),
        ("none", "nothing to read: left out .hidden: hidden"),
        ("two", "nothing to read: all 2 files are empty"),
    ] {
        let ran = program(folder.path(), &["query", "hi", path]).await;
        assert!(ran.status == 1 && ran.errors.contains(why) && ran.output.is_empty(), "{path}: {ran:?}");
    }
    for command in ["query", "preview"] {
        for question in ["", "  \n"] {
            let ran = program(folder.path(), &[command, question, "empty.txt"]).await;
            assert!(ran.status == 2 && ran.errors.contains("the question is empty"), "{ran:?}");
        }
    }
}

#[tokio::test]
async fn what_is_piped_in_is_read_where_no_path_is_named() {
    let folder = folder(&[("a.txt", b"The ibis share is 99\n"), ("in.txt", b"The ibis share is 12\n")]);
    let ask = async |input: Stdio, piped: Option<&str>, path: &[&str]| {
        let mut command = rlm([&["query", "what is the ibis share?"], path].concat());
        command.current_dir(folder.path()).stdin(input);
        let mut child = command.spawn().expect("the program starts");
        if let (Some(text), Some(mut pipe)) = (piped, child.stdin.take()) {
            pipe.write_all(text.as_bytes()).await.expect("the pipe can be written to");
        }
        let output = child.wait_with_output().await.expect("the program ends");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Ran {
            status: output.status.code().expect("no signal"),
            output: text(output.stdout),
            errors: text(output.stderr),
        }
    };
    let piped = Some("The ibis share is 12\n");
    for (what, ran) in [
        ("a pipe", ask(Stdio::piped(), piped, &[]).await),
        ("a file", ask(File::open(folder.path().join("in.txt")).unwrap().into(), None, &[]).await),
        ("a pipe by name", ask(Stdio::piped(), piped, &["-"]).await),
    ] {
        assert!(ran.output.contains("12") && !ran.output.contains("99"), "{what}: {ran:?}");
    }
    let ran = ask(Stdio::piped(), piped, &["a.txt"]).await;
    assert!(ran.output.contains("99") && !ran.output.contains("12"), "a path was named: {ran:?}");
    let ran = ask(Stdio::null(), None, &[]).await;
    assert!(ran.output.contains("99"), "the current folder: {ran:?}");
    let ran = ask(Stdio::piped(), Some(""), &[]).await;
    assert!(ran.status == 1 && ran.errors.contains("standard input is empty"), "{ran:?}");
}

#[tokio::test]
async fn what_cannot_be_written_is_a_failure_of_every_command() {
    let folder = folder(&[("a.txt", b"The saffron ration is weighed here\n")]);
    assert_eq!(program(folder.path(), &["shards", "ingest", "a.txt", "st"]).await.status, 0);
    for arguments in [
        &["query", "saffron ration", "a.txt"][..],
        &["query", "saffron ration", "a.txt", "--json"],
        &["preview", "q", "."],
        &["preview", "q", ".", "--json"],
        &["models"],
        &["doctor"],
        &["shards", "info", "st"],
        &["shards", "slice", "st", "0"],
        &["shards", "find", "st", "ration"],
        &["shards", "grep", "st", "ration", "--json"],
        &["shards", "ingest", "a.txt", "st", "--json"],
        &["--help"],
        &["--version"],
    ] {
        let mut command = rlm(arguments);
        command.current_dir(folder.path()).stdout(File::options().write(true).open("/dev/full").expect("it is there"));
        let ran = run(command).await;
        assert!(
            ran.status == 1 && ran.errors.contains("cannot write the output: No space left"),
            "{arguments:?}: {ran:?}"
        );

        // A reader that has gone away has what it wanted.
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        drop(reader);
        let mut command = rlm(arguments);
        command.current_dir(folder.path()).stdout(writer);
        let ran = run(command).await;
        assert!(!ran.errors.contains("cannot write") && !ran.errors.contains("panicked"), "{arguments:?}: {ran:?}");
    }
}

#[tokio::test]
async fn a_store_is_no_part_of_its_own_text() {
    for (source, store) in [("src", "src/store"), (".", "st"), ("src", "src/deep/[st]"), ("./src", "link/store")] {
        let folder = folder(&[("src/a.txt", b"The saffron ration\n")]);
        symlink("src", folder.path().join("link")).expect("a link can be made");
        let mut sizes = Vec::new();
        for _ in 0..3 {
            let ran = program(folder.path(), &["shards", "ingest", source, store, "--replace", "--json"]).await;
            assert_eq!(ran.status, 0, "{ran:?}");
            sizes.push(ran.json()["bytes"].as_u64());
        }
        assert!(sizes.iter().all(|size| *size == sizes[0]), "{source} {store}: {sizes:?}");
    }
}

#[tokio::test]
async fn a_damaged_manifest_is_named() {
    let folder = folder(&[("s.txt", (1..=20).map(|it| format!("{it}\n")).collect::<String>().as_bytes())]);
    let manifest = folder.path().join("st/manifest.json");
    assert_eq!(program(folder.path(), &["shards", "ingest", "s.txt", "st"]).await.status, 0);
    let whole = fs::read(&manifest).expect("it is there");
    for damaged in
        [&b""[..], b"\n", &whole[..9], &whole[..whole.len() / 2], b"\0\0\0\0", b"{\"format\":\"rlm-shards\"}"]
    {
        fs::write(&manifest, damaged).expect("it can be written");
        for arguments in [&["query", "saffron ration", "st"][..], &["shards", "info", "st"], &["preview", "q", "st"]] {
            let ran = program(folder.path(), arguments).await;
            assert!(ran.status == 1 && ran.errors.contains("manifest.json"), "{damaged:?} {arguments:?}: {ran:?}");
            assert!(ran.errors.contains("--replace"), "{damaged:?} {arguments:?}: {ran:?}");
        }
    }
    assert_eq!(program(folder.path(), &["shards", "ingest", "s.txt", "st", "--replace"]).await.status, 0);
    for (arguments, expected) in
        [(&["-3"][..], "18\n19\n20\n"), (&["-3", "-2"], "18\n19\n"), (&["2", "3"], "2\n3\n"), (&["-1"], "20\n")]
    {
        let ran = program(folder.path(), &[&["shards", "slice", "st", "--lines"], arguments].concat()).await;
        assert_eq!(ran.output, expected, "{arguments:?}");
    }
    for (arguments, status) in
        [(["grep", "st", "^2"], 0), (["grep", "st", "x"], 1), (["find", "st", "20"], 0), (["find", "st", "x"], 1)]
    {
        let ran = program(folder.path(), &[&["shards"], &arguments[..]].concat()).await;
        assert_eq!(ran.status, status, "{arguments:?}: {ran:?}");
    }
}
