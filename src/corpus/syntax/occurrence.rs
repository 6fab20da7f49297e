//! As what a name occurs in a file: called, defined, in a comment.
//!
//! Grammars name their nodes differently, but alike: whatever is a comment or a string says so in its kind, names of what
//! is declared stand in a field `name`, and declarators of C in a field `declarator`. What is called is followed by its
//! arguments in most languages; in the others the tree says it.

use tree_sitter::{Node, Tree};

/// What an occurrence of a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UseKind {
    Call,
    /// Its value is used, or it is handed over.
    Reference,
    Import,
    /// It is given a value.
    Assignment,
    /// It is said that it exists, without a body.
    Declaration,
    Definition,
    String,
    Comment,
    /// In a file that is not code.
    Text,
}

impl UseKind {
    pub const ALL: [Self; 9] = [
        Self::Call,
        Self::Reference,
        Self::Import,
        Self::Assignment,
        Self::Declaration,
        Self::Definition,
        Self::String,
        Self::Comment,
        Self::Text,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Reference => "reference",
            Self::Import => "import",
            Self::Assignment => "assignment",
            Self::Declaration => "declaration",
            Self::Definition => "definition",
            Self::String => "string",
            Self::Comment => "comment",
            Self::Text => "text",
        }
    }
}

/// A node, and the name of its field in the one that it lies in.
type Within<'t> = (Node<'t>, Option<&'t str>);

/// The bytes at which `name` occurs as a word of its own.
pub(in crate::corpus) fn positions(text: &str, name: &str) -> Vec<usize> {
    if name.is_empty() {
        return Vec::new();
    }
    let is_word = |it: char| it.is_alphanumeric() || it == '_';
    let found = memchr::memmem::find_iter(text.as_bytes(), name.as_bytes());
    let whole = |&at: &usize| {
        let (before, after) = (text[..at].chars().next_back(), text[at + name.len()..].chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    };
    found.filter(|&at| text.is_char_boundary(at) && text.is_char_boundary(at + name.len())).filter(whole).collect()
}

/// What stands at each of the `positions`, given in order, of a name of `length` bytes. `defined` holds where
/// the names of definitions end.
pub(super) fn kinds<'t>(
    text: &str,
    tree: &'t Tree,
    positions: &[usize],
    length: usize,
    defined: &[usize],
) -> Vec<UseKind> {
    let mut kinds = Vec::with_capacity(positions.len());
    let mut cursor = tree.walk();
    // The nodes that the cursor is in, each with the name of its field.
    let mut around: Vec<Within<'t>> = Vec::new();
    let take = |around: &[Within<'t>], kinds: &mut Vec<UseKind>, end: usize| {
        while let Some(&at) = positions.get(kinds.len()).filter(|&&at| at < end) {
            kinds.push(match defined.contains(&(at + length)) {
                true => UseKind::Definition,
                false => kind(around, &text[at + length..]),
            });
        }
    };
    loop {
        let node = cursor.node();
        take(&around, &mut kinds, node.start_byte());
        let Some(&next) = positions.get(kinds.len()) else { return kinds };
        if next < node.end_byte() {
            around.push((node, cursor.field_name()));
            if cursor.goto_first_child() {
                continue;
            }
            take(&around, &mut kinds, node.end_byte());
            around.pop();
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                take(&around, &mut kinds, usize::MAX);
                return kinds;
            }
            let end = cursor.node().end_byte();
            take(&around, &mut kinds, end);
            around.pop();
        }
    }
}

/// What a name is by the nodes around it, the outermost first, and by the text behind it.
fn kind(around: &[Within<'_>], behind: &str) -> UseKind {
    for (node, _) in around.iter().rev() {
        let kind = node.kind();
        if ["interpolation", "substitution", "expansion"].iter().any(|it| kind.contains(it)) {
            break;
        }
        if kind.contains("comment") {
            return UseKind::Comment;
        }
        if ["string", "heredoc", "char_literal", "regex", "quoted"].iter().any(|it| kind.contains(it)) {
            return UseKind::String;
        }
    }
    let near = || around.iter().rev().take(6).map(|(node, _)| node.kind());
    let is_import = |kind: &str| {
        ["import", "use_declaration", "include", "using_directive", "export_clause", "extern_crate"]
            .iter()
            .any(|it| kind.contains(it))
    };
    match () {
        () if near().any(is_import) => UseKind::Import,
        () if is_declared(around) => UseKind::Declaration,
        () if begins_arguments(behind) || is_called(around) => UseKind::Call,
        () if is_assigned(behind)
            && !near().take(2).any(|kind| kind.contains("argument") || kind.contains("param")) =>
        {
            UseKind::Assignment
        }
        () => UseKind::Reference,
    }
}

fn is_declared(around: &[Within<'_>]) -> bool {
    let mut inner = around.iter().rev();
    let Some(&(_, mut field)) = inner.next() else { return false };
    let mut is_function = false;
    for (node, own_field) in inner {
        let kind = node.kind();
        match field {
            Some("declarator") if kind.ends_with("declarator") && kind != "init_declarator" => {
                is_function |= kind == "function_declarator";
                field = *own_field;
            }
            // A declarator of a function whose name is qualified.
            Some("name") if kind == "qualified_identifier" => field = *own_field,
            Some("declarator") => return is_function || kind.ends_with("declaration"),
            Some("name") => {
                let declares =
                    ["declaration", "signature", "definition", "_item", "_elem", "function", "enum", "class"];
                return kind != "function_call"
                    && !kind.contains("call")
                    && !kind.contains("invocation")
                    && declares.iter().any(|it| kind.contains(it));
            }
            _ => return false,
        }
    }
    false
}

/// Whether arguments follow, behind what may stand between a name and them: `!`, `?.`, types in angle brackets.
pub(in crate::corpus) fn begins_arguments(behind: &str) -> bool {
    let mut rest = behind.trim_start_matches([' ', '\t']);
    rest = rest.strip_prefix('!').or_else(|| rest.strip_prefix("?.")).unwrap_or(rest);
    let types = rest.strip_prefix("::").unwrap_or(rest);
    if let Some(types) = types.strip_prefix('<') {
        let end = types.find(['>', '\n', ';', '{']).filter(|&end| types[end..].starts_with('>'));
        rest = end.map_or(rest, |end| types[end..].trim_start_matches('>'));
    }
    rest.starts_with('(') || (behind.starts_with('!') && rest.trim_start().starts_with(['[', '{']))
}

fn is_assigned(behind: &str) -> bool {
    let line = behind.lines().next().unwrap_or_default();
    let rest = line.trim_start();
    let value = match rest.strip_prefix(':').filter(|rest| !rest.starts_with([':', '='])) {
        // A type stands between.
        Some(typed) => typed.find('=').map_or("", |at| &typed[at..]),
        None => rest.strip_prefix(':').unwrap_or(rest),
    };
    value.strip_prefix('=').is_some_and(|rest| !rest.starts_with(['=', '>', '~']))
}

/// Whether the tree says that something is called, where no bracket does.
fn is_called(around: &[Within<'_>]) -> bool {
    let is_call = |kind: &str| {
        kind.contains("call") || kind.contains("invocation") || matches!(kind, "command" | "new_expression" | "apply")
    };
    let calls = |(node, _): &Within<'_>, (callee, field): &Within<'_>| {
        is_call(node.kind())
            && node.kind() != "call_suffix"
            && match field {
                Some(field) => {
                    matches!(*field, "function" | "method" | "name" | "macro" | "constructor" | "target" | "type")
                }
                None => node.named_child(0).is_some_and(|first| first.id() == callee.id()),
            }
    };
    let mut inner = around.iter().rev();
    let (Some(leaf), Some(parent)) = (inner.next(), inner.next()) else { return false };
    if calls(parent, leaf) {
        return true;
    }
    // `a.b.name { … }`: the last part of what is called.
    let is_last = parent.0.end_byte() == leaf.0.end_byte();
    let is_value = |kind: &str| !kind.contains("argument") && !kind.contains("pair");
    is_last && is_value(parent.0.kind()) && inner.next().is_some_and(|above| calls(above, parent))
}
