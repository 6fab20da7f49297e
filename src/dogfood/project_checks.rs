//! The checks that a project has, as its manifests tell.
//!
//! They are named and never run: a manifest may come from anybody. Only names that are known here are taken from a manifest, so
//! that a command is nothing but what this file writes.

use crate::{
    corpus::{self, ContextText, Role, Segment},
    review::finding::Place,
};
use serde_json::Value;

/// The most checks that are told, and how deep a manifest may lie.
const MOST: usize = 16;
const DEEPEST: usize = 3;

/// Larger manifests are generated.
const LARGEST: usize = 1 << 20;

/// Scripts of `package.json` and targets of a `Makefile` that check.
const SCRIPTS: [&str; 10] =
    ["test", "tests", "check", "checks", "lint", "typecheck", "type-check", "test:unit", "unit", "build"];
const TARGETS: [&str; 5] = ["test", "tests", "check", "lint", "ci"];

/// A command that a project checks itself with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectCheck {
    /// As a person would type it.
    pub command: String,
    /// The folder that it is run in, from the root on; empty for the root.
    pub folder: String,
    /// What says that there is such a check.
    pub place: Place,
}

/// The checks of a project, those that lie nearest to its root first.
///
/// # Errors
/// The text cannot be read.
pub fn found(context: &ContextText) -> Result<Vec<ProjectCheck>, corpus::Error> {
    let mut manifests: Vec<(&Segment, &str, &str)> = Vec::new();
    for segment in context.segments() {
        let Some(path) = segment.path.as_deref() else { continue };
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        // What lies in a folder for tests or for what comes from elsewhere is no project of its own.
        let is_own = Role::of_file(&format!("{folder}/x.c"), "") == Role::Code;
        if is_own && folder.split('/').filter(|it| !it.is_empty()).count() <= DEEPEST && segment.text.len() <= LARGEST {
            manifests.push((segment, folder, name));
        }
    }
    manifests.sort_by_key(|(_, folder, _)| (folder.matches('/').count() + usize::from(!folder.is_empty()), *folder));
    let names = |folder: &str| -> Vec<&str> {
        manifests.iter().filter(|(_, own, _)| *own == folder).map(|(.., name)| *name).collect()
    };
    let mut checks: Vec<ProjectCheck> = Vec::new();
    for &(segment, folder, name) in &manifests {
        if !is_manifest(name) {
            continue;
        }
        let text = context.read(segment.text.clone())?;
        for (command, line) in commands(name, &text, &names(folder)) {
            let place = Place::line(segment.path.as_deref().unwrap_or_default(), line);
            // The members of a workspace are checked with it.
            let is_known = checks.iter().any(|it| {
                it.command == command && (it.folder == folder || it.folder.is_empty() && is_of_workspace(&command))
            });
            if !is_known && checks.len() < MOST {
                checks.push(ProjectCheck { command, folder: folder.to_owned(), place });
            }
        }
    }
    Ok(checks)
}

fn is_manifest(name: &str) -> bool {
    let known = [
        "Cargo.toml",
        "package.json",
        "pyproject.toml",
        "setup.cfg",
        "tox.ini",
        "noxfile.py",
        "pytest.ini",
        "go.mod",
        "Makefile",
        "justfile",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "mix.exs",
        "Rakefile",
        "composer.json",
        "dune-project",
        "stack.yaml",
        "deno.json",
        "CMakeLists.txt",
    ];
    known.contains(&name)
}

fn is_of_workspace(command: &str) -> bool {
    command.starts_with("cargo ") || command.starts_with("go ")
}

/// The commands that a manifest speaks of, with its lines. `beside` has the names of the files in its folder.
fn commands(name: &str, text: &str, beside: &[&str]) -> Vec<(String, usize)> {
    let line_with = |needle: &str| text.lines().position(|line| line.contains(needle)).map(|at| at + 1);
    let has = |name: &str| beside.contains(&name);
    let mut commands: Vec<(String, usize)> = Vec::new();
    let mut add = |command: &str, line: usize| commands.push((command.to_owned(), line));
    match name {
        "Cargo.toml" => {
            let line = line_with("[workspace]").or_else(|| line_with("[package]")).unwrap_or(1);
            add("cargo test", line);
            if let Some(line) = line_with("[lints.clippy]").or_else(|| line_with("[workspace.lints.clippy]")) {
                add("cargo clippy --all-targets -- -D warnings", line);
            }
            if has("rustfmt.toml") || has(".rustfmt.toml") {
                add("cargo fmt --check", line);
            }
        }
        "package.json" | "composer.json" | "deno.json" => {
            let runner = match name {
                "composer.json" => "composer run",
                "deno.json" => "deno task",
                _ if has("pnpm-lock.yaml") => "pnpm run",
                _ if has("yarn.lock") => "yarn run",
                _ if has("bun.lockb") || has("bun.lock") => "bun run",
                _ => "npm run",
            };
            let manifest: Value = serde_json::from_str(text).unwrap_or_default();
            let scripts = if name == "deno.json" { &manifest["tasks"] } else { &manifest["scripts"] };
            for script in SCRIPTS.iter().filter(|script| scripts.get(**script).is_some()) {
                // What `npm init` writes only fails.
                let is_empty = scripts[*script].as_str().is_some_and(|it| it.contains("no test specified"));
                if !is_empty {
                    add(&format!("{runner} {script}"), line_with(&format!("\"{script}\"")).unwrap_or(1));
                }
            }
        }
        "pyproject.toml" | "setup.cfg" | "tox.ini" | "pytest.ini" => {
            for (mark, command) in [
                ("[tool.pytest", "python3 -m pytest"),
                ("[tool:pytest]", "python3 -m pytest"),
                ("[pytest]", "python3 -m pytest"),
                ("[tox]", "tox"),
                ("[tool.tox", "tox"),
                ("[tool.ruff", "ruff check ."),
                ("[tool.mypy]", "mypy ."),
                ("[mypy]", "mypy ."),
                ("[flake8]", "flake8"),
            ] {
                let line = text.lines().position(|line| line.trim_start().starts_with(mark));
                if let Some(at) = line {
                    add(command, at + 1);
                }
            }
        }
        "noxfile.py" => add("nox", 1),
        "go.mod" => {
            add("go test ./...", 1);
            add("go vet ./...", 1);
        }
        "Makefile" | "justfile" => {
            let program = if name == "Makefile" { "make" } else { "just" };
            for target in TARGETS {
                let is_rule = |line: &str| {
                    let rest = line.strip_prefix(target).map(str::trim_start);
                    rest.is_some_and(|rest| rest.starts_with(':') && !rest.starts_with(":="))
                };
                if let Some(at) = text.lines().position(is_rule) {
                    add(&format!("{program} {target}"), at + 1);
                }
            }
        }
        "pom.xml" => add("mvn -q test", 1),
        "build.gradle" | "build.gradle.kts" => add(if has("gradlew") { "./gradlew test" } else { "gradle test" }, 1),
        "mix.exs" => add("mix test", 1),
        "Rakefile" => {
            if let Some(line) = line_with("TestTask").or_else(|| line_with("RSpec")) {
                add("rake", line);
            }
        }
        "dune-project" => add("dune test", 1),
        "stack.yaml" => add("stack test", 1),
        "CMakeLists.txt" => {
            if let Some(line) = line_with("enable_testing").or_else(|| line_with("include(CTest)")) {
                add("ctest --test-dir build", line);
            }
        }
        _ => {}
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_name_their_checks_and_nothing_of_their_own_is_a_command() {
        for (name, text, beside, expected) in [
            (
                "Cargo.toml",
                "[package]\n[lints.clippy]\n",
                &["rustfmt.toml"][..],
                &["cargo test:1", "cargo clippy --all-targets -- -D warnings:2", "cargo fmt --check:1"][..],
            ),
            (
                "package.json",
                "{\"scripts\": {\n\"test\": \"jest\",\n\"lint; rm -rf /\": \"x\",\n\"lint\": \"eslint\"}}",
                &["pnpm-lock.yaml"],
                &["pnpm run test:2", "pnpm run lint:4"],
            ),
            ("package.json", "{\"scripts\": {\"test\": \"echo \\\"Error: no test specified\\\"\"}}", &[], &[]),
            ("package.json", "{", &[], &[]),
            (
                "pyproject.toml",
                "[project]\n[tool.pytest.ini_options]\n[tool.ruff.lint]\n",
                &[],
                &["python3 -m pytest:2", "ruff check .:3"],
            ),
            ("Makefile", "all: x\ntest: all\n\tcargo test\ncheck := 1\n", &[], &["make test:2"]),
            ("go.mod", "module x\n", &[], &["go test ./...:1", "go vet ./...:1"]),
        ] {
            let found: Vec<String> =
                commands(name, text, beside).iter().map(|(command, line)| format!("{command}:{line}")).collect();
            assert_eq!(found, expected, "{name}");
        }
    }
}
