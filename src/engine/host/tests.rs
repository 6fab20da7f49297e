//! One function more, and everything that follows from it.

use super::{
    function::{Constant, Does, Gives, HostFunction, Offered, Parameter},
    functions, instructions, page, python,
    rows::RowForm,
    schema,
};
use crate::{
    corpus::{ContextText, StopFlag},
    repl::Raised,
};
use expect_test::{expect, expect_file};
use serde_json::Value;

const WORDS: RowForm = RowForm {
    class: "Word",
    about: "A word that `words` found",
    columns: &["word", "count"],
    line: "{word}: {count}",
    none: "no words",
};

/// As one adds it to the table.
const NEW: HostFunction = HostFunction {
    name: "words",
    about: "the words of the text that are there most often",
    parameters: &[
        Parameter::text("path", "the file to look in").or(Constant::None),
        Parameter::integer("most", "the most words").or(Constant::Integer(10)),
    ],
    gives: Gives::Rows(&WORDS),
    does: Does::Scan(words),
    offered: Offered::Everywhere,
};

fn words(_: &ContextText, _: Value, _: &StopFlag) -> Result<Value, Raised> {
    Ok(Value::Null)
}

#[test]
fn one_entry_is_all_that_a_new_function_needs() {
    let table = || functions().chain([&NEW]);
    let tool = schema::all_tools(table(), &[]).pop().expect("there are tools");
    expect![[r#"
        words: The words of the text that are there most often; each with word, count.
        {"type":"object","properties":{"path":{"type":"string","description":"the file to look in"},"most":{"type":"integer","description":"the most words; default 10"}},"required":[]}"#]].assert_eq(&format!("{}: {}\n{}", tool.name, tool.description, tool.parameters));
    expect![[r#"
        - `words(path=None, most=10)`: the words of the text that are there most often; rows with word, count
    "#]]
    .assert_eq(&instructions::lines([&NEW].into_iter()));
    let source = python::source([&NEW].into_iter());
    expect![[r#"


        class Word(Row):
            """A word that `words` found: word, count."""

            def __str__(self):
                return str(self.word) + ": " + str(self.count)


        def words(path=None, most=10):
            "The words of the text that are there most often.\npath: the file to look in\nmost: the most words"
            return rows(Word, host_call("words", [None if path is None else text(path, "path"), number(most, "most")]))


        FUNCTIONS = [words]
    "#]]
    .assert_eq(&source);
    let page = page::page(table());
    expect![[r#"
        ### `words(path=None, most=10)`

        The words of the text that are there most often; rows (`Word`) with word, count.

        Called by programs and tools.

        | parameter | meaning | without it |
        |---|---|---|
        | `path` | the file to look in | `None` |
        | `most` | the most words | `10` |
    "#]]
    .assert_eq(&page[page.find("### `words").expect("the page has it")..]);
}

#[test]
fn the_page_has_what_the_table_has() {
    expect_file![concat!(env!("CARGO_MANIFEST_DIR"), "/docs/functions.md")].assert_eq(&page::page(functions()));
}

#[test]
fn no_name_is_taken_twice() {
    let names: std::collections::BTreeSet<&str> = functions().map(|it| it.name).collect();
    assert_eq!(names.len(), functions().count());
}
