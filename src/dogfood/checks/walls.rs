//! The walls around a check: a process of its own, which gives up its rights and then starts the check's program.
//!
//! A check runs code that a model has written. It may read the tree that it checks, the system and the tools of the person, but
//! nothing else of theirs; it may write to that tree, a home and a folder for temporary files that are made for it; it cannot
//! signal processes outside. If the process that has started it goes away, however that ends, it ends as well.

use super::marked::sweep;
use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
    path_beneath_rules,
};
use rustix::{
    fs::{FlockOperation, flock},
    process::{Resource, Rlimit, Signal, getpgrp, kill_process_group, setrlimit},
    thread::clear_ambient_capability_set,
};
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{self, Write},
    os::{fd::AsFd, unix::process::ExitStatusExt},
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

/// The first argument of the process.
pub const ARGUMENT: &str = "dogfood-check";

/// Its status if the walls do not stand, and if the program does not start.
pub const NO_WALLS: u8 = 125;
pub const NO_PROGRAM: u8 = 127;

/// How often it looks whether whoever has started it is still there.
const PAUSE: Duration = Duration::from_millis(50);

/// What a check may do, and what it is. Without words it only says how strong the walls are.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Walls {
    /// The folder that the program is started in.
    pub folder: PathBuf,
    pub writable: Vec<PathBuf>,
    pub readable: Vec<PathBuf>,
    /// Whether the process has a network of its own already, with nobody in it.
    pub has_own_network: bool,
    /// Whether the person wants the network to be there.
    pub keeps_network: bool,
    /// Locked for as long as whoever has started it lives.
    pub lock: PathBuf,
    /// Variables that are set, and those that are taken away.
    pub variables: Vec<(String, String)>,
    pub removed: Vec<String>,
    /// Whether the program reads what whoever has started it writes, and its complaints are kept apart from its output.
    pub takes_input: bool,
    pub words: Vec<String>,
}

/// How strong the walls are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strength {
    /// The version of landlock; 0 without it.
    pub landlock: u8,
}

/// The process. Its argument are [`Walls`] as JSON.
pub fn main(mut arguments: impl Iterator<Item = String>) -> ExitCode {
    let walls = arguments.next().and_then(|it| serde_json::from_str::<Walls>(&it).ok());
    let ended = walls.ok_or_else(|| "this is for its own use".to_owned()).and_then(|walls| run(&walls));
    ended.unwrap_or_else(|problem| {
        let _ = writeln!(io::stdout(), "rlm: {problem}");
        ExitCode::from(NO_WALLS)
    })
}

fn run(walls: &Walls) -> Result<ExitCode, String> {
    if walls.has_own_network {
        // Many tests talk to themselves. Where there is no such program they cannot.
        let _ = Command::new("ip").args(["link", "set", "lo", "up"]).stderr(Stdio::null()).status();
        let _ = clear_ambient_capability_set();
    }
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).map_err(|error| format!("core dumps cannot be turned off: {error}"))?;
    let lock = if walls.words.is_empty() { None } else { Some(File::open(&walls.lock)) };
    let lock = lock.transpose().map_err(|error| format!("the lock is not there: {error}"))?;
    let landlock = restrict(walls).map_err(|error| format!("landlock failed: {error}"))?;
    let (Some(lock), Some((program, arguments))) = (lock, walls.words.split_first()) else {
        let strength = serde_json::to_string(&Strength { landlock }).unwrap_or_default();
        let _ = write!(io::stdout(), "{strength}");
        return Ok(ExitCode::SUCCESS);
    };
    std::thread::spawn(move || end_with_starter(&lock));
    let output = || io::stdout().as_fd().try_clone_to_owned().map(Stdio::from);
    let streams = output().and_then(|first| Ok((first, output()?)));
    let (stdout, stderr) = streams.map_err(|error| format!("its output cannot be connected: {error}"))?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&walls.folder).stdout(stdout);
    match walls.takes_input {
        true => command.stdin(Stdio::inherit()).stderr(Stdio::inherit()),
        false => command.stdin(Stdio::null()).stderr(stderr),
    };
    for name in &walls.removed {
        command.env_remove(name);
    }
    command.envs(walls.variables.iter().map(|(name, value)| (name, value)));
    let ended = command.status();
    // What goes on elsewhere would keep the output open.
    walls.lock.parent().into_iter().for_each(sweep);
    match ended {
        Ok(status) => {
            let signal = status.signal().map(|signal| 128 + signal);
            let code = status.code().or(signal).and_then(|code| u8::try_from(code).ok());
            Ok(ExitCode::from(code.unwrap_or(u8::MAX)))
        }
        Err(error) => {
            let _ = writeln!(io::stdout(), "rlm: {program} does not start: {error}");
            Ok(ExitCode::from(NO_PROGRAM))
        }
    }
}

/// Ends this process and all of its group when nobody holds the lock any more.
fn end_with_starter(lock: &File) {
    while flock(lock, FlockOperation::NonBlockingLockShared).is_err() {
        std::thread::sleep(PAUSE);
    }
    let _ = kill_process_group(getpgrp(), Signal::KILL);
}

/// Gives up the rights to what is not named. Says by which version of landlock.
fn restrict(walls: &Walls) -> Result<u8, landlock::RulesetError> {
    let abi = ABI::V6;
    let ruleset = Ruleset::default().handle_access(AccessFs::from_all(abi))?.scope(Scope::from_all(abi))?;
    // In a network of its own it may connect to itself.
    let ruleset = match walls.has_own_network || walls.keeps_network {
        true => ruleset,
        false => ruleset.handle_access(AccessNet::ConnectTcp)?,
    };
    let status = ruleset
        .create()?
        .add_rules(path_beneath_rules(&walls.readable, AccessFs::from_read(abi)))?
        .add_rules(path_beneath_rules(&walls.writable, AccessFs::from_all(abi)))?
        .restrict_self()?;
    Ok(match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) => 0,
        (_, LandlockStatus::Available { effective_abi, .. }) => effective_abi as u8,
        _ => 0,
    })
}
