//! Manifests that are read line by line, with a pattern for what a line says.

use super::{Found, required};
use regex::Regex;
use std::sync::LazyLock;

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("the pattern is right"));
    };
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(at, line)| (at + 1, line))
}

fn at(line: usize, about: &'static str, name: &str, value: &str) -> Found {
    (line, line, about, name.to_owned(), value.trim().to_owned())
}

pub(super) fn go(text: &str) -> Vec<Found> {
    let mut requires = false;
    let mut found = Vec::new();
    for (number, line) in numbered(text) {
        let line = line.split("//").next().unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["module", name] => found.push(at(number, "name", name, name)),
            ["go" | "toolchain", version] => found.push(at(number, "runtime", words[0], version)),
            ["require", "("] => requires = true,
            ["require", name, version] => found.push(at(number, "dependency", name, version)),
            [")"] => requires = false,
            [name, version] if requires => found.push(at(number, "dependency", name, version)),
            _ => {}
        }
    }
    found
}

pattern!(
    CALL,
    r#"^\s*(?:\w+\.)?(gem|ruby|implementation|api|compileOnly|runtimeOnly|testImplementation|kapt|add_(?:runtime_|development_)?dependency|required_ruby_version|license|licenses|version|name|find_package|cmake_minimum_required|sourceCompatibility|targetCompatibility)\b\s*=?\s*[(\["' ]*(?:project\()?["']?([\w@./: -]+?)["']?(?:\s*[,)\]]\s*["']?([^"'\])]*)["']?.*)?\s*$"#
);
pattern!(PACKAGE, r#"\.package\((?:name:\s*"[^"]*",\s*)?url:\s*"([^"]+)",\s*(.*?)\)?,?\s*$"#);
pattern!(TUPLE, r#"\{:(\w+),\s*"([^"]+)""#);
pattern!(SBT, r#""([\w.-]+)"\s*%%?\s*"([\w.-]+)"\s*%\s*"([^"]+)""#);

/// Manifests that are programs in languages of their own: Gemfile, gemspec, Gradle, Mix, Swift, sbt, CMake.
pub(super) fn calls(text: &str) -> Vec<Found> {
    let one = |(number, line): (usize, &str)| {
        if let Some(found) = PACKAGE.captures(line) {
            return Some(at(number, "dependency", &found[1], &found[2]));
        }
        if let Some(found) = TUPLE.captures(line) {
            return Some(at(number, "dependency", &found[1], &found[2]));
        }
        if let Some(found) = SBT.captures(line) {
            return Some(at(number, "dependency", &format!("{}:{}", &found[1], &found[2]), &found[3]));
        }
        let found = CALL.captures(line)?;
        let value = found.get(3).map_or("", |it| it.as_str());
        Some(match &found[1] {
            name @ ("ruby"
            | "required_ruby_version"
            | "cmake_minimum_required"
            | "sourceCompatibility"
            | "targetCompatibility") => at(number, "runtime", name, &found[2]),
            "license" | "licenses" => at(number, "licence", "license", &found[2]),
            "version" => at(number, "version", "version", &found[2]),
            "name" => at(number, "name", &found[2], &found[2]),
            _ => match found[2].rsplit_once(':') {
                Some((name, version)) if found[2].matches(':').count() == 2 => at(number, "dependency", name, version),
                _ => at(number, "dependency", &found[2], value),
            },
        })
    };
    numbered(text).filter_map(one).collect()
}

pattern!(REQUIREMENT, r"^\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(.*)$");

/// Name and version of a Python requirement.
pub(super) fn requirement(text: &str) -> (String, String) {
    REQUIREMENT.captures(text).map_or_else(Default::default, |found| (found[1].to_owned(), found[2].trim().to_owned()))
}

pub(super) fn requirements(text: &str) -> Vec<Found> {
    let one = |(number, line): (usize, &str)| {
        let line = line.split(" #").next().unwrap_or_default();
        let (name, value) = requirement(line);
        (!name.is_empty() && !line.starts_with(['#', '-'])).then_some((number, number, "dependency", name, value))
    };
    numbered(text).filter_map(one).collect()
}

pattern!(SETTING, r#"^\s*["']?(name|version|license|python_requires)["']?\s*[=:]\s*["']?([^"'#,]+)"#);

pub(super) fn setup(text: &str) -> Vec<Found> {
    let mut requires = false;
    let mut found = Vec::new();
    for (number, line) in numbered(text) {
        if requires || line.contains("install_requires") {
            let behind = line.split_once("install_requires").map_or(line, |(_, behind)| behind);
            let items: Vec<&str> = match behind.contains(['"', '\'']) {
                true => behind.split(['"', '\'']).skip(1).step_by(2).collect(),
                false => vec![behind.trim_start_matches([' ', '=', '['])],
            };
            for item in items {
                let (name, value) = requirement(item);
                if !name.is_empty() {
                    found.push((number, number, required(&name), name, value));
                }
            }
            // A list of setup.cfg goes on as long as it is indented.
            let is_open = behind.trim_end().ends_with(['[', ',', '='])
                || (requires && line.starts_with([' ', '\t']) && !line.contains([']', '[']));
            requires = is_open && !line.trim_start().starts_with(']');
            continue;
        }
        if let Some(setting) = SETTING.captures(line) {
            let value = setting[2].trim();
            found.push(match &setting[1] {
                "name" => at(number, "name", value, value),
                "version" => at(number, "version", "version", value),
                "license" => at(number, "licence", "license", value),
                name => at(number, "runtime", name, value),
            });
        }
    }
    found
}

pattern!(ELEMENT, r"<(groupId|artifactId|version|name|maven\.compiler\.(?:source|release)|java\.version)>([^<]*)<");
pattern!(REFERENCE, r#"<PackageReference\s+Include="([^"]+)"(?:\s+Version="([^"]+)")?"#);
pattern!(FRAMEWORK, r"<(TargetFrameworks?|PackageLicenseExpression)>([^<]*)<");

pub(super) fn xml(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut open: Option<(usize, [String; 3])> = None;
    for (number, line) in numbered(text) {
        if let Some(it) = REFERENCE.captures(line) {
            found.push(at(number, "dependency", &it[1], it.get(2).map_or("", |it| it.as_str())));
        }
        if let Some(it) = FRAMEWORK.captures(line) {
            found.push(at(number, if it[1].starts_with("Package") { "licence" } else { "runtime" }, &it[1], &it[2]));
        }
        if line.contains("<dependency>") {
            open = Some((number, Default::default()));
        }
        for it in ELEMENT.captures_iter(line) {
            match (&it[1], &mut open) {
                ("groupId", Some((_, parts))) => parts[0] = it[2].to_owned(),
                ("artifactId", Some((_, parts))) => parts[1] = it[2].to_owned(),
                ("version", Some((_, parts))) => parts[2] = it[2].to_owned(),
                (name, _) if name.contains('.') => found.push(at(number, "runtime", name, &it[2])),
                _ => {}
            }
        }
        if line.contains("</dependency>")
            && let Some((first, [group, artifact, version])) = open.take()
        {
            found.push((first, number, "dependency", format!("{group}:{artifact}"), version));
        }
    }
    found
}

/// The headers of an installed Python package.
pub(super) fn metadata(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for (number, line) in numbered(text).take_while(|(_, line)| !line.is_empty()) {
        let Some((name, value)) = line.split_once(": ") else { continue };
        found.push(match name {
            "Name" => at(number, "name", value, value),
            "Version" => at(number, "version", "version", value),
            "License" | "License-Expression" => at(number, "licence", name, value),
            "Requires-Python" => at(number, "runtime", name, value),
            "Requires-Dist" => {
                let (name, value) = requirement(value);
                (number, number, "dependency", name, value)
            }
            _ => continue,
        });
    }
    found
}

pub(super) fn dockerfile(text: &str) -> Vec<Found> {
    let image = |line: &str| Some(line.trim().strip_prefix("FROM ")?.split_whitespace().next()?.to_owned());
    numbered(text).filter_map(|(number, line)| Some(at(number, "runtime", "FROM", &image(line)?))).collect()
}

/// A file that holds nothing but a version.
pub(super) fn runtime(text: &str) -> Vec<Found> {
    let name = if text.trim_start().starts_with('v') || text.contains("lts") { ".nvmrc" } else { "version" };
    numbered(text)
        .filter(|(_, line)| !line.trim().is_empty())
        .take(1)
        .map(|(number, line)| at(number, "runtime", name, line))
        .collect()
}

pub(super) fn tool_versions(text: &str) -> Vec<Found> {
    let one =
        |(number, line): (usize, &str)| line.split_once(' ').map(|(name, value)| at(number, "runtime", name, value));
    numbered(text).filter_map(one).collect()
}

/// A licence is known by what it begins with.
pub(super) fn licence(text: &str) -> Vec<Found> {
    let lines: Vec<&str> = text.lines().collect();
    let Some(first) = lines.iter().position(|line| !line.trim().is_empty()) else { return Vec::new() };
    let title = lines[first].trim().to_owned();
    vec![(first + 1, lines.len().min(first + 4), "licence", title.clone(), title)]
}
