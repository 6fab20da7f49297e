//! The encoding of protocol buffers, as far as OTLP needs it: fields of a message, written one after the other.

/// A message that is being written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message(Vec<u8>);

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    Texts(Vec<String>),
    Whole(u64),
    Number(f64),
}

/// How the bytes of a field are to be taken.
const VARINT: u64 = 0;
const FIXED: u64 = 1;
const LENGTH: u64 = 2;

impl Message {
    pub fn whole(mut self, field: u64, value: u64) -> Self {
        self.varint((field << 3) | VARINT);
        self.varint(value);
        self
    }

    pub fn fixed(mut self, field: u64, value: u64) -> Self {
        self.varint((field << 3) | FIXED);
        self.0.extend(value.to_le_bytes());
        self
    }

    pub fn number(self, field: u64, value: f64) -> Self {
        self.fixed(field, value.to_bits())
    }

    pub fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self.varint((field << 3) | LENGTH);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    pub fn text(self, field: u64, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    pub fn message(self, field: u64, value: &Self) -> Self {
        self.bytes(field, &value.0)
    }

    pub fn messages<'a>(self, field: u64, values: impl IntoIterator<Item = &'a Self>) -> Self {
        values.into_iter().fold(self, |message, value| message.message(field, value))
    }

    /// Numbers of eight bytes each, in one field.
    pub fn packed(self, field: u64, values: impl IntoIterator<Item = u64>) -> Self {
        let bytes: Vec<u8> = values.into_iter().flat_map(u64::to_le_bytes).collect();
        self.bytes(field, &bytes)
    }

    pub fn attributes<'a>(self, field: u64, attributes: impl IntoIterator<Item = &'a (&'static str, Value)>) -> Self {
        let pair = |(name, value): &(&str, Value)| Self::default().text(1, name).message(2, &value.message());
        attributes.into_iter().fold(self, |message, attribute| message.message(field, &pair(attribute)))
    }

    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

impl Value {
    fn message(&self) -> Message {
        let message = Message::default();
        match self {
            Self::Text(text) => message.text(1, text),
            Self::Whole(value) => message.whole(3, *value),
            Self::Number(value) => message.number(4, *value),
            Self::Texts(texts) => {
                let list = texts
                    .iter()
                    .fold(Message::default(), |list, text| list.message(1, &Message::default().text(1, text)));
                message.message(5, &list)
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_the_encoding_has_them() {
        for (message, bytes) in [
            (Message::default().whole(1, 150), &[0x08, 0x96, 0x01][..]),
            (Message::default().text(2, "testing"), b"\x12\x07testing"),
            (Message::default().fixed(7, 1), &[0x39, 1, 0, 0, 0, 0, 0, 0, 0]),
            (Message::default().message(3, &Message::default().whole(1, 150)), &[0x1a, 3, 0x08, 0x96, 0x01]),
            (Message::default().packed(6, [2]), &[0x32, 8, 2, 0, 0, 0, 0, 0, 0, 0]),
            (Message::default().whole(16, 0), &[0x80, 0x01, 0]),
        ] {
            assert_eq!(message.finish(), bytes);
        }
    }
}
