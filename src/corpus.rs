//! The workspace as one huge text that nobody loads into a prompt.
//!
//! A [`Snapshot`] is a frozen view of what a question is about: the files of a repository (open buffers over disk), one
//! file, or a text. Its [`ContextText`] is the text that programs see as `context`: of one file exactly its characters,
//! of several the files in path order, each after a header line. It lies in a private file that never changes, which
//! the interpreter's process maps, so nothing is copied into it. Everything else here (search by pattern, ranked
//! search, chunks, outlines, line numbers) reads that one text, so that all of them agree on what it says.
