//! URIs and paths, converted in one place.

use crate::text::visible_line;
use lsp_types::Uri;
use serde_json::Value;
use std::{
    ffi::OsString,
    os::unix::ffi::OsStringExt,
    path::{Component, Path, PathBuf},
};
use tower_lsp::UriExt;

/// The fields of messages that hold a URI.
const FIELDS: [&str; 3] = ["uri", "rootUri", "scopeUri"];

/// What a document is known by inside the server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DocumentKey {
    File(PathBuf),
    /// A document that has no file, such as `untitled:Untitled-1`.
    Other(String),
}

impl DocumentKey {
    pub fn of(uri: &Uri) -> Self {
        match file_path(uri) {
            Some(path) => Self::File(path),
            None => Self::Other(normal_escapes(uri.as_str())),
        }
    }

    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Other(_) => None,
        }
    }
}

/// The path of a `file:` URI. One that names another host is no file of this machine, whatever its path is.
pub fn file_path(uri: &Uri) -> Option<PathBuf> {
    let is_file = uri.scheme().is_some_and(|scheme| scheme.as_str().eq_ignore_ascii_case("file"));
    let host = uri.authority().map_or("", |authority| authority.as_str());
    let is_here = host.is_empty() || host.eq_ignore_ascii_case("localhost");
    let path = uri.path().as_estr().decode().into_bytes().into_owned();
    (is_file && is_here && !path.is_empty()).then(|| normal(Path::new(&OsString::from_vec(path))))
}

/// The `file:` URI of an absolute path.
pub fn of_path(path: &Path) -> Option<Uri> {
    Uri::from_file_path(path)
}

/// The path of any URI as people read it.
pub fn shown_path(uri: &Uri) -> String {
    visible_line(&uri.path().as_estr().decode().into_string_lossy()).into_owned()
}

/// Percent-encodes what a URI may not hold, in all URIs of a message. Editors differ in what they encode, and one raw
/// bracket would make the whole message unreadable.
pub fn escape_all(params: &mut Value) {
    match params {
        Value::Array(items) => items.iter_mut().for_each(escape_all),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(uri) if FIELDS.contains(&name.as_str()) => *uri = escaped(uri),
                    other => escape_all(other),
                }
            }
        }
        _ => {}
    }
}

fn escaped(uri: &str) -> String {
    // The address of a host may stand in brackets.
    let authority_end = uri.find("://").map_or(0, |at| {
        let rest = &uri[at + 3..];
        at + 3 + rest.find(['/', '?', '#']).unwrap_or(rest.len())
    });
    let bytes = uri.as_bytes();
    let mut has_fragment = false;
    let mut escaped = String::with_capacity(uri.len());
    for (at, &byte) in bytes.iter().enumerate() {
        let is_allowed = match byte {
            b'%' => bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
            b'#' => !std::mem::replace(&mut has_fragment, true),
            b'[' | b']' => at < authority_end,
            _ => is_unreserved(byte) || b"!$&'()*+,;=:/?@".contains(&byte),
        };
        match is_allowed {
            true => escaped.push(char::from(byte)),
            false => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// The URI with its escapes in the one form that RFC 3986 calls normal, in which two spellings become equal.
fn normal_escapes(uri: &str) -> String {
    let mut parts = uri.split('%');
    let mut normal = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // A URI has two digits after each percent sign.
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        match u8::from_str_radix(digits, 16) {
            Ok(byte) if is_unreserved(byte) => normal.push(char::from(byte)),
            _ => normal.push_str(&format!("%{}", digits.to_uppercase())),
        }
        normal.push_str(rest);
    }
    normal
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// The path without `.` and `..`, which is how two spellings of one file become equal. Links are not followed.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().expect("a valid URI")
    }

    #[test]
    fn file_uris_become_paths_and_back() {
        for (text, path) in [
            ("file:///home/a/b.rs", "/home/a/b.rs"),
            ("file:///home/a%20b/%C3%A9.rs", "/home/a b/é.rs"),
            ("file:///home/./a/../b.rs", "/home/b.rs"),
            ("FILE:///a%23b", "/a#b"),
            ("file:/a/b", "/a/b"),
        ] {
            assert_eq!(file_path(&uri(text)), Some(PathBuf::from(path)), "{text}");
            let again = of_path(Path::new(path)).expect("an absolute path");
            assert_eq!(file_path(&again), Some(PathBuf::from(path)), "{text}");
        }
    }

    #[test]
    fn raw_uris_become_valid_and_both_spellings_are_one_document() {
        for (raw, encoded) in [
            ("file:///a/[id] é|.tsx", "file:///a/%5Bid%5D%20%C3%A9%7C.tsx"),
            ("file:///100%/a%2Fb", "file:///100%25/a%2Fb"),
            ("vscode-remote://[::1]:80/a[1]#x#y", "vscode-remote://[::1]:80/a%5B1%5D#x%23y"),
            ("untitled:Ünbenannt-1", "untitled:%c3%9c%6Ebenannt-1"),
            ("file:///plain/a+b@c:1.rs?q#f", "file:///plain/a+b@c:1.rs?q#f"),
        ] {
            let mut message =
                serde_json::json!({"textDocument": {"uri": raw, "text": "[uri]"}, "folders": [{"uri": raw}]});
            escape_all(&mut message);
            let escaped = message["folders"][0]["uri"].as_str().expect("it is still a string");
            assert_eq!(DocumentKey::of(&uri(escaped)), DocumentKey::of(&uri(encoded)), "{raw}");
            assert_eq!(message["textDocument"]["uri"], message["folders"][0]["uri"]);
            assert_eq!(message["textDocument"]["text"], "[uri]");
        }
    }

    #[test]
    fn files_of_other_hosts_are_no_files_of_this_one() {
        for host in
            ["host", "example.org", "user@", "user@localhost", "localhost:80", "127.0.0.1", "[::1]", "a%2F", "."]
        {
            let uri = uri(&format!("file://{host}/etc/passwd"));
            assert_eq!(file_path(&uri), None, "{host}");
            assert!(matches!(DocumentKey::of(&uri), DocumentKey::Other(_)), "{host}");
        }
        for host in ["", "localhost", "LocalHost"] {
            assert_eq!(file_path(&uri(&format!("file://{host}/a"))), Some(PathBuf::from("/a")), "{host}");
        }
        assert_eq!(file_path(&uri("file://host")), None);
        let odd = file_path(&uri("file:///l%E9")).expect("any bytes make a path");
        assert_eq!(odd.as_os_str().as_encoded_bytes(), b"/l\xe9");
    }

    #[test]
    fn what_people_read_hides_nothing() {
        assert_eq!(shown_path(&uri("untitled:a%0A%E2%80%AEb")), r"a\x0A\u{202E}b");
    }

    #[test]
    fn other_schemes_are_no_files() {
        let untitled = uri("untitled:Untitled-1");
        assert_eq!(file_path(&untitled), None);
        assert_eq!(DocumentKey::of(&untitled), DocumentKey::Other("untitled:Untitled-1".to_owned()));
    }
}
