//! The forms in which tools write down which lines tests cover.

use super::Lines;
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Of `lcov`, which most tools can write.
    Lcov,
    /// The XML of Cobertura, which coverage.py, JaCoCo's converters, tarpaulin and others write.
    Cobertura,
    /// The JSON of coverage.py.
    CoveragePy,
    /// A profile of `go test -coverprofile`.
    Go,
}

/// The most files and lines that are taken from a report, and the last line that a file may have.
const MOST_FILES: usize = 50_000;
const MOST_LINES: usize = 1_000_000;
const LAST_LINE: usize = 10_000_000;

/// The lines of each file, by the name that the report has for it.
///
/// # Errors
/// It is not of that form; a sentence.
pub fn read(form: Form, text: &str) -> Result<Vec<(String, Lines)>, String> {
    let mut told = Told::default();
    match form {
        Form::Lcov => lcov(text, &mut told),
        Form::Cobertura => cobertura(text, &mut told)?,
        Form::CoveragePy => coverage_py(text, &mut told)?,
        Form::Go => go(text, &mut told)?,
    }
    match told.files.is_empty() {
        true => Err("it names no file".to_owned()),
        false => Ok(told.files.into_iter().collect()),
    }
}

/// What was taken so far.
#[derive(Default)]
struct Told {
    files: BTreeMap<String, Lines>,
    lines: usize,
}

impl Told {
    fn file(&mut self, name: &str) {
        if self.files.len() < MOST_FILES {
            self.files.entry(name.to_owned()).or_default();
        }
    }

    /// A line that is told of twice is covered if it is so once.
    fn line(&mut self, file: &str, line: usize, is_covered: bool) {
        if self.lines >= MOST_LINES || line == 0 || line > LAST_LINE {
            return;
        }
        if let Some(lines) = self.files.get_mut(file) {
            self.lines += 1;
            *lines.entry(line).or_default() |= is_covered;
        }
    }
}

fn lcov(text: &str, told: &mut Told) {
    let mut file = "";
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("SF:") {
            file = name.trim();
            told.file(file);
        } else if let Some(data) = line.strip_prefix("DA:") {
            let mut numbers = data.split(',');
            let number = numbers.next().and_then(|it| it.trim().parse().ok());
            let hits = numbers.next().and_then(|it| it.trim().parse::<f64>().ok());
            if let (Some(number), Some(hits)) = (number, hits) {
                told.line(file, number, hits > 0.0);
            }
        }
    }
}

/// Entities are not defined by anybody, and none but those of XML itself are known, so that nothing grows.
fn cobertura(text: &str, told: &mut Told) -> Result<(), String> {
    let mut reader = Reader::from_str(text);
    let mut file = String::new();
    loop {
        match reader.read_event().map_err(|error| format!("no XML: {error}"))? {
            Event::Start(tag) | Event::Empty(tag) => match tag.name().as_ref() {
                b"class" => {
                    file = attribute(&tag, "filename").unwrap_or_default();
                    told.file(&file);
                }
                b"line" => {
                    let number = attribute(&tag, "number").and_then(|it| it.parse().ok());
                    let hits = attribute(&tag, "hits").and_then(|it| it.parse::<f64>().ok());
                    if let (Some(number), Some(hits)) = (number, hits) {
                        told.line(&file, number, hits > 0.0);
                    }
                }
                _ => {}
            },
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// An attribute of a tag, without its entities.
pub fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let value = tag.try_get_attribute(name).ok()??.value;
    let text = String::from_utf8_lossy(&value).into_owned();
    Some(quick_xml::escape::unescape(&text).map(|it| it.into_owned()).unwrap_or(text))
}

fn coverage_py(text: &str, told: &mut Told) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Report {
        files: BTreeMap<String, File>,
    }
    #[derive(Deserialize)]
    struct File {
        executed_lines: Vec<usize>,
        missing_lines: Vec<usize>,
    }
    let report: Report = serde_json::from_str(text).map_err(|error| format!("no report of coverage.py: {error}"))?;
    for (name, File { executed_lines, missing_lines }) in &report.files {
        told.file(name);
        executed_lines.iter().for_each(|line| told.line(name, *line, true));
        missing_lines.iter().for_each(|line| told.line(name, *line, false));
    }
    Ok(())
}

/// `path/of/file.go:FIRST.COLUMN,LAST.COLUMN STATEMENTS HITS`
fn go(text: &str, told: &mut Told) -> Result<(), String> {
    if !text.starts_with("mode: ") {
        return Err("no profile of Go: it does not begin with `mode: `".to_owned());
    }
    let block = |line: &'_ str| -> Option<(String, usize, usize, bool)> {
        let (place, counts) = line.split_once(' ')?;
        let (file, range) = place.rsplit_once(':')?;
        let (from, to) = range.split_once(',')?;
        let number = |it: &str| it.split('.').next()?.parse::<usize>().ok();
        let hits: f64 = counts.split(' ').nth(1)?.trim().parse().ok()?;
        Some((file.to_owned(), number(from)?, number(to)?, hits > 0.0))
    };
    for (file, first, last, is_covered) in text.lines().skip(1).filter_map(block) {
        told.file(&file);
        for line in first..=last.min(LAST_LINE) {
            if told.lines >= MOST_LINES {
                break;
            }
            told.line(&file, line, is_covered);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each file with its lines, and a `!` behind those that no test has run.
    fn shown(form: Form, text: &str) -> Result<String, String> {
        let line = |(line, is_covered): (&usize, &bool)| format!("{line}{}", if *is_covered { "" } else { "!" });
        let file =
            |(name, lines): (String, Lines)| format!("{name} {}", lines.iter().map(line).collect::<Vec<_>>().join(" "));
        read(form, text).map(|it| it.into_iter().map(file).collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn each_form_is_read_and_what_makes_no_sense_is_left_out() {
        let lcov = "TN:\nSF:src/a.rs\nFN:1,f\nDA:1,3\nDA:2,0\nDA:2,1,abc\nDA:x,1\nDA:0,1\nend_of_record\nDA:9\nSF:b.rs\nDA:4,0\n";
        let cobertura = "<?xml version=\"1.0\"?><!DOCTYPE coverage SYSTEM \"http://h/x.dtd\"><coverage><sources><source>/p</source></sources>\
            <packages><package><classes><class name=\"a\" filename=\"a&amp;b.py\"><methods/><lines><line number=\"1\" hits=\"2\"/>\
            <line number=\"2\" hits=\"0\"/><line hits=\"1\"/></lines></class></classes></package></packages></coverage>";
        let python =
            r#"{"meta": {}, "files": {"a.py": {"executed_lines": [1, 3], "missing_lines": [4], "summary": {}}}}"#;
        let go = "mode: set\nexample.org/p/a.go:3.14,5.2 2 1\nexample.org/p/a.go:5.3,6.1 1 0\nnothing\nx:1,2 3 4\n";
        for (form, text, expected) in [
            (Form::Lcov, lcov, Ok("b.rs 4!; src/a.rs 1 2")),
            (Form::Cobertura, cobertura, Ok("a&b.py 1 2!")),
            (Form::CoveragePy, python, Ok("a.py 1 3 4!")),
            (Form::Go, go, Ok("example.org/p/a.go 3 4 5 6!; x 1 2")),
            (Form::Lcov, "nothing", Err("it names no file")),
            (Form::Cobertura, "<a", Err("no XML")),
            (Form::Cobertura, "", Err("it names no file")),
            (Form::CoveragePy, "{}", Err("no report of coverage.py")),
            (Form::Go, "set", Err("no profile of Go")),
        ] {
            match (shown(form, text), expected) {
                (Ok(shown), Ok(expected)) => assert_eq!(shown, expected, "{form:?}"),
                (Err(why), Err(expected)) => assert!(why.starts_with(expected), "{form:?}: {why}"),
                (shown, _) => panic!("{form:?}: {shown:?}"),
            }
        }
    }

    #[test]
    fn a_report_that_claims_endless_lines_has_bounds() {
        let go = format!("mode: set\na.go:1.1,{}.1 1 1\nb.go:1.1,99999999999999999999.1 1 1\n", usize::MAX);
        let told = read(Form::Go, &go).unwrap();
        assert!(told.iter().map(|(_, lines)| lines.len()).sum::<usize>() <= MOST_LINES);
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\"><!ENTITY c \"&b;&b;&b;\">]><a><class filename=\"&c;\"/></a>";
        assert_eq!(shown(Form::Cobertura, bomb), Ok("&c; ".to_owned()));
    }
}
