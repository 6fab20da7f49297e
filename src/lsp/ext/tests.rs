//! The server's own methods, as the page of the protocol and the clients have them.

mod typescript;

use super::*;

#[test]
fn the_page_names_every_method_command_and_scope() {
    let page = include_str!("../../../docs/protocol.md");
    let names = METHODS.iter().chain(&COMMANDS).chain(&[
        RlmEvent::METHOD,
        ASK_SELECTION_COMMAND,
        DISMISS_FINDING_COMMAND,
        CHANGE_SELECTION_COMMAND,
    ]);
    for name in names {
        assert!(page.contains(&format!("`{name}`")), "docs/protocol.md does not describe {name}");
    }
    for scope in ["workspace", "folder", "file", "selection", "paths", "value"] {
        assert!(page.contains(&format!("\"{scope}\"")), "docs/protocol.md does not name the scope {scope}");
    }
}

/// The language client registers the server's commands itself, and does not start where there is one already.
#[test]
fn no_command_of_vs_code_has_the_name_of_one_of_the_server() {
    let package: Value = serde_json::from_str(include_str!("../../../editors/vscode/package.json")).unwrap();
    let own = package["contributes"]["commands"].as_array().expect("a list");
    let own: Vec<&str> = own.iter().filter_map(|it| it["command"].as_str()).collect();
    assert!(own.contains(&ASK_SELECTION_COMMAND));
    for command in COMMANDS {
        assert!(!own.contains(&command), "{command}");
    }
}

#[test]
fn scopes_are_read_by_their_kind() {
    let scope = |json: &str| serde_json::from_str::<Scope>(json).map_err(|error| error.to_string());
    assert_eq!(scope(r#"{"kind":"workspace"}"#), Ok(Scope::Workspace));
    let paths = Scope::Paths { paths: vec!["src".to_owned()] };
    assert_eq!(scope(r#"{"kind":"paths","paths":["src"]}"#), Ok(paths));
    assert!(scope(r#"{"kind":"selection","uri":"file:///a"}"#).unwrap_err().contains("range"));
    assert!(scope(r#"{"kind":"universe"}"#).unwrap_err().contains("unknown variant"));
}
