//! What goes over the wire, and what is read from it.

use super::{
    ask, model_at, models, only_call,
    scripted::{Action, ScriptedServer, Setup},
};
use rlm::llm::{Finish, Message, Request, Shape, TokenUsage};
use serde_json::json;
use std::{sync::Arc, time::Duration};

#[tokio::test]
async fn the_name_of_a_model_arrives_exactly_as_it_was_given_and_nothing_is_guessed_from_it() {
    let server = ScriptedServer::start(|_| Action::reply("ok")).await;
    let names = [
        "qwen-max",
        "foo-low",
        "o3-high",
        "deepseek-r1-zero",
        "x-none",
        "team::model",
        "a::b::c-max",
        "org/model",
        "openai/gpt-5.6",
        "gpt-5.6",
        "gpt-6-luna-high",
        "accounts/x/models/y",
        "qwen3:30b",
    ];
    for (at, name) in names.into_iter().enumerate() {
        let model = models(&[server.url()], Some(name), &[]).choose().await.unwrap().root;
        ask(&*model, "hi").await.0.unwrap();
        assert_eq!(model.name(), name);
        let expected = json!({
            "model": name, "stream": true, "stream_options": {"include_usage": true},
            "messages": [{"role": "user", "content": "hi"}],
        });
        assert_eq!(server.calls()[at].body, expected);
    }
}

#[tokio::test]
async fn a_conversation_and_a_limit_on_the_reply_are_sent_as_they_are() {
    let server = ScriptedServer::start(|_| Action::reply("ok")).await;
    let model = model_at(&server.url()).await;
    let messages =
        vec![Message::system("s"), Message::user("q\n\"1\""), Message::assistant("größe"), Message::user("")];
    let request = Request { messages, max_output_tokens: Some(77), ..Request::default() };
    model.call(&request, &mut |_| {}).await.unwrap();
    let body = only_call(&server).body;
    assert_eq!(body["max_tokens"], 77);
    assert_eq!(
        body["messages"],
        json!([{"role": "system", "content": "s"}, {"role": "user", "content": "q\n\"1\""},
               {"role": "assistant", "content": "größe"}, {"role": "user", "content": ""}])
    );
}

#[tokio::test]
async fn every_way_of_writing_the_base_url_works() {
    let server = ScriptedServer::start(|_| Action::reply("ok")).await;
    let root = server.url().replace("/v1", "");
    for suffix in ["", "/", "/v1", "/v1/", "/v1/chat/completions"] {
        let model = model_at(&format!("{root}{suffix}")).await;
        ask(&*model, "hi").await.0.unwrap();
    }
    assert_eq!(server.calls().len(), 5);
}

#[tokio::test]
async fn an_endpoint_gets_its_own_key_and_no_other() {
    let server = ScriptedServer::start(|_| Action::reply("ok")).await;
    type Variables<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Variables<'_>, Option<&str>); 3] = [
        (&[], None),
        (&[("OPENAI_API_KEY", "sk-openai"), ("ANTHROPIC_API_KEY", "sk-anthropic")], None),
        (&[("RLM_API_KEY", " sk-own\n"), ("OPENAI_API_KEY", "sk-openai")], Some("Bearer sk-own")),
    ];
    for (at, (variables, expected)) in cases.into_iter().enumerate() {
        let model = models(&[server.url()], Some("m"), variables).choose().await.unwrap().root;
        ask(&*model, "hi").await.0.unwrap();
        assert_eq!(server.calls()[at].authorization.as_deref(), expected);
    }
}

#[tokio::test]
async fn text_streams_in_the_parts_in_which_it_comes() {
    let reply = || Action::reply("zwölf Boxkämpfer").in_parts(4, Duration::from_millis(5));
    let server = ScriptedServer::start(move |_| reply().reasoning("hm").usage(11, 7)).await;
    let (reply, pieces) = ask(&*model_at(&server.url()).await, "hi").await;
    assert_eq!(pieces, ["zwöl", "f Bo", "xkäm", "pfer"]);
    let reply = reply.unwrap();
    assert_eq!((reply.text.as_str(), reply.reasoning.as_str()), ("zwölf Boxkämpfer", "hm"));
    assert_eq!(reply.usage, TokenUsage { input: 11, output: 7, cached_input: 0 });
    assert_eq!(reply.finish, Finish::Complete);
}

#[tokio::test]
async fn the_reason_of_the_end_is_told_and_tokens_are_estimated_where_the_server_does_not_count() {
    let cut = || Action::reply("12345678").finish("length").without_usage();
    let server = ScriptedServer::start(move |_| cut()).await;
    let reply = ask(&*model_at(&server.url()).await, "1234").await.0.unwrap();
    assert_eq!(reply.finish, Finish::Length);
    assert_eq!(reply.usage, TokenUsage { input: 1, output: 2, cached_input: 0 });
}

#[tokio::test]
async fn reasoning_that_a_server_leaves_in_the_text_is_taken_out_of_it() {
    let text = "<think>\nfirst ```repl\nFINAL(1)\n```\n</think>\n\nanswer";
    let server = ScriptedServer::start(move |_| Action::reply(text).in_parts(3, Duration::ZERO)).await;
    let (reply, pieces) = ask(&*model_at(&server.url()).await, "hi").await;
    let reply = reply.unwrap();
    assert_eq!((reply.text.as_str(), pieces.concat().as_str()), ("answer", "answer"));
    assert!(reply.reasoning.contains("FINAL(1)"));
}

#[tokio::test]
async fn calls_one_after_the_other_share_connections_even_if_bodies_end_late() {
    // The last bytes of the body come two milliseconds after the mark of the end.
    let late = |text: &str| Action::reply(text).in_parts(1, Duration::from_millis(2));
    let server = ScriptedServer::start(move |asked| late(asked.last())).await;
    let model = model_at(&server.url()).await;
    for number in 0..100 {
        assert_eq!(ask(&*model, &number.to_string()).await.0.unwrap().text, number.to_string());
    }
    let connections = server.log().connections;
    assert!(connections < 50, "{connections} connections for 100 calls");
}

#[tokio::test]
async fn a_megabyte_goes_in_and_comes_back_whole() {
    let server = ScriptedServer::start(|asked| Action::reply(asked.last()).in_parts(50_000, Duration::ZERO)).await;
    let prompt: String = (0..50_000).map(|number| format!("{number:08} äöü漢\n")).collect();
    let reply = ask(&*model_at(&server.url()).await, &prompt).await.0.unwrap();
    assert!(reply.text == prompt);
}

#[tokio::test]
async fn a_program_that_does_not_stream_gets_the_same_answer_from_the_scripted_server() {
    let server = Setup::new().key("k").start(|asked| Action::reply(format!("to: {}", asked.last()))).await;
    let body = json!({"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]});
    let call = reqwest::Client::new().post(format!("{}/chat/completions", server.url())).bearer_auth("k").json(&body);
    let answer: serde_json::Value = call.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["choices"][0]["message"]["content"], "to: hi");
    assert_eq!(answer["usage"]["prompt_tokens"], 1);
}

#[tokio::test]
async fn a_schema_and_an_effort_that_a_server_refuses_are_not_asked_for_again() {
    const FIELDS: [&str; 3] = ["chat_template_kwargs", "reasoning_effort", "response_format"];
    let server = ScriptedServer::start(|asked| match FIELDS.iter().find(|field| asked.body.get(field).is_some()) {
        Some(field) => Action::status(400).body(format!("Unknown parameter: {field}")),
        None => Action::reply("{}"),
    })
    .await;
    let endpoint = json!({"url": server.url(), "reasoningEffort": "none"}).to_string();
    let model = models(&[endpoint], Some("m"), &[]).choose().await.unwrap().root;
    let shape = Some(Shape::new(Arc::new(json!({"type": "object"}))));
    let request = Request { messages: vec![Message::user("q")], shape, ..Request::default() };
    assert!(model.takes_shapes());
    for calls in [4, 5] {
        assert_eq!(model.call(&request, &mut |_| {}).await.unwrap().text, "{}");
        assert_eq!((server.calls().len(), model.takes_shapes()), (calls, false));
    }
}
