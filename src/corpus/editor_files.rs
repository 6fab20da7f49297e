//! What editors keep beside the files that they edit. It looks like a second copy of a file, older or newer than it.

use std::{os::unix::ffi::OsStrExt, path::Path};

/// Whether a name is one that editors give to backups, swap files, locks and what they write before they rename it.
pub(super) fn is_editor_file(path: &Path) -> bool {
    let Some(name) = path.file_name().map(OsStrExt::as_bytes).filter(|name| name.len() > 1) else { return false };
    let (last, ending) = match memchr::memrchr(b'.', name) {
        Some(dot) if dot > 0 => (dot, &name[dot + 1..]),
        _ => (0, &b""[..]),
    };
    let is_hidden = name.starts_with(b".");
    // Emacs: a backup (vi, nano, gedit and Kate have the same), what was not saved, a lock. Vim: a swap file, whose last
    // letter counts down.
    let is_swap = is_hidden && last > 0 && matches!(ending, [b's', b'v' | b'w', b'a'..=b'z'] | b"kate-swp");
    name.ends_with(b"~")
        || name.len() > 2 && name.starts_with(b"#") && name.ends_with(b"#")
        || name.starts_with(b".#")
        || name.starts_with(b".~lock.") && name.ends_with(b"#")
        || name.starts_with(b".goutputstream-")
        || [&b"___jb_tmp___"[..], b"___jb_old___"].iter().any(|ending| name.ends_with(ending))
        || is_swap
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_editors_are_told_by_their_names() {
        for name in [
            "#a.py#",
            "a.py~",
            "a.py.~1~",
            ".a.py~",
            ".#a.py",
            ".a.py.swp",
            ".a.py.swo",
            ".a.py.swn",
            ".a.svz",
            ".a.un~",
            ".a.py.kate-swp",
            ".~lock.a.odt#",
            ".goutputstream-X1Y2",
            "a.js___jb_tmp___",
            "x/#b#",
            ".swp.swp",
        ] {
            assert!(is_editor_file(Path::new(name)), "{name}");
        }
        for name in [
            "a.py", "#a.py", "a#", "##", "~", "#", "c#", "a.swp", ".swp", ".swift", ".a.swap", "#README", "a~b",
            ".svg", "x~/a",
        ] {
            assert!(!is_editor_file(Path::new(name)), "{name}");
        }
    }
}
