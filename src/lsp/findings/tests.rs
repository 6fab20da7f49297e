//! Findings under edits: each is at its lines, or gone.

use super::*;
use crate::review::{
    finding::Place,
    rule::{DEAD_LINK, OPEN_TODO},
};
use lsp_types::{Position, Range};

const URI: &str = "file:///work/a.md";

fn uri() -> Uri {
    URI.parse().expect("a URI")
}

fn finding(id: &str, first_line: usize, last_line: usize) -> Finding {
    Finding {
        id: id.to_owned(),
        rule: &DEAD_LINK,
        severity: DEAD_LINK.severity,
        place: Place { path: "a.md".to_owned(), first_line, last_line },
        sentence: "the link leads nowhere".to_owned(),
        reason: String::new(),
        doubt: OPEN_TODO.doubt.to_owned(),
        evidence: Vec::new(),
        fix: None,
        missing: None,
    }
}

fn found(id: &str, text: &str, first: usize, last: usize) -> Found {
    Found::new(finding(id, first, last), uri(), Vec::new(), None, &Rope::from_str(text)).expect("there are such lines")
}

fn board(text: &str, places: &[(usize, usize)]) -> FindingBoard {
    let board = FindingBoard::default();
    board.open(&uri(), &Document::new(text, 1));
    let all = places.iter().enumerate().map(|(id, &(first, last))| found(&id.to_string(), text, first, last));
    board.replace(&Reviewed::Below(vec!["/work".into()]), all.collect(), PositionEncoding::Utf16);
    board
}

/// Where the findings stand: identity, first and last line.
fn places(board: &FindingBoard) -> Vec<(String, u32, u32)> {
    let told = board.of_document(&uri()).expect("there were findings");
    told.standing.iter().map(|it| (it.finding.id.clone(), it.range.start.line, it.range.end.line)).collect()
}

/// An editor with one document.
struct Editor {
    document: Document,
    board: FindingBoard,
}

impl Editor {
    fn edit(&mut self, range: Option<(u32, u32, u32, u32)>, text: &str) {
        let range = range.map(|(l, c, m, d)| Range::new(Position::new(l, c), Position::new(m, d)));
        let change = TextDocumentContentChangeEvent { range, range_length: None, text: text.to_owned() };
        let edit = Edit::of(&change);
        self.document.change(self.document.version + 1, vec![change], PositionEncoding::Utf16);
        self.board.change(&uri(), &[edit], &self.document);
    }
}

#[test]
fn findings_move_go_and_come_back() {
    let text = "zero\none\n  two\nthree\n";
    let mut editor = Editor { document: Document::new(text, 1), board: board(text, &[(3, 3), (2, 4)]) };
    let at = |first: u32| vec![("1".to_owned(), first, first + 2), ("0".to_owned(), first + 1, first + 1)];
    assert_eq!(places(&editor.board), at(1));
    editor.edit(Some((0, 0, 0, 0)), "new\nlines\n");
    assert_eq!(places(&editor.board), at(3));
    editor.edit(Some((2, 0, 3, 0)), "");
    assert_eq!(places(&editor.board), at(2));
    editor.edit(Some((4, 1, 4, 1)), "!");
    assert_eq!(places(&editor.board), [("0".to_owned(), 3, 3)], "the longer one has another text");
    editor.edit(Some((4, 1, 4, 2)), "");
    assert_eq!(places(&editor.board), at(2));
    editor.edit(Some((1, 0, 4, 0)), "");
    assert_eq!(places(&editor.board), []);
    editor.edit(Some((1, 0, 1, 0)), "lines\none\n  two\n");
    assert_eq!(places(&editor.board), at(2), "an undo brings them back");
    editor.edit(None, &format!("a\r\n{}", text.replace('\n', "\r\n")));
    assert_eq!(places(&editor.board), at(2), "how lines end does not matter");
    editor.edit(None, "nothing\n");
    assert_eq!(places(&editor.board), []);
}

#[test]
fn a_review_takes_the_place_of_what_it_looked_at_again() {
    let text = "zero\none\ntwo\n";
    let board = board(text, &[(1, 1), (2, 2), (3, 3)]);
    let key = DocumentKey::of(&uri());
    let again = vec![found("1", text, 2, 2), found("9", text, 2, 2)];
    board.replace(&Reviewed::Document(key.clone(), Some(1..2)), again, PositionEncoding::Utf16);
    let ids = |board: &FindingBoard| places(board).into_iter().map(|it| it.0).collect::<Vec<_>>();
    assert_eq!(ids(&board), ["0", "1", "9", "2"]);
    board.remove("9");
    assert_eq!(ids(&board), ["0", "1", "2"]);
    board.replace(&Reviewed::Below(vec!["/other".into()]), Vec::new(), PositionEncoding::Utf16);
    assert_eq!(ids(&board).len(), 3);
    board.replace(&Reviewed::Document(key, None), Vec::new(), PositionEncoding::Utf16);
    assert_eq!(ids(&board).len(), 0, "the client is told that they are gone");
}

#[test]
fn a_document_that_was_edited_during_the_review_or_before_it_was_opened_is_looked_through() {
    let text = "zero\none\n";
    let board = FindingBoard::default();
    board.open(&uri(), &Document::new("new\nzero\none\n", 2));
    board.replace(&Reviewed::Below(Vec::new()), vec![found("0", text, 2, 2)], PositionEncoding::Utf16);
    assert_eq!(places(&board), [("0".to_owned(), 2, 2)]);
    board.close(&uri());
    board.reread(&uri(), Some(&Rope::from_str(text)));
    assert_eq!(places(&board), [("0".to_owned(), 1, 1)]);
    board.reread(&uri(), None);
    assert_eq!(places(&board), []);
    board.open(&uri(), &Document::new("a\nb\nzero\none", 3));
    assert_eq!(places(&board), [("0".to_owned(), 3, 3)]);
}

#[test]
fn columns_are_those_of_the_client() {
    let text = "  é😀 x\n";
    for (encoding, end) in [(PositionEncoding::Utf8, 10), (PositionEncoding::Utf16, 7), (PositionEncoding::Utf32, 6)] {
        let range = found("0", text, 1, 1).anchor.range(encoding).expect("it stands");
        assert_eq!((range.start.character, range.end.character), (2, end), "{encoding:?}");
    }
    assert!(Anchor::new(&Rope::from_str(text), 2, 2).is_none() && Anchor::new(&Rope::from_str(""), 1, 1).is_none());
}

/// Ten thousand edits of lines that are often alike, with the truth kept beside: of each line who it is.
#[test]
fn under_random_edits_each_is_at_its_lines_or_gone() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut below = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % bound.max(1) as u64) as usize
    };
    let (mut seen, mut gone, mut undone, mut came_back) = (0, 0, 0, 0);
    for _ in 0..100 {
        let mut next = 0;
        let mut fresh = |below: &mut dyn FnMut(usize) -> usize| {
            next += 1;
            // Few different texts, so that taking one line for another would show.
            (next, ["}", "", "    let x = 1;", "fn f() {", "// TODO"][below(5)].to_owned())
        };
        let mut lines: Vec<(usize, String)> = (0..30).map(|_| fresh(&mut below)).collect();
        let text = |lines: &[(usize, String)]| lines.iter().map(|it| format!("{}\n", it.1)).collect::<String>();
        let spots: Vec<(usize, usize)> = (0..8).map(|it| (3 * it + 1, 3 * it + 1 + below(3))).collect();
        let owners: Vec<Vec<usize>> =
            spots.iter().map(|&(first, last)| lines[first - 1..last].iter().map(|it| it.0).collect()).collect();
        let start = text(&lines);
        let mut editor = Editor { document: Document::new(&start, 1), board: board(&start, &spots) };
        for _ in 0..100 {
            let (before, stood) = (lines.clone(), places(&editor.board));
            // An edit from the first line on may be the whole text of a client that sends no parts.
            let at = 1 + below(lines.len());
            let until = (at + below(5)).min(lines.len());
            let (first, last) = (at as u32, until as u32);
            match below(4) {
                0 => {
                    let new: Vec<_> = (0..=below(4)).map(|_| fresh(&mut below)).collect();
                    editor.edit(Some((first, 0, first, 0)), &text(&new));
                    lines.splice(at..at, new);
                }
                1 => {
                    editor.edit(Some((first, 0, last, 0)), "");
                    lines.drain(at..until);
                }
                2 if at < lines.len() => {
                    let column = below(lines[at].1.len() + 1);
                    editor.edit(Some((first, column as u32, first, column as u32)), "+");
                    lines[at].1.insert(column, '+');
                    lines[at].0 = fresh(&mut below).0;
                }
                _ => {
                    let new: Vec<_> = (0..below(4)).map(|_| fresh(&mut below)).collect();
                    editor.edit(Some((first, 0, last, 0)), &text(&new));
                    // Lines that were put in place of equal ones are these, for whoever looks.
                    lines.splice(at..until, new);
                }
            }
            assert_eq!(editor.document.text.to_string(), text(&lines));
            for (id, first, last) in places(&editor.board) {
                let number: usize = id.parse().expect("a number");
                // Behind the last line feed there is an empty line for an editor.
                let all = [lines.as_slice(), &[(0, String::new())]].concat();
                let there = &all[first as usize..=last as usize];
                let told = |it: &[(usize, String)]| it.iter().map(|it| it.1.clone()).collect::<Vec<_>>();
                let original: Vec<String> =
                    start.lines().skip(spots[number].0 - 1).take(owners[number].len()).map(str::to_owned).collect();
                assert_eq!(told(there), original, "finding {id} is at other lines");
                seen += 1;
            }
            gone += 8 - places(&editor.board).len();
            // Most edits are undone, as people do, and then everything is as it was, but for lines that a later edit took and
            // an earlier one as well.
            if below(3) > 0 {
                let common = before.iter().zip(&lines).take_while(|(a, b)| a == b).count();
                let tail = before.iter().rev().zip(lines.iter().rev()).take_while(|(a, b)| a == b).count();
                let tail = tail.min(before.len().min(lines.len()) - common);
                let back = text(&before[common..before.len() - tail]);
                editor.edit(Some((common as u32, 0, (lines.len() - tail) as u32, 0)), &back);
                lines = before;
                assert_eq!(editor.document.text.to_string(), text(&lines));
                let after = places(&editor.board);
                undone += stood.len();
                came_back += stood.iter().filter(|it| after.contains(it)).count();
            }
        }
    }
    assert!(seen > 10_000 && gone > 1_000, "{seen} stood, {gone} were gone");
    assert!(came_back * 100 >= undone * 99, "{came_back} of {undone} came back");
}
