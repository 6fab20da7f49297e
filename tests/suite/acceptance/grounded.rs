//! What an answer rests on, and what becomes of models that give none: they loop, decline, never look into the text, or
//! write programs in a form of their own. Each takes at most five calls, and the person gets what the text says.

use super::{
    case::{Case, case},
    model::{Said, loops, program, says},
};
use serde_json::json;

/// A text that is too long for one prompt, with one line that answers.
fn text() -> String {
    let filler = |number: usize| format!("Shelf {number} holds volumes about gardens and rivers.\n");
    let before: String = (0..400).map(filler).collect();
    let after: String = (400..800).map(filler).collect();
    format!("{before}The fee for a late book is 12 euros a week.\n{after}")
}

/// A question about that text, for a model of which nothing is known.
fn about(says: &'static str) -> Case {
    let case = case("64", says).context(text()).asks("What is the fee for a late book?");
    case.options(json!({"strategy": "auto"})).most_calls(5)
}

fn always(said: Said) -> Vec<Said> {
    vec![said; 20]
}

pub fn cases() -> Vec<Case> {
    vec![
        about("a model that never looks is told so once, with passages, and its answer says that it rests on nothing")
            .root(always(says("The fee is 99 euros.")))
            .calls(3)
            .grounded("none")
            .told(3, "12 euros a week")
            .answer_has("The fee is 99 euros.")
            .answer_has("Nothing of the text supports this answer")
            .answer_has("text.txt:401"),
        about("the same in programs that do not touch the text")
            .root(always(program("FINAL('The fee is 99 euros.')")))
            .calls(2)
            .grounded("none")
            .answer_has("Nothing of the text supports this answer")
            .answer_has("text.txt:401"),
        about("one that then answers from the passages is believed")
            .root([
                says("The fee is 99 euros."),
                says("It is 99 euros."),
                says("The fee is 12 euros a week (`text.txt:401`)."),
            ])
            .calls(3)
            .grounded("cited")
            .answer("The fee is 12 euros a week (`text.txt:401`)."),
        about("one that has looked and cites nothing has looked")
            .root([program("print(grep('fee'))"), program("FINAL('The fee is 12 euros a week.')")])
            .calls(2)
            .grounded("looked")
            .answer("The fee is 12 euros a week."),
        about("a person who insists on programs gets what they declare, and a warning")
            .options(json!({"strategy": "rlm"}))
            .root([program("FINAL('The fee is 99 euros.')")])
            .calls(1)
            .grounded("none")
            .warns("nothing of the text supports this answer")
            .answer("The fee is 99 euros."),
        about("a model that always loops is stopped, and the passages are the answer")
            .root(always(loops("I think that ")))
            .calls(4)
            .grounded("cited")
            .not_in_conversation(3, &"I think that ".repeat(60))
            .answer_has("12 euros a week")
            .answer_lacks("I think that")
            .warns("it repeated itself"),
        about("a model that only declines is stopped, and the passages are the answer")
            .root(always(says("I'm sorry, but I can't help with that.")))
            .calls(4)
            .grounded("cited")
            .told(2, "This is no answer")
            .answer_has("12 euros a week")
            .answer_lacks("sorry")
            .warns("it declined to answer"),
        about("where a person insists on programs such a run fails, and says what to do")
            .options(json!({"strategy": "rlm"}))
            .root(always(says("I'm sorry, but I can't help with that.")))
            .calls(3)
            .ends("failed")
            .fails("noAnswer")
            .answer(""),
        about("replies that are always cut off are no partial answer")
            .root(always(says("The fee might be ").cut()))
            .calls(4)
            .grounded("cited")
            .answer_has("12 euros a week")
            .answer_lacks("The fee might be")
            .event(json!({"kind": "turn", "iteration": 1, "cut": "a reply may have 8192 tokens"})),
        about("programs in a form of its own are no answer")
            .root(always(says("<execute>\ncat text.txt | head\n</execute>")))
            .answer_has("text.txt:401"),
        about("programs that always fail lead to passages")
            .root(always(program("const text = open('text.txt');")))
            .grounded("cited")
            .answer_has("12 euros a week"),
        about("the same program over and over leads to passages")
            .root(always(program("print(len(context))")))
            .calls(4)
            .grounded("cited")
            .answer_has("12 euros a week"),
        // Reading
        about("what a model says of the passages comes before them, with its place")
            .options(json!({"strategy": "read"}))
            .root([says("The fee for a late book is 12 euros a week.")])
            .calls(1)
            .ends("direct")
            .grounded("cited")
            .answer_has("The fee for a late book is 12 euros a week (`text.txt:40")
            .answer_has("What the built-in search found"),
        about("a small window is read as well")
            .options(json!({"strategy": "auto"}))
            .window(1024)
            .root([says("The fee for a late book is 12 euros a week (`text.txt:401`).")])
            .calls(1)
            .ends("direct")
            .grounded("cited")
            .answer_has("What the built-in search found"),
        about("what the passages do not say is left out")
            .options(json!({"strategy": "read"}))
            .root([says("The fee is 99 euros a month. Bananas are yellow.")])
            .calls(1)
            .grounded("cited")
            .answer_lacks("99")
            .answer_has("12 euros a week")
            .warns("nothing of what it said stands in the passages"),
        about("where the search finds nothing the model is not asked, and that is the answer")
            .asks("Which zeppelins hibernate underwater?")
            .options(json!({"strategy": "read"}))
            .root([])
            .calls(0)
            .finds_nothing(true)
            .answer_has("Nothing found"),
        about("with a schema the answer has that shape")
            .options(json!({"strategy": "read", "schema": {"type": "object", "required": ["fee"]}}))
            .root([says("12"), says("{\"fee\": 12}")])
            .calls(2)
            .ends("direct")
            .answer("{\"fee\":12}"),
        // Citations
        about("a citation that does not hold is marked in the text")
            .options(json!({"strategy": "rlm"}))
            .root([
                program("FINAL('See `text.txt:9000` and text.txt:401.')"),
                says("See `text.txt:9000` and text.txt:401."),
            ])
            .answer("See `text.txt:9000` [unverified] and text.txt:401."),
    ]
}
