//! What only programs can call: models, what is left, their own variables and output, the end of the run.

use super::function::{Constant, Does, Gives, HostFunction, Kind, Offered, Parameter};

const PROMPT: Parameter = Parameter::of(Kind::Prompt, "prompt", "all that the model sees");
const PROMPTS: Parameter = Parameter::of(Kind::Prompts, "prompts", "a list of prompts");
const MODEL: Parameter = Parameter::text(
    "model",
    "another model than the worker: `root`, or a name. Any other text is put behind the prompt",
)
.or(Constant::None)
.unlisted();

const TEXT: Parameter =
    Parameter::text("context", "a text that is put behind the prompt").or(Constant::None).unlisted();

/// The functions that call models.
pub const MODELS: &[HostFunction] = &[
    HostFunction {
        name: "llm_query",
        about: "the answer of a model that sees only the prompt; put the text and the question into it",
        parameters: &[PROMPT, MODEL, TEXT],
        gives: Gives::Plain,
        does: Does::Ask { recursive: false, is_batch: false },
        offered: Offered::Programs,
    },
    HostFunction {
        name: "llm_query_batched",
        about: "the same for a list, in parallel and in order; much faster than a loop. A failure is a text \"Error: ...\" in \
                its own place",
        parameters: &[PROMPTS, MODEL, TEXT],
        gives: Gives::Plain,
        does: Does::Ask { recursive: false, is_batch: true },
        offered: Offered::Programs,
    },
    HostFunction {
        name: "rlm_query",
        about: "the answer of a child with a REPL of its own, whose `context` is the prompt; for parts that are themselves too \
                large to read at once",
        parameters: &[PROMPT, MODEL, TEXT],
        gives: Gives::Plain,
        does: Does::Ask { recursive: true, is_batch: false },
        offered: Offered::Programs,
    },
    HostFunction {
        name: "rlm_query_batched",
        about: "the same for a list, in parallel",
        parameters: &[PROMPTS, MODEL, TEXT],
        gives: Gives::Plain,
        does: Does::Ask { recursive: true, is_batch: true },
        offered: Offered::Programs,
    },
];

/// The functions about the run and its interpreter.
pub const RUN: &[HostFunction] = &[
    HostFunction {
        name: "BUDGET",
        about: "what is left of calls, tokens, money, time, turns and depth",
        parameters: &[],
        gives: Gives::Plain,
        does: Does::Budget,
        offered: Offered::Programs,
    },
    HostFunction {
        name: "SHOW_VARS",
        about: "names and types of your variables",
        parameters: &[],
        gives: Gives::Plain,
        does: Does::Python("dict(variables())"),
        offered: Offered::Programs,
    },
    HostFunction {
        name: "peek_output",
        about: "characters of what your last program printed (`back=2`: the one before), where it was cut",
        parameters: &[
            Parameter::integer("start", "first character, from 0").or(Constant::Integer(0)),
            Parameter::integer("end", "end, excluded").or(Constant::None),
            Parameter::integer("back", "how many programs back").or(Constant::Integer(1)),
        ],
        gives: Gives::Plain,
        does: Does::Python("printed_part(start, end, back)"),
        offered: Offered::Programs,
    },
    HostFunction {
        name: "FINAL",
        about: "ends the run with this answer",
        parameters: &[Parameter::of(Kind::Any, "value", "the answer")],
        gives: Gives::Plain,
        does: Does::Python("final(value)"),
        offered: Offered::ProgramsUnlisted,
    },
    HostFunction {
        name: "FINAL_VAR",
        about: "ends the run with the value of the variable of this name",
        parameters: &[Parameter::of(Kind::Any, "name", "the name of a variable")],
        gives: Gives::Plain,
        does: Does::Python("final_variable(name)"),
        offered: Offered::ProgramsUnlisted,
    },
];
