//! Code for the engine, made from the tree of a pattern.
//!
//! The engine takes letters, digits and borders of words from Rust's standard library, whose rules are not Python's.
//! So the patterns that ask for them are encoded anew, with sets that list the characters.

use super::{
    char_set::{CharSet, WORD},
    program::{Node, Repeat},
};
use rustpython_sre_engine::{SreAtCode, SreOpcode as Op};

/// Code that means the same as the tree.
pub fn encode(root: &Node) -> Vec<u32> {
    let mut code = Vec::new();
    push(&mut code, root);
    code.push(Op::SUCCESS as u32);
    code
}

fn push(code: &mut Vec<u32>, node: &Node) {
    match node {
        Node::Class(set) => push_class(code, set),
        Node::At(at @ (SreAtCode::UNI_BOUNDARY | SreAtCode::UNI_NON_BOUNDARY)) => {
            push(code, &boundary(*at == SreAtCode::UNI_BOUNDARY));
        }
        Node::At(at) => code.extend([Op::AT as u32, *at as u32]),
        Node::Mark(number) => code.extend([Op::MARK as u32, *number]),
        Node::Sequence(nodes) => nodes.iter().for_each(|node| push(code, node)),
        Node::Branches(branches) => push_branches(code, branches),
        Node::Repeat { body, min, max, kind } => push_repeat(code, body, [*min, *max], *kind),
        Node::Assert { body, back, negated } => {
            let opcode = if *negated { Op::ASSERT_NOT } else { Op::ASSERT };
            push_body(code, opcode, &[*back], body);
        }
        Node::Atomic(body) => push_body(code, Op::ATOMIC_GROUP, &[], body),
        Node::Reference { opcode, group } => code.extend([*opcode as u32, *group]),
        Node::Conditional { group, yes, no } => {
            code.extend([Op::GROUPREF_EXISTS as u32, *group, 0]);
            let skip_yes = code.len() - 1;
            push(code, yes);
            code.extend([Op::JUMP as u32, 0]);
            let skip_no = code.len() - 1;
            // The engine counts this skip from the word before it.
            code[skip_yes] = distance(skip_yes, code.len()) + 1;
            push(code, no);
            code[skip_no] = distance(skip_no, code.len());
        }
        Node::Failure => code.push(Op::FAILURE as u32),
    }
}

/// An opcode, the distance to what follows its body, arguments, and the body.
fn push_body(code: &mut Vec<u32>, opcode: Op, arguments: &[u32], body: &Node) {
    code.extend([opcode as u32, 0]);
    let skip = code.len() - 1;
    code.extend(arguments);
    push(code, body);
    code.push(Op::SUCCESS as u32);
    code[skip] = distance(skip, code.len());
}

fn push_branches(code: &mut Vec<u32>, branches: &[Node]) {
    code.push(Op::BRANCH as u32);
    let mut jumps = Vec::new();
    for branch in branches {
        let skip = code.len();
        code.push(0);
        push(code, branch);
        code.extend([Op::JUMP as u32, 0]);
        jumps.push(code.len() - 1);
        code[skip] = distance(skip, code.len());
    }
    code.push(Op::FAILURE as u32);
    for jump in jumps {
        code[jump] = distance(jump, code.len());
    }
}

fn push_repeat(code: &mut Vec<u32>, body: &Node, limits: [u32; 2], kind: Repeat) {
    if matches!(body, Node::Class(set) if !set.ranges().is_empty()) {
        let opcode = match kind {
            Repeat::Greedy => Op::REPEAT_ONE,
            Repeat::Lazy => Op::MIN_REPEAT_ONE,
            Repeat::Possessive => Op::POSSESSIVE_REPEAT_ONE,
        };
        return push_body(code, opcode, &limits, body);
    }
    let (opcode, end) = match kind {
        Repeat::Greedy => (Op::REPEAT, Op::MAX_UNTIL),
        Repeat::Lazy => (Op::REPEAT, Op::MIN_UNTIL),
        Repeat::Possessive => (Op::POSSESSIVE_REPEAT, Op::SUCCESS),
    };
    code.extend([opcode as u32, 0]);
    let skip = code.len() - 1;
    code.extend(limits);
    push(code, body);
    code[skip] = distance(skip, code.len());
    code.push(end as u32);
}

fn push_class(code: &mut Vec<u32>, set: &CharSet) {
    let outside = set.complement();
    if set.ranges().is_empty() {
        code.push(Op::FAILURE as u32);
    } else if outside.ranges().is_empty() {
        code.push(Op::ANY_ALL as u32);
    } else if let Some(char) = set.single() {
        code.extend([Op::LITERAL as u32, char]);
    } else if outside.single() == Some('\n'.into()) {
        code.push(Op::ANY as u32);
    } else {
        code.extend([Op::IN as u32, 0]);
        let skip = code.len() - 1;
        push_set(code, set);
        code[skip] = distance(skip, code.len());
    }
}

/// Few ranges stand for themselves. Of many, the engine would compare one after the other with each character; so the
/// characters of one and of two bytes are bits, and only those behind are compared.
fn push_set(code: &mut Vec<u32>, set: &CharSet) {
    const FEW: usize = 4;
    const BLOCK: usize = 16;
    let mut rest = set.ranges();
    if rest.len() > FEW {
        code.push(Op::CHARSET as u32);
        code.extend(bits(set, 0));
        leave(code, u32::from(u8::MAX));
        if rest.last().is_some_and(|&(_, last)| last > u32::from(u8::MAX)) {
            push_big_set(code, set);
            leave(code, u32::from(u16::MAX));
        }
        let is_low = |&(_, last): &(u32, u32)| last <= u32::from(u16::MAX);
        rest = &rest[rest.partition_point(is_low)..];
    }
    while let Some(&(next, _)) = rest.get(BLOCK) {
        push_ranges(code, &rest[..BLOCK]);
        leave(code, next - 1);
        rest = &rest[BLOCK..];
    }
    push_ranges(code, rest);
    code.push(Op::FAILURE as u32);
}

fn push_ranges(code: &mut Vec<u32>, ranges: &[(u32, u32)]) {
    for &(first, last) in ranges {
        code.extend([Op::RANGE as u32, first, last]);
    }
}

/// Ends the comparison for all characters up to one: they are not in the set.
fn leave(code: &mut Vec<u32>, last: u32) {
    code.extend([Op::NEGATE as u32, Op::RANGE as u32, 0, last, Op::NEGATE as u32]);
}

/// Which of the 256 characters from `first` on are in the set.
fn bits(set: &CharSet, first: u32) -> [u32; 8] {
    let mut bits = [0; 8];
    for at in (0..256).filter(|at| set.contains(first + at)) {
        bits[at as usize / 32] |= 1 << (at % 32);
    }
    bits
}

/// The characters below 0x10000 in blocks of 256, each different block once: see [`super::program`].
fn push_big_set(code: &mut Vec<u32>, set: &CharSet) {
    let mut blocks: Vec<[u32; 8]> = Vec::new();
    let mut names = Vec::with_capacity(256);
    for upper in 0..=u32::from(u8::MAX) {
        let block = bits(set, upper << 8);
        let name = blocks.iter().position(|known| *known == block).unwrap_or_else(|| {
            blocks.push(block);
            blocks.len() - 1
        });
        names.push(u8::try_from(name).expect("there are at most 256 blocks"));
    }
    code.extend([Op::BIGCHARSET as u32, blocks.len() as u32]);
    code.extend(names.as_chunks::<4>().0.iter().map(|&names| u32::from_ne_bytes(names)));
    code.extend(blocks.concat());
}

/// The border of a word, or its absence, as a look to both sides. The text's beginning and its end are no letters. (The
/// engine's own negation of looks is not used: it loses track of groups.)
fn boundary(is_boundary: bool) -> Node {
    let look = |set: CharSet, back| Node::Assert { body: Box::new(Node::Class(set)), back, negated: false };
    let no_word = |end, back| Node::Branches(vec![Node::At(end), look(WORD.complement(), back)]);
    let before = [look(WORD.clone(), 1), no_word(SreAtCode::BEGINNING_STRING, 1)];
    let [word_after, none_after] = [look(WORD.clone(), 0), no_word(SreAtCode::END_STRING, 0)];
    let after = if is_boundary { [none_after, word_after] } else { [word_after, none_after] };
    Node::Branches(before.into_iter().zip(after).map(|(before, after)| Node::Sequence(vec![before, after])).collect())
}

fn distance(from: usize, to: usize) -> u32 {
    u32::try_from(to - from).expect("code is short")
}

#[cfg(test)]
mod tests {
    use super::{super::program::Program, *};

    #[test]
    fn what_is_encoded_reads_the_same() {
        let class = |ranges: &[(u32, u32)]| Node::Class(CharSet::new(ranges.to_vec()));
        // Large sets are put together in a way that only the engine reads; they are compared with CPython's elsewhere.
        let word = class(&[(48, 57), (97, 122)]);
        let every_node = vec![
            Node::Mark(0),
            word.clone(),
            Node::Mark(1),
            Node::Branches(vec![class(&[(97, 99)]), Node::Sequence(vec![]), Node::Failure]),
            Node::Repeat { body: Box::new(word.clone()), min: 2, max: 5, kind: Repeat::Lazy },
            Node::Repeat {
                body: Box::new(Node::Sequence(vec![class(&[(1, 1)]), class(&[(0, 9), (11, 0x10_ffff)])])),
                min: 0,
                max: u32::MAX,
                kind: Repeat::Possessive,
            },
            Node::Assert { body: Box::new(class(&[(0x1_f600, 0x1_f64f), (5, 6)])), back: 1, negated: true },
            Node::Atomic(Box::new(class(&[(0, 0x10_ffff)]))),
            Node::Reference { opcode: Op::GROUPREF_UNI_IGNORE, group: 0 },
            Node::Conditional { group: 0, yes: Box::new(word), no: Box::new(Node::At(SreAtCode::END)) },
        ];
        for node in &every_node {
            let read = Program::decode(&encode(node)).map(|program| program.root);
            assert_eq!(read.as_ref(), Some(node), "{node:?}");
        }
        let all = Node::Sequence(every_node);
        assert_eq!(Program::decode(&encode(&all)).unwrap().root, all);
    }
}
