//! The filter of system calls: what an interpreter without files needs, and nothing else. Where a call can do more than
//! it is needed for, its arguments are looked at.

use super::Error;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter_all_threads,
};
use std::collections::BTreeMap;

/// Calls that are allowed whatever their arguments: they touch the memory, the threads and the descriptors of the
/// process, and clocks.
const ALLOWED: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    // The first filter refuses it.
    libc::SYS_clone3,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fstat,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_gettimeofday,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_ppoll,
    libc::SYS_read,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_sigaltstack,
    libc::SYS_timerfd_settime,
    libc::SYS_write,
    libc::SYS_writev,
    // How this C library copies a process.
    #[cfg(all(target_arch = "x86_64", target_env = "musl"))]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
];

/// A test of one argument: it must have these bits, and may have those.
#[derive(Debug, Clone, Copy)]
struct Argument {
    number: u8,
    /// Whether the kernel looks at 64 bits of it, or at 32, beyond which the C library may leave anything.
    is_long: bool,
    must: u64,
    may: u64,
}

const fn int(number: u8, must: i32) -> Argument {
    Argument { number, is_long: false, must: must.cast_unsigned() as u64, may: 0 }
}

const fn long(number: u8, must: i32) -> Argument {
    Argument { is_long: true, ..int(number, must) }
}

impl Argument {
    const fn or(self, may: i32) -> Self {
        Self { may: may.cast_unsigned() as u64, ..self }
    }

    fn condition(self) -> Result<SeccompCondition, seccompiler::BackendError> {
        let Self { number, is_long, must, may } = self;
        let length = if is_long { SeccompCmpArgLen::Qword } else { SeccompCmpArgLen::Dword };
        SeccompCondition::new(number, length, SeccompCmpOp::MaskedEq(!may), must)
    }
}

const READ_WRITE: i32 = libc::PROT_READ | libc::PROT_WRITE;

/// The limit on memory, whose number has another type in each C library.
const DATA: i32 = libc::RLIMIT_DATA as i32;

/// Flags with which the C library starts a thread.
const THREAD: i32 = libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SIGHAND
    | libc::CLONE_THREAD
    | libc::CLONE_SYSVSEM
    | libc::CLONE_SETTLS
    | libc::CLONE_PARENT_SETTID
    | libc::CLONE_CHILD_CLEARTID;

/// Memory of the process alone.
const PRIVATE: i32 = libc::MAP_PRIVATE;
const KINDS_OF_PRIVATE: i32 = libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_STACK | libc::MAP_FIXED;

const KINDS_OF_WAITING: i32 = libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME;

/// Calls that are allowed with some arguments. Each line is one way.
const ALLOWED_WITH: &[(i64, &[Argument])] = &[
    // Threads, and copies of the process: no name spaces, and no copies that share memory or descriptors.
    (libc::SYS_clone, &[long(0, THREAD).or(libc::CLONE_DETACHED)]),
    (libc::SYS_clone, &[long(0, libc::SIGCHLD).or(libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID)]),
    // No signals when something happens to a descriptor, no locks, no leases, no larger pipes.
    (libc::SYS_fcntl, &[int(1, libc::F_GETFD)]),
    (libc::SYS_fcntl, &[int(1, libc::F_GETFL)]),
    // Waiting and waking. The other operations have a history of faults in the kernel.
    (libc::SYS_futex, &[int(1, libc::FUTEX_WAIT).or(KINDS_OF_WAITING)]),
    (libc::SYS_futex, &[int(1, libc::FUTEX_WAKE).or(KINDS_OF_WAITING)]),
    (libc::SYS_futex, &[int(1, libc::FUTEX_WAIT_BITSET).or(KINDS_OF_WAITING)]),
    // What the allocator says of memory that it does not need, and of the heap.
    (libc::SYS_madvise, &[int(2, libc::MADV_DONTNEED)]),
    (libc::SYS_madvise, &[int(2, libc::MADV_HUGEPAGE)]),
    // Memory of its own, which is limited, and files to read. Memory to share would not be limited, nor would memory
    // that grows like a stack. No code.
    (libc::SYS_mmap, &[long(2, 0).or(READ_WRITE), long(3, PRIVATE).or(KINDS_OF_PRIVATE)]),
    (libc::SYS_mmap, &[long(2, 0).or(libc::PROT_READ), long(3, libc::MAP_SHARED)]),
    (libc::SYS_mprotect, &[long(2, 0).or(READ_WRITE)]),
    (libc::SYS_mremap, &[long(3, libc::MREMAP_MAYMOVE)]),
    (libc::SYS_pipe2, &[int(1, libc::O_CLOEXEC)]),
    // A checkpoint that takes over has to die with the fork server as well.
    (libc::SYS_prctl, &[int(0, libc::PR_SET_PDEATHSIG), long(1, libc::SIGKILL)]),
    // It may read its own limits, and change the one on memory below the maximum, which it cannot raise.
    (libc::SYS_prlimit64, &[int(0, 0), long(2, 0)]),
    (libc::SYS_prlimit64, &[int(0, 0), int(1, DATA)]),
    // The sockets that it has.
    (libc::SYS_recvfrom, &[int(3, 0).or(libc::MSG_DONTWAIT)]),
    (libc::SYS_recvmsg, &[int(2, 0).or(libc::MSG_DONTWAIT | libc::MSG_CMSG_CLOEXEC)]),
    (libc::SYS_sendto, &[int(3, 0).or(libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL), long(4, 0)]),
];

/// Installs the filter for this process and all that it starts.
pub fn install() -> Result<(), Error> {
    let refuse = |errno: i32| SeccompAction::Errno(errno.cast_unsigned());
    // The C library falls back from `clone3`, whose flags no filter can read, to `clone` only if it seems not to exist.
    let clone3 = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let mut allowed: BTreeMap<i64, Vec<SeccompRule>> = ALLOWED.iter().map(|&call| (call, Vec::new())).collect();
    for (call, arguments) in ALLOWED_WITH {
        let conditions = arguments.iter().map(|argument| argument.condition()).collect::<Result<_, _>>()?;
        allowed.entry(*call).or_default().push(SeccompRule::new(conditions)?);
    }
    // In this order: the second filter would refuse the installation of the first.
    apply_filter_all_threads(&compile(clone3, SeccompAction::Allow, refuse(libc::ENOSYS))?)?;
    apply_filter_all_threads(&compile(allowed, refuse(libc::EPERM), SeccompAction::Allow)?)?;
    Ok(())
}

fn compile(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    action: SeccompAction,
) -> Result<BpfProgram, Error> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    Ok(SeccompFilter::new(rules, otherwise, action, architecture)?.try_into()?)
}
