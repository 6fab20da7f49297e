//! Facts about the text: definitions and uses of names, counts, kinds of lines, what says a message, manifests, patches.

use super::{
    dispatch::arguments,
    function::{Constant, Does, Gives, HostFunction, Kind, Offered, Parameter},
    looks::{ROW_LIMIT, not_there, rows, unread},
    rows::RowForm,
};
use crate::{
    corpus::{self, ContextText, GrepError, LookupError, Snapshot, StopFlag},
    repl::Raised,
    text::counted,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const DEFINITIONS: RowForm = RowForm {
    class: "Definition",
    about: "What defines a name",
    columns: &["path", "name", "kind", "first_line", "last_line", "within", "signature"],
    line: "[{path}:]{first_line}-{last_line}: {kind} {name}[ in {within}]: {signature}",
    none: "nothing defines it",
};

const USES: RowForm = RowForm {
    class: "Use",
    about: "An occurrence of a name",
    columns: &["path", "line", "kind", "within", "text"],
    line: "[{path}:]{line} ({kind}[ in {within}]): {text}",
    none: "it does not occur",
};

const COUNTS: RowForm = RowForm {
    class: "Count",
    about: "Lines that have a key in common",
    columns: &["key", "lines", "first_path", "first_line", "last_path", "last_line"],
    line: "{key}: {lines} (first [{first_path}:]{first_line}, last [{last_path}:]{last_line})",
    none: "no line matches",
};

const TEMPLATES: RowForm = RowForm {
    class: "Template",
    about: "Lines of one kind",
    columns: &["template", "lines", "first_path", "first_line", "first_text", "last_path", "last_line", "last_text"],
    line: "{lines} times {template} (first [{first_path}:]{first_line}, last [{last_path}:]{last_line})",
    none: "no line matches",
};

const ORIGINS: RowForm = RowForm {
    class: "Origin",
    about: "A line that says a message",
    columns: &["path", "line", "share", "text"],
    line: "[{path}:]{line} ({share:.1}): {text}",
    none: "no line says it",
};

const ENTRIES: RowForm = RowForm {
    class: "Entry",
    about: "Something that a package says of itself",
    columns: &["path", "first_line", "last_line", "about", "name", "value"],
    line: "{path}:{first_line}-{last_line}: {about} {name} {value}",
    none: "there are no manifests",
};

const REVISIONS: RowForm = RowForm {
    class: "Revision",
    about: "Where a line of a patch comes from",
    columns: &["commit", "author", "date", "subject", "file", "file_line", "line"],
    line: "{commit} {date} {author}: {subject} ({file}:{file_line})",
    none: "it is in no patch",
};

const PATH: Parameter = Parameter::text("path", "a file, folder or glob to look in").or(Constant::None);
const IGNORE_CASE: Parameter =
    Parameter::of(Kind::Flag, "ignore_case", "whether upper and lower case are the same").or(Constant::False);

const LEFT_OUT: RowForm = RowForm {
    class: "LeftOut",
    about: "A file or folder that is not in the text, or not as it is on the disk",
    columns: &["path", "kind", "reason"],
    line: "{path}: {reason}",
    none: "nothing was left out",
};

/// The functions that find facts.
pub const FACTS: &[HostFunction] = &[
    HostFunction {
        name: "find_definitions",
        about: "what defines a name, which may be qualified (`Class.method`); code before tests",
        parameters: &[Parameter::text("name", "the name")],
        gives: Gives::Rows(&DEFINITIONS),
        does: Does::Scan(find_definitions),
        offered: Offered::Everywhere,
    },
    HostFunction {
        name: "find_uses",
        about: "where a name occurs, calls first; the kind is call, reference, import, assignment, declaration, definition, \
                string, comment or text; `.counts` has how many of each kind there are, shown or not",
        parameters: &[
            Parameter::text("name", "the name"),
            Parameter::integer("max_results", "the most rows").or(Constant::Integer(100)),
        ],
        gives: Gives::Rows(&USES),
        does: Does::Scan(find_uses),
        offered: Offered::Everywhere,
    },
    HostFunction {
        name: "count_lines",
        about: "how many lines match a regular expression, in each file, or for each text that the expression `by` finds in \
                them; `.total` has the sum",
        parameters: &[
            Parameter::text("pattern", "the expression"),
            Parameter::text("by", "an expression whose first group, or all of it, is the key").or(Constant::None),
            PATH,
            IGNORE_CASE,
        ],
        gives: Gives::Rows(&COUNTS),
        does: Does::Scan(count_lines),
        offered: Offered::Everywhere,
    },
    HostFunction {
        name: "line_templates",
        about: "the kinds of lines of a log: how many differ only in numbers, ids and times, and where the first and the \
                last are; `.total` has the number of lines",
        parameters: &[
            Parameter::text("pattern", "a regular expression that the lines match").or(Constant::Text("")),
            PATH,
            IGNORE_CASE,
            Parameter::integer("max_results", "the most kinds").or(Constant::Integer(50)),
        ],
        gives: Gives::Rows(&TEMPLATES),
        does: Does::Scan(line_templates),
        offered: Offered::Everywhere,
    },
    HostFunction {
        name: "message_origins",
        about: "the lines of the source that say a message, with placeholders where it has values; `share` is how much of it",
        parameters: &[
            Parameter::text("message", "the message"),
            Parameter::integer("k", "the most lines").or(Constant::Integer(5)),
        ],
        gives: Gives::Rows(&ORIGINS),
        does: Does::Scan(message_origins),
        offered: Offered::Programs,
    },
    HostFunction {
        name: "manifest_entries",
        about: "what manifests, licences and lists of changes say, about name, version, licence, runtime, dependency, feature, \
                command or release",
        parameters: &[],
        gives: Gives::Rows(&ENTRIES),
        does: Does::Scan(manifest_entries),
        offered: Offered::Programs,
    },
    HostFunction {
        name: "revision_of",
        about: "the commit and the file that a line of a patch (`git log -p`) belongs to; nothing if it is in none",
        parameters: &[
            Parameter::integer("line", "the line, from 1"),
            Parameter::text("path", "the file with the patch").or(Constant::None),
        ],
        gives: Gives::Rows(&REVISIONS),
        does: Does::Read(revision_of),
        offered: Offered::Programs,
    },
    HostFunction {
        name: "left_out",
        about: "files and folders that were not read, or not whole, or not as UTF-8, and why; `.kinds` counts them",
        parameters: &[],
        gives: Gives::Rows(&LEFT_OUT),
        does: Does::Tell(left_out),
        offered: Offered::Programs,
    },
];

fn limit(most: i64) -> usize {
    usize::try_from(most).unwrap_or(0).min(ROW_LIMIT)
}

fn not_searched(error: GrepError) -> Raised {
    match error {
        GrepError::Text(error) => unread(error),
        GrepError::Path(error) => not_there(LookupError::Path(error)),
        error => Raised::new("ValueError", error.to_string()),
    }
}

/// Rows with what is known of all of them together, and a note that says it.
fn with(mut rows: Value, note: String, known: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    if let Value::Object(fields) = &mut rows {
        fields.insert("note".to_owned(), note.into());
        fields.insert(
            "known".to_owned(),
            Value::Object(known.into_iter().map(|(name, it)| (name.to_owned(), it)).collect()),
        );
    }
    rows
}

/// A text, or nothing where there is none.
fn or_null(text: Option<String>) -> Value {
    text.filter(|text| !text.is_empty()).into()
}

fn find_definitions(context: &ContextText, given: Value, stop: &StopFlag) -> Result<Value, Raised> {
    let (name,): (String,) = arguments(given)?;
    let found = corpus::find_definitions(context, &name, stop).map_err(unread)?;
    let row = |it: corpus::Definition| {
        let (first, last) = (it.first_line.into(), it.last_line.into());
        let within = or_null(Some(it.within.join(".")));
        [it.path.into(), it.name.into(), it.kind.into(), first, last, within, it.signature.into()]
    };
    Ok(rows(&DEFINITIONS, found.into_iter().map(row), false))
}

fn find_uses(context: &ContextText, given: Value, stop: &StopFlag) -> Result<Value, Raised> {
    let (name, most): (String, i64) = arguments(given)?;
    let found = corpus::uses(context, &name, limit(most), stop).map_err(unread)?;
    let more = found.counts.values().sum::<usize>() > found.rows.len();
    let said: Vec<String> = found.counts.iter().map(|(kind, count)| format!("{} {count}", kind.name())).collect();
    let counts: Map<String, Value> =
        found.counts.iter().map(|(kind, count)| (kind.name().to_owned(), (*count).into())).collect();
    let row =
        |it: corpus::Use| [it.path.into(), it.line.into(), it.kind.name().into(), or_null(it.within), it.text.into()];
    let rows = rows(&USES, found.rows.into_iter().map(row), more);
    Ok(with(rows, format!("in all: {}", said.join(", ")), [("counts", counts.into())]))
}

fn count_lines(context: &ContextText, given: Value, stop: &StopFlag) -> Result<Value, Raised> {
    let (pattern, by, path, ignore_case): (String, Option<String>, Option<String>, bool) = arguments(given)?;
    let found = corpus::count(context, &pattern, by.as_deref(), path.as_deref(), ignore_case, stop);
    let found = found.map_err(not_searched)?;
    let row = |it: corpus::Count| {
        let ((first_path, first_line), (last_path, last_line)) = (it.first, it.last);
        [it.key.into(), it.lines.into(), first_path.into(), first_line.into(), last_path.into(), last_line.into()]
    };
    let rows = rows(&COUNTS, found.rows.into_iter().take(ROW_LIMIT).map(row), found.more);
    Ok(with(rows, format!("in all: {}", counted(found.lines, "line")), [("total", found.lines.into())]))
}

fn line_templates(context: &ContextText, given: Value, stop: &StopFlag) -> Result<Value, Raised> {
    let (pattern, path, ignore_case, most): (String, Option<String>, bool, i64) = arguments(given)?;
    let found = corpus::templates(context, &pattern, path.as_deref(), ignore_case, limit(most), stop);
    let found = found.map_err(not_searched)?;
    let row = |it: corpus::Template| {
        let ((first_path, first_line), (last_path, last_line)) = (it.first, it.last);
        let (lines, first_text, last_text) = (it.lines.into(), it.first_text.into(), it.last_text.into());
        let [first_path, last_path] = [first_path, last_path].map(Value::from);
        let (first_line, last_line) = (first_line.into(), last_line.into());
        [it.template.into(), lines, first_path, first_line, first_text, last_path, last_line, last_text]
    };
    let rows = rows(&TEMPLATES, found.rows.into_iter().map(row), found.more);
    Ok(with(rows, format!("in all: {}", counted(found.lines, "line")), [("total", found.lines.into())]))
}

fn message_origins(context: &ContextText, given: Value, stop: &StopFlag) -> Result<Value, Raised> {
    let (message, most): (String, i64) = arguments(given)?;
    let found = corpus::message_origins(context, &message, limit(most), stop).map_err(not_searched)?;
    let row = |it: corpus::Origin| [it.path.into(), it.line.into(), it.share.into(), it.text.into()];
    Ok(rows(&ORIGINS, found.into_iter().map(row), false))
}

fn manifest_entries(context: &ContextText, given: Value, stop: &StopFlag) -> Result<Value, Raised> {
    let []: [Value; 0] = arguments(given)?;
    let found = corpus::manifest_entries(context, stop).map_err(unread)?;
    let row = |it: corpus::Entry| {
        let (first, last) = (it.first_line.into(), it.last_line.into());
        [it.path.into(), first, last, it.about.into(), it.name.into(), it.value.into()]
    };
    Ok(rows(&ENTRIES, found.into_iter().map(row), false))
}

fn revision_of(context: &ContextText, given: Value, _: &StopFlag) -> Result<Value, Raised> {
    let (line, path): (i64, Option<String>) = arguments(given)?;
    let line = usize::try_from(line).unwrap_or(0);
    let found = corpus::revision(context, path.as_deref(), line).map_err(not_there)?;
    let row = |it: corpus::Revision| {
        let (file_line, line) = (it.file_line.into(), it.line.into());
        [it.commit.into(), it.author.into(), it.date.into(), it.subject.into(), it.file.into(), file_line, line]
    };
    Ok(rows(&REVISIONS, found.into_iter().map(row), false))
}

/// The most rows about what was left out.
const MOST_LEFT_OUT: usize = 2000;

/// What was left out of a snapshot, cut off or converted.
fn left_out(snapshot: &Snapshot) -> Value {
    let exclusions = snapshot.exclusions();
    let excluded = exclusions.iter().map(|it| (it.path.clone(), it.reason.kind(), it.reason.to_string()));
    let incomplete = snapshot.incomplete();
    let cut = incomplete.iter().filter(|it| it.flaw.is_cut());
    let cut = cut.map(|it| (it.path.clone(), "cut", it.to_string()));
    let context = snapshot.context_if_built();
    let changed = context.iter().flat_map(|context| context.changed());
    let replaced = changed.filter(|it| it.changes.replaced > 0);
    let replaced = replaced.map(|it| {
        let path = it.path.clone().unwrap_or_default();
        (path, "not UTF-8", format!("{} are no UTF-8 and were replaced", counted(it.changes.replaced, "byte sequence")))
    });
    let all: Vec<_> = excluded.chain(cut).chain(replaced).collect();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, kind, _) in &all {
        *kinds.entry(kind).or_default() += 1;
    }
    let more = all.len() > MOST_LEFT_OUT;
    let row = |(path, kind, reason): (String, &'static str, String)| [path.into(), kind.into(), reason.into()];
    let rows = rows(&LEFT_OUT, all.into_iter().take(MOST_LEFT_OUT).map(row), more);
    let said: Vec<String> = kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    let kinds: Map<String, Value> = kinds.into_iter().map(|(kind, count)| (kind.to_owned(), count.into())).collect();
    with(rows, format!("in all: {}", said.join(", ")), [("kinds", kinds.into())])
}
