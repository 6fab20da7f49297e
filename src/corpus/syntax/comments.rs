//! Where a file speaks to people and not to machines: its comments, and its texts of several lines.

use std::ops::Range;
use tree_sitter::{Node, Tree};

/// The bytes of all comments, in order. Grammars differ in what they call a comment, but each says so in the kind of the node.
pub(super) fn comments(tree: &Tree) -> Vec<Range<usize>> {
    outermost(tree, is_comment)
}

/// The bytes of all comments and of strings that go over several lines, in order.
pub(super) fn prose(tree: &Tree) -> Vec<Range<usize>> {
    let is_long_string = |node: Node<'_>| {
        let is_string = ["string", "heredoc"].iter().any(|it| node.kind().contains(it));
        is_string && node.start_position().row < node.end_position().row
    };
    outermost(tree, |node| is_comment(node) || is_long_string(node))
}

fn is_comment(node: Node<'_>) -> bool {
    node.kind().contains("comment") || node.kind() == "haddock"
}

/// The nodes that are wanted and lie in no other one that is.
fn outermost(tree: &Tree, is_wanted: impl Fn(Node<'_>) -> bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let is_wanted = is_wanted(node);
        if is_wanted {
            found.push(node.byte_range());
        }
        if !is_wanted && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}
