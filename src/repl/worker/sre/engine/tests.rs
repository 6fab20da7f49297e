//! What the engine is to do that is seen on trees more easily than on patterns.

use super::{
    super::{
        char_set::CharSet,
        haystack::Wide,
        interrupt::Pulse,
        tree::{Node, Repeat, decode},
    },
    Program, Request, State,
};
use proptest::prelude::*;
use std::ops::Range;

fn class(first: char, last: char) -> Node {
    Node::Class(CharSet::new(vec![(first.into(), last.into())]))
}

fn repeated(body: Node, min: u32, max: u32, kind: Repeat) -> Node {
    Node::Repeat { body: Box::new(body), min, max, kind }
}

fn group(number: u32, body: Node) -> Node {
    Node::Sequence(vec![Node::Mark(2 * number), body, Node::Mark(2 * number + 1)])
}

/// Where the first match lies, and its group.
fn found(root: &Node, text: &str) -> Option<(Range<usize>, Option<Range<usize>>)> {
    search(&Program::new(root, 1).unwrap(), text)
}

fn search(program: &Program, text: &str) -> Option<(Range<usize>, Option<Range<usize>>)> {
    let haystack = Wide { bytes: text.as_bytes(), has_surrogates: false };
    let request = Request { program, haystack, end: text.len(), is_whole: false, must_advance: false };
    let mut state = State::default();
    let whole = state.search(&request, 0, &mut Pulse::new(&|| Ok(()))).unwrap();
    whole.map(|whole| (whole, state.group(0)))
}

#[test]
fn repetitions_of_nothing_end() {
    for kind in [Repeat::Greedy, Repeat::Lazy, Repeat::Possessive] {
        let nothing = repeated(class('é', 'é'), 0, u32::MAX, Repeat::Lazy);
        let endless = repeated(Node::Sequence(vec![nothing.clone(), nothing]), 0, u32::MAX, kind);
        let root = Node::Sequence(vec![endless, class('!', '!')]);
        let matched = found(&root, "éé!").unwrap();
        assert_eq!(matched.0, if kind == Repeat::Possessive { 4..5 } else { 0..5 });
        assert_eq!(found(&root, "éé"), None);
    }
}

#[test]
fn lazy_counts_may_lie_in_each_other() {
    let inner = repeated(Node::Sequence(vec![class('a', 'z'), Node::Sequence(vec![])]), 1, 3, Repeat::Lazy);
    let root = Node::Sequence(vec![repeated(inner, 2, 2, Repeat::Greedy), class('0', '9')]);
    assert_eq!(found(&root, "abcdefg12").unwrap().0, 1..8);
}

#[test]
fn groups_are_those_of_the_attempt_that_matched() {
    // (?:(a)b|ac)*
    let first = Node::Sequence(vec![group(0, class('a', 'a')), class('b', 'b')]);
    let second = Node::Sequence(vec![class('a', 'a'), class('c', 'c')]);
    let root = repeated(Node::Branches(vec![first, second]), 0, u32::MAX, Repeat::Greedy);
    assert_eq!(found(&root, "abacad"), Some((0..4, Some(0..1))));
}

#[test]
fn programs_name_only_groups_that_are_there() {
    assert!(Program::new(&group(0, class('a', 'a')), 1).is_some());
    assert!(Program::new(&group(1, class('a', 'a')), 1).is_none());
    assert!(
        Program::new(&Node::Conditional { group: 1, yes: Box::new(Node::Failure), no: Box::new(Node::Failure) }, 1)
            .is_none()
    );
}

proptest! {
    #[test]
    fn code_that_a_program_made_up_is_refused_or_runs(code in prop::collection::vec(0u32..45, 0..40)) {
        let program = decode(&code).and_then(|root| Program::new(&root, 2));
        if let Some(program) = program {
            search(&program, "\u{1}\u{2}\u{3}\n\u{10}é");
        }
    }
}
