//! How keys and other credentials begin, whatever the names of their files.
//!
//! Only the beginning counts: a page may show a key and explain it.

use crate::text::is_visible;

/// The bytes that are looked at. A certificate, which may stand in front of its key, has some kilobytes.
const LOOKED_AT: usize = 64 << 10;

/// A short preface fits in here.
const HEAD: usize = 1 << 10;

const BEGINNINGS: [&str; 7] = [
    "PuTTY-User-Key-File-",
    "AGE-SECRET-KEY-",
    "AGE-PLUGIN-",
    "SSH PRIVATE KEY FILE FORMAT",
    "# Netscape HTTP Cookie File",
    "# HTTP Cookie File",
    "Cookie: ",
];

/// Whether a text is a key or another credential. White space and marks in front of it do not count.
pub(in crate::corpus) fn begins_with_secret(text: &str) -> bool {
    let blank = |it: char| it.is_whitespace() || !is_visible(it.encode_utf8(&mut [0; 4]));
    let text = text.trim_start_matches(blank);
    // Nearly all texts begin otherwise.
    if !text.starts_with(['-', 'P', 'A', 'S', 'C', 'B', 'K', 'l', 's', 'i', 'u', '#', ';', '/', '[', '{']) {
        return false;
    }
    let text = &text[..text.floor_char_boundary(LOOKED_AT)];
    is_key(text)
        || is_bundle(text)
        || is_settings(&text[..text.floor_char_boundary(HEAD)])
        || is_key_behind_comments(text)
}

/// Whether a key begins here.
fn is_key(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    let is_minisign = line.starts_with("untrusted comment:") && line.contains("secret key");
    is_key_line(line) || is_minisign || BEGINNINGS.iter().any(|beginning| text.starts_with(beginning))
}

/// `-----BEGIN … PRIVATE KEY-----` and its likes.
fn is_key_line(line: &str) -> bool {
    let line = line.trim();
    let title = line.trim_start_matches('-').trim_start();
    line.starts_with("----") && title.starts_with("BEGIN ") && {
        let title = title.to_ascii_uppercase();
        title.contains("PRIVATE KEY") || title.contains("STATIC KEY") || title.contains("SECRET KEY")
    }
}

/// Whether there is a key among others of its kind: parameters and certificates of the same key may stand before it,
/// and so may what `openssl` says about them.
fn is_bundle(text: &str) -> bool {
    const PREFACES: [&str; 6] =
        ["-----BEGIN ", "Bag Attributes", "Key Attributes", "subject=", "issuer=", "localKeyID"];
    PREFACES.iter().any(|preface| text.starts_with(preface)) && text.lines().any(is_key_line)
}

/// Whether comments are all that stands before a key. Where a blank line follows on them they may be the title of a
/// page.
fn is_key_behind_comments(text: &str) -> bool {
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\n')
        && ["#", ";", "//"].iter().any(|mark| line.trim_start().starts_with(mark))
    {
        rest = after;
    }
    rest.len() < text.len() && is_key(rest.trim_start_matches([' ', '\t']))
}

/// Whether these are the settings of a tunnel, or an account with its password.
fn is_settings(head: &str) -> bool {
    let has_line = |name: &str| {
        let value = |line: &str| Some(line.trim_start().strip_prefix(name)?.trim_start().strip_prefix('=')?.to_owned());
        head.lines().filter_map(value).any(|value| !value.trim().is_empty())
    };
    match head.as_bytes().first() {
        Some(b'{') => {
            let compact: String = head.chars().filter(|it| !it.is_whitespace()).collect();
            compact.contains(r#""type":"service_account""#) || compact.contains(r#""SecretAccessKey":""#)
        }
        Some(b'[' | b'#' | b';') => {
            has_line("PrivateKey") && head.contains("[Interface]") || has_line("aws_secret_access_key")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_by_how_they_begin() {
        let pem = |title: &str| format!("-----BEGIN {title}-----\nMIIB\n-----END {title}-----\n");
        let titles = [
            "PRIVATE KEY",
            "RSA PRIVATE KEY",
            "EC PRIVATE KEY",
            "DSA PRIVATE KEY",
            "OPENSSH PRIVATE KEY",
            "ENCRYPTED PRIVATE KEY",
            "PGP PRIVATE KEY BLOCK",
            "OpenVPN Static key V1",
        ];
        let mut secret: Vec<String> = titles.iter().map(|title| pem(title)).collect();
        let key = pem("PRIVATE KEY");
        secret.extend([
            format!("\u{feff}\n \t\r\n{key}"),
            format!("\u{200b}{key}"),
            key.replace('\n', "\r\n"),
            pem("EC PARAMETERS") + &key,
            pem("CERTIFICATE") + &pem("CERTIFICATE") + &key,
            format!("Bag Attributes\n    friendlyName: x\nKey Attributes: <No Attributes>\n{key}"),
            format!("# the key of the build\n{key}"),
            "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: x\n".to_owned(),
            "#\n# 2048 bit OpenVPN static key\n#\n-----BEGIN OpenVPN Static key V1-----\n".to_owned(),
            "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n".to_owned(),
            "AGE-SECRET-KEY-1QQPQYQ".to_owned(),
            "# created: 2024-01-31T12:00:00Z\n# public key: age1q\nAGE-SECRET-KEY-1QQ\n".to_owned(),
            "SSH PRIVATE KEY FILE FORMAT 1.1\n".to_owned(),
            "untrusted comment: minisign encrypted secret key\nRWQ\n".to_owned(),
            "# Netscape HTTP Cookie File\n.example.org\tTRUE\n".to_owned(),
            "[Interface]\nAddress = 10.0.0.1/24\nPrivateKey = QHk=\n".to_owned(),
            "# home\n[Interface]\nPrivateKey=QHk=\n".to_owned(),
            "{\n  \"type\": \"service_account\",\n  \"project_id\": \"x\"\n}".to_owned(),
            "[default]\naws_access_key_id = A\naws_secret_access_key = B\n".to_owned(),
        ]);
        for text in secret {
            assert!(begins_with_secret(&text), "{text}");
        }
        let open = [
            String::new(),
            "# Keys\n\nA key looks like this:\n\n".to_owned() + &key,
            format!("# Keys\n\n{key}"),
            format!("How to make a key:\n{key}"),
            format!("fn main() {{}}\nconst KEY: &str = \"{key}\";"),
            format!("```\n{key}```\n"),
            format!("    let key = \"{key}\";"),
            format!("// a test\nconst KEY = `{key}`"),
            pem("CERTIFICATE"),
            pem("PUBLIC KEY"),
            pem("PGP PUBLIC KEY BLOCK"),
            pem("PGP SIGNED MESSAGE"),
            "-----\ntitle: PRIVATE KEY\n-----\n".to_owned(),
            "---\ntitle: BEGIN PRIVATE KEY\n---\n".to_owned(),
            "-- BEGIN PRIVATE KEY\n".to_owned(),
            "{\"type\": \"account\", \"name\": \"service_account\"}".to_owned(),
            "[Interface]\nAddress = 10.0.0.1/24\n".to_owned(),
            "[default]\naws_secret_access_key =\n".to_owned(),
            "untrusted comment: minisign public key\nRWQ\n".to_owned(),
            "PuTTY is a terminal.".to_owned(),
        ];
        for text in open {
            assert!(!begins_with_secret(&text), "{text}");
        }
    }
}
