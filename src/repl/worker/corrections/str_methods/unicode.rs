//! What letters and digits are, and changing their case.
//!
//! RustPython asks Rust's `char` methods, which differ from CPython:
//!
//! - vowel signs count as letters;
//! - `isdigit` knows only ASCII digits and superscripts;
//! - Chinese numerals are not numeric;
//! - `swapcase` changes only ASCII, and a final sigma is not known.
//!
//! Superfluous from RustPython 0.6.0 on (#7626, #8211, #8237).

use super::amend;
use crate::repl::worker::sre::char_set::{CharSet, by_category};
use rustpython_vm::{
    PyResult, VirtualMachine,
    builtins::PyStrRef,
    common::wtf8::{CodePoint, Wtf8, Wtf8Buf},
};
use std::sync::LazyLock;

/// Python's `str.isalpha` and `str.isalnum`; what is numeric without being a number by its category is a letter.
static LETTER: LazyLock<CharSet> = LazyLock::new(|| by_category(r"\p{L}"));
static LETTER_OR_NUMBER: LazyLock<CharSet> = LazyLock::new(|| by_category(r"[\p{L}\p{N}]"));

/// Python's `str.isdigit`: decimal digits, and those that lie in circles or stand above or below the line.
static DIGIT: LazyLock<CharSet> = LazyLock::new(|| CharSet::new([by_category(r"\p{Nd}").ranges(), &DIGITS].concat()));

/// Python's `str.isnumeric`: numbers by their category, and letters that stand for one.
static NUMERIC: LazyLock<CharSet> =
    LazyLock::new(|| CharSet::new([by_category(r"\p{N}").ranges(), &letters_for_numbers()].concat()));

static CASED: LazyLock<CharSet> = LazyLock::new(|| by_category(r"\p{Cased}"));
static CASE_IGNORABLE: LazyLock<CharSet> = LazyLock::new(|| by_category(r"\p{Case_Ignorable}"));

/// Characters of the numeric type "digit".
const DIGITS: [(u32, u32); 20] = [
    (0xb2, 0xb3),
    (0xb9, 0xb9),
    (0x1369, 0x1371),
    (0x19da, 0x19da),
    (0x2070, 0x2070),
    (0x2074, 0x2079),
    (0x2080, 0x2089),
    (0x2460, 0x2468),
    (0x2474, 0x247c),
    (0x2488, 0x2490),
    (0x24ea, 0x24ea),
    (0x24f5, 0x24fd),
    (0x24ff, 0x24ff),
    (0x2776, 0x277e),
    (0x2780, 0x2788),
    (0x278a, 0x2792),
    (0x10a40, 0x10a43),
    (0x10e60, 0x10e68),
    (0x11052, 0x1105a),
    (0x1f100, 0x1f10a),
];

/// Ideographs of the numeric type "numeric", without their forms for compatibility.
const NUMERALS: &str = "㐅㒃㠪㭍一七万三九二五亖亿什仟仨伍佰億兆兩八六十千卄卅卌叁参參叄四壱壹幺廾廿弌弍弎弐拾捌柒漆玖百肆萬貮\
                        貳贰阡陆陌陸零𠀁𠁤𠃢𠄡𠤪𠦃𠦌𠦜𠫪𠫽𠬙𢎐𢦘𣬛𦉭";
const COMPATIBLE_NUMERALS: [u32; 8] = [0xf96b, 0xf973, 0xf978, 0xf9b2, 0xf9d1, 0xf9d3, 0xf9fd, 0x2f890];

fn letters_for_numbers() -> Vec<(u32, u32)> {
    NUMERALS.chars().map(u32::from).chain(COMPATIBLE_NUMERALS).map(|char| (char, char)).collect()
}

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    fix_predicate("isalpha", &LETTER, vm)?;
    fix_predicate("isalnum", &LETTER_OR_NUMBER, vm)?;
    fix_predicate("isdigit", &DIGIT, vm)?;
    fix_predicate("isnumeric", &NUMERIC, vm)?;
    fix_sigma("title", vm)?;
    fix_sigma("capitalize", vm)?;
    amend("swapcase", vm, |_| |string: PyStrRef| swap_case(string.as_wtf8()))
}

/// Replaces a question that is put to every character.
fn fix_predicate(name: &'static str, set: &'static LazyLock<CharSet>, vm: &VirtualMachine) -> PyResult<()> {
    amend(name, vm, |_| {
        |string: PyStrRef| {
            !string.is_empty() && string.as_wtf8().code_points().all(|point| set.contains(point.to_u32()))
        }
    })
}

/// Replaces a change of case that takes every capital sigma for one within a word.
fn fix_sigma(name: &'static str, vm: &VirtualMachine) -> PyResult<()> {
    amend(name, vm, |original| {
        move |string: PyStrRef, vm: &VirtualMachine| match string.as_wtf8().code_points().any(|point| point == 'Σ') {
            true => original.call((vm.ctx.new_str(with_final_sigmas(string.as_wtf8())),), vm),
            false => original.call((string,), vm),
        }
    })
}

/// The string with small final sigmas for the capital ones at the end of words.
fn with_final_sigmas(string: &Wtf8) -> Wtf8Buf {
    let points: Vec<CodePoint> = string.code_points().collect();
    let end_of_word = |at| is_final_sigma(&points, at);
    points.iter().enumerate().map(|(at, &point)| if end_of_word(at) { CodePoint::from('ς') } else { point }).collect()
}

/// Whether there is a capital sigma at `at` that ends a word.
fn is_final_sigma(points: &[CodePoint], at: usize) -> bool {
    points[at] == 'Σ' && begins_cased(points[..at].iter().rev()) && !begins_cased(points[at + 1..].iter())
}

/// Whether the first character that counts has a case.
fn begins_cased<'a>(mut points: impl Iterator<Item = &'a CodePoint>) -> bool {
    let first = points.find(|point| !CASE_IGNORABLE.contains(point.to_u32()));
    first.is_some_and(|point| CASED.contains(point.to_u32()))
}

fn swap_case(string: &Wtf8) -> Wtf8Buf {
    let points: Vec<CodePoint> = string.code_points().collect();
    let mut swapped = Wtf8Buf::with_capacity(string.len());
    for (at, &point) in points.iter().enumerate() {
        match point.to_char() {
            Some('Σ') => swapped.push_char(if is_final_sigma(&points, at) { 'ς' } else { 'σ' }),
            Some(char) if char.is_uppercase() => swapped.extend(char.to_lowercase()),
            Some(char) if char.is_lowercase() => swapped.extend(char.to_uppercase()),
            _ => swapped.push(point),
        }
    }
    swapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_case_of_all_letters_is_swapped() {
        assert_eq!(&*swap_case("aÉß漢xΑΣ ΣΑς".as_ref()), "AéSS漢Xας σαΣ");
    }

    #[test]
    fn a_sigma_is_final_at_the_end_of_a_word() {
        assert_eq!(&*with_final_sigmas("ΑΣ ΑΣ. ΣΑΣΑ Σ Α.Σ".as_ref()), "Ας Ας. ΣΑΣΑ Σ Α.ς");
    }
}
