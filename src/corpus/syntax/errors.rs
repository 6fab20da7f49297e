//! Where a text breaks the rules of its language.

use tree_sitter::Tree;

/// The most errors that are told of one text.
const MOST: usize = 1000;

/// The line of each error, from 1, and what it is, in order.
pub(super) fn errors(tree: &Tree) -> Vec<(usize, String)> {
    let mut errors = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        if node.is_error() || node.is_missing() {
            let what = match node.is_missing() {
                true => format!("`{}` is missing", node.kind()),
                false => "unexpected here".to_owned(),
            };
            errors.push((node.start_position().row + 1, what));
        }
        if errors.len() == MOST {
            return errors;
        }
        // What lies in an error says no more.
        if node.has_error() && !node.is_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return errors;
            }
        }
    }
}
