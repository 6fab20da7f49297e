//! What a package says of itself in files that are there for it: dependencies, the licence, the version that it has and
//! those that it needs, and the list of changes.

mod changes;
mod json;
mod lines;
mod toml;

use crate::corpus::{context::ContextText, error::Error, search::Role, stop::StopFlag};

/// Larger files are not manifests.
const LARGEST: usize = 4 << 20;

/// The most entries.
const MOST: usize = 5000;

/// Something that a package says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub path: String,
    /// Counted from 1.
    pub first_line: usize,
    /// Included.
    pub last_line: usize,
    /// `name`, `version`, `licence`, `runtime` (a version of a language or a tool that is required), `dependency`, `feature`,
    /// `command` or `release` (a section of a list of changes).
    pub about: &'static str,
    pub name: String,
    pub value: String,
}

/// What a reader of one format finds: the lines, what it is about, name and value.
type Found = (usize, usize, &'static str, String, String);

/// What all manifests, licences and lists of changes say, the outermost files first. Those of packages that were brought
/// in from elsewhere are left out.
///
/// # Errors
/// The text cannot be read, or it is stopped.
pub fn manifest_entries(context: &ContextText, stop: &StopFlag) -> Result<Vec<Entry>, Error> {
    let mut files: Vec<_> = context
        .segments()
        .iter()
        .filter(|segment| segment.text.len() <= LARGEST)
        .filter_map(|segment| Some((segment.path.as_deref()?, reader(segment.path.as_deref()?)?, segment)))
        .filter(|(path, ..)| {
            !path.split('/').any(|part| matches!(part, "node_modules" | "vendor" | "third_party" | "site-packages"))
        })
        .collect();
    // What is written by hand before what is made of it, and the package before its examples.
    files.sort_by_key(|(path, ..)| {
        let is_made = path.ends_with("PKG-INFO") || path.ends_with("METADATA");
        (matches!(Role::of_file(path, ""), Role::Test | Role::Example), path.matches('/').count(), is_made)
    });
    let mut entries = Vec::new();
    for (path, read, segment) in files {
        stop.check()?;
        let text = context.read(segment.text.clone())?;
        for (first_line, last_line, about, name, value) in read(&text) {
            entries.push(Entry { path: path.to_owned(), first_line, last_line, about, name, value });
        }
        if entries.len() > MOST {
            entries.truncate(MOST);
            break;
        }
    }
    Ok(entries)
}

/// What reads the file of this path, if it is one of those.
fn reader(path: &str) -> Option<fn(&str) -> Vec<Found>> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let lower = name.to_ascii_lowercase();
    let (stem, extension) = lower.rsplit_once('.').unwrap_or((&lower, ""));
    let is_prose = matches!(extension, "" | "md" | "rst" | "txt" | "markdown" | "adoc" | "org");
    let begins = |names: &[&str]| names.iter().any(|it| lower.starts_with(it));
    Some(match name {
        "package.json" | "composer.json" | "deno.json" | "jsr.json" => json::read,
        "Cargo.toml" | "pyproject.toml" | "Pipfile" | "rust-toolchain.toml" | "Project.toml" => toml::read,
        "go.mod" => lines::go,
        "Gemfile" | "mix.exs" | "Package.swift" | "build.sbt" | "CMakeLists.txt" => lines::calls,
        "setup.py" | "setup.cfg" => lines::setup,
        "pom.xml" => lines::xml,
        "METADATA" | "PKG-INFO" => lines::metadata,
        "Dockerfile" | "Containerfile" => lines::dockerfile,
        ".nvmrc" | ".node-version" | ".python-version" | ".ruby-version" | ".java-version" | "rust-toolchain" => {
            lines::runtime
        }
        ".tool-versions" => lines::tool_versions,
        _ if name.ends_with(".gradle") || name.ends_with(".gradle.kts") || extension == "gemspec" => lines::calls,
        _ if matches!(extension, "csproj" | "fsproj") => lines::xml,
        _ if extension == "txt" && stem.contains("requirements") => lines::requirements,
        _ if is_prose && begins(&["license", "licence", "copying", "unlicense"]) => lines::licence,
        _ if is_prose && begins(&["changelog", "changes", "history", "news", "release"]) => changes::read,
        _ => return None,
    })
}

/// A dependency, or the version of a language or of a tool that is required, which some formats list together.
fn required(name: &str) -> &'static str {
    let is_runtime = matches!(
        name,
        "python" | "php" | "node" | "npm" | "ruby" | "java" | "flutter" | "sdk" | "dart" | "julia" | "elixir"
    );
    if is_runtime { "runtime" } else { "dependency" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Snapshot;

    fn entries(path: &str, text: &str) -> Vec<String> {
        let context = Snapshot::of_text(Some(path), text.to_owned()).context().unwrap();
        let entries = manifest_entries(&context, &StopFlag::default()).unwrap();
        let lines = |it: &Entry| {
            if it.first_line == it.last_line {
                it.first_line.to_string()
            } else {
                format!("{}-{}", it.first_line, it.last_line)
            }
        };
        entries.iter().map(|it| format!("{} {} {} {}", lines(it), it.about, it.name, it.value)).collect()
    }

    #[test]
    fn manifests_say_what_a_package_is_and_needs() {
        for (path, text, expected) in [
            (
                "pyproject.toml",
                "[project]\nname = \"orchard\"\nversion = '8.9.1'\nlicense = {text = \"MIT\"}\nrequires-python = \">=3.12\"\ndependencies = [\n  \"ladder>=4.2\",\n  \"basket[extra]==1.7 ; python_version < '3'\", # why\n]\n[project.optional-dependencies]\ntest = [\"pytest\"]\n[tool.poetry.dependencies]\npython = \"^3.9\"\nrake = { version = \"1\", optional = true }\n[project.scripts]\ngrow = \"a:b\"\n",
                &[
                    "2 name orchard orchard",
                    "3 version version 8.9.1",
                    "4 licence license MIT",
                    "5 runtime requires-python >=3.12",
                    "7 dependency ladder >=4.2",
                    "8 dependency basket ==1.7 ; python_version < '3'",
                    "11 feature test [\"pytest\"]",
                    "11 dependency pytest ",
                    "13 runtime python ^3.9",
                    "14 dependency rake 1",
                    "16 command grow a:b",
                ][..],
            ),
            (
                "Cargo.toml",
                "[package]\nname = \"a\"\nversion.workspace = true\nrust-version = \"1.70\"\nedition = \"2021\"\n\n[dependencies]\nb = \"1\"\nc = { version = \"2\", features = [\"x\"] }\n[dependencies.d]\nversion = \"3\"\n[target.'cfg(unix)'.dev-dependencies]\ne = { path = \"../e\" }\n",
                &[
                    "2 name a a",
                    "4 runtime rust-version 1.70",
                    "5 runtime edition 2021",
                    "8 dependency b 1",
                    "9 dependency c 2",
                    "10-11 dependency d 3",
                    "13 dependency e path ../e",
                ],
            ),
            (
                "package.json",
                "{\n  \"name\": \"orchard\",\n  \"license\": \"MIT\",\n  \"engines\": {\n    \"node\": \">= 20\"\n  },\n  \"scripts\": {\"test\": \"a \\\"b\\\"\"},\n  \"devDependencies\": {\"x\": \"^1\",\n \"y\": {\"dependencies\": 1}}\n}\n",
                &[
                    "2 name orchard orchard",
                    "3 licence license MIT",
                    "5 runtime node >= 20",
                    "7 command test a \"b\"",
                    "8 dependency x ^1",
                ],
            ),
            (
                "go.mod",
                "module a.b/c\n\ngo 1.22\n\nrequire (\n\tx.y/z v1.2.3\n)\nrequire q v1 // indirect\n",
                &["1 name a.b/c a.b/c", "3 runtime go 1.22", "6 dependency x.y/z v1.2.3", "8 dependency q v1"],
            ),
            (
                "Gemfile",
                "ruby \"3.2\"\ngem 'rails', '~> 7'\ngem \"pg\"\n",
                &["1 runtime ruby 3.2", "2 dependency rails ~> 7", "3 dependency pg "],
            ),
            ("requirements-dev.txt", "# c\na==1\nb >= 2\n-r x\n", &["2 dependency a ==1", "3 dependency b >= 2"]),
            (
                "setup.py",
                "setup(\n    name=\"a\",\n    python_requires=\">=3.8\",\n    install_requires=[\n        \"b>1\",\n    ],\n    license=\"BSD\",\n)\n",
                &["2 name a a", "3 runtime python_requires >=3.8", "5 dependency b >1", "7 licence license BSD"],
            ),
            (
                "pom.xml",
                "<dependency>\n  <groupId>a</groupId>\n  <artifactId>b</artifactId>\n  <version>1</version>\n</dependency>\n",
                &["1-5 dependency a:b 1"],
            ),
            ("LICENSE", "\n   MIT License\n\nCopyright\n", &["2-4 licence MIT License MIT License"]),
            (".nvmrc", "v20\n", &["1 runtime .nvmrc v20"]),
            ("x.py", "name = 1\n", &[]),
            ("Cargo.toml", "]]][[\n= = =\n\"", &[]),
            ("package.json", "{\"a\":[[[{{\"", &[]),
        ] {
            assert_eq!(entries(path, text), expected, "{path}");
        }
    }

    #[test]
    fn a_list_of_changes_has_releases() {
        for (path, text, expected) in [
            (
                "CHANGELOG.md",
                "# Changes\n\n## [Unreleased]\n\n## 8.9.1 (2026-09-03)\n\n- Longer.\n\n### Fixed\n\n- x\n\n## v8.9.0\n\n- Older.\n",
                &[
                    "3-4 release Unreleased [Unreleased]",
                    "5-12 release 8.9.1 8.9.1 (2026-09-03)",
                    "13-15 release 8.9.0 v8.9.0",
                ][..],
            ),
            (
                "CHANGES.rst",
                "Version 7.1.2\n-------------\n- a\n\nVersion 7.1.1\n-------------\n- b\n",
                &["1-4 release 7.1.2 Version 7.1.2", "5-7 release 7.1.1 Version 7.1.1"],
            ),
            (
                "HISTORY",
                "1.0.0 / 2020-01-01\n==================\n  * a\n\n0.9.0 / 2019-01-01\n==================\n  * see 1.2.3\n",
                &["1-4 release 1.0.0 1.0.0 / 2020-01-01", "5-7 release 0.9.0 0.9.0 / 2019-01-01"],
            ),
        ] {
            assert_eq!(entries(path, text), expected, "{path}");
        }
    }
}
