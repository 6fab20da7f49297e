//! Files of Python programs: each begins with a line `# --- name`, or `# --- name : what is expected`.

use std::{fs, path::Path};

/// One program of a file.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The file's name without its ending, and the program's own.
    pub name: String,
    /// What stands behind the colon.
    pub expected: String,
    pub code: String,
}

/// The programs of every file of a folder below `tests/python`, sorted by the files' names.
pub fn read(folder: &str) -> Vec<Cell> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(folder);
    let files = fs::read_dir(&folder).expect("the folder is there");
    let mut files: Vec<_> = files.map(|file| file.expect("an entry can be read").path()).collect();
    files.sort();
    files.iter().flat_map(|file| parse(file)).collect()
}

fn parse(file: &Path) -> Vec<Cell> {
    let area = file.file_stem().expect("a file has a name").display();
    let text = fs::read_to_string(file).expect("a file of programs is text");
    let mut cells: Vec<Cell> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("# --- ") {
            let (name, expected) = title.split_once(" : ").unwrap_or((title, ""));
            let (name, expected) = (format!("{area}: {name}"), expected.to_owned());
            cells.push(Cell { name, expected, code: String::new() });
        } else if let Some(cell) = cells.last_mut() {
            cell.code.push_str(line);
            cell.code.push('\n');
        }
    }
    cells
}
