//! The names of copies.

use std::borrow::Cow;

/// What is put behind a whole name.
const ENDINGS: [&[u8]; 34] = [
    b".bak",
    b".bck",
    b".bk",
    b".bkp",
    b".back",
    b".backup",
    b".orig",
    b".original",
    b".old",
    b".save",
    b".saved",
    b".sav",
    b".swp",
    b".swo",
    b".swn",
    b".tmp",
    b".temp",
    b".copy",
    b".txt",
    b".prev",
    b".previous",
    b".new",
    b".rej",
    b".disabled",
    b".off",
    b".b64",
    b".base64",
    b".dpkg-old",
    b".dpkg-dist",
    b".dpkg-new",
    b".rpmsave",
    b".rpmnew",
    b".rpmorig",
    b"~",
];

/// What is put behind a name in front of its extension, or behind all of it, after a space, a hyphen or the like.
const WORDS: [&[u8]; 11] =
    [b"copy", b"backup", b"bak", b"bkp", b"old", b"orig", b"original", b"prev", b"previous", b"save", b"saved"];

/// What is put in front of a name.
const BEGINNINGS: [&[u8]; 17] = [
    b"copy of ",
    b"copy-of-",
    b"copy_of_",
    b"backup of ",
    b"backup-",
    b"backup_",
    b"backup.",
    b"bak-",
    b"bak_",
    b"old-",
    b"old_",
    b"old.",
    b"copy-",
    b"copy_",
    b".#",
    b"#",
    b"~$",
];

/// The name that was copied, as far as one mark of a copy tells; nothing if there is none.
pub(super) fn without_copy_mark(name: &[u8]) -> Option<Cow<'_, [u8]>> {
    let lower = name.to_ascii_lowercase();
    let kept = |length: usize| Some(Cow::Borrowed(&name[..length])).filter(|_| length > 0);
    if let Some(length) = without_ending(&lower) {
        return kept(length);
    }
    if let Some(beginning) = BEGINNINGS.iter().find(|beginning| lower.starts_with(beginning)) {
        return Some(Cow::Borrowed(&name[beginning.len()..])).filter(|rest| !rest.is_empty());
    }
    // `credentials (1).json`
    let dot = memchr::memrchr(b'.', &lower).filter(|&dot| dot > 0)?;
    let length = without_ending(&lower[..dot]).filter(|&length| length > 0)?;
    Some(Cow::Owned([&name[..length], &name[dot..]].concat()))
}

/// How long a name is without what a copy has behind it.
fn without_ending(lower: &[u8]) -> Option<usize> {
    if let Some(ending) = ENDINGS.iter().find(|ending| lower.ends_with(ending)) {
        return Some(lower.len() - ending.len());
    }
    // `#name#` of Emacs.
    if let Some(inner) = lower.strip_suffix(b"#") {
        return Some(inner.len());
    }
    // `name (2)`, `name (copy)`, `name (a person's conflicted copy)`
    if lower.ends_with(b")")
        && let Some(open) = memchr::memmem::rfind(lower, b" (")
    {
        return Some(open);
    }
    // `name.sync-conflict-20240131-120000-ABCDEFG` of Syncthing
    const CONFLICT: &[u8] = b".sync-conflict-";
    if let Some(conflict) = memchr::memmem::rfind(lower, CONFLICT)
        && !lower[conflict + CONFLICT.len()..].contains(&b'.')
    {
        return Some(conflict);
    }
    // `name copy 2`, `name-backup`, `name - copy`
    let number = lower.len() - lower.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let unnumbered = lower[..number].strip_suffix(b" ").unwrap_or(lower);
    if let Some(word) = WORDS.iter().find(|word| unnumbered.ends_with(word)) {
        let before = &unnumbered[..unnumbered.len() - word.len()];
        let rest = trim_separators(before);
        if rest.len() < before.len() {
            return Some(rest.len());
        }
    }
    // `name.1`, `name.2024-01-31`, `name_20240131T1200`, `name.~3~` (of which the last mark is gone by now)
    let dated = lower.iter().rev().take_while(|byte| byte.is_ascii_digit() || b"-_.:t~".contains(byte)).count();
    let start = lower.len() - dated + lower[lower.len() - dated..].iter().position(|byte| b"-_.".contains(byte))?;
    lower[start..].iter().any(u8::is_ascii_digit).then_some(start)
}

fn trim_separators(name: &[u8]) -> &[u8] {
    let separators = name.iter().rev().take_while(|byte| b" -_.".contains(byte)).count();
    &name[..name.len() - separators]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_copies_are_taken_off_one_after_the_other() {
        for (name, original) in [
            ("a.key.bak", "a.key"),
            ("a.key~", "a.key"),
            ("A.PEM.ORIG.Old", "A.PEM"),
            ("a.env.1", "a.env"),
            ("a.env.2024-01-31", "a.env"),
            ("a.env_20240131T120000", "a.env"),
            ("a.env.~12~", "a.env"),
            (".a.key.swp", ".a.key"),
            ("#a.key#", "a.key"),
            ("a.key copy", "a.key"),
            ("a.key copy 2", "a.key"),
            ("a.key - Copy", "a.key"),
            ("a.key (3)", "a.key"),
            ("a (somebody's conflicted copy 2024-01-01).json", "a.json"),
            ("a.sync-conflict-20240131-120000-ABCDEFG.json", "a.json"),
            ("a copy.json", "a.json"),
            ("a-backup.2024-01-31.json", "a.json"),
            ("Copy of a.json", "a.json"),
            ("old_a.json.txt", "a.json"),
            ("a.json", "a.json"),
            ("scaffold.json", "scaffold.json"),
            ("photocopy.json", "photocopy.json"),
            ("v2.json", "v2.json"),
            ("id_rsa", "id_rsa"),
            ("id_ed25519", "id_ed25519"),
            ("~", "~"),
            (".bak", ".bak"),
        ] {
            let mut name = Cow::Borrowed(name.as_bytes());
            while let Some(next) = without_copy_mark(&name) {
                assert!(next.len() < name.len());
                name = Cow::Owned(next.into_owned());
            }
            assert_eq!(String::from_utf8_lossy(&name), original);
        }
    }
}
