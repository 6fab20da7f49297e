//! Running a project's checks on a tree that was made for it.
//!
//! Which commands run is up to the person alone ([`trust`](super::trust)); what they run may have been written by a model. So each
//! runs behind walls, in a process group that dies with the call, with a home and a folder for temporary files of its own, without the keys of
//! the person's environment, with a limit on its time, and, where the system can, in a network of its own.

mod filter;
mod marked;
pub mod results;
pub mod walls;

pub use marked::sweep;

use crate::{
    exec,
    failure::{Failure, FailureKind},
    text::one_line,
};
use marked::MARK;
use results::TestResults;
use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::{io::AsyncReadExt, time::timeout};
use walls::{NO_PROGRAM, NO_WALLS, Strength, Walls};

/// How much of what a check prints is read for names of tests, and how much of its end is shown.
const MOST_READ: usize = 8 << 20;
const SHOWN: usize = 2_000;

/// How long it may take to find out how strong the walls are.
const PROBE: Duration = Duration::from_secs(20);

/// What gives a process a network of its own, with nobody in it.
const OWN_NETWORK: [&str; 5] = ["unshare", "--map-current-user", "--keep-caps", "--net", "--"];

/// What every program may read, where it is there.
const SYSTEM: [&str; 18] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc",
    "/opt",
    "/nix",
    "/gnu",
    "/snap",
    "/proc",
    "/sys",
    "/dev",
    "/run/current-system",
    "/System",
    "/Library",
    "/var/lib/dpkg",
];

/// Devices that every program may write to.
const DEVICES: [&str; 9] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
    "/dev/shm",
];

/// What of the person's home belongs to tools, and holds nothing else.
const TOOLS: [&str; 26] = [
    ".cargo/bin",
    ".cargo/registry",
    ".cargo/git",
    ".cargo/config.toml",
    ".cargo/config",
    ".cargo/env",
    ".rustup",
    ".pyenv",
    ".local/bin",
    ".local/lib",
    ".local/share/uv",
    ".local/share/mise",
    ".nvm",
    ".volta",
    ".asdf",
    ".rbenv",
    ".rvm",
    ".sdkman",
    ".deno",
    ".bun",
    ".m2/repository",
    ".gradle",
    ".opam",
    ".ghcup",
    "go/pkg",
    "go/bin",
];

/// Variables that lead to what a check has nothing to do with.
const REMOVED: [&str; 17] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "SSH_AUTH_SOCK",
    "SSH_AGENT_PID",
    "GPG_AGENT_INFO",
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
    "XAUTHORITY",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XDG_DATA_HOME",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_STATE_HOME",
];

/// A command that the person trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// As the person has written it.
    pub written: String,
    pub words: Vec<String>,
}

impl Check {
    /// # Errors
    /// There is no program in it, or a quotation mark is missing.
    pub fn parse(written: &str) -> Result<Self, Failure> {
        let words = shell_words::split(written).ok().filter(|words| words.first().is_some_and(|it| !it.is_empty()));
        let words = words.ok_or_else(|| Failure {
            kind: FailureKind::Configuration,
            message: format!("`{}` is no command: a program and its arguments", one_line(written, 100)),
            hint: Some("no shell runs it; for one write `sh -c \"…\"`".to_owned()),
        })?;
        Ok(Self { written: written.trim().to_owned(), words })
    }
}

/// How a check has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Passed,
    /// With this status.
    Failed(i32),
    /// It took longer than it may.
    TooLong,
}

/// What came of a check.
#[derive(Debug, Clone)]
pub struct Ran {
    pub ending: Ending,
    pub results: TestResults,
    pub took: Duration,
    /// The end of its output.
    pub tail: String,
}

/// Where a check may write, and by what it is known.
#[derive(Debug, Clone)]
pub struct Places {
    /// The tree that is checked.
    pub tree: PathBuf,
    pub home: PathBuf,
    pub temporary: PathBuf,
    /// Locked by this process.
    pub lock: PathBuf,
    /// What is read beside the tree: where git has the objects of the repository.
    pub objects: PathBuf,
}

/// What runs checks.
#[derive(Debug)]
pub struct Runner {
    program: PathBuf,
    places: Places,
    keeps_network: bool,
    has_own_network: bool,
    strength: Strength,
    /// What checks may read beside all that.
    lent: Vec<PathBuf>,
}

impl Runner {
    /// Finds out how strong the walls are. `program` is this one.
    ///
    /// # Errors
    /// There are none, and `allows_weak` does not say that this is accepted.
    pub async fn new(
        program: PathBuf,
        places: Places,
        keeps_network: bool,
        allows_weak: bool,
    ) -> Result<Self, Failure> {
        let (strength, lent) = (Strength::default(), Vec::new());
        let runner = Self { program, places, keeps_network, has_own_network: false, strength, lent };
        let with_own = Self { has_own_network: !keeps_network, ..runner };
        let (runner, strength) = match with_own.probe().await {
            Some(strength) => (with_own, Some(strength)),
            None => {
                let without = Self { has_own_network: false, ..with_own };
                let strength = without.probe().await;
                (without, strength)
            }
        };
        match strength {
            Some(strength) if strength.landlock > 0 || allows_weak => Ok(Self { strength, ..runner }),
            None if allows_weak => Ok(runner),
            _ => Err(Failure {
                kind: FailureKind::Configuration,
                message:
                    "checks cannot be kept from the person's files: the system has no landlock (Linux 5.13 or newer)"
                        .to_owned(),
                hint: Some(
                    "RLM_ALLOW_WEAK_SANDBOX=1 runs them all the same; they run code that a model has written"
                        .to_owned(),
                ),
            }),
        }
    }

    /// Whether checks are kept from writing where they may only read.
    pub fn has_walls(&self) -> bool {
        self.strength.landlock > 0
    }

    /// Lets checks read these folders.
    pub fn lend(&mut self, folders: Vec<PathBuf>) {
        self.lent = folders;
    }

    /// Sentences about what the walls do not keep out.
    pub fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        if self.strength.landlock == 0 {
            gaps.push("checks could read and write all that you can: the system has no landlock".to_owned());
        }
        if self.keeps_network {
            gaps.push("checks could use the network, as you have wished".to_owned());
        } else if !self.has_own_network {
            let tcp = if self.strength.landlock >= 4 {
                "connections by TCP were off, other ways were not"
            } else {
                "it was on"
            };
            gaps.push(format!("the network could not be turned off for checks: {tcp}"));
        }
        gaps
    }

    async fn probe(&self) -> Option<Strength> {
        let walls = self.walls(&[], &self.places.tree);
        let read = async |mut output: tokio::process::ChildStdout| {
            let mut text = String::new();
            output.read_to_string(&mut text).await?;
            Ok::<_, io::Error>(text)
        };
        let words = self.words(&walls);
        let ended = timeout(PROBE, exec::run(&words, &[], "", read)).await.ok()?.ok()?;
        ended.status.success().then(|| serde_json::from_str(&ended.output).ok()).flatten()
    }

    /// Runs a check on the tree, for no longer than `limit`. When the future is dropped nothing of it goes on.
    ///
    /// # Errors
    /// It could not be run at all.
    pub async fn run(&self, check: &Check, limit: Duration) -> Result<Ran, Failure> {
        let walls = self.walls(&check.words, &self.places.tree);
        let words = self.words(&walls);
        let began = Instant::now();
        let ended = timeout(limit, exec::run(&words, &[], "", read)).await;
        self.sweep();
        let took = began.elapsed();
        let failed = |message: String| Failure {
            kind: FailureKind::Program,
            message: format!("the check `{}` cannot be run: {message}", check.written),
            hint: None,
        };
        let ended = match ended {
            Err(_) => {
                return Ok(Ran { ending: Ending::TooLong, results: TestResults::default(), took, tail: String::new() });
            }
            Ok(ended) => ended.map_err(|error| failure_of(&error, failed))?,
        };
        let tail = tail(&ended.output);
        match ended.status.code() {
            Some(code) if code == i32::from(NO_WALLS) => Err(failed(one_line(&tail, 300))),
            Some(code) if code == i32::from(NO_PROGRAM) && tail.contains(" does not start: ") => {
                Err(failed(one_line(&tail, 300)))
            }
            Some(0) => Ok(Ran { ending: Ending::Passed, results: results::read(&ended.output), took, tail }),
            code => {
                let ending = Ending::Failed(code.unwrap_or(-1));
                Ok(Ran { ending, results: results::read(&ended.output), took, tail })
            }
        }
    }

    /// Ends what has left its process group.
    pub fn sweep(&self) {
        if let Some(mark) = self.places.lock.parent() {
            sweep(mark);
        }
    }

    fn words(&self, walls: &Walls) -> Vec<String> {
        let own = [self.program.to_string_lossy().into_owned(), walls::ARGUMENT.to_owned()];
        let walls = serde_json::to_string(walls).unwrap_or_default();
        let network = if self.has_own_network { &OWN_NETWORK[..] } else { &[] };
        network.iter().map(|&it| it.to_owned()).chain(own).chain([walls]).collect()
    }

    fn walls(&self, words: &[String], folder: &Path) -> Walls {
        let Places { tree, home, temporary, lock, objects } = &self.places;
        let own_home = std::env::var_os("HOME").map(PathBuf::from).filter(|it| it.is_absolute());
        let of_home = |part: &str| own_home.as_ref().map(|it| it.join(part)).filter(|it| it.exists());
        let mut readable: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
        readable.extend(TOOLS.iter().filter_map(|part| of_home(part)));
        readable.extend(tools_on_path(own_home.as_deref()));
        readable.extend([self.program.clone(), objects.clone(), lock.clone()]);
        readable.extend_from_slice(&self.lent);
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut variables = vec![
            ("HOME".to_owned(), text(home)),
            ("TMPDIR".to_owned(), text(temporary)),
            (MARK.to_owned(), text(lock.parent().unwrap_or(lock))),
            ("CARGO_NET_OFFLINE".to_owned(), (!self.keeps_network).to_string()),
            ("GIT_CONFIG_NOSYSTEM".to_owned(), "1".to_owned()),
        ];
        let kept = [
            ("CARGO_HOME", ".cargo"),
            ("RUSTUP_HOME", ".rustup"),
            ("GOMODCACHE", "go/pkg/mod"),
            ("PYTHONUSERBASE", ".local"),
        ];
        let kept = kept.iter().filter(|(name, _)| std::env::var_os(name).is_none());
        variables.extend(kept.filter_map(|&(name, part)| Some((name.to_owned(), text(&of_home(part)?)))));
        let writable = [tree, home, temporary].map(Clone::clone).into_iter().chain(DEVICES.iter().map(PathBuf::from));
        Walls {
            folder: folder.to_owned(),
            writable: writable.collect(),
            readable,
            has_own_network: self.has_own_network,
            keeps_network: self.keeps_network,
            lock: lock.clone(),
            variables,
            removed: REMOVED.iter().map(|&it| it.to_owned()).collect(),
            takes_input: false,
            words: words.to_vec(),
        }
    }
}

fn failure_of(error: &io::Error, failed: impl Fn(String) -> Failure) -> Failure {
    failed(one_line(&error.to_string(), 300))
}

/// What a check prints: the beginning, and the end if that is far from it.
async fn read(mut output: tokio::process::ChildStdout) -> Result<String, io::Error> {
    let (mut head, mut end) = (Vec::new(), Vec::new());
    let mut part = vec![0; 64 << 10];
    loop {
        let count = output.read(&mut part).await?;
        if count == 0 {
            break;
        }
        let room = count.min(MOST_READ - head.len());
        head.extend_from_slice(&part[..room]);
        end.extend_from_slice(&part[room..count]);
        if end.len() > 4 * SHOWN {
            end.drain(..end.len() - 2 * SHOWN);
        }
    }
    head.extend(end);
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn tail(output: &str) -> String {
    let start = output.len().saturating_sub(SHOWN);
    output[output.ceil_char_boundary(start)..].trim().to_owned()
}

/// The folders of programs on the search path, each with what belongs to them, unless that is all of a home.
fn tools_on_path(home: Option<&Path>) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let of_folder = |folder: PathBuf| {
        let parent = folder.parent().filter(|parent| {
            folder.ends_with("bin")
                && parent.components().count() > 2
                && home.is_none_or(|home| !home.starts_with(parent))
        });
        parent.map(Path::to_owned).unwrap_or(folder)
    };
    let is_home = |folder: &PathBuf| home.is_some_and(|home| home.starts_with(folder));
    std::env::split_paths(&path).filter(|it| it.is_absolute()).map(of_folder).filter(|it| !is_home(it)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_is_a_program_with_arguments_and_no_shell() {
        for (written, expected) in [
            ("cargo test --locked", Some(&["cargo", "test", "--locked"][..])),
            ("sh -c 'a && b'", Some(&["sh", "-c", "a && b"])),
            ("  ", None),
            ("a 'b", None),
        ] {
            let words = Check::parse(written).ok().map(|it| it.words);
            assert_eq!(
                words.as_deref(),
                expected.map(|it| it.iter().map(|&it| it.to_owned()).collect::<Vec<_>>()).as_deref()
            );
        }
    }

    #[test]
    fn tools_are_taken_with_their_libraries_but_never_a_home() {
        let output = "x\n".repeat(5_000);
        assert!(tail(&output).len() < SHOWN && tail("a\n") == "a");
        let found = tools_on_path(Some(Path::new("/home/ann")));
        assert!(found.iter().all(|it| !Path::new("/home/ann").starts_with(it)));
    }
}
