//! The fork server and the interpreters' processes: the program itself, started again under another name, and copies of
//! it.
//!
//! The fork server builds the interpreter and imports the common modules ([`fork_server`]). For each session it copies
//! itself. The copy closes the sandbox around itself, waits for the context, and then runs cells one after the other.
//! What happens around a cell:
//!
//! ```text
//! run the program, watched → let the last checkpoint go → report → fork the next one → wait for the next program
//! ```
//!
//! Nothing here is trusted by the server: a program that took this process over could still only send frames.

pub mod arenas;
mod builtins_guard;
mod calls;
mod cell;
mod checkpoint;
mod clock;
mod corrections;
mod faults;
mod fork_server;
mod link;
pub mod memory;
mod output;
mod pages;
pub mod privileges;
mod process;
mod repair_double_call;
mod reservation;
pub mod sandbox;
mod sre;
mod stack;
mod supervisor;
pub mod text;
mod text_arguments;
mod text_class;
mod text_methods;
mod text_search;
mod text_split;
pub mod text_store;
pub mod text_view;
mod value;
mod variables;
pub mod vm;

use super::{
    memory::FIRST_BYTES,
    wire::{CellReport, FromWorker, Run, SandboxLevel, Start, ToWorker},
};
use cell::{Alarm, CellServices, Cells, Prelude};
use checkpoint::{Checkpoint, Fork};
use fork_server::{Child, ForkServer};
use link::Link;
use output::Output;
use rustix::{
    fd::OwnedFd,
    io::{self, Errno},
    process::Pid,
};
use rustpython_vm::{VirtualMachine, signal::UserSignalSender};
use sandbox::{MemoryLimit, Strength};
use std::{
    fs::File,
    process::ExitCode,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
pub use supervisor::ENDED_BY_DEADLINE;
use supervisor::{Interrupt, Supervisor};
use text_store::TextStore;
use vm::{Machine, OutputSink, Preload};

/// The first argument that makes the program a fork server of interpreters.
pub const ARGUMENT: &str = "repl-fork-server";

/// How long threads may take to end after the question that they were started for.
const LAST_THREADS: Duration = Duration::from_secs(1);

/// The interpreter is recursive, so deep programs need a deep native stack.
const STACK_BYTES: usize = 256 << 20;

/// The server starts the program so, with the connection to it as the standard input. `functions` are those that programs
/// find, in Python.
pub fn main(mut arguments: impl Iterator<Item = String>, functions: String) -> ExitCode {
    // A fault of the interpreter must end the process before anything is cleaned up, so that its checkpoint takes over.
    std::panic::set_hook(Box::new(|_| std::process::abort()));
    if arguments.next().is_some() {
        eprintln!("rlm {ARGUMENT} is started by rlm itself");
        return ExitCode::from(2);
    }
    if process::close_inherited().is_err() {
        return ExitCode::FAILURE;
    }
    // Nothing has to be taken apart at the end, neither in the fork server nor in a copy, which has only the one
    // thread.
    let work = move || process::exit(i32::from(serve(&functions).is_err()));
    match thread::Builder::new().stack_size(STACK_BYTES).spawn(work).map(thread::JoinHandle::join) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn serve(functions: &str) -> io::Result<()> {
    let fork_server = ForkServer::new()?;
    let output = Arc::new(Output::default());
    let sink: Arc<dyn OutputSink> = output.clone();
    vm::keep_all();
    let machine = match Machine::build(&sink) {
        Ok(machine) => machine,
        Err(error) => return fork_server.refuse(&error.to_string()),
    };
    let interrupts = machine.signals();
    machine.enter(|vm| {
        let prelude = match Prelude::compile(functions, vm) {
            Ok(prelude) => prelude,
            Err(reason) => return fork_server.refuse(&reason),
        };
        let mut preload = Preload::default();
        match fork_server.tend(|| preload.step(vm), vm::set_aside)? {
            Some(child) => interpret(child, Inherited { output, interrupts, prelude, preload }, vm),
            None => Ok(()),
        }
    })
}

/// What the interpreter of a session has from the fork server.
struct Inherited {
    output: Arc<Output>,
    interrupts: UserSignalSender,
    prelude: Prelude,
    preload: Preload,
}

/// The life of a copy.
fn interpret(child: Child, inherited: Inherited, vm: &VirtualMachine) -> io::Result<()> {
    let tasks = child.settle()?;
    let Child { socket, memory, request, fork_server } = child;
    let Inherited { output, interrupts, prelude, mut preload } = inherited;
    let timer = supervisor::timer()?;
    let link = Arc::new(Link::new(socket));
    let refused = |reason: String| link.send(&FromWorker::Refused { reason });
    let strength = if request.allow_weaker_sandbox { Strength::WithoutLandlock } else { Strength::Full };
    faults::handle()?;
    stack::begin()?;
    // Nothing is read from the socket before the walls stand.
    let limit = MemoryLimit { first: FIRST_BYTES, most: request.memory_limit };
    let level = match sandbox::close(limit, tasks, strength) {
        Ok(level) => level,
        Err(error) => return refused(error.to_string()),
    };
    reservation::begin(memory);
    if let Err(error) = vm::set_free(vm) {
        return refused(vm::traceback(&error, vm));
    }
    let (ToWorker::Start(start), files) = link.receive_with_files()? else { return Err(Errno::PROTO) };
    let cells = match lay_out(&start, files.into_iter(), &link, output, prelude, vm) {
        Ok(cells) => cells,
        Err(reason) => return refused(reason),
    };
    let supervisor = Supervisor::start(timer, link.clone(), interrupt(interrupts, cells.alarm()));
    let supervisor = supervisor.map_err(|_| Errno::AGAIN)?;
    link.send(&FromWorker::Ready { level })?;
    // While the model still writes its first program, there is nothing better to do.
    while !link.has_message() && preload.step(vm) {}
    Server { link, supervisor, cells, fork_server, level, checkpoint: None, is_resting: false }.run(vm)
}

fn lay_out(
    start: &Start,
    files: impl Iterator<Item = OwnedFd>,
    link: &Arc<Link>,
    output: Arc<Output>,
    prelude: Prelude,
    vm: &VirtualMachine,
) -> Result<Cells, String> {
    let context = context(start, files)?;
    let work = CellServices { link: link.clone(), output, prelude };
    Cells::new(&start.names, context, work, vm).map_err(|error| vm::traceback(&error, vm))
}

/// The text, from the files that came with it.
fn context(start: &Start, mut files: impl Iterator<Item = OwnedFd>) -> Result<Arc<TextStore>, String> {
    let file = File::from(files.next().ok_or("no context came along")?);
    let context = match &start.parts {
        None => TextStore::map(&file, start.context, files.next().map(File::from)),
        Some(parts) => {
            let socket = files.next().ok_or("no socket for pages came along")?;
            TextStore::fetched(&file, start.context.bytes, parts, socket)
        }
    };
    context.map_err(|error| format!("no context: {error}"))
}

/// How a program is told that its time is over.
fn interrupt(interrupts: UserSignalSender, alarm: Alarm) -> Interrupt {
    Box::new(move |limit| {
        let alarm = alarm.clone();
        let raise = move |vm: &VirtualMachine| Err(alarm.timeout(limit.as_secs_f64(), vm));
        // Without the interpreter there is nothing to interrupt.
        let _ = interrupts.send(Box::new(raise));
    })
}

/// The loop of the process, and of every checkpoint that takes its place.
struct Server {
    link: Arc<Link>,
    supervisor: Supervisor,
    cells: Cells,
    fork_server: Pid,
    level: SandboxLevel,
    /// The copy of the process as it is before the next cell.
    checkpoint: Option<Checkpoint>,
    /// Whether no cell is about to come.
    is_resting: bool,
}

impl Server {
    fn run(mut self, vm: &VirtualMachine) -> io::Result<()> {
        loop {
            while !self.is_resting && self.keep(vm)? {}
            let message = self.link.receive()?;
            self.is_resting = false;
            match message {
                // A copy that takes over from here has nothing to do with this program any more.
                Some(ToWorker::Run(run)) if !self.keep(vm)? => self.run_cell(&run, vm)?,
                Some(ToWorker::Renew) => self.renew(vm)?,
                Some(ToWorker::Rest) => self.rest(vm),
                Some(_) => {}
                None => return Ok(()),
            }
        }
    }

    /// Makes a checkpoint if there is none. Says whether this process is a checkpoint that has taken over.
    fn keep(&mut self, vm: &VirtualMachine) -> io::Result<bool> {
        // Threads that an earlier cell left behind would be missing in a copy, and with them the locks they hold.
        if self.checkpoint.is_some() || vm.state.thread_count.load() > 0 || !settle(true) {
            return Ok(false);
        }
        match self.supervisor.held(|| checkpoint::fork(self.fork_server)) {
            Ok(Fork::Original(checkpoint)) => {
                self.checkpoint = Some(checkpoint);
                Ok(false)
            }
            // Without a copy the process goes on as well.
            Err(Errno::AGAIN | Errno::NOMEM) => Ok(false),
            Err(error) => Err(error),
            Ok(Fork::Survivor(cause)) => {
                reservation::take_over();
                pages::take_over();
                self.supervisor.start_thread().map_err(|_| Errno::AGAIN)?;
                self.link.take_over(cause)?;
                Ok(true)
            }
        }
    }

    /// Gives back the memory that is not needed until the next question. A process in which threads go on ends: they
    /// would work for nobody, and it could not take another text.
    fn rest(&mut self, vm: &VirtualMachine) {
        self.checkpoint = None;
        self.is_resting = true;
        let since = Instant::now();
        while vm.state.thread_count.load() > 0 && !self.link.has_message() {
            if since.elapsed() > LAST_THREADS {
                process::exit(0);
            }
            thread::sleep(LAST_THREADS / 50);
        }
        if vm.state.thread_count.load() == 0 {
            settle(false);
        }
    }

    /// Takes another context and other names.
    fn renew(&mut self, vm: &VirtualMachine) -> io::Result<()> {
        if vm.state.thread_count.load() > 0 {
            let reason = "threads of an earlier program are still there".to_owned();
            return self.link.send(&FromWorker::Refused { reason });
        }
        // Its copy knows nothing of what comes now.
        self.checkpoint = None;
        self.link.send(&FromWorker::Renewing)?;
        let (ToWorker::Start(start), files) = self.link.receive_with_files()? else { return Err(Errno::PROTO) };
        let laid_out = context(&start, files.into_iter())
            .and_then(|context| self.cells.lay_out(&start.names, context, vm).map_err(|it| vm::traceback(&it, vm)));
        match laid_out {
            Ok(()) => self.link.send(&FromWorker::Ready { level: self.level }),
            Err(reason) => self.link.send(&FromWorker::Refused { reason }),
        }
    }

    fn run_cell(&mut self, run: &Run, vm: &VirtualMachine) -> io::Result<()> {
        self.link.begin_cell(run.cell);
        self.supervisor.begin(Duration::from_millis(run.time_limit_ms))?;
        let report = self.cells.run(run, vm);
        self.supervisor.end();
        let report = match link::frame(&FromWorker::Done(report)) {
            Err(Errno::MSGSIZE) => link::frame(&FromWorker::Done(CellReport::too_long(run.cell)))?,
            frame => frame?,
        };
        // A process that dies while it makes the report is still rolled back; one whose report was seen never is.
        self.checkpoint = None;
        self.link.send_frame(&report)
    }
}

/// Gives back memory that is not used, that of the stack too. Says whether a checkpoint may be made, if one is wanted.
fn settle(wants_checkpoint: bool) -> bool {
    if reservation::has_grown() {
        stack::close();
    }
    reservation::settle(wants_checkpoint)
}
