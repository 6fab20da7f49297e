//! Cuts what is ingested into shards.
//!
//! Shard `n` begins at the last border of a character at or before `n` times the size. So every shard has its place
//! whatever lies in the others, and ends at most three bytes before a multiple of the size.

use super::{
    super::{
        context::ContextText,
        decode::{BINARY_PROBE, Changes, Decoder},
    },
    ShardError,
    sources::IngestSource,
};
use crate::text::Bytes;
use std::{borrow::Cow, io::Read};

/// Bytes that are read and decoded at a time: what stays in the processor's cache until it is copied.
const BLOCK: usize = 256 << 10;

/// The shards of one text, in order.
pub(super) struct Input<'a> {
    kind: Kind<'a>,
    shard_size: usize,
    /// How many shards were taken.
    taken: usize,
    /// How many bytes those had.
    offset: usize,
}

enum Kind<'a> {
    Whole(&'a ContextText),
    Stream(Box<Stream>),
}

/// A shard to be written.
pub(super) struct Piece<'a> {
    pub number: usize,
    pub bytes: Cow<'a, [u8]>,
}

/// A text that is decoded as it flows in.
pub(super) struct Stream {
    path: String,
    input: Box<dyn Read + Send>,
    /// Nothing when the input has come to its end.
    decoder: Option<Decoder>,
    changes: Changes,
    raw: Vec<u8>,
    /// What was decoded and does not belong to a shard that was taken.
    text: Vec<u8>,
}

impl<'a> Input<'a> {
    /// Reads the beginning of the text, which says how it is encoded.
    pub fn new(source: IngestSource<'a>, shard_size: usize) -> Result<Self, ShardError> {
        let kind = match source {
            IngestSource::Context(context) => Kind::Whole(context),
            IngestSource::Stream { path, input } => Kind::Stream(Box::new(Stream::begin(path, input)?)),
        };
        Ok(Self { kind, shard_size, taken: 0, offset: 0 })
    }

    /// The next shard; `room` is a buffer that may be used for it.
    pub fn next(&mut self, room: Vec<u8>) -> Result<Option<Piece<'a>>, ShardError> {
        let target = self.shard_size.saturating_mul(self.taken + 1);
        let bytes = match &mut self.kind {
            Kind::Whole(text) => {
                let end = text.floor_char(target)?;
                text.bytes(self.offset..end)?
            }
            Kind::Stream(stream) => Cow::Owned(stream.take(target - self.offset, room)?),
        };
        let at_end = match &self.kind {
            Kind::Whole(text) => self.offset >= text.byte_len(),
            // With shards shorter than a character one may be empty that is not the last.
            Kind::Stream(stream) => bytes.is_empty() && stream.text.is_empty(),
        };
        if at_end {
            return Ok(None);
        }
        let number = self.taken;
        self.taken += 1;
        self.offset += bytes.len();
        Ok(Some(Piece { number, bytes }))
    }

    /// How the text differs from what flowed in, as far as it was read here.
    pub fn changes(&self) -> Changes {
        match &self.kind {
            Kind::Whole(_) => Changes::default(),
            Kind::Stream(stream) => stream.changes,
        }
    }
}

impl Stream {
    fn begin(path: String, mut input: Box<dyn Read + Send>) -> Result<Self, ShardError> {
        let mut raw = Vec::new();
        let read = (&mut input).take(BINARY_PROBE as u64).read_to_end(&mut raw);
        read.map_err(|error| ShardError::Input { path: path.clone(), reason: error.to_string() })?;
        // Whoever ingests a text by itself has named it.
        let Some(decoder) = Decoder::of(&raw, true) else {
            return Err(ShardError::Input { path, reason: "it is binary".to_owned() });
        };
        let mut stream =
            Self { path, input, decoder: Some(decoder), changes: Changes::default(), raw, text: Vec::new() };
        stream.decode();
        Ok(stream)
    }

    /// The text up to the last border at or before `target` bytes; less only at the end.
    fn take(&mut self, target: usize, room: Vec<u8>) -> Result<Vec<u8>, ShardError> {
        // The byte behind the target tells whether there is a border.
        while self.text.len() <= target && self.decoder.is_some() {
            self.read()?;
        }
        let end = match self.text.get(target) {
            None => self.text.len(),
            Some(_) => (0..=target).rev().find(|&at| !matches!(self.text[at], 0x80..=0xbf)).unwrap_or(0),
        };
        let mut rest = room;
        rest.clear();
        rest.extend_from_slice(&self.text[end..]);
        self.text.truncate(end);
        Ok(std::mem::replace(&mut self.text, rest))
    }

    /// Reads and decodes the next block.
    fn read(&mut self) -> Result<(), ShardError> {
        self.raw.resize(BLOCK, 0);
        let read = loop {
            match self.input.read(&mut self.raw) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        let read = read.map_err(|error| ShardError::Input { path: self.path.clone(), reason: error.to_string() })?;
        self.raw.truncate(read);
        self.decode();
        Ok(())
    }

    fn decode(&mut self) {
        if self.raw.is_empty() {
            if let Some(decoder) = self.decoder.take() {
                let (text, changes) = decoder.finish();
                self.text.extend_from_slice(text.as_bytes());
                self.changes += changes;
            }
        } else if let Some(decoder) = &mut self.decoder {
            let (text, changes) = decoder.decode(&self.raw);
            self.text.extend_from_slice(text.as_bytes());
            self.changes += changes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hands out a few bytes at a time.
    struct Trickle(Vec<u8>, usize);

    impl Read for Trickle {
        fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
            let read = self.1.min(self.0.len()).min(bytes.len());
            bytes[..read].copy_from_slice(&self.0[..read]);
            self.0.drain(..read);
            Ok(read)
        }
    }

    fn shards(source: IngestSource<'_>, size: usize) -> (Vec<Vec<u8>>, Changes) {
        let mut input = Input::new(source, size).unwrap();
        let mut shards = Vec::new();
        while let Some(piece) = input.next(Vec::new()).unwrap() {
            assert_eq!(piece.number, shards.len());
            shards.push(piece.bytes.into_owned());
        }
        (shards, input.changes())
    }

    proptest! {
        #[test]
        fn shards_begin_at_borders(text in "([ab\n]|é|漢|😀){0,60}", size in 1_usize..10, step in 1_usize..9) {
            let input = Box::new(Trickle(text.clone().into_bytes(), step));
            let (shards, changes) = shards(IngestSource::Stream { path: "a".into(), input }, size);
            prop_assert!(changes.is_none());
            prop_assert_eq!(shards.concat(), text.as_bytes());
            let mut start = 0;
            for (number, shard) in shards.iter().enumerate() {
                prop_assert_eq!(start, text.floor_char_boundary(number * size));
                prop_assert!(std::str::from_utf8(shard).is_ok());
                start += shard.len();
            }
            prop_assert_eq!(shards.len(), text.len().div_ceil(size));
        }
    }

    #[test]
    fn what_flows_in_is_decoded() {
        let of = |bytes: &[u8]| {
            let input = Box::new(std::io::Cursor::new(bytes.to_vec()));
            shards(IngestSource::Stream { path: "a".into(), input }, 4)
        };
        assert_eq!(of(b"\xff\xfea\0\x3d\xd8\x00\xdeb\0").0, [b"a".to_vec(), "😀b".into()]);
        let (replaced, changes) = of(b"\xef\xbb\xbfa\xffbc");
        assert_eq!(replaced.concat(), "a\u{fffd}bc".as_bytes());
        assert_eq!((changes.had_mark, changes.replaced), (true, 1));
        let binary =
            IngestSource::Stream { path: "a".into(), input: Box::new(std::io::Cursor::new(b"\0\x01b".to_vec())) };
        assert!(matches!(Input::new(binary, 4), Err(ShardError::Input { .. })));
    }
}
