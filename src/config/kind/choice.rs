//! Options that are one of a few names, or a list of them. The names are those of clap's [`ValueEnum`]; on the wire they
//! are in camelCase.

use super::{Kind, Shape, expected, many, repeated};
use crate::config::spelling::camel_case;
use clap::{Arg, ArgMatches, ValueEnum, builder::EnumValueParser};
use serde_json::Value;
use std::marker::PhantomData;

/// One of the names.
#[derive(Clone)]
pub struct Choice<T>(PhantomData<T>);

/// Any of the names.
#[derive(Clone)]
pub struct Choices<T>(PhantomData<T>);

impl<T> Choice<T> {
    pub const NEW: Self = Self(PhantomData);
}

impl<T> Choices<T> {
    pub const NEW: Self = Self(PhantomData);
}

impl<T: ValueEnum + Default + Send + Sync + 'static> Kind for Choice<T> {
    type Written = T;
    type Settled = T;

    fn shape(&self) -> Shape {
        Shape::Choice(names::<T>())
    }

    fn value_name(&self) -> String {
        written::<T>()
    }

    fn default(&self) -> Option<String> {
        name(&T::default())
    }

    fn read(&self, value: &Value) -> Result<T, String> {
        value.as_str().and_then(named).ok_or_else(|| expected(&alternatives::<T>(), value))
    }

    fn argument(&self, argument: Arg) -> Arg {
        one_of::<T>(argument)
    }

    fn settle(&self, written: Option<T>) -> Result<T, String> {
        Ok(written.unwrap_or_default())
    }
}

impl<T: ValueEnum + Send + Sync + 'static> Kind for Choices<T> {
    type Written = Vec<T>;
    type Settled = Vec<T>;

    fn shape(&self) -> Shape {
        Shape::Choices(names::<T>())
    }

    fn value_name(&self) -> String {
        written::<T>()
    }

    fn read(&self, value: &Value) -> Result<Vec<T>, String> {
        let all = |items: &Vec<Value>| items.iter().map(|it| named(it.as_str()?)).collect();
        let listed = value.as_array().and_then(all);
        listed.ok_or_else(|| expected(&format!("a list of {}", alternatives::<T>()), value))
    }

    fn argument(&self, argument: Arg) -> Arg {
        repeated(one_of::<T>(argument))
    }

    fn matched(&self, matches: &ArgMatches, name: &str) -> Option<Vec<T>> {
        many(matches, name)
    }

    fn settle(&self, written: Option<Vec<T>>) -> Result<Vec<T>, String> {
        Ok(written.unwrap_or_default())
    }
}

/// The argument shows its choices in the place of a value's name, so they are not listed behind its help once more.
fn one_of<T: ValueEnum + Send + Sync + 'static>(argument: Arg) -> Arg {
    argument.hide_possible_values(true).value_parser(EnumValueParser::<T>::new())
}

/// The choices as the terminal writes them.
fn written<T: ValueEnum>() -> String {
    let choices = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    choices.map(|it| it.get_name().to_owned()).collect::<Vec<_>>().join("|")
}

/// The name on the wire.
fn name<T: ValueEnum>(it: &T) -> Option<String> {
    Some(camel_case(it.to_possible_value()?.get_name()))
}

fn names<T: ValueEnum>() -> Vec<String> {
    T::value_variants().iter().filter_map(name).collect()
}

fn named<T: ValueEnum>(wanted: &str) -> Option<T> {
    T::value_variants().iter().find(|it| name(*it).is_some_and(|it| it == wanted)).cloned()
}

/// What there is to choose from, for a person.
fn alternatives<T: ValueEnum>() -> String {
    let names: Vec<String> = names::<T>().iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, first @ [_, ..])) => format!("{} or {last}", first.join(", ")),
        _ => names.concat(),
    }
}
