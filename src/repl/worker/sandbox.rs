//! The walls around the interpreter's process.
//!
//! Once they stand, the process can compute, talk over the sockets that it already has, and start threads and copies of
//! itself: no files, no network, no other programs. There are two walls, so that one fault does not open the way:
//! landlock takes away the rights to files and the network, and a [filter of system calls](filter) refuses whatever an
//! interpreter without files does not need. Limits on resources bound memory, core dumps, file sizes and descriptors.

mod filter;

use super::super::wire::{FULL_LANDLOCK, SandboxLevel, Tasks};
use landlock::{ABI, Access, AccessFs, AccessNet, LandlockStatus, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::process::{Resource, Rlimit, setrlimit};

/// The most descriptors that the process may have open: its sockets, the context, a checkpoint's pipe, a timer.
const OPEN_FILES: u64 = 32;

/// How strong the walls must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    Full,
    /// A kernel without landlock is accepted; the filter of system calls never is optional.
    WithoutLandlock,
}

/// Why the walls do not stand.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "the kernel does not offer landlock, which keeps programs from files (it needs Linux 5.13 or newer with \
             landlock enabled); set RLM_ALLOW_WEAK_SANDBOX=1 to run with the filter of system calls alone"
    )]
    NoLandlock,
    #[error("landlock failed: {0}")]
    Landlock(#[from] landlock::RulesetError),
    #[error("the filter of system calls failed: {0}")]
    Seccomp(#[from] seccompiler::Error),
    #[error("the filter of system calls cannot be built: {0}")]
    Filter(#[from] seccompiler::BackendError),
    #[error("it cannot be found out how much memory the interpreter has: {0}")]
    Memory(std::io::Error),
    #[error("a limit on {what} cannot be set: {error}")]
    Limit { what: &'static str, error: rustix::io::Errno },
}

/// Bytes of memory that a process may take from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryLimit {
    /// Without asking.
    pub first: u64,
    /// However often it asks.
    pub most: u64,
}

/// Puts the walls up around this process and all that it starts, and says which ones stand. There is no way back.
/// `tasks` is what limits its threads and processes already.
pub fn close(memory: MemoryLimit, tasks: Tasks, strength: Strength) -> Result<SandboxLevel, Error> {
    limit_resources(memory)?;
    let landlock = restrict_files_and_network()?;
    if landlock == 0 && strength == Strength::Full {
        return Err(Error::NoLandlock);
    }
    filter::install()?;
    Ok(SandboxLevel { landlock, tasks })
}

/// The bytes that count for the limit on memory.
fn data_in_use() -> std::io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmData:")?.trim().strip_suffix("kB"));
    let kibibytes: Option<u64> = line.and_then(|number| number.trim().parse().ok());
    kibibytes.map(|number| number << 10).ok_or_else(|| std::io::ErrorKind::InvalidData.into())
}

fn limit_resources(memory: MemoryLimit) -> Result<(), Error> {
    let used = data_in_use().map_err(Error::Memory)?;
    let (first, most) = (used.saturating_add(memory.first.min(memory.most)), used.saturating_add(memory.most));
    let limits = [
        ("memory", Resource::Data, first, most),
        ("core dumps", Resource::Core, 0, 0),
        ("file sizes", Resource::Fsize, 0, 0),
        ("open files", Resource::Nofile, OPEN_FILES, OPEN_FILES),
        // Memory that stays in memory, queues of messages and pending signals are used by nothing here.
        ("locked memory", Resource::Memlock, 0, 0),
        ("message queues", Resource::Msgqueue, 0, 0),
    ];
    for (what, resource, current, maximum) in limits {
        let limit = Rlimit { current: Some(current), maximum: Some(maximum) };
        setrlimit(resource, limit).map_err(|error| Error::Limit { what, error })?;
    }
    Ok(())
}

/// Takes away every right to files, the network, and processes outside. Says by which version of landlock, since older
/// ones know fewer rights.
fn restrict_files_and_network() -> Result<u8, Error> {
    let abi = ABI::V6;
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?
        .restrict_self()?;
    Ok(match (status.ruleset, status.landlock) {
        (RulesetStatus::FullyEnforced, _) => FULL_LANDLOCK,
        (RulesetStatus::PartiallyEnforced, LandlockStatus::Available { effective_abi, .. }) => {
            (effective_abi as u8).min(FULL_LANDLOCK - 1)
        }
        _ => 0,
    })
}
