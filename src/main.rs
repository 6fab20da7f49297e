//! The program `rlm`: a terminal command, a language server, and, under other names, the interpreter's process and that
//! of a check.

use rlm::{dogfood::checks::walls, engine, repl::worker};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: worker::memory::NotingAllocator = worker::memory::NotingAllocator;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|argument| argument == worker::ARGUMENT).is_some() {
        return worker::main(arguments, engine::functions_in_python());
    }
    if arguments.next_if(|argument| argument == walls::ARGUMENT).is_some() {
        return walls::main(arguments);
    }
    worker::arenas::share_arenas();
    rlm::cli::main()
}
