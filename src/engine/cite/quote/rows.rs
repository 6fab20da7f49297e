//! A block that is quoted line by line.

use crate::engine::cite::quote::whole;

/// Bytes of a line of a file that are compared.
const LONGEST: usize = 64 << 10;

/// The most places at which the lines may have begun, at once.
const STARTS: usize = 200;

/// The lines of a block, looked for in lines of a file that come in pieces: one below the other, but for gaps.
pub struct Rows {
    /// Lines between gaps; each line in parts between dots.
    runs: Vec<Vec<Vec<String>>>,
    /// How many runs were found.
    found: usize,
    /// How many lines of the next run the last lines of the file were, for each place where it may have begun.
    under_way: Vec<usize>,
    line: String,
    gave_up: bool,
}

impl Rows {
    /// The block as it is, and without numbers before its lines if it has them.
    pub fn variants(text: &str) -> Vec<Self> {
        let as_is = text.lines().map(|line| (None, line)).collect::<Vec<_>>();
        // Marks of gaps say no more than the numbers.
        let numbered: Option<Vec<_>> = text.lines().filter(|line| !is_empty(line)).map(numbered).collect();
        let is_rising = |lines: &Vec<(Option<u64>, &str)>| lines.is_sorted_by(|a, b| a.0 < b.0);
        let without = numbered.filter(is_rising).map(|lines| Self::new(&lines));
        std::iter::once(Self::new(&as_is)).chain(without).collect()
    }

    fn new(lines: &[(Option<u64>, &str)]) -> Self {
        let mut runs: Vec<Vec<Vec<String>>> = vec![Vec::new()];
        let mut before: Option<u64> = None;
        for (number, line) in lines {
            let jumps = matches!((before, number), (Some(before), Some(number)) if before + 1 < *number);
            if jumps || is_gap(line) {
                runs.push(Vec::new());
            }
            before = number.or(before);
            let parts = parts(line);
            if let (false, Some(run)) = (is_gap(line) || parts.is_empty(), runs.last_mut()) {
                run.push(parts);
            }
        }
        runs.retain(|run| !run.is_empty());
        Self { runs, found: 0, under_way: Vec::new(), line: String::new(), gave_up: false }
    }

    pub fn is_found(&self) -> bool {
        !self.runs.is_empty() && self.found == self.runs.len()
    }

    pub fn gave_up(&self) -> bool {
        self.gave_up
    }

    pub fn push(&mut self, piece: &str) {
        for part in piece.split_inclusive('\n') {
            let room = LONGEST.saturating_sub(self.line.len());
            let end = part.floor_char_boundary(room);
            self.line.push_str(&part[..end]);
            self.gave_up |= end < part.len();
            if part.ends_with('\n') {
                let line = folded(&self.line);
                self.line.clear();
                self.take(&line);
            }
        }
    }

    /// Takes the next line of the file, folded.
    fn take(&mut self, line: &str) {
        let Some(run) = self.runs.get(self.found).filter(|_| !line.is_empty()) else { return };
        self.under_way.push(0);
        self.under_way.retain_mut(|at| {
            let holds = holds_parts(line, &run[*at]);
            *at += 1;
            holds
        });
        if self.under_way.first().is_some_and(|at| *at == run.len()) {
            self.found += 1;
            self.under_way.clear();
        } else if self.under_way.len() > STARTS {
            self.gave_up = true;
            self.under_way.clear();
        }
    }
}

/// Whether a line of a block tells that something is left out: `…`, `[...]`, `// ... and so on`.
pub fn is_gap(line: &str) -> bool {
    let line = line.trim();
    let said = line.trim_start_matches(['/', '#', '*', '-', ';', '<', '!', '%', ' ']);
    let is_remark = said.len() < line.len() && (said.starts_with("...") || said.starts_with('…'));
    let has_dots = line.contains("...") || line.contains('…');
    is_remark || has_dots && line.trim_matches(['.', '…', '[', ']', '(', ')', ' ']).is_empty()
}

/// Whether a line says nothing of the text.
pub fn is_empty(line: &str) -> bool {
    line.trim().is_empty() || is_gap(line)
}

/// A line without the number that some put before it: `12: text`, `12 | text`, `12<tab>text`, `12  text`.
fn numbered(line: &str) -> Option<(Option<u64>, &str)> {
    let line = line.trim_start();
    let digits = line.find(|it: char| !it.is_ascii_digit()).unwrap_or(line.len());
    let number = line[..digits].parse().ok()?;
    let rest = &line[digits..];
    let is_apart = rest.is_empty() || rest.starts_with(['\t', ':', '|']) || rest.starts_with("  ");
    let rest = rest.trim_start();
    let rest = rest.strip_prefix([':', '|']).unwrap_or(rest);
    (is_apart || rest.len() < line[digits..].trim_start().len()).then_some((Some(number), rest))
}

/// The parts of a line between its dots.
fn parts(line: &str) -> Vec<String> {
    line.replace("...", "…").split('…').map(folded).filter(|part| !part.is_empty()).collect()
}

/// Whether the parts stand in a line, one behind the other.
fn holds_parts(line: &str, parts: &[String]) -> bool {
    let mut from = 0;
    let mut rejected = 0;
    parts.iter().all(|part| match whole::find(line, from, part, &mut rejected) {
        Some(found) => {
            from = found.end;
            true
        }
        None => false,
    })
}

/// A line with its white space folded.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
