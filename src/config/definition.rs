//! How an option is declared, and what comes from its declaration.

use super::{
    Environment, SettingsError,
    kind::{Kind, Shape},
    spelling::kebab_case,
};
use clap::{Arg, ArgMatches, value_parser};
use serde_json::Value;
use std::path::PathBuf;

/// Where the terminal's help lists an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Models,
    How,
    Context,
    Limits,
}

impl Group {
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Models => "Models",
            Self::How => "How",
            Self::Context => "Context",
            Self::Limits => "Limits, for the whole tree of a run",
        }
    }
}

/// What is said of an option beside its type.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Its name on the wire. In the terminal it is written in kebab-case.
    pub name: &'static str,
    pub help: &'static str,
    /// Where the terminal has it, if it does.
    pub group: Option<Group>,
    /// The environment variable that sets it, if one does.
    pub variable: Option<&'static str>,
    /// Whether editors have a setting for it; else it belongs to single questions.
    pub is_setting: bool,
}

impl Facts {
    pub const NONE: Self = Self { name: "", help: "", group: None, variable: None, is_setting: true };

    pub const fn of(group: Group) -> Self {
        Self { group: Some(group), ..Self::NONE }
    }

    pub const fn in_environment(self, variable: &'static str) -> Self {
        Self { variable: Some(variable), ..self }
    }

    pub const fn for_single_questions(self) -> Self {
        Self { is_setting: false, ..self }
    }

    /// The option as the terminal writes it, or the variable of one that it does not have.
    pub fn in_terminal(&self) -> String {
        match (self.group, self.variable) {
            (None, Some(variable)) => variable.to_owned(),
            _ => format!("--{}", kebab_case(self.name)),
        }
    }
}

/// One line of the table.
pub struct Entry<K> {
    pub facts: Facts,
    pub kind: K,
}

impl<K: Kind> Entry<K> {
    pub fn read(&self, value: &Value) -> Result<K::Written, SettingsError> {
        self.kind.read(value).map_err(|problem| SettingsError::new(self.facts.name, problem))
    }

    pub fn in_environment(&self, environment: &Environment) -> Result<Option<K::Written>, SettingsError> {
        let Some(variable) = self.facts.variable else { return Ok(None) };
        let parse = |text: String| self.kind.parse(&text).map_err(|problem| SettingsError::new(variable, problem));
        environment.get(variable).map(parse).transpose()
    }

    /// What the terminal was given, if it is not a file.
    pub fn matched(&self, matches: &ArgMatches) -> Option<K::Written> {
        if K::IS_FILE { None } else { self.kind.matched(matches, self.facts.name) }
    }

    pub fn settle(&self, written: Option<K::Written>) -> Result<K::Settled, SettingsError> {
        self.kind.settle(written).map_err(|problem| SettingsError::new(self.facts.name, problem))
    }
}

/// An option whose type does not matter.
pub trait Definition: Sync {
    fn facts(&self) -> &Facts;

    fn shape(&self) -> Shape;

    /// What holds if it is not set, as people are told it.
    fn default(&self) -> Option<String>;

    /// The terminal's argument, named as on the wire, if there is one.
    fn argument(&self) -> Option<Arg>;

    /// The file that the terminal was given in the place of a value.
    fn file(&self, matches: &ArgMatches) -> Option<PathBuf>;
}

impl<K: Kind> Definition for Entry<K> {
    fn facts(&self) -> &Facts {
        &self.facts
    }

    fn shape(&self) -> Shape {
        self.kind.shape()
    }

    fn default(&self) -> Option<String> {
        self.kind.default()
    }

    fn argument(&self) -> Option<Arg> {
        let Facts { name, help, group, variable, .. } = self.facts;
        let default = self.default().map(|it| format!(" [default: {it}]")).unwrap_or_default();
        let variable = variable.map(|it| format!(" [env: {it}]")).unwrap_or_default();
        let argument = Arg::new(name)
            .long(kebab_case(name))
            .value_name(self.kind.value_name())
            .help(format!("{}{default}{variable}", help.trim()))
            .help_heading(group?.heading());
        Some(if K::IS_FILE { argument.value_parser(value_parser!(PathBuf)) } else { self.kind.argument(argument) })
    }

    fn file(&self, matches: &ArgMatches) -> Option<PathBuf> {
        if K::IS_FILE { matches.try_get_one(self.facts.name).ok().flatten().cloned() } else { None }
    }
}

/// Declares the options, and makes of the declarations
///
/// - `Options`: what was written, all of it optional, with its readers from JSON, the environment and the terminal, and
///   with `merged_over`;
/// - the structs that are named: what a run is given, total and inside its bounds;
/// - `DEFINITIONS`: the table, for whoever describes the options elsewhere.
///
/// An entry is `name on the wire, field of Options => field of the struct: kind = value, facts;` under a help text.
macro_rules! options {
    ($(
        $(#[$struct_doc:meta])*
        struct $target:ident {
            $(
                $(#[doc = $help:literal])+
                $name:literal, $field:ident => $setting:ident: $kind:ty = $make:expr, $facts:expr;
            )*
            $(struct $nested:ident: $nested_type:ident;)*
        }
    )*) => {
        struct Table {
            $($($field: Entry<$kind>,)*)*
        }

        static TABLE: Table = Table {
            $($($field: Entry {
                facts: Facts { name: $name, help: concat!($($help),+), ..$facts },
                kind: $make,
            },)*)*
        };

        /// Every option.
        pub static DEFINITIONS: &[&dyn Definition] = &[$($(&TABLE.$field,)*)*];

        /// What was set, from whichever side. All may be missing. Names on the wire are these in camelCase; see
        /// `docs/protocol.md`.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct Options {
            $($(
                $(#[doc = $help])+
                pub $field: Option<<$kind as Kind>::Written>,
            )*)*
            /// Names on the wire that mean nothing here, so that the caller can say which.
            pub unknown: Vec<String>,
        }

        impl Options {
            /// Sets the option of this name on the wire; says whether there is one.
            ///
            /// # Errors
            /// The value is of the wrong type.
            pub fn set(&mut self, name: &str, value: &Value) -> Result<bool, SettingsError> {
                match name {
                    $($($name => self.$field = Some(TABLE.$field.read(value)?),)*)*
                    _ => return Ok(false),
                }
                Ok(true)
            }

            /// The options that the environment sets.
            ///
            /// # Errors
            /// A variable's value cannot be read.
            pub fn from_environment(environment: &Environment) -> Result<Self, SettingsError> {
                Ok(Self {
                    $($($field: TABLE.$field.in_environment(environment)?,)*)*
                    unknown: Vec::new(),
                })
            }

            /// The options that the terminal was given, without those that stand in files.
            pub fn from_matches(matches: &ArgMatches) -> Self {
                Self {
                    $($($field: TABLE.$field.matched(matches),)*)*
                    unknown: Vec::new(),
                }
            }

            /// These options, and those of `lower` where these say nothing.
            pub fn merged_over(self, lower: Self) -> Self {
                let mut unknown = lower.unknown;
                unknown.extend(self.unknown);
                unknown.sort();
                unknown.dedup();
                Self {
                    $($($field: <$kind as Kind>::merge(self.$field, lower.$field),)*)*
                    unknown,
                }
            }
        }

        $(
            $(#[$struct_doc])*
            #[derive(Debug, Clone, PartialEq)]
            pub struct $target {
                $(
                    $(#[doc = $help])+
                    pub $setting: <$kind as Kind>::Settled,
                )*
                $(pub $nested: $nested_type,)*
            }

            impl $target {
                /// Fills the gaps with the defaults.
                ///
                /// # Errors
                /// The first value out of its bounds, by its name.
                pub(super) fn of(options: &Options) -> Result<Self, SettingsError> {
                    Ok(Self {
                        $($setting: TABLE.$field.settle(options.$field.clone())?,)*
                        $($nested: $nested_type::of(options)?,)*
                    })
                }
            }
        )*
    };
}

pub(super) use options;
