//! The Python interpreter of a session, built so that programs reach nothing but what the host gives them.
//!
//! RustPython comes without its modules for the operating system. What the standard library needs of them stands in
//! `python/`; everything else refuses with a message that says where the text is. All code is part of the binary, so
//! nothing needs a file once the interpreter has been built.

mod output;
mod threads;

pub use output::{OutputSink, Stream};

use super::{corrections, sre, text::Text, text_class};
use output::Output;
use rustpython_vm::{
    AsObject, Context, Interpreter, InterpreterBuilder, PyResult, Settings, VirtualMachine,
    builtins::PyBaseExceptionRef,
    common::{rand::os_random, rc::PyRc},
    gc_state::gc_state,
    scope::Scope,
    signal::{UserSignalSender, user_signal_channel},
    vm::Paths,
};
use std::sync::Arc;

/// Python code that takes the place of modules for the operating system, in the order in which it runs.
const STAND_INS: [(&str, &str); 2] =
    [("<system>", include_str!("python/system.py")), ("<event loop>", include_str!("python/event_loop.py"))];

/// The modules that programs import most, and before the slow ones what these are made of, so that each step is short;
/// the slowest come last. See [`Preload`].
const COMMON_MODULES: [&str; 38] = [
    "re",
    "json",
    "math",
    "collections",
    "itertools",
    "functools",
    "random",
    "datetime",
    "textwrap",
    "string",
    "heapq",
    "bisect",
    "enum",
    "copy",
    "operator",
    "io",
    "csv",
    "hashlib",
    "base64",
    "difflib",
    "time",
    "typing",
    "ast",
    "dis",
    "tokenize",
    "importlib.machinery",
    "inspect",
    "dataclasses",
    "contextlib",
    "codeop",
    "traceback",
    "threading",
    "concurrent.futures",
    "numbers",
    "locale",
    "fractions",
    "decimal",
    "statistics",
];

/// Sets of strings have the same order in every session, so that a run can be repeated from its trace.
const HASH_SEED: u32 = 0;

/// Why an interpreter could not be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot set up the Python interpreter: {traceback}")]
pub struct SetupError {
    traceback: String,
}

/// A Python interpreter.
///
/// It belongs to the thread that has built it, whose stack should have at least 64 MiB: the limits of recursion are
/// those of that stack.
pub struct Machine {
    interpreter: Interpreter,
    signals: UserSignalSender,
}

impl Machine {
    /// Builds an interpreter whose programs print to `output`.
    ///
    /// # Errors
    /// The Python code of the set-up failed.
    pub fn build(output: &Arc<dyn OutputSink>) -> Result<Self, SetupError> {
        let (signals, receiver) = user_signal_channel();
        let context = Context::genesis();
        let mut modules = rustpython_stdlib::stdlib_module_defs(context);
        // They come behind the interpreter's own of the same names and so take their places.
        modules.extend([sre::module_def(context), threads::module_def(context)]);
        let interpreter = InterpreterBuilder::new()
            .settings(settings())
            .add_native_modules(&modules)
            .add_frozen_modules(rustpython_pylib::FROZEN_STDLIB)
            .init_hook(|vm| {
                let state = PyRc::get_mut(&mut vm.state).expect("nobody shares an interpreter that is being built");
                // Programs shall not see where the host keeps its files.
                state.config.paths = Paths::default();
                vm.set_user_signal_channel(receiver);
            })
            .build();
        let machine = Self { interpreter, signals };
        machine.set_up(|vm| {
            threads::install(vm);
            Text::init();
            Output::install(output, vm)?;
            text_class::install(vm);
            corrections::install(vm)?;
            let scope = vm.new_scope_with_builtins();
            scope.globals.set_item("urandom", vm.new_function("urandom", urandom).into(), vm)?;
            // Only this module knows what `settings` says about warnings.
            vm.import("warnings", 0)?;
            let python = STAND_INS.iter().chain(&corrections::IN_PYTHON);
            python.into_iter().try_for_each(|(name, source)| run(vm, &scope, name, source))
        })?;
        Ok(machine)
    }

    /// Does something with the interpreter, in the thread that has built it.
    pub fn enter<R>(&self, work: impl FnOnce(&VirtualMachine) -> R) -> R {
        self.interpreter.enter(work)
    }

    /// Where to send closures that the interpreter's first thread runs between two instructions, and between two steps
    /// of a search with a regular expression. If one returns an exception, the program goes on with that.
    pub fn signals(&self) -> UserSignalSender {
        self.signals.clone()
    }

    fn set_up(&self, work: impl FnOnce(&VirtualMachine) -> PyResult<()>) -> Result<(), SetupError> {
        self.enter(|vm| work(vm).map_err(|exception| SetupError { traceback: traceback(&exception, vm) }))
    }
}

/// The modules that programs use most, imported one by one while there is nothing better to do. All of them take about
/// a third of a second, which a program would otherwise wait for at its first import.
#[derive(Debug, Clone, Default)]
pub struct Preload {
    done: usize,
}

impl Preload {
    /// Imports the next module; says whether there was one.
    pub fn step(&mut self, vm: &VirtualMachine) -> bool {
        let Some(module) = COMMON_MODULES.get(self.done) else { return false };
        // A module that cannot be imported now will tell the program so when it asks for it.
        self.done = if vm.import(*module, 0).is_ok() { self.done + 1 } else { COMMON_MODULES.len() };
        true
    }
}

/// Disables the garbage collector until [`set_free`]. Nearly all that is made before stays, and to
/// look for what does not takes longer than it is worth.
pub fn keep_all() {
    gc_state().disable();
}

/// Sets what there is aside, so that no collection of garbage looks at it any more: to look is to write, and what a
/// copy of the process writes to is no longer shared.
pub fn set_aside() {
    gc_state().freeze();
}

/// Makes a copy of an interpreter one of its own: garbage is collected, and what was drawn at random before is drawn
/// anew.
pub fn set_free(vm: &VirtualMachine) -> PyResult<()> {
    gc_state().enable();
    let modules = vm.sys_module.get_attr("modules", vm)?;
    match modules.get_item("random", vm) {
        Ok(random) => vm.call_method(&random, "seed", ()).map(drop),
        // It is drawn when the module is imported.
        Err(_) => Ok(()),
    }
}

/// An exception as Python prints it, with its traceback.
pub fn traceback(exception: &PyBaseExceptionRef, vm: &VirtualMachine) -> String {
    let mut traceback = String::new();
    match vm.write_exception(&mut traceback, exception) {
        Ok(()) => traceback,
        // The exception's own `__str__` has failed.
        Err(_) => exception.class().name().to_string(),
    }
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.isolated = true;
    settings.safe_path = true;
    settings.import_site = false;
    settings.user_site_directory = false;
    settings.write_bytecode = false;
    settings.install_signal_handlers = false;
    settings.hash_seed = Some(HASH_SEED);
    settings.argv = vec![String::new()];
    // What a newer Python will forbid is no news to the model that wrote the program.
    settings.warnoptions = ["ignore::DeprecationWarning", "ignore::SyntaxWarning"].map(str::to_owned).to_vec();
    settings
}

fn run(vm: &VirtualMachine, scope: &Scope, name: &str, source: &str) -> PyResult<()> {
    vm.run_string(scope.clone(), source, name.to_owned()).map(drop)
}

/// `os.urandom`.
fn urandom(len: usize) -> Vec<u8> {
    const BLOCK: usize = 64;
    let blocks = std::iter::repeat_with(os_random::<BLOCK>);
    blocks.flatten().take(len).collect()
}
