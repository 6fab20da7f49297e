//! Scripts from files, as the tests of editors and shells use them.

use super::{
    ask, model_at,
    scripted::{Rules, ScriptedServer},
};

const SCRIPT: &str = r#"[
    {"last": "capital of (?<land>\\w+)", "nth": 1, "status": 429, "headers": {"retry-after": "1"}, "body": "slow down"},
    {"last": "capital of (?<land>\\w+)", "reply": "${land}'s is $$1", "part": 3},
    {"conversation": "\\[user\\]\nhello", "reply": "hello yourself", "finish": "length"},
    {"model": "^other$", "reply": "other"},
    {"call": 5, "reply": "fifth $1"},
    {"last": "bye", "reply": "half", "ending": "cut"}
]"#;

#[tokio::test]
async fn the_first_rule_whose_conditions_hold_decides() {
    let rules = Rules::parse(SCRIPT).unwrap();
    let server = ScriptedServer::start(move |asked| rules.action(asked)).await;
    let model = model_at(&server.url()).await;
    let mut told = Vec::new();
    for prompt in ["capital of Norway?", "capital of Norway?", "hello", "?", "?", "bye"] {
        told.push(match ask(&*model, prompt).await.0 {
            Ok(reply) => reply.text,
            Err(error) => error.kind().name().to_owned(),
        });
    }
    assert_eq!(told, ["rateLimited", "Norway's is $1", "hello yourself", "rejected", "fifth $1", "brokenReply"]);
}

#[test]
fn a_script_with_a_mistake_is_refused() {
    for script in ["{}", r#"[{"replay": "x"}]"#, r#"[{"last": "("}]"#, r#"[{"ending": "never"}]"#] {
        assert!(Rules::parse(script).is_err(), "{script}");
    }
}
