//! Running a program of the person's own: a model behind a command, or a tool.
//!
//! No shell runs, so that no prompt, no argument and no file name ever means anything to one. The program leads a
//! process group of its own, and the group dies with the future, whatever it has started. It inherits the environment
//! but for the keys in it ([`keys`]), of which it gets those that it was lent.

mod keys;

pub use keys::names_secret;

use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    collections::BTreeSet,
    ffi::OsStr,
    io,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::{Mutex, PoisonError},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{ChildStdin, ChildStdout, Command},
};

/// How much of what a program complains about is kept, in bytes.
const MOST_COMPLAINT: usize = 4 << 10;

/// What came of a program.
#[derive(Debug)]
pub struct Ended<T> {
    pub output: T,
    pub status: ExitStatus,
    /// The beginning of its standard error.
    pub complaint: String,
}

/// The file of a program: the one that a path names, or the first in `folders`, which are written as in `PATH`.
pub fn program_file(program: &str, folders: &OsStr) -> Option<PathBuf> {
    let places: Vec<PathBuf> = match program.contains('/') {
        true => vec![program.into()],
        false => std::env::split_paths(folders).map(|folder| folder.join(program)).collect(),
    };
    places.into_iter().find(|place| place.is_file())
}

/// Runs the program `words` with `input`, and has `read` take its output. An error of `read` ends the program at once.
/// `lent` names the variables with keys that it inherits.
pub async fn run<T, E: From<io::Error>>(
    words: &[String],
    lent: &[String],
    input: &str,
    read: impl AsyncFnOnce(ChildStdout) -> Result<T, E>,
) -> Result<Ended<T>, E> {
    let (program, arguments) =
        words.split_first().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "there is no program"))?;
    let mut command = Command::new(program);
    command.args(arguments).process_group(0).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in keys::withheld(lent) {
        command.env_remove(name);
    }
    let start = |error: io::Error| io::Error::new(error.kind(), format!("it does not start: {error}"));
    let mut child = command.spawn().map_err(start)?;
    let group = Group::led_by(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
    let streams = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(stdin), Some(stdout), Some(stderr)) = streams else {
        return Err(io::Error::other("its standard streams could not be connected").into());
    };
    let ended = async {
        let status = child.wait().await;
        // What the program left behind would keep its output open for ever.
        drop(group);
        status.map_err(E::from)
    };
    let fed = async {
        feed(stdin, input).await;
        Ok(())
    };
    let (output, complaint, (), status) = tokio::try_join!(read(stdout), async { Ok(head(stderr).await) }, fed, ended)?;
    Ok(Ended { output, status, complaint })
}

/// The groups that are running, by the process that leads each.
static RUNNING: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Ends all programs at once, for a process that cannot wait until their futures are dropped.
pub fn end_all() {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    for group in running.iter().filter_map(|id| Pid::from_raw(*id)) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// The program and all that it started; killed when this is dropped.
struct Group(Option<Pid>);

impl Group {
    fn led_by(leader: Option<Pid>) -> Self {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        running.extend(leader.map(|it| it.as_raw_nonzero().get()));
        Self(leader)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            RUNNING.lock().unwrap_or_else(PoisonError::into_inner).remove(&group.as_raw_nonzero().get());
            // It fails when nobody is left, which is all that is wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Writes the input. A program that does not read all of it is free to.
async fn feed(mut stdin: ChildStdin, input: &str) {
    if stdin.write_all(input.as_bytes()).await.is_ok() {
        let _ = stdin.shutdown().await;
    }
}

/// The first part of a stream that is read to its end.
async fn head(mut stream: impl AsyncRead + Unpin) -> String {
    let (mut kept, mut part) = (Vec::new(), [0; 4 << 10]);
    while let Ok(read @ 1..) = stream.read(&mut part).await {
        kept.extend_from_slice(&part[..read.min(MOST_COMPLAINT - kept.len())]);
    }
    String::from_utf8_lossy(&kept).into_owned()
}
