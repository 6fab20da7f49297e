//! Reports of tests in the form of JUnit: how long each took.

use super::coverage::attribute;
use crate::text::{one_line, visible_line};
use quick_xml::{Reader, events::Event};

/// The most tests that are taken, and the longest name of one.
const MOST_TESTS: usize = 200_000;
const LONGEST_NAME: usize = 160;

/// The tests that have run, with their seconds.
///
/// # Errors
/// It is no XML; a sentence.
pub fn read(text: &str) -> Result<Vec<(String, f64)>, String> {
    let mut reader = Reader::from_str(text);
    let mut tests = Vec::new();
    loop {
        match reader.read_event().map_err(|error| format!("no XML: {error}"))? {
            Event::Start(tag) | Event::Empty(tag) if tag.name().as_ref() == b"testcase" => {
                let name = [attribute(&tag, "classname"), attribute(&tag, "name")];
                let name = name.into_iter().flatten().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ");
                // Some write thousands with a comma.
                let seconds = attribute(&tag, "time").and_then(|it| it.replace(',', "").parse::<f64>().ok());
                if let Some(seconds) = seconds.filter(|it| it.is_finite() && *it >= 0.0)
                    && tests.len() < MOST_TESTS
                {
                    tests.push((visible_line(&one_line(&name, LONGEST_NAME)).into_owned(), seconds));
                }
            }
            Event::Eof => return Ok(tests),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_read_with_their_times() {
        let text = "<testsuites><testsuite name=\"s\"><testcase classname=\"a.b\" name=\"works\" time=\"1.5\"/>\
            <testcase name=\"fails &lt;1&gt;\" time=\"1,200.25\"><failure>no</failure></testcase><testcase name=\"skipped\"/>\
            <testcase name=\"odd\" time=\"NaN\"/></testsuite></testsuites>";
        let read = read(text).unwrap();
        assert_eq!(read, [("a.b works".to_owned(), 1.5), ("fails <1>".to_owned(), 1200.25)]);
        assert!(super::read("<testsuites><testcase").is_err());
    }
}
