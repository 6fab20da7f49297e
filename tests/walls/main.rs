//! The walls of a session against native code, which a program that had found a fault of the interpreter could run:
//! this program puts the walls up around a copy of itself, and the copy tries system calls.
//!
//! It has no test harness, because a process gives up its rights only while it has one thread.

mod calls;

use rlm::repl::{
    FULL_LANDLOCK, Tasks,
    worker::{
        privileges,
        sandbox::{self, MemoryLimit, Strength},
    },
};
use std::{
    fs,
    io::{BufRead, Write},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

/// The argument of the copy.
const BEHIND: &str = "behind-the-walls";

/// More threads and processes than any session may have.
const MANY: usize = 1500;

/// The most that one may have.
const MOST: usize = 512;

/// Somebody who is not root.
const SOMEBODY: u32 = 54_321;

fn main() {
    if std::env::args().nth(1).is_some_and(|argument| argument == BEHIND) {
        behind_the_walls();
        return;
    }
    let folder = tempfile::tempdir().expect("a folder can be made");
    let program = program_for_all(folder.path());
    let is_root = rustix::process::geteuid().is_root();
    // As root the same once more as somebody else.
    for user in [None, Some(SOMEBODY)].into_iter().take(if is_root { 2 } else { 1 }) {
        let seen = behind(&program, user, &calls::script());
        calls::check(&seen);
        check_walls(&program, user);
    }
    println!("the walls stand");
}

/// A copy of this program in a place that everybody can reach.
fn program_for_all(folder: &Path) -> PathBuf {
    let program = folder.join("walls");
    fs::copy(std::env::current_exe().expect("the program has a path"), &program).expect("it can be copied");
    for path in [folder, &program] {
        fs::set_permissions(path, PermissionsExt::from_mode(0o755)).expect("it can be made accessible");
    }
    program
}

/// What the copy says of these lines.
fn behind(program: &Path, user: Option<u32>, lines: &str) -> String {
    let mut command = Command::new(program);
    command.arg(BEHIND).env_clear().current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped());
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    let mut child = command.spawn().expect("the copy starts");
    let mut input = child.stdin.take().expect("the input is piped");
    input.write_all(lines.as_bytes()).expect("the copy reads");
    drop(input);
    let output = child.wait_with_output().expect("the copy ends");
    let text = String::from_utf8(output.stdout).expect("it writes text");
    assert!(output.status.success(), "{:?} after\n{text}", output.status);
    text
}

/// Landlock, capabilities, and the bounds on threads and processes.
fn check_walls(program: &Path, user: Option<u32>) {
    let threads = behind(program, user, "threads\n");
    let forks = behind(program, user, "forks\n");
    let word = |text: &str, name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in\n{text}")).trim().to_owned()
    };
    let landlock: u8 = word(&threads, "landlock ").parse().expect("a version");
    assert!((1..=FULL_LANDLOCK).contains(&landlock), "landlock {landlock}");
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        let capabilities = word(&threads, &format!("{set}:"));
        // Who has never had any cannot take them out of the last set, from which nobody can get them.
        let is_empty = u64::from_str_radix(&capabilities, 16) == Ok(0);
        assert!(is_empty || set == "CapBnd" && word(&threads, "tasks ") != "Own", "{set} {capabilities}");
    }
    let counts =
        [word(&threads, "threads "), word(&forks, "forks ")].map(|count| count.parse::<usize>().expect("a number"));
    println!("user {user:?}: landlock {landlock}, tasks {}, threads and forks {counts:?}", word(&threads, "tasks "));
    if word(&threads, "tasks ") == format!("{:?}", Tasks::Own) {
        assert!(counts.iter().all(|count| (100..=MOST).contains(count)), "{counts:?}");
    } else {
        // Containers may forbid to become another user and to make name spaces.
        println!("this machine lets no session have a bound of its own");
    }
}

/// The copy: puts the walls up and does what the lines of the input say.
fn behind_the_walls() {
    let status = || fs::read_to_string("/proc/self/status").expect("the process can be looked at");
    let tasks = privileges::give_up().expect("everything can be given up");
    let status = status();
    let memory = MemoryLimit { first: 64 << 20, most: 64 << 20 };
    let walls = sandbox::close(memory, tasks, Strength::Full).expect("the walls stand");
    println!("landlock {}\ntasks {:?}", walls.landlock, walls.tasks);
    status.lines().filter(|line| line.starts_with("Cap")).for_each(|line| println!("{line}"));
    for line in std::io::stdin().lock().lines() {
        match line.expect("the input is text").as_str() {
            "threads" => println!("threads {}", count_threads()),
            "forks" => println!("forks {}", calls::count_forks(MANY)),
            line => println!("{}", calls::run(line)),
        }
    }
}

fn count_threads() -> usize {
    let sleep = || thread::sleep(Duration::from_secs(600));
    let start = |_: &usize| thread::Builder::new().stack_size(16 << 10).spawn(sleep).is_ok();
    (0..MANY).take_while(start).count()
}
