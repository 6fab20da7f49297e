//! Chunks outlive edits elsewhere.

use super::{files, texts};
use rustc_hash::FxHashSet;
use std::fmt::Write;

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// Code of some functions of different lengths, with long ones among them.
fn code(numbers: &mut Numbers, functions: usize) -> String {
    let mut text = String::new();
    for _ in 0..functions {
        let _ = writeln!(text, "/// Does thing {}.\nfn thing_{}() {{", numbers.below(1000), numbers.below(1000));
        let most = if numbers.below(8) == 0 { 300 } else { 20 };
        for _ in 0..numbers.below(most) {
            let _ = writeln!(text, "    let value_{} = call({});", numbers.below(100), numbers.below(10_000));
            if numbers.below(6) == 0 {
                text.push('\n');
            }
        }
        text.push_str("}\n\n");
    }
    text
}

#[test]
fn an_edit_changes_the_chunks_around_it_and_no_others() {
    let mut numbers = Numbers(1);
    let paths = ["a/one.rs", "a/two.rs", "a/three.rs", "b/four.rs", "b/notes.txt", "b/five.rs", "c.rs"];
    let lengths = [40, 2, 3, 120, 20, 1, 1];
    let original: Vec<(&str, String)> =
        paths.iter().zip(lengths).map(|(&path, length)| (path, code(&mut numbers, length))).collect();
    let mut changed = Vec::new();
    for size in [500, 2000, 10_000] {
        let context = files(&original);
        let before = texts(&context, size, 0);
        for _ in 0..100 {
            let mut edited = original.clone();
            let which = numbers.below(edited.len());
            let text = &mut edited[which].1;
            let at = numbers.below(text.len());
            let end = (at + numbers.below(200)).min(text.len());
            let inserted = if numbers.below(2) == 0 { code(&mut numbers, 1) } else { "x + ".to_owned() };
            text.replace_range(at..end, &inserted[..inserted.len().min(400)]);
            let context = files(&edited);
            let after: FxHashSet<&str> = texts(&context, size, 0).into_iter().collect();
            changed.push(before.iter().filter(|chunk| !after.contains(*chunk)).count());
        }
    }
    changed.sort_unstable();
    let of = |percent: usize| changed[(changed.len() - 1) * percent / 100];
    assert!(of(50) <= 1 && of(90) <= 2 && of(100) <= 4, "{} {} {}", of(50), of(90), of(100));
}
