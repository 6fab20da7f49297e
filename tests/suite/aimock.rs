//! Runs by the protocols of the providers themselves, served by aimock, whose authors compare it with the real services.

use crate::terminal::{Ran, rlm, run};
use futures::{StreamExt, future::join_all, stream};
use serde_json::{Map, Value, json};
use std::{ffi::OsString, fs, process::Stdio};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// Names the folder that has the package; `tests/run` sets it.
const FOLDER: &str = "RLM_TEST_AIMOCK";

/// Runs in all before servers that fail at random.
const CHAOTIC_RUNS: usize = 200;

/// Such servers. Each is asked by one run after the other, so that its chance, which has a seed, is the same each time.
const CHAOTIC_SERVERS: usize = 4;

/// A protocol: what a model is called by, and the variables that lead there; `{}` is the server.
struct Protocol {
    model: &'static str,
    arguments: &'static [&'static str],
    variables: &'static [(&'static str, &'static str)],
    /// Whether aimock sends the numbers and the end that its script names. Its Ollama counts nothing, so the numbers are
    /// estimated from what was sent and written.
    is_scripted: bool,
}

const PROTOCOLS: &[Protocol] = &[
    Protocol { model: "m1", arguments: &["--endpoint", "{}/v1"], variables: &[], is_scripted: true },
    Protocol {
        model: "openai::gpt-4o",
        arguments: &[],
        variables: &[("OPENAI_BASE_URL", "{}/v1"), ("OPENAI_API_KEY", "mock")],
        is_scripted: true,
    },
    Protocol {
        model: "openai_resp::gpt-5-mini",
        arguments: &[],
        variables: &[("OPENAI_BASE_URL", "{}/v1"), ("OPENAI_API_KEY", "mock")],
        is_scripted: true,
    },
    Protocol {
        model: "anthropic::claude-haiku-4-5",
        // Its price is known as it stands.
        arguments: &["--max-cost", "0.10"],
        variables: &[("ANTHROPIC_BASE_URL", "{}"), ("ANTHROPIC_API_KEY", "mock")],
        is_scripted: true,
    },
    Protocol {
        model: "gemini::gemini-2.5-flash",
        arguments: &[],
        variables: &[("GOOGLE_GEMINI_BASE_URL", "{}"), ("GEMINI_API_KEY", "mock")],
        is_scripted: true,
    },
    Protocol {
        model: "azure::gpt-4o",
        arguments: &[],
        variables: &[
            ("AZURE_OPENAI_ENDPOINT", "{}"),
            ("AZURE_OPENAI_API_KEY", "mock"),
            ("AZURE_OPENAI_API_VERSION", "2024-10-21"),
        ],
        is_scripted: true,
    },
    Protocol {
        model: "vertex::gemini-2.5-flash",
        arguments: &[],
        variables: &[("GOOGLE_VERTEX_BASE_URL", "{}/v1/projects/p/locations/global"), ("VERTEX_API_KEY", "mock")],
        is_scripted: true,
    },
    Protocol {
        model: "open_router::openai/gpt-4o",
        arguments: &[],
        variables: &[("OPENROUTER_BASE_URL", "{}/api/v1"), ("OPENROUTER_API_KEY", "mock")],
        is_scripted: true,
    },
    Protocol {
        model: "bedrock_api::anthropic.claude-haiku-4-5-20251001-v1:0",
        arguments: &[],
        variables: &[("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "{}"), ("BEDROCK_API_KEY", "mock")],
        is_scripted: true,
    },
    Protocol {
        model: "cohere::command-a-03-2025",
        arguments: &[],
        variables: &[("CO_API_URL", "{}"), ("COHERE_API_KEY", "mock")],
        is_scripted: true,
    },
    Protocol { model: "ollama::gpt-oss:20b", arguments: &[], variables: &[("OLLAMA_HOST", "{}")], is_scripted: false },
];

/// aimock, until this is dropped, and a folder to ask about.
struct Mock {
    url: String,
    folder: TempDir,
    _server: Child,
}

impl Mock {
    /// With a seed its chance is the same each time.
    async fn start(seed: Option<usize>) -> Option<Self> {
        let Some(package) = std::env::var_os(FOLDER) else {
            assert!(std::env::var_os("CI").is_none(), "{FOLDER} is not set; `tests/run` sets it");
            eprintln!("{FOLDER} is not set: aimock is not tested");
            return None;
        };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/aimock/serve.mjs");
        let mut server = Command::new("node")
            .args([OsString::from(script), package])
            .args(seed.map(|seed| seed.to_string()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        let mut lines = BufReader::new(server.stdout.take().expect("the output is piped")).lines();
        let url = lines.next_line().await.expect("the server says where it listens").expect("a line");
        let folder = TempDir::new().expect("a folder can be made");
        fs::write(folder.path().join("stack.txt"), "straw\nthe needle is here\nstraw\n")
            .expect("a file can be written");
        Some(Self { url, folder, _server: server })
    }

    async fn ask(&self, protocol: &Protocol, question: &str, more: &[&str]) -> Ran {
        let fill = |text: &str| text.replace("{}", &self.url);
        let mut arguments = vec!["query".to_owned(), question.to_owned(), self.folder.path().display().to_string()];
        arguments.extend(["--json", "--model", protocol.model].map(str::to_owned));
        arguments.extend(protocol.arguments.iter().chain(more).map(|it| fill(it)));
        let mut command = rlm(arguments);
        command.envs(protocol.variables.iter().map(|(name, value)| (name, fill(value))));
        run(command).await
    }
}

#[tokio::test]
async fn every_native_protocol_carries_programs_tools_usage_and_ends() {
    let Some(mock) = Mock::start(None).await else { return };
    let outcomes = stream::iter(PROTOCOLS).map(|protocol| problems(&mock, protocol)).buffer_unordered(2);
    let problems: Vec<String> = outcomes.collect::<Vec<_>>().await.into_iter().flatten().collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

async fn problems(mock: &Mock, protocol: &Protocol) -> Vec<String> {
    let mut problems = Vec::new();
    let mut check = |what: &str, ran: &Ran, answer: &str, calls: u64, estimated: u64| {
        let result: Value = serde_json::from_str(&ran.output).unwrap_or_default();
        let usage = &result["usage"];
        let counted = (usage["inputTokens"] == calls * 1230, usage["outputTokens"] == calls * 70);
        let is_right = match protocol.is_scripted {
            true => counted == (true, true),
            false => usage["inputTokens"].as_u64() > Some(calls * 500) && usage["outputTokens"] == estimated,
        };
        if result["answer"] != answer || !is_right {
            problems.push(format!("{} in {what}: {ran:?}", protocol.model));
        }
    };
    let by_programs =
        mock.ask(protocol, "What does the needle say?", &["--strategy", "rlm", "--protocol", "repl"]).await;
    check("programs", &by_programs, "The text says it says forty-two in stack.txt:2", 3, 58);
    let by_tools = mock.ask(protocol, "Where is the needle?", &["--strategy", "rlm", "--protocol", "tools"]).await;
    check("tools", &by_tools, "A tool has found it in stack.txt:2", 2, 16);
    if !protocol.is_scripted {
        return problems;
    }
    let cut = mock.ask(protocol, "CUT-OFF", &["--strategy", "direct"]).await;
    if cut.json()["error"]["kind"] != "replyCut" {
        problems.push(format!("{}, cut off: {cut:?}", protocol.model));
    }
    problems
}

/// The faults of aimock, each as it names it and with the header that asks for it.
const FAULTS: [(&str, &str); 4] = [
    ("drop", "x-aimock-chaos-drop"),
    ("malformed", "x-aimock-chaos-malformed"),
    ("rateLimit", "x-aimock-chaos-ratelimit"),
    ("disconnect", "x-aimock-chaos-disconnect"),
];

#[tokio::test]
async fn runs_are_exact_before_servers_that_fail_at_random_and_nothing_whole_is_paid_for_again() {
    let servers = (1..=CHAOTIC_SERVERS).map(|seed| async move {
        let mock = Mock::start(Some(seed)).await?;
        Some(chaotic_runs(&mock, CHAOTIC_RUNS / CHAOTIC_SERVERS).await)
    });
    let Some(outcomes) = join_all(servers).await.into_iter().collect::<Option<Vec<_>>>() else { return };
    let problems: Vec<String> = outcomes.iter().flat_map(|(problems, _)| problems.clone()).collect();
    assert!(problems.is_empty(), "{} of {CHAOTIC_RUNS}\n{}", problems.len(), problems.join("\n"));
    let actions: Vec<Value> = outcomes.into_iter().flat_map(|(_, actions)| actions).collect();
    let count = |action: &Value| actions.iter().filter(|it| *it == action).count();
    for (fault, _) in FAULTS {
        let times = count(&json!(fault));
        assert!(times >= CHAOTIC_RUNS / 20, "{fault} came {times} times in {} requests", actions.len());
    }
    assert_eq!(count(&Value::Null), CHAOTIC_RUNS, "each whole reply is paid for once");
}

/// What was wrong with runs, one after the other, and what the server has done with each request.
async fn chaotic_runs(mock: &Mock, runs: usize) -> (Vec<String>, Vec<Value>) {
    let headers: Map<String, Value> = FAULTS.iter().map(|(_, header)| ((*header).to_owned(), json!("0.1"))).collect();
    let endpoint = json!({ "url": format!("{}/v1", mock.url), "headers": headers }).to_string();
    let protocol = Protocol { model: "m1", arguments: &[], variables: &[], is_scripted: true };
    let mut problems = Vec::new();
    for _ in 0..runs {
        let ran = mock.ask(&protocol, "PLAIN", &["--strategy", "direct", "--endpoint", &endpoint]).await;
        if ran.json()["answer"] != "the plain answer, whole and exact (stack.txt:2)" {
            problems.push(format!("{ran:?}"));
        }
    }
    let journal = reqwest::get(format!("{}/__aimock/journal?limit=5000", mock.url)).await.expect("there is a journal");
    let journal: Value = journal.json().await.expect("it is JSON");
    let entries = journal.as_array().or_else(|| journal["entries"].as_array()).expect("a list of requests");
    let asked = entries.iter().filter(|it| it["path"].as_str().is_some_and(|path| path.contains("chat/completions")));
    (problems, asked.map(|it| it["response"]["chaosAction"].clone()).collect())
}
