//! Bytes, characters, lines and tokens of a text, cutting it for display, and showing what cannot be seen. No
//! dependencies inside the crate.
//!
//! Offsets inside `rlm` are bytes at character boundaries. Programs count characters, people count lines from 1;
//! [`CharIndex`] and [`LineIndex`] convert, in texts of any size, with a table of a five-hundredth of the text.

mod display;
mod index;
mod marks;
mod numbers;
mod tokens;
mod visible;

pub use display::{Cut, cut_head, cut_middle, one_line, with_omission};
pub use index::{CharIndex, LineIndex, StrideCounts};
pub use marks::{Bytes, STRIDE, stride_aligned_parts};
pub use numbers::{age, capitalized, counted, grouped};
pub use tokens::estimated_tokens;
pub use visible::{
    Part, is_visible, name_of_visible, visible_json, visible_line, visible_name, visible_parts, visible_path,
    visible_text,
};
