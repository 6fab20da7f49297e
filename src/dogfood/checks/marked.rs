//! Processes of a check that have left its group: they are known by a variable that they inherit.

use rustix::process::{Pid, Signal, kill_process};
use std::{fs, path::Path};

/// The variable. Its value is the folder of the cycle.
pub const MARK: &str = "RLM_DOGFOOD";

/// Ends the processes of a folder's checks, wherever they are now.
pub fn sweep(folder: &Path) {
    let wanted = format!("{MARK}={}", folder.display());
    let Ok(processes) = fs::read_dir("/proc") else { return };
    for process in processes.flatten() {
        let id = process.file_name().to_str().and_then(|name| name.parse::<i32>().ok());
        let Some(id) = id.and_then(Pid::from_raw) else { continue };
        let environment = fs::read(process.path().join("environ")).unwrap_or_default();
        if environment.split(|&byte| byte == 0).any(|variable| variable == wanted.as_bytes()) {
            let _ = kill_process(id, Signal::KILL);
        }
    }
}
