//! Tables, set in columns, or row by row where the columns do not fit the terminal.

use super::{DIM, prose::Prose, styled};
use pulldown_cmark::Alignment;

/// A cell as the terminal gets it, and its width.
type Cell = (String, usize);

#[derive(Debug, Default)]
pub(super) struct Table {
    alignments: Vec<Alignment>,
    /// The first one is the head.
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(super) fn new(alignments: Vec<Alignment>) -> Self {
        Self { alignments, rows: Vec::new() }
    }

    pub(super) fn begin_row(&mut self) {
        self.rows.push(Vec::new());
    }

    pub(super) fn push(&mut self, cell: Prose) {
        if let Some(row) = self.rows.last_mut() {
            row.push(cell.set_in_line());
        }
    }

    pub(super) fn set(self, width: usize) -> Vec<String> {
        let widest = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|it| it.1).max();
        let widths: Vec<usize> = (0..self.alignments.len()).map(|column| widest(column).unwrap_or(0)).collect();
        let total = widths.iter().sum::<usize>() + 3 * widths.len().saturating_sub(1);
        if total <= width { self.in_columns(&widths) } else { self.by_rows() }
    }

    fn in_columns(&self, widths: &[usize]) -> Vec<String> {
        let rule: Vec<String> = widths.iter().map(|&width| "─".repeat(width)).collect();
        let mut lines = Vec::new();
        for (number, row) in self.rows.iter().enumerate() {
            let cells = widths.iter().zip(&self.alignments).enumerate().map(|(column, (&width, alignment))| {
                let (text, own) = row.get(column).cloned().unwrap_or_default();
                let blank = width - own;
                let before = match alignment {
                    Alignment::Right => blank,
                    Alignment::Center => blank / 2,
                    Alignment::Left | Alignment::None => 0,
                };
                format!("{}{text}{}", " ".repeat(before), " ".repeat(blank - before))
            });
            let cells: Vec<String> = cells.collect();
            lines.push(cells.join(&styled(DIM, " │ ")).trim_end().to_owned());
            if number == 0 {
                lines.push(styled(DIM, &rule.join("─┼─")));
            }
        }
        lines
    }

    fn by_rows(&self) -> Vec<String> {
        let Some((head, rows)) = self.rows.split_first() else { return Vec::new() };
        let row = |(number, row): (usize, &Vec<Cell>)| {
            let rule = (number > 0).then(|| styled(DIM, "──"));
            let cells = head.iter().zip(row).map(|(head, cell)| format!("{}: {}", head.0, cell.0));
            rule.into_iter().chain(cells).collect::<Vec<_>>()
        };
        if rows.is_empty() {
            return head.iter().map(|cell| cell.0.clone()).collect();
        }
        rows.iter().enumerate().flat_map(row).collect()
    }
}
