//! Runs Python programs in the interpreter of the worker, and compares it with CPython.
//!
//! The programs stand in `tests/python`. CPython is `python3`; whatever it prints is right.

#[path = "cells/mod.rs"]
mod cells;
#[path = "corrections/mod.rs"]
mod corrections;

use cells::Cell;
use rlm::repl::{
    wire::Place,
    worker::{
        text::Text,
        text_store::TextStore,
        text_view::TextView,
        vm::{Machine, OutputSink, Preload, Stream, traceback},
    },
};
use rustpython_vm::{
    AsObject, PyObjectRef, PyPayload, PyResult, TryFromObject, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyStrRef},
    scope::Scope,
};
use serde_json::Value;
use std::{
    collections::{BTreeSet, HashSet},
    fs::{self, File},
    io::Write,
    process::{Command, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

const STACK_BYTES: usize = 64 << 20;

/// Keeps what programs print, and where the pieces lay in memory.
#[derive(Default)]
struct Printed {
    pieces: Mutex<Vec<(Stream, String, usize)>>,
}

impl OutputSink for Printed {
    fn write(&self, stream: Stream, text: &str) {
        self.pieces.lock().unwrap().push((stream, text.to_owned(), text.as_ptr().addr()));
    }
}

impl Printed {
    fn all(&self) -> String {
        self.pieces.lock().unwrap().iter().map(|(_, text, _)| text.as_str()).collect()
    }
}

/// Does something with a new interpreter, on a thread with room for its recursion.
fn with_machine<R: Send>(work: impl FnOnce(&Machine, &VirtualMachine, &Printed) -> R + Send) -> R {
    // The interpreters of a process share their classes and their garbage collector.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let on_its_thread = move || {
        let printed = Arc::new(Printed::default());
        let output: Arc<dyn OutputSink> = printed.clone();
        let machine = Machine::build(&output).unwrap();
        machine.enter(|vm| work(&machine, vm, &printed))
    };
    thread::scope(|scope| {
        let worker = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, on_its_thread).unwrap();
        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

type Names = Vec<(&'static str, PyObjectRef)>;

fn run(vm: &VirtualMachine, program: &str, names: Names) -> PyResult<Scope> {
    let scope = vm.new_scope_with_main()?;
    for (name, value) in names {
        scope.globals.set_item(name, value, vm)?;
    }
    vm.run_string(scope.clone(), program, "<program>".to_owned())?;
    Ok(scope)
}

/// What a program prints, with the traceback of its exception if it ends with one.
fn output_of(program: &str, names: impl FnOnce(&VirtualMachine) -> Names + Send) -> String {
    with_machine(|_, vm, printed| {
        let error = run(vm, program, names(vm)).err();
        printed.all() + &error.map(|error| traceback(&error, vm)).unwrap_or_default()
    })
}

fn output_of_cpython(program: &str, arguments: &[&str]) -> String {
    let mut python = Command::new("python3")
        .args(["-I", "-"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("these tests need python3");
    python.stdin.take().unwrap().write_all(program.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "CPython failed");
    String::from_utf8(output.stdout).unwrap()
}

/// Compares line by line, so that a failure shows the case and not everything.
fn check_against_cpython(program: &str) {
    let (ours, cpythons) = (output_of(program, |_| vec![]), output_of_cpython(program, &[]));
    for (ours, cpythons) in ours.lines().zip(cpythons.lines()) {
        assert_eq!(ours, cpythons);
    }
    assert_eq!(ours.lines().count(), cpythons.lines().count(), "{ours}");
}

fn mapped(text: &str) -> Arc<TextStore> {
    let mut file: File = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let place = Place { offset: 0, bytes: text.len(), is_ascii: false };
    TextStore::map(&file, place, None).unwrap()
}

fn large_text() -> String {
    let mut text = "the quick naïve café Straße 漢字 データ привет 😀 e\u{301}tude \"it's\"\n".repeat(20_000);
    text.insert_str(700_000, "ERROR: E7 happened\n");
    text
}

#[test]
fn a_text_is_a_str_for_programs() {
    let output = output_of(include_str!("python/text.py"), |vm| {
        vec![("context", Text::from_store(mapped(&large_text())).into_pyobject(vm))]
    });
    assert_eq!(output, "failed: []\n");
}

/// How many random cases a test tries.
fn amount(usual: usize, full: usize) -> usize {
    if std::env::var_os("RLM_TEST_FULL").is_some() { full } else { usual }
}

/// Lets CPython make a text and `count` random cases with what they come to, and compares it with what they come to
/// here. Both programs begin with `common`.
fn check_random_cases(common: &str, make_cases: &str, count: usize) {
    let made = output_of_cpython(&[common, make_cases].concat(), &[&count.to_string()]);
    let (text, data) = made.split_once('\n').unwrap();
    let text = mapped(&serde_json::from_str::<String>(text).unwrap());
    let output = output_of(&[common, include_str!("python/check_cases.py")].concat(), |vm| {
        vec![("text", Text::from_store(text).into_pyobject(vm)), ("data", vm.ctx.new_str(data).into())]
    });
    assert_eq!(output, format!("{count} operations, different: []\n"));
}

#[test]
fn texts_do_what_strings_of_cpython_do() {
    let operations = [include_str!("python/outcome.py"), include_str!("python/operations.py")].concat();
    check_random_cases(&operations, include_str!("python/make_cases.py"), amount(3000, 12_000));
}

#[test]
fn random_patterns_match_what_they_match_in_cpython() {
    let matching = [include_str!("python/outcome.py"), include_str!("python/matching.py")].concat();
    check_random_cases(&matching, include_str!("python/make_patterns.py"), amount(600, 3000));
}

#[test]
fn regular_expressions_find_what_cpython_finds() {
    check_against_cpython(include_str!("python/regex.py"));
}

#[test]
fn corrected_string_methods_do_what_cpythons_do() {
    check_against_cpython(include_str!("python/strings.py"));
}

/// What came of each cell of `tests/python/cells`, by its name: its two outputs, and its exception.
fn ran(cells: &[Cell], run: impl FnOnce(&str) -> String) -> Value {
    let programs: Vec<_> = cells.iter().map(|cell| (&cell.name, &cell.code)).collect();
    // A string of JSON is one of Python as well.
    let programs = serde_json::to_string(&serde_json::to_string(&programs).unwrap()).unwrap();
    let output = run(&format!("cells = {programs}\n{}", include_str!("python/run_cells.py")));
    let results = output.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("{output}"));
    serde_json::from_str(results).unwrap()
}

/// Cells do what they do in CPython, except those that `docs/python.md` tells of; these must still differ.
#[test]
fn cells_of_all_kinds_do_what_they_do_in_cpython() {
    let cells = cells::read("cells");
    let ours = ran(&cells, |program| {
        output_of(program, |vm| {
            // The context is a text that is mapped, as in a session.
            let make = |text: PyStrRef, vm: &VirtualMachine| {
                Text::from_store(mapped(&text.to_string_lossy())).into_pyobject(vm)
            };
            vec![("make_context", vm.new_function("make_context", make).into())]
        })
    });
    let cpythons = ran(&cells, |program| output_of_cpython(program, &[]));
    let known = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/python.md")).unwrap();
    let (mut complaints, mut differing) = (Vec::new(), BTreeSet::new());
    for Cell { name, expected, .. } in &cells {
        let (ours, cpythons) = (&ours[name], &cpythons[name]);
        let is_equal = match expected.as_str() {
            // The versions of CPython word these messages differently as well.
            "type only" => ours[0] == cpythons[0] && ours[1] == cpythons[1] && ours[2][0] == cpythons[2][0],
            _ => ours == cpythons,
        };
        if !is_equal {
            differing.insert(name);
        }
        if is_equal == (expected == "differs") {
            complaints.push(format!("{name}\n   ours: {ours}\ncpython: {cpythons}"));
        } else if !is_equal && !known.contains(&format!("`{name}`")) {
            complaints.push(format!("{name}: docs/python.md does not tell of it"));
        }
    }
    assert!(complaints.is_empty(), "{} of {}\n{}", complaints.len(), cells.len(), complaints.join("\n"));
    let told = known.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(told, differing.len(), "docs/python.md tells of other cells than {differing:?}");
    assert!(differing.len() * 100 <= cells.len() && cells.len() >= 340, "{} of {}", differing.len(), cells.len());
}

#[test]
fn lists_are_sorted_as_by_cpython() {
    check_against_cpython(include_str!("python/sorting.py"));
}

#[test]
fn the_system_is_out_of_reach() {
    let hint = "the text is in `context` and `files`";
    let open = format!("PermissionError: files are not available here; {hint}\n").repeat(4);
    let os: String = ["listdir", "system", "open", "walk", "fork"]
        .map(|name| format!("PermissionError: os.{name} is not available in this sandbox; {hint}\n"))
        .concat();
    let modules: String = ["socket", "subprocess", "ctypes", "multiprocessing", "signal", "socket"]
        .map(|name| format!("ModuleNotFoundError: the module '{name}' is not available in this sandbox\n"))
        .concat();
    let rest = "EOFError: EOF when reading a line\n\
                UnsupportedOperation: the output is no file\n\
                TypeError: write() argument must be str, not int\n\
                a/b.py ('b', '.py') ['.tar', '.gz'] None False\n\
                100 True [] True {}\n";
    assert_eq!(output_of(include_str!("python/sandbox.py"), |_| vec![]), [&open, &os, &modules, rest].concat());
}

/// A place where callers wait until four of them are there.
#[derive(Default)]
struct Meeting {
    callers: Mutex<usize>,
    changed: Condvar,
}

impl Meeting {
    fn attend(&self) -> bool {
        let mut callers = self.callers.lock().unwrap();
        *callers += 1;
        let complete = callers.next_multiple_of(4);
        self.changed.notify_all();
        // The limit only keeps the test from hanging if calls do not overlap.
        let waiting = self.changed.wait_timeout_while(callers, Duration::from_secs(20), |callers| *callers < complete);
        !waiting.unwrap().1.timed_out()
    }
}

#[test]
fn host_calls_of_threads_and_coroutines_overlap() {
    let output = output_of(include_str!("python/concurrency.py"), |vm| {
        let meeting = Meeting::default();
        let meet = vm.new_function("meet", move |vm: &VirtualMachine| vm.allow_threads(|| meeting.attend()));
        vec![("meet", meet.into())]
    });
    let met = |count| format!("[{}]", vec!["True"; count].join(", "));
    let (four, eight) = (met(4), met(8));
    assert_eq!(
        output,
        format!(
            "threads {four}\npool {four}\nfutures {eight}\ncoroutines {four}\nsemaphore {eight}\n\
             timers [0, 1, 2]\nexecutor 5\n"
        )
    );
}

#[test]
fn a_printed_text_reaches_the_host_without_a_copy() {
    with_machine(|_, vm, printed| {
        let store = mapped(&large_text());
        let address = store.as_str().as_ptr().addr();
        let program = "import sys\nprint(context, end='')\nprint(context[70:], file=sys.stderr)";
        run(vm, program, vec![("context", Text::from_store(Arc::clone(&store)).into_pyobject(vm))]).unwrap();
        let pieces = printed.pieces.lock().unwrap();
        let seen: Vec<_> = pieces.iter().map(|(stream, text, at)| (*stream, text.len(), *at)).collect();
        let after_70 = store.as_str().char_indices().nth(70).unwrap().0;
        assert_eq!(seen[0], (Stream::Stdout, store.as_str().len(), address));
        assert_eq!(seen[2], (Stream::Stderr, store.as_str().len() - after_70, address + after_70));
    });
}

#[test]
fn pieces_of_any_size_know_their_place() {
    let output = output_of(
        "print([(str(piece), piece.start, piece.end, piece[1:], isinstance(piece, str)) for piece in pieces])",
        |vm| {
            let whole = TextView::whole(TextStore::from_string("aé漢😀".repeat(3)));
            let piece = |chars| Text::piece(&whole, chars, vm).into();
            vec![("pieces", vm.ctx.new_list(vec![piece(1..3), piece(10..99), piece(5..5)]).into())]
        },
    );
    assert_eq!(output, "[('é漢', 1, 3, '漢', True), ('漢😀', 10, 12, '😀', True), ('', 5, 5, '', True)]\n");
}

#[test]
fn searches_and_iterations_without_end_are_interrupted() {
    with_machine(|machine, vm, _| {
        let program = "import re\n\
                       pattern = re.compile(r'(a+)+$')\n\
                       lazy = re.compile(r'(?:a|(?=(a))a??)*?$')\n\
                       lines = re.compile(r'(?:.)*(?=x)(y)')\n\
                       subject = 'a' * 60 + 'b'\n\
                       long = 'a' * 1_000_000 + 'y'";
        let scope = run(vm, program, vec![]).unwrap();
        let [pattern, lazy, lines, subject, long] =
            ["pattern", "lazy", "lines", "subject", "long"].map(|name| scope.globals.get_item(name, vm).unwrap());
        let interrupt = |vm: &VirtualMachine| {
            let class = vm.ctx.exceptions.keyboard_interrupt.to_owned();
            Err(vm.new_exception_msg(class, "the time is over".into()))
        };
        let text: PyObjectRef = Text::from_store(TextStore::from_string(large_text())).into_pyobject(vm);
        let set = vm.ctx.types.set_type.as_object();
        let endless: [&dyn Fn() -> PyResult; 4] = [
            &|| vm.call_method(&pattern, "match", (subject.clone(),)),
            &|| vm.call_method(&lazy, "match", (subject.clone(),)),
            &|| vm.call_method(&lines, "search", (long.clone(),)),
            &|| set.call((text.clone(),), vm),
        ];
        for action in endless {
            machine.signals().send(Box::new(interrupt)).unwrap();
            let error: PyBaseExceptionRef = action().unwrap_err();
            assert!(error.class().is(vm.ctx.exceptions.keyboard_interrupt));
        }
        // Everything is as good as before.
        let characters: HashSet<char> = large_text().chars().collect();
        assert_eq!(set.call((text,), vm).unwrap().length(vm).unwrap(), characters.len());
        let found = vm.call_method(&pattern, "search", ("baa",)).unwrap();
        let span = vm.call_method(&found, "span", ()).unwrap();
        assert_eq!(<Vec<usize>>::try_from_object(vm, span).unwrap(), [1, 3]);
    });
}

#[test]
fn a_deep_recursion_is_an_exception_in_every_thread() {
    let program = "
import threading

def sink(depth):
    return list(map(sink, [depth + 1]))

def work():
    try:
        sink(0)
    except RecursionError:
        print('too deep')

work()
thread = threading.Thread(target=work)
thread.start()
thread.join()
";
    assert_eq!(output_of(program, |_| vec![]), "too deep\ntoo deep\n");
}

#[test]
fn common_modules_can_be_loaded_in_advance() {
    with_machine(|_, vm, printed| {
        let mut preload = Preload::default();
        while preload.step(vm) {}
        run(vm, "import sys\nprint({'re', 'json', 'concurrent.futures'} <= set(sys.modules))", vec![]).unwrap();
        assert_eq!(printed.all(), "True\n");
    });
}

#[test]
fn warnings_about_the_future_of_python_are_not_printed() {
    let program = r#"
import re, warnings
print(eval("'\\d'"), re.split("b", "abab", 1))
warnings.warn("mind the gap")
"#;
    assert_eq!(output_of(program, |_| vec![]), "\\d ['a', 'ab']\n<program>:4: UserWarning: mind the gap\n");
}
