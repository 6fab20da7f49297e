//! A text that is not there until it is looked at.
//!
//! The memory of the text is mapped without the right to read it. Where a program reads, the processor stops the
//! thread, and the handler of such [faults](super::faults) is called on that thread. It asks the server for the part
//! ([`paging`](crate::repl::paging)), waits until it lies in the file, allows reading, and returns: the thread goes on
//! as if nothing had been. The parts that were asked for first are given up when there are too many.
//!
//! All threads share the memory, and one of them asks at a time. The handler allocates nothing and takes no lock but
//! its own: the thread may have been stopped anywhere. A copy of the process (see [`checkpoint`](super::checkpoint))
//! has the same memory but other rights to it; when it takes over it begins without any part.

use super::{
    super::paging::{MOST_PAGES, PAGE, REPLY_WORDS, REQUEST_WORDS, RESIDENT},
    process,
};
use rustix::{
    fd::OwnedFd,
    io,
    mm::{MapFlags, MprotectFlags, ProtFlags, mmap, mprotect},
    net::{RecvFlags, SendFlags, recv, send},
};
use std::{
    cell::UnsafeCell,
    fs::File,
    ops::Range,
    ptr, slice,
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering},
    thread,
    time::Instant,
};

/// The status with which the process ends if a part of the text cannot be had. The server knows why.
const ENDED_WITHOUT_TEXT: i32 = 136;

/// The text of this process, which the handler looks for. There is one at most, and it is never given up.
static PAGES: AtomicPtr<Pages> = AtomicPtr::new(ptr::null_mut());

/// Nanoseconds that were spent waiting for parts, and when the present wait began, on a clock of its own; 0 if there is
/// none.
static WAITED: AtomicU64 = AtomicU64::new(0);
static WAITING_SINCE: AtomicU64 = AtomicU64::new(0);

/// The mapped text.
pub struct Pages {
    start: *mut u8,
    len: usize,
    socket: OwnedFd,
    born: Instant,
    /// Held by the thread that asks.
    busy: AtomicBool,
    state: UnsafeCell<State>,
}

/// Which parts are there.
struct State {
    is_here: Box<[bool]>,
    /// Runs of pages that are there, the first ones first, in a ring.
    runs: Box<[Range<usize>; RESIDENT]>,
    oldest: usize,
    count: usize,
    pages: usize,
    /// Where the last run ended, and how long it was.
    last: Range<usize>,
    requests: u64,
    /// Tells the requests of this process from those of one that it has taken the place of.
    generation: u64,
}

// SAFETY: the memory is only read, and the state is touched only by the thread that holds `busy`, or by the only thread
// of a process that has just begun.
unsafe impl Sync for Pages {}
// SAFETY: nothing belongs to a thread.
unsafe impl Send for Pages {}

impl Pages {
    /// Maps `len` bytes of the file, none of which can be read yet.
    pub fn map(file: &File, len: usize, socket: OwnedFd) -> io::Result<&'static Self> {
        // SAFETY: a new mapping at a place of the system's choice touches no other memory. The server writes to the
        // file, but only where this process has no right to read; see the top of the module.
        let start = unsafe { mmap(ptr::null_mut(), len, ProtFlags::empty(), MapFlags::SHARED, file, 0)? };
        let state = State {
            is_here: vec![false; len.div_ceil(PAGE)].into(),
            runs: Box::new([const { 0..0 }; RESIDENT]),
            oldest: 0,
            count: 0,
            pages: 0,
            last: 0..0,
            requests: 0,
            generation: 0,
        };
        let (busy, state) = (AtomicBool::new(false), UnsafeCell::new(state));
        let pages = Box::leak(Box::new(Self { start: start.cast(), len, socket, born: Instant::now(), busy, state }));
        PAGES.store(pages, Ordering::Release);
        Ok(pages)
    }

    /// All of the text. Whoever reads it waits for the parts.
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: the memory is mapped for as long as the process lives, and what a reader sees of it never changes.
        unsafe { slice::from_raw_parts(self.start, self.len) }
    }

    /// Makes the part with this address readable.
    fn fetch(&self, address: usize) {
        while self.busy.swap(true, Ordering::Acquire) {
            thread::yield_now();
        }
        // SAFETY: `busy` is held.
        let state = unsafe { &mut *self.state.get() };
        let page = (address - self.start.addr()) / PAGE;
        // Another thread may have asked for it in the meantime.
        if !state.is_here[page] {
            self.ask(state, page);
        }
        self.busy.store(false, Ordering::Release);
    }

    fn ask(&self, state: &mut State, page: usize) {
        let goes_on = state.last.end == page && !state.last.is_empty();
        let most = if goes_on { (2 * state.last.len()).min(MOST_PAGES) } else { 1 };
        let absent = state.is_here[page..].iter().take(most).take_while(|is_here| !**is_here).count();
        let run = page..page + absent;
        let mut words = [0_u64; REQUEST_WORDS];
        state.requests += 1;
        words[..3].copy_from_slice(&[state.generation << 40 | state.requests, page as u64, absent as u64]);
        let mut used = 3;
        while state.pages + absent > RESIDENT {
            let old = state.forget_oldest();
            self.protect(&old, MprotectFlags::empty());
            words[used..used + 2].copy_from_slice(&[old.start as u64, old.len() as u64]);
            used += 2;
        }
        WAITING_SINCE.store(self.now(), Ordering::Relaxed);
        let is_there = self.exchange(&words[..used]);
        let since = WAITING_SINCE.swap(0, Ordering::Relaxed);
        WAITED.fetch_add(self.now().saturating_sub(since), Ordering::Relaxed);
        if !is_there {
            // A copy of the process goes on in its place. There is nothing that the program could be given.
            process::exit(ENDED_WITHOUT_TEXT);
        }
        self.protect(&run, MprotectFlags::READ);
        state.keep(run);
    }

    /// Sends a request and waits until it is answered; says whether the pages are there.
    fn exchange(&self, request: &[u64]) -> bool {
        // SAFETY: words are bytes.
        let bytes = unsafe { slice::from_raw_parts(request.as_ptr().cast::<u8>(), size_of_val(request)) };
        if io::retry_on_intr(|| send(&self.socket, bytes, SendFlags::NOSIGNAL)) != Ok(bytes.len()) {
            return false;
        }
        loop {
            let mut reply = [[0_u8; 8]; REPLY_WORDS];
            match io::retry_on_intr(|| recv(&self.socket, reply.as_flattened_mut(), RecvFlags::empty())) {
                Ok((_, size)) if size == 8 * REPLY_WORDS => {}
                _ => return false,
            }
            let [id, is_there] = reply.map(u64::from_ne_bytes);
            // What a process that has died had asked for means nothing here.
            if id == request[0] {
                return is_there != 0;
            }
        }
    }

    /// Changes the right to read pages. Should that fail the process ends, since a thread would wait for ever.
    fn protect(&self, pages: &Range<usize>, rights: MprotectFlags) {
        let (start, end) = (pages.start * PAGE, (pages.end * PAGE).min(self.len));
        // SAFETY: the range lies in the mapping, which is read only where that is allowed, or waited for.
        if unsafe { mprotect(self.start.add(start).cast(), end - start, rights) }.is_err() {
            process::exit(ENDED_WITHOUT_TEXT);
        }
    }

    /// Nanoseconds since some moment, and never 0.
    fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1)
    }
}

impl State {
    fn keep(&mut self, run: Range<usize>) {
        self.is_here[run.clone()].fill(true);
        self.pages += run.len();
        self.last = run.clone();
        self.runs[(self.oldest + self.count) % RESIDENT] = run;
        self.count += 1;
    }

    /// What there has been for longest. There is something, as long as there are pages.
    fn forget_oldest(&mut self) -> Range<usize> {
        let run = self.runs[self.oldest].clone();
        self.is_here[run.clone()].fill(false);
        self.pages -= run.len();
        self.oldest = (self.oldest + 1) % RESIDENT;
        self.count -= 1;
        run
    }
}

/// For how long this process has waited for parts of its text, in nanoseconds, the present wait included.
pub fn waited() -> u64 {
    let Some(pages) = pages() else { return 0 };
    let since = WAITING_SINCE.load(Ordering::Relaxed);
    let present = if since == 0 { 0 } else { pages.now().saturating_sub(since) };
    WAITED.load(Ordering::Relaxed) + present
}

/// Begins anew in a process that has taken the place of another, which may have given up any part, and asked for
/// others.
pub fn take_over() {
    let Some(pages) = pages() else { return };
    // SAFETY: the process has only this thread.
    let state = unsafe { &mut *pages.state.get() };
    pages.busy.store(false, Ordering::Relaxed);
    pages.protect(&(0..state.is_here.len()), MprotectFlags::empty());
    state.is_here.fill(false);
    (state.oldest, state.count, state.pages, state.last) = (0, 0, 0, 0..0);
    state.generation += 1;
    WAITING_SINCE.store(0, Ordering::Relaxed);
}

/// Makes the part with this address readable, if there is one of a text. Called on the thread that has tried to read
/// it.
pub fn fetch(address: usize) -> bool {
    let text = pages().filter(|text| (text.start.addr()..text.start.addr() + text.len).contains(&address));
    text.is_some_and(|text| {
        text.fetch(address);
        true
    })
}

fn pages() -> Option<&'static Pages> {
    // SAFETY: it is stored once, whole, and never freed.
    unsafe { PAGES.load(Ordering::Acquire).as_ref() }
}
