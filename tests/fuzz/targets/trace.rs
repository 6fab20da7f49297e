//! A trace that was cut off, damaged or made up is read, shown and made a page of.

use rlm::trace::{Reader, Trace, difference, head, notes, page, tree};

pub fn trace(input: &[u8]) {
    let read = |parts: &[&[u8]]| {
        let mut reader = Reader::default();
        parts.iter().for_each(|part| reader.push(part));
        reader.finish()
    };
    let whole = read(&[input]);
    for (at, node) in whole.nodes.iter().enumerate() {
        assert!(node.parent.is_none_or(|parent| parent < at), "parents stand before their children");
        assert!(node.children.iter().all(|child| whole.nodes[*child].parent == Some(at)));
    }
    let lines = tree(&whole, true);
    assert_eq!(lines.len(), whole.nodes.len(), "every node has its line, once");
    assert!(lines.iter().all(|line| !line.contains('\n')), "{lines:?}");
    // However it arrives, it is the same.
    let (first, rest) = input.split_at(input.len() / 3);
    let parted = read(&[first, rest]);
    let shown = |trace: &Trace| [head(trace), notes(trace), tree(trace, false)].concat();
    assert_eq!(shown(&parted), shown(&whole));
    assert_eq!(difference(&parted, &whole)[0], "the runs are the same but for their times");
    let page = page(&whole);
    assert_eq!((page.matches("</script>").count(), page.matches("<script").count()), (2, 2), "no text is markup");
    for file in whole.coverage.files.values() {
        assert!(file.read.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "ranges are in order and apart");
    }
}
