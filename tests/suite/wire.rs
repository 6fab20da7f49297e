//! What servers send, take and refuse, as cases: one file in `tests/data/wire` for each.
//!
//! `must` is the right behaviour in words, `report` the public issue that a case is drawn from. `call` is what is run: `rlm query QUESTION FOLDER --endpoint BASE --model
//! NAME ARGS --json`, with its `question`, the `files` of the folder, and the `args`; `model` is another name, a command
//! (`cli:...`), or null: no `--model` is given; `endpoint` false: there is none; `terminal`: on a terminal, without
//! `--json`. `server.rules` are the replies to `POST .../chat/completions`: the first one whose `when` holds is sent.
//! `server.models` is the reply to `GET .../models`; else it is a list with the name. `expect` is what must come out, all
//! of it. `slow` says that a case waits for half a minute or more; slow ones wait beside the others.
//!
//! `when` holds if all that is there does: `role` (`root`: there is a system message, or more than one message; else
//! `worker`), `turn` and `from_turn` (messages of the assistant), `call`, `from_call` and `calls_below` (the number of
//! the request, from 0), `seconds_below` (since the first request), `has_field`, `has_system`, `number_over` (one of
//! `fields` is above `limit`), `roles_repeat` (two neighbours, system messages aside), `chars_over` (all messages
//! together), `open_over` (requests, with this one), `rate` (so many `calls` have passed within the last `seconds`; one
//! that this rule answers has not).
//!
//! What is sent: `status`, `type`, `headers`, and the `body`, or `parts`: texts and pauses (`{"wait": SECONDS}`).
//! `each_byte`: every byte by itself. `gzip`: compressed. `hang_up`: not a byte. `{{date}}` is the time, `{{date+2s}}` is
//! two seconds later, and `{{milliseconds+2s}}` the same as so many since 1970.

use crate::{
    raw::{RawServer, Taken, send_list},
    terminal::{on_terminal, rlm, run},
};
use flate2::{Compression, write::GzEncoder};
use futures::{StreamExt, future::join_all, stream};
use regex::Regex;
use serde_json::{Value, json};
use std::{
    fs, io,
    io::Write as _,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime},
};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::sleep};

/// Cases that run at once, beside the slow ones, which do nothing but wait.
const SIDE_BY_SIDE: usize = 4;

/// Cases that are known to fail, only while work on them goes on. One that holds is taken off this list.
const KNOWN_TO_FAIL: &[&str] = &[];

#[tokio::test]
async fn servers_are_understood_however_they_speak() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wire");
    let files = fs::read_dir(folder).expect("the cases are there").map(|entry| entry.expect("it can be listed").path());
    let cases = files.map(|path| {
        let text = fs::read_to_string(path).expect("a case is text");
        serde_json::from_str::<Value>(&text).expect("a case is JSON")
    });
    let (slow, quick): (Vec<Value>, Vec<Value>) = cases.partition(|case| case["slow"] == true);
    let complaint = |case| async { Case(case).complaint().await };
    let (slow, quick) = tokio::join!(
        join_all(slow.into_iter().map(complaint)),
        stream::iter(quick).map(complaint).buffer_unordered(SIDE_BY_SIDE).collect::<Vec<_>>(),
    );
    let complaints: Vec<String> = slow.into_iter().chain(quick).flatten().collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

struct Case(Value);

impl Case {
    /// What a person must know: that it fails, or that it holds although it was known to fail.
    async fn complaint(&self) -> Option<String> {
        let is_known = self.0["id"].as_str().is_some_and(|id| KNOWN_TO_FAIL.contains(&id));
        match self.problem().await {
            Some(_) if is_known => None,
            None if is_known => Some(format!("{} holds: take it off the list of those that fail", self.0["id"])),
            problem => problem,
        }
    }

    /// What is wrong, if anything is.
    async fn problem(&self) -> Option<String> {
        let Self(case) = self;
        let call = &case["call"];
        let folder = TempDir::new().expect("a folder can be made");
        for (name, text) in call["files"].as_object().into_iter().flatten() {
            fs::write(folder.path().join(name), text.as_str().expect("a text")).expect("a file can be written");
        }
        let (rules, memory) = (case["server"].clone(), Arc::<Mutex<ServerMemory>>::default());
        let server = RawServer::start({
            let memory = memory.clone();
            move |taken, connection| answer(rules.clone(), memory.clone(), taken, connection)
        });
        let server = server.await;
        let url = server.url();
        let question = call["question"].as_str().expect("a question");
        let mut arguments = vec!["query", question, folder.path().to_str().expect("text")];
        if call["endpoint"] != false {
            arguments.extend(["--endpoint", &url]);
        }
        // A command is a script of that text.
        let script = call["model"].as_str().and_then(|name| name.strip_prefix("cli:"));
        let place = TempDir::new().expect("a folder can be made");
        let command = script.map(|script| {
            let path = place.path().join("model.sh");
            fs::write(&path, script).expect("a file can be written");
            format!("cli:sh {}", path.display())
        });
        match &call["model"] {
            _ if command.is_some() => arguments.extend(["--model", command.as_deref().unwrap_or_default()]),
            Value::String(name) => arguments.extend(["--model", name.as_str()]),
            _ if call.as_object().is_some_and(|call| call.contains_key("model")) => {}
            _ => arguments.extend(["--model", "m1"]),
        }
        arguments.extend(call["args"].as_array().into_iter().flatten().filter_map(Value::as_str));
        let started = Instant::now();
        let (status, result, output) = if call["terminal"] == true {
            let ran = on_terminal(arguments, &[]).await;
            (ran.status.code(), Value::Null, String::from_utf8_lossy(&ran.stdout).into_owned())
        } else {
            let ran = run(rlm(arguments.into_iter().chain(["--json"]))).await;
            let result = serde_json::from_str(&ran.output).unwrap_or_default();
            (Some(ran.status), result, format!("{}{}", ran.output, ran.errors))
        };
        let refused = memory.lock().expect(UNPOISONED).refused;
        let seen = Seen {
            status: status.expect("no signal ended it"),
            result,
            output,
            seconds: started.elapsed().as_secs_f64(),
            calls: server.calls(),
            refused,
        };
        let problem = seen.problem(&case["expect"])?;
        Some(format!("{}: {} ({problem})\n{}", case["id"], case["must"], seen.output))
    }
}

/// What has come out.
struct Seen {
    status: i32,
    result: Value,
    output: String,
    seconds: f64,
    calls: Vec<Taken>,
    /// How many of them were answered with 400 or above.
    refused: u64,
}

impl Seen {
    fn problem(&self, expect: &Value) -> Option<String> {
        expect
            .as_object()
            .expect("expectations by name")
            .iter()
            .find_map(|(name, expected)| (!self.holds(name, expected)).then(|| format!("expected {name} {expected}")))
    }

    fn holds(&self, name: &str, expected: &Value) -> bool {
        let answer = self.result["answer"].as_str().unwrap_or_default();
        let error = |field: &str| self.result["error"][field].as_str().unwrap_or_default();
        let (number, requests) = (expected.as_u64().unwrap_or_default(), self.calls.len() as u64);
        match name {
            "exit" => alternatives(expected).any(|it| *it == self.status),
            "answer" => *expected == answer,
            "answer_has" => all_match(expected, answer),
            "answer_lacks" => none_matches(expected, answer),
            "answer_chars_max" => answer.chars().count() as u64 <= number,
            "error_kind" => alternatives(expected).any(|it| *it == error("kind")),
            "error_has" => all_match(expected, error("message")),
            "error_lacks" => none_matches(expected, error("message")),
            "hint_has" => all_match(expected, error("hint")),
            "output_has" => all_match(expected, &self.output),
            "output_lacks" => none_matches(expected, &self.output),
            "raw_lacks" => alternatives(expected).all(|it| !self.output.contains(it.as_str().expect("a text"))),
            "requests_max" => requests <= number,
            "requests_min" => requests >= number,
            "refused_max" => self.refused <= number,
            "input_tokens" => self.result["usage"]["inputTokens"] == *expected,
            "output_tokens" => self.result["usage"]["outputTokens"] == *expected,
            "seconds_max" => expected.as_f64().is_some_and(|most| self.seconds <= most),
            "tool_results" => self.has_results(expected),
            "told" => all_match(expected, &self.told()),
            "last_request_has" => {
                let last = self.calls.last().map(|call| call.body.to_string()).unwrap_or_default();
                alternatives(expected).all(|it| last.contains(it.as_str().expect("a text")))
            }
            "any_request_has" => self.calls.iter().any(|call| all_match(expected, &call.body.to_string())),
            "model_lacks" => {
                self.calls.iter().all(|call| none_matches(expected, call.body["model"].as_str().unwrap_or_default()))
            }
            "field_max" => expected.as_object().expect("fields").iter().all(|(field, most)| {
                let prompt = self.calls.iter().map(|call| call.body["messages"].to_string().len() as f64 / 4.0);
                let fields = self.calls.iter().map(|call| call.body[field].as_f64().unwrap_or_default());
                prompt
                    .zip(fields)
                    .all(|(prompt, field)| field == 0.0 || prompt + field <= most.as_f64().unwrap_or_default())
            }),
            "any_of" => alternatives(expected).any(|expect| self.problem(expect).is_none()),
            other => panic!("there is no expectation {other:?}"),
        }
    }

    /// What models were shown after their first messages.
    fn told(&self) -> String {
        let later = |call: &Taken| {
            let messages = call.body["messages"].as_array().cloned().unwrap_or_default();
            let later = messages.into_iter().skip_while(|it| it["role"] != "assistant");
            let texts = later.filter(|it| it["role"] != "assistant");
            texts.map(|it| it["content"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        self.calls.iter().flat_map(later).collect::<Vec<_>>().join("\n")
    }

    fn has_results(&self, expected: &Value) -> bool {
        let messages = self.calls.last().and_then(|call| call.body["messages"].as_array());
        let results = messages.into_iter().flatten().filter(|it| it["role"] == "tool");
        let results: Vec<&str> = results.map(|it| it["content"].as_str().unwrap_or_default()).collect();
        let patterns: Vec<&Value> = alternatives(expected).collect();
        results.len() == patterns.len() && results.iter().zip(patterns).all(|(text, it)| matches(it, text))
    }
}

fn alternatives(value: &Value) -> impl Iterator<Item = &Value> {
    let list = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
    list.iter()
}

fn matches(pattern: &Value, text: &str) -> bool {
    Regex::new(pattern.as_str().expect("a pattern")).expect("it is right").is_match(text)
}

fn all_match(patterns: &Value, text: &str) -> bool {
    alternatives(patterns).all(|pattern| matches(pattern, text))
}

fn none_matches(patterns: &Value, text: &str) -> bool {
    !alternatives(patterns).any(|pattern| matches(pattern, text))
}

/// What a server remembers from request to request.
#[derive(Default)]
struct ServerMemory {
    /// When the first request came.
    begun: Option<Instant>,
    /// When those came that no limit on the rate has answered.
    passed: Vec<Instant>,
    open: usize,
    refused: u64,
}

const UNPOISONED: &str = "no test panics while this is held";

/// A request that is open until this is dropped.
struct Open(Arc<Mutex<ServerMemory>>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.lock().expect(UNPOISONED).open -= 1;
    }
}

async fn answer(
    server: Value,
    memory: Arc<Mutex<ServerMemory>>,
    taken: Taken,
    mut connection: TcpStream,
) -> io::Result<()> {
    if taken.is_list() {
        return match &server["models"] {
            Value::Null => send_list(&mut connection).await,
            reply => send(reply, &mut connection).await,
        };
    }
    let _open = Open(memory.clone());
    match chosen(&server, &memory, &taken) {
        Some(reply) => send(reply, &mut connection).await,
        None => crate::raw::send(&mut connection, 400, "text/plain", "no rule applies").await,
    }
}

/// The reply of the first rule that applies.
fn chosen<'a>(server: &'a Value, memory: &Mutex<ServerMemory>, taken: &Taken) -> Option<&'a Value> {
    let mut memory = memory.lock().expect(UNPOISONED);
    memory.open += 1;
    memory.begun.get_or_insert(taken.at);
    let rules = server["rules"].as_array().expect("a list of rules");
    let rule = rules.iter().find(|rule| applies(&rule["when"], taken, &memory));
    if rule.is_none_or(|rule| rule["when"]["rate"].is_null()) {
        memory.passed.push(taken.at);
    }
    let status = rule.map_or(400, |rule| rule["send"]["status"].as_u64().unwrap_or(200));
    memory.refused += u64::from(status >= 400);
    rule.map(|rule| &rule["send"])
}

fn applies(when: &Value, taken: &Taken, memory: &ServerMemory) -> bool {
    let messages = taken.body["messages"].as_array().map_or(&[][..], Vec::as_slice);
    let of = |role: &str| messages.iter().filter(|message| message["role"] == role).count();
    let is_root = of("system") > 0 || messages.len() > 1;
    let since = memory.begun.unwrap_or(taken.at);
    when.as_object().into_iter().flatten().all(|(name, value)| {
        let number = value.as_u64().unwrap_or_default() as usize;
        match name.as_str() {
            "role" => (*value == "root") == is_root,
            "turn" => of("assistant") == number,
            "from_turn" => of("assistant") >= number,
            "call" => taken.number == number,
            "from_call" => taken.number >= number,
            "calls_below" => taken.number < number,
            "seconds_below" => value.as_f64().is_some_and(|most| (taken.at - since).as_secs_f64() < most),
            "has_field" => taken.body.get(value.as_str().expect("a name")).is_some(),
            "has_system" => (of("system") + of("developer") > 0) == (*value == true),
            "number_over" => alternatives(&value["fields"]).any(|field| {
                let field = taken.body[field.as_str().expect("a name")].as_f64();
                field > value["limit"].as_f64()
            }),
            "roles_repeat" => {
                let roles: Vec<_> = messages.iter().map(|it| &it["role"]).filter(|it| **it != "system").collect();
                roles.windows(2).any(|pair| pair[0] == pair[1]) == (*value == true)
            }
            "chars_over" => {
                let chars = |message: &Value| message["content"].as_str().unwrap_or_default().chars().count();
                messages.iter().map(chars).sum::<usize>() > number
            }
            "open_over" => memory.open > number,
            "rate" => {
                let span = Duration::from_secs_f64(value["seconds"].as_f64().expect("seconds"));
                let within = memory.passed.iter().filter(|it| taken.at.saturating_duration_since(**it) < span);
                within.count() as u64 >= value["calls"].as_u64().expect("a number of calls")
            }
            other => panic!("there is no condition {other:?}"),
        }
    })
}

async fn send(reply: &Value, connection: &mut TcpStream) -> io::Result<()> {
    if reply["hang_up"] == true {
        return Ok(());
    }
    let status = reply["status"].as_u64().unwrap_or(200);
    let kind = if status == 200 { "text/event-stream" } else { "application/json" };
    let mut head = format!("HTTP/1.1 {status} It\r\nconnection: close\r\n");
    head += &format!("content-type: {}\r\n", reply["type"].as_str().unwrap_or(kind));
    for (name, value) in reply["headers"].as_object().into_iter().flatten() {
        head += &format!("{name}: {}\r\n", with_dates(value.as_str().unwrap_or_default()));
    }
    let whole = [reply["body"].clone()];
    let parts = reply["parts"].as_array().map_or(&whole[..], Vec::as_slice);
    if reply["gzip"] == true {
        head += "content-encoding: gzip\r\n";
    }
    connection.set_nodelay(true)?;
    connection.write_all(format!("{head}\r\n").as_bytes()).await?;
    for part in parts {
        if let Some(seconds) = part["wait"].as_f64() {
            sleep(Duration::from_secs_f64(seconds)).await;
        }
        let text = with_dates(part.as_str().unwrap_or_default());
        match (&reply["gzip"], &reply["each_byte"]) {
            (Value::Bool(true), _) => connection.write_all(&zipped(&text)?).await?,
            (_, Value::Bool(true)) => {
                for byte in text.bytes() {
                    connection.write_all(&[byte]).await?;
                }
            }
            _ => connection.write_all(text.as_bytes()).await?,
        }
    }
    connection.shutdown().await
}

fn zipped(text: &str) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
}

fn with_dates(text: &str) -> String {
    let at = |later: u64| SystemTime::now() + Duration::from_secs(later);
    let since_1970 = at(2).duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
    text.replace("{{date}}", &httpdate::fmt_http_date(at(0)))
        .replace("{{date+2s}}", &httpdate::fmt_http_date(at(2)))
        .replace("{{milliseconds+2s}}", &since_1970.to_string())
}

#[test]
fn a_rule_applies_if_all_its_conditions_hold() {
    let body = json!({"messages": [{"role": "system"}, {"role": "assistant", "content": "abc"}], "max_tokens": 7});
    let taken = Taken { head: String::new(), body, number: 2, at: Instant::now() };
    let memory = ServerMemory { begun: Some(taken.at), passed: vec![taken.at; 3], open: 2, refused: 0 };
    for (when, expected) in [
        (json!({}), true),
        (json!({"role": "root", "turn": 1}), true),
        (json!({"role": "worker"}), false),
        (json!({"from_turn": 1, "from_call": 3}), false),
        (json!({"call": 2, "calls_below": 3, "seconds_below": 5}), true),
        (json!({"has_field": "max_tokens", "has_system": true, "roles_repeat": false}), true),
        (json!({"has_field": "stream"}), false),
        (json!({"number_over": {"fields": ["other", "max_tokens"], "limit": 6}}), true),
        (json!({"number_over": {"fields": ["other", "max_tokens"], "limit": 7}}), false),
        (json!({"chars_over": 2, "open_over": 1}), true),
        (json!({"chars_over": 3}), false),
        (json!({"open_over": 2}), false),
        (json!({"rate": {"calls": 3, "seconds": 10}}), true),
        (json!({"rate": {"calls": 4, "seconds": 10}}), false),
    ] {
        assert_eq!(applies(&when, &taken, &memory), expected, "{when}");
    }
}
