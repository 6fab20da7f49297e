//! How paths are shown.

use std::path::Path;

/// A path in UTF-8. A byte that is not part of any becomes `\xNN`, so that files whose names differ are shown by names
/// that differ.
pub(super) fn shown(path: &Path) -> String {
    let mut shown = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        shown.push_str(chunk.valid());
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02X}"));
        }
    }
    shown
}
