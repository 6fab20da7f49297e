//! The walls around the interpreter's process.
//!
//! Once they stand, the process can compute, talk over the socket that it already has, and start threads and copies of
//! itself: no files, no network, no other programs. There are two walls, so that one fault does not open the way:
//! landlock takes away the rights to files and the network, and a filter of system calls refuses whatever an interpreter
//! without files does not need. Limits on resources bound memory, core dumps, file sizes and descriptors.

use super::super::wire::Walls;
use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter_all_threads,
};
use std::collections::BTreeMap;

/// The most descriptors that the process may have open: the socket, the context, a checkpoint's pipe, a timer.
const OPEN_FILES: u64 = 32;

/// System calls of an interpreter that has no files: memory, threads, clocks, and the socket that is there.
const ALLOWED: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_clone3,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fcntl,
    libc::SYS_fstat,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_gettimeofday,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_pipe2,
    libc::SYS_ppoll,
    libc::SYS_read,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_sendto,
    libc::SYS_set_robust_list,
    libc::SYS_sigaltstack,
    libc::SYS_timerfd_settime,
    libc::SYS_write,
    libc::SYS_writev,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
];

/// Flags of `clone` that make name spaces, in which more may be allowed.
const NAME_SPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u64;

/// The option of `prctl` that says by which signal a process dies with its parent, and that signal.
const PARENT_DEATH: u64 = libc::PR_SET_PDEATHSIG as u64;
const KILL: u64 = libc::SIGKILL as u64;

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

/// Puts the walls up around this process and all that it starts, and says which ones stand. There is no way back. The limit on
/// memory is for what it takes from now on.
pub fn close(memory_limit: u64, strength: Strength) -> Result<Walls, Error> {
    limit_resources(data_in_use().map_err(Error::Memory)?.saturating_add(memory_limit))?;
    let walls = if restrict_files_and_network()? { Walls::All } else { Walls::WithoutLandlock };
    if walls != Walls::All && strength == Strength::Full {
        return Err(Error::NoLandlock);
    }
    filter_system_calls()?;
    Ok(walls)
}

/// The bytes that count for the limit on memory.
fn data_in_use() -> std::io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmData:")?.trim().strip_suffix("kB"));
    let kibibytes: Option<u64> = line.and_then(|number| number.trim().parse().ok());
    kibibytes.map(|number| number << 10).ok_or_else(|| std::io::ErrorKind::InvalidData.into())
}

fn limit_resources(memory_limit: u64) -> Result<(), Error> {
    let limits = [
        ("memory", Resource::Data, memory_limit),
        ("core dumps", Resource::Core, 0),
        ("file sizes", Resource::Fsize, 0),
        ("open files", Resource::Nofile, OPEN_FILES),
    ];
    for (what, resource, limit) in limits {
        let limit = Rlimit { current: Some(limit), maximum: Some(limit) };
        setrlimit(resource, limit).map_err(|error| Error::Limit { what, error })?;
    }
    Ok(())
}

/// Takes away every right to files and the network; says whether the kernel could do it.
fn restrict_files_and_network() -> Result<bool, Error> {
    let abi = ABI::V6;
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?
        .restrict_self()?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

fn filter_system_calls() -> Result<(), Error> {
    let refuse = |errno: i32| SeccompAction::Errno(errno as u32);
    // The C library falls back from `clone3`, whose flags no filter can read, to `clone` only if it seems not to exist.
    let clone3 = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let mut allowed: BTreeMap<i64, Vec<SeccompRule>> = ALLOWED.iter().map(|&call| (call, Vec::new())).collect();
    allowed.insert(libc::SYS_clone, vec![rule([argument(0, SeccompCmpOp::MaskedEq(NAME_SPACES), 0)?])?]);
    // Reading limits (of the stack, for threads) is harmless; setting them is not, least of all for root.
    allowed.insert(libc::SYS_prlimit64, vec![rule([argument(2, SeccompCmpOp::Eq, 0)?])?]);
    // A checkpoint that takes over has to die with the nursery as well.
    let death = [argument(0, SeccompCmpOp::Eq, PARENT_DEATH)?, argument(1, SeccompCmpOp::Eq, KILL)?];
    allowed.insert(libc::SYS_prctl, vec![rule(death)?]);
    // In this order: the second filter would refuse the installation of the first.
    apply_filter_all_threads(&compile(clone3, SeccompAction::Allow, refuse(libc::ENOSYS))?)?;
    apply_filter_all_threads(&compile(allowed, refuse(libc::EPERM), SeccompAction::Allow)?)?;
    Ok(())
}

/// Holds if the call's argument of this number compares so with `value`.
fn argument(number: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(number, SeccompCmpArgLen::Qword, operator, value)
}

/// Holds if all conditions do.
fn rule<const N: usize>(conditions: [SeccompCondition; N]) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(conditions.into())
}

fn compile(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    action: SeccompAction,
) -> Result<BpfProgram, Error> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    Ok(SeccompFilter::new(rules, otherwise, action, architecture)?.try_into()?)
}
