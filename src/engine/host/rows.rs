//! Rows that looks give: what they are called, their columns, and the line that one of them makes.
//!
//! A line is written as a template, from which come the text that a tool gets and the method of the Python class:
//! `{name}` stands for a column, `{name:.1}` for a number with one decimal, `{name>}` for two blanks as often as the
//! number says, and what lies in `[…]` is left out where its column is empty.

use serde_json::Value;
use std::fmt::Write;

/// The deepest indentation of a line.
const DEEPEST: u64 = 20;

/// What is known of one kind of rows.
#[derive(Debug)]
pub struct RowForm {
    /// The Python class.
    pub class: &'static str,
    pub about: &'static str,
    pub columns: &'static [&'static str],
    pub line: &'static str,
    /// What is said where there are none.
    pub none: &'static str,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Column(&'a str),
    Decimal(&'a str),
    Indent(&'a str),
    /// Left out where its first column is empty.
    Optional(Vec<Piece<'a>>),
}

fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = template;
    while !rest.is_empty() {
        let (piece, behind) = match rest.split_at(1) {
            ("[", inside) => {
                let (inside, behind) = inside.split_once(']').unwrap_or((inside, ""));
                (Piece::Optional(pieces(inside)), behind)
            }
            ("{", inside) => {
                let (name, behind) = inside.split_once('}').unwrap_or((inside, ""));
                let decimal = || name.strip_suffix(":.1").map(Piece::Decimal);
                let indent = || name.strip_suffix('>').map(Piece::Indent);
                (decimal().or_else(indent).unwrap_or(Piece::Column(name)), behind)
            }
            _ => {
                let end = rest.find(['[', '{']).unwrap_or(rest.len());
                (Piece::Text(&rest[..end]), &rest[end..])
            }
        };
        found.push(piece);
        rest = behind;
    }
    found
}

fn first_column<'a>(pieces: &[Piece<'a>]) -> &'a str {
    let column = pieces.iter().find_map(|piece| match piece {
        Piece::Column(name) | Piece::Decimal(name) | Piece::Indent(name) => Some(*name),
        Piece::Text(_) | Piece::Optional(_) => None,
    });
    column.unwrap_or_default()
}

impl RowForm {
    /// Rows, as columns, as lines of text.
    pub fn lines(&self, found: &Value) -> String {
        let columns = &found["columns"];
        let count = columns[self.columns[0]].as_array().map_or(0, Vec::len);
        if count == 0 {
            return self.none.to_owned();
        }
        let pieces = pieces(self.line);
        let line = |row: usize| {
            let mut text = String::new();
            write_line(&pieces, &|name: &str| &columns[name][row], &mut text);
            text
        };
        let mut lines: Vec<String> = (0..count).map(line).collect();
        if found["more"] == true {
            lines.push("… and more".to_owned());
        }
        // What is known of all of them together.
        lines.extend(found["note"].as_str().map(str::to_owned));
        lines.join("\n")
    }

    /// The class of a row.
    pub fn python(&self) -> String {
        let Self { class, about, columns, .. } = self;
        format!(
            "class {class}(Row):\n    \"\"\"{about}: {}.\"\"\"\n\n    def __str__(self):\n        return {}\n",
            columns.join(", "),
            expression(&pieces(self.line))
        )
    }
}

fn write_line<'v>(pieces: &[Piece<'_>], value: &impl Fn(&str) -> &'v Value, text: &mut String) {
    for piece in pieces {
        let _ = match piece {
            Piece::Text(literal) => text.write_str(literal),
            Piece::Column(name) => match value(name) {
                Value::String(content) => text.write_str(content),
                other => write!(text, "{other}"),
            },
            Piece::Decimal(name) => write!(text, "{:.1}", value(name).as_f64().unwrap_or_default()),
            Piece::Indent(name) => {
                let depth = value(name).as_u64().unwrap_or_default().min(DEEPEST);
                text.write_str(&"  ".repeat(depth as usize))
            }
            Piece::Optional(inside) => {
                if !value(first_column(inside)).is_null() {
                    write_line(inside, value, text);
                }
                Ok(())
            }
        };
    }
}

/// The template as an expression of Python.
fn expression(pieces: &[Piece<'_>]) -> String {
    let part = |piece: &Piece<'_>| match piece {
        // JSON writes texts as Python does.
        Piece::Text(literal) => Value::from(*literal).to_string(),
        Piece::Column(name) => format!("str(self.{name})"),
        Piece::Decimal(name) => format!("format(self.{name}, '.1f')"),
        Piece::Indent(name) => format!("'  ' * min(self.{name}, {DEEPEST})"),
        Piece::Optional(inside) => {
            format!("('' if self.{} is None else {})", first_column(inside), expression(inside))
        }
    };
    pieces.iter().map(part).collect::<Vec<_>>().join(" + ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FORM: RowForm = RowForm {
        class: "Hit",
        about: "A hit",
        columns: &["path", "line", "depth", "score"],
        line: "[{path}:]{line} {depth>}x ({score:.1})\n",
        none: "none",
    };

    #[test]
    fn rows_are_lines_of_their_template() {
        let columns = json!({"path": ["a.rs", null], "line": [3, 4], "depth": [0, 2], "score": [1.25, 2]});
        let found = json!({"columns": columns, "more": true});
        assert_eq!(FORM.lines(&found), "a.rs:3 x (1.2)\n\n4     x (2.0)\n\n… and more");
        let empty = json!({"columns": {"path": [], "line": []}, "more": false});
        assert_eq!(FORM.lines(&empty), "none");
    }

    #[test]
    fn the_class_has_the_same_template() {
        let expected = r#"class Hit(Row):
    """A hit: path, line, depth, score."""

    def __str__(self):
        return ('' if self.path is None else str(self.path) + ":") + str(self.line) + " " + '  ' * min(self.depth, 20) + "x (" + format(self.score, '.1f') + ")\n"
"#;
        assert_eq!(FORM.python(), expected);
    }
}
