//! What models are told first, whatever they are asked.

use crate::{
    config::{Deed, ToolSpec},
    engine::host,
};
use std::fmt::Write;

/// What a root model is told that writes programs: before what it finds, before models, and at the end.
const PROGRAMS: [&str; 3] = [
    r#"You answer a question about a text that is too large for your window. The text is not in this conversation: it is the variable `context` in a Python REPL. You look into it with small programs, and have other models read the parts that matter.

To run a program, write it in a block like this; several blocks run in order, and you see what they print:

```repl
print(len(context), len(files))
for row in search("where are retries decided", k=5):
    print(row)
```

Variables stay from program to program. The text is there under these names:
"#,
    r#"
Other models read for you:
"#,
    r#"
Only what you print comes back to you, and long output is cut: print little, keep results in variables, and have long texts read by `llm_query_batched` instead of printing them. There are no files, no network and no packages beyond Python's standard library.

When you know the answer, end with `FINAL(text)` in a program, or set `answer["content"]` and then `answer["ready"] = True`, or write `FINAL_VAR("name")` to answer with a variable. The answer is Markdown for a person. Cite where things stand as `path:line` or `path:first-last`, with lines that you have seen, and claim nothing that you have not seen."#,
];

/// What a root model is told that calls tools: before the names of looks, of other functions about the text, and at the end.
const TOOLS: [&str; 3] = [
    r#"You answer a question about a text that is too large for your window. The text is not in this conversation: you look into it with the tools, and have other models read the parts that matter.

All calls of one message run at the same time, so make those together that do not depend on each other. Looks ("#,
    r#") give back texts, cut where they are long: ask for little. `sub_llm` gives characters of the text to another model, with a question; use it for long parts, several in one message.

`exec_python` runs programs in a REPL whose variables stay. There the text is `context`, a str, and `files` is a mapping from path to text; "#,
    r#" are functions that give rows and texts; `llm_query(prompt)` and `llm_query_batched(prompts)` ask a model that sees only the prompt, in parallel for a list; `rlm_query(prompt)` and `rlm_query_batched(prompts)` give the prompt to a child that has tools of its own. Use it to count, to compare, and to go over many parts. Only what a program prints comes back. There are no files, no network and no packages beyond Python's standard library.

When you know the answer, write it as a message without calls (or call `final`, or `final_var` for the value of a variable). The answer is Markdown for a person. Cite where things stand as `path:line` or `path:first-last`, with lines that you have seen, and claim nothing that you have not seen."#,
];

/// What a model is told first, in one of the two dresses. `own` are tools of the person's own.
pub fn instructions(by_tools: bool, own: &[&ToolSpec]) -> String {
    if by_tools {
        // Their descriptions go with the tools themselves.
        let [beginning, looks, end] = TOOLS;
        let (of_tools, others) = host::look_names();
        return [beginning, &of_tools, looks, &of_tools, ", ", &others, end].concat();
    }
    let [beginning, models, end] = PROGRAMS;
    let (of_text, of_run) = host::instruction_lines();
    let mut text = [beginning, &of_text, models, &of_run, end].concat();
    if own.is_empty() {
        return text;
    }
    text.push_str("\n\nFor this question there is also:");
    for spec in own {
        let _ = match &spec.deed {
            Deed::Command { parameters, .. } => {
                write!(text, "\n- `{}(...)`, a function with the arguments {parameters}", spec.name)
            }
            Deed::Value(_) => write!(text, "\n- `{}`, a value", spec.name),
        };
        if !spec.description.is_empty() {
            let _ = write!(text, ": {}", spec.description);
        }
    }
    text
}

/// What a model is told that answers in one call.
pub const DIRECT_SYSTEM: &str = "You answer a question about a text that follows. The answer is Markdown for a person. \
Cite where things stand as `path:line` or `path:first-last`, by the line numbers in front of the lines; claim nothing \
that the text does not say.";

/// What a child is asked: the prompt itself is its context.
pub const CHILD_QUESTION: &str = "The context is a prompt that another program wrote for you: a text with an \
instruction. Find the instruction (most often at the beginning or at the end of `context`), do what it says with the \
text, and give the result as your answer.";
