//! How much the files of a repository lean on each other's definitions.
//!
//! A random surfer in a file follows one of the names in it to a file that defines it, and now and then begins anew. How
//! often it comes over a name to a file is the rank of that definition. As in aider's map a name is followed the more
//! often the more often it occurs (by the root of that), ten times as often if it is long and of several words, since that
//! is hardly a coincidence, or in focus; a tenth as often if it begins with an underscore or more than five files define
//! it. Going over names instead of from file to file takes time in proportion to what the files hold, however many files
//! share a name.

use super::{Focus, names::Used};
use crate::corpus::{error::Error, stop::StopFlag};
use rustc_hash::FxHashMap;

/// How often the surfer goes on instead of beginning anew.
const GOES_ON: f64 = 0.85;

/// Rounds until ranks hardly change any more.
const ROUNDS: usize = 30;

/// How much more often than in other files the surfer begins in one that is in focus.
const FOCUS: f64 = 100.0;

/// Files beyond this number that define the same name make it no name to go by.
const MOST_DEFINERS: usize = 50;

/// What the surfer comes to.
#[derive(Debug, Default)]
pub(super) struct Ranked {
    /// Ranks of definitions, by the numbers of their file and their name.
    pub definitions: FxHashMap<(usize, usize), f64>,
}

/// A name that a file uses.
struct Link {
    name: usize,
    /// The part of the file's surfers that follow it.
    share: f64,
    /// The file's own definition of the name, which the surfer does not follow.
    own: Option<usize>,
}

/// What leads where. Files are known by their places in the list of files that were looked at.
struct Graph {
    /// Places and names, in the order of names.
    definitions: Vec<(usize, usize)>,
    /// For each name how many definitions it has.
    definers: Vec<usize>,
    links: Vec<Vec<Link>>,
}

pub(super) fn rank(used: &Used<'_>, focus: &Focus, stop: &StopFlag) -> Result<Ranked, Error> {
    let graph = Graph::of(used, focus);
    let begins = begins(used, focus);
    let mut ranks = begins.clone();
    for _ in 0..ROUNDS {
        stop.check()?;
        let arriving = graph.arriving(&ranks);
        // Surfers in files that lead nowhere begin anew.
        let stuck: f64 =
            graph.links.iter().zip(&ranks).filter(|(links, _)| links.is_empty()).map(|(_, rank)| rank).sum();
        let mut next: Vec<f64> = begins.iter().map(|begin| begin * (1.0 - GOES_ON + GOES_ON * stuck)).collect();
        for (&(place, _), arriving) in graph.definitions.iter().zip(&arriving) {
            next[place] += GOES_ON * arriving;
        }
        ranks = next;
    }
    let arriving = graph.arriving(&ranks);
    let definitions = graph.definitions.iter().zip(arriving).map(|(&(place, name), mut rank)| {
        let file = used.uses[place].0;
        if focus.names[name] {
            rank += 1.0;
        }
        // Where a file is in focus, so is what it defines, used elsewhere or not.
        if focus.files[file] {
            rank += ranks[place] / 10.0;
        }
        ((file, name), rank)
    });
    Ok(Ranked { definitions: definitions.collect() })
}

/// Where the surfer begins how often.
fn begins(used: &Used<'_>, focus: &Focus) -> Vec<f64> {
    let mut in_focus = focus.files.clone();
    for name in (0..focus.names.len()).filter(|&name| focus.names[name]) {
        used.defined_by[name].iter().for_each(|&file| in_focus[file] = true);
    }
    let weights: Vec<f64> = used.uses.iter().map(|&(file, _)| if in_focus[file] { FOCUS } else { 1.0 }).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

impl Graph {
    fn of(used: &Used<'_>, focus: &Focus) -> Self {
        let places: FxHashMap<usize, usize> = used.uses.iter().enumerate().map(|(at, &(file, _))| (file, at)).collect();
        let definers: Vec<usize> = used.defined_by.iter().map(Vec::len).collect();
        let mut definitions = Vec::new();
        let mut links: Vec<Vec<Link>> = used.uses.iter().map(|(_, uses)| links(used, focus, uses)).collect();
        for (name, files) in used.defined_by.iter().enumerate() {
            for file in files {
                let place = places[file];
                if let Ok(at) = links[place].binary_search_by_key(&name, |link| link.name) {
                    links[place][at].own = Some(definitions.len());
                }
                definitions.push((place, name));
            }
        }
        for links in &mut links {
            links.retain(|link| link.own.is_none() || definers[link.name] > 1);
            let sum: f64 = links.iter().map(|link| link.share).sum();
            links.iter_mut().for_each(|link| link.share /= sum);
        }
        Self { definitions, definers, links }
    }

    /// How many surfers come to each definition, if each file has as many as `ranks` says.
    fn arriving(&self, ranks: &[f64]) -> Vec<f64> {
        // What all definitions of a name get, and what a file would have sent to itself of that.
        let mut all = vec![0.0; self.definers.len()];
        let mut own = vec![0.0; self.definitions.len()];
        for (links, rank) in self.links.iter().zip(ranks) {
            for link in links {
                let to_each = rank * link.share / (self.definers[link.name] - usize::from(link.own.is_some())) as f64;
                all[link.name] += to_each;
                if let Some(definition) = link.own {
                    own[definition] = to_each;
                }
            }
        }
        self.definitions.iter().zip(own).map(|(&(_, name), own)| all[name] - own).collect()
    }
}

/// The names that a file uses, with shares that do not add up yet.
fn links(used: &Used<'_>, focus: &Focus, uses: &[(usize, u32)]) -> Vec<Link> {
    let followed = uses.iter().filter(|(name, _)| used.defined_by[*name].len() <= MOST_DEFINERS);
    followed
        .map(|&(name, count)| {
            let weight = weight(used.names[name], used.defined_by[name].len(), focus.names[name]);
            Link { name, share: weight * f64::from(count).sqrt(), own: None }
        })
        .collect()
}

fn weight(name: &str, definers: usize, in_focus: bool) -> f64 {
    const LONG: usize = 8;
    let has_case = |of: fn(&char) -> bool| name.chars().any(|it| of(&it));
    let of_words =
        name.trim_matches('_').contains('_') || (has_case(|it| it.is_lowercase()) && has_case(|it| it.is_uppercase()));
    let mut weight = 1.0;
    if in_focus || (of_words && name.len() >= LONG) {
        weight *= 10.0;
    }
    if name.starts_with('_') {
        weight *= 0.1;
    }
    if definers > 5 {
        weight *= 0.1;
    }
    weight
}
