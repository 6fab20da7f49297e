//! Packets of a broken or hostile process are put together to frames.

use rlm::repl::wire::{Assembler, FRAME_LIMIT, Frame, FromWorker, ToWorker, packets};
use serde::{Serialize, de::DeserializeOwned};

/// Each packet is preceded by its size in two bytes.
pub fn frames(input: &[u8]) {
    let mut assembler = Assembler::default();
    let mut generation = 0;
    let mut rest = input;
    while let Some((size, behind)) = rest.split_first_chunk::<2>() {
        let (packet, behind) = behind.split_at(usize::from(u16::from_le_bytes(*size)).min(behind.len()));
        rest = behind;
        let Ok(Some(frame)) = assembler.push(packet) else { continue };
        assert!(frame.bytes.len() <= FRAME_LIMIT && frame.generation >= generation);
        generation = frame.generation;
        check::<FromWorker>(&frame);
        check::<ToWorker>(&frame);
    }
    let mut again = Assembler::default();
    let whole: Vec<_> = packets(7, input).filter_map(|packet| again.push(&packet).expect("it is right")).collect();
    assert!(matches!(&whole[..], [frame] if frame.bytes == input && frame.generation == 7));
}

fn check<T: Serialize + DeserializeOwned>(frame: &Frame) {
    let Ok(message) = frame.parse::<T>() else { return };
    let written = serde_json::to_vec(&message).expect("what was read can be written");
    let again: T = serde_json::from_slice(&written).expect("and read again");
    assert_eq!(serde_json::to_value(&again).ok(), serde_json::to_value(&message).ok());
}
