//! A trace in the form in which other tools take trajectories: ATIF 1.7 (Harbor's RFC 0001).
//!
//! A run is a trajectory, a turn of it a step of the agent, and a program of that a call of the tool `program`, with what it has printed
//! as the observation. Child runs are embedded, and the observation of the program that has called them refers to them. What the form
//! has no place for, plain calls and looks, lies under `extra`.

use super::{
    node::{Kind, Node, State, Trace},
    totals::Spent,
};
use serde_json::{Map, Value, json};
use std::time::{Duration, SystemTime};

const SCHEMA: &str = "ATIF-v1.7";

/// The tool that every program is a call of.
const PROGRAM: &str = "program";

/// How deep runs lie in each other at most, in a trace that may be made up.
const MOST_DEPTH: usize = 64;

/// The trace as one trajectory.
pub fn atif(trace: &Trace) -> Value {
    let began = humantime::parse_rfc3339(&trace.began).ok();
    let export = Export { trace, began };
    let root = trace.nodes.iter().position(|node| node.parent.is_none() && node.kind == Kind::Run);
    let mut document = match root {
        Some(root) => export.trajectory(root, &trace.question, 0),
        None => export.document(Vec::new(), Vec::new(), Spent::default()),
    };
    if let Some(steps) = document["steps"].as_array_mut() {
        if steps.is_empty() {
            steps.push(export.user(&trace.question, 0));
        }
        if !trace.answer.is_empty() {
            // The answer is put together of what programs made, and no call is made for that.
            steps.push(json!({"source": "agent", "message": trace.answer, "llm_call_count": 0,
                "extra": {"termination": trace.termination}}));
        }
        for (at, step) in steps.iter_mut().enumerate() {
            step["step_id"] = json!(at + 1);
        }
        document["final_metrics"]["total_steps"] = json!(document["steps"].as_array().map_or(0, Vec::len));
    }
    if let Some(run) = trace.run {
        document["session_id"] = json!(format!("rlm-{run}"));
    }
    document
}

struct Export<'a> {
    trace: &'a Trace,
    began: Option<SystemTime>,
}

impl Export<'_> {
    /// A run, and what it was asked.
    fn trajectory(&self, run: usize, asked: &str, depth: usize) -> Value {
        let node = &self.trace.nodes[run];
        let (mut steps, mut children) = (vec![self.user(asked, node.start)], Vec::new());
        for turn in node.children.iter().map(|at| &self.trace.nodes[*at]).filter(|it| it.kind == Kind::Turn) {
            steps.push(self.turn(turn, depth, &mut children));
        }
        for (at, step) in steps.iter_mut().enumerate() {
            step["step_id"] = json!(at + 1);
        }
        let mut document = self.document(steps, children, node.total);
        document["trajectory_id"] = json!(id(run));
        if let Some(error) = node.text("error") {
            document["extra"] = json!({"error": error});
        }
        document
    }

    fn document(&self, steps: Vec<Value>, children: Vec<Value>, spent: Spent) -> Value {
        let (name, version) = self.trace.program.split_once(' ').unwrap_or(("rlm", "unknown"));
        let mut document = json!({
            "schema_version": SCHEMA,
            "agent": {"name": name, "version": version, "model_name": self.trace.model,
                "extra": {"worker": self.trace.worker, "why": self.trace.why}},
            "final_metrics": {"total_prompt_tokens": spent.input, "total_completion_tokens": spent.output,
                "total_cached_tokens": spent.cached_input, "total_cost_usd": cost(spent), "total_steps": steps.len()},
            "steps": steps,
        });
        if !children.is_empty() {
            document["subagent_trajectories"] = json!(children);
        }
        document
    }

    fn user(&self, asked: &str, at: u64) -> Value {
        with_time(json!({"source": "user", "message": asked}), self.time(at))
    }

    /// A turn, with its programs. The child runs of these are added to `children`.
    fn turn(&self, turn: &Node, depth: usize, children: &mut Vec<Value>) -> Value {
        let (mut calls, mut results, mut spent, mut made, mut model) =
            (Vec::new(), Vec::new(), Spent::default(), 0_u64, String::new());
        for at in &turn.children {
            let node = &self.trace.nodes[*at];
            match node.kind {
                Kind::Call => {
                    spent = spent + node.own;
                    made += u64::from(node.state != State::Served);
                    model.clone_from(&node.title);
                }
                Kind::Program => {
                    let code = node.text("code").unwrap_or_default();
                    calls.push(json!({"tool_call_id": id(*at), "function_name": PROGRAM, "arguments": {"code": code}}));
                    results.push(self.result(*at, depth, children));
                }
                _ => {}
            }
        }
        let message = turn.text("text").unwrap_or_default();
        let mut step = with_time(json!({"source": "agent", "message": message}), self.time(turn.start));
        if made > 0 {
            step["model_name"] = json!(model);
            step["metrics"] = json!({"prompt_tokens": spent.input, "completion_tokens": spent.output,
                "cached_tokens": spent.cached_input, "cost_usd": cost(spent)});
        }
        step["llm_call_count"] = json!(made);
        if !calls.is_empty() {
            step["tool_calls"] = json!(calls);
            step["observation"] = json!({"results": results});
        }
        step
    }

    /// What came of a program.
    fn result(&self, program: usize, depth: usize, children: &mut Vec<Value>) -> Value {
        let node = &self.trace.nodes[program];
        let (mut references, mut others) = (Vec::new(), Vec::new());
        for below in node.children.iter().map(|at| &self.trace.nodes[*at]) {
            let runs = below.children.iter().filter(|at| self.trace.nodes[**at].kind == Kind::Run);
            let runs: Vec<usize> = runs.copied().filter(|_| depth < MOST_DEPTH).collect();
            for run in &runs {
                references.push(json!({"trajectory_id": id(*run)}));
                children.push(self.trajectory(*run, &below.title, depth + 1));
            }
            if runs.is_empty() {
                others.push(self.other(below));
            }
        }
        let output = node.text("output").unwrap_or_default();
        let mut result = json!({"source_call_id": id(program), "content": output});
        if !references.is_empty() {
            result["subagent_trajectory_ref"] = json!(references);
        }
        let mut extra = Map::new();
        extra.extend(node.text("error").map(|error| ("error".to_owned(), json!(error))));
        if !others.is_empty() {
            extra.insert("calls".to_owned(), json!(others));
        }
        if !extra.is_empty() {
            result["extra"] = Value::Object(extra);
        }
        result
    }

    /// A look or a plain call, with the texts of both.
    fn other(&self, node: &Node) -> Value {
        let calls = node.children.iter().map(|at| &self.trace.nodes[*at]);
        let texts = node.texts.iter().chain(calls.flat_map(|call| &call.texts));
        let mut other: Map<String, Value> = texts.map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
        other.insert("title".to_owned(), json!(node.title));
        Value::Object(other)
    }

    fn time(&self, milliseconds: u64) -> Option<String> {
        let time = self.began?.checked_add(Duration::from_millis(milliseconds))?;
        Some(humantime::format_rfc3339_millis(time).to_string())
    }
}

fn with_time(mut step: Value, time: Option<String>) -> Value {
    if let Some(time) = time {
        step["timestamp"] = json!(time);
    }
    step
}

/// The name of a node in the whole document.
fn id(at: usize) -> String {
    format!("entry-{at}")
}

/// US dollars, if all prices are known.
fn cost(spent: Spent) -> Option<f64> {
    (spent.unpriced == 0).then_some(spent.cost)
}

/// A trace of all that such forms tell apart, for the tests of both.
#[cfg(test)]
pub mod example {
    pub const TRACE: &str = r#"{"kind":"trace","version":1,"program":"rlm 0.1.0","started":"2026-11-30T10:00:00.000Z","run":7,"ms":0}
{"kind":"started","query":"Where?","model":"m","worker":"w","why":"it is configured","ms":1}
{"kind":"run","state":"started","run":0,"depth":0,"subcall":null,"model":"m","ms":1}
{"kind":"call","state":"started","call":0,"run":0,"subcall":null,"model":"m","ms":2}
{"kind":"call","state":"ended","call":0,"attempts":1,"inputTokens":10,"outputTokens":3,"costUsd":0.5,"ms":1500}
{"kind":"turn","run":0,"depth":0,"iteration":1,"text":"I look.","ms":1500}
{"kind":"program","state":"started","run":0,"depth":0,"iteration":1,"cell":1,"code":"print(rlm_query('x'))","ms":1501}
{"kind":"subcall","id":1,"run":0,"depth":0,"iteration":1,"cell":1,"label":"x","state":"started","ms":1502}
{"kind":"run","state":"started","run":1,"depth":1,"subcall":1,"model":"w","ms":1503}
{"kind":"call","state":"served","call":1,"run":1,"subcall":null,"model":"w","ms":1504}
{"kind":"turn","run":1,"depth":1,"iteration":1,"text":"FINAL(1)","ms":1504}
{"kind":"run","state":"ended","run":1,"ms":1505}
{"kind":"subcall","id":2,"run":0,"depth":0,"iteration":1,"cell":1,"label":"y","state":"started","ms":1502}
{"kind":"call","state":"started","call":2,"run":null,"subcall":2,"model":"w","prompt":"y","ms":1506}
{"kind":"call","state":"ended","call":2,"attempts":1,"inputTokens":1,"outputTokens":1,"costUsd":0.25,"reply":"z","ms":1507}
{"kind":"cell","run":0,"depth":0,"iteration":1,"cell":1,"code":"print(rlm_query('x'))","output":"1","seconds":0.1,"ms":1600}
{"kind":"done","result":{"answer":"In a:1.","termination":"final"},"ms":1700}
"#;
}

#[cfg(test)]
mod tests {
    use super::{example::TRACE, *};
    use crate::trace::Reader;
    use std::collections::HashSet;

    fn exported(trace: &str) -> Value {
        let mut reader = Reader::default();
        reader.push(trace.as_bytes());
        atif(&reader.finish())
    }

    /// The fields that the form has, by what they lie in. It forbids all others but under `extra`.
    const FIELDS: [(&str, &[&str]); 8] = [
        (
            "trajectory",
            &[
                "schema_version",
                "session_id",
                "trajectory_id",
                "agent",
                "steps",
                "final_metrics",
                "extra",
                "subagent_trajectories",
            ],
        ),
        ("agent", &["name", "version", "model_name", "extra"]),
        (
            "step",
            &[
                "step_id",
                "timestamp",
                "source",
                "model_name",
                "message",
                "tool_calls",
                "observation",
                "metrics",
                "llm_call_count",
                "extra",
            ],
        ),
        ("tool call", &["tool_call_id", "function_name", "arguments"]),
        ("result", &["source_call_id", "content", "subagent_trajectory_ref", "extra"]),
        ("reference", &["trajectory_id"]),
        ("metrics", &["prompt_tokens", "completion_tokens", "cached_tokens", "cost_usd"]),
        (
            "final metrics",
            &["total_prompt_tokens", "total_completion_tokens", "total_cached_tokens", "total_cost_usd", "total_steps"],
        ),
    ];

    fn check_fields(what: &str, value: &Value) {
        let (_, known) = FIELDS.iter().find(|(name, _)| *name == what).expect("it is listed");
        let fields = value.as_object().unwrap_or_else(|| panic!("{what}: {value}"));
        fields.keys().for_each(|name| assert!(known.contains(&name.as_str()), "{name} of {what}"));
    }

    /// What the specification asks of a trajectory.
    fn check(trajectory: &Value) {
        let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
        check_fields("trajectory", trajectory);
        assert_eq!(trajectory["schema_version"], "ATIF-v1.7");
        check_fields("agent", &trajectory["agent"]);
        check_fields("final metrics", &trajectory["final_metrics"]);
        let embedded: Vec<Value> = items(&trajectory["subagent_trajectories"]);
        let ids: HashSet<String> =
            embedded.iter().map(|it| it["trajectory_id"].as_str().expect("a name").to_owned()).collect();
        assert_eq!(ids.len(), embedded.len());
        let steps = items(&trajectory["steps"]);
        assert!(!steps.is_empty());
        for (at, step) in steps.iter().enumerate() {
            check_fields("step", step);
            assert_eq!(step["step_id"], at + 1);
            assert!(step["message"].is_string(), "{step}");
            let is_agent = step["source"] == "agent";
            assert!(is_agent || step.get("model_name").is_none() && step.get("metrics").is_none(), "{step}");
            assert!(step["llm_call_count"] != 0 || step.get("metrics").is_none(), "{step}");
            if let Some(metrics) = step.get("metrics") {
                check_fields("metrics", metrics);
            }
            let calls: HashSet<Value> = items(&step["tool_calls"])
                .iter()
                .map(|call| {
                    check_fields("tool call", call);
                    assert!(call["arguments"].is_object());
                    call["tool_call_id"].clone()
                })
                .collect();
            for result in items(&step["observation"]["results"]) {
                check_fields("result", &result);
                assert!(calls.contains(&result["source_call_id"]), "{result}");
                for reference in items(&result["subagent_trajectory_ref"]) {
                    check_fields("reference", &reference);
                    assert!(ids.contains(reference["trajectory_id"].as_str().expect("a name")), "{reference}");
                }
            }
        }
        embedded.iter().for_each(check);
    }

    #[test]
    fn a_run_with_a_child_is_a_trajectory_with_one_in_it() {
        let document = exported(TRACE);
        check(&document);
        assert_eq!(document["session_id"], "rlm-7");
        assert_eq!(document["final_metrics"]["total_cost_usd"], 0.75);
        let sources: Vec<&Value> = document["steps"].as_array().unwrap().iter().map(|step| &step["source"]).collect();
        assert_eq!(sources, ["user", "agent", "agent"]);
        let turn = &document["steps"][1];
        assert_eq!((&turn["timestamp"], &turn["message"]), (&json!("2026-11-30T10:00:00.002Z"), &json!("I look.")));
        assert_eq!(turn["tool_calls"][0]["arguments"]["code"], "print(rlm_query('x'))");
        let result = &turn["observation"]["results"][0];
        assert_eq!((&result["content"], &result["extra"]["calls"][0]["reply"]), (&json!("1"), &json!("z")));
        let child = &document["subagent_trajectories"][0];
        assert_eq!(
            child["steps"][1],
            json!({"step_id": 2, "source": "agent", "message": "FINAL(1)", "llm_call_count": 0,
            "timestamp": "2026-11-30T10:00:01.504Z"})
        );
        assert_eq!(document["steps"][2]["message"], "In a:1.");
    }

    #[test]
    fn a_trace_that_ends_anywhere_is_a_trajectory() {
        for end in (0..TRACE.len()).step_by(7) {
            check(&exported(&TRACE[..end]));
        }
    }
}
