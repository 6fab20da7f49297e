//! What is done with an input, and what must hold then. Each target takes any bytes.
//!
//! The fuzzers try inputs that they make up, see `tests/fuzz/run`; the tests replay those that were kept.

mod calls;
mod chunk;
mod decode;
mod frames;
mod manifest;
mod reply;
mod thinking;
mod trace;
mod walk;
mod written;

pub use self::{
    calls::calls, chunk::chunk, decode::decode, frames::frames, manifest::manifest, reply::reply, thinking::thinking,
    trace::trace, walk::walk, written::written,
};

/// Something that takes any bytes.
pub type Target = fn(&[u8]);

/// The targets by their names, which are those of the folders of `corpus`.
pub const TARGETS: [(&str, Target); 10] = [
    ("calls", calls),
    ("chunk", chunk),
    ("decode", decode),
    ("frames", frames),
    ("manifest", manifest),
    ("reply", reply),
    ("thinking", thinking),
    ("trace", trace),
    ("walk", walk),
    ("written", written),
];

/// What divides the parts of an input that has several; a line, so that such inputs can be read.
const DIVIDER: &[u8] = b"\n--\n";

fn parts(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(input);
    std::iter::from_fn(move || {
        let all = rest?;
        let end = memchr::memmem::find(all, DIVIDER);
        rest = end.map(|end| &all[end + DIVIDER.len()..]);
        Some(&all[..end.unwrap_or(all.len())])
    })
}
