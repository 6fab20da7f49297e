//! What the programs of a session make stays theirs: a follow-up may bind every name anew, delete it, or find it hidden
//! by what it is given.

use crate::{
    client::{Client, uri},
    scripted::{Action, Asked, ScriptedServer},
};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

/// What parts the programs of one question, of which the model writes one a turn.
const NEXT: &str = "\n---\n";

/// A model that writes the programs that it is asked for.
async fn server() -> ScriptedServer {
    ScriptedServer::start(|asked: &Asked| {
        let turn = asked.messages.iter().filter(|(role, _)| role == "assistant").count();
        let question = asked.messages[1].1.rsplit("# Question\n").next().unwrap_or_default();
        let programs: Vec<&str> = question.split(NEXT).collect();
        Action::reply(format!("```repl\n{}\n```", programs[turn.min(programs.len() - 1)]))
    })
    .await
}

/// A question of a session, with what its programs answer.
struct Step<'a> {
    programs: &'a [&'a str],
    expected: &'a str,
    /// Fields of the request beside those of every question.
    more: Value,
}

fn step<'a>(programs: &'a [&'a str], expected: &'a str) -> Step<'a> {
    Step { programs, expected, more: json!({}) }
}

/// Asks the questions of one session, about a note that is changed before each.
async fn check(steps: &[Step<'_>]) {
    let folder = TempDir::new().expect("a folder can be made");
    let path = folder.path().join("note.txt");
    let server = server().await;
    let options = json!({"endpoint": server.url(), "model": "scripted", "strategy": "rlm"});
    let mut client = Client::in_folder(folder.path(), json!({}), options).await;
    for (number, Step { programs, expected, more }) in (1..).zip(steps) {
        fs::write(&path, format!("{}\nnumber {number}\n", "line\n".repeat(number))).expect("a file can be written");
        let mut params = json!({"query": programs.join(NEXT), "sessionId": "s",
                                "scope": {"kind": "file", "uri": uri(&path)}});
        for (name, value) in more.as_object().expect("fields") {
            params[name] = value.clone();
        }
        let result = client.request("rlm/query", params).await.expect("an answer");
        assert_eq!(result["answer"], *expected, "question {number}: {programs:?}");
    }
    assert_eq!(client.shut_down().await, 0);
}

#[tokio::test]
async fn a_variable_that_each_question_counts_up_is_counted_up() {
    let count = &["count = globals().get('count', 0) + 1\nFINAL(count)"];
    check(&["1", "2", "3", "4", "5"].map(|expected| step(count, expected))).await;
}

#[tokio::test]
async fn names_are_bound_anew_and_deleted_between_the_programs_of_a_follow_up() {
    let begin = "import builtins, sys, types\n\
                 x = 1\n_own = 1\ndef f(): return 1\nclass C: v = 1\nfrom math import pi as e\n\
                 builtins.mine = 1\nsys.modules['own'] = types.ModuleType('own')\nsys.modules['own'].v = 1\n\
                 print = str\nkept = [1]\ngone = 1\nFINAL(f())";
    let change = "x = 2\n_own = 2\ndef f(): return 2\nclass C: v = 2\ne = 2\nbuiltins.mine = 2\n\
                  sys.modules['own'] = types.ModuleType('own')\nsys.modules['own'].v = 2\nprint = repr\n\
                  kept.append(2)\ndel gone";
    let tell = "import own\nFINAL([x, _own, f(), C.v, e, mine, own.v, print('a'), kept, 'gone' in globals()])";
    let expected = "[2, 2, 2, 2, 2, 2, 2, \"'a'\", [1, 2], False]";
    check(&[step(&[begin], "1"), step(&[change, tell], expected), step(&[tell], expected)]).await;
}

#[tokio::test]
async fn given_names_are_put_back_in_a_follow_up_as_well() {
    let bend = "search = context = files = 5\nlen = max\nimport json\njson.loads = None";
    let tell = "FINAL([callable(search), type(files).__name__, 'number 2' in context, len([3, 4]), json.loads])";
    check(&[step(&["FINAL(1)"], "1"), step(&[bend, tell], "[True, 'Files', True, 4, None]")]).await;
}

#[tokio::test]
async fn an_answer_of_an_earlier_question_is_no_answer_and_a_new_one_is_kept_from_program_to_program() {
    check(&[
        step(&["answer = {'content': 'first', 'ready': True}"], "first"),
        step(&["answer['content'] += 'second'", "answer['ready'] = True"], "second"),
        step(&["answer = {'content': 'third'}", "answer['content'] += '!'", "answer['ready'] = True"], "third!"),
    ])
    .await;
}

#[tokio::test]
async fn what_is_hidden_by_a_given_name_comes_back_when_that_is_given_no_more() {
    let own =
        "selection = 'own selection'\nfact = 'own fact'\nquestion = 'own question'\nhistory = 'own history'\nFINAL(1)";
    let tell = "FINAL([selection, fact, question, type(history).__name__])";
    let mine = "['own selection', 'own fact', 'own question', 'list']";
    let hidden = "FINAL([selection.strip(), fact, question, type(history).__name__])";
    let options = json!({"tools": [{"name": "fact", "value": "lent"}]});
    check(&[
        step(&[own], "1"),
        step(&[tell], mine),
        Step {
            more: json!({"options": options}),
            ..step(&[hidden], "['own selection', 'lent', 'own question', 'list']")
        },
        step(&[tell], mine),
        step(&["fact = 'another'\nFINAL(SHOW_VARS().get('fact'))"], "str"),
        Step {
            more: json!({"options": options}),
            ..step(&["FINAL([fact, 'fact' in SHOW_VARS()])"], "['lent', False]")
        },
        step(&["FINAL(fact)"], "another"),
    ])
    .await;
}

#[tokio::test]
async fn functions_that_were_kept_look_into_the_text_of_now_and_texts_stay_what_they_were() {
    let keep = "from functools import partial\n\
                look, find, old, whole = read, partial(grep, max_results=5), files, context\n\
                row = grep('number')[0]\nFINAL(look('note.txt', 3).strip())";
    let tell = "[now] = find('number')\n\
                ends = [text[-9:-1] for text in (old['note.txt'], whole, files['note.txt'])]\n\
                FINAL([look('note.txt', now.line).strip(), *ends, row.text, now == grep('number')[0], row == now])";
    let expected = "['number 2', 'number 1', 'number 1', 'number 2', 'number 1', True, False]";
    check(&[step(&[keep], "number 1"), step(&[tell], expected)]).await;
}
