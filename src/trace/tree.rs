//! The tree of a trace while it is put together: where things hang that lines name by their numbers.

use super::{
    node::{Kind, Node, State},
    totals::Spent,
    value::Fields,
};
use crate::text::one_line;
use std::collections::HashMap;

/// Characters of a title.
const TITLE_CHARS: usize = 100;

/// Nodes, and where they are. What is named before it was told of is put in.
#[derive(Debug, Default)]
pub struct Tree {
    pub nodes: Vec<Node>,
    pub runs: HashMap<u64, usize>,
    turns: HashMap<(u64, u64), usize>,
    /// The turn of a run that is being written, which has no number yet.
    pub open_turns: HashMap<u64, usize>,
    pub programs: HashMap<(u64, u64, u64), usize>,
    pub sub_calls: HashMap<u64, usize>,
    pub calls: HashMap<u64, usize>,
    /// Nodes that have ended since somebody asked.
    pub ended: Vec<usize>,
}

impl Tree {
    /// Adds a node below `parent`, or at the top, that began at `start`, in milliseconds of the run. Returns its place.
    pub fn add(&mut self, parent: Option<usize>, kind: Kind, title: String, start: u64) -> usize {
        self.nodes.push(Node {
            parent,
            kind,
            title: one_line(&title, TITLE_CHARS),
            subject: String::new(),
            start,
            end: None,
            state: State::Open,
            failure: None,
            finish: "",
            seconds: 0.0,
            own: Spent::default(),
            total: Spent::default(),
            texts: Vec::new(),
            children: Vec::new(),
        });
        self.nodes.len() - 1
    }

    /// Notes that a node has ended, and the error that it ended with.
    pub fn end(&mut self, at: usize, now: u64, error: Option<&str>) {
        let node = &mut self.nodes[at];
        node.end = Some(now);
        node.state = if error.is_some() { State::Failed } else { State::Ended };
        self.text(at, "error", error);
        self.ended.push(at);
    }

    /// Gives a node a text of this name. An empty one is left out.
    pub fn text(&mut self, at: usize, name: &'static str, text: Option<&str>) {
        if let Some(text) = text.filter(|it| !it.is_empty()) {
            self.nodes[at].texts.push((name, text.to_owned()));
        }
    }

    /// The run of that number, which begins now if nothing was said of it before.
    pub fn run_node(&mut self, run: u64, now: u64) -> usize {
        match self.runs.get(&run) {
            Some(at) => *at,
            None => {
                let at = self.add(None, Kind::Run, format!("run {run}"), now);
                self.runs.insert(run, at);
                at
            }
        }
    }

    /// The turn of that number; that which is being written if it has none yet.
    pub fn turn_node(&mut self, run: u64, iteration: u64, now: u64) -> usize {
        if let Some(at) = self.turns.get(&(run, iteration)) {
            return *at;
        }
        let at = match self.open_turns.remove(&run) {
            Some(at) => at,
            None => {
                let parent = self.run_node(run, now);
                self.add(Some(parent), Kind::Turn, String::new(), now)
            }
        };
        self.nodes[at].title = format!("turn {iteration}");
        self.turns.insert((run, iteration), at);
        at
    }

    /// The program that a line is about, or its turn if it is about none.
    pub fn program_node(&mut self, line: Fields<'_>, now: u64) -> usize {
        let [run, iteration, cell] = ["run", "iteration", "cell"].map(|name| line.number(name));
        if let Some(at) = self.programs.get(&(run, iteration, cell)) {
            return *at;
        }
        if (iteration, cell) == (0, 0) {
            // What the program itself has laid out has no turns.
            return self.run_node(run, now);
        }
        let parent = self.turn_node(run, iteration, now);
        if cell == 0 {
            // What the run was shown without a program.
            return parent;
        }
        let at = self.add(Some(parent), Kind::Program, format!("program {cell}"), now);
        self.programs.insert((run, iteration, cell), at);
        at
    }

    /// The turn of a run that is being written; it has no number yet.
    pub fn open_turn(&mut self, run: u64, now: u64) -> usize {
        if let Some(at) = self.open_turns.get(&run) {
            return *at;
        }
        let parent = self.run_node(run, now);
        let at = self.add(Some(parent), Kind::Turn, "turn".to_owned(), now);
        self.open_turns.insert(run, at);
        at
    }

    /// Gives a node another title, cut to what a line can show.
    pub fn set_title(&mut self, at: usize, title: &str) {
        self.nodes[at].title = one_line(title, TITLE_CHARS);
    }

    /// The nodes, with their children and totals.
    pub fn finish(mut self) -> Vec<Node> {
        // Parents stand before their children.
        for at in (0..self.nodes.len()).rev() {
            let node = &mut self.nodes[at];
            node.total = node.total + node.own;
            let Node { parent, end, total, .. } = *node;
            let Some(parent) = parent else { continue };
            let parent = &mut self.nodes[parent];
            parent.children.push(at);
            parent.total = parent.total + total;
            // The programs of a turn go on when it is written.
            parent.end = parent.end.map(|own| own.max(end.unwrap_or(own)));
        }
        self.nodes.iter_mut().for_each(|node| node.children.reverse());
        self.nodes
    }
}
