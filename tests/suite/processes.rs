//! Processes that the program starts, and what becomes of them.

use rustix::process::{Pid, Signal, kill_process};
use std::{fs, time::Duration};
use tokio::time::{sleep, timeout};

/// How long a test waits for a process that must end. Generous, since machines are slow at times.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process; its number may be given to another one later, its number and start may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    pub id: u32,
    parent: u32,
    /// In ticks since the machine has started.
    start: u64,
}

/// The process of this number, if it lives.
pub fn process(id: u32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name of the program, in parentheses, may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let lives = !matches!(*fields.first()?, "Z" | "X");
    lives.then_some(Process { id, parent: fields.get(1)?.parse().ok()?, start: fields.get(19)?.parse().ok()? })
}

/// The processes that a process has started, and those that these have.
pub fn below(id: u32) -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("there is a list of processes");
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let all: Vec<Process> = ids.filter_map(process).collect();
    let mut found: Vec<Process> = Vec::new();
    let mut parents = vec![id];
    while let Some(parent) = parents.pop() {
        for child in all.iter().filter(|it| it.parent == parent) {
            parents.push(child.id);
            found.push(*child);
        }
    }
    found
}

/// What a process has used of the machine.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// In megabytes: what it has now, and the most that it ever had.
    pub memory: u64,
    pub most_memory: u64,
    /// Time of processors.
    pub processor: Duration,
}

/// The same of the process of this number, if it lives.
pub fn usage(id: u32) -> Option<Usage> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let megabytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        Some(line.split_whitespace().next()?.parse::<u64>().ok()? >> 10)
    };
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let ticks = stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    // There are a hundred in a second on every Linux.
    let processor = Duration::from_millis(ticks * 10);
    Some(Usage { memory: megabytes("VmRSS")?, most_memory: megabytes("VmHWM")?, processor })
}

/// Megabytes of processes: what is their own, and their share of what they have in common.
pub fn memory_of(ids: impl IntoIterator<Item = u32>) -> u64 {
    summed("Pss:", ids)
}

/// The same without what they map of files.
pub fn own_memory_of(ids: impl IntoIterator<Item = u32>) -> u64 {
    summed("Pss_Anon:", ids)
}

fn summed(field: &str, ids: impl IntoIterator<Item = u32>) -> u64 {
    let share = |id: u32| {
        let memory = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
        let line = memory.lines().find_map(|line| line.strip_prefix(field));
        line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or_default()
    };
    ids.into_iter().map(share).sum::<u64>() >> 10
}

/// Waits until none of these lives.
pub async fn until_gone(processes: &[Process]) {
    let lives = |it: &&Process| process(it.id).is_some_and(|now| now.start == it.start);
    let gone = async {
        while processes.iter().any(|it| lives(&it)) {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let gone = timeout(PATIENCE, gone).await;
    assert!(gone.is_ok(), "still there: {:?}", processes.iter().filter(lives).collect::<Vec<_>>());
}

/// Sends what Ctrl-C sends.
pub fn interrupt(id: u32) {
    signal(id, Signal::INT);
}

pub fn signal(id: u32, signal: Signal) {
    let id = Pid::from_raw(id.cast_signed()).expect("a number of a process");
    kill_process(id, signal).expect("it can be signalled");
}
