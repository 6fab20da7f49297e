//! Nothing outside of what was named is read, whatever takes the place of a folder or a file while it is read.

use crate::{
    client::{Client, uri},
    query::{ask, file, scripted},
    scripted::ScriptedServer,
    terminal::{rlm, run},
};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde_json::json;
use std::{
    fs,
    os::unix::fs::symlink,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};
use tempfile::TempDir;

const SECRET: &str = "OUTSIDE-SECRET-VALUE";

/// Exchanges two names all the time, until it is dropped.
struct Exchange {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Exchange {
    fn start(pairs: Vec<(PathBuf, PathBuf)>, pause: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = stop.clone();
        let thread = thread::spawn(move || {
            while !flag.load(Ordering::Relaxed) {
                for (one, other) in &pairs {
                    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).expect("names can be exchanged");
                }
                thread::sleep(pause);
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking(), "names could be exchanged to the end");
        }
    }
}

#[tokio::test]
async fn what_becomes_a_link_while_it_is_read_leads_nowhere() {
    let folder = TempDir::new().expect("a folder can be made");
    let place = |name: &str| folder.path().join(name);
    for name in ["d", "d/sub", "d/sub/deep", "out", "out/deep", "links"] {
        fs::create_dir(place(name)).expect("a folder can be made");
    }
    for name in ["sub/notes.txt", "sub/deep/notes.txt", "file.txt"] {
        file(&folder, &format!("d/{name}"), b"harmless\n");
    }
    for name in ["notes.txt", "deep/notes.txt"] {
        file(&folder, &format!("out/{name}"), SECRET.as_bytes());
    }
    // Enough to be read for some time.
    for number in 0..300 {
        file(&folder, &format!("d/a{number}.txt"), &b"filler\n".repeat(2000));
    }
    symlink("../out", place("links/folder")).expect("a link can be made");
    symlink("../out/notes.txt", place("links/file")).expect("a link can be made");
    symlink("../../out/deep", place("links/deep")).expect("a link can be made");
    let programs: &[&str] = &["FINAL(str(list(files.values())))"];
    for (one, other) in [("d/sub", "links/folder"), ("d/file.txt", "links/file"), ("d/sub/deep", "links/deep")] {
        for pause in [Duration::from_millis(1), Duration::from_micros(200), Duration::from_millis(7)] {
            let exchange = Exchange::start(vec![(place(one), place(other))], pause);
            for _ in 0..4 {
                let server = ScriptedServer::start(scripted(programs, |_| String::new())).await;
                let ran = ask(&server, &place("d"), &["--max-iterations", "2"]).await;
                assert!(!ran.output.contains(SECRET), "{one}: {}", ran.output);
                let calls = server.calls();
                assert!(!calls.iter().any(|call| call.body.to_string().contains(SECRET)), "{one}");
            }
            drop(exchange);
            // An odd number of exchanges leaves the link where the folder was.
            if place(one).is_symlink() {
                renameat_with(CWD, place(one), CWD, place(other), RenameFlags::EXCHANGE)
                    .expect("names can be exchanged");
            }
        }
    }
}

#[tokio::test]
async fn a_large_text_that_is_read_late_leads_nowhere_else() {
    // Read while the model thinks: the folder has become a link by then.
    let folder = TempDir::new().expect("a folder can be made");
    let place = |name: &str| folder.path().join(name);
    for name in ["d", "d/sub", "out"] {
        fs::create_dir(place(name)).expect("a folder can be made");
    }
    let filler = b"filler\n".repeat(1_400_000);
    file(&folder, "d/large.txt", &filler);
    file(&folder, "d/sub/large.txt", &filler);
    file(&folder, "d/sub/notes.txt", b"harmless\n");
    file(&folder, "out/notes.txt", SECRET.as_bytes());
    file(&folder, "out/large.txt", &SECRET.repeat(500_000).into_bytes());
    symlink("../out", place("link")).expect("a link can be made");
    let programs: &[&str] = &["FINAL(str([(name, text[:40]) for name, text in files.items()]))"];
    let exchange = Exchange::start(vec![(place("d/sub"), place("link"))], Duration::from_millis(3));
    for _ in 0..6 {
        let server = ScriptedServer::start(scripted(programs, |_| String::new())).await;
        let ran = ask(&server, &place("d"), &["--max-iterations", "2"]).await;
        assert!(!ran.output.contains(SECRET), "{}", ran.output);
    }
    drop(exchange);
}

#[tokio::test]
async fn a_root_that_was_made_anew_is_read_anew() {
    let parent = TempDir::new().expect("a folder can be made");
    let root = parent.path().join("root");
    let fill = |text: &str| {
        fs::create_dir_all(root.join("sub")).expect("a folder can be made");
        fs::write(root.join("sub/a.txt"), format!("the saffron ration is {text}\n")).expect("a file can be written");
    };
    fill("first");
    let mut client = Client::in_folder(&root, json!({}), json!({"model": "extractive"})).await;
    let query = json!({"query": "what is the saffron ration?"});
    for text in ["first", "second", "third"] {
        let result = client.request("rlm/query", query.clone()).await.expect("there is a result");
        assert!(result["answer"].as_str().expect("a text").contains(&format!("ration is {text}")), "{result}");
        // The next one: deleted and made anew, then another folder of that name.
        match text {
            "first" => fs::remove_dir_all(&root).expect("it can be removed"),
            _ => fs::rename(&root, parent.path().join(text)).expect("it can be renamed"),
        }
        fill(if text == "first" { "second" } else { "third" });
    }
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn files_of_other_hosts_are_not_read() {
    let folder = TempDir::new().expect("a folder can be made");
    let inside = file(&folder, "inside.txt", b"the saffron ration\n");
    let mut client = Client::in_folder(folder.path(), json!({}), json!({"model": "extractive"})).await;
    let here = uri(&inside);
    for host in ["host", "user@localhost", "127.0.0.1", "localhost:1"] {
        let there = here.replace("file://", &format!("file://{host}"));
        for scope in [
            json!({"kind": "file", "uri": there}),
            json!({"kind": "folder", "uri": uri(folder.path()).replace("file://", &format!("file://{host}"))}),
        ] {
            let refused = client.request("rlm/query", json!({"query": "saffron?", "scope": scope})).await;
            let told = format!("{refused:?}");
            assert!(!told.contains("saffron ration"), "{told}");
        }
    }
    let there = here.replace("file://", "file://localhost");
    let scope = json!({"kind": "file", "uri": there});
    let result = client.request("rlm/query", json!({"query": "saffron?", "scope": scope})).await.expect("a result");
    assert!(result["answer"].as_str().expect("a text").contains("saffron"), "{result}");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn programs_read_nothing_by_odd_paths() {
    let folder = TempDir::new().expect("a folder can be made");
    fs::create_dir_all(folder.path().join("d")).expect("a folder can be made");
    fs::create_dir_all(folder.path().join("out")).expect("a folder can be made");
    file(&folder, "d/a.txt", b"harmless\n");
    file(&folder, "d/b.txt", b"harmless\n");
    file(&folder, "out/letter.txt", SECRET.as_bytes());
    let programs: &[&str] = &[
        "odd = ['../out/letter.txt', '/etc/passwd', 'a\\0b', '~', '~/x', 'file:///etc/passwd', './../out/letter.txt',\n\
         'd/../../out/letter.txt', '..', '\\\\x2e\\\\x2e/out/letter.txt', '\\\\u{2E}\\\\u{2E}/out/letter.txt', '*' * 20000 + 'x',\n\
         '[' * 5000,\n\
         '{' * 5000, '', '/', '\\n']\n\
         got = []\n\
         for path in odd:\n\
         \x20   for look in (read, outline, lambda it: grep('.', path=it)):\n\
         \x20       try:\n\
         \x20           got.append(str(look(path)))\n\
         \x20       except (KeyError, ValueError) as error:\n\
         \x20           pass\n\
         FINAL(str(got))",
    ];
    let server = ScriptedServer::start(scripted(programs, |_| String::new())).await;
    let ran = ask(&server, &folder.path().join("d"), &["--max-iterations", "2"]).await;
    let answer = ran.json()["answer"].to_string();
    assert!(!answer.contains(SECRET) && !answer.contains("root:"), "{ran:?}");
}

#[tokio::test]
async fn odd_files_are_read_around_and_settings_in_a_folder_set_nothing() {
    let folder = TempDir::new().expect("a folder can be made");
    let place = |name: &str| folder.path().join(name);
    file(&folder, "a.txt", b"the saffron ration\n");
    for name in ["pipe", ".git"] {
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(CWD, place(name), rustix::fs::FileType::Fifo, mode, 0).expect("a pipe can be made");
    }
    fs::File::create(place("sparse")).and_then(|file| file.set_len(1 << 40)).expect("a sparse file can be made");
    symlink("/etc/passwd", place("outward")).expect("a link can be made");
    let mut deep = rustix::fs::openat(CWD, folder.path(), rustix::fs::OFlags::DIRECTORY, rustix::fs::Mode::empty())
        .expect("it can be opened");
    for _ in 0..1500 {
        rustix::fs::mkdirat(&deep, "d", rustix::fs::Mode::RWXU).expect("a folder can be made");
        deep = rustix::fs::openat(&deep, "d", rustix::fs::OFlags::DIRECTORY, rustix::fs::Mode::empty())
            .expect("it can be opened");
    }
    let ran_file = place("RAN");
    let command = format!("cli:touch {}", ran_file.display());
    fs::create_dir(place(".vscode")).expect("a folder can be made");
    let settings =
        json!({"rlm.model": command, "rlm.serverPath": "/bin/false", "rlm.endpoint": ["http://127.0.0.1:9/v1"]});
    file(&folder, ".vscode/settings.json", settings.to_string().as_bytes());
    for name in ["rlm.toml", ".rlm.toml", ".rlmrc"] {
        file(&folder, name, format!("model = \"{command}\"\n").as_bytes());
    }
    file(&folder, ".env", format!("RLM_MODEL={command}\n").as_bytes());
    let path = folder.path().to_str().expect("the path is text");
    let mut command = rlm(["query", "where is the saffron ration?", path, "--json"]);
    command.current_dir(folder.path());
    let ran = run(command).await;
    assert!(ran.json()["answer"].as_str().expect("a text").contains("a.txt:1"), "{ran:?}");
    assert_eq!(ran.json()["model"], "extractive");
    assert!(!ran_file.exists());
    let left_out =
        run(rlm(["preview", "q", path, "--json", "--model", "extractive"])).await.json()["leftOut"].to_string();
    for (path, reason) in [("pipe", "not a regular file"), ("outward", "symbolic link out of the root")] {
        assert!(left_out.contains(&format!("\"path\":\"{path}\",\"reason\":\"{reason}")), "{path}: {left_out}");
    }
}
