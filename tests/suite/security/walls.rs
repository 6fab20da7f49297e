//! What stands around the processes of real sessions. What the walls keep native code from is tried by `tests/walls`.

use super::sessions::{fork_server, leader, output, session};
use crate::{
    client::{Client, uri},
    processes,
    query::scripted,
    scripted::ScriptedServer,
};
use rustix::process::geteuid;
use serde_json::json;
use std::{fs, path::Path, time::Duration};
use tempfile::TempDir;

/// A value of a process's status.
fn status(process: u32, name: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_default().trim().to_owned()
}

/// Nothing if the process has ended.
fn score(process: u32) -> Option<i32> {
    fs::read_to_string(format!("/proc/{process}/oom_score_adj")).ok()?.trim().parse().ok()
}

#[tokio::test]
async fn a_session_has_no_rights_and_two_filters_and_so_has_its_checkpoint() {
    let fork_server = fork_server(512);
    let mut session = session(&fork_server, 20.0).await;
    output(&mut session, "x = 1").await;
    let leader = leader(&session);
    let checkpoint = async {
        loop {
            tokio::time::sleep(Duration::from_millis(10)).await;
            // One that is about to end has no rights to be told of.
            let copies = processes::below(leader);
            if let Some(copy) = copies.iter().find(|it| !status(it.id, "CapInh").is_empty()) {
                return copy.id;
            }
        }
    };
    for process in [leader, checkpoint.await] {
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            assert_eq!(u64::from_str_radix(&status(process, set), 16), Ok(0), "{set}");
        }
        assert_eq!(["NoNewPrivs", "Seccomp", "Seccomp_filters"].map(|name| status(process, name)), ["1", "2", "2"]);
        assert_eq!(score(process), Some(1000));
        let limits = fs::read_to_string(format!("/proc/{process}/limits")).expect("limits can be read");
        let limit = |name: &str| {
            let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>()
        };
        for name in ["Max core file size", "Max file size", "Max locked memory", "Max msgqueue size"] {
            assert_eq!(limit(name), ["0", "0"], "{name}");
        }
        assert!(limit("Max data size").iter().all(|it| it != "unlimited"), "{limits}");
    }
    if geteuid().is_root() {
        let users = status(leader, "Uid");
        let groups = status(leader, "Groups");
        let becomes_another = !users.split_whitespace().any(|user| user == "0") && groups.is_empty();
        // Root of a container that may not become another user stays root, without root's rights.
        assert!(becomes_another || status(std::process::id(), "CapEff") != status(1, "CapEff"), "{users} {groups}");
    }
}

#[tokio::test]
async fn a_session_has_an_empty_folder_and_a_text_that_it_can_only_read() {
    let fork_server = fork_server(512);
    let session = session(&fork_server, 20.0).await;
    let process = format!("/proc/{}", leader(&session));
    // Who is not allowed to look cannot tell.
    let Ok(maps) = fs::read_to_string(format!("{process}/maps")) else { return };
    let texts: Vec<&str> = maps.lines().filter(|line| line.contains("/memfd:")).collect();
    assert!(!texts.is_empty() && texts.iter().all(|line| line.contains(" r--s ")), "{maps}");
    let code = maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|it| it.contains("wx")));
    assert_eq!(code.count(), 0, "nothing can be written and run: {maps}");
    assert_eq!(fs::read_link(format!("{process}/cwd")).ok().as_deref(), Some(Path::new("/")));
    let environment = fs::read_to_string(format!("{process}/environ")).unwrap_or_default();
    let mut names = environment.split_terminator('\0').filter_map(|it| it.split('=').next());
    // Some versions of glibc cut the list of its settings apart where it lies.
    assert!(names.all(|it| it == "GLIBC_TUNABLES" || it.starts_with("glibc.")), "{environment:?}");
    let limits = fs::read_to_string(format!("{process}/limits")).expect("limits can be read");
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap_or_default();
    assert_eq!(files.split_whitespace().skip(3).take(2).collect::<Vec<_>>(), ["32", "32"]);
}

#[tokio::test]
async fn sessions_of_root_are_different_users() {
    let fork_server = fork_server(512);
    let (one, two) = (session(&fork_server, 20.0).await, session(&fork_server, 20.0).await);
    let users = [&one, &two].map(|session| status(leader(session), "Uid"));
    if geteuid().is_root() && !users[0].starts_with("0") {
        assert_ne!(users[0], users[1]);
    }
}

#[tokio::test]
async fn when_memory_ends_ours_end_before_the_server() {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("a.txt"), "text").expect("a file can be written");
    let server = ScriptedServer::start(scripted(&["x = 1", "import time\ntime.sleep(600)"], |_| String::new())).await;
    let options = json!({"endpoint": server.url(), "model": "scripted", "strategy": "rlm"});
    let mut client = Client::in_folder(folder.path(), json!({}), options).await;
    let scope = json!({"kind": "file", "uri": uri(&folder.path().join("a.txt"))});
    client.begin("rlm/query", json!({"query": "?", "queryId": "q", "scope": scope})).await;
    server.until("two turns", |log| log.calls.len() == 2).await;
    let mut below = processes::below(client.id());
    // The fork server, the session, and its checkpoint.
    while below.len() < 3 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        below = processes::below(client.id());
    }
    let own = score(client.id()).expect("it runs");
    // A checkpoint may have ended meanwhile.
    let scores: Vec<i32> = below.iter().filter_map(|process| score(process.id)).collect();
    assert!(scores.len() > 1 && scores.iter().all(|&score| score >= own + 300), "{own} {scores:?}");
    client.request("rlm/cancel", json!({"queryId": "q"})).await.expect("it was running");
    assert_eq!(client.shut_down().await, 0);
    processes::until_gone(&below).await;
}
