//! How much memory a process and all that it started have, at its highest.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// Looks at some processes until it is told that they have ended.
pub struct Watch {
    most: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    watching: JoinHandle<()>,
}

impl Watch {
    /// Adds up these fields of `smaps_rollup`. What two processes share since one is a copy of the other counts for each as
    /// its share.
    pub fn start(root: u32, fields: &'static [&'static str]) -> Self {
        let (most, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (seen, ended) = (most.clone(), over.clone());
        let watching = thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                seen.fetch_max(bytes(root, fields), Ordering::Relaxed);
                thread::sleep(Duration::from_millis(20));
            }
        });
        Self { most, over, watching }
    }

    /// The most bytes that there were.
    pub fn end(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        self.watching.join().expect("it only looks");
        self.most.load(Ordering::Relaxed)
    }
}

fn bytes(root: u32, fields: &[&str]) -> u64 {
    let (mut bytes, mut processes) = (0, vec![root]);
    while let Some(process) = processes.pop() {
        let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
        let field = |name: &&str| -> u64 {
            let line = rollup.lines().find_map(|line| line.strip_prefix(*name));
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
        };
        bytes += fields.iter().map(field).sum::<u64>() << 10;
        for task in fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            processes.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
    }
    bytes
}
