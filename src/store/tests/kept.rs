//! Conversations and answers: found again, bounded, and in a store that an earlier version has made.

use super::*;
use crate::store::tables::MIGRATIONS;

fn conversation(place: &str, name: &str, state: &str) -> KeptConversation {
    let name = ConversationName { client: Client::Editor, place: place.to_owned(), name: name.to_owned() };
    let (title, request, state) = ("why?".to_owned(), String::new(), state.to_owned());
    KeptConversation { name, title, request, questions: 1, state }
}

fn answer(number: usize, text: usize, size: usize) -> NewAnswer {
    let spent = Spent {
        model: "m".to_owned(),
        worker: "w".to_owned(),
        strategy: "rlm".to_owned(),
        bytes: 10,
        calls: number as u64,
        tokens: 7,
        cost: None,
    };
    let key = AnswerKey { asked: key(number), text: key(text), scope: key(0) };
    NewAnswer { key, question: format!("question {number}"), answer: "x".repeat(size), spent }
}

#[test]
fn a_conversation_is_found_by_its_name_where_it_has_a_folder_in_common() {
    let place = tempdir().unwrap();
    let mut database = open(&place);
    database.keep_conversation(&conversation("/a\n/b", "s", "first"), NOW).unwrap();
    database.keep_conversation(&conversation("/c", "s", "other"), NOW + 1).unwrap();
    let state = |database: &Database, place: &str, name: &str| {
        database.conversation(&conversation(place, name, "").name).unwrap().map(|it| it.state)
    };
    for (place, expected) in [("/a\n/b", Some("first")), ("/b", Some("first")), ("/c", Some("other")), ("/d", None)] {
        assert_eq!(state(&database, place, "s").as_deref(), expected, "{place}");
    }
    assert_eq!(state(&database, "/a", "t"), None);
    database.keep_conversation(&conversation("/c", "s", "changed"), NOW + 2).unwrap();
    assert_eq!(state(&database, "/c", "s").as_deref(), Some("changed"));
    let last = |client| database.last_conversation(client, "/c").unwrap().map(|it| it.state);
    assert_eq!((last(Client::Editor).as_deref(), last(Client::Terminal)), (Some("changed"), None));
    assert_eq!(database.conversations(Client::Editor, "/c").unwrap().len(), 1);
    assert_eq!(database.forget_conversation(&conversation("/c", "s", "").name), Ok(true));
    assert_eq!((state(&database, "/c", "s"), database.summary().unwrap().tables[2].entries), (None, 1));
}

#[test]
fn conversations_and_answers_stay_within_bounds_and_the_oldest_go() {
    let place = tempdir().unwrap();
    let mut database = super::database(&place, Bounds { bytes: 4 << 20, ..Bounds::default() }, NOW).unwrap();
    for number in 0..300 {
        let name = number.to_string();
        database.keep_conversation(&conversation("/a", &name, &"x".repeat(10_000)), NOW + number).unwrap();
        database.keep_answer(&answer(number as usize, 1, 10_000), NOW + number).unwrap();
    }
    // A quarter and an eighth of four mebibytes.
    let kept = database.conversations(Client::Editor, "/a").unwrap();
    assert_eq!((kept.len(), kept[0].name.as_str()), (104, "299"));
    assert_eq!((database.answers_to(key(299)).unwrap().len(), database.answers_to(key(1)).unwrap().len()), (1, 0));
    assert_eq!(database.summary().unwrap().tables[3].entries, 52);
    // What is too large for a store is not kept, and takes nothing away.
    database.keep_conversation(&conversation("/a", "large", &"x".repeat(200_000)), NOW).unwrap();
    database.keep_conversation(&conversation(&"/".repeat(5000), "s", ""), NOW).unwrap();
    database.keep_answer(&answer(400, 1, 40_000), NOW).unwrap();
    assert_eq!(database.conversations(Client::Editor, "/a").unwrap().len(), 104);
    assert!(database.answers_to(key(400)).unwrap().is_empty());
}

#[test]
fn an_answer_belongs_to_its_question_and_its_text() {
    let place = tempdir().unwrap();
    let mut database = open(&place);
    for (number, text, size) in [(1, 1, 10), (1, 2, 20), (2, 1, 30), (1, 1, 40)] {
        database.keep_answer(&answer(number, text, size), NOW).unwrap();
    }
    let found = database.answers_to(key(1)).unwrap();
    assert_eq!(found.iter().map(|it| it.answer.len()).collect::<Vec<_>>(), [40, 20]);
    assert!(found[0].is_about(key(1)) && !found[0].is_about(key(2)) && found[0].is_in(key(0)));
    let questions = database.answered_questions(key(0)).unwrap();
    assert_eq!(
        questions.iter().map(|it| it.question.as_str()).collect::<Vec<_>>(),
        ["question 1", "question 2", "question 1"]
    );
    assert!(database.answered_questions(key(1)).unwrap().is_empty());
    let spent = database.spent("m", "w", "rlm").unwrap();
    assert_eq!(spent.iter().map(|it| it.calls).collect::<Vec<_>>(), [1, 2, 1]);
    assert!(database.spent("m", "w", "direct").unwrap().is_empty());
    assert_eq!(database.answer(questions[1].number).unwrap().map(|it| it.answer.len()), Some(30));
}

#[test]
fn a_store_of_the_version_before_is_gone_on_with() {
    let place = tempdir().unwrap();
    let path = folder(&place).make().unwrap();
    let before = Connection::open(&path).unwrap();
    before.execute_batch(MIGRATIONS[0]).unwrap();
    before.execute_batch("PRAGMA application_id = 1919708499; PRAGMA user_version = 1;").unwrap();
    before.execute_batch("INSERT INTO runs (question, request, started) VALUES ('q', '{}', 1800000000)").unwrap();
    drop(before);
    let mut database = open(&place);
    assert_eq!(database.runs().unwrap().len(), 1);
    database.keep_answer(&answer(1, 1, 10), NOW).unwrap();
    assert_eq!(database.answers_to(key(1)).unwrap().len(), 1);
}

#[test]
fn proposals_are_kept_by_place_and_cycle_and_checks_are_trusted_word_by_word() {
    let place = tempdir().unwrap();
    let mut database = open(&place);
    let proposal = |place: &str, cycle, number| crate::store::KeptProposal {
        place: place.to_owned(),
        cycle,
        number,
        state: "offered".to_owned(),
        ..Default::default()
    };
    database.keep_proposals(&[proposal("/a", 1, 1), proposal("/a", 1, 2), proposal("/b", 1, 1)], NOW).unwrap();
    database.keep_proposals(&[proposal("/a", 2, 1)], NOW).unwrap();
    database.accept_proposals("/a", 1, &[2], "c").unwrap();
    let kept: Vec<(i64, i64, String)> =
        database.proposals("/a").unwrap().into_iter().map(|it| (it.cycle, it.number, it.state)).collect();
    let expected = [(2, 1, "offered"), (1, 1, "offered"), (1, 2, "accepted")];
    assert_eq!(kept, expected.map(|(cycle, number, state)| (cycle, number, state.to_owned())));
    database.trust("/a", "one", NOW).unwrap();
    database.trust("/a", "one", NOW).unwrap();
    let trusts = |place, digest| database.trusts(place, digest).unwrap();
    assert_eq!((trusts("/a", "one"), trusts("/a", "two"), trusts("/b", "one")), (true, false, false));
}
