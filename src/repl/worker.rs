//! The interpreter's process: the program itself, started again under another name, behind the walls of the sandbox.
//!
//! It builds the interpreter, closes the sandbox, waits for the context, and then runs cells one after the other. What
//! happens around a cell:
//!
//! ```text
//! fork a checkpoint → start the supervisor → run the program → stop the supervisor → let the checkpoint go → report
//! ```
//!
//! Nothing here is trusted by the server: a program that took this process over could still only send frames.

mod cell;
mod checkpoint;
mod doubled;
mod link;
pub mod memory;
mod output;
mod pages;
mod sandbox;
mod sre;
mod str_fixes;
mod supervisor;
mod surroundings;
pub mod text;
mod text_arguments;
mod text_iterator;
mod text_methods;
mod text_search;
mod text_split;
pub mod text_store;
pub mod text_view;
mod value;
pub mod vm;

use super::wire::{Assembler, CellReport, FromWorker, Run, Start, ToWorker};
use cell::Cells;
use checkpoint::Fork;
use link::Link;
use output::Output;
use rustix::{
    fd::{AsFd, OwnedFd},
    io,
};
use rustpython_vm::VirtualMachine;
use sandbox::Strength;
use std::{fs::File, process::ExitCode, sync::Arc, thread, time::Duration};
pub use supervisor::ENDED_BY_DEADLINE;
use supervisor::Supervisor;
use text_store::TextStore;
use vm::{Machine, OutputSink};

/// The first argument that makes the program an interpreter's process.
pub const ARGUMENT: &str = "repl-worker";

/// The interpreter is recursive, so deep programs need a deep native stack.
const STACK_BYTES: usize = 256 << 20;

/// What the server says when it starts the process, as arguments: the memory limit in bytes, and whether a sandbox
/// without landlock is accepted.
pub fn main(mut arguments: impl Iterator<Item = String>) -> ExitCode {
    let memory_limit = arguments.next().and_then(|bytes| bytes.parse().ok());
    let strength = match arguments.next().as_deref() {
        Some("full") => Some(Strength::Full),
        Some("without-landlock") => Some(Strength::WithoutLandlock),
        _ => None,
    };
    // A fault of the interpreter must end the process before anything is cleaned up, so that its checkpoint takes over.
    std::panic::set_hook(Box::new(|_| std::process::abort()));
    let (Some(memory_limit), Some(strength)) = (memory_limit, strength) else {
        eprintln!("rlm {ARGUMENT} is started by rlm itself");
        return ExitCode::from(2);
    };
    let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn(move || serve(memory_limit, strength));
    match thread.map(thread::JoinHandle::join) {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn serve(memory_limit: u64, strength: Strength) -> io::Result<()> {
    let link = Arc::new(Link::new(rustix::stdio::stdin().as_fd().try_clone_to_owned().map_err(|_| io::Errno::BADF)?));
    let output = Arc::new(Output::default());
    let sink: Arc<dyn OutputSink> = output.clone();
    let refused = |reason: String| link.send(&FromWorker::Refused { reason });
    let machine = match Machine::build(&sink) {
        Ok(machine) => machine,
        Err(error) => return refused(error.to_string()),
    };
    let interrupts = machine.signals();
    machine.enter(|vm| {
        let walls = match sandbox::close(memory_limit + STACK_BYTES as u64, strength) {
            Ok(walls) => walls,
            Err(error) => return refused(error.to_string()),
        };
        let mut assembler = Assembler::default();
        let (frame, files) = link.receive_with_files(&mut assembler)?;
        let Ok(ToWorker::Start(start)) = frame.parse() else {
            return Err(io::Errno::PROTO);
        };
        let cells = match lay_out(start, files.into_iter(), &link, output, vm) {
            Ok(cells) => Arc::new(cells),
            Err(reason) => return refused(reason),
        };
        link.send(&FromWorker::Ready { walls })?;
        Server { link: link.clone(), assembler, interrupts, cells }.run(vm)
    })
}

fn lay_out(
    start: Start,
    mut files: impl Iterator<Item = OwnedFd>,
    link: &Arc<Link>,
    output: Arc<Output>,
    vm: &VirtualMachine,
) -> Result<Cells, String> {
    let file = File::from(files.next().ok_or("no context came along")?);
    let context = match start.parts {
        None => TextStore::map(&file, start.context, files.next().map(File::from)),
        Some(parts) => {
            let socket = files.next().ok_or("no socket for pages came along")?;
            TextStore::fetched(&file, start.context.bytes, &parts, socket)
        }
    };
    let context = context.map_err(|error| format!("no context: {error}"))?;
    Cells::new(&start.names, context, link.clone(), output, vm).map_err(|error| vm::traceback(&error, vm))
}

/// The loop of the process, and of every checkpoint that takes its place.
struct Server {
    link: Arc<Link>,
    assembler: Assembler,
    interrupts: rustpython_vm::signal::UserSignalSender,
    cells: Arc<Cells>,
}

impl Server {
    fn run(mut self, vm: &VirtualMachine) -> io::Result<()> {
        // While the model still writes its first program, there is nothing better to do.
        vm::preload(vm, || !self.link.has_message());
        while let Some(frame) = self.link.receive(&mut self.assembler)? {
            // An answer for a cell that has ended comes too late; it means nothing.
            if let Ok(ToWorker::Run(run)) = frame.parse() {
                self.run_protected(&run, vm)?;
            }
        }
        Ok(())
    }

    fn run_protected(&mut self, run: &Run, vm: &VirtualMachine) -> io::Result<()> {
        // Threads that an earlier cell left behind would be missing in a copy, and with them the locks they hold.
        let alone = vm.state.thread_count.load() == 0;
        let checkpoint = match alone.then(checkpoint::fork).transpose()? {
            Some(Fork::Survivor(cause)) => {
                self.assembler = Assembler::at(self.link.generation() + 1);
                pages::take_over();
                return self.link.take_over(run.cell, cause);
            }
            Some(Fork::Original(checkpoint)) => Some(checkpoint),
            None => None,
        };
        let report = self.run_supervised(run, vm).map_err(|_| io::Errno::AGAIN)?;
        // The report goes out first: a process that dies while it makes the report is still rolled back.
        let (cell, sent) = (report.cell, self.link.send(&FromWorker::Done(report)));
        if sent == Err(io::Errno::MSGSIZE) {
            self.link.send(&FromWorker::Done(CellReport::too_long(cell)))?;
        } else {
            sent?;
        }
        drop(checkpoint);
        Ok(())
    }

    fn run_supervised(&mut self, run: &Run, vm: &VirtualMachine) -> std::io::Result<CellReport> {
        let limit = Duration::from_millis(run.time_limit_ms);
        let (interrupts, cells) = (self.interrupts.clone(), self.cells.clone());
        let interrupt = move || {
            let raise = move |vm: &VirtualMachine| Err(cells.timeout(limit.as_secs_f64(), vm));
            // Without the interpreter there is nothing to interrupt.
            let _ = interrupts.send(Box::new(raise));
        };
        self.link.start_clock();
        let assembler = std::mem::take(&mut self.assembler);
        let supervisor = Supervisor::start(self.link.clone(), assembler, limit, interrupt)?;
        let report = self.cells.run(run, vm);
        self.assembler = supervisor.stop();
        Ok(report)
    }
}
