//! Runs cells: one namespace, in which everything that programs make stays from cell to cell.

use super::{
    super::wire::{CellReport, Names, Raised, Run},
    builtins_guard::BuiltinsGuard,
    link::Link,
    output::Output,
    repair_double_call,
    text::Text,
    text_store::TextStore,
    text_view::TextView,
    value,
    variables::{Given, Variable},
    vm::traceback,
};
use crate::text::{cut_head, estimated_tokens};
use rustix::io;
use rustpython_vm::{
    PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyCode, PyDict, PyStrRef},
    compiler::{Mode, ast, parser},
    scope::Scope,
};
use serde_json::Value;
use std::{borrow::Cow, sync::Arc};

/// How many variables a report lists, and how many characters of a name.
const MOST_VARIABLES: usize = 500;
const VARIABLE_CHARS: usize = 100;

const PRELUDE: &str = include_str!("python/prelude.py");

/// The prelude, ready to run.
#[derive(Clone)]
pub struct Prelude(PyRef<PyCode>);

impl Prelude {
    /// Compiles it, with the functions that programs find behind it, and imports what it will import.
    pub fn compile(functions: &str, vm: &VirtualMachine) -> Result<Self, String> {
        for module in ["collections.abc", "itertools", "json"] {
            vm.import(module, 0).map_err(|error| traceback(&error, vm))?;
        }
        let code = vm.compile(&format!("{PRELUDE}\n\n{functions}"), Mode::Exec, "<prelude>".to_owned());
        code.map(Self).map_err(|error| error.to_string())
    }
}

/// What cells are served with, whatever they are about.
pub struct CellServices {
    pub link: Arc<Link>,
    pub output: Arc<Output>,
    pub prelude: Prelude,
}

/// The namespace of the programs, and the prelude that serves them.
pub struct Cells {
    programs: Scope,
    prelude: Scope,
    builtins_guard: BuiltinsGuard,
    given: Arc<Given>,
    work: CellServices,
    collapses_doubled_calls: bool,
}

impl Cells {
    /// Lays out the names that programs find.
    pub fn new(names: &Names, context: Arc<TextStore>, work: CellServices, vm: &VirtualMachine) -> PyResult<Self> {
        let programs = vm.new_scope_with_main()?;
        let prelude = vm.new_scope_with_builtins();
        prelude.globals.set_item("programs", programs.globals.clone().into(), vm)?;
        vm.run_code_obj(work.prelude.0.clone(), prelude.clone())?;
        let builtins_guard = BuiltinsGuard::new(&programs, vm)?;
        let (given, collapses_doubled_calls) = (Arc::default(), false);
        let mut cells = Self { programs, prelude, builtins_guard, given, work, collapses_doubled_calls };
        cells.lay_out(names, context, vm)?;
        Ok(cells)
    }

    /// Lays out other names and another text. What programs have made stays; an answer that they gave does not.
    pub fn lay_out(&mut self, names: &Names, context: Arc<TextStore>, vm: &VirtualMachine) -> PyResult<()> {
        self.hand_over(names, context, vm)?;
        self.prelude_call("lay_out", Vec::new(), vm)?;
        let scaffold = self.prelude.globals.get_item("scaffold", vm)?;
        let scaffold = scaffold.downcast::<PyDict>().map_err(|_| vm.new_type_error("the scaffold is no dict"))?;
        let given = Arc::new(Given::new(&scaffold));
        let (asked, namespace) = (given.clone(), self.programs.globals.clone());
        let list_variables = move |vm: &VirtualMachine| {
            let pair = |(name, class): Variable| {
                vm.ctx.new_tuple(vec![vm.ctx.new_str(name).into(), vm.ctx.new_str(class).into()]).into()
            };
            vm.ctx.new_list(asked.others(&namespace, usize::MAX, vm).into_iter().map(pair).collect())
        };
        self.prelude.globals.set_item("variables", vm.new_function("variables", list_variables).into(), vm)?;
        self.given = given;
        self.collapses_doubled_calls = names.collapses_doubled_calls;
        self.builtins_guard.give(&self.programs, &self.prelude, &scaffold);
        Ok(())
    }

    /// Sets what the prelude lays out from.
    fn hand_over(&self, names: &Names, context: Arc<TextStore>, vm: &VirtualMachine) -> PyResult<()> {
        let variables = vm.ctx.new_dict();
        for (name, text) in &names.variables {
            variables.set_item(name.as_str(), vm.ctx.new_str(text.as_str()).into(), vm)?;
        }
        let ranges = vm.ctx.new_dict();
        for (path, first, end) in &names.files {
            let range = vm.ctx.new_tuple(vec![vm.ctx.new_int(*first).into(), vm.ctx.new_int(*end).into()]);
            ranges.set_item(path.as_str(), range.into(), vm)?;
        }
        let whole = TextView::whole(context.clone());
        let piece = move |first: usize, end: usize, vm: &VirtualMachine| Text::piece(&whole, first..end, vm);
        let (printed, link) = (self.work.output.clone(), self.work.link.clone());
        let printed = move |back: usize, vm: &VirtualMachine| match printed.earlier(back) {
            Some((kept, characters)) => {
                vm.ctx.new_tuple(vec![vm.ctx.new_str(kept).into(), vm.ctx.new_int(characters).into()]).into()
            }
            None => vm.ctx.none(),
        };
        let globals: [(&str, PyObjectRef); 12] = [
            ("shape", value::to_python(serde_json::to_value(&names.shape).unwrap_or_default(), vm)),
            ("own_tools", value::to_python(serde_json::to_value(&names.tools).unwrap_or_default(), vm)),
            ("earlier", value::to_python(serde_json::to_value(&names.history).unwrap_or_default(), vm)),
            ("gives_json", vm.ctx.new_bool(names.gives_json).into()),
            ("fills_placeholders", vm.ctx.new_bool(names.fills_placeholders).into()),
            ("printed", vm.new_function("printed", printed).into()),
            ("whole", Text::from_store(context).into_pyobject(vm)),
            ("file_ranges", ranges.into()),
            ("extra_variables", variables.into()),
            (
                "host_call",
                vm.new_function("host_call", move |name, arguments, vm: &VirtualMachine| {
                    host_call(&link, name, arguments, vm)
                })
                .into(),
            ),
            ("piece", vm.new_function("piece", piece).into()),
            ("count_tokens", vm.new_function("count_tokens", count_tokens).into()),
        ];
        globals.into_iter().try_for_each(|(name, object)| self.prelude.globals.set_item(name, object, vm))
    }

    /// Runs one cell. Whatever the program does, there is a report.
    pub fn run(&self, run: &Run, vm: &VirtualMachine) -> CellReport {
        self.work.output.reset();
        let error = self.execute(run, vm).err();
        let mut report = self.report(error, vm).unwrap_or_else(|error| CellReport {
            error: Some(format!("the cell left its built-ins broken: {}", traceback(&error, vm))),
            ..CellReport::default()
        });
        report.cell = run.cell;
        (report.output, report.output_omitted) = self.work.output.take(run.output_limit);
        report
    }

    fn execute(&self, run: &Run, vm: &VirtualMachine) -> PyResult<()> {
        // An interruption that came just after the last cell's end is not meant for this one.
        let _ = vm.check_signals();
        self.builtins_guard.restore(vm)?;
        let code = match self.collapses_doubled_calls {
            true => repair_double_call::collapse(&run.code),
            false => Cow::Borrowed(run.code.as_str()),
        };
        self.prelude_call("before_cell", vec![vm.ctx.new_int(run.cell).into(), vm.ctx.new_str(&*code).into()], vm)?;
        if let Cow::Owned(_) = code {
            let note = "[repair] calls that were doubled, f()(), ran as f()";
            self.prelude_call("note", vec![vm.ctx.new_str(note).into()], vm)?;
        }
        let compile = |part: &str, mode| {
            let compiled = vm.compile(part, mode, format!("<cell {}>", run.cell));
            compiled.map_err(|error| vm.new_syntax_error(&error, Some(&*code)))
        };
        let (body, last) = split_last_expression(&code);
        let body = compile(body, Mode::Exec)?;
        let last = last.map(|expression| compile(&expression, Mode::Eval)).transpose()?;
        vm.run_code_obj(body, self.programs.clone())?;
        if let Some(last) = last {
            let value = vm.run_code_obj(last, self.programs.clone())?;
            self.prelude_call("display", vec![value], vm)?;
        }
        Ok(())
    }

    fn report(&self, error: Option<PyBaseExceptionRef>, vm: &VirtualMachine) -> PyResult<CellReport> {
        self.builtins_guard.restore(vm)?;
        let error = error.map_or_else(|| vm.ctx.none(), Into::into);
        let report = self.prelude_call("after_cell", vec![error], vm)?;
        let mut report = value::from_python(&report, vm)?;
        let text = |value: Value| value.as_str().map(str::to_owned);
        Ok(CellReport {
            error: text(report["error"].take()),
            answer: text(report["answer"].take()),
            draft: text(report["draft"].take()),
            variables: self.variables(vm),
            ..CellReport::default()
        })
    }

    fn variables(&self, vm: &VirtualMachine) -> Vec<Variable> {
        let mut variables = self.given.others(&self.programs.globals, MOST_VARIABLES, vm);
        for text in variables.iter_mut().flat_map(|(name, class)| [name, class]) {
            let shown = cut_head(text, VARIABLE_CHARS).shown.len();
            text.truncate(shown);
        }
        variables
    }

    fn prelude_call(&self, name: &str, arguments: Vec<PyObjectRef>, vm: &VirtualMachine) -> PyResult {
        self.prelude.globals.get_item(name, vm)?.call(arguments, vm)
    }

    /// By which cells are interrupted, of this question and of later ones.
    pub fn alarm(&self) -> Alarm {
        Alarm { prelude: self.prelude.clone() }
    }
}

/// Interrupts cells at their deadline. It holds nothing that belongs to one question.
#[derive(Clone)]
pub struct Alarm {
    prelude: Scope,
}

impl Alarm {
    /// The exception that interrupts a cell.
    pub fn timeout(&self, seconds: f64, vm: &VirtualMachine) -> PyBaseExceptionRef {
        let message = format!("the cell ran longer than {seconds} s (waiting for calls does not count)");
        let class = self.prelude.globals.get_item("CellTimeout", vm);
        let exception = class.and_then(|class| class.call((message,), vm));
        match exception.map(|it| it.downcast()) {
            Ok(Ok(exception)) => exception,
            _ => vm.new_exception_empty(vm.ctx.exceptions.keyboard_interrupt.to_owned()),
        }
    }
}

/// A program without its last statement, and that statement, if it is an expression, whose value an interactive
/// interpreter shows. The expression has the lines that it has in the program. (The compiler has a mode for both
/// together, which makes code that cannot run where the expression is a constant or there is no statement at all.)
fn split_last_expression(code: &str) -> (&str, Option<String>) {
    let module = parser::parse_module(code);
    let last = module.ok().and_then(|module| match module.syntax().body.last()? {
        ast::Stmt::Expr(statement) => Some(statement.range.start().to_usize()..statement.range.end().to_usize()),
        _ => None,
    });
    match last {
        None => (code, None),
        Some(range) => {
            let lines = "\n".repeat(code[..range.start].matches('\n').count());
            (&code[..range.start], Some(format!("({lines}{}\n)", &code[range])))
        }
    }
}

/// About how many tokens a text has. Long texts are counted in parts, between which a program can be interrupted.
fn count_tokens(text: PyStrRef, vm: &VirtualMachine) -> PyResult<usize> {
    const PART_BYTES: usize = 16 << 20;
    let mut tokens = 0;
    for part in text.as_bytes().chunks(PART_BYTES) {
        tokens += estimated_tokens(part);
        vm.check_signals()?;
    }
    Ok(tokens)
}

/// A call from a program to the server. Other threads of the program go on meanwhile.
fn host_call(link: &Link, name: PyStrRef, arguments: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let arguments = value::from_python(&arguments, vm)?;
    let name = name.to_string_lossy().into_owned();
    match vm.allow_threads(|| link.call(name, arguments)) {
        Ok(Ok(value)) => Ok(value::to_python(value, vm)),
        Ok(Err(raised)) => Err(exception(raised, vm)),
        Err(io::Errno::MSGSIZE) => Err(exception(Raised::too_long("what is passed to the call"), vm)),
        Err(_) => Err(vm.new_runtime_error("the server is gone")),
    }
}

/// The exception of a built-in class by its name.
fn exception(raised: Raised, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let class = match raised.class.as_str() {
        "KeyError" => vm.ctx.exceptions.key_error,
        "OSError" => vm.ctx.exceptions.os_error,
        "TypeError" => vm.ctx.exceptions.type_error,
        "ValueError" => vm.ctx.exceptions.value_error,
        _ => vm.ctx.exceptions.runtime_error,
    };
    vm.new_exception_msg(class.to_owned(), raised.message.into())
}
