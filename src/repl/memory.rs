//! What an interpreter's process and the server say to each other about memory.
//!
//! The process asks over a socket of its own, because it may need memory while it puts together a message of any other
//! kind. A packet holds one request or one reply, in words of 64 bits in the order of the machine.

/// Bytes that a process may take before it asks.
pub const FIRST_BYTES: u64 = 8 << 20;

/// What a process wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// At least this many more bytes. The reply is how many there are, or 0.
    More,
    /// To keep this many of the bytes that it was given, and to make a checkpoint. The reply is whether it may.
    Checkpoint,
    /// To keep this many of the bytes that it was given, without a checkpoint.
    Settle,
    /// A checkpoint has taken the place of the process.
    TakeOver,
}

/// A request of a process, which nobody trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    pub number: u64,
    pub wish: Wish,
    pub bytes: u64,
}

impl Request {
    const WISHES: [Wish; 4] = [Wish::More, Wish::Checkpoint, Wish::Settle, Wish::TakeOver];

    pub const BYTES: usize = 24;

    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let words = [self.number, self.wish as u64, self.bytes];
        bytes.as_chunks_mut().0.iter_mut().zip(words).for_each(|(chunk, word)| *chunk = word.to_ne_bytes());
        bytes
    }

    /// Reads a packet; nothing if it is no request.
    pub fn parse(packet: &[u8]) -> Option<Self> {
        let (words, []) = packet.as_chunks() else { return None };
        let &[number, wish, bytes] = words else { return None };
        let wish = usize::try_from(u64::from_ne_bytes(wish)).ok()?;
        let wish = *Self::WISHES.get(wish)?;
        Some(Self { number: u64::from_ne_bytes(number), wish, bytes: u64::from_ne_bytes(bytes) })
    }
}

/// The answer to the request of this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    pub number: u64,
    pub bytes: u64,
}

impl Reply {
    pub const BYTES: usize = 16;

    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let words = [self.number, self.bytes];
        bytes.as_chunks_mut().0.iter_mut().zip(words).for_each(|(chunk, word)| *chunk = word.to_ne_bytes());
        bytes
    }

    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let [number, bytes] = [0, 8].map(|at| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_ne_bytes(word)
        });
        Self { number, bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_come_back_as_they_were_and_what_is_none_does_not() {
        for wish in Request::WISHES {
            let request = Request { number: 7 << 32 | 1, wish, bytes: u64::MAX };
            assert_eq!(Request::parse(&request.to_bytes()), Some(request));
        }
        let reply = Reply { number: 3, bytes: 5 << 40 };
        assert_eq!(Reply::from_bytes(reply.to_bytes()), reply);
        let packet = Request { number: 1, wish: Wish::More, bytes: 2 }.to_bytes();
        let mut unknown = packet;
        unknown[8] = 4;
        for wrong in [&[][..], &packet[1..], &packet[..16], &[packet, packet].concat(), &unknown] {
            assert_eq!(Request::parse(wrong), None, "{wrong:?}");
        }
    }
}
