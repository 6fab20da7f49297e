//! Fuzzes `targets::trace`.

#![no_main]

#[path = "../targets/mod.rs"]
#[allow(dead_code, reason = "every target is a program of its own, which calls one of the functions")]
mod targets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::trace(input));
