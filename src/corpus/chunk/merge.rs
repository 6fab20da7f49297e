//! Taking away borders, the weakest first.

use super::borders::Border;

/// A part of the text. It begins where the one before it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub end: usize,
    /// In the unit of the chunks.
    pub length: usize,
}

/// Joins pieces over the borders between them where they fit into `size` together, over weak borders first. Borders say
/// after how many pieces they stand; pieces without a border between them stay apart.
pub(super) fn merge(pieces: &[Piece], mut borders: Vec<Border>, size: usize) -> Vec<Piece> {
    // Blocks of joined pieces are known by their ends: the first piece knows the last one and the length, the last one
    // knows the first.
    let mut last: Vec<usize> = (0..pieces.len()).collect();
    let mut first = last.clone();
    let mut length: Vec<usize> = pieces.iter().map(|piece| piece.length).collect();
    borders.sort_unstable_by_key(|border| (border.strength, border.hash, border.at));
    for border in borders {
        let (left, right) = (first[border.at - 1], border.at);
        if length[left] + length[right] <= size {
            length[left] += length[right];
            last[left] = last[right];
            first[last[right]] = left;
        }
    }
    let mut joined = Vec::new();
    let mut block = 0;
    while block < pieces.len() {
        joined.push(Piece { end: pieces[last[block]].end, length: length[block] });
        block = last[block] + 1;
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lengths: &[usize], borders: &[(usize, u64)], size: usize, expected: &[usize]) {
        let mut end = 0;
        let piece = |&length: &usize| {
            end += length;
            Piece { end, length }
        };
        let pieces: Vec<Piece> = lengths.iter().map(piece).collect();
        let borders = borders.iter().map(|&(at, hash)| Border { at, strength: 0, hash }).collect();
        let lengths: Vec<usize> = merge(&pieces, borders, size).iter().map(|piece| piece.length).collect();
        assert_eq!(lengths, expected);
    }

    #[test]
    fn weak_borders_go_first() {
        check(&[3, 3, 3], &[(1, 1), (2, 2)], 6, &[6, 3]);
        check(&[3, 3, 3], &[(1, 2), (2, 1)], 6, &[3, 6]);
        check(&[3, 3, 3], &[(1, 2), (2, 1)], 9, &[9]);
        check(&[3, 3, 3], &[(2, 1)], 9, &[3, 6]);
        check(&[1, 1, 1, 1, 1], &[(1, 4), (2, 1), (3, 3), (4, 2)], 3, &[3, 2]);
        check(&[], &[], 3, &[]);
    }
}
