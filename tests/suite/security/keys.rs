//! API keys go to their own server and nowhere else: not into messages, logs and traces, not to tools, and not to
//! programs that answer as models.

use crate::{
    client::Client,
    query::file,
    raw::{RawServer, Taken, send, send_list},
    scripted::{Action, Asked, ScriptedServer},
    terminal::{Ran, rlm, run},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpStream};

/// In the query of an address, and in `RLM_API_KEY`.
const IN_ADDRESS: &str = "PEAR-key-in-address";
const IN_VARIABLE: &str = "sk-PEAR/in+variable";

/// A key with each byte as in an address.
fn escaped(key: &str) -> String {
    key.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn hexadecimal(key: &str) -> String {
    key.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Fails if a text has one of the keys, in whatever form.
fn assert_no_key(what: &str, text: &str) {
    let lower = text.to_lowercase();
    for key in [IN_ADDRESS, IN_VARIABLE] {
        let forms = [key.to_owned(), key.replace('/', "%2f").replace('+', "%2b"), escaped(key), hexadecimal(key)];
        for form in forms.into_iter().chain([STANDARD.encode(key), STANDARD.encode(format!("user:{key}"))]) {
            let form = form.trim_end_matches('=').to_lowercase();
            assert!(!lower.contains(&form), "{what} shows {form}:\n{text}");
        }
    }
    assert!(!text.contains("PEAR"), "{what} shows a part of a key:\n{text}");
}

/// What a server says that repeats all it was sent, in every form.
fn repeated(taken: &Taken) -> String {
    let forms = [IN_ADDRESS, IN_VARIABLE].map(|key| {
        let (basic, wrapped) = (STANDARD.encode(format!("user:{key}")), key.replace("key", "k\n ey"));
        format!("{key} {} {} {basic} {wrapped} {}", escaped(key), hexadecimal(key), key.to_lowercase())
    });
    format!("you sent {} {}", taken.head, forms.join(" "))
}

type Answered = std::io::Result<()>;

/// One of the ways in which a server repeats a key.
async fn repeats(way: &str, taken: Taken, mut connection: TcpStream) -> Answered {
    let said = repeated(&taken);
    let event = |value: Value| format!("data: {value}\n\ndata: [DONE]\n\n");
    match way {
        "no list" => send(&mut connection, 200, "application/json", r#"{"boats": 2}"#).await,
        "a list that names it" => {
            let list = json!({"data": [{"id": said}, {"id": IN_VARIABLE}, {"id": IN_ADDRESS}]}).to_string();
            send(&mut connection, 200, "application/json", &list).await
        }
        "a list that fails" => send(&mut connection, 500, "text/plain", &said).await,
        _ if taken.is_list() => send_list(&mut connection).await,
        "a refusal" => {
            let body = json!({"error": {"message": said}}).to_string();
            send(&mut connection, 401, "application/json", &body).await
        }
        "a text" => send(&mut connection, 400, "text/plain", &said).await,
        "a page" => send(&mut connection, 200, "text/html", &format!("<html><title>{said}</title>")).await,
        "a page that refuses" => send(&mut connection, 403, "text/html", &format!("<html>{said}")).await,
        "a redirect" => {
            let head = format!(
                "HTTP/1.1 307 It\r\nlocation: http://PEAR-key-in-address.example/v1?key={IN_ADDRESS}\r\n\
                 connection: close\r\n\r\n"
            );
            connection.write_all(head.as_bytes()).await?;
            connection.shutdown().await
        }
        "an event" => {
            send(&mut connection, 200, "text/event-stream", &event(json!({"error": {"message": said}}))).await
        }
        "an event that is a text" => {
            let body = format!("event: error\ndata: {}\n\n", said.replace(['\r', '\n'], " "));
            send(&mut connection, 200, "text/event-stream", &body).await
        }
        "a reason to stop" => {
            let choice = json!({"choices": [{"delta": {"content": "half"}, "finish_reason": said}]});
            send(&mut connection, 200, "text/event-stream", &event(choice)).await
        }
        other => panic!("there is no way {other:?}"),
    }
}

const WAYS: [&str; 11] = [
    "no list",
    "a list that names it",
    "a list that fails",
    "a refusal",
    "a text",
    "a page",
    "a page that refuses",
    "a redirect",
    "an event",
    "an event that is a text",
    "a reason to stop",
];

async fn server(way: &'static str) -> RawServer {
    RawServer::start(move |taken, connection| repeats(way, taken, connection)).await
}

/// The ways of writing an address with a key.
fn addresses(url: &str) -> [String; 4] {
    [
        format!("{url}?api-key={IN_ADDRESS}"),
        format!("{url}?api-version=2026-01-01&code={}", escaped(IN_ADDRESS)),
        format!("{url}?{IN_ADDRESS}"),
        format!("{url}/chat/completions?key={IN_ADDRESS}#{IN_ADDRESS}"),
    ]
}

/// Runs the program with both keys, and fails if it shows one.
async fn checked(what: &str, arguments: &[&str], endpoint: &str) -> Ran {
    let mut command = rlm(arguments);
    command
        .env("RLM_ENDPOINT", endpoint)
        .env("RLM_API_KEY", IN_VARIABLE)
        .env("RLM_LOG", "trace,hyper_util::client=trace");
    let ran = run(command).await;
    assert_no_key(what, &format!("{}{}", ran.output, ran.errors));
    ran
}

#[tokio::test]
async fn a_key_is_shown_nowhere_whatever_a_server_says() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let path = path.to_str().expect("text");
    let trace = folder.path().join("trace.jsonl");
    for (at, way) in WAYS.into_iter().enumerate() {
        let server = server(way).await;
        let addresses = addresses(&server.url());
        let endpoint = &addresses[at % addresses.len()];
        let trace_path = trace.to_str().expect("text");
        let mut arguments =
            vec!["query", "q", path, "--strategy", "direct", "--json", "--verbose", "--trace", trace_path];
        arguments.extend(["--timeout", "20"]);
        // Without a name the list of models is asked for one.
        if !way.contains("list") {
            arguments.extend(["--model", "m1"]);
        }
        let ran = checked(way, &arguments, endpoint).await;
        assert!(!server.all().is_empty(), "{way}: the server was not asked: {ran:?}");
        let head = &server.all()[0].head;
        assert!(
            head.contains("PEAR") || head.contains(&escaped(IN_ADDRESS)),
            "{way}: the key did not go along: {head}"
        );
        assert_no_key("the trace", &fs::read_to_string(&trace).unwrap_or_default());
        let _ = fs::remove_file(&trace);
    }
}

#[tokio::test]
async fn a_key_in_an_address_is_shown_by_no_other_command() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let path = path.to_str().expect("text");
    for way in ["no list", "a list that names it", "a list that fails", "a refusal"] {
        let server = server(way).await;
        for endpoint in addresses(&server.url()) {
            checked("models", &["models"], &endpoint).await;
            checked("preview", &["preview", "q", path, "--json"], &endpoint).await;
        }
        checked("doctor", &["doctor"], &addresses(&server.url())[0]).await;
        let inside = server.url().replace("http://", &format!("http://user:{IN_ADDRESS}@"));
        let ran = checked("an address with a password", &["models"], &inside).await;
        assert!(ran.errors.contains("RLM_API_KEY"), "it says where the key belongs: {ran:?}");
        checked("no address", &["models"], &format!("http//{IN_ADDRESS}")).await;
    }
}

#[tokio::test]
async fn an_editor_is_shown_no_key() {
    let folder = TempDir::new().expect("a folder can be made");
    fs::write(folder.path().join("a.txt"), "some text\n").expect("a file can be written");
    let server = server("no list").await;
    let options = json!({"endpoint": format!("{}?api-key={IN_ADDRESS}", server.url())});
    let mut client = Client::in_folder(folder.path(), json!({}), options).await;
    let error = client.request("rlm/query", json!({"query": "q"})).await.expect_err("there is no model");
    assert_no_key("rlm/query", &error.to_string());
    let status = client.request("rlm/status", Value::Null).await.expect("a status");
    assert_no_key("rlm/status", &status.to_string());
    for wrong in [json!({"url": IN_ADDRESS}), json!([[IN_ADDRESS]]), json!(format!("http//{IN_ADDRESS}"))] {
        let params = json!({"query": "q", "options": {"endpoint": wrong}});
        let error = client.request("rlm/query", params).await.expect_err("it is no endpoint");
        assert_no_key("an error of the settings", &error.to_string());
    }
    assert_eq!(client.shut_down().await, 0);
}

/// Variables of a person's environment: those that programs need, and keys.
const NEEDED: [(&str, &str); 4] =
    [("HOME", "/home/pear"), ("LANG", "C.UTF-8"), ("HTTPS_PROXY", "http://u:p@proxy:1"), ("EDITOR", "ed")];
const KEYS: [(&str, &str); 12] = [
    ("RLM_API_KEY", "pear-1"),
    ("ANTHROPIC_API_KEY", "pear-2"),
    ("OPENAI_API_KEY", "pear-3"),
    ("AWS_SECRET_ACCESS_KEY", "pear-4"),
    ("AWS_SESSION_TOKEN", "pear-5"),
    ("GITHUB_TOKEN", "pear-6"),
    ("AZURE_CLIENT_SECRET", "pear-7"),
    ("GOOGLE_APPLICATION_CREDENTIALS", "/pear-8.json"),
    ("my_service_token", "pear-9"),
    ("DATABASE_URL", "postgres://u:pear-10@db/x"),
    ("CUSTOM_HEADERS", "Authorization: Bearer pear-11"),
    ("RLM_ENDPOINT", "http://127.0.0.1:9/v1?api-key=pear-12"),
];

fn with_environment(mut command: tokio::process::Command) -> tokio::process::Command {
    command.envs(NEEDED).envs(KEYS);
    command
}

/// Whether an environment has what a program needs, and of the keys only these.
fn check_environment(what: &str, environment: &str, lent: &[&str]) {
    for (name, value) in NEEDED {
        assert!(environment.contains(&format!("{name}={value}")), "{what} lacks {name}:\n{environment}");
    }
    assert!(environment.contains("PATH=/"), "{what} lacks PATH:\n{environment}");
    for (name, value) in KEYS {
        let expected = lent.contains(&name);
        assert_eq!(environment.contains(value), expected, "{what}, {name}:\n{environment}");
    }
}

#[tokio::test]
async fn tools_inherit_no_keys_but_those_they_are_lent() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let tools =
        json!([{"name": "plain", "command": ["env"]}, {"name": "lent", "command": ["env"], "env": ["GITHUB_TOKEN"]}]);
    let tools = file(&folder, "tools.json", tools.to_string().as_bytes());
    let turns = AtomicUsize::new(0);
    let server = ScriptedServer::start(move |_: &Asked| {
        let program = ["print(plain())\nFINAL(plain())", "FINAL(lent())"][turns.fetch_add(1, Ordering::Relaxed) % 2];
        Action::reply(format!("```repl\n{program}\n```"))
    })
    .await;
    for lent in [&[][..], &["GITHUB_TOKEN"]] {
        let url = server.url();
        let arguments =
            ["query", "q", path.to_str().expect("text"), "--json", "--endpoint", &url, "--model", "scripted"];
        let more = ["--strategy", "rlm", "--tools", tools.to_str().expect("text")];
        let ran = run(with_environment(rlm(arguments.iter().chain(&more)))).await;
        let answer = ran.json()["answer"].as_str().unwrap_or_default().to_owned();
        check_environment("a tool", &answer, lent);
    }
}

#[tokio::test]
async fn programs_that_answer_as_models_inherit_no_keys_but_those_they_are_lent() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let path = path.to_str().expect("text");
    for (named, lent) in [
        ("", &[][..]),
        ("ANTHROPIC_API_KEY", &["ANTHROPIC_API_KEY"]),
        ("ANTHROPIC_API_KEY, my_service_token NOT_THERE", &["ANTHROPIC_API_KEY", "my_service_token"]),
    ] {
        let mut command =
            with_environment(rlm(["query", "q", path, "--json", "--strategy", "direct", "--model", "cli:env"]));
        command.env("RLM_CLI_ENV", named);
        let ran = run(command).await;
        check_environment("a program", ran.json()["answer"].as_str().unwrap_or_default(), lent);
    }
    let ran = run(rlm(["query", "q", path, "--strategy", "direct", "--model", "cli:false"])).await;
    assert!(ran.errors.contains("RLM_CLI_ENV"), "who misses a key learns how to lend it: {ran:?}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let other = server("a text").await;
    let location = other.url();
    let first = RawServer::start(move |_, mut connection: TcpStream| {
        let head = format!("HTTP/1.1 307 It\r\nlocation: {location}/chat/completions\r\nconnection: close\r\n\r\n");
        async move {
            connection.write_all(head.as_bytes()).await?;
            connection.shutdown().await
        }
    })
    .await;
    let path = path.to_str().expect("text");
    for more in [&[][..], &["--model", "m1"]] {
        let arguments = ["query", "q", path, "--strategy", "direct"];
        let ran = checked("a redirect", &[&arguments[..], more].concat(), &first.url()).await;
        assert!(ran.status == 1 && ran.errors.contains("redirects are not followed"), "{ran:?}");
        assert!(ran.errors.contains(&other.address.to_string()), "it says where it leads: {ran:?}");
    }
    assert!(other.all().is_empty(), "it was followed");
}

#[tokio::test]
async fn arguments_of_tools_mean_nothing_to_a_shell() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let run_file = folder.path().join("RAN");
    let parameters = json!({"type": "object", "properties": {"text": {"type": "string"}}});
    let tools = json!([{"name": "echo", "command": ["cat"], "parameters": parameters},
                       {"name": "flood", "command": ["sh", "-c", "yes | head -c 9000000"]}]);
    let tools = file(&folder, "tools.json", tools.to_string().as_bytes());
    let touch = format!("$(touch {0}) `touch {0}` ; touch {0}", run_file.display());
    let program = format!(
        "try:\n    flood()\nexcept Exception as error:\n    print(error)\nFINAL(echo(text='{touch}') + str(1))"
    );
    let server = ScriptedServer::start(move |_: &Asked| Action::reply(format!("```repl\n{program}\n```"))).await;
    let url = server.url();
    let arguments = ["query", "q", path.to_str().expect("text"), "--json", "--endpoint", &url, "--model", "scripted"];
    let more = ["--strategy", "rlm", "--tools", tools.to_str().expect("text"), "--verbose"];
    let ran = run(rlm(arguments.iter().chain(&more))).await;
    assert!(ran.json()["answer"].as_str().is_some_and(|answer| answer.contains("$(touch")), "{ran:?}");
    assert!(ran.errors.contains("it printed more than 4 MiB"), "{}", ran.errors);
    assert!(!Path::new(&run_file).exists(), "a shell has run");
}

#[tokio::test]
async fn a_key_on_its_way_over_plain_http_is_told_once() {
    let folder = TempDir::new().expect("a folder can be made");
    let path = file(&folder, "text.txt", b"some text");
    let path = path.to_str().expect("text");
    let warnings = |ran: &Ran| format!("{}{}", ran.output, ran.errors).matches("plain HTTP").count();
    // Names that lead nowhere: nothing leaves this machine.
    let (plain, safe) = ("http://no-such-host.invalid/v1", "https://no-such-host.invalid/v1");
    let with_key = format!("{plain}?api-key={IN_ADDRESS}");
    for (endpoint, key, expected) in [
        (plain, IN_VARIABLE, 1),
        (&*with_key, "", 1),
        (&*with_key, IN_VARIABLE, 1),
        (plain, "", 0),
        (safe, IN_VARIABLE, 0),
        ("http://127.0.0.1:9/v1", IN_VARIABLE, 0),
    ] {
        let arguments = ["query", "q", path, "--strategy", "direct", "--timeout", "5", "--model", "m1"];
        for arguments in [&arguments[..], &["models"]] {
            let mut command = rlm(arguments);
            command.env("RLM_ENDPOINT", endpoint).env("RLM_API_KEY", key);
            let ran = run(command).await;
            assert_eq!(warnings(&ran), expected, "{endpoint} {arguments:?}: {ran:?}");
            assert_no_key("a warning", &format!("{}{}", ran.output, ran.errors));
        }
    }
    let options = json!({"endpoint": with_key, "model": "m1", "strategy": "direct", "timeout": 5});
    let mut client = Client::in_folder(folder.path(), json!({}), options).await;
    for expected in [1, 0] {
        let preview = client.request("rlm/preview", json!({"query": "q"})).await.expect("a preview");
        assert_eq!(preview["warnings"].to_string().matches("plain HTTP").count(), expected, "{preview}");
    }
    assert_eq!(client.shut_down().await, 0);
}
