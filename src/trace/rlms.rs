//! A trace as the log of `rlms` (alexzhang13/rlm), whose viewer reads it: JSON Lines, one of what was asked of, and one for each turn.
//!
//! Child runs lie in the call that they were made for, as there. What that log has and a trace has not, the variables of a program and
//! the whole prompt of a turn, is empty or is what the turn was told last.

use super::node::{Kind, Node, State, Trace};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// How deep runs lie in each other at most, in a trace that may be made up.
const MOST_DEPTH: usize = 64;

/// The lines of the log.
pub fn rlms(trace: &Trace) -> Vec<Value> {
    let log = Log { trace, began: humantime::parse_rfc3339(&trace.began).ok() };
    let root = trace.nodes.iter().position(|node| node.parent.is_none() && node.kind == Kind::Run);
    let mut lines = vec![with_kind("metadata", log.metadata(&trace.model, 0))];
    let mut turns = root.map(|root| log.turns(root, &trace.question, 0)).unwrap_or_default();
    if let (Some(last), false) = (turns.last_mut(), trace.answer.is_empty()) {
        last["final_answer"] = json!(trace.answer);
    }
    lines.extend(turns.into_iter().map(|turn| with_kind("iteration", turn)));
    lines
}

struct Log<'a> {
    trace: &'a Trace,
    began: Option<SystemTime>,
}

impl Log<'_> {
    fn metadata(&self, model: &str, at: u64) -> Value {
        json!({"timestamp": self.time(at), "root_model": model, "max_depth": null, "max_iterations": null, "backend": "rlm",
            "backend_kwargs": {"model_name": model}, "environment_type": "rlm", "environment_kwargs": {},
            "other_backends": [self.trace.worker]})
    }

    /// The turns of a run, and what each was told last.
    fn turns(&self, run: usize, asked: &str, depth: usize) -> Vec<Value> {
        let (mut turns, mut told) = (Vec::new(), asked.to_owned());
        let nodes = self.trace.nodes[run].children.iter().map(|at| &self.trace.nodes[*at]);
        for (number, turn) in nodes.filter(|node| node.kind == Kind::Turn).enumerate() {
            let programs = turn.children.iter().map(|at| &self.trace.nodes[*at]).filter(|it| it.kind == Kind::Program);
            let blocks: Vec<Value> = programs.map(|program| self.block(program, depth)).collect();
            let output: Vec<&str> = blocks.iter().filter_map(|it| it["result"]["stdout"].as_str()).collect();
            let next = output.join("\n");
            turns.push(json!({"iteration": number + 1, "timestamp": self.time(turn.start),
                "prompt": [{"role": "user", "content": told}], "response": turn.text("text").unwrap_or_default(),
                "code_blocks": blocks, "final_answer": null, "iteration_time": self.seconds(turn)}));
            told = next;
        }
        turns
    }

    fn block(&self, program: &Node, depth: usize) -> Value {
        let nodes = program.children.iter().map(|at| &self.trace.nodes[*at]);
        let calls: Vec<Value> =
            nodes.filter(|it| it.kind == Kind::SubCall).map(|it| self.sub_call(it, depth)).collect();
        json!({"code": program.text("code").unwrap_or_default(),
            "result": {"stdout": program.text("output").unwrap_or_default(),
                "stderr": program.text("error").unwrap_or_default(), "locals": {},
                "execution_time": self.seconds(program), "rlm_calls": calls, "final_answer": null}})
    }

    fn sub_call(&self, node: &Node, depth: usize) -> Value {
        let below = |kind: Kind| node.children.iter().copied().find(|at| self.trace.nodes[*at].kind == kind);
        let (call, run) = (below(Kind::Call).map(|at| &self.trace.nodes[at]), below(Kind::Run));
        let model = call.map_or(self.trace.worker.as_str(), |it| it.title.as_str());
        let prompt = call.and_then(|it| it.text("prompt")).unwrap_or(&node.title);
        let iterations =
            run.filter(|_| depth < MOST_DEPTH).map(|run| self.turns(run, prompt, depth + 1)).unwrap_or_default();
        let last = iterations.last().and_then(|it| it["response"].as_str());
        let response = call.and_then(|it| it.text("reply")).or(last).unwrap_or_default();
        let spent = node.total;
        let mut line = json!({"root_model": model, "prompt": prompt, "response": response,
            "usage_summary": {"model_usage_summaries": {model: {"total_calls": spent.calls,
                "total_input_tokens": spent.input, "total_output_tokens": spent.output}}},
            "execution_time": self.seconds(node)});
        if !iterations.is_empty() {
            let metadata = self.metadata(model, node.start);
            line["metadata"] = json!({"run_metadata": metadata, "iterations": iterations});
        }
        if node.state == State::Failed {
            line["error"] = json!(node.text("error").unwrap_or_default());
        }
        line
    }

    fn seconds(&self, node: &Node) -> f64 {
        self.trace.milliseconds(node) as f64 / 1e3
    }

    fn time(&self, milliseconds: u64) -> Option<String> {
        let time = self.began?.checked_add(Duration::from_millis(milliseconds))?;
        Some(humantime::format_rfc3339_millis(time).to_string())
    }
}

fn with_kind(kind: &str, mut line: Value) -> Value {
    line["type"] = json!(kind);
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Reader, atif::example::TRACE};

    fn logged(trace: &str) -> Vec<Value> {
        let mut reader = Reader::default();
        reader.push(trace.as_bytes());
        rlms(&reader.finish())
    }

    #[test]
    fn a_run_is_a_line_of_its_models_and_one_for_each_turn() {
        let lines = logged(TRACE);
        assert_eq!(lines.iter().map(|it| &it["type"]).collect::<Vec<_>>(), ["metadata", "iteration"]);
        assert_eq!((&lines[0]["root_model"], &lines[0]["other_backends"]), (&json!("m"), &json!(["w"])));
        let turn = &lines[1];
        assert_eq!((&turn["response"], &turn["final_answer"]), (&json!("I look."), &json!("In a:1.")));
        assert_eq!(turn["prompt"], json!([{"role": "user", "content": "Where?"}]));
        let block = &turn["code_blocks"][0];
        assert_eq!((&block["code"], &block["result"]["stdout"]), (&json!("print(rlm_query('x'))"), &json!("1")));
        let calls = block["result"]["rlm_calls"].as_array().expect("a list");
        assert_eq!(calls[0]["metadata"]["iterations"][0]["response"], "FINAL(1)");
        assert_eq!((&calls[1]["prompt"], &calls[1]["response"]), (&json!("y"), &json!("z")));
        let usage = json!({"total_calls": 1, "total_input_tokens": 1, "total_output_tokens": 1});
        assert_eq!(calls[1]["usage_summary"]["model_usage_summaries"]["w"], usage);
    }

    #[test]
    fn a_trace_that_ends_anywhere_is_a_log() {
        for end in (0..TRACE.len()).step_by(7) {
            assert_eq!(logged(&TRACE[..end])[0]["type"], "metadata");
        }
    }
}
