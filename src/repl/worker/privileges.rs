//! What a session gives up before its walls are built: the rights of its user, and the claim to be spared when the
//! machine runs out of memory. It also gets a count of threads and processes that the kernel keeps.
//!
//! The kernel's limit on processes (`RLIMIT_NPROC`) counts those of a user, and none of root's. So that it counts those
//! of one session, the session becomes a user of its own: with root's rights a user that nobody else is, and without
//! them the same user in a user name space of its own (Linux 5.14 counts by name space). Whether that worked is tried
//! out and not assumed, since containers and security modules may forbid either way. Then the limit is a share of what
//! the user may have, which at least leaves the rest of the machine able to start programs.

use super::{super::wire::Tasks, process};
use rustix::{
    io,
    process::{DumpableBehavior, Gid, Resource, Rlimit, Uid, geteuid, getrlimit, set_dumpable_behavior, setrlimit},
    rand::{GetRandomFlags, getrandom},
    thread::{
        CapabilitySet, CapabilitySets, capabilities, capability_is_in_bounding_set, clear_ambient_capability_set,
        remove_capability_from_bounding_set, set_capabilities, set_thread_groups, set_thread_res_gid,
        set_thread_res_uid,
    },
};
use std::{fs, thread};

/// Threads that a program may have started and not ended.
pub const MOST_THREADS: usize = 256;

/// Threads and processes that a session and its checkpoints may have together: those of the program
/// ([`MOST_THREADS`]), our own, and those that have ended and are still being cleaned up.
const MOST_TASKS: u64 = MOST_THREADS as u64 + 64;

/// The first of the users that sessions of root become, and how many there are. No distribution and no container
/// manager hands these out (`systemd` lists who uses which).
const FIRST_USER: u32 = 0x7800_0000;
const USERS: u32 = 1 << 26;

/// The user that owns nothing, for containers in which no other is known.
const NOBODY: u32 = 65534;

/// The kernel ends processes of a higher score first. Sessions have the highest.
const SESSION_SCORE: &str = "1000";
const FORK_SERVER_SCORE: &str = "800";

/// Has the kernel end the fork server before the server.
pub fn offer_fork_server() {
    offer(FORK_SERVER_SCORE);
}

/// Gives everything up. The calling thread must be the only one of its process.
///
/// # Errors
/// The capabilities stay, so nothing may run here.
pub fn give_up() -> io::Result<Tasks> {
    offer(SESSION_SCORE);
    let is_own = become_own_user();
    let tasks = limit_tasks(is_own);
    // A process without capabilities cannot start another program that has some; this is for completeness.
    empty_bounding_set();
    let _ = clear_ambient_capability_set();
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    Ok(tasks)
}

/// A system that does not take the score treats all processes alike, which is no reason not to go on.
fn offer(score: &str) {
    let _ = fs::write("/proc/self/oom_score_adj", score);
}

/// Says whether the process is now a user whose processes are all of this session.
fn become_own_user() -> bool {
    if geteuid().is_root() {
        // The fork server must still be able to end what becomes another user.
        let needed = CapabilitySet::SETUID | CapabilitySet::SETGID | CapabilitySet::KILL;
        if capabilities(None).is_ok_and(|has| has.effective.contains(needed)) {
            empty_bounding_set();
            let own = FIRST_USER + random() % USERS;
            if become_user(own).is_ok() {
                return true;
            }
            if become_user(NOBODY).is_ok() {
                return false;
            }
        }
    }
    let is_own = process::unshare_user().is_ok();
    if is_own {
        // The person who has started the program may look at its processes as before.
        let _ = set_dumpable_behavior(DumpableBehavior::Dumpable);
    }
    is_own
}

fn become_user(id: u32) -> io::Result<()> {
    let (user, group) = (Uid::from_raw(id), Gid::from_raw(id));
    set_thread_groups(&[])?;
    set_thread_res_gid(group, group, group)?;
    set_thread_res_uid(user, user, user)
}

fn random() -> u32 {
    let mut bytes = [0; 4];
    // Without randomness two sessions may be one user, and share a limit.
    let _ = getrandom(&mut bytes, GetRandomFlags::empty());
    u32::from_ne_bytes(bytes)
}

/// Sets the limit on threads and processes, and says what it counts.
fn limit_tasks(is_own: bool) -> Tasks {
    let before = getrlimit(Resource::Nproc);
    let can_start_at = |most| {
        let limit = Rlimit { current: Some(most), maximum: before.maximum };
        setrlimit(Resource::Nproc, limit).is_err() || starts_thread()
    };
    let tasks = match (can_start_at(1), is_own && can_start_at(2)) {
        (true, _) => Tasks::Uncounted,
        (false, true) => Tasks::Own,
        (false, false) => Tasks::OfUser,
    };
    let most = match tasks {
        Tasks::Own => MOST_TASKS,
        Tasks::OfUser | Tasks::Uncounted => share(before.maximum),
    };
    let most = before.maximum.map_or(most, |maximum| most.min(maximum));
    match setrlimit(Resource::Nproc, Rlimit { current: Some(most), maximum: Some(most) }) {
        Ok(()) => tasks,
        Err(_) => Tasks::Uncounted,
    }
}

/// Three quarters of what the user, or the machine, can have.
fn share(maximum: Option<u64>) -> u64 {
    let machine = fs::read_to_string("/proc/sys/kernel/pid_max").ok().and_then(|text| text.trim().parse().ok());
    let most = [maximum, machine].into_iter().flatten().min().unwrap_or(1 << 15);
    most / 4 * 3
}

fn starts_thread() -> bool {
    let started = thread::Builder::new().stack_size(64 << 10).spawn(|| ());
    started.is_ok_and(|thread| thread.join().is_ok())
}

/// Takes from the process what programs that it starts could get back.
fn empty_bounding_set() {
    for number in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        let goes_on = match capability_is_in_bounding_set(capability) {
            Ok(true) => remove_capability_from_bounding_set(capability).is_ok(),
            Ok(false) => true,
            // The kernel knows no more of them.
            Err(_) => false,
        };
        // One that may not be taken away is followed by others that may not.
        if !goes_on {
            return;
        }
    }
}
