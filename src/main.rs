//! The program `rlm`: a terminal command, a language server, and, under another name, the interpreter's process.

use rlm::{engine, repl::worker};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: worker::memory::NotingAllocator = worker::memory::NotingAllocator;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|argument| argument == worker::ARGUMENT).is_some() {
        return worker::main(arguments, engine::functions_in_python());
    }
    rlm::cli::main()
}
