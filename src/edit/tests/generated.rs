//! Generated proposals over the files of this repository: each is applied as it was meant, or refused.

use super::{
    forms::{FORMS, Form, SLIPS, Slip, Written, reply, slip_in, whole},
    random::Random,
};
use crate::edit::{Refusal, RefusalKind, apply, parse};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

const PROPOSALS: u64 = 8_000;

/// Set, it says how many are generated instead.
const COUNT: &str = "RLM_PROPOSALS";

const PATH: &str = "src/some/file.rs";

/// Texts of this repository.
fn texts() -> Vec<String> {
    fn visit(folder: &Path, found: &mut Vec<PathBuf>) {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.path()).collect();
        entries.sort();
        for path in entries {
            let name = path.file_name().and_then(|it| it.to_str()).unwrap_or_default().to_owned();
            if path.is_dir() && name != "node_modules" {
                visit(&path, found);
            } else if [".rs", ".md", ".py", ".ts", ".el", ".toml"].iter().any(|it| name.ends_with(it)) {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["src/edit", "src/engine", "src/lsp", "src/corpus", "docs", "editors/vscode/src", "tests/python"] {
        visit(&root.join(folder), &mut paths);
    }
    let texts = paths.iter().filter_map(|path| fs::read_to_string(path).ok());
    texts.filter(|text| text.lines().count() > 30 && text.len() < 60_000 && !text.contains('\r')).collect()
}

/// A change of some lines, as it is meant.
struct Meant {
    start: usize,
    removed: usize,
    added: Vec<String>,
}

/// Changes far enough from each other, in order.
fn meant(lines: &[String], random: &mut Random) -> Vec<Meant> {
    let mut changes = Vec::new();
    let mut at = random.below(lines.len() / 2);
    for _ in 0..1 + random.below(3) {
        let removed = random.below(4).min(lines.len().saturating_sub(at));
        let mut added: Vec<String> = lines[at..at + removed].to_vec();
        match random.below(4) {
            0 => added.clear(),
            1 => added.push(random.pick(lines).clone()),
            2 => added = added.iter().map(|line| format!("{line} // changed")).collect(),
            _ => {
                let indentation = lines[at..].iter().find(|it| !it.trim().is_empty());
                let spaces = indentation.map_or(0, |line| line.len() - line.trim_start().len());
                added.insert(0, format!("{}let value = {};", " ".repeat(spaces), random.below(1000)));
            }
        }
        if added != lines[at..at + removed] {
            changes.push(Meant { start: at, removed, added });
        }
        at += 12 + random.below(40);
        if at + 4 >= lines.len() {
            break;
        }
    }
    changes
}

fn result(lines: &[String], changes: &[Meant]) -> Vec<String> {
    let mut result = lines.to_vec();
    for change in changes.iter().rev() {
        result.splice(change.start..change.start + change.removed, change.added.iter().cloned());
    }
    result
}

fn written(lines: &[String], changes: &[Meant], context: usize) -> Vec<Written> {
    let mut shift = 0_isize;
    let hunk = |change: &Meant| {
        let start = change.start.saturating_sub(context);
        let end = (change.start + change.removed + context).min(lines.len());
        let row = |sign: char| move |line: &String| (sign, line.clone());
        let mut rows: Vec<(char, String)> = lines[start..change.start].iter().map(row(' ')).collect();
        rows.extend(lines[change.start..change.start + change.removed].iter().map(row('-')));
        rows.extend(change.added.iter().map(row('+')));
        rows.extend(lines[change.start + change.removed..end].iter().map(row(' ')));
        let depth = |line: &String| line.len() - line.trim_start().len();
        let own = lines[start..].iter().find(|line| !line.trim().is_empty()).map_or(0, depth);
        let above = lines[..start].iter().rev().find(|line| !line.trim().is_empty() && depth(line) < own);
        let new_start = start.checked_add_signed(shift).unwrap_or(0);
        shift += isize::try_from(change.added.len()).unwrap_or(0) - isize::try_from(change.removed).unwrap_or(0);
        Written { rows, old_start: start, new_start, anchor: above.map(|line| line.trim().to_owned()) }
    };
    changes.iter().map(hunk).collect()
}

/// Whether the number that a hunk names by mistake leads to the same lines elsewhere: then nobody can know better.
fn is_led_astray(lines: &[String], reply: &str, hunks: &[Written]) -> bool {
    let named = reply.lines().filter_map(|line| line.strip_prefix("@@ -")?.split(',').next()?.parse::<usize>().ok());
    named.zip(hunks).any(|(line, hunk)| {
        let old: Vec<&String> = hunk.rows.iter().filter(|row| row.0 != '+').map(|row| &row.1).collect();
        let there = lines.get(line - 1..line - 1 + old.len());
        line != hunk.old_start + 1 && there.is_some_and(|there| there.iter().eq(old))
    })
}

/// Whether a slip has made other lines of a hunk, which stand somewhere else.
fn stands_elsewhere(lines: &[String], hunks: &[Written], meant: &[Written]) -> bool {
    let old = |hunk: &Written| -> Vec<String> {
        hunk.rows.iter().filter(|row| row.0 != '+').map(|row| row.1.trim().to_owned()).collect()
    };
    let text: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    hunks.iter().zip(meant).any(|(hunk, meant)| {
        let own = old(hunk);
        own != old(meant) && !own.is_empty() && text.windows(own.len()).any(|there| there == own)
    })
}

/// Each hunk alone makes its own change, and in a newer text the same as in the old one, or it is refused.
fn holds_alone(lines: &[String], changes: &[Meant], reply: &str, slip: Slip) {
    let text = lines.join("\n") + "\n";
    let Ok(proposal) = parse(reply) else { return };
    let Ok(files) = proposal.changed_files(|_| Ok::<_, String>(Some(text.clone()))) else { return };
    let newer = format!("// new\n// lines\n{text}// and more\n");
    assert_eq!(files[0].hunks.len(), changes.len(), "{reply}");
    let order: Vec<usize> = match slip {
        Slip::Shuffled => (0..changes.len()).rev().collect(),
        _ => (0..changes.len()).collect(),
    };
    for (hunk, change) in order.into_iter().enumerate() {
        let expected = result(lines, &changes[change..=change]).join("\n") + "\n";
        assert_eq!(apply(&text, &files[0].hunks[hunk..=hunk]), expected, "{reply}");
        if let Ok(later) = files[0].placed_anew(&proposal.files[0].change, &[hunk], &newer) {
            let expected = format!("// new\n// lines\n{expected}// and more\n");
            assert_eq!(apply(&newer, &later), expected, "{reply}");
        }
    }
}

fn applied(text: &str, reply: &str) -> Result<String, Refusal> {
    let read = |path: &str| Ok::<_, String>((path == PATH).then(|| text.to_owned()));
    let mut files = parse(reply)?.changed_files(read)?;
    assert_eq!((files.len(), files[0].path.as_str()), (1, PATH), "{reply}");
    Ok(files.remove(0).new.expect("it was not removed"))
}

#[test]
fn generated_proposals_are_applied_as_they_were_meant_or_refused() {
    let texts = texts();
    assert!(texts.len() > 100, "{}", texts.len());
    let mut counts: BTreeMap<(Slip, Form), [usize; 2]> = BTreeMap::new();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    let count = std::env::var(COUNT).ok().and_then(|it| it.parse().ok()).unwrap_or(PROPOSALS);
    for seed in 0..count {
        let random = &mut Random::new(seed + 1);
        let mut lines: Vec<String> = random.pick(&texts).lines().map(str::to_owned).collect();
        let (form, slip) = (*random.pick(&FORMS), *random.pick(&SLIPS));
        let is_crlf = random.one_in(4);
        if random.one_in(5) {
            // A piece of the text comes twice.
            let start = random.below(lines.len() - 20);
            let piece = lines[start..start + 20].to_vec();
            lines.extend(piece);
        }
        if random.one_in(8) {
            lines.iter_mut().step_by(7).filter(|line| !line.is_empty()).for_each(|line| line.push(' '));
        }
        while lines.last().is_some_and(|line| line.trim().is_empty()) {
            lines.pop();
        }
        let changes = meant(&lines, random);
        // A text whose last line is blank and not ended has another last line.
        if changes.is_empty() || result(&lines, &changes).last().is_none_or(|line| line.trim().is_empty()) {
            continue;
        }
        let mut hunks = written(&lines, &changes, random.below(5));
        let is_plain = hunks.clone();
        hunks.iter_mut().for_each(|hunk| slip_in(hunk, slip, random));
        let reply = match form {
            Form::Whole => whole(PATH, &result(&lines, &changes), slip, random),
            _ => reply(PATH, &hunks, form, slip, random),
        };
        let is_another =
            matches!(slip, Slip::PartOfLine | Slip::WrongWord) && stands_elsewhere(&lines, &hunks, &is_plain);
        if is_another || is_led_astray(&lines, &reply, &is_plain) {
            continue;
        }
        let (end, last) = (if is_crlf { "\r\n" } else { "\n" }, if random.one_in(4) { "" } else { "\n" });
        let joined = |lines: &[String]| lines.join(end) + if last.is_empty() { "" } else { end };
        let (text, expected) = (joined(&lines), joined(&result(&lines, &changes)));
        let outcome = applied(&text, &reply);
        let is_applied = outcome.is_ok();
        counts.entry((slip, form)).or_default()[usize::from(is_applied)] += 1;
        match outcome {
            Ok(new) if new != expected => wrong.push((seed, slip, form, reply, new, expected)),
            Ok(_) if form == Form::Whole => {}
            Ok(_) => holds_alone(&lines, &changes, &reply, slip),
            Err(refusal) => *kinds.entry(refusal.kind.name()).or_default() += 1,
        }
    }
    for (seed, slip, form, reply, new, expected) in wrong.iter().take(3) {
        let diff = crate::edit::unified(Some(("a", expected)), Some(("a", new)));
        eprintln!(
            "seed {seed}, {slip:?} in {form:?}:\n{reply}\nwas applied so that it differs from what was meant:\n{diff}"
        );
    }
    let total: usize = counts.values().flatten().sum();
    eprintln!("{total} proposals; by slip and form, refused and applied: {counts:?}; refused: {kinds:?}");
    let wrong: Vec<(u64, Slip, Form)> = wrong.iter().map(|it| (it.0, it.1, it.2)).collect();
    assert!(wrong.is_empty(), "{} of {total} were applied wrongly: {wrong:?}", wrong.len());
    assert!(total >= 5_000, "{total}");
    // What is refused whatever else is right, and what is borne for the most part.
    for ((slip, form), [refused, applied]) in counts {
        let share = applied * 100 / (applied + refused);
        let least = match slip {
            Slip::Elided => {
                assert_eq!(applied, 0, "{slip:?} in {form:?}");
                0
            }
            // Half of the texts have fences of their own, or say of themselves that something is left out.
            _ if form == Form::Whole => 30,
            Slip::None | Slip::Prose | Slip::Tildes | Slip::NoFence | Slip::CarriageReturns | Slip::Shuffled => 60,
            Slip::LessIndentation
            | Slip::MoreIndentation
            | Slip::TrailingSpace
            | Slip::WrongNumbers
            | Slip::NoNumbers => 40,
            _ => 0,
        };
        assert!(share >= least, "{slip:?} in {form:?}: {share} % of {}", applied + refused);
    }
    assert!(kinds.contains_key(RefusalKind::Ambiguous.name()));
}
