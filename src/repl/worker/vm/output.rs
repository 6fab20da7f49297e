//! `sys.stdout` and `sys.stderr`: objects that hand what a program prints to the host.

use rustpython_vm::{
    AsObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine,
    builtins::{PyStr, PyStrRef},
    class::PyClassImpl,
    function::{ArgIterable, FuncArgs},
    pyclass,
};
use std::{
    fmt::{self, Debug},
    sync::Arc,
};

/// Which of its two outputs a program wrote to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// Takes what programs print.
pub trait OutputSink: Send + Sync {
    /// Takes one piece of output. It is the program's own string and no copy, so it may have gigabytes; several threads
    /// may write at once.
    fn write(&self, stream: Stream, text: &str);
}

/// A text file that can only be written to.
#[pyclass(module = "io", name = "TextIOWrapper")]
#[derive(PyPayload)]
pub struct Output {
    stream: Stream,
    sink: Arc<dyn OutputSink>,
}

impl Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Output").field(&self.stream).finish()
    }
}

impl Output {
    /// Makes `sink` take the place of the interpreter's outputs.
    pub fn install(sink: &Arc<dyn OutputSink>, vm: &VirtualMachine) -> PyResult<()> {
        Self::make_static_type();
        for stream in [Stream::Stdout, Stream::Stderr] {
            let (name, original_name) = match stream {
                Stream::Stdout => ("stdout", "__stdout__"),
                Stream::Stderr => ("stderr", "__stderr__"),
            };
            let output: PyObjectRef = Self { stream, sink: Arc::clone(sink) }.into_pyobject(vm);
            vm.sys_module.set_attr(name, output.clone(), vm)?;
            vm.sys_module.set_attr(original_name, output, vm)?;
        }
        Ok(())
    }

    fn send(&self, text: &PyStr, vm: &VirtualMachine) {
        // The sink may wait for a slow reader, which must not hold up other threads.
        vm.allow_threads(|| self.sink.write(self.stream, &text.to_string_lossy()));
    }
}

#[pyclass]
impl Output {
    #[pymethod]
    fn write(&self, text: PyObjectRef, vm: &VirtualMachine) -> PyResult<usize> {
        let Some(text) = text.downcast_ref::<PyStr>() else {
            let class = text.class().name().to_string();
            return Err(vm.new_type_error(format!("write() argument must be str, not {class}")));
        };
        self.send(text, vm);
        Ok(text.char_len())
    }

    #[pymethod]
    fn writelines(&self, lines: ArgIterable<PyStrRef>, vm: &VirtualMachine) -> PyResult<()> {
        for line in lines.iter(vm)? {
            self.send(&*line?, vm);
        }
        Ok(())
    }

    /// Everything has gone to the host already.
    #[pymethod]
    fn flush(&self) {}

    /// Encoding, errors and buffering are the host's affair, whatever a program asks for.
    #[pymethod]
    fn reconfigure(&self, _arguments: FuncArgs) {}

    #[pymethod]
    fn isatty(&self) -> bool {
        false
    }

    #[pymethod]
    fn readable(&self) -> bool {
        false
    }

    #[pymethod]
    fn writable(&self) -> bool {
        true
    }

    #[pymethod]
    fn seekable(&self) -> bool {
        false
    }

    #[pymethod]
    fn fileno(&self, vm: &VirtualMachine) -> PyResult<usize> {
        let unsupported = vm.import("_io", 0)?.get_attr("UnsupportedOperation", vm)?;
        let class = unsupported.downcast().map_err(|_| vm.new_type_error("UnsupportedOperation is not a class"))?;
        Err(vm.invoke_exception(class, vec![vm.ctx.new_str("the output is no file").into()])?)
    }

    #[pygetset]
    fn closed(&self) -> bool {
        false
    }

    #[pygetset]
    fn encoding(&self) -> &'static str {
        "utf-8"
    }

    #[pygetset]
    fn errors(&self) -> &'static str {
        "replace"
    }

    #[pygetset]
    fn mode(&self) -> &'static str {
        "w"
    }

    #[pygetset]
    fn name(&self) -> &'static str {
        match self.stream {
            Stream::Stdout => "<stdout>",
            Stream::Stderr => "<stderr>",
        }
    }

    #[pymethod]
    fn __enter__(zelf: PyRef<Self>) -> PyRef<Self> {
        zelf
    }

    #[pymethod]
    fn __exit__(&self, _arguments: FuncArgs) {}
}
