//! Handing an interpreter the parts of a text that its programs look at, when they do.
//!
//! A text in shards may be larger than the machine. The interpreter's process maps a file that is as long as the text
//! and empty, and may not read it ([`worker::pages`](super::worker)). Where a program does, the process asks for that
//! part over a socket of its own, this side writes it into the file, and the program goes on. So all that works on a
//! text in memory works on this one: slices, searches, regular expressions. The process says as well which parts it has
//! no more use for, and they are taken out of the file, which keeps the memory bounded.

use crate::{corpus::ContextText, text::Bytes};
use rustix::{
    fs::{FallocateFlags, fallocate},
    io::Errno,
    net::{AddressFamily, RecvFlags, SendFlags, Shutdown, SocketFlags, SocketType, recv, send, shutdown, socketpair},
};
use std::{
    fs::File,
    io,
    ops::Range,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::FileExt,
    },
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// Bytes of a page, the unit of what is asked for.
pub const PAGE: usize = 1 << 20;

/// The most pages that are asked for at once, when a program reads on and on.
pub const MOST_PAGES: usize = 16;

/// Pages that are in the file at a time: 256 MiB.
pub const RESIDENT: usize = 256;

/// Words of the longest request: its number, the first page and how many, and as many runs of pages to forget as there
/// may be pages to make room for.
pub const REQUEST_WORDS: usize = 3 + 2 * MOST_PAGES;

/// Words of a reply: the number of its request, and whether the pages are there.
pub const REPLY_WORDS: usize = 2;

/// What an interpreter's process asks for. On the wire it is words of 64 bits in the order of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub id: u64,
    pub pages: Range<usize>,
    /// Pages to forget first.
    pub forget: Vec<Range<usize>>,
}

impl Request {
    /// Reads what a process has sent, which nobody trusts; `pages` is how many the text has.
    pub fn parse(bytes: &[u8], pages: usize) -> Option<Self> {
        let (words, rest) = bytes.as_chunks::<8>();
        let words: Vec<u64> = words.iter().map(|&word| u64::from_ne_bytes(word)).collect();
        let [id, runs @ ..] = words.as_slice() else { return None };
        let (runs, odd) = runs.as_chunks::<2>();
        let run = |&[first, count]: &[u64; 2]| {
            let (first, count) = (usize::try_from(first).ok()?, usize::try_from(count).ok()?);
            let end = first.checked_add(count).filter(|&end| count > 0 && end <= pages)?;
            Some(first..end)
        };
        let mut runs = runs.iter().map(run).collect::<Option<Vec<_>>>()?.into_iter();
        let wanted = runs.next().filter(|wanted| wanted.len() <= MOST_PAGES)?;
        (rest.is_empty() && odd.is_empty()).then(|| Self { id: *id, pages: wanted, forget: runs.collect() })
    }
}

/// Serves one interpreter. Dropping it ends that.
#[derive(Debug)]
pub struct Pager {
    socket: Arc<OwnedFd>,
    clock: Arc<Clock>,
}

/// What goes to the interpreter's process.
pub struct Ends {
    pub file: File,
    pub socket: OwnedFd,
}

impl Pager {
    /// Begins to serve, on a thread of its own.
    pub fn start(context: Arc<ContextText>) -> io::Result<(Self, Ends)> {
        let file = ContextText::scratch(context.byte_len() as u64)?;
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        // The process must not be able to write into it: what it wrote would be memory that nobody limits.
        let readable = File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
        let ends = Ends { file: readable, socket: theirs };
        let (socket, clock) = (Arc::new(ours), Arc::new(Clock::default()));
        let service = Service { context, file, socket: socket.clone(), clock: clock.clone() };
        thread::Builder::new().name("pager".to_owned()).spawn(move || service.run())?;
        Ok((Self { socket, clock }, ends))
    }

    /// For how long altogether the process has waited for pages.
    pub fn served(&self) -> Duration {
        self.clock.total()
    }
}

impl Drop for Pager {
    fn drop(&mut self) {
        // The thread finds its socket closed. One that is closed already is what is wanted.
        let _ = shutdown(&self.socket, Shutdown::Both);
    }
}

/// Adds up the time that requests take.
#[derive(Debug, Default)]
struct Clock {
    /// The time of former requests, and when the one that is served now came.
    times: Mutex<(Duration, Option<Instant>)>,
}

impl Clock {
    fn begin(&self) {
        self.times.lock().unwrap_or_else(PoisonError::into_inner).1 = Some(Instant::now());
    }

    fn end(&self) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let present = times.1.take().map_or(Duration::ZERO, |since| since.elapsed());
        times.0 += present;
    }

    fn total(&self) -> Duration {
        let (former, now) = *self.times.lock().unwrap_or_else(PoisonError::into_inner);
        former + now.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

struct Service {
    context: Arc<ContextText>,
    file: File,
    socket: Arc<OwnedFd>,
    clock: Arc<Clock>,
}

impl Service {
    /// Until the process is gone, or says what cannot be.
    fn run(self) {
        let pages = self.context.byte_len().div_ceil(PAGE);
        let mut buffer = [0; 8 * (REQUEST_WORDS + 1)];
        loop {
            let size = match recv(&self.socket, buffer.as_mut_slice(), RecvFlags::empty()) {
                Ok((_, size)) => size,
                Err(Errno::INTR) => continue,
                Err(_) => return,
            };
            let Some(request) = Request::parse(&buffer[..size], pages) else { return };
            self.clock.begin();
            // The text keeps why a part of it could not be had, and whoever runs the program looks.
            let is_there = self.fill(&request).is_ok();
            let reply = [request.id.to_ne_bytes(), u64::from(is_there).to_ne_bytes()].concat();
            self.clock.end();
            if send(&self.socket, &reply, SendFlags::NOSIGNAL).is_err() {
                return;
            }
        }
    }

    fn fill(&self, request: &Request) -> Result<(), Failure> {
        for pages in &request.forget {
            let (start, len) = ((pages.start * PAGE) as u64, (pages.len() * PAGE) as u64);
            fallocate(&self.file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, start, len)?;
        }
        let range = request.pages.start * PAGE..(request.pages.end * PAGE).min(self.context.byte_len());
        let bytes = self.context.bytes(range.clone()).map_err(|_| Failure)?;
        self.file.write_all_at(&bytes, range.start as u64).map_err(|_| Failure)
    }
}

/// The pages are not there.
struct Failure;

impl From<Errno> for Failure {
    fn from(_: Errno) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[u64]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    #[test]
    fn requests_are_read_and_what_cannot_be_is_not() {
        let parse = |given: &[u64]| Request::parse(&words(given), 100);
        let request = Request { id: 7, pages: 3..5, forget: vec![0..1, 90..100] };
        assert_eq!(parse(&[7, 3, 2, 0, 1, 90, 10]), Some(request));
        for wrong in [&[][..], &[1], &[1, 2], &[1, 2, 0], &[1, 99, 2], &[1, u64::MAX, 2], &[1, 0, 17], &[1, 2, 3, 4]] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
        assert_eq!(Request::parse(&words(&[1, 2, 3])[1..], 100), None);
    }
}
