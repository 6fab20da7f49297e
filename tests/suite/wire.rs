//! What servers send, take and refuse, as cases: one file in `tests/data/wire` for each.
//!
//! `must` is the right behaviour in words. `call` is what is run: `rlm query QUESTION FOLDER --endpoint BASE --model
//! NAME ARGS --json`, with its `question`, the `files` of the folder, and the `args`; `model` is another name, or null:
//! no `--model` is given. `server.rules` are the replies to `POST .../chat/completions`: the first one whose `when`
//! holds is sent. `server.models` is the reply to `GET .../models`; else it is a list with the name. `expect` is what
//! must come out, all of it.
//!
//! `when` holds if all that is there does: `role` (`root`: there is a system message, or more than one message; else
//! `worker`), `turn` and `from_turn` (messages of the assistant), `call`, `from_call` and `calls_below` (the number of
//! the request, from 0), `seconds_below` (since the first request).
//!
//! What is sent: `status`, `type`, `headers`, and the `body`, or `parts`: texts and pauses (`{"wait": SECONDS}`).
//! `each_byte`: every byte by itself. `gzip`: compressed. `hang_up`: not a byte. `{{date}}` is the time, `{{date+2s}}`
//! is two seconds later.

use crate::{
    raw::{RawServer, Taken, send_list},
    terminal::{rlm, run},
};
use flate2::{Compression, write::GzEncoder};
use futures::{StreamExt, stream};
use regex::Regex;
use serde_json::{Value, json};
use std::{
    fs, io,
    io::Write as _,
    path::Path,
    sync::{Arc, OnceLock},
    time::{Duration, Instant, SystemTime},
};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::sleep};

/// Cases that run at once.
const SIDE_BY_SIDE: usize = 4;

#[tokio::test]
async fn servers_are_understood_however_they_speak() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/wire");
    let files = fs::read_dir(folder).expect("the cases are there").map(|entry| entry.expect("it can be listed").path());
    let cases = files.map(|path| {
        let text = fs::read_to_string(path).expect("a case is text");
        serde_json::from_str::<Value>(&text).expect("a case is JSON")
    });
    let outcomes = stream::iter(cases).map(|case| async { Case(case).problem().await }).buffer_unordered(SIDE_BY_SIDE);
    let problems: Vec<String> = outcomes.filter_map(std::future::ready).collect().await;
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

struct Case(Value);

impl Case {
    /// What is wrong, if anything is.
    async fn problem(&self) -> Option<String> {
        let Self(case) = self;
        let call = &case["call"];
        let folder = TempDir::new().expect("a folder can be made");
        for (name, text) in call["files"].as_object().into_iter().flatten() {
            fs::write(folder.path().join(name), text.as_str().expect("a text")).expect("a file can be written");
        }
        let (server, begun) = (case["server"].clone(), Arc::<OnceLock<Instant>>::default());
        let server =
            RawServer::start(move |taken, connection| answer(server.clone(), begun.clone(), taken, connection)).await;
        let url = server.url();
        let question = call["question"].as_str().expect("a question");
        let mut arguments =
            vec!["query", question, folder.path().to_str().expect("text"), "--json", "--endpoint", &url];
        match &call["model"] {
            Value::String(name) => arguments.extend(["--model", name.as_str()]),
            _ if call.as_object().is_some_and(|call| call.contains_key("model")) => {}
            _ => arguments.extend(["--model", "m1"]),
        }
        arguments.extend(call["args"].as_array().into_iter().flatten().filter_map(Value::as_str));
        let started = Instant::now();
        let ran = run(rlm(arguments)).await;
        let seen = Seen {
            status: ran.status,
            result: serde_json::from_str(&ran.output).unwrap_or_default(),
            output: format!("{}{}", ran.output, ran.errors),
            seconds: started.elapsed().as_secs_f64(),
            calls: server.calls(),
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
            "error_kind" => alternatives(expected).any(|it| *it == error("kind")),
            "error_has" => all_match(expected, error("message")),
            "error_lacks" => none_matches(expected, error("message")),
            "hint_has" => all_match(expected, error("hint")),
            "output_has" => all_match(expected, &self.output),
            "output_lacks" => none_matches(expected, &self.output),
            "requests_max" => requests <= number,
            "requests_min" => requests >= number,
            "input_tokens" => self.result["usage"]["inputTokens"] == *expected,
            "output_tokens" => self.result["usage"]["outputTokens"] == *expected,
            "seconds_max" => expected.as_f64().is_some_and(|most| self.seconds <= most),
            "tool_results" => self.has_results(expected),
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

async fn answer(
    server: Value,
    begun: Arc<OnceLock<Instant>>,
    taken: Taken,
    mut connection: TcpStream,
) -> io::Result<()> {
    if taken.is_list() {
        return match &server["models"] {
            Value::Null => send_list(&mut connection).await,
            reply => send(reply, &mut connection).await,
        };
    }
    let since = *begun.get_or_init(|| taken.at);
    let rules = server["rules"].as_array().expect("a list of rules");
    match rules.iter().find(|rule| applies(&rule["when"], &taken, since)) {
        Some(rule) => send(&rule["send"], &mut connection).await,
        None => crate::raw::send(&mut connection, 400, "text/plain", "no rule applies").await,
    }
}

fn applies(when: &Value, taken: &Taken, since: Instant) -> bool {
    let messages = taken.body["messages"].as_array().map_or(&[][..], Vec::as_slice);
    let of = |role: &str| messages.iter().filter(|message| message["role"] == role).count();
    let is_root = of("system") > 0 || messages.len() > 1;
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
    let date = |later: u64| httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(later));
    text.replace("{{date}}", &date(0)).replace("{{date+2s}}", &date(2))
}

#[test]
fn a_rule_applies_if_all_its_conditions_hold() {
    let body = json!({"messages": [{"role": "system"}, {"role": "assistant"}]});
    let taken = Taken { head: String::new(), body, number: 2, at: Instant::now() };
    for (when, expected) in [
        (json!({}), true),
        (json!({"role": "root", "turn": 1}), true),
        (json!({"role": "worker"}), false),
        (json!({"from_turn": 1, "from_call": 3}), false),
        (json!({"call": 2, "calls_below": 3, "seconds_below": 5}), true),
    ] {
        assert_eq!(applies(&when, &taken, taken.at), expected, "{when}");
    }
}
