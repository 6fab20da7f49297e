//! Makes programs of the trees of patterns. The order of the steps is that of `Lib/re/_compiler.py`.
//!
//! After `Modules/_sre/sre_lib.h` of CPython and the crate `rustpython-sre_engine` (MIT): see [`super`].

use super::{
    super::{
        char_set::CharSet,
        tree::{Anchor, Node, Repeat},
    },
    program::{Limits, Program, Step, StepId, Test},
    set::Set,
};

impl Program {
    /// Nothing if the tree names groups that are not there.
    pub fn new(root: &Node, groups: usize) -> Option<Self> {
        let mut compiler = Compiler { groups, ..Compiler::default() };
        compiler.push(root)?;
        compiler.steps.push(Step::Success);
        let (first, may_be_empty) = beginning(root);
        let first = (!may_be_empty).then(|| compiler.test(&CharSet::new(first)));
        let Compiler { steps, sets, .. } = compiler;
        let is_anchored = steps.first() == Some(&Step::At(Anchor::Start));
        Some(Self { steps, sets: sets.into_iter().map(|(_, set)| set).collect(), groups, first, is_anchored })
    }
}

#[derive(Default)]
struct Compiler {
    steps: Vec<Step>,
    /// The sets that are in use up to now.
    sets: Vec<(CharSet, Set)>,
    groups: usize,
}

impl Compiler {
    fn push(&mut self, node: &Node) -> Option<()> {
        let step = match node {
            Node::Class(set) => Step::One(self.test(set)),
            Node::At(anchor) => Step::At(*anchor),
            Node::Mark(number) => {
                self.check_group(number / 2)?;
                Step::Mark(*number)
            }
            Node::Sequence(nodes) => return nodes.iter().try_for_each(|node| self.push(node)),
            Node::Branches(branches) => return self.push_branches(branches),
            Node::Repeat { body, min, max, kind } => {
                return self.push_repeat(body, Limits { min: *min, max: *max }, *kind);
            }
            Node::Assert { body, back, negated } => {
                let (back, negated) = (*back, *negated);
                return self.push_body(body, |behind| Step::Assert { back, negated, behind });
            }
            Node::Atomic(body) => return self.push_body(body, |behind| Step::Atomic { behind }),
            Node::Reference { group, case } => {
                self.check_group(*group)?;
                Step::Reference { group: *group, case: *case }
            }
            Node::Conditional { group, yes, no } => return self.push_conditional(*group, yes, no),
            Node::Failure => Step::Failure,
        };
        self.steps.push(step);
        Some(())
    }

    fn check_group(&self, group: u32) -> Option<()> {
        ((group as usize) < self.groups).then_some(())
    }

    /// The number of the next step.
    fn next(&self) -> StepId {
        StepId::try_from(self.steps.len()).expect("a program is shorter than its code, whose words count it")
    }

    /// Takes the place of a step that can be made only later.
    fn reserve(&mut self) -> usize {
        self.steps.push(Step::Failure);
        self.steps.len() - 1
    }

    /// A step with a body that ends with a success, made with the number of the step behind.
    fn push_body(&mut self, body: &Node, step: impl FnOnce(StepId) -> Step) -> Option<()> {
        let start = self.reserve();
        self.push(body)?;
        self.steps.push(Step::Success);
        self.steps[start] = step(self.next());
        Some(())
    }

    fn push_branches(&mut self, branches: &[Node]) -> Option<()> {
        let start = self.reserve();
        let (mut starts, mut jumps) = (Vec::new(), Vec::new());
        for branch in branches {
            starts.push(self.next());
            self.push(branch)?;
            jumps.push(self.reserve());
        }
        for jump in jumps {
            self.steps[jump] = Step::Jump(self.next());
        }
        self.steps[start] = Step::Branch(starts.into());
        Some(())
    }

    fn push_repeat(&mut self, body: &Node, limits: Limits, kind: Repeat) -> Option<()> {
        if let Node::Class(set) = body {
            let test = self.test(set);
            self.steps.push(Step::Characters { test, limits, kind });
            return Some(());
        }
        if kind == Repeat::Possessive {
            return self.push_body(body, |behind| Step::Possessive { limits, behind });
        }
        let start = self.reserve();
        let first = self.next();
        self.push(body)?;
        self.steps[start] = Step::Repeat { until: self.next() };
        self.steps.push(Step::Until { body: first, limits, is_lazy: kind == Repeat::Lazy });
        Some(())
    }

    fn push_conditional(&mut self, group: u32, yes: &Node, no: &Node) -> Option<()> {
        self.check_group(group)?;
        let start = self.reserve();
        self.push(yes)?;
        let jump = self.reserve();
        self.steps[start] = Step::Conditional { group, otherwise: self.next() };
        self.push(no)?;
        self.steps[jump] = Step::Jump(self.next());
        Some(())
    }

    fn test(&mut self, set: &CharSet) -> Test {
        let outside = set.complement();
        if outside.ranges().is_empty() {
            return Test::Anything;
        }
        if outside.single() == Some('\n'.into()) {
            return Test::NoLineFeed;
        }
        if let Some(char) = set.single() {
            return Test::Literal(char);
        }
        let number = self.sets.iter().position(|(known, _)| known == set).unwrap_or_else(|| {
            self.sets.push((set.clone(), Set::new(set)));
            self.sets.len() - 1
        });
        Test::Set(u32::try_from(number).expect("there are fewer sets than words of code"))
    }
}

/// The characters that matches of a part may begin with, if they are not empty, and whether they may be.
fn beginning(node: &Node) -> (Vec<(u32, u32)>, bool) {
    match node {
        Node::Class(set) => (set.ranges().to_vec(), false),
        Node::At(_) | Node::Mark(_) | Node::Assert { .. } => (Vec::new(), true),
        Node::Sequence(nodes) => {
            let mut ranges = Vec::new();
            for node in nodes {
                let (first, may_be_empty) = beginning(node);
                ranges.extend(first);
                if !may_be_empty {
                    return (ranges, false);
                }
            }
            (ranges, true)
        }
        Node::Branches(branches) => either(branches),
        Node::Repeat { body, min, .. } => {
            let (ranges, may_be_empty) = beginning(body);
            (ranges, may_be_empty || *min == 0)
        }
        Node::Atomic(body) => beginning(body),
        Node::Reference { .. } => (CharSet::all().ranges().to_vec(), true),
        Node::Conditional { yes, no, .. } => either([&**yes, &**no]),
        Node::Failure => (Vec::new(), false),
    }
}

fn either<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> (Vec<(u32, u32)>, bool) {
    let mut all = (Vec::new(), false);
    for node in nodes {
        let (ranges, may_be_empty) = beginning(node);
        all.0.extend(ranges);
        all.1 |= may_be_empty;
    }
    all
}
