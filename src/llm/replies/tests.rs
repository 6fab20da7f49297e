//! Keys, and who makes a call that several want.

use super::*;
use crate::{
    llm::{Error, Finish, PieceSink},
    store::Folder,
};
use futures::{FutureExt, future::BoxFuture, future::join_all};
use serde_json::json;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// A model at a place, of which only these are asked.
#[derive(Debug)]
struct At(&'static str, Option<&'static str>);

impl Model for At {
    fn name(&self) -> &str {
        self.0
    }

    fn window(&self) -> Option<usize> {
        None
    }

    fn reply_source(&self) -> Option<Key> {
        self.1.map(|place| Key::of(&place))
    }

    fn call<'a>(&'a self, _: &'a Request, _: PieceSink<'a>) -> BoxFuture<'a, Result<Reply, Error>> {
        async { unreachable!("nobody calls it") }.boxed()
    }
}

fn replies(folder: &tempfile::TempDir) -> Replies {
    Replies::new(Store::new(Some(Folder::new(folder.path()))))
}

fn request(messages: Vec<Message>) -> Request {
    Request { messages, max_output_tokens: None, tools: Arc::default(), shape: None, task: None }
}

fn known(text: &str) -> KnownReply {
    let usage = TokenUsage { input: 5, output: 3, cached_input: 1 };
    let arguments = json!({"z": 1, "a": [2.5, null]});
    let call = ToolCall {
        id: "1".into(),
        name: "grep".into(),
        arguments,
        signatures: Some(vec![json!("s"), json!({"type": "thinking"})]),
    };
    KnownReply { text: text.to_owned(), calls: vec![call], usage }
}

#[test]
fn a_key_has_all_that_a_reply_depends_on_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let replies = replies(&folder);
    let told = |left: &str| {
        let last = Message::user("Output:\n7\n").with_left(left);
        request(vec![Message::user("What?"), Message::assistant("```repl\n7\n```"), last])
    };
    let model = At("m", Some("here"));
    let key = replies.key(&model, &told("Left: 3 turns."), 100);
    assert!(key.is_some());
    // What varies means nothing, whatever follows it.
    assert_eq!(key, replies.key(&model, &told("Left: 2 turns, 7 s."), 100));
    let mut limited = told("");
    limited.max_output_tokens = Some(7);
    assert_eq!(key, replies.key(&model, &limited, 100), "a budget that shortens a reply is no part of the question");
    let mut with_tool = told("");
    with_tool.tools = [Tool { name: "t".into(), description: String::new(), parameters: json!({}) }].into();
    let mut others = vec![
        replies.key(&At("n", Some("here")), &told(""), 100),
        replies.key(&At("m", Some("there")), &told(""), 100),
        replies.key(&model, &told(""), 200),
        replies.key(&model, &request(vec![Message::user("What?")]), 100),
        replies.key(&model, &request(vec![Message::system("What?")]), 100),
        replies.key(&model, &with_tool, 100),
        key.map(|key| key.again(1)),
        key.map(|key| key.again(2)),
        key,
    ];
    others.dedup();
    let distinct: std::collections::HashSet<_> = others.iter().flatten().collect();
    assert_eq!(distinct.len(), 9);
    assert_eq!(replies.key(&At("m", None), &told(""), 100), None, "replies of some models are not kept");
    assert_eq!(Replies::off().key(&model, &told(""), 100), None);
}

/// Wants the reply of a key; the call takes a while, and is counted.
async fn want(replies: &Replies, key: Key, renew: bool, calls: &AtomicUsize, reply: Option<&str>) -> Result<bool, ()> {
    let call = async {
        calls.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(20)).await;
        reply.map(|text| Made { value: (), reply: (!text.is_empty()).then(|| known(text)) }).ok_or(())
    };
    Ok(match replies.reply(key, renew, call).await? {
        Given::Made(()) => false,
        Given::Served(reply) => {
            assert_eq!(*reply, known("it"));
            true
        }
    })
}

#[tokio::test]
async fn several_who_want_the_same_wait_for_one_call_and_later_ones_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let (key, calls) = (Key::of(&"q"), AtomicUsize::new(0));
    // Two of them stand for two processes, with a store each.
    let (a, b) = (replies(&folder), replies(&folder));
    let all = [&a, &b].into_iter().cycle().take(8).map(|replies| want(replies, key, false, &calls, Some("it")));
    let served = join_all(all).await;
    assert_eq!((served.iter().filter(|it| **it == Ok(false)).count(), calls.load(Ordering::Relaxed)), (1, 1));
    assert!(a.lock().is_empty() && b.lock().is_empty());
    assert_eq!(want(&replies(&folder), key, false, &calls, Some("other")).await, Ok(true));
    assert_eq!(want(&a, key, true, &calls, Some("it")).await, Ok(false), "it is made anew");
    assert_eq!(calls.load(Ordering::Relaxed), 2);
    a.store().forget(vec![key]).await;
    assert_eq!(want(&b, key, false, &calls, Some("it")).await, Ok(false), "it was forgotten");
}

#[tokio::test]
async fn where_a_call_fails_or_is_cut_off_or_is_given_up_the_next_one_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let (replies, key, calls) = (replies(&folder), Key::of(&"q"), AtomicUsize::new(0));
    let failing = [None, Some(""), Some("it"), Some("it")].map(|reply| want(&replies, key, false, &calls, reply));
    assert_eq!(join_all(failing).await, [Err(()), Ok(false), Ok(false), Ok(true)]);
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    let other = Key::of(&"r");
    let given_up = tokio::time::timeout(Duration::from_millis(5), want(&replies, other, false, &calls, Some("it")));
    let (given_up, made) = tokio::join!(given_up, want(&replies, other, false, &calls, Some("it")));
    assert!(given_up.is_err() && made == Ok(false));
}

#[test]
fn a_reply_is_kept_whole() {
    let reply = known("ä \"quoted\"\n");
    assert_eq!(KnownReply::of(&reply.kept()), Some(reply));
    let plain = Reply {
        text: "t".into(),
        calls: Vec::new(),
        reasoning: "r".into(),
        finish: Finish::Complete,
        usage: TokenUsage::default(),
    };
    assert_eq!(KnownReply::of_reply(&plain).kept().reply, r#"{"text":"t"}"#);
    let foreign = KeptReply { reply: "[]".into(), ..KnownReply::of_reply(&plain).kept() };
    assert_eq!(KnownReply::of(&foreign), None);
}
