//! What a reply is kept under.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io;

/// A hash of all that a reply depends on. What was hashed cannot be read from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key([u8; 32]);

impl Key {
    /// The hash of a value as JSON, whose fields come in the order of their declaration.
    pub fn of(value: &impl Serialize) -> Self {
        let mut hash = Hashed(Sha256::new());
        // A hash takes everything, and what is hashed here are texts, numbers and JSON.
        let written = serde_json::to_writer(&mut hash, value);
        debug_assert!(written.is_ok(), "{written:?}");
        Self(hash.0.finalize().into())
    }

    /// The key of the reply that comes when the same is asked once more, the `number`th time from 0.
    pub fn again(self, number: u32) -> Self {
        if number == 0 {
            return self;
        }
        Self(Sha256::new().chain_update(self.0).chain_update(number.to_le_bytes()).finalize().into())
    }

    /// As a text.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The key that a text stands for.
    pub fn of_hex(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        let digit = |at: usize| char::from(digits[at]).to_digit(16);
        let mut bytes = [0; 32];
        if digits.len() != 2 * bytes.len() {
            return None;
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::try_from(digit(2 * at)? * 16 + digit(2 * at + 1)?).ok()?;
        }
        Some(Self(bytes))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// A byte of a file that stands for it.
    pub(super) fn offset(self) -> i64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        i64::from_le_bytes([a, b, c, d, e, f, g, h]) & (i64::MAX >> 1)
    }
}

/// Makes the key of something that is not there all at once.
#[derive(Default)]
pub struct KeyBuilder(Sha256);

impl KeyBuilder {
    /// Adds a piece. Where the pieces begin and end does not count.
    pub fn push(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    pub fn key(self) -> Key {
        Key(self.0.finalize().into())
    }
}

struct Hashed(Sha256);

impl io::Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
