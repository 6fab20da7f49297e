//! Names that macros define.

use super::{Definition, Fit, Key, MOST, role_order};
use crate::corpus::{
    context::ContextText,
    error::Error,
    facts::uses::{Use, uses},
    stop::StopFlag,
    syntax::{UseKind, positions},
};
use regex::Regex;
use std::{cmp::Reverse, sync::LazyLock};

/// Larger files are no source that defines macros.
const LARGEST: usize = 16 << 20;

/// The most parts of a name that are looked for where a macro may have put it together.
const MOST_PARTS: usize = 4;

static KEYWORD: LazyLock<Regex> = LazyLock::new(|| {
    let words =
        "fn|struct|enum|union|trait|type|const|static|mod|class|def|func|function|interface|macro_rules!|define";
    Regex::new(&format!(r"(?:^|[^\w]|#\s*)(?:{words})(?:\s+mut)?\s*$")).expect("the pattern is right")
});
static DEFINING: LazyLock<Regex> = LazyLock::new(|| {
    let words =
        "DEF|DEFINE|DECLARE|DECL|MAKE|REGISTER|IMPLEMENT|IMPL|EXPORT|GENERATE|GEN|TEST|CREATE|NEW|BEGIN|ENTRY|XX?";
    let upper = format!(r"(?:^|[^\w])(?:[A-Z0-9_]*_)?(?:{words})(?:[A-Z0-9]*)(?:_[A-Z0-9_]+)?\s*\((?:[^()]*,)?\s*$");
    let lower = r"(?:^|[^\w])(?:\w*_)?(?:define|declare|make|register|impl|new)(?:_\w+)?!\s*[({\[](?:[^(){}]*,)?\s*$";
    Regex::new(&format!("{upper}|{lower}")).expect("the pattern is right")
});
static PASTED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*[A-Z][A-Z0-9_]*\s*\(").expect("the pattern is right"));

/// Names that macros define, which no syntax tree shows: `DEFINE_COUNTER(name)`, `fn name` in the tokens of a macro, and
/// names that a macro puts together (`MAKE(add)` with `op_##name`).
pub(super) fn defining(
    context: &ContextText,
    known: &[Use],
    own: &str,
    stop: &StopFlag,
) -> Result<Vec<(Key, Definition)>, Error> {
    let is_code = |it: &&Use| matches!(it.kind, UseKind::Call | UseKind::Reference);
    let mut found: Vec<(u8, Definition)> =
        known.iter().filter(is_code).filter_map(|it| Some((macro_order(&it.text, own)?, of_macro(it, own)))).collect();
    // `op_add` where a macro makes it of `add`: the name's parts, from the longest.
    let parts = own.match_indices('_').flat_map(|(at, _)| [&own[at + 1..], &own[..at]]);
    let mut parts: Vec<&str> = parts.filter(|part| part.len() > 2).collect();
    parts.sort_by_key(|part| Reverse(part.len()));
    for part in parts.into_iter().take(MOST_PARTS) {
        if !found.is_empty() {
            break;
        }
        let makes = uses(context, part, MOST, stop)?.rows;
        let calls_macro = |it: &&Use| PASTED.is_match(&it.text);
        let pasting = makes.iter().filter(is_code).filter(calls_macro);
        let rows: Vec<&Use> = pasting.collect();
        if rows.is_empty() || !pastes(context, own, part, stop)? {
            continue;
        }
        found.extend(rows.into_iter().map(|it| (2, of_macro(it, own))));
    }
    let key = |order: u8, it: &Definition| {
        let role = role_order(it.path.as_deref().unwrap_or_default(), "");
        (Fit::Unqualified, role, order, false, 0, Reverse(0))
    };
    Ok(found.into_iter().map(|(order, it)| (key(order, &it), it)).collect())
}

fn of_macro(it: &Use, own: &str) -> Definition {
    Definition {
        path: it.path.clone(),
        name: own.to_owned(),
        kind: "macro call",
        first_line: it.line,
        last_line: it.line,
        within: it.within.iter().cloned().collect(),
        signature: it.text.trim().to_owned(),
    }
}

/// How surely a line defines `own` by a macro: behind a word that begins definitions, as the argument of a macro whose name
/// says that it defines.
fn macro_order(line: &str, own: &str) -> Option<u8> {
    let at = *positions(line, own).first()?;
    let before = line[..at].trim_end_matches(['*', '&', ' ']);
    match () {
        () if KEYWORD.is_match(before) => Some(0),
        () if DEFINING.is_match(before) => Some(1),
        () => None,
    }
}

/// Whether some macro joins tokens to what may be `own` without `part`.
fn pastes(context: &ContextText, own: &str, part: &str, stop: &StopFlag) -> Result<bool, Error> {
    let rest = own.strip_suffix(part).or_else(|| own.strip_prefix(part)).unwrap_or_default();
    for segment in context.segments() {
        stop.check()?;
        if segment.language.is_none() || segment.text.len() > LARGEST {
            continue;
        }
        let text = context.read(segment.text.clone())?;
        let joins = [format!("{rest}##"), format!("{rest} ##"), format!("##{rest}"), format!("## {rest}")];
        if joins.iter().any(|it| text.contains(it)) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::super::find_definitions;
    use crate::corpus::{Snapshot, StopFlag};

    #[test]
    fn names_that_macros_define_are_found() {
        let c = "#define LIMIT 3\n#define WRAP(a) f(a)\nDEFINE_COUNTER(sacks)\n#define OP(name) int op_##name(int a)\n\
            OP(weigh) { return a; }\nint main() { return op_weigh(LIMIT) + sacks + lost; }\n";
        let rust = "macro_rules! make { ($n:ident) => { fn $n() {} } }\nmake!(grow);\nthings! {\n    struct Barn { a: u8 }\n    \
            pub fn open_barn();\n}\nfn f() { grow(); }\n";
        for (path, text, name, expected) in [
            ("a.c", c, "LIMIT", Some(1)),
            ("a.c", c, "WRAP", Some(2)),
            ("a.c", c, "sacks", Some(3)),
            ("a.c", c, "op_weigh", Some(5)),
            ("a.c", c, "lost", None),
            ("a.rs", rust, "make", Some(1)),
            ("a.rs", rust, "grow", Some(2)),
            ("a.rs", rust, "Barn", Some(4)),
            ("a.rs", rust, "open_barn", Some(5)),
        ] {
            let context = Snapshot::of_text(Some(path), text.to_owned()).context().unwrap();
            let found = find_definitions(&context, name, &StopFlag::default()).unwrap();
            assert_eq!(found.first().map(|it| it.first_line), expected, "{name} in {path}: {found:?}");
        }
    }
}
