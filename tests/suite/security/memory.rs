//! Programs that take all the memory that they can get, alone and together.

use super::sessions::{fork_server, leader, output, run, session};
use crate::{
    client::{Client, uri},
    processes,
    query::{file, scripted},
    scripted::{Action, Asked, ScriptedServer},
    terminal::{rlm, run as run_command},
};
use futures::future::join_all;
use rlm::repl::{Cause, CellOutcome, Ended, ReplSession};
use serde_json::json;
use std::{fs, path::Path, time::Duration};
use tempfile::TempDir;

fn all_below(process: u32) -> u64 {
    processes::memory_of(processes::below(process).iter().map(|it| it.id))
}

/// Whether a program ended for want of memory: by an exception, or with the process, in whose place is its checkpoint
/// now.
fn is_out_of_memory(outcome: &CellOutcome) -> bool {
    let error = outcome.report.error.as_deref().unwrap_or_default();
    error.contains("MemoryError") || outcome.ended == Ended::RolledBack(Cause::Memory)
}

/// Programs that take memory until there is none, each in another way.
const BOMBS: [&str; 12] = [
    "x = bytearray(900 << 20)\nfor at in range(0, len(x), 4096): x[at] = 1",
    "x = []\nwhile True: x.append(bytearray(1 << 20))",
    "x = []\nwhile True: x.append(str(len(x)))",
    "x = {}\nwhile True: x[len(x)] = [len(x)]",
    "x = 'ab'\nwhile True: x += x",
    "x = ','.join(['a' * 1000] * 10**6)",
    "x = [[0] * 10**6 for _ in range(10**6)]",
    "import sys\nsys.setrecursionlimit(10**7)\ndef down(): down()\ndown()",
    "import threading\nx = []\ndef eat():\n    while True: x.append(bytearray(1 << 20))\n\
     eaters = [threading.Thread(target=eat, daemon=True) for _ in range(8)]\n\
     for eater in eaters: eater.start()\nfor eater in eaters: eater.join()",
    "import threading, _thread\n_thread.stack_size(64 << 20)\ndef down(n): return n and down(n - 1)\n\
     for _ in range(100): threading.Thread(target=down, args=(900,), daemon=True).start()\nimport time\ntime.sleep(1)",
    "x = 1\nwhile True: x = x << 10**7 | 1",
    "x = set()\nwhile True: x.add(frozenset([len(x)]))",
];

#[tokio::test]
async fn sessions_that_take_all_they_can_get_stay_within_the_budget_together() {
    const SESSIONS: usize = 64;
    const BUDGET: u64 = 1280;
    let fork_server = fork_server(BUDGET);
    let mut sessions = join_all((0..SESSIONS).map(|_| session(&fork_server, 6.0))).await;
    let leaders: Vec<u32> = sessions.iter().map(leader).collect();
    let bombs = sessions.iter_mut().enumerate().map(|(number, session)| async move {
        output(session, "kept = list(range(1000))").await;
        for _ in 0..2 {
            let outcome = run(session, BOMBS[number % BOMBS.len()]).await;
            assert_ne!(outcome.ended, Ended::Lost(Cause::Crash), "{number}: {:?}", outcome.report.error);
        }
    });
    let watch = async {
        let mut most = 0;
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let groups = leaders.iter().flat_map(|&id| processes::below(id).into_iter().map(|it| it.id).chain([id]));
            let groups: Vec<u32> = groups.collect();
            let now =
                tokio::task::spawn_blocking(move || processes::memory_of(groups)).await.expect("it can be measured");
            most = most.max(now);
            assert!(most <= BUDGET + BUDGET / 4, "{now} MB together");
        }
    };
    tokio::select! {
        _ = join_all(bombs) => {}
        never = watch => never,
    }
    // Whoever comes afterwards finds room.
    join_all(sessions.into_iter().map(ReplSession::close)).await;
    let mut after = session(&fork_server, 20.0).await;
    assert_eq!(output(&mut after, "x = bytearray(300 << 20)\nprint(len(x))").await, "314572800\n");
}

#[tokio::test]
async fn a_session_and_its_checkpoint_are_counted_together() {
    let fork_server = fork_server(1024);
    let mut session = session(&fork_server, 60.0).await;
    let fill = "x = bytearray(300 << 20)\nfor at in range(0, len(x), 4096): x[at] = x[at] + 1 & 255";
    output(&mut session, fill).await;
    let group = |leader: u32| processes::below(leader).into_iter().map(|it| it.id).chain([leader]).collect::<Vec<_>>();
    while group(leader(&session)).len() < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    output(&mut session, "for at in range(0, len(x), 4096): x[at] = x[at] + 1 & 255").await;
    // What the checkpoint has is not there for the session.
    let outcome = run(&mut session, "y = bytearray(600 << 20)").await;
    assert!(is_out_of_memory(&outcome), "{outcome:?}");
    assert!(processes::memory_of(group(leader(&session))) <= 1024);
    assert_eq!(output(&mut session, "print(len(x))").await, "314572800\n", "the variables stay");
    // There is no room for a checkpoint of so much, so a process that dies takes its variables along.
    output(&mut session, "del x").await;
    output(&mut session, "x = bytearray(600 << 20)\nx[::4096] = b'a' * len(x[::4096])").await;
    let outcome = run(&mut session, CRASH).await;
    assert!(matches!(outcome.ended, Ended::Lost(_)), "{outcome:?}");
    assert_eq!(output(&mut session, "print('x' in globals())").await, "False\n");
}

/// A program that makes the interpreter crash.
const CRASH: &str = "def f(): pass\nf.__code__ = f.__code__.replace(co_code=bytes([255, 255] * 10))\nf()";

#[tokio::test]
async fn memory_that_is_given_back_is_there_for_others() {
    let fork_server = fork_server(768);
    let (mut one, mut two) = (session(&fork_server, 60.0).await, session(&fork_server, 60.0).await);
    for _ in 0..3 {
        // Blocks that the allocator has from the system one by one, so that none is held by what lies behind it.
        output(&mut one, "x = [bytearray(50 << 20) for _ in range(5)]").await;
        let refused = run(&mut two, "x = bytearray(600 << 20)").await;
        assert!(is_out_of_memory(&refused), "{refused:?}");
        output(&mut one, "del x").await;
        // It gives the memory back when its program has ended, which nobody waits for.
        output(&mut one, "y = 1").await;
        output(&mut two, "x = bytearray(250 << 20)\nx[::4096] = b'a' * len(x[::4096])\ndel x").await;
        output(&mut two, "y = 1").await;
    }
}

#[tokio::test]
async fn sessions_at_rest_have_half_of_the_budget_and_make_room() {
    let fork_server = fork_server(600);
    let mut resting = Vec::new();
    for number in 0..4 {
        let mut session = session(&fork_server, 60.0).await;
        output(&mut session, &format!("x = bytearray(120 << 20)\nx[::4096] = b'a' * len(x[::4096])\nn = {number}"))
            .await;
        let id = leader(&session);
        resting.push((id, session.rest().expect("it has a process")));
        // What rests lets its checkpoint go.
        while !processes::below(id).is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let alive = |ids: &[u32]| {
        ids.iter()
            .filter(|&&id| Path::new(&format!("/proc/{id}/statm")).exists() && processes::memory_of([id]) > 0)
            .count()
    };
    let ids: Vec<u32> = resting.iter().map(|(id, _)| *id).collect();
    for _ in 0..6000 {
        if alive(&ids) <= 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(alive(&ids), 2, "half of 600 MB are two of 140");
    assert!(processes::memory_of(ids.iter().copied()) <= 300, "{}", processes::memory_of(ids.iter().copied()));
    let mut rest = resting.into_iter().map(|(_, resting)| resting);
    assert!(rest.by_ref().take(2).all(|gone| gone.hold().is_none() && gone.wake().is_none()), "the oldest are gone");
    let held = rest.next().expect("four");
    let hold = held.hold().expect("it is there");
    let last = rest.next().expect("four");
    // One that needs much ends those that rest, but not one that a question is about to use.
    let mut busy = session(&fork_server, 60.0).await;
    output(&mut busy, "x = bytearray(330 << 20)").await;
    assert!(last.wake().is_none());
    drop(hold);
    let mut woken = held.wake().expect("it was held");
    assert_eq!(output(&mut woken, "print(n, len(x))").await, "2 125829120\n");
}

#[tokio::test]
async fn threads_that_a_program_leaves_behind_end_with_its_question() {
    let fork_server = fork_server(512);
    let spin = "import threading\ndef spin():\n    while True: pass\n\
                threading.Thread(target=spin, daemon=True).start()";
    let mut busy = session(&fork_server, 60.0).await;
    output(&mut busy, spin).await;
    let mut quick = session(&fork_server, 60.0).await;
    output(&mut quick, "import threading, time\nx = 1\nthreading.Thread(target=time.sleep, args=(0.01,)).start()")
        .await;
    let processes = [&busy, &quick].map(leader).map(|id| processes::process(id).expect("it runs"));
    let (busy, quick) = (busy.rest().expect("it has a process"), quick.rest().expect("it has a process"));
    processes::until_gone(&processes[..1]).await;
    drop(busy);
    let mut woken = quick.wake().expect("it is there");
    assert_eq!(output(&mut woken, "print(x)").await, "1\n");
}

/// A server whose sessions have so much memory.
async fn client(folder: &Path, server: &ScriptedServer, mebibytes: u64) -> Client {
    let options = json!({"endpoint": server.url(), "model": "scripted", "strategy": "rlm", "maxIterations": 6});
    let environment = [("RLM_MEMORY", mebibytes.to_string())];
    Client::with_environment(environment, folder, json!({}), options).await
}

#[tokio::test]
async fn a_follow_up_whose_variables_are_gone_says_so_and_has_the_history() {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("a.txt"), "text").expect("a file can be written");
    let fill = "x = bytearray(100 << 20)\nx[::4096] = b'a' * len(x[::4096])\nFINAL('filled')";
    let look = "FINAL(f\"{'x' in globals()} {[it['question'] for it in history]}\")";
    let server = ScriptedServer::start(move |asked: &Asked| {
        let program = if asked.last().contains("compare") { look } else { fill };
        Action::reply(format!("```repl\n{program}\n```"))
    })
    .await;
    let mut client = client(folder.path(), &server, 400).await;
    let scope = json!({"kind": "file", "uri": uri(&folder.path().join("a.txt"))});
    let question =
        |query: &str, session: usize| json!({"query": query, "sessionId": session.to_string(), "scope": scope});
    for session in 0..3 {
        client.request("rlm/query", question("fill", session)).await.expect("an answer");
    }
    let mut at_rest = u64::MAX;
    for _ in 0..3000 {
        at_rest = all_below(client.id());
        if at_rest <= 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(at_rest <= 200, "{at_rest} MB at rest");
    for (session, expected) in [(0, "False ['fill']"), (2, "True ['fill']")] {
        let result = client.request("rlm/query", question("compare", session)).await.expect("an answer");
        assert_eq!(result["answer"], expected, "{session}");
    }
    let openings: Vec<String> = server
        .calls()
        .iter()
        .filter_map(|call| Some(call.body["messages"].as_array()?.last()?["content"].as_str()?.to_owned()))
        .filter(|opening| opening.contains("compare"))
        .collect();
    assert!(openings[0].contains("are gone") && openings[1].contains("still there: x: bytearray"), "{openings:?}");
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn more_children_than_there_is_memory_for_wait_for_each_other() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let server = ScriptedServer::start(|asked: &Asked| {
        let is_root = asked.messages.iter().any(|(_, text)| text.contains("What is it?"));
        let program = match is_root {
            true => "a = rlm_query_batched([str(n) for n in range(40)])\nFINAL(str(a == [str(n) for n in range(40)]))",
            false => "x = bytearray(2 << 20)\nFINAL(context)",
        };
        Action::reply(format!("```repl\n{program}\n```"))
    })
    .await;
    let url = server.url();
    let path = path.to_str().expect("the path is text");
    let arguments =
        ["query", "What is it?", path, "--json", "--endpoint", &url, "--model", "scripted", "--strategy", "rlm"];
    let mut command = rlm(arguments);
    // Room for eight.
    command.env("RLM_MEMORY", "128");
    let ran = run_command(command).await;
    assert_eq!(ran.json()["answer"], "True", "{ran:?}");
    let mut command = rlm(arguments);
    command.env("RLM_MEMORY", "much");
    let ran = run_command(command).await;
    assert!(ran.status != 0 && format!("{ran:?}").contains("RLM_MEMORY: expected a whole number of MiB"), "{ran:?}");
}

#[tokio::test]
async fn what_programs_hand_over_does_not_fill_the_server() {
    const PROGRAMS: &[&str] = &[
        "seen = []\ncall = llm_query.__globals__['host_call']\n\
         def hand(*given):\n    try: seen.append(str(call(*given))[:40])\n\
         \x20   except Exception as error: seen.append(type(error).__name__)",
        "try: llm_query_batched([''] * 5_000_000)\nexcept Exception as error: seen.append(type(error).__name__)",
        "hand('llm_query', [[''] * 200_000, None])\nhand('llm_query', [[[]] * 3_000_000, None])\n\
         hand('x' * 1000, {str(n): {} for n in range(300_000)})",
        "hand('tool', ['t', {'a': [{}] * 250_000}])\nhand('grep', [0.5] * 250_000)\nhand('never' * 10**7, [])",
        "import threading\ntext = 'x' * (20 << 20)\n\
         threads = [threading.Thread(target=hand, args=('rlm_query', [[text], None])) for _ in range(6)]\n\
         for thread in threads: thread.start()\nfor thread in threads: thread.join()",
        "FINAL(str(len(seen)))",
    ];
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("a.txt"), "text").expect("a file can be written");
    let root = scripted(PROGRAMS, |_| "an answer".to_owned());
    let script = move |asked: &Asked| match asked.conversation().contains("another program wrote for you") {
        true => Action::reply("```repl\nFINAL('a child')\n```"),
        false => root(asked),
    };
    let server = ScriptedServer::start(script).await;
    let mut client = client(folder.path(), &server, 1024).await;
    let scope = json!({"kind": "file", "uri": uri(&folder.path().join("a.txt"))});
    let options = json!({"maxIterations": 20, "maxDepth": 1, "timeout": 100});
    let asked = json!({"query": "?", "scope": scope, "options": options});
    let result = client.request("rlm/query", asked).await.expect("an answer");
    assert_eq!((&result["answer"], &result["termination"]), (&json!("13"), &json!("final")), "{result}");
    let most = processes::usage(client.id()).expect("it runs").most_memory;
    assert!(most < 400, "{most} MB");
    assert_eq!(client.shut_down().await, 0);
}
