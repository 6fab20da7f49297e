//! The difference between two texts of a file, as git writes it and as `git apply` takes it.

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices_deadline, group_diff_ops};
use std::{
    fmt::Write,
    time::{Duration, Instant},
};

/// Lines that stay around each change.
const CONTEXT: usize = 3;

/// How long the smallest difference is looked for. After that it may be larger than needed, and is as true.
const LONGEST: Duration = Duration::from_millis(500);

/// The difference between an old text and a new one, each with its path; nothing stands for a file that is not there.
/// Empty if there is none.
pub fn unified(old: Option<(&str, &str)>, new: Option<(&str, &str)>) -> String {
    let mut diff = String::new();
    let (Some(first), Some(last)) = (old.or(new), new.or(old)) else { return diff };
    if old == new {
        return diff;
    }
    let (from, to) = (quoted("a/", first.0), quoted("b/", last.0));
    let _ = writeln!(diff, "diff --git {from} {to}");
    match (old, new) {
        (None, _) => diff.push_str("new file mode 100644\n"),
        (_, None) => diff.push_str("deleted file mode 100644\n"),
        (Some(old), Some(new)) if old.0 != new.0 => {
            let (from, to) = (quoted("", old.0), quoted("", new.0));
            let _ = write!(diff, "rename from {from}\nrename to {to}\n");
        }
        _ => {}
    }
    let (old_text, new_text) = (old.map_or("", |it| it.1), new.map_or("", |it| it.1));
    if old_text == new_text {
        return diff;
    }
    let side = |is_there: bool, name: &str| match is_there {
        true if name.contains(' ') && !name.starts_with('"') => format!("{name}\t"),
        true => name.to_owned(),
        false => "/dev/null".to_owned(),
    };
    let _ = write!(diff, "--- {}\n+++ {}\n", side(old.is_some(), &from), side(new.is_some(), &to));
    let old_lines: Vec<&str> = old_text.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = new_text.split_inclusive('\n').collect();
    let deadline = Instant::now().checked_add(LONGEST);
    let ops = capture_diff_slices_deadline(Algorithm::Myers, &old_lines, &new_lines, deadline);
    for group in group_diff_ops(ops, CONTEXT) {
        hunk(&mut diff, &group, &old_lines, &new_lines);
    }
    diff
}

fn hunk(diff: &mut String, group: &[DiffOp], old: &[&str], new: &[&str]) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
    let range = |start: usize, end: usize| match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        count => format!("{},{count}", start + 1),
    };
    let from = range(first.old_range().start, last.old_range().end);
    let to = range(first.new_range().start, last.new_range().end);
    let _ = writeln!(diff, "@@ -{from} +{to} @@");
    for op in group {
        let (tag, before, after) = op.as_tag_tuple();
        if tag == DiffTag::Equal {
            old[before].iter().for_each(|it| line(diff, ' ', it));
        } else {
            old[before].iter().for_each(|it| line(diff, '-', it));
            new[after].iter().for_each(|it| line(diff, '+', it));
        }
    }
}

fn line(diff: &mut String, sign: char, line: &str) {
    diff.push(sign);
    diff.push_str(line);
    if !line.ends_with('\n') {
        diff.push_str("\n\\ No newline at end of file\n");
    }
}

/// A name as git writes it: in quotation marks if something in it needs an escape.
fn quoted(prefix: &str, path: &str) -> String {
    if !path.chars().any(|it| it.is_control() || matches!(it, '"' | '\\')) {
        return format!("{prefix}{path}");
    }
    let mut name = format!("\"{prefix}");
    for byte in path.bytes() {
        match byte {
            b'"' | b'\\' => {
                name.push('\\');
                name.push(char::from(byte));
            }
            b' '..=b'~' => name.push(char::from(byte)),
            other => {
                let _ = write!(name, "\\{other:03o}");
            }
        }
    }
    name.push('"');
    name
}
