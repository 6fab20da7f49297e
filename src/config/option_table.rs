//! Every option, declared once. An option is added by an entry here and the place that uses its setting; tests say what
//! else has to tell of it (the settings of the editors, the tables of the documentation).

use super::{
    Effort, Environment, Protocol, Repair, SettingsError, Strategy, TraceContent,
    definition::{
        Definition, Entry, Facts,
        Group::{Context, How, Limits as Bounds, Models},
        options,
    },
    endpoint::Addresses,
    kind::{Choice, Choices, Flag, Globs, Kind, Money, Name, Prices, Schema, Seconds, Tools, Unlimited, Whole},
};
use clap::ArgMatches;
use serde_json::Value;

const DAY: f64 = 86_400.0;

options! {
    /// What the layers above read.
    struct Settings {
        /// The root model: `provider::model`, a model's name, `cli:COMMAND`, or `extractive`
        "model", model => model: Name = Name, Facts::of(Models).in_environment("RLM_MODEL");

        /// The model of sub-calls; the root model if absent
        "worker", worker => worker: Name = Name, Facts::of(Models).in_environment("RLM_WORKER_MODEL");

        /// OpenAI-compatible base URL, e.g. http://127.0.0.1:8000/v1, whose key is in RLM_API_KEY; several form a pool
        "endpoint", endpoint => endpoints: Addresses = Addresses, Facts::of(Models).in_environment("RLM_ENDPOINT");

        /// Tokens that fit the window of the models, in place of what is known of them
        "window", window => window: Unlimited = Unlimited { most: 100_000_000 }, Facts::of(Models);

        // A server of one's own may read a long prompt for minutes, or load its model first.
        /// Time until the first word of a reply; signs of life, such as comments in a stream, begin it anew
        "firstTokenTimeout", first_token_timeout => first_token_timeout: Seconds = Seconds { default: 1200.0, most: DAY }, Facts::of(Models);

        /// Time that a server may be silent within a reply
        "silenceTimeout", silence_timeout => silence_timeout: Seconds = Seconds { default: 180.0, most: DAY }, Facts::of(Models);

        /// How much models reason before they answer; a server that takes no such wish is asked without it
        "reasoningEffort", reasoning_effort => reasoning_effort: Choice<Effort> = Choice::NEW, Facts::of(Models);

        /// Whether programs are written, or the whole text, or passages that a search has found, are put into one prompt
        "strategy", strategy => strategy: Choice<Strategy> = Choice::NEW, Facts::of(How);

        /// Whether models write programs in their text, or call tools; by what they can, if it is left open
        "protocol", protocol => protocol: Choice<Protocol> = Choice::NEW, Facts::of(How);

        /// A JSON Schema that the answer must satisfy; what does not is given back to the model
        "schema", schema => schema: Schema = Schema, Facts::of(How).for_single_questions();

        /// Commands and values that models may use, in JSON
        "tools", tools => tools: Tools = Tools, Facts::of(How);

        /// Mend what may be a slip of the model, at the risk that it was none; may be given several times
        "repair", repair => repairs: Choices<Repair> = Choices::NEW, Facts::of(How);

        /// Neither serve replies of models from the store nor keep any
        "noCache", no_cache => no_cache: Flag = Flag, Facts::of(How);

        /// Ask for replies anew that are in the store, and put the new ones in their place
        "refresh", refresh => refresh: Flag = Flag, Facts::of(How);

        /// US dollars above which you are asked before a question, a review, a change or a cycle begins; with a limit on cost
        /// only if this is set
        "confirmAbove", confirm_above => confirm_above: Money = Money { most: 1e6, unset: "1" }, Facts::of(How);

        /// Whether traces of runs have the texts that models were shown and wrote, or only their lengths
        "traceContent", trace_content => trace_content: Choice<TraceContent> = Choice::NEW, Facts::of(How).in_environment("RLM_TRACE_CONTENT");

        /// Only files that match; may be given several times
        "include", include => include: Globs = Globs, Facts::of(Context);

        /// No files that match; may be given several times
        "exclude", exclude => exclude: Globs = Globs, Facts::of(Context);

        /// Files that ignore files keep out, too; hidden files and secrets still stay out
        "noIgnore", no_ignore => no_ignore: Flag = Flag, Facts::of(Context);

        /// What models cost by their names, in US dollars per million tokens
        "price", price => prices: Prices = Prices, Facts::NONE.in_environment("RLM_PRICE");

        /// In editors: review a document when it is saved; replies about what has not changed are known
        "reviewOnSave", review_on_save => review_on_save: Flag = Flag, Facts::NONE;

        struct limits: Limits;
    }

    /// What a run may use up. Every number holds for the whole tree of a run.
    struct Limits {
        /// Turns of models that write programs
        "maxIterations", max_iterations => max_iterations: Whole<u64> = Whole::new(60, 1..=10_000), Facts::of(Bounds);

        // At 0 there are none, and `rlm_query` is a plain call.
        /// Levels of child runs
        "maxDepth", max_depth => max_depth: Whole<usize> = Whole::new(2, 0..=16), Facts::of(Bounds);

        /// Calls of models
        "maxCalls", max_calls => max_calls: Whole<u64> = Whole::new(1000, 1..=1_000_000), Facts::of(Bounds);

        /// Tokens, in and out
        "maxTokens", max_tokens => max_tokens: Unlimited = Unlimited { most: 1_000_000_000_000 }, Facts::of(Bounds);

        /// Tokens of one reply
        "replyTokens", reply_tokens => reply_tokens: Whole<u64> = Whole::new(8192, 256..=10_000_000), Facts::of(Bounds);

        /// US dollars; the prices of the models must be known (`RLM_PRICE`)
        "maxCost", max_cost => max_cost: Money = Money { most: 1e6, unset: "unlimited" }, Facts::of(Bounds);

        /// Time for the whole run, such as 90, 10m or 1h30m; a bare number is seconds
        "timeout", timeout => timeout: Seconds = Seconds { default: 600.0, most: 7.0 * DAY }, Facts::of(Bounds);

        /// Time for one program, calls not counted
        "cellTimeout", cell_timeout => cell_timeout: Seconds = Seconds { default: 30.0, most: DAY }, Facts::of(Bounds);

        /// Turns in a row whose programs fail
        "maxErrors", max_errors => max_errors: Whole<u64> = Whole::new(5, 1..=1000), Facts::of(Bounds);

        /// Calls that are open at once
        "concurrency", concurrency => concurrency: Whole<usize> = Whole::new(16, 1..=1024), Facts::of(Bounds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Shape;
    use serde_json::json;

    /// Two values for every option, on the wire.
    fn samples(shape: &Shape) -> [Value; 2] {
        match shape {
            Shape::Text | Shape::TextOrTexts => [json!("a"), json!("b")],
            Shape::Globs => [json!(["*.a"]), json!(["*.b"])],
            Shape::Choice(names) => [json!(names[0]), json!(names[1])],
            Shape::Choices(names) => [json!([names[0]]), json!([])],
            Shape::Whole { least } => [json!(least), json!(least + 1)],
            Shape::Number | Shape::Time => [json!(1.5), json!(2)],
            Shape::Flag => [json!(true), json!(false)],
            Shape::Schema => [json!(true), json!({})],
            Shape::Tools => [json!([]), json!([{"name": "a", "value": 1}])],
            Shape::Prices => [json!({"m": [1, 2]}), json!({"m": [3, 4]})],
        }
    }

    fn with(name: &str, value: &Value) -> Options {
        let mut options = Options::default();
        assert_eq!(options.set(name, value), Ok(true), "{name}");
        options
    }

    #[test]
    fn of_every_option_the_upper_value_wins_and_the_lower_fills_the_gap() {
        for definition in DEFINITIONS {
            let name = definition.facts().name;
            let [a, b] = samples(&definition.shape()).map(|it| with(name, &it));
            assert_ne!(a, b, "{name}");
            assert_eq!(a.clone().merged_over(b.clone()), a, "{name}");
            assert_eq!(Options::default().merged_over(b.clone()), b, "{name}");
            assert_eq!(a.clone().merged_over(Options::default()), a, "{name}");
        }
    }

    #[test]
    fn prices_are_merged_model_by_model() {
        let upper = with("price", &json!({"a": [2, 1]}));
        let merged = upper.merged_over(with("price", &json!({"a": [9, 1], "b": [3, 1]}))).price.unwrap();
        assert_eq!((merged["a"].input, merged["b"].input), (2.0, 3.0));
    }

    #[test]
    fn every_variable_sets_its_option_and_no_other() {
        for definition in DEFINITIONS {
            let facts = definition.facts();
            let Some(variable) = facts.variable else { continue };
            let (text, value) = match definition.shape() {
                Shape::Prices => ("m=1/2".to_owned(), json!({"m": [1, 2]})),
                shape => match samples(&shape) {
                    [Value::String(text), _] => (text.clone(), Value::String(text)),
                    [value, _] => (value.to_string(), value),
                },
            };
            let environment = Environment::new(move |name| (name == variable).then(|| text.clone()));
            assert_eq!(Options::from_environment(&environment), Ok(with(facts.name, &value)), "{variable}");
        }
    }

    #[test]
    fn every_value_out_of_its_bounds_is_refused_by_its_name() {
        for definition in DEFINITIONS {
            let value = match definition.shape() {
                Shape::Whole { .. } => json!(u64::MAX),
                Shape::Number | Shape::Time => json!(f64::MAX),
                Shape::Text => json!(" "),
                _ => continue,
            };
            let name = definition.facts().name;
            assert_eq!(with(name, &value).resolve().unwrap_err().option, name);
        }
    }

    #[test]
    fn names_are_unique_and_said_in_one_way() {
        let mut names: Vec<_> = DEFINITIONS.iter().map(|it| it.facts().name).collect();
        for name in &names {
            assert_eq!(crate::config::spelling::camel_case(&crate::config::spelling::kebab_case(name)), *name);
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), DEFINITIONS.len());
    }
}
