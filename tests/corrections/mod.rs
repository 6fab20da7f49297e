//! Whether each file of `src/repl/worker/corrections` is still needed: the programs of `tests/data/corrections.toml` in
//! CPython, in the interpreter of the worker, and in RustPython as it comes.

use super::{STACK_BYTES, output_of, output_of_cpython};
use rustix::process::{Resource, Rlimit, setrlimit};
use rustpython_vm::{
    Context, InterpreterBuilder, PyResult, Settings, VirtualMachine, builtins::PyStrRef, scope::Scope,
};
use serde::Deserialize;
use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

/// Set for a copy of this program that runs one program in RustPython as it comes.
const UNCORRECTED: &str = "RLM_TEST_UNCORRECTED";

/// Seconds of processor time that such a copy may take: what is wrong may also never end.
const MOST_SECONDS: u64 = 20;

/// What stands before the result of such a copy, so that it is told from what the test harness prints.
const MARK: &str = "uncorrected result: ";

#[derive(Deserialize)]
struct Table {
    correction: Vec<Correction>,
}

#[derive(Deserialize)]
struct Correction {
    file: String,
    /// What is wrong without it; nothing if it is right and slow.
    program: Option<String>,
    /// What is slow without it is measured, and no test depends on how fast a machine is.
    #[serde(default)]
    speed: bool,
}

/// A program that leaves in `said` what `result` is after the programs of the list, or their exceptions.
fn judged(programs: &[&str]) -> String {
    // A list of strings in JSON is one of Python as well.
    let programs = serde_json::to_string(programs).unwrap();
    format!(
        "said = []\n\
         for program in {programs}:\n    \
             names = {{}}\n    \
             try:\n        \
                 exec(program, names)\n        \
                 said.append(ascii(names['result']))\n    \
             except Exception as error:\n        \
                 said.append(type(error).__name__ + ': ' + ascii(str(error)))\n"
    )
}

/// What the interpreter says to programs without anything of ours; nothing to one that ends its process.
fn uncorrected(programs: &[&str]) -> Vec<Option<String>> {
    let own = env::current_exe().unwrap();
    let copy = Command::new(own)
        .args(["--exact", "corrections::each_correction_is_still_needed", "--nocapture"])
        .env(UNCORRECTED, judged(programs))
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&copy.stdout);
    let said: Vec<_> = output.lines().filter_map(|line| Some(line.split_once(MARK)?.1.to_owned())).map(Some).collect();
    match programs {
        _ if said.len() == programs.len() => said,
        [_] => vec![None],
        // One of them has ended the process.
        programs => {
            let (first, second) = programs.split_at(programs.len() / 2);
            [uncorrected(first), uncorrected(second)].concat()
        }
    }
}

/// What the copy does. All interpreters of a process share their classes, and the other tests correct those.
fn run_uncorrected(program: String) {
    let limit = Rlimit { current: Some(MOST_SECONDS), maximum: Some(MOST_SECONDS) };
    setrlimit(Resource::Cpu, limit).unwrap();
    let said = move |vm: &VirtualMachine| -> PyResult<Vec<String>> {
        let scope: Scope = vm.new_scope_with_main()?;
        vm.run_string(scope.clone(), &program, "<program>".to_owned())?;
        let said = scope.globals.get_item("said", vm)?;
        let said: Vec<PyStrRef> = said.try_into_value(vm)?;
        Ok(said.iter().map(|said| said.to_string_lossy().into_owned()).collect())
    };
    let run = move || {
        let builder = InterpreterBuilder::new().settings(Settings::default());
        let modules = rustpython_stdlib::stdlib_module_defs(Context::genesis());
        let interpreter =
            builder.add_native_modules(&modules).add_frozen_modules(rustpython_pylib::FROZEN_STDLIB).build();
        interpreter.enter(|vm| said(vm).unwrap_or_else(|error| vec![super::traceback(&error, vm).replace('\n', " ")]))
    };
    let said = thread::Builder::new().stack_size(STACK_BYTES).spawn(run).unwrap().join();
    said.unwrap().iter().for_each(|said| println!("\n{MARK}{said}"));
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/repl/worker/corrections")
}

/// The paths of all corrections below their folder, and their beginnings; modules that only collect others left out.
fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![folder()];
    while let Some(open) = folders.pop() {
        for entry in fs::read_dir(open).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.with_extension("").is_dir() {
                let name = path.strip_prefix(folder()).unwrap().display().to_string();
                let text = fs::read_to_string(&path).unwrap();
                files.push((name, text.lines().take(20).collect::<Vec<_>>().join("\n")));
            }
        }
    }
    files
}

#[test]
fn each_correction_is_still_needed() {
    if let Ok(program) = env::var(UNCORRECTED) {
        return run_uncorrected(program);
    }
    let Table { correction: rows } = toml::from_str(include_str!("../data/corrections.toml")).unwrap();
    let rows: Vec<(&str, &str)> =
        rows.iter().filter_map(|row| Some((row.file.as_str(), row.program.as_deref()?))).collect();
    let programs: Vec<&str> = rows.iter().map(|(_, program)| *program).collect();
    let judged = judged(&programs) + "print('\\n'.join(said))\n";
    let ours = output_of(&judged, |_| vec![]);
    let cpythons = output_of_cpython(&judged, &[]);
    assert_eq!((ours.lines().count(), cpythons.lines().count()), (rows.len(), rows.len()), "{ours}\n{cpythons}");
    let mut complaints = Vec::new();
    let found = rows.iter().zip(ours.lines()).zip(cpythons.lines()).zip(uncorrected(&programs));
    for ((((file, program), ours), cpythons), uncorrected) in found {
        if ours != cpythons {
            complaints
                .push(format!("{file} does not do what CPython does\n{program}\n   ours: {ours}\nCPython: {cpythons}"));
        }
        if uncorrected.as_deref() == Some(cpythons) {
            complaints.push(format!(
                "RustPython itself is right now: delete this row, and src/repl/worker/corrections/{file} if it was its last\n\
                 {program}"
            ));
        }
    }
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn each_correction_says_when_it_may_go_and_has_a_program() {
    let Table { correction: rows } = toml::from_str(include_str!("../data/corrections.toml")).unwrap();
    assert!(rows.iter().all(|row| row.speed != row.program.is_some()), "a row is about what is wrong, or about speed");
    let with_program: BTreeSet<&str> = rows.iter().map(|row| row.file.as_str()).collect();
    let files = files();
    let names: BTreeSet<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names, with_program,
        "the files of src/repl/worker/corrections, and those of tests/data/corrections.toml"
    );
    for (name, beginning) in &files {
        let says = ["Superfluous from RustPython ", "Not corrected in RustPython "];
        assert!(says.iter().any(|it| beginning.contains(it)), "{name} does not say which RustPython does without it");
    }
}
