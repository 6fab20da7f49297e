//! The module `_thread`, in which the interpreter's own functions that start threads are bounded.
//!
//! The threads of a program are bounded, and each has a stack on which the interpreter survives. The
//! interpreter raises `RecursionError` before a stack is used up, but it takes the stack of the thread that starts
//! another one for the stack of both; here every thread is measured by its own.

use super::super::{privileges::MOST_THREADS, reservation};
use rustpython_vm::{
    AsObject, Context, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyModuleDef, PyModuleSlots, PyStr},
    function::{FuncArgs, OptionalArg, PyMethodDef, PyNativeFn, static_func},
    pyclass,
    stdlib::builtin_module_defs,
    types::{Callable, Representable},
};
use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// Bytes of the stack of a thread: unless the program asks for others, at least, and at most. The least are enough for
/// some hundred calls.
const STACK: usize = 2 << 20;
const LEAST_STACK: usize = 1 << 20;
const LARGEST_STACK: usize = 64 << 20;

/// Pauses grow up to this while the kernel refuses a thread: a second in all.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// What is kept free for a thread that begins, beside its stack. What it takes before it runs comes from the system without
/// being asked for, and the process ends if there is none; other threads may take some meanwhile.
const BESIDE_STACK: usize = 4 << 20;

/// How long a thread may take to begin before it is no longer waited for.
const LONGEST_BEGINNING: Duration = Duration::from_secs(10);

/// Held while a thread begins: one at a time, so that what is free is enough.
static BEGINNING: Mutex<()> = Mutex::new(());

/// Threads that run, or are about to.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// The place of one thread among those.
#[derive(Debug)]
struct Place;

impl Place {
    fn take() -> Option<Self> {
        let free = |taken: usize| (taken < MOST_THREADS).then_some(taken + 1);
        THREADS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, free).ok().map(|_| Self)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        THREADS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a thread runs in place of the function that the program has given.
#[pyclass(module = false, name = "thread")]
#[derive(Debug, PyPayload)]
pub(super) struct Body {
    function: PyObjectRef,
    /// Given up when the function has returned, or if the thread could not be started.
    place: Mutex<Option<Place>>,
    begun: Arc<Begun>,
}

/// Whether a thread has all that it needs to run.
#[derive(Debug, Default)]
struct Begun(Mutex<bool>, Condvar);

impl Begun {
    fn tell(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.1.notify_all();
    }

    fn wait(&self) {
        let has_begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Whether it has or has not, nothing more can be done about it.
        let _ = self.1.wait_timeout_while(has_begun, LONGEST_BEGINNING, |has_begun| !*has_begun);
    }
}

#[pyclass(with(Callable, Representable))]
impl Body {}

impl Callable for Body {
    type Args = FuncArgs;

    fn call(zelf: &Py<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let _place = zelf.place.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Made on this thread, it knows this thread's stack.
        let own = vm.new_thread();
        zelf.begun.tell();
        own.run(|vm| zelf.function.call(args, vm))
    }
}

impl Representable for Body {
    fn repr(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyRef<PyStr>> {
        zelf.function.repr(vm)
    }
}

/// Prepares an interpreter for threads.
pub fn install(vm: &VirtualMachine) {
    use rustpython_vm::class::PyClassImpl;
    Body::make_static_type();
    vm.state.stacksize.store(STACK);
}

/// The interpreter's own module with other functions where threads are started.
pub fn module_def(context: &Context) -> &'static PyModuleDef {
    let own = builtin_module_defs(context).into_iter().find(|module| module.name.as_str() == "_thread");
    let own = own.expect("the interpreter is built with threads");
    let methods = own.methods.iter().map(|method| {
        let func = match method.name {
            "start_new_thread" | "start_joinable_thread" => bounded(method.func),
            "stack_size" => static_func(stack_size),
            _ => method.func,
        };
        PyMethodDef { func, ..method.clone() }
    });
    let slots = PyModuleSlots { create: own.slots.create, exec: own.slots.exec };
    let methods = Vec::leak(methods.collect());
    Box::leak(Box::new(PyModuleDef { name: own.name, doc: own.doc, methods, slots }))
}

/// A function that starts a thread, within the bounds.
fn bounded(start: &'static dyn PyNativeFn) -> &'static dyn PyNativeFn {
    let bounded = move |vm: &VirtualMachine, mut args: FuncArgs| {
        let function = match args.args.first_mut() {
            Some(function) => Some(function),
            None => args.kwargs.get_mut("function"),
        };
        let Some(function) = function.filter(|function| function.is_callable()) else { return start(vm, args) };
        let _beginning = BEGINNING.lock().unwrap_or_else(PoisonError::into_inner);
        let place = Place::take().ok_or_else(|| cannot_start(vm))?;
        let begun = Arc::<Begun>::default();
        let body = Body { function: function.clone(), place: Mutex::new(Some(place)), begun: begun.clone() };
        *function = body.into_pyobject(vm);
        let result = start_when_there_is_room(vm, &args, start);
        if result.is_ok() {
            begun.wait();
        }
        result
    };
    Box::leak(Box::new(bounded))
}

/// Starts a thread. The kernel counts threads that have returned until it has cleaned them up, and other threads may take
/// memory that was free, so where one is refused there may be room in a moment.
fn start_when_there_is_room(vm: &VirtualMachine, args: &FuncArgs, start: &dyn PyNativeFn) -> PyResult {
    let mut pause = Duration::from_micros(100);
    loop {
        if !reservation::ensure(vm.state.stacksize.load() + BESIDE_STACK) {
            return Err(cannot_start(vm));
        }
        let result = start(vm, args.clone());
        let is_refused = |error: &PyBaseExceptionRef| error.fast_isinstance(vm.ctx.exceptions.runtime_error);
        if !result.as_ref().is_err_and(is_refused) || pause > LONGEST_PAUSE {
            return result;
        }
        thread::sleep(pause);
        pause *= 2;
    }
}

fn cannot_start(vm: &VirtualMachine) -> PyBaseExceptionRef {
    vm.new_runtime_error("can't start new thread")
}

/// Sets the stack of threads to come, if a size is given, and returns that of before; 0 stands for the usual one.
fn stack_size(size: OptionalArg<isize>, vm: &VirtualMachine) -> PyResult<usize> {
    let before = vm.state.stacksize.load();
    if let OptionalArg::Present(size) = size {
        let size = match usize::try_from(size) {
            Ok(0) => STACK,
            Ok(size) if size <= LARGEST_STACK => size.max(LEAST_STACK),
            _ => return Err(vm.new_value_error(format!("size not valid: {size} bytes (at most {LARGEST_STACK})"))),
        };
        vm.state.stacksize.store(size);
    }
    Ok(if before == STACK { 0 } else { before })
}
