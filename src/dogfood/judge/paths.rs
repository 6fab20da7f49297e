//! Paths that no proposed change may touch: what checks, what decides whether a check passes, and what is secret.

use crate::dogfood::checks::Check;

/// Folders, wherever they lie.
const FOLDERS: [&str; 13] = [
    ".git",
    ".rlm",
    ".github",
    ".gitlab",
    ".gitea",
    ".forgejo",
    ".circleci",
    ".buildkite",
    ".husky",
    ".ci",
    ".cargo",
    ".vscode",
    ".devcontainer",
];

/// Files, wherever they lie: of continuous integration, builds, linters, formatters, test runners, and what is locked.
const FILES: [&str; 83] = [
    "jenkinsfile",
    ".gitlab-ci.yml",
    ".travis.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "appveyor.yml",
    ".drone.yml",
    ".pre-commit-config.yaml",
    "lefthook.yml",
    "codeowners",
    ".gitattributes",
    ".gitignore",
    ".gitmodules",
    ".editorconfig",
    "makefile",
    "gnumakefile",
    "justfile",
    "taskfile.yml",
    "cmakelists.txt",
    "meson.build",
    "dockerfile",
    "build.rs",
    "cargo.toml",
    "cargo.lock",
    "clippy.toml",
    ".clippy.toml",
    "rustfmt.toml",
    ".rustfmt.toml",
    "deny.toml",
    "rust-toolchain",
    "rust-toolchain.toml",
    "nextest.toml",
    "package.json",
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "bun.lock",
    "bun.lockb",
    ".npmrc",
    ".yarnrc.yml",
    "deno.json",
    "deno.jsonc",
    "deno.lock",
    "biome.json",
    ".mocharc.json",
    ".nycrc",
    ".nycrc.json",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "tox.ini",
    "pytest.ini",
    "conftest.py",
    "noxfile.py",
    "mypy.ini",
    ".mypy.ini",
    ".flake8",
    ".pylintrc",
    "pylintrc",
    "ruff.toml",
    ".ruff.toml",
    ".coveragerc",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "pipfile",
    "pipfile.lock",
    "go.mod",
    "go.sum",
    "go.work",
    "gemfile",
    "gemfile.lock",
    "rakefile",
    ".rspec",
    "composer.json",
    "composer.lock",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "mix.exs",
    "mix.lock",
    "sonar-project.properties",
];

/// What names of files begin with.
const BEGINNINGS: [&str; 24] = [
    ".env",
    ".eslintrc",
    "eslint.config.",
    ".prettierrc",
    "prettier.config.",
    ".stylelintrc",
    "tsconfig",
    "jsconfig",
    "jest.config.",
    "vitest.config.",
    "vite.config.",
    "karma.conf.",
    "playwright.config.",
    "cypress.config.",
    "babel.config.",
    "webpack.config.",
    "rollup.config.",
    "requirements",
    ".golangci",
    ".rubocop",
    "codecov.",
    ".codecov",
    "phpunit.xml",
    "phpstan.",
];

/// Endings of keys and certificates.
const SECRETS: [&str; 8] = [".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".asc"];

/// Modules that Python or a runner of tests imports by itself.
const SHADOWS: [&str; 7] = ["sitecustomize", "usercustomize", "pytest", "_pytest", "unittest", "doctest", "coverage"];

/// Why a change may not touch a path, from the root on.
pub(super) fn objection(path: &str, checks: &[Check]) -> Option<String> {
    let lower = path.to_lowercase();
    let mut folders: Vec<&str> = lower.split('/').collect();
    let name = folders.pop().unwrap_or_default();
    let because = |why: &str| Some(format!("{path} must not be touched: {why}"));
    if let Some(folder) = folders.iter().chain([&name]).find(|it| FOLDERS.contains(*it)) {
        return because(&format!("what lies in {folder} decides what is checked, or is git's own"));
    }
    if FILES.contains(&name) || BEGINNINGS.iter().any(|it| name.starts_with(it)) {
        return because("it decides how the project is built, checked or locked");
    }
    let is_key = name.starts_with("id_rsa") || name.starts_with("id_ed25519") || name.starts_with("credentials");
    if is_key || SECRETS.iter().any(|it| name.ends_with(it)) {
        return because("it looks like a secret");
    }
    // Python looks for modules in the tree first, also for those that run the tests.
    let modules = checks.iter().flat_map(|it| it.words.iter().zip(it.words.iter().skip(1)));
    let mut modules = modules.filter(|(flag, _)| *flag == "-m").map(|(_, module)| module.as_str()).chain(SHADOWS);
    let is_shadow = |module: &str| lower == format!("{module}.py") || lower.starts_with(&format!("{module}/"));
    if modules.any(is_shadow) {
        return because("it would take the place of what runs the tests");
    }
    // A word of a check may be a file, or a text for a shell that names some.
    let is_own = |word: &str| word.trim_start_matches("./").trim_matches(['"', '\'', ';', '&', '(', ')']) == path;
    let words = checks.iter().flat_map(|it| &it.words);
    let mut named = words.flat_map(|word| std::iter::once(word.as_str()).chain(word.split_whitespace()));
    if named.any(is_own) {
        return because("a check runs it");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_checks_and_what_is_secret_is_not_touched() {
        let checks = [
            Check::parse("sh -c './scripts/check.sh && true'").unwrap(),
            Check::parse("tools/lint --all").unwrap(),
            Check::parse("python3 -m nose2 -v").unwrap(),
        ];
        for path in [
            ".git/config",
            "sub/.GIT/hooks/x",
            ".github/workflows/ci.yml",
            ".rlm/settings.json",
            "Makefile",
            "crates/a/Cargo.toml",
            "Cargo.lock",
            ".eslintrc.json",
            "eslint.config.mjs",
            "tests/conftest.py",
            "clippy.toml",
            ".env.local",
            "keys/server.pem",
            "scripts/check.sh",
            "tools/lint",
            "requirements-dev.txt",
            "unittest.py",
            "nose2/__init__.py",
            "sitecustomize.py",
        ] {
            assert!(objection(path, &checks).is_some(), "{path}");
        }
        for path in ["src/main.rs", "docs/ci.md", "src/keys.rs", "scripts/other.sh", "src/environment.py", "README.md"]
        {
            assert_eq!(objection(path, &checks), None, "{path}");
        }
    }
}
