//! The code of a grammar: its parser less the large tables, and its scanner.

use crate::tables::Tables;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// How the definitions of the large tables begin, and what stands in their place: a table that nobody reads.
const LARGE: [(&str, &str); 4] = [
    ("static const uint16_t ts_parse_table[", "static const uint16_t ts_parse_table[1][1];"),
    ("static const uint16_t ts_small_parse_table[", "static const uint16_t ts_small_parse_table[1];"),
    ("static const uint32_t ts_small_parse_table_map[", "static const uint32_t ts_small_parse_table_map[1];"),
    ("static const TSParseActionEntry ts_parse_actions[", "static const TSParseActionEntry ts_parse_actions[1];"),
];

/// Compiles the grammar `name` that lies in `folder`, and has it linked. Returns the name of the function that completes
/// the grammar with its tables.
pub fn compile(name: &str, folder: &Path, tables: &Tables, out: &Path) -> String {
    let path = folder.join("parser.c");
    let parser = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let complete = format!("rlm_complete_{name}");
    let code = without_tables(&parser, &path) + &completion(name, &complete, tables);
    let file = out.join(format!("{name}.c"));
    fs::write(&file, code).expect("the folder can be written to");
    let mut build = cc::Build::new();
    build.std("c11").include(folder).file(&file).warnings(false);
    // Tests link the grammar's own crate as well. (Scanners are the same but for those that are mended, and either will do.)
    let own = format!("tree_sitter_{name}");
    build.define(&own, format!("rlm_{own}").as_str());
    let scanner = folder.join("scanner.c");
    if let Some(mended) = mended(name, &scanner, out) {
        build.file(mended);
        for function in ["create", "destroy", "scan", "serialize", "deserialize"] {
            let function = format!("{own}_external_scanner_{function}");
            build.define(&function, format!("rlm_{function}").as_str());
        }
        for global in GLOBALS {
            build.define(global, format!("rlm_{global}").as_str());
        }
    } else if scanner.exists() {
        build.file(scanner);
    }
    build.compile(&format!("rlm-grammar-{name}"));
    complete
}

/// What is wrong in a scanner: the grammar, the code, and what takes its place. Ruby's writes the length of a heredoc's word as
/// one byte, and reads a state with a longer one past its end, which ends the process; and it writes up to two bytes past the
/// end of the buffer.
const MENDED: [(&str, &str, &str); 1] = [(
    "ruby",
    "if (size + 2 + heredoc->word.size >= TREE_SITTER_SERIALIZATION_BUFFER_SIZE) {",
    "if (heredoc->word.size > UINT8_MAX || size + 4 + heredoc->word.size > TREE_SITTER_SERIALIZATION_BUFFER_SIZE) {",
)];

/// What mended scanners have for all to see, beside their functions.
const GLOBALS: [&str; 1] = ["NON_IDENTIFIER_CHARS"];

/// The scanner of a grammar, without what is wrong in it; nothing if nothing is known to be.
fn mended(name: &str, scanner: &Path, out: &Path) -> Option<PathBuf> {
    let (_, wrong, right) = MENDED.iter().find(|(grammar, ..)| *grammar == name)?;
    let code = fs::read_to_string(scanner).unwrap_or_else(|error| panic!("{}: {error}", scanner.display()));
    assert_eq!(code.matches(wrong).count(), 1, "{} is not as it was when its fault was found", scanner.display());
    let file = out.join(format!("{name}_scanner.c"));
    fs::write(&file, code.replace(wrong, right)).expect("the folder can be written to");
    Some(file)
}

fn without_tables(parser: &str, path: &Path) -> String {
    let mut code = parser.to_owned();
    for (head, stand_in) in LARGE {
        let start = code.find(head).unwrap_or_else(|| panic!("{} has no `{head}`", path.display()));
        let end = code[start..].find("\n};").unwrap_or_else(|| panic!("{}: `{head}` does not end", path.display()));
        code.replace_range(start..start + end + "\n};".len(), stand_in);
    }
    code
}

/// A function in C that completes a grammar with its tables, which lie one after the other. It also holds the sources
/// against the crate that the tables are from.
fn completion(name: &str, complete: &str, tables: &Tables) -> String {
    let Tables { symbol_count, state_count, large_state_count, .. } = tables;
    let actions = tables.small_parse_table_map.len();
    let parse_table = actions + 2 * tables.parse_actions.len();
    let small_parse_table = tables.parse_table.len();
    format!(
        "
_Static_assert(
  SYMBOL_COUNT == {symbol_count} && STATE_COUNT == {state_count} && LARGE_STATE_COUNT == {large_state_count},
  \"the sources are those of the crate\"
);
_Static_assert(sizeof(TSParseActionEntry) == 8, \"an action has eight bytes\");

const TSLanguage *{complete}(const uint32_t *tables) {{
  static TSLanguage language;
  language = *tree_sitter_{name}();
  language.small_parse_table_map = tables;
  language.parse_actions = (const TSParseActionEntry *)(tables + {actions});
  language.parse_table = (const uint16_t *)(tables + {parse_table});
  language.small_parse_table = language.parse_table + {small_parse_table};
  return &language;
}}
"
    )
}
