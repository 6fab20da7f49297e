//! The options that commands share, as the terminal writes them.

use crate::{
    config::{DEFINITIONS, Definition, Facts, Group, Options, Settings, SettingsError},
    engine::RunConfig,
    setup,
    text::visible_path,
};
use clap::{ArgMatches, Args, Command, FromArgMatches};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A question and what it is about.
#[derive(Debug, Args)]
pub struct Subject {
    /// What you want to know
    #[arg(value_parser = question)]
    pub question: String,
    /// Repository, file, shard store (folder or s3://bucket/prefix), or `-` for standard input [default: what is piped in, else
    /// the current folder]
    pub path: Vec<PathBuf>,
    /// The file, or standard input, holds JSON (or JSON Lines): programs get that list, mapping or messages as `context`
    #[arg(long, help_heading = "Context")]
    pub as_json: bool,
}

/// Models, limits, and what belongs to the context: all the options that the terminal has.
#[derive(Debug, Clone)]
pub struct CommonOptions {
    options: Options,
    /// The options that were given as files, which are not read before all the others are right.
    files: Vec<(&'static Facts, PathBuf)>,
}

/// Options that bound plain calls.
const OF_CALLS: [&str; 9] =
    ["maxCalls", "maxTokens", "maxCost", "confirmAbove", "timeout", "concurrency", "replyTokens", "noCache", "refresh"];

/// Declares some of the options, for commands that take no others.
macro_rules! group_options {
    ($(#[doc = $about:literal] $name:ident where $is_own:expr;)+) => {
        $(
            #[doc = $about]
            #[derive(Debug)]
            pub struct $name(pub Options);

            impl FromArgMatches for $name {
                fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
                    Ok(Self(Options::from_matches(matches)))
                }

                fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
                    *self = Self::from_arg_matches(matches)?;
                    Ok(())
                }
            }

            impl Args for $name {
                fn augment_args(command: Command) -> Command {
                    let is_own: fn(&Facts) -> bool = $is_own;
                    let own = DEFINITIONS.iter().filter(|it| is_own(it.facts()));
                    command.args(own.filter_map(|it| it.argument()))
                }

                fn augment_args_for_update(command: Command) -> Command {
                    Self::augment_args(command)
                }
            }
        )+
    };
}

group_options! {
    /// Which models answer.
    ModelOptions where |it| it.group == Some(Group::Models);
    /// Which files belong to the context.
    ContextOptions where |it| it.group == Some(Group::Context);
    /// What bounds plain calls of models, of which no run is made.
    CallOptions where |it| OF_CALLS.contains(&it.name);
}

impl CommonOptions {
    /// These, and where nothing is said those of before.
    pub fn over(self, before: Self) -> Self {
        let files = before.files.into_iter().chain(self.files).collect();
        Self { options: self.options.merged_over(before.options), files }
    }

    /// Has another root model answer, and the sub-calls as well unless another worker is named.
    ///
    /// # Errors
    /// That is no name of a model.
    pub fn set_model(&mut self, name: &str) -> Result<(), String> {
        self.options.set("model", &Value::from(name)).map(drop).map_err(|error| refused(&error))
    }

    /// The settings, and how to answer.
    ///
    /// # Errors
    /// What is wrong with an option, in words.
    pub fn resolve(self) -> Result<(Settings, RunConfig), String> {
        let settings = setup::settings(self.into_options()?).map_err(|error| refused(&error))?;
        let config = RunConfig::of(&settings).map_err(|failure| failure.message)?;
        Ok((settings, config))
    }

    /// # Errors
    /// A file that an option names cannot be read, or is not what it should be.
    fn into_options(self) -> Result<Options, String> {
        let mut options = self.options;
        for (facts, path) in &self.files {
            let value = json(&facts.in_terminal(), path)?;
            let set = options.set(facts.name, &value);
            set.map_err(|error| format!("{} ({})", refused(&error), visible_path(path)))?;
        }
        Ok(options)
    }
}

impl FromArgMatches for CommonOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let file = |it: &&'static dyn Definition| Some((it.facts(), it.file(matches)?));
        let files = DEFINITIONS.iter().filter_map(file).collect();
        Ok(Self { options: Options::from_matches(matches), files })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for CommonOptions {
    fn augment_args(command: Command) -> Command {
        command.args(DEFINITIONS.iter().filter_map(|it| it.argument()))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// The largest file that an option may name.
const MOST_BYTES: u64 = 1 << 20;

/// The JSON in a file that an option names.
fn json(option: &str, path: &Path) -> Result<Value, String> {
    let shown = visible_path(path);
    let unreadable = |error: std::io::Error| format!("{option}: cannot read {shown}: {error}");
    if std::fs::metadata(path).map_err(unreadable)?.len() > MOST_BYTES {
        return Err(format!("{option}: {shown} has more than {} MiB", MOST_BYTES >> 20));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    serde_json::from_str(&text).map_err(|error| format!("{option}: {shown} is no JSON: {error}"))
}

/// A question that asks something.
fn question(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() { Err("the question is empty") } else { Ok(text.to_owned()) }
}

/// The error with its option as the terminal writes it. Environment variables keep their names.
pub fn refused(error: &SettingsError) -> String {
    format!("{}: {}", spelled(&error.option), error.problem)
}

/// An option, named as on the wire, as the terminal writes it: `--max-calls` for `maxCalls`.
pub fn spelled(option: &str) -> String {
    let definition = DEFINITIONS.iter().find(|it| it.facts().name == option);
    definition.map_or_else(|| option.to_owned(), |it| it.facts().in_terminal())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Repair, Shape};
    use serde_json::json;

    fn command() -> Command {
        CommonOptions::augment_args(Command::new("test"))
    }

    #[test]
    fn the_help_tells_the_defaults() {
        command().debug_assert();
        for definition in DEFINITIONS {
            let facts = definition.facts();
            let Some(default) = definition.default() else { continue };
            let command = command();
            let argument = command.get_arguments().find(|it| it.get_id() == facts.name).expect(facts.name);
            let help = argument.get_help().expect("the option has a help").to_string();
            assert!(help.contains(&format!("[default: {default}]")), "{}: {help}", facts.name);
        }
    }

    /// The options that these arguments set.
    fn read(arguments: &[&str]) -> Result<Options, String> {
        let arguments = std::iter::once("test").chain(arguments.iter().copied());
        let matches = command().try_get_matches_from(arguments).map_err(|error| error.to_string())?;
        CommonOptions::from_arg_matches(&matches).map_err(|error| error.to_string())?.into_options()
    }

    #[test]
    fn every_option_is_read_as_the_terminal_writes_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file.json");
        std::fs::write(&file, "[]").unwrap();
        for definition in DEFINITIONS.iter().filter(|it| it.facts().group.is_some()) {
            let facts = definition.facts();
            let (written, value) = match definition.shape() {
                Shape::Text => ("a", json!("a")),
                Shape::TextOrTexts | Shape::Globs => ("a,b", json!(["a,b"])),
                Shape::Choice(names) => (&*names[1].clone(), json!(names[1])),
                Shape::Choices(names) => ("clean-retry", json!([names[2]])),
                Shape::Whole { .. } => ("3", json!(3)),
                Shape::Number => ("1.5", json!(1.5)),
                Shape::Time => ("1m30s", json!(90)),
                Shape::Flag => ("", json!(true)),
                Shape::Schema | Shape::Tools => (file.to_str().unwrap(), json!([])),
                Shape::Prices => panic!("{} is not in the terminal", facts.name),
            };
            let expected = Options::from_json(&json!({ facts.name: value })).unwrap();
            assert_ne!(expected, Options::default(), "{}", facts.name);
            let option = facts.in_terminal();
            let arguments = if written.is_empty() { &[option.as_str()][..] } else { &[&option, written] };
            assert_eq!(read(arguments), Ok(expected), "{}", facts.name);
        }
    }

    #[test]
    fn lists_are_given_one_by_one() {
        let options = read(&["--include", "a", "--include", "b", "--repair", "placeholders"]).unwrap();
        assert_eq!(options.include.unwrap(), ["a", "b"]);
        assert_eq!(options.repair.unwrap(), [Repair::Placeholders]);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_the_option_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file.json");
        std::fs::write(&file, "{}").unwrap();
        for (arguments, expected) in [
            (["--max-calls", "x"], "invalid value 'x' for '--max-calls <N>'"),
            (["--strategy", "fast"], "invalid value 'fast' for '--strategy <auto|direct|rlm|read>'"),
            (["--repair", "cleanRetry"], "[possible values: doubled-calls, placeholders, clean-retry]"),
            (["--schema", "/nowhere"], "--schema: cannot read /nowhere: "),
            (["--tools", file.to_str().unwrap()], "--tools: missing field `tools` ("),
        ] {
            let error = read(&arguments).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn errors_name_what_the_person_has_written() {
        for (option, expected) in [("maxCalls", "--max-calls"), ("price", "RLM_PRICE"), ("RLM_PRICE", "RLM_PRICE")] {
            assert_eq!(spelled(option), expected);
        }
    }
}
