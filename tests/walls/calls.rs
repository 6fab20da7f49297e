//! System calls that are tried behind the walls, and what is to come of them.

use std::{fmt::Write, io};

/// What is to come of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Right {
    Refused,
    Allowed,
    /// As if the kernel did not know it.
    Unknown,
    /// There is not so much memory.
    NoMemory,
}
use Right::{Allowed, NoMemory, Refused, Unknown};

/// Stands for the address of some memory.
const BUFFER: i64 = -0x0b0f;

/// Numbers of the 32-bit calls on 64-bit machines begin here.
const X32: i64 = 0x4000_0000;

fn calls() -> Vec<(&'static str, Right, i64, Vec<i64>)> {
    let mut calls: Vec<(&'static str, Right, i64, Vec<i64>)> = Vec::new();
    let mut call = |name, right, number, arguments: &[i64]| calls.push((name, right, number, arguments.to_vec()));
    let (anonymous, private, shared) = (libc::MAP_ANONYMOUS, libc::MAP_PRIVATE, libc::MAP_SHARED);
    let read_write = i64::from(libc::PROT_READ | libc::PROT_WRITE);

    // Descriptors: 1 is a pipe.
    for (name, command, argument) in [
        ("fcntl F_SETOWN", libc::F_SETOWN, 1),
        ("fcntl F_SETSIG", 10, i64::from(libc::SIGKILL)),
        ("fcntl F_SETOWN_EX", 15, BUFFER),
        ("fcntl F_SETFL O_ASYNC", libc::F_SETFL, i64::from(libc::O_ASYNC)),
        ("fcntl F_SETFL O_ASYNC|O_NONBLOCK", libc::F_SETFL, i64::from(libc::O_ASYNC | libc::O_NONBLOCK)),
        ("fcntl F_NOTIFY", 1026, 1),
        ("fcntl F_SETLEASE", 1024, 0),
        ("fcntl F_SETPIPE_SZ", libc::F_SETPIPE_SZ, 1 << 20),
        ("fcntl F_SETLK", libc::F_SETLK, BUFFER),
        ("fcntl F_OFD_SETLKW", libc::F_OFD_SETLKW, BUFFER),
        ("fcntl F_ADD_SEALS", libc::F_ADD_SEALS, 1),
        ("fcntl F_DUPFD", libc::F_DUPFD, 3),
    ] {
        call(name, Refused, libc::SYS_fcntl, &[1, i64::from(command), argument]);
    }
    call("fcntl F_SETOWN with a high half", Refused, libc::SYS_fcntl, &[1, 1 << 32 | i64::from(libc::F_SETOWN), 1]);
    call("fcntl F_GETFL", Allowed, libc::SYS_fcntl, &[1, i64::from(libc::F_GETFL), 0]);
    call("ioctl FIOASYNC", Refused, libc::SYS_ioctl, &[1, libc::FIOASYNC.cast_signed(), BUFFER]);
    call("pipe2 O_DIRECT", Refused, libc::SYS_pipe2, &[BUFFER, i64::from(libc::O_DIRECT | libc::O_CLOEXEC)]);

    // Memory.
    for (name, advice) in [
        ("madvise MADV_HWPOISON", libc::MADV_HWPOISON),
        ("madvise MADV_SOFT_OFFLINE", libc::MADV_SOFT_OFFLINE),
        ("madvise MADV_MERGEABLE", libc::MADV_MERGEABLE),
        ("madvise MADV_REMOVE", libc::MADV_REMOVE),
        ("madvise MADV_DOFORK", libc::MADV_DOFORK),
        ("madvise MADV_POPULATE_WRITE", libc::MADV_POPULATE_WRITE),
        ("madvise MADV_WIPEONFORK", libc::MADV_WIPEONFORK),
    ] {
        call(name, Refused, libc::SYS_madvise, &[BUFFER, 4096, i64::from(advice)]);
    }
    for (name, right, protection, flags) in [
        ("mmap private", Allowed, read_write, private | anonymous),
        ("mmap shared anonymous", Refused, read_write, shared | anonymous),
        ("mmap shared anonymous to read", Refused, 1, shared | anonymous),
        ("mmap shared validated", Refused, 1, libc::MAP_SHARED_VALIDATE),
        ("mmap shared file to write", Refused, read_write, shared),
        ("mmap code", Refused, read_write | i64::from(libc::PROT_EXEC), private | anonymous),
        ("mmap growing down", Refused, read_write, private | anonymous | libc::MAP_GROWSDOWN),
        ("mmap huge pages", Refused, read_write, private | anonymous | libc::MAP_HUGETLB),
        ("mmap locked", Refused, read_write, private | anonymous | libc::MAP_LOCKED),
    ] {
        call(name, right, libc::SYS_mmap, &[0, 4096, protection, i64::from(flags), -1, 0]);
    }
    call("mmap too much", NoMemory, libc::SYS_mmap, &[0, 1 << 30, read_write, i64::from(private | anonymous), -1, 0]);
    call("mprotect code", Refused, libc::SYS_mprotect, &[BUFFER, 4096, 5]);
    call("mprotect", Allowed, libc::SYS_mprotect, &[BUFFER, 4096, read_write]);
    call("mprotect growing", Refused, libc::SYS_mprotect, &[BUFFER, 4096, read_write | 0x0100_0000]);
    call("mremap to a place", Refused, libc::SYS_mremap, &[BUFFER, 4096, 4096, 3, BUFFER]);
    call("mlock", Refused, libc::SYS_mlock, &[BUFFER, 4096]);
    call("pkey_alloc", Refused, libc::SYS_pkey_alloc, &[0, 0]);

    // Processes and threads.
    for (name, flags) in [
        ("clone CLONE_VM", libc::CLONE_VM | libc::SIGCHLD),
        ("clone CLONE_FILES", libc::CLONE_FILES | libc::SIGCHLD),
        ("clone CLONE_PARENT", libc::CLONE_PARENT | libc::SIGCHLD),
        ("clone CLONE_NEWUSER", libc::CLONE_NEWUSER | libc::SIGCHLD),
        ("clone CLONE_NEWPID", libc::CLONE_NEWPID | libc::SIGCHLD),
        ("clone CLONE_PIDFD", libc::CLONE_PIDFD | libc::SIGCHLD),
        ("clone with another signal", libc::SIGKILL),
    ] {
        call(name, Refused, libc::SYS_clone, &[i64::from(flags), 0, BUFFER, BUFFER, 0]);
    }
    call("clone3", Unknown, libc::SYS_clone3, &[BUFFER, 64]);
    call("futex FUTEX_LOCK_PI", Refused, libc::SYS_futex, &[BUFFER, 6, 0, 0]);
    call("futex FUTEX_CMP_REQUEUE_PI", Refused, libc::SYS_futex, &[BUFFER, 12, 0, 0, BUFFER]);
    call("futex FUTEX_WAKE", Allowed, libc::SYS_futex, &[BUFFER, 129, 1]);
    call("prctl PR_SET_DUMPABLE", Refused, libc::SYS_prctl, &[i64::from(libc::PR_SET_DUMPABLE), 1]);
    call("prctl PR_SET_PDEATHSIG to none", Refused, libc::SYS_prctl, &[i64::from(libc::PR_SET_PDEATHSIG), 0]);
    call("prctl PR_SET_SECCOMP", Refused, libc::SYS_prctl, &[i64::from(libc::PR_SET_SECCOMP), 2, BUFFER]);
    for (name, right, resource, new) in [
        ("prlimit RLIMIT_DATA", Allowed, 2, 0),
        ("prlimit RLIMIT_NPROC to set", Refused, 6, BUFFER),
        ("prlimit RLIMIT_NOFILE to set", Refused, 7, BUFFER),
    ] {
        call(name, right, libc::SYS_prlimit64, &[0, resource, new, BUFFER]);
    }
    call("prlimit of another process", Refused, libc::SYS_prlimit64, &[1, 2, 0, BUFFER]);

    // Sockets: descriptor 0 is a pipe, so what the filter lets through fails otherwise.
    call("sendto with an address", Refused, libc::SYS_sendto, &[0, BUFFER, 1, 0, BUFFER, 16]);
    call("sendto out of band", Refused, libc::SYS_sendto, &[0, BUFFER, 1, i64::from(libc::MSG_OOB), 0, 0]);
    call("recvfrom out of band", Refused, libc::SYS_recvfrom, &[0, BUFFER, 1, i64::from(libc::MSG_OOB), 0, 0]);

    // Whatever reaches others, and with the numbers of 32-bit calls.
    for (name, number, arguments) in [
        ("kill", libc::SYS_kill, [1, 0, 0]),
        ("tgkill", libc::SYS_tgkill, [1, 1, 0]),
        ("pidfd_send_signal", libc::SYS_pidfd_send_signal, [1, 0, 0]),
        ("rt_sigqueueinfo", libc::SYS_rt_sigqueueinfo, [1, 0, BUFFER]),
        ("ptrace", libc::SYS_ptrace, [0, 0, 0]),
        ("process_vm_readv", libc::SYS_process_vm_readv, [1, BUFFER, 0]),
        ("socket", libc::SYS_socket, [1, 1, 0]),
        ("socketpair", libc::SYS_socketpair, [1, 1, 0]),
        ("connect", libc::SYS_connect, [0, BUFFER, 16]),
        ("sendmsg", libc::SYS_sendmsg, [0, BUFFER, 0]),
        ("openat", libc::SYS_openat, [-100, BUFFER, 0]),
        ("openat2", libc::SYS_openat2, [-100, BUFFER, BUFFER]),
        ("execve", libc::SYS_execve, [BUFFER, 0, 0]),
        ("execveat", libc::SYS_execveat, [-100, BUFFER, 0]),
        ("memfd_create", libc::SYS_memfd_create, [BUFFER, 0, 0]),
        ("memfd_secret", libc::SYS_memfd_secret, [0, 0, 0]),
        ("io_uring_setup", libc::SYS_io_uring_setup, [1, BUFFER, 0]),
        ("userfaultfd", libc::SYS_userfaultfd, [0, 0, 0]),
        ("bpf", libc::SYS_bpf, [0, BUFFER, 8]),
        ("perf_event_open", libc::SYS_perf_event_open, [BUFFER, 0, 0]),
        ("keyctl", libc::SYS_keyctl, [0, 0, 0]),
        ("unshare", libc::SYS_unshare, [0, 0, 0]),
        ("setns", libc::SYS_setns, [0, 0, 0]),
        ("setsid", libc::SYS_setsid, [0, 0, 0]),
        ("setuid", libc::SYS_setuid, [0, 0, 0]),
        ("capset", libc::SYS_capset, [BUFFER, BUFFER, 0]),
        ("seccomp", libc::SYS_seccomp, [1, 0, BUFFER]),
        ("mount", libc::SYS_mount, [BUFFER, BUFFER, BUFFER]),
        ("timer_create", libc::SYS_timer_create, [0, BUFFER, BUFFER]),
        ("epoll_create1", libc::SYS_epoll_create1, [0, 0, 0]),
        ("shmget", libc::SYS_shmget, [0, 4096, 0o1600]),
        ("msgget", libc::SYS_msgget, [0, 0o1600, 0]),
        ("sched_setaffinity", libc::SYS_sched_setaffinity, [0, 8, BUFFER]),
        ("setpriority", libc::SYS_setpriority, [0, 0, 0]),
        ("personality", libc::SYS_personality, [0, 0, 0]),
        ("membarrier", libc::SYS_membarrier, [0, 0, 0]),
    ] {
        call(name, Refused, number, &arguments);
        if cfg!(target_arch = "x86_64") {
            call(&*format!("{name} of x32").leak(), Refused, X32 | number, &arguments);
        }
    }
    calls
}

/// The lines to run.
pub fn script() -> String {
    calls().iter().enumerate().fold(String::new(), |mut script, (place, (_, _, number, arguments))| {
        let _ = write!(script, "{place} {number}");
        for argument in arguments {
            let _ = write!(script, " {argument}");
        }
        script.push('\n');
        script
    })
}

/// Runs a line behind the walls: a label, the number of a call, and its arguments. Returns the label and the error.
pub fn run(line: &str) -> String {
    #[repr(align(65536))]
    struct Buffer {
        _bytes: [u8; 65536],
    }
    static mut MEMORY: Buffer = Buffer { _bytes: [0; 65536] };
    let mut words = line.split_whitespace().map(|word| word.parse::<i64>().expect("a number"));
    let label = words.next().expect("a label");
    let number = words.next().expect("the number of a call");
    let mut arguments = [0; 6];
    for (argument, word) in arguments.iter_mut().zip(words) {
        *argument = if word == BUFFER { (&raw mut MEMORY) as i64 } else { word };
    }
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: what is allowed of these calls touches only the buffer, or memory that it makes itself.
    let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    let error = if result == -1 { io::Error::last_os_error().raw_os_error().unwrap_or_default() } else { 0 };
    format!("{label} {error}")
}

/// Compares what was seen with what is right.
pub fn check(seen: &str) {
    let calls = calls();
    let errors: Vec<(usize, i32)> = seen
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(label, error)| Some((label.parse().ok()?, error.parse().ok()?)))
        .collect();
    assert_eq!(errors.len(), calls.len(), "one answer each:\n{seen}");
    let wrong: Vec<String> = errors
        .iter()
        .filter_map(|&(place, error)| {
            let (name, right, ..) = &calls[place];
            let is_right = match right {
                Refused => error == libc::EPERM,
                Allowed => error == 0,
                Unknown => error == libc::ENOSYS,
                NoMemory => error == libc::ENOMEM,
            };
            (!is_right).then(|| format!("{name} is to be {right:?}, and gave {}", io::Error::from_raw_os_error(error)))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How many copies of the process there can be. They end with it.
pub fn count_forks(most: usize) -> usize {
    let mut ends = [0; 2];
    // SAFETY: the array has room for two descriptors.
    assert_eq!(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) }, 0);
    let copy = |_: &usize| {
        // SAFETY: the process has one thread, and the copy does nothing but to wait until the pipe has no other end.
        match unsafe { libc::fork() } {
            -1 => false,
            // SAFETY: the descriptors are those of the pipe, and one byte has room in the array.
            0 => unsafe {
                libc::close(ends[1]);
                libc::read(ends[0], ends.as_ptr().cast_mut().cast(), 1);
                libc::_exit(0)
            },
            _ => true,
        }
    };
    (0..most).take_while(copy).count()
}
